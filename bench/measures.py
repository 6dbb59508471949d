"""What is measured. Each measure returns rows: what, measured, the same in plain SQL, the aim."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connection
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from bench import timing
from bench.world import World, fill
from core import clock
from core.errors import Conflict
from messaging.models import OutboxMessage
from messaging.services import outbox
from messaging.services.dispatch import drain
from regimens.models import CourseDay
from scheduling.models import Chair, Visit
from scheduling.queries import openings
from scheduling.queries import visits as visit_queries
from scheduling.services import booking
from tests import factories

CLIENTS = 8
EACH = 40

RAW_VISIT = """
    INSERT INTO scheduling_visit (id, organization_id, clinic_id, patient_id, course_day_id, chair_id, period,
        planned_minutes, status, load_profile, start_quarter, overrides, is_over_capacity, is_exception, held_by_label,
        units, cancel_reason, version, created_at, updated_at)
    VALUES (gen_random_uuid(), %s, %s, %s, %s, %s, tstzrange(%s, %s, '[)'), 120, 'booked', %s, 1, '[]', false, false,
        '', 60, '', 1, now(), now())
    ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True)
class Row:
    what: str
    measured: str
    raw: str
    ratio: str
    aim: str


Place = tuple[CourseDay, Chair, Any]


def bookings(world: World) -> Iterator[Row]:
    """Bookings per second by eight clients for different places, with every check, against constrained raw inserts."""
    checked = timing.per_second(_book, _places(world, first_day=0))
    raw = timing.per_second(_insert, _places(world, first_day=10))
    yield Row(f"bookings, {CLIENTS} clients", f"{checked:.0f} /s", f"{raw:.0f} /s", f"{checked / raw:.2f}", "60 /s")


def _places(world: World, *, first_day: int) -> list[list[tuple[World, Place]]]:
    parts: list[list[tuple[World, Place]]] = [[] for _ in range(CLIENTS)]
    days = world.days()[first_day : first_day + 10]
    course_days = world.course_days(CLIENTS * EACH, days[5])
    spots = ((day, chair, block) for day in days for block in range(4) for chair in world.chairs)
    for number, (course_day, (day, chair, block)) in enumerate(zip(course_days, spots, strict=False)):
        fresh = visit_queries.get_course_day(world.clinic, course_day.id)
        parts[number % CLIENTS].append((world, (fresh, chair, world.at(day, block * 10))))
    return parts


def _book(part: list[tuple[World, Place]]) -> int:
    won = 0
    for world, (course_day, chair, start) in part:
        fresh = visit_queries.get_course_day(world.clinic, course_day.id)
        try:
            booking.book(course_day=fresh, chair=chair, start=start, by=world.scheduler)
            won += 1
        except Conflict as refusal:
            print("refused:", refusal)
    return won


def _insert(part: list[tuple[World, Place]]) -> int:
    with connection.cursor() as cursor:
        for world, (course_day, chair, start) in part:
            patient = course_day.course.order.patient_id
            end = start + timedelta(minutes=120)
            ids = [world.clinic.organization_id, world.clinic.id, patient, course_day.id, chair.id]
            cursor.execute(RAW_VISIT, [*ids, start, end, [75, 75, 40, 40, 20, 40, 15, 10]])
    return len(part)


def opening_search(world: World) -> Iterator[Row]:
    """Eight weeks by sixteen chairs in one call, against reading the same rows in plain SQL."""
    course_day = visit_queries.get_course_day(world.clinic, world.course_days(1, world.days()[20])[0].id)
    days = world.days()

    def search() -> None:
        openings.find(clinic=world.clinic, course_day=course_day, first_on=days[0], last_on=days[-1], limit=5)

    def read() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT * FROM scheduling_capacityslot WHERE clinic_id = %s", [world.clinic.id])
            cursor.fetchall()
            cursor.execute(
                "SELECT chair_id, patient_id, period FROM scheduling_visit WHERE clinic_id = %s", [world.clinic.id]
            )
            cursor.fetchall()

    yield compared("openings, 8 weeks x 16 chairs, p95", search, read, "300 ms")


def board(world: World) -> Iterator[Row]:
    """The board's page with 60 visits through the whole of Django, against reading its visits in plain SQL."""
    day = world.days()[35]
    fill(world, day, 60)
    client = Client()
    client.force_login(factories.make_staff(world.clinic))
    address = reverse("scheduling:board-day", args=[day])

    def show() -> None:
        answer = client.get(address)
        assert answer.status_code == 200, answer.status_code

    def read() -> None:
        start, end = clock.day_bounds(day, world.clinic.zone)
        period = DateTimeTZRange(start, end, "[)")
        rows = "SELECT * FROM scheduling_visit WHERE clinic_id = %s AND period && %s"
        list(Visit.objects.raw(rows, [world.clinic.id, period]))

    show()  # the session's own first write
    with CaptureQueriesContext(connection) as captured:
        show()
    yield compared(f"board with 60 visits, p95 ({len(captured)} SQL)", show, read, "60 ms, 8 SQL")


def compared(what: str, ours: Any, raw: Any, aim: str) -> Row:
    mine, plain = timing.milliseconds(ours), timing.milliseconds(raw)
    measured, bare = timing.percentile(mine, 0.95), timing.percentile(plain, 0.95)
    return Row(what, f"{measured:.1f} ms", f"{bare:.1f} ms", f"{measured / bare:.1f}", aim)


def dispatch(world: World) -> Iterator[Row]:
    """Messages per second through the dispatcher with a mailbox that answers at once, against marking rows in SQL."""
    count = 400
    for number in range(count):
        outbox.enqueue(
            clinic=world.clinic,
            kind="sign_in.code",
            channel="email",
            to=f"bench{number}@example.org",
            recipient_name="Bench",
            wording="sign_in.code",
            params={"code": "123456", "minutes": "10"},
            dedupe_key=f"bench:{number}",
            due_at=clock.now(),
        )
    start = time.perf_counter()
    handled = drain()
    ours = handled / (time.perf_counter() - start)
    states = OutboxMessage.objects.filter(state="sent").count()
    assert states >= count, f"only {states} of {count} were sent"
    ids = list(OutboxMessage.objects.values_list("id", flat=True))
    start = time.perf_counter()
    with connection.cursor() as cursor:
        for message in ids:
            cursor.execute(
                "UPDATE messaging_outboxmessage SET state = 'leased', lease_until = now() WHERE id = %s", [message]
            )
            cursor.execute("UPDATE messaging_outboxmessage SET state = 'sent' WHERE id = %s", [message])
    plain = len(ids) / (time.perf_counter() - start)
    yield Row("messages dispatched, one process", f"{ours:.0f} /s", f"{plain:.0f} /s", f"{ours / plain:.2f}", "")
