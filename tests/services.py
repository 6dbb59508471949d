"""The suite's own PostgreSQL and Redis, and the environment that leads Django to them.

The first pytest process starts both servers in a temporary folder; xdist's workers inherit its environment.
Where DATABASE_URL or REDIS_URL is already set, that server is used instead. Nothing is left running, however
pytest ends.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

from infusion_clinic import embedded

ENVIRONMENT = {
    "SECRET_KEY": "only-for-the-tests-" + "x" * 40,
    "FIELD_KEY": "0123456789abcdef" * 4,
    "BASE_URL": "http://testserver",
    "ALLOWED_HOSTS": "testserver,localhost,127.0.0.1",
    "EMAIL_URL": "memory://",
    "SMS_GATEWAY": "console",
    "DEBUG": "off",
    "DEMO": "off",
    "DEMO_CLOCK_OFFSET_SECONDS": "0",
    "LOG_LEVEL": "WARNING",
}


PREFIX = "clinic-tests-"


def begin() -> None:
    """Make the environment ready for Django's settings; must run before anything imports them."""
    os.environ.update(ENVIRONMENT)
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker is None and not {"DATABASE_URL", "REDIS_URL"} <= os.environ.keys():
        _start()
    if worker is not None:
        # Each worker has a Redis database of its own, as each has a PostgreSQL database of its own.
        number = int(worker.removeprefix("gw")) + 1
        os.environ["REDIS_URL"] = urlsplit(os.environ["REDIS_URL"])._replace(path=f"/{number}").geturl()


def _sweep() -> None:
    """Delete what a pytest that was killed left behind; its servers ended with it."""
    for left_over in Path(tempfile.gettempdir()).glob(f"{PREFIX}*-*"):
        owner = left_over.name.removeprefix(PREFIX).partition("-")[0]
        if owner.isdigit() and not Path(f"/proc/{owner}").exists():
            shutil.rmtree(left_over, ignore_errors=True)


def _start() -> None:
    _sweep()
    directory = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
    directory.chmod(0o755)  # PostgreSQL may run as another user, and must reach its folder in here
    services = embedded.start(directory, is_durable=False)

    def end() -> None:
        services.stop()
        shutil.rmtree(directory, ignore_errors=True)

    atexit.register(end)
    for name, address in services.environment.items():
        os.environ.setdefault(name, address)
