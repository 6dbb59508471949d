"""Disruptions against bookings at the same moment, and sixty visits before a snow day."""

from datetime import timedelta
from time import perf_counter
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.domain.policy import Role
from core.errors import Conflict, Stale
from scheduling.models import Chair, ChairOutage, Disruption, Shift, Visit
from scheduling.queries import disruptions as reading
from scheduling.services import booking, capacity, disruption_undo, disruptions
from scheduling.services.decisions import Decision
from scheduling.services.disruption_facts import Happening
from tests import factories
from tests.factories import at
from tests.scheduling.conftest import MONDAY, TUESDAY, World
from tests.scheduling.disruptions import scenes
from tests.scheduling.disruptions.scenes import apply, book, chair_down, closed, decisions, place
from tests.scheduling.invariants import assert_sound
from tests.scheduling.test_storm import at_once

ROUNDS = 12
LONGEST_SECONDS = 60


@pytest.mark.django_db(transaction=True)
def test_a_booking_into_the_target_place_and_the_disruption_race_and_one_wins(committed_world: World) -> None:
    world = committed_world
    for number in range(ROUNDS):
        visit = book(world, 9)
        happening = scenes.changed(chair_down(world), reason=f"Round {number}")
        chosen = decisions(reading.propose(happening))
        target = next(chair for chair in world.chairs if chair.id == chosen[0].chair_id)
        done, booked = race(world, happening, chosen, target)
        if isinstance(done, Disruption):
            assert isinstance(booked, Conflict), booked
            assert place(visit) == (target.name, at(TUESDAY, 9))
            disruption_undo.take_back(disruption=done, by=world.scheduler)
        else:
            assert isinstance(done, Conflict), done
            assert isinstance(booked, Visit), booked
            assert place(visit) == ("A1", at(TUESDAY, 9))
            assert not ChairOutage.objects.filter(lifted_at=None).exists()
        assert_sound()
        _clear(world)


@pytest.mark.django_db(transaction=True)
def test_nobody_slips_into_the_time_that_goes(committed_world: World) -> None:
    world = committed_world
    for number in range(ROUNDS):
        happening = scenes.changed(chair_down(world), reason=f"Round {number}")
        done, booked = race(world, happening, [], world.chairs[0])
        if isinstance(done, Disruption):
            assert isinstance(booked, Conflict), booked
            disruption_undo.take_back(disruption=done, by=world.scheduler)
        else:
            assert isinstance(done, Stale), done
            assert isinstance(booked, Visit), booked
        assert_sound()
        _clear(world)


@pytest.mark.django_db(transaction=True)
def test_two_people_who_apply_the_same_disruption_apply_it_once(committed_world: World) -> None:
    world = committed_world
    visit = book(world, 9)
    chosen = decisions(reading.propose(closed(world)))

    def upset() -> Any:
        return disruptions.apply(happening=closed(world), decisions=chosen, by=world.scheduler)

    done = at_once([upset, upset, upset])
    assert [isinstance(one, Disruption) for one in done].count(True) == 1, done
    assert Disruption.objects.count() == 1
    assert place(visit)[1] == at(TUESDAY + timedelta(days=1), 9)
    assert_sound()


@pytest.mark.django_db
def test_sixty_visits_are_rearranged_for_snow_and_back(world: World) -> None:
    """What is counted here, SQL statements, does not hang on how busy the machine is."""
    visits = sixty(world)
    places = [place(visit) for visit in visits]
    with CaptureQueriesContext(connection) as asked:
        proposal = reading.propose(closed(world))
    assert len(asked) < 20
    assert len(proposal.rows) == 60
    assert all(scenes.moved(row) for row in proposal.rows)
    began = perf_counter()
    with CaptureQueriesContext(connection) as asked:
        done = apply(closed(world), world.scheduler, proposal=proposal)
    assert len(asked) < 60 * 16
    assert perf_counter() - began < LONGEST_SECONDS
    assert_sound()
    disruption_undo.take_back(disruption=done, by=world.scheduler)
    assert [place(visit) for visit in visits] == places
    assert_sound()


def sixty(world: World) -> list[Visit]:
    """Sixteen chairs with sixty visits on Tuesday, two hours each, four a chair but for the last."""
    Chair.objects.bulk_create(Chair(clinic=world.clinic, name=f"B{number}", position=number) for number in range(4, 17))
    world.chairs = list(Chair.objects.select_related("clinic").filter(clinic=world.clinic))
    nurse = Shift.objects.filter(clinic=world.clinic).first()
    assert nurse is not None
    for on in (MONDAY + timedelta(days=offset) for offset in range(5)):
        Shift.objects.bulk_create(
            Shift(
                clinic=world.clinic,
                nurse=factories.make_staff(world.clinic, Role.NURSE),
                starts_at=at(on, 7),
                ends_at=at(on, 18),
            )
            for _ in range(14)
        )
    capacity.rebuild(clinic=world.clinic, first_on=MONDAY, last_on=MONDAY + timedelta(days=4))
    return [book(world, 7 + 2 * (number // 16), minute=0, chair=number % 16) for number in range(60)]


def race(world: World, happening: Happening, chosen: list[Decision], target: Chair) -> list[Any]:
    """The disruption and a booking into `target` at nine, at the same moment."""
    day = scenes.covered_day(world)

    def upset() -> Any:
        return disruptions.apply(happening=happening, decisions=chosen, by=world.scheduler)

    def take() -> Visit:
        return booking.book(course_day=day, chair=target, start=at(TUESDAY, 9), by=world.scheduler)

    return list(at_once([upset, take]))


def _clear(world: World) -> None:
    for visit in Visit.objects.filter(clinic=world.clinic).exclude(status="cancelled"):
        booking.cancel(visit=visit, reason="next round", expected_version=visit.version, by=world.scheduler)
