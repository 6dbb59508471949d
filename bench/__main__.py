"""`make bench`: one durable PostgreSQL and one Redis of its own, one table at the end.

Absolute numbers depend on the machine; compare the ratios. Aims are printed beside what was measured.
"""

import os
import sys
import tempfile
from pathlib import Path

from infusion_clinic import embedded

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="clinic-bench-") as folder:
        os.chmod(folder, 0o755)  # noqa: S103 (as root the server runs as another user and must reach its folder)
        print("Starting PostgreSQL and Redis (durable) …", flush=True)
        with embedded.running(Path(folder), is_durable=True) as services:
            _configure(services.environment)
            from bench import report

            report.run(sys.argv[1:])


def _configure(addresses: dict[str, str]) -> None:
    os.environ.update(
        addresses,
        DJANGO_SETTINGS_MODULE="bench.settings",
        SECRET_KEY="only-for-benchmarks-0123456789-0123456789",
        FIELD_KEY="0" * 64,
        BASE_URL="http://testserver",
        ALLOWED_HOSTS="testserver",
        EMAIL_URL="console://",
        LOG_LEVEL="ERROR",
    )
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    call_command("load_catalogue", verbosity=0)


if __name__ == "__main__":
    main()
