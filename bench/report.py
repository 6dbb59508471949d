"""Run the measures and print one table."""

from collections.abc import Callable, Iterator

from bench import acts, disruption, pages, plans, throughput, whole_series, world
from bench.rows import Row

MEASURES: dict[str, Callable[[world.World], Iterator[Row]]] = {
    "bookings": throughput.bookings,
    "openings": pages.openings,
    "find": pages.find,
    "board": pages.board,
    "floor": pages.floor,
    "move": acts.move,
    "backfill": pages.backfill,
    "snow": disruption.snow,
    "order": plans.series,
    "plans": plans.plans,
    "series": whole_series.whole_series,
    "series page": whole_series.page,
    "dispatch": throughput.dispatch,
}
COLUMNS = ("what", "p95", "median", "own work", "SQL", "plain SQL", "ratio", "aim (p95)")


def run(chosen: list[str]) -> None:
    """Run the named measures, or all."""
    print("Building a clinic of 16 chairs and eight weeks …", flush=True)
    clinic = world.build()
    rows: list[Row] = []
    for name, measure in MEASURES.items():
        if not chosen or name in chosen:
            print(f"Measuring {name} …", flush=True)
            rows.extend(measure(clinic))
    print()
    print(_line(*COLUMNS))
    for row in rows:
        print(_line(row.what, row.p95, row.median, row.work, row.sql, row.plain, row.ratio, row.aim))


def _line(what: str, *rest: str) -> str:
    *numbers, aim = rest
    return f"{what:42}" + "".join(f"{number:>11}" for number in numbers) + f"  {aim}"
