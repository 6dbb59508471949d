"""What these tests ask the machine: which processes belong to a folder, and to wait for something to come true."""

import os
import time
from collections.abc import Callable
from pathlib import Path


def naming(folder: Path) -> set[int]:
    """The live processes whose command, environment or place names `folder`, this one excepted."""
    return {int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit() and _names(entry, folder)}


def _names(process: Path, folder: Path) -> bool:
    if process.name == str(os.getpid()):
        return False
    try:
        facts = (
            (process / "cmdline").read_bytes(),
            (process / "environ").read_bytes(),
            os.readlink(process / "cwd").encode(),
        )
        return any(os.fsencode(folder) in fact for fact in facts)
    except OSError:
        return False


def comes_true(question: Callable[[], bool], *, seconds: float = 30) -> bool:
    """Whether `question` answers yes before the time is up; asks often, so it costs no more than it must."""
    deadline = time.monotonic() + seconds
    while not question():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True
