"""One child process with its log: how the demo and the suite start, watch and end what they run.

Promises: a child ends when its parent ends, however it ends; Ctrl-C reaches the parent only, which then ends
its children in the order it wants; nothing but the child and what it started is ever signalled.
"""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

START_SECONDS = 60


class ServiceError(Exception):
    """Something could not be made to run; the text is a sentence for the person at the keyboard."""


class Child:
    """A process in a session of its own that writes to `log` and ends on `signal_to_stop`."""

    def __init__(
        self,
        *,
        name: str,
        log: Path,
        signal_to_stop: signal.Signals = signal.SIGTERM,
        seconds_to_stop: float = 30,
    ) -> None:
        self.name = name
        self.log = log
        self.signal_to_stop = signal_to_stop
        self.seconds_to_stop = seconds_to_stop
        self.process: subprocess.Popen[bytes] | None = None

    def launch(
        self,
        command: list[str],
        *,
        prefix: list[str] | None = None,
        stdin: bytes = b"",
        environment: Mapping[str, str] | None = None,
        folder: Path = Path("/"),
    ) -> None:
        """Start `command`, to end when the calling thread does; `prefix` may change who it runs as."""
        # The innermost prefix, for a change of user makes Linux forget the signal.
        setpriv = shutil.which("setpriv")
        death = self.signal_to_stop.name.removeprefix("SIG")
        guard = [setpriv, f"--pdeathsig={death}", "--"] if setpriv else []
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603
                [*(prefix or []), *guard, *command],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                env=environment,
                cwd=folder,
                start_new_session=True,
            )
        if self.process.stdin is not None:
            with suppress(BrokenPipeError), self.process.stdin as pipe:
                pipe.write(stdin)

    def await_answer(self, ask: Callable[[], object], failures: type[Exception] | tuple[type[Exception], ...]) -> None:
        """Wait until `ask` no longer fails; raise `ServiceError` if the process ends or stays silent."""
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                ask()
            except failures as failure:
                if not self.is_running() or time.monotonic() > deadline:
                    self.kill()
                    raise ServiceError(f"{self.name} did not start. {self.last_words()}") from failure
                time.sleep(0.05)
            else:
                return

    def is_running(self) -> bool:
        """Whether the process is alive."""
        return self.process is not None and self.process.poll() is None

    def wait(self) -> int:
        """Wait for the process to end by itself; its exit status."""
        if self.process is None:
            return 0
        return self.process.wait()

    def ask_to_stop(self) -> None:
        """Tell the process to end, and do not wait."""
        if self.is_running() and self.process is not None:
            self.process.send_signal(self.signal_to_stop)

    def stop(self) -> None:
        """Tell the process to end, wait, and end it the hard way if it does not."""
        self.ask_to_stop()
        if self.process is not None:
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(self.seconds_to_stop)
        self.kill()

    def kill(self) -> None:
        """End the process and what it started at once, as a power cut would."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None

    def last_words(self) -> str:
        """Why the process failed, as far as the end of its log tells."""
        return last_words(self.log)


def last_words(log: Path) -> str:
    """The end of `log` as sentences for a person: no stack traces, and a full disk is called that."""
    try:
        lines = log.read_text(errors="replace").splitlines()[-60:]
    except OSError:
        return f"Its log {log} cannot be read."
    if any("No space left on device" in line for line in lines):
        return "The disk is full."
    trace = (" ", "Traceback", "The above exception", "During handling")
    telling = [line for line in lines if line.strip() and not line.startswith(trace)]
    return "\n  ".join([f"The end of {log}:", *telling[-8:]])
