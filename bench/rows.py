"""A line of the table, and how two ways of doing the same thing become one."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

from bench import timing
from bench.timing import Times


@dataclass(frozen=True, kw_only=True)
class Row:
    """`p95`, `median` and `plain` are by the clock; `work` is this process's own; `ratio` is median over `plain`."""

    what: str
    p95: str
    median: str = ""
    work: str = ""
    sql: str = ""
    plain: str = ""
    ratio: str = ""
    aim: str = ""


def compared(what: str, ours: Callable[[], Any], raw: Callable[[], Any], aim: str, *, times: int = 40) -> Row:
    """`ours` against `raw`, run in turns; the SQL statements of `ours` are counted in a run of its own."""
    ours()  # what only a first call writes, such as a session
    with CaptureQueriesContext(connection) as captured:
        ours()
    statements = len(captured)
    return row(what, *timing.in_turns(ours, raw, times=times), sql=statements, aim=aim)


def row(what: str, ours: Times, raw: Times | None = None, *, sql: int = 0, aim: str = "") -> Row:
    """What was timed already."""
    median = timing.percentile(ours.clock, 0.5)
    plain = timing.percentile(raw.clock, 0.5) if raw is not None else None
    return Row(
        what=what,
        p95=_ms(timing.percentile(ours.clock, 0.95)),
        median=_ms(median),
        work=_ms(timing.percentile(ours.work, 0.5)),
        sql=str(sql or ""),
        plain="" if plain is None else _ms(plain),
        ratio="" if plain is None else f"{median / plain:.1f}",
        aim=aim,
    )


def _ms(value: float) -> str:
    return f"{value:.1f} ms" if value < 100 else f"{value:.0f} ms"
