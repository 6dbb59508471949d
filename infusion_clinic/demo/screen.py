"""What the demo says on the screen: a line for each step with its seconds, and the table of sign-ins.

Everything also works without a terminal, and when the terminal goes away.
"""

import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress

HEADINGS = {"role": "Role", "name": "Name", "email": "E-mail", "password": "Password", "note": "Note"}


def say(text: str, *, end: str = "\n") -> None:
    """Print at once; a closed terminal is no reason to fail."""
    with suppress(OSError, ValueError):
        print(text, end=end, flush=True)


@contextmanager
def step(label: str) -> Iterator[Callable[[], None]]:
    """Announce a step, and its seconds when it is done; call the given function now and then to show them pass."""
    started = time.monotonic()
    is_terminal = sys.stdout.isatty()

    def show_seconds() -> None:
        if is_terminal:
            say(f"\r{label} … {time.monotonic() - started:.0f} s ", end="")

    say(f"{label} … ", end="")
    try:
        yield show_seconds
    except BaseException:
        say("")
        raise
    seconds = f"{time.monotonic() - started:.1f} s"
    say(f"\r{label} … {seconds} " if is_terminal else seconds)


def table(rows: Sequence[Mapping[str, str]]) -> str:
    """The sign-ins in columns wide enough for what they hold."""
    columns = [key for key in HEADINGS if any(row.get(key) for row in rows)]
    lines = [[HEADINGS[key] for key in columns], *([row.get(key, "") for key in columns] for row in rows)]
    widths = [max(len(line[index]) for line in lines) for index in range(len(columns))]
    texts = ["  ".join(word.ljust(width) for word, width in zip(line, widths, strict=True)) for line in lines]
    return "\n".join(["  " + text.rstrip() for text in texts])
