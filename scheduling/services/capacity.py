"""Capacity rows: what nurses on shift can carry in each quarter hour that the clinic is open."""

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from django.db import connection

from accounts.models import Clinic
from core import clock
from core.intervals import Interval, ceil_quarter, floor_quarter
from core.transactions import business_act
from scheduling.models import LoadWeight, Shift

NURSE = 100
"""One nurse, in the unit of loads (hundredths)."""


@cache
def default_weights() -> dict[str, Any]:
    """The project's starting weights with their source and confidence."""
    path = Path(__file__).parent.parent / "data" / "load_weights.json"
    loaded: dict[str, Any] = json.loads(path.read_text())
    return loaded


def load_weights(clinic: Clinic) -> Mapping[str, int]:
    """Nurse need per phase at `clinic`, in hundredths: its own settings over the project's starting values."""
    weights: dict[str, int] = dict(default_weights()["weights"])
    weights.update(LoadWeight.objects.filter(clinic=clinic).values_list("phase", "hundredths"))
    return weights


@business_act
def rebuild(*, clinic: Clinic, first_on: date, last_on: date) -> int:
    """Make the capacity of `clinic` from `first_on` to `last_on` (inclusive) follow its hours, closures and shifts.

    What visits already take stays counted: where nurses are now too few, the excess is kept as an override, so that
    reality can be recorded. A quarter hour that is no longer open keeps its row, with no
    capacity, only while a visit still takes part of it. Returns how many quarter hours are open.
    """
    capacities = dict(_capacities(clinic, first_on, last_on))
    starts_at, _ = clock.day_bounds(first_on, clinic.zone)
    _, ends_at = clock.day_bounds(last_on, clinic.zone)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            DELETE FROM scheduling_capacityslot
             WHERE clinic_id = %s AND starts_at >= %s AND starts_at < %s AND load_used = 0 AND starts_used = 0
               AND NOT starts_at = ANY(%s::timestamptz[])
            """,
            [clinic.id, starts_at, ends_at, list(capacities)],
        )
        cursor.execute(
            """
            UPDATE scheduling_capacityslot
               SET load_cap = 0, override_load = load_used, starts_cap = 0, override_starts = starts_used
             WHERE clinic_id = %s AND starts_at >= %s AND starts_at < %s AND NOT starts_at = ANY(%s::timestamptz[])
            """,
            [clinic.id, starts_at, ends_at, list(capacities)],
        )
        cursor.execute(
            """
            INSERT INTO scheduling_capacityslot AS slot
                   (clinic_id, starts_at, load_used, load_cap, override_load, starts_used, starts_cap, override_starts)
            SELECT %s, at, 0, nurses * %s, 0, 0, nurses, 0
              FROM unnest(%s::timestamptz[], %s::int[]) AS plan(at, nurses)
             ORDER BY at
            ON CONFLICT (clinic_id, starts_at) DO UPDATE
               SET load_cap = excluded.load_cap,
                   override_load = greatest(0, slot.load_used - excluded.load_cap),
                   starts_cap = excluded.starts_cap,
                   override_starts = greatest(0, slot.starts_used - excluded.starts_cap)
            """,
            [clinic.id, NURSE, list(capacities), list(capacities.values())],
        )
    return len(capacities)


def _capacities(clinic: Clinic, first_on: date, last_on: date) -> Iterator[tuple[datetime, int]]:
    starts_at, _ = clock.day_bounds(first_on, clinic.zone)
    _, ends_at = clock.day_bounds(last_on, clinic.zone)
    shifts = list(Shift.objects.filter(clinic=clinic, starts_at__lt=ends_at, ends_at__gt=starts_at))
    for open_time in open_times(clinic, first_on, last_on):
        working = [shift for shift in shifts if shift.starts_at < open_time.end and shift.ends_at > open_time.start]
        for moment in open_time.quarters():
            yield moment, nurses_present(working, moment)


def open_times(clinic: Clinic, first_on: date, last_on: date) -> Iterator[Interval]:
    """When `clinic` is open on each day of the range, by its wall clock."""
    hours = {row.weekday: row for row in clinic.opening_hours.all()}
    closed = set(clinic.closures.filter(on__range=(first_on, last_on)).values_list("on", flat=True))
    for offset in range((last_on - first_on).days + 1):
        day = first_on + timedelta(days=offset)
        row = hours.get(day.weekday())
        if row is None or day in closed:
            continue
        opens = clock.instant(day, row.opens, clinic.zone)
        closes = clock.instant(day, row.closes, clinic.zone)
        yield Interval(ceil_quarter(opens), floor_quarter(closes))


def nurses_present(shifts: Iterable[Shift], moment: datetime) -> int:
    """How many of `shifts` are working (not at lunch) in the quarter hour that starts at `moment`."""
    return sum(
        shift.starts_at <= moment < shift.ends_at
        and not (
            shift.lunch_starts_at is not None
            and shift.lunch_ends_at is not None
            and shift.lunch_starts_at <= moment < shift.lunch_ends_at
        )
        for shift in shifts
    )
