"""What people wait for on a page: openings, the board and its polling, the floor, finding a place, backfilling one.

Each goes through the whole of Django, and stands beside reading the same rows in plain SQL.
"""

from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import override_settings
from django.urls import reverse

from accounts.domain.policy import Role
from bench.rows import Row, compared
from bench.world import World, fill
from core import clock
from scheduling.domain.statuses import VisitStatus
from scheduling.models import Visit
from scheduling.queries import openings as opening_queries
from scheduling.queries import visits as visit_queries
from scheduling.services import booking, waitlist
from tests import factories

BUSY_DAY, FREED_DAY = 35, 30
SMALL = 300
VISITS = "SELECT * FROM scheduling_visit WHERE clinic_id = %s AND period && tstzrange(%s, %s)"
SLOTS = "SELECT * FROM scheduling_capacityslot WHERE clinic_id = %s AND starts_at >= %s AND starts_at < %s"
DUE = """
    SELECT * FROM regimens_courseday AS day JOIN regimens_course AS course ON course.id = day.course_id
      JOIN regimens_treatmentorder AS o ON o.id = course.order_id JOIN patients_patient AS p ON p.id = o.patient_id
     WHERE o.clinic_id = %s AND course.latest_on >= %s AND course.earliest_on <= %s
       AND NOT EXISTS (SELECT 1 FROM scheduling_visit v WHERE v.course_day_id = day.id AND v.status = 'booked')
"""
VERSION = "SELECT version FROM scheduling_boardversion WHERE clinic_id = %s"
WAITING = "SELECT * FROM scheduling_waitlistentry WHERE clinic_id = %s AND state = 'waiting'"


def openings(world: World) -> Iterator[Row]:
    """Eight weeks by sixteen chairs in one call, against reading the same rows in plain SQL."""
    course_day = visit_queries.get_course_day(world.clinic, world.course_days(1, world.days()[20])[0].id)
    days = world.days()

    def search() -> None:
        opening_queries.find(clinic=world.clinic, course_day=course_day, first_on=days[0], last_on=days[-1], limit=5)

    yield compared("openings: 8 weeks x 16 chairs", search, _reading(world, days[0], days[-1], VISITS, SLOTS), "150 ms")


def find(world: World) -> Iterator[Row]:
    """The page that finds a place for one patient inside the order's window, and what booking one would meet."""
    day = world.days()[20]
    course_day = world.course_days(1, day, window=7)[0]
    week = (day - timedelta(days=7), day + timedelta(days=7))
    asked = f"{reverse('scheduling:find')}?course_day={course_day.id}"
    read = _reading(world, *week, VISITS, SLOTS)
    yield compared("find a place: page, 2 weeks' window", _shown(world, asked), read, "")
    place = f"{world.chairs[0].id}@{world.at(day, 12).isoformat()}"
    tried = f"{reverse('scheduling:find-check')}?course_day={course_day.id}&place={place.replace('+', '%2B')}"
    yield compared("find a place: one place tried", _shown(world, tried), _reading(world, day, day, VISITS, SLOTS), "")


def board(world: World) -> Iterator[Row]:
    """The board with 60 visits, its list, and a poll that finds nothing new."""
    day = world.days()[BUSY_DAY]
    fill(world, day, 60)
    read = _reading(world, day, day, VISITS)
    address = reverse("scheduling:board-day", args=[day])
    yield compared("board: page, 60 visits", _shown(world, address), read, "60 ms, 8 SQL + audit")
    yield compared("board: list, 60 visits", _shown(world, f"{address}?view=list"), read, "")
    grid = reverse("scheduling:board-grid", args=[day])
    with connection.cursor() as cursor:
        cursor.execute(f'{VERSION} AND "on" = %s', [world.clinic.id, day])
        (version,) = cursor.fetchone()
    yield _poll(world, f"{grid}?v={version}")
    yield compared("week: load, page", _shown(world, reverse("scheduling:week", args=[day])), read, "")


def _poll(world: World, address: str) -> Row:
    client = _client(world)
    answer = client.get(address)
    size = len(answer.content) + len(answer.serialize_headers())
    assert (answer.status_code, size < SMALL) == (204, True), (answer.status_code, size)

    def read() -> None:
        with connection.cursor() as cursor:
            cursor.execute(VERSION, [world.clinic.id])
            cursor.fetchall()

    what = f"board: poll, nothing new (204, {size} bytes)"
    return compared(what, lambda: client.get(address), read, f"20 ms, {SMALL} bytes")


def floor(world: World) -> Iterator[Row]:
    """The floor at eleven on a day with 60 visits, a third of them under way, and its poll."""
    day = world.days()[BUSY_DAY]
    now = clock.instant(day, time(11), world.clinic.zone)
    _under_way(fill(world, day, 60)[:20], now)
    with override_settings(DEMO_CLOCK_OFFSET_SECONDS=int((now - clock.now()).total_seconds())):
        address = f"{reverse('scheduling:floor')}?who=all"
        nurse = _shown(world, address, Role.NURSE)
        yield compared("floor: page, 60 visits", nurse, _reading(world, day, day, VISITS), "")
        busy = _shown(world, reverse("scheduling:board-day", args=[day]))
        yield compared("board: page, 20 of 60 under way", busy, _reading(world, day, day, VISITS), "60 ms")


def _under_way(visits: list[Visit], now: datetime) -> None:
    """Let `visits` have begun, each status after the other as the database wants it."""
    for status, stamp in (
        (VisitStatus.ARRIVED, "arrived_at"),
        (VisitStatus.SEATED, "seated_at"),
        (VisitStatus.INFUSING, "infusion_started_at"),
    ):
        ids = [visit.id for visit in visits if visit.status in {VisitStatus.BOOKED, VisitStatus.CONFIRMED}]
        Visit.objects.filter(id__in=ids).update(status=status, **{stamp: now - timedelta(minutes=50)})


def backfill(world: World) -> Iterator[Row]:
    """Who could take a freed place: 12 wait and 60 are due; and the waitlist's page."""
    day = world.days()[FREED_DAY]
    freed = fill(world, day, 4)[0]
    booking.cancel(visit=freed, reason="Bench", expected_version=freed.version, by=world.scheduler)
    world.course_days(60, day, window=3)
    for course_day in world.course_days(12, day, window=3):
        waiting = visit_queries.get_course_day(world.clinic, course_day.id)
        waitlist.add(course_day=waiting, earliest_on=day, latest_on=day, notice_hours=24, by=world.scheduler)
    read = _reading(world, day, day, VISITS, SLOTS, also=[(DUE, [world.clinic.id, day, day]), _waiting(world)])
    ranked = _shown(world, reverse("scheduling:backfill", args=[freed.id]))
    yield compared("backfill: 72 people ranked, page", ranked, read, "", times=25)
    listed = _shown(world, reverse("scheduling:waitlist"))
    yield compared("waitlist: page, 12 wait", listed, _reading(world, day, day, VISITS, SLOTS), "", times=25)


def _waiting(world: World) -> tuple[str, list[Any]]:
    return WAITING, [world.clinic.id]


def _client(world: World, role: Role = Role.SCHEDULER) -> Client:
    client = Client()
    client.force_login(factories.make_staff(world.clinic, role))
    return client


def _shown(world: World, address: str, role: Role = Role.SCHEDULER) -> Callable[[], None]:
    """A call that asks for `address` as somebody of the clinic."""
    client = _client(world, role)

    def show() -> None:
        answer = client.get(address)
        assert answer.status_code == 200, (address, answer.status_code)

    return show


def _reading(
    world: World, first_on: date, last_on: date, *statements: str, also: list[tuple[str, list[Any]]] | None = None
) -> Callable[[], None]:
    """A call that reads what `statements` about a time, and those of `also`, find."""
    start, _ = clock.day_bounds(first_on, world.clinic.zone)
    _, end = clock.day_bounds(last_on, world.clinic.zone)
    wanted = [*((one, [world.clinic.id, start, end]) for one in statements), *(also or [])]

    def read() -> None:
        with connection.cursor() as cursor:
            for statement, values in wanted:
                cursor.execute(statement, values)
                cursor.fetchall()

    return read
