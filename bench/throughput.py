"""How many acts go through in a second: bookings by many clients at once, and messages by one dispatcher."""

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.db import connection

from bench import timing
from bench.rows import Row
from bench.world import RAW_VISIT, World
from core import clock
from core.errors import Busy, Conflict
from messaging.models import OutboxMessage
from messaging.services import outbox
from messaging.services.dispatch import drain
from regimens.models import CourseDay
from scheduling.models import Chair
from scheduling.queries import visits as visit_queries
from scheduling.services import booking

CLIENTS = 8
EACH = 40

Place = tuple[CourseDay, Chair, Any]


def bookings(world: World) -> Iterator[Row]:
    """Bookings per second by eight clients for different places, with every check, against constrained raw inserts."""
    checked = timing.per_second(_book, _places(world, first_day=0))
    raw = timing.per_second(_insert, _places(world, first_day=10))
    what = f"bookings, {CLIENTS} clients at once"
    yield Row(what=what, p95=f"{checked:.0f} /s", plain=f"{raw:.0f} /s", ratio=f"{checked / raw:.2f}", aim="60 /s")


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
        except (Busy, Conflict) as refusal:
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
    what = "messages dispatched, one process"
    yield Row(what=what, p95=f"{ours:.0f} /s", plain=f"{plain:.0f} /s", ratio=f"{ours / plain:.2f}")
