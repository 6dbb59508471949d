# ruff: noqa: T201, S603
"""Bring `.venv` to a locked set of requirements: `install.py embedded` for the demo, `install.py dev` for the suite.

Does nothing when the set is installed already; every failure is one sentence. Runs under the system's Python, before
anything is installed, so it needs the standard library only. pip's own configuration (proxy, index) is respected.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "requirements"
ENVIRONMENT = ROOT / ".venv"
PYTHON = ENVIRONMENT / "bin" / "python"
CONTAINS = {"embedded": ("embedded", "dev"), "dev": ("dev",)}
REASONS = (
    ("No space left on device", "The disk is full."),
    ("DO NOT MATCH THE HASHES", "A downloaded package does not match its locked hash; nothing of it was installed."),
    ("ProxyError", "The proxy refused; pip uses its own configuration and HTTPS_PROXY."),
    ("Connection", "The package index cannot be reached; check the network, and HTTPS_PROXY if there is a proxy."),
    ("No matching distribution", "The package index lacks a locked package for this system or this Python."),
    ("Permission denied", "This user may not write there; .venv may belong to another user."),
    ("ensurepip is not available", "Python lacks its venv module; on Debian: apt-get install python3-venv"),
)


class InstallError(Exception):
    """Why the environment could not be made, as a sentence."""


def main(chosen: str) -> int:
    """Install the chosen set unless it is there; the exit status."""
    try:
        with Path(__file__).open() as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # two makes at once wait for each other
            if not _is_installed(chosen):
                _install(chosen)
    except InstallError as problem:
        print(f"\n{problem}", file=sys.stderr)
        return 1
    except OSError as problem:
        print(f"\nThe environment cannot be made: {problem.strerror} ({problem.filename}).", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _is_installed(chosen: str) -> bool:
    stamps = [_stamp(name) for name in CONTAINS[chosen]]
    is_current = any(path.is_file() and path.read_text() == content for path, content in stamps)
    return is_current and _works([str(PYTHON), "-c", "import django, celery, psycopg, redis, gunicorn"])


def _install(chosen: str) -> None:
    if not _works([str(PYTHON), "-m", "pip", "--version"]):
        if ENVIRONMENT.exists():
            shutil.rmtree(ENVIRONMENT)
        _run("Making the environment .venv", [sys.executable, "-m", "venv", str(ENVIRONMENT)])
    pip = [str(PYTHON), "-m", "pip", "install", "--no-input", "--disable-pip-version-check", "--quiet"]
    locked = REQUIREMENTS / f"{chosen}.txt"
    _run(
        "Installing the locked requirements (only when they change)",
        [*pip, "--require-hashes", "-r", str(locked)],
    )
    path, content = _stamp(chosen)
    path.write_text(content)


def _stamp(chosen: str) -> "tuple[Path, str]":
    """Where the set's mark is kept, and what it says when the set is current."""
    digest = hashlib.sha256((REQUIREMENTS / f"{chosen}.txt").read_bytes()).hexdigest()
    return ENVIRONMENT / f".installed-{chosen}", f"{digest} {sys.version_info[0]}.{sys.version_info[1]}"


def _works(command: "list[str]") -> bool:
    try:
        return subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, check=False).returncode == 0
    except OSError:
        return False


def _run(label: str, command: "list[str]") -> None:
    started = time.monotonic()
    print(f"{label} … ", end="", flush=True)
    # A PYTHONPATH or an active environment of the caller must not leak into ours.
    environment = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "PYTHONHOME"}}
    outcome = subprocess.run(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        env=environment,
        check=False,
    )
    if outcome.returncode != 0:
        print()
        raise InstallError(f"{label}: this step failed. {_reason(outcome.stdout.decode(errors='replace'))}")
    print(f"{time.monotonic() - started:.1f} s", flush=True)


def _reason(output: str) -> str:
    for sign, sentence in REASONS:
        if sign in output:
            return sentence
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR:")]
    return (errors or lines or ["It gave no reason."])[-1]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
