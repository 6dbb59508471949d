"""Run the measures and print one table."""

from collections.abc import Callable, Iterator

from bench import measures, plans, whole_series, world
from bench.measures import Row

MEASURES: dict[str, Callable[[world.World], Iterator[Row]]] = {
    "bookings": measures.bookings,
    "openings": measures.opening_search,
    "board": measures.board,
    "series": plans.series,
    "plans": plans.plans,
    "booking a series": whole_series.whole_series,
    "dispatch": measures.dispatch,
}


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
    print(f"{'what':44} {'measured':>12} {'plain SQL':>12} {'ratio':>8}  aim")
    for row in rows:
        print(f"{row.what:44} {row.measured:>12} {row.raw:>12} {row.ratio:>8}  {row.aim}")
