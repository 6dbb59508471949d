# ruff: noqa: T201
"""`make check`: every check of the source with its name and seconds; runs them all and fails if any failed."""

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
HOUSE = "house rules"
CHECKS: list[tuple[str, list[str]]] = [
    ("lint (ruff check)", [f"{BIN}/ruff", "check", "--quiet", "--output-format", "concise"]),
    ("format (ruff format)", [f"{BIN}/ruff", "format", "--check"]),
    ("layers (import-linter)", [f"{BIN}/lint-imports", "--no-logo"]),
    ("migrations match the models", [sys.executable, "manage.py", "makemigrations", "--check", "--dry-run"]),
    ("deploy settings", [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]),
    ("types (mypy, strict)", [f"{BIN}/mypy", "."]),
    (HOUSE, [sys.executable, "-m", "pytest", "-q", "--no-header", "-m", "not django_db", "tests/house"]),
]


def main() -> int:
    """Run every check; 0 when all pass."""
    failed = [name for name, command in _checks() if not _passes(name, command)]
    print(f"Failed: {', '.join(failed)}." if failed else "Every check passes.")
    return 1 if failed else 0


def _checks() -> list[tuple[str, list[str]]]:
    templates = sorted(str(path) for folder in (ROOT,) for path in folder.glob("**/templates/**/*.html"))
    ours = [path for path in templates if "/.venv/" not in path]
    djade = ("templates (djade)", [f"{BIN}/djade", "--target-version", "5.2", "--check", *ours])
    return [*CHECKS[:2], *([djade] if ours else []), *CHECKS[2:]]


def _passes(name: str, command: list[str]) -> bool:
    started = time.monotonic()
    print(f"{name} … ", end="", flush=True)
    outcome = subprocess.run(
        command,
        cwd=ROOT,
        env=None if name == HOUSE else _environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    print(f"{'ok' if outcome.returncode == 0 else 'FAILED'}, {time.monotonic() - started:.1f} s", flush=True)
    if outcome.returncode != 0:
        print(outcome.stdout.decode(errors="replace").rstrip(), flush=True)
    return outcome.returncode == 0


def _environment() -> dict[str, str]:
    """What tools that only import the settings see: production-like, and the same on every machine."""
    lines = (ROOT / "tests" / "tooling.env").read_text().splitlines()
    tooling = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    return {**os.environ, **tooling}


if __name__ == "__main__":
    sys.exit(main())
