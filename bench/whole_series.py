"""What a whole regimen costs at the desk: proposing places for a year, and booking them in one transaction."""

import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from typing import TypeVar

from django.db import connection

from bench import timing
from bench.measures import RAW_VISIT, Row
from bench.world import WEEKS, World
from regimens.models import Course, CourseDay, TreatmentOrder
from scheduling.models import CapacitySlot
from scheduling.queries import series as reading
from scheduling.queries.series import SeriesPlan
from scheduling.services import series
from scheduling.services.series import Pick
from tests import factories

Result = TypeVar("Result")
TIMES = 20
WARM_UP = 2
SHAPES = (("13 visits", 13, 1, 28), ("17 x 2 visits", 17, 2, 21))
YEAR = 54 * 7


def whole_series(world: World) -> Iterator[Row]:
    """A year of courses proposed and booked at 16 chairs, against inserting as many plain visits."""
    later = world.first_on + timedelta(days=WEEKS * 7)
    factories.make_shifts(world.clinic, later, days=YEAR, nurses=7)
    CapacitySlot.objects.filter(clinic=world.clinic).update(load_cap=10_000, starts_cap=100)
    for name, courses, days, interval in SHAPES:
        orders = [_order(world, courses, days, interval) for _ in range(WARM_UP + TIMES)]
        proposed: list[float] = []
        booked: list[float] = []
        plain: list[float] = []
        for order in orders:
            picks = _picks(_timed(proposed, partial(reading.plan, world.clinic, order.id)))
            assert len(picks) == courses * days, f"only {len(picks)} places for {courses * days} days"
            _timed(plain, partial(_insert_and_undo, world, picks))
            _timed(booked, partial(series.book_series, order=order, picks=picks, by=world.scheduler))
        yield _row(f"series of {name} proposed, p95", proposed, None)
        yield _row(f"series of {name} booked, p95", booked, plain)


def _timed(kept: list[float], act: Callable[[], Result]) -> Result:
    start = time.perf_counter()
    result = act()
    kept.append((time.perf_counter() - start) * 1000)
    return result


def _row(what: str, taken: list[float], plain: list[float] | None) -> Row:
    ours = timing.percentile(sorted(taken[WARM_UP:]), 0.95)
    if plain is None:
        return Row(what, f"{ours:.0f} ms", "", "", "")
    bare = timing.percentile(sorted(plain[WARM_UP:]), 0.95)
    return Row(what, f"{ours:.0f} ms", f"{bare:.0f} ms", f"{ours / bare:.1f}", "2000 ms")


def _order(world: World, courses: int, days: int, interval: int) -> TreatmentOrder:
    order = factories.make_order(factories.make_patient(world.clinic), interval_days=interval, days_per_course=days)
    first = world.first_on + timedelta(days=1)
    units = courses * days * 60
    factories.make_authorization(
        order, starts_on=first - timedelta(days=30), ends_on=first + timedelta(days=400), units_approved=units
    )
    for number in range(courses):
        _lay_out(order, number + 1, first + timedelta(days=interval * number), days)
    return order


def _lay_out(order: TreatmentOrder, number: int, due_on: date, days: int) -> None:
    window = timedelta(days=3)
    course = Course.objects.create(
        order=order,
        number=number,
        phase="maintenance",
        due_on=due_on,
        earliest_on=due_on - window,
        latest_on=due_on + window,
    )
    CourseDay.objects.bulk_create(
        CourseDay(
            course=course,
            day_number=day + 1,
            due_on=due_on + timedelta(days=day),
            dose_mg=Decimal(30_000),
            units=60,
            phases=factories.PHASES,
            chair_minutes=120,
        )
        for day in range(days)
    )


def _picks(plan: SeriesPlan) -> list[Pick]:
    placed = ((row.course_day, row.choice.opening) for row in plan.rows)
    return [
        Pick(course_day=day, chair=plan.chairs[opening.chair_id], start=opening.interval.start)
        for day, opening in placed
        if opening is not None
    ]


def _insert_and_undo(world: World, picks: list[Pick]) -> None:
    """As many plain rows in one transaction, rolled back so that the places stay free."""
    with connection.cursor() as cursor:
        cursor.execute("BEGIN")
        for pick in picks:
            patient = pick.course_day.course.order.patient_id
            end = pick.start + timedelta(minutes=pick.course_day.chair_minutes)
            ids = [world.clinic.organization_id, world.clinic.id, patient, pick.course_day.id, pick.chair.id]
            cursor.execute(RAW_VISIT, [*ids, pick.start, end, [75, 75, 40, 40, 20, 40, 15, 10]])
        cursor.execute("ROLLBACK")
