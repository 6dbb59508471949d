"""Whoever forgot to press says when it happened: the stamps follow, and nothing is before what came before it."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from core import clock
from core.errors import BadInput
from regimens.models import Administration
from scheduling.domain.statuses import VisitStatus
from scheduling.models import Visit
from scheduling.queries import visits
from scheduling.services import flow
from scheduling.services.undo import undo
from tests import factories
from tests.browser.scenes import Day
from tests.factories import at
from tests.scheduling.conftest import MONDAY, TUESDAY, World
from tests.scheduling.floor.conftest import desk_of
from tests.scheduling.test_booking import book
from tests.scheduling.test_flow import run

S = VisitStatus


def late(world: World, visit: Visit, to: VisitStatus, hour: int, minute: int = 0) -> Visit:
    fresh = visits.get(world.clinic, visit.id)
    if to is S.INFUSING:
        factories.clear(fresh)
    when = at(TUESDAY, hour, minute)
    return flow.advance(visit=fresh, to=to, expected_version=fresh.version, by=world.scheduler, at=when)


def test_a_start_that_was_pressed_late_counts_from_when_it_was(world: World) -> None:
    visit = book(world)
    with time_machine.travel(at(TUESDAY, 9, 2), tick=False):
        run(world, visit, S.ARRIVED, S.SEATED)
    with time_machine.travel(at(TUESDAY, 9, 50), tick=False):
        started = late(world, visit, S.INFUSING, 9, 20)
    assert started.infusion_started_at == at(TUESDAY, 9, 20)
    assert Administration.objects.get().started_at == at(TUESDAY, 9, 20)
    assert started.events.get(after__status="infusing").at == at(TUESDAY, 9, 50)


def test_an_end_that_was_pressed_late_frees_the_chair_from_then(world: World) -> None:
    visit = book(world)
    with time_machine.travel(at(TUESDAY, 9), tick=False):
        run(world, visit, S.ARRIVED, S.SEATED, S.INFUSING)
    with time_machine.travel(at(TUESDAY, 10, 55), tick=False):
        done = late(world, visit, S.COMPLETED, 10, 10)
    assert (done.ended_at, done.period.upper) == (at(TUESDAY, 10, 10), at(TUESDAY, 10, 15))
    assert Administration.objects.get().stopped_at == at(TUESDAY, 10, 10)


def test_the_evening_s_forgotten_end_is_written_down_the_next_morning(world: World) -> None:
    visit = book(world)
    with time_machine.travel(at(TUESDAY, 9), tick=False):
        run(world, visit, S.ARRIVED, S.SEATED, S.INFUSING)
    with time_machine.travel(at(TUESDAY, 9) + timedelta(days=1), tick=False):
        assert late(world, visit, S.COMPLETED, 10, 40).ended_at == at(TUESDAY, 10, 40)


@pytest.mark.parametrize(("hour", "minute", "code"), [(8, 59, "before_last_step"), (9, 40, "in_the_future")])
def test_no_step_is_before_the_last_one_or_still_to_come(world: World, hour: int, minute: int, code: str) -> None:
    visit = book(world)
    with time_machine.travel(at(TUESDAY, 9, 1), tick=False):
        run(world, visit, S.ARRIVED)
    with time_machine.travel(at(TUESDAY, 9, 30), tick=False), pytest.raises(BadInput) as refused:
        late(world, visit, S.SEATED, hour, minute)
    assert [reason.code for reason in refused.value.reasons] == [code]


def test_the_minute_of_the_last_step_is_not_before_it(world: World) -> None:
    visit = book(world)
    with time_machine.travel(at(TUESDAY, 9) + timedelta(seconds=40), tick=False):
        run(world, visit, S.ARRIVED)
    with time_machine.travel(at(TUESDAY, 9, 30), tick=False):
        assert late(world, visit, S.SEATED, 9).seated_at == at(TUESDAY, 9) + timedelta(seconds=40)


def test_nobody_arrived_before_the_day_began(world: World) -> None:
    visit = book(world)
    fresh, night = visits.get(world.clinic, visit.id), at(MONDAY, 22)
    with time_machine.travel(at(TUESDAY, 9), tick=False), pytest.raises(BadInput, match="before the day of the visit"):
        flow.advance(visit=fresh, to=S.ARRIVED, expected_version=1, by=world.scheduler, at=night)


def test_a_late_press_is_undone_like_any_other(world: World) -> None:
    visit = book(world)
    with time_machine.travel(at(TUESDAY, 9), tick=False):
        run(world, visit, S.ARRIVED)
        late(world, visit, S.SEATED, 9)
        fresh = visits.get(world.clinic, visit.id)
        undone = undo(visit=fresh, expected_version=fresh.version, by=world.scheduler)
    assert (undone.status, undone.seated_at) == (S.ARRIVED, None)


def test_the_panel_takes_the_time_and_the_history_tells_it(day: Day, olsen: Visit) -> None:
    nurse = desk_of(day.nurse)
    begun = olsen.infusion_started_at
    assert begun is not None
    wall = f"{(begun + timedelta(minutes=5)).astimezone(day.clinic.zone):%H:%M}"
    assert press(nurse, olsen, "completed", at="9.40").status_code == 422
    refused = press(nurse, olsen, "completed", at="05:00")
    assert "was infusing at" in refused.content.decode()
    assert 'value="05:00"' in refused.content.decode()
    assert press(nurse, olsen, "completed", at=wall).status_code == 302
    page = nurse.get(reverse("scheduling:visit", args=[olsen.id])).content.decode()
    assert f"Done at {wall}, written down later" in page


def test_the_check_before_an_infusion_takes_an_earlier_start(day: Day) -> None:
    visit, now = day.book(day.due("Pace", "Ida"), "A1", 15), clock.now()
    for to, minutes in ((S.ARRIVED, 40), (S.SEATED, 30)):
        then = now - timedelta(minutes=minutes)
        visit = flow.advance(visit=visit, to=to, expected_version=visit.version, by=day.by, at=then)
    wall = f"{(now - timedelta(minutes=20)).astimezone(day.clinic.zone):%H:%M}"
    check = reverse("scheduling:visit-infusion-check", args=[visit.id])
    assert desk_of(day.nurse).post(check, {"act": "all_no", "at": wall}).status_code == 302
    started = visits.get(day.clinic, visit.id)
    assert started.status == S.INFUSING
    assert started.infusion_started_at is not None
    assert f"{started.infusion_started_at.astimezone(day.clinic.zone):%H:%M}" == wall


def test_pressing_twice_is_pressing_once(day: Day, reyes: Visit) -> None:
    nurse = desk_of(day.nurse)
    first, second = press(nurse, reyes, "seated"), press(nurse, reyes, "seated")
    assert (first.status_code, second.status_code) == (302, 302)
    assert visits.get(day.clinic, reyes.id).events.filter(after__status="seated").count() == 1


def test_the_same_step_pressed_by_another_nurse_is_told(day: Day, reyes: Visit) -> None:
    press(desk_of(day.nurse), reyes, "seated")
    answer = press(desk_of(day.scheduler), reyes, "seated")
    assert answer.status_code == 409
    assert "changed this visit" in answer.content.decode()


def press(client: Client, visit: Visit, to: str, *, at: str = ""):  # type: ignore[no-untyped-def]
    fields = {"to": to, "version": visit.version, "at": at}
    return client.post(reverse("scheduling:visit-status", args=[visit.id]), fields)
