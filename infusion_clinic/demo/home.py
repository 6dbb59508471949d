"""The folder `.demo`: the demo's data, secrets, logs and clock, and the lock that keeps two demos apart.

One folder per checkout, owned by whoever started the demo first. Deleting it is starting afresh.
"""

import fcntl
import json
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from infusion_clinic import environment
from infusion_clinic.child import ServiceError

MEGABYTE = 1_000_000
NEEDED = 400 * MEGABYTE


class Home:
    """The demo's folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.logs = folder / "logs"
        self.signins = folder / "signins.json"
        self._lock = folder / "lock"
        self._secrets = folder / "secrets.json"
        self._state = folder / "state.json"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Make the folder ours alone; raise `ServiceError` when a demo runs in it or it is somebody else's."""
        try:
            self.folder.mkdir(exist_ok=True)
            if self.folder.stat().st_uid != os.geteuid():
                raise ServiceError(f"{self.folder} belongs to another user; delete it as that user, then try again.")
            descriptor = os.open(self._lock, os.O_RDWR | os.O_CREAT, 0o600)
        except PermissionError as problem:
            raise ServiceError(f"{problem.filename} may not be written by this user.") from problem
        with os.fdopen(descriptor, "r+") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as problem:
                owner = lock.read().strip() or "unknown"
                raise ServiceError(
                    f"The demo of this checkout is running already (process {owner}); stop it first with Ctrl-C."
                ) from problem
            lock.truncate(0)
            lock.write(str(os.getpid()))
            lock.flush()
            yield

    def prepare(self) -> None:
        """Make room for this run's logs and check that the disk has room too."""
        free = shutil.disk_usage(self.folder).free
        if free < NEEDED:
            raise ServiceError(
                f"The disk is full: {self.folder} has {free // MEGABYTE} MB left and the demo needs "
                f"{NEEDED // MEGABYTE} MB."
            )
        shutil.rmtree(self.logs, ignore_errors=True)
        self.logs.mkdir()

    def wipe(self) -> None:
        """Delete everything but the lock."""
        for entry in self.folder.iterdir():
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            elif entry != self._lock:
                entry.unlink()

    def secrets(self) -> dict[str, str]:
        """The demo's secret key and field key, made on the first start."""
        if not self._secrets.exists():
            made = {"SECRET_KEY": secrets.token_urlsafe(48), "FIELD_KEY": secrets.token_hex(32)}
            _write(self._secrets, made)
        kept: dict[str, str] = _read(self._secrets)
        return kept

    @property
    def is_filled(self) -> bool:
        """Whether the demo clinic was filled to the end."""
        return bool(_read(self._state).get("is_filled"))

    @property
    def last_seen(self) -> datetime | None:
        """The clinic time at which the demo was last seen running."""
        text = _read(self._state).get("last_seen")
        return datetime.fromisoformat(text) if text else None

    def remember(self, **facts: bool | datetime) -> None:
        """Keep facts for the next start."""
        plain = {key: fact.isoformat() if isinstance(fact, datetime) else fact for key, fact in facts.items()}
        _write(self._state, _read(self._state) | plain)

    def sign_ins(self) -> list[dict[str, str]]:
        """Who can sign in, as the filling of the clinic wrote it down."""
        rows = _read(self.signins)
        return rows if isinstance(rows, list) else []


def clean_environment() -> dict[str, str]:
    """The environment without any of the clinic's own variables, so that a shell's settings do not leak in."""
    ours = {name for variable in environment.VARIABLES for name in (variable, f"{variable}_FILE")}
    return {name: value for name, value in os.environ.items() if name not in ours}


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text())
    except FileNotFoundError:
        return {}
    except ValueError as problem:
        raise ServiceError(f"{path} is damaged; make demo-reset starts afresh.") from problem


def _write(path: Path, content: object) -> None:
    # Written aside and moved into place: a crash leaves the old file, never half of the new one.
    aside = path.with_suffix(".new")
    aside.touch(mode=0o600)
    aside.write_text(json.dumps(content, indent=1))
    aside.replace(path)
