"""Nonsense typed, pasted or forged into the pages: a clear 4xx, a sentence, and nothing changed. Never a 500."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from scheduling.models import Visit, VisitEvent
from scheduling.services import booking
from tests import factories
from tests.factories import at
from tests.scheduling.conftest import TUESDAY, World

JUNK = [
    "",
    " ",
    "x" * 20_000,
    "\x00",
    "١٢:٣٠",
    "🪑🪑🪑",
    "\u202eabc",
    "-1",
    "1e400",
    "NaN",
    "9999-99-99",
    "0001-01-01T00:00:00+00:00",
    "9999-12-31T23:59:59-12:00",
    "2026-03-08T02:30:00",
    "'; DROP TABLE scheduling_visit; --",
    "<script>alert(1)</script>",
    "../../etc/passwd",
]

Form = Callable[[World, Visit, str], tuple[str, dict[str, str]]]


def book_place(world: World, visit: Visit, junk: str) -> tuple[str, dict[str, str]]:
    return reverse("scheduling:book"), {"course_day": str(world.another_day().id), "place": junk}


def book_start(world: World, visit: Visit, junk: str) -> tuple[str, dict[str, str]]:
    place = f"{world.chairs[0].id}@{junk}"
    return reverse("scheduling:book"), {"course_day": str(world.another_day().id), "place": place}


def book_whom(world: World, visit: Visit, junk: str) -> tuple[str, dict[str, str]]:
    return reverse("scheduling:book"), {
        "course_day": junk,
        "place": f"{world.chairs[1].id}@{at(TUESDAY, 9).isoformat()}",
    }


def book_by_hand(world: World, visit: Visit, junk: str) -> tuple[str, dict[str, str]]:
    fields = {"course_day": str(world.another_day().id), "chair": junk, "day": junk, "at": junk}
    return reverse("scheduling:book"), fields


def move_place(world: World, visit: Visit, junk: str) -> tuple[str, dict[str, str]]:
    return reverse("scheduling:visit-move", args=[visit.id]), {"place": junk, "version": "1"}


def move_version(world: World, visit: Visit, junk: str) -> tuple[str, dict[str, str]]:
    place = f"{world.chairs[1].id}@{at(TUESDAY, 13).isoformat()}"
    return reverse("scheduling:visit-move", args=[visit.id]), {"place": place, "version": junk}


def status_to(world: World, visit: Visit, junk: str) -> tuple[str, dict[str, str]]:
    return reverse("scheduling:visit-status", args=[visit.id]), {"to": junk, "version": "1"}


def status_version(world: World, visit: Visit, junk: str) -> tuple[str, dict[str, str]]:
    return reverse("scheduling:visit-status", args=[visit.id]), {"to": "confirmed", "version": junk}


def cancel_version(world: World, visit: Visit, junk: str) -> tuple[str, dict[str, str]]:
    return reverse("scheduling:visit-cancel", args=[visit.id]), {"reason": "ill", "version": junk}


def undo_version(world: World, visit: Visit, junk: str) -> tuple[str, dict[str, str]]:
    return reverse("scheduling:visit-undo", args=[visit.id]), {"version": junk}


FORMS = [
    book_place,
    book_start,
    book_whom,
    book_by_hand,
    move_place,
    move_version,
    status_to,
    status_version,
    cancel_version,
    undo_version,
]


@pytest.fixture
def client(world: World) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(factories.make_staff(world.clinic))
    return client


def booked(world: World) -> Visit:
    return booking.book(course_day=world.course_day, chair=world.chairs[0], start=at(TUESDAY, 9), by=world.scheduler)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
def test_junk_is_refused_and_changes_nothing(world: World, client: Client, form: Form) -> None:
    visit = booked(world)
    for junk in JUNK:
        address, fields = form(world, visit, junk)
        before = (Visit.objects.count(), VisitEvent.objects.count())
        answer = client.post(address, fields)
        assert 400 <= answer.status_code < 500, (junk[:40], answer.status_code)
        assert (Visit.objects.count(), VisitEvent.objects.count()) == before, junk[:40]


@pytest.mark.parametrize(
    "name", ["scheduling:find", "scheduling:patients", "scheduling:orders", "authorizations:queue"]
)
@pytest.mark.parametrize("field", ["q", "course_day", "first", "part", "place", "page", "status", "filter", "show"])
def test_junk_in_an_address_never_breaks_a_page(world: World, client: Client, name: str, field: str) -> None:
    for junk in JUNK:
        answer = client.get(reverse(name), {field: junk[:2_000]})
        assert answer.status_code < 500, (junk[:40], answer.status_code)


@pytest.mark.parametrize("day", ["2026-02-30", "0000-00-00", "9999-01-01", "today", "2026-3-2", "20260302"])
def test_a_day_that_is_no_day_is_not_found(client: Client, day: str) -> None:
    assert client.get(f"/board/{day}/").status_code == 404


def test_a_time_that_the_clocks_skip_is_refused_at_its_field(world: World, client: Client) -> None:
    day = world.another_day()
    fields = {"course_day": str(day.id), "chair": str(world.chairs[0].id), "day": "2026-03-08", "at": "02:30"}
    answer = client.post(reverse("scheduling:book"), fields)
    assert answer.status_code == 422
    assert "02:30 does not exist on Sunday 8 March 2026" in answer.content.decode()


def test_an_enormous_body_is_refused(world: World, client: Client) -> None:
    answer = client.post(reverse("scheduling:book"), {"place": "x" * 2_000_000})
    assert 400 <= answer.status_code < 500


def test_other_clinics_things_are_not_found(world: World, client: Client) -> None:
    visit = booked(world)
    stranger = Client()
    stranger.force_login(factories.make_staff(factories.make_clinic()))
    for name in ("visit", "visit-move", "visit-cancel"):
        assert stranger.get(reverse(f"scheduling:{name}", args=[visit.id])).status_code == 404
    assert client.get(reverse("scheduling:visit", args=[uuid4()])).status_code == 404
    elsewhere = factories.make_clinic(chairs=1).chairs.get()
    fields = {"course_day": str(world.another_day().id), "place": f"{elsewhere.id}@{at(TUESDAY, 13).isoformat()}"}
    assert client.post(reverse("scheduling:book"), fields).status_code == 422
