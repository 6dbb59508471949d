"""How often the database is asked does not depend on how many visits, courses, days or people there are."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from scheduling.queries import openings, visits
from scheduling.services import booking, requests, series, waitlist
from tests import factories
from tests.factories import at
from tests.scheduling.conftest import MONDAY, TUESDAY, World
from tests.scheduling.series.scenes import Regimen, make_regimen, picks

MORNING = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)


def counted(act: Callable[[], Any]) -> int:
    """How many SQL statements `act` takes."""
    with CaptureQueriesContext(connection) as captured:
        act()
    return len(captured)


def shown(client: Client, address: str) -> int:
    """How many SQL statements a page takes, once its session is there."""
    assert client.get(address).status_code == 200
    return counted(lambda: client.get(address))


def desk_of(world: World | Regimen) -> Client:
    client = Client()
    client.force_login(factories.make_staff(world.clinic))
    return client


def people(world: World, count: int) -> list[Any]:
    """Covered course days of so many new patients, due on Tuesday."""
    made = []
    for _ in range(count):
        order = factories.make_order(factories.make_patient(world.clinic, signs_in=True))
        factories.make_authorization(order)
        made.append(visits.get_course_day(world.clinic, factories.make_course_day(order, TUESDAY).id))
    return made


def book(world: World, count: int, *, hour: int = 9) -> list[Any]:
    """So many visits on Tuesday, in different chairs, then later."""
    booked = []
    for number, day in enumerate(people(world, count)):
        chair, start = world.chairs[number % 3], at(TUESDAY, hour + 2 * (number // 3))
        made = booking.book(course_day=day, chair=chair, start=start, by=world.scheduler)
        booked.append(visits.get(world.clinic, made.id))
    return booked


@pytest.fixture
def regimens(db: None) -> Any:
    with time_machine.travel(MORNING, tick=True):
        yield [make_regimen(courses=3, units=2_000), make_regimen(courses=11, units=2_000)]


def test_a_series_is_booked_in_as_many_statements_whether_three_visits_or_eleven(regimens: list[Regimen]) -> None:
    counts = []
    for regimen in regimens:
        chosen = picks(regimen.plan())
        counts.append(
            counted(lambda r=regimen, p=chosen: series.book_series(order=r.order, picks=p, by=r.scheduler))  # type: ignore[misc]
        )
    assert counts[0] == counts[1]
    assert counts[1] <= 42


def test_the_series_page_asks_as_often_for_three_courses_as_for_eleven(regimens: list[Regimen]) -> None:
    address = "scheduling:order-series"
    few, many = (shown(desk_of(one), reverse(address, args=[one.order.id])) for one in regimens)
    assert few == many


def test_booking_and_moving_one_visit_takes_few_statements(world: World) -> None:
    day = visits.get_course_day(world.clinic, world.course_day.id)
    made: list[Any] = []
    act: dict[str, Any] = {"course_day": day, "chair": world.chairs[0], "start": at(TUESDAY, 9), "by": world.scheduler}
    assert counted(lambda: made.append(booking.book(**act))) <= 40
    visit = visits.get(world.clinic, made[0].id)
    there: dict[str, Any] = {
        "visit": visit,
        "chair": world.chairs[1],
        "start": at(TUESDAY, 11),
        "expected_version": visit.version,
    }
    assert counted(lambda: booking.move(**there, by=world.scheduler)) <= 36


def test_openings_are_found_in_six_statements_however_many_days(world: World) -> None:
    day = visits.get_course_day(world.clinic, world.course_day.id)
    book(world, 4)

    def find(days: int) -> Callable[[], Any]:
        last = MONDAY + timedelta(days=days)
        return lambda: openings.find(clinic=world.clinic, course_day=day, first_on=MONDAY, last_on=last)

    assert counted(find(1)) == counted(find(55)) == 6


@pytest.mark.parametrize(
    "address",
    [
        reverse("scheduling:week", args=[TUESDAY]),
        reverse("scheduling:board-day", args=[TUESDAY]),
        reverse("scheduling:board-sheet", args=[TUESDAY]),
        reverse("scheduling:find"),
    ],
)
def test_a_page_asks_no_more_often_when_more_is_booked_and_due(world: World, address: str) -> None:
    desk = desk_of(world)
    book(world, 2)
    people(world, 1)
    few = shown(desk, address)
    book(world, 5, hour=11)
    people(world, 5)
    assert shown(desk, address) == few


def test_where_a_course_day_could_go_is_shown_as_cheaply_on_a_full_day(world: World) -> None:
    desk = desk_of(world)
    address = f"{reverse('scheduling:find')}?course_day={world.course_day.id}"
    few = shown(desk, address)
    book(world, 7)
    assert shown(desk, address) == few


def test_the_waitlist_looks_for_places_for_all_at_once(world: World) -> None:
    desk, address = desk_of(world), reverse("scheduling:waitlist")

    def wait(count: int) -> None:
        for day in people(world, count):
            waitlist.add(course_day=day, earliest_on=TUESDAY, latest_on=TUESDAY, notice_hours=0, by=world.scheduler)

    wait(2)
    few = shown(desk, address)
    wait(5)
    assert shown(desk, address) == few


def test_a_freed_place_is_tried_for_all_at_once(world: World) -> None:
    desk = desk_of(world)
    freed = book(world, 1)[0]
    booking.cancel(visit=freed, reason="Ill", expected_version=freed.version, by=world.scheduler)
    address = reverse("scheduling:backfill", args=[freed.id])
    people(world, 2)
    few = shown(desk, address)
    people(world, 8)
    assert shown(desk, address) == few


def test_times_for_requests_are_looked_for_at_once(world: World) -> None:
    desk, address = desk_of(world), reverse("scheduling:requests")
    booked = book(world, 4)

    def ask(which: list[Any]) -> None:
        for visit in which:
            requests.ask(visit=visit, wish="later", half_days=[], note="", by=factories.actor(visit.patient.user))

    ask(booked[:1])
    few = shown(desk, address)
    ask(booked[1:])
    assert shown(desk, address) == few
