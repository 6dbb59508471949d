"""What a whole regimen costs at the desk: proposing places for a year, and booking them in one transaction."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from functools import partial

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from bench.rows import Row, compared, row
from bench.timing import Times
from bench.world import RAW_VISIT, WEEKS, World
from regimens.models import Course, CourseDay, TreatmentOrder
from scheduling.models import CapacitySlot
from scheduling.queries import series as reading
from scheduling.queries.series import SeriesPlan
from scheduling.services import series
from scheduling.services.series import Pick
from tests import factories

TIMES = 20
WARM_UP = 2
SHAPES = (("13 visits", 13, 1, 28), ("17 x 2 visits", 17, 2, 21))
YEAR = 54 * 7
READ = (
    ("SELECT * FROM regimens_courseday d JOIN regimens_course c ON c.id = d.course_id WHERE c.order_id = %s", "order"),
    ("SELECT * FROM scheduling_capacityslot WHERE clinic_id = %s", "clinic"),
    ("SELECT chair_id, patient_id, period FROM scheduling_visit WHERE clinic_id = %s", "clinic"),
)


def whole_series(world: World) -> Iterator[Row]:
    """A year of courses proposed and booked at 16 chairs, against reading its rows and inserting as many visits."""
    later = world.first_on + timedelta(days=WEEKS * 7)
    factories.make_shifts(world.clinic, later, days=YEAR, nurses=7)
    CapacitySlot.objects.filter(clinic=world.clinic).update(load_cap=10_000, starts_cap=100)
    for name, courses, days, interval in SHAPES:
        yield from _measured(world, name, [_order(world, courses, days, interval) for _ in range(WARM_UP + TIMES + 1)])


def _measured(world: World, name: str, orders: list[TreatmentOrder]) -> Iterator[Row]:
    proposed, read, booked, plain = Times(), Times(), Times(), Times()
    for order in orders[1:]:
        plan = proposed.time(partial(reading.plan, world.clinic, order.id))
        read.time(partial(_read, world, order))
        picks = _picks(plan)
        assert len(picks) == len(plan.rows), f"only {len(picks)} places for {len(plan.rows)} days"
        plain.time(partial(_insert_and_undo, world, picks))
        booked.time(partial(series.book_series, order=order, picks=picks, by=world.scheduler))
    with CaptureQueriesContext(connection) as proposing:
        picks = _picks(reading.plan(world.clinic, orders[0].id))
    with CaptureQueriesContext(connection) as booking:
        series.book_series(order=orders[0], picks=picks, by=world.scheduler)
    statements = len(proposing), len(booking)
    later = [times.after(WARM_UP) for times in (proposed, read, booked, plain)]
    yield row(f"series of {name} proposed", later[0], later[1], sql=statements[0])
    yield row(f"series of {name} booked", later[2], later[3], sql=statements[1], aim="2000 ms")


def page(world: World) -> Iterator[Row]:
    """The page that proposes a year, through the whole of Django."""
    order = _order(world, 17, 2, 21)
    client = Client()
    client.force_login(factories.make_staff(world.clinic))
    address = reverse("scheduling:order-series", args=[order.id])

    def show() -> None:
        assert client.get(address).status_code == 200

    yield compared("series of 17 x 2 visits: page", show, partial(_read, world, order), "", times=TIMES)


def _read(world: World, order: TreatmentOrder) -> None:
    """The rows that proposing a year looks at."""
    with connection.cursor() as cursor:
        for statement, key in READ:
            cursor.execute(statement, [world.clinic.id if key == "clinic" else order.id])
            cursor.fetchall()


def _order(world: World, courses: int, days: int, interval: int) -> TreatmentOrder:
    order = factories.make_order(factories.make_patient(world.clinic), interval_days=interval, days_per_course=days)
    first = world.first_on + timedelta(days=WEEKS * 7 + 1)  # the weeks before are full of what others measured
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
