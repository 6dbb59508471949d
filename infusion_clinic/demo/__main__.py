"""`make demo`. Run as a file, so that even a broken environment is told in one sentence.

.venv/bin/python infusion_clinic/demo/__main__.py [run | reset | services] [folder, if not .demo]
"""

import os
import signal
import sys
import traceback
from pathlib import Path
from types import FrameType

ROOT = Path(__file__).resolve().parent.parent.parent
LOWEST_PORT, HIGHEST_PORT = 1, 65535


class _StopRequested(BaseException):
    """Ctrl-C, or a signal that means the same."""


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise _StopRequested


def main(arguments: list[str]) -> int:
    """Run the command; the exit status. Every failure is a sentence on the error stream."""
    command = arguments[0] if arguments else "run"
    if command not in {"run", "reset", "services"}:
        return _fail(f"There is no command {command!r}; choose run, reset or services.")
    port = os.environ.get("PORT", "").strip() or "8000"
    if not port.isdigit() or not LOWEST_PORT <= int(port) <= HIGHEST_PORT:
        return _fail(f"PORT is {port!r}, and must be a number from {LOWEST_PORT} to {HIGHEST_PORT}.")
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    try:
        folder = Path(arguments[1]).resolve() if len(arguments) > 1 else ROOT / ".demo"
        return _run(command, int(port), folder)
    except _StopRequested:
        return 0


def _run(command: str, port: int, folder: Path) -> int:
    # The folder of this file comes first on the path of a script; its modules must not hide others.
    sys.path[0] = str(ROOT)
    try:
        from infusion_clinic.child import ServiceError  # noqa: PLC0415
        from infusion_clinic.demo import run  # noqa: PLC0415
        from infusion_clinic.demo.home import Home  # noqa: PLC0415
    except ImportError as problem:
        return _fail(f"The environment in .venv is broken ({problem}); delete .venv and run make demo again.")
    home = Home(folder)
    try:
        if command == "services":
            run.run_services(home)
        elif command == "reset":
            run.reset(home)
        else:
            run.run(home, port)
    except ServiceError as problem:
        return _fail(str(problem))
    except OSError as problem:
        return _fail(f"The demo cannot go on: {problem.strerror or problem} ({problem.filename or 'no file'}).")
    except Exception as problem:
        trace = home.folder / "failure.log"
        trace.write_text(traceback.format_exc())
        return _fail(f"The demo cannot go on: {type(problem).__name__}: {problem} (details in {trace}).")
    return 0


def _fail(sentence: str) -> int:
    print(f"\n{sentence}", file=sys.stderr, flush=True)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
