"""The day of a visit: legal steps only, time stamped, units used, chair freed, and undo of everything."""

from datetime import timedelta

import pytest
import time_machine

from accounts.domain.policy import Role
from authorizations.models import Authorization
from core.errors import Conflict, NotFound, Stale
from scheduling.domain.statuses import FORWARD, MOVES, OCCUPYING, VisitStatus
from scheduling.models import CapacitySlot, Visit
from scheduling.queries import visits
from scheduling.services import booking, flow
from scheduling.services.undo import undo
from tests import factories
from tests.factories import at
from tests.scheduling.conftest import MONDAY, TUESDAY, World
from tests.scheduling.test_booking import UNCOVERED, book, load_used

S = VisitStatus


def step(world: World, visit: Visit, to: VisitStatus) -> Visit:
    fresh = visits.get(world.clinic, visit.id)
    if to is S.INFUSING:
        factories.clear(fresh)
    return flow.advance(visit=fresh, to=to, expected_version=fresh.version, by=world.scheduler)


def run(world: World, visit: Visit, *steps: VisitStatus) -> Visit:
    for to in steps:
        visit = step(world, visit, to)
    return visit


def take_back(world: World, visit: Visit) -> Visit:
    fresh = visits.get(world.clinic, visit.id)
    return undo(visit=fresh, expected_version=fresh.version, by=world.scheduler)


def test_a_visit_runs_from_booked_to_done_with_a_time_at_each_step(world: World) -> None:
    visit = book(world)
    with time_machine.travel(at(TUESDAY, 9), tick=False):
        run(world, visit, S.ARRIVED, S.SEATED, S.INFUSING)
    with time_machine.travel(at(TUESDAY, 10, 31), tick=False):
        done = run(world, visit, S.OBSERVING, S.COMPLETED)
    assert done.arrived_at == done.seated_at == done.infusion_started_at == at(TUESDAY, 9)
    assert done.ended_at == at(TUESDAY, 10, 31)


def test_a_visit_that_ends_early_frees_the_rest_of_its_chair(world: World) -> None:
    visit = book(world)
    with time_machine.travel(at(TUESDAY, 10, 31), tick=False):
        done = run(world, visit, S.ARRIVED, S.SEATED, S.INFUSING, S.COMPLETED)
        assert done.period.upper == at(TUESDAY, 10, 45)
        assert load_used() == sum(done.load_profile)
        book(
            world,
            course_day=world.another_day(),
            start=at(TUESDAY, 10, 45),
            override=UNCOVERED,
        )


def test_giving_the_drug_uses_the_units(world: World) -> None:
    visit = book(world)
    with time_machine.travel(at(TUESDAY, 10), tick=False):
        run(world, visit, S.ARRIVED, S.SEATED, S.INFUSING, S.COMPLETED)
    authorization = Authorization.objects.get()
    assert (authorization.units_reserved, authorization.units_used) == (0, visit.units)


def test_a_no_show_gives_chair_and_units_back(world: World) -> None:
    visit = book(world)
    with time_machine.travel(at(TUESDAY, 9, 40), tick=False):
        step(world, visit, S.NO_SHOW)
    assert Authorization.objects.get().units_reserved == 0
    assert load_used() == 0


def test_nobody_arrives_before_the_day(world: World) -> None:
    with pytest.raises(Conflict, match="This visit is on Tuesday 3 March"):
        step(world, book(world), S.ARRIVED)


def test_it_is_no_no_show_before_its_time(world: World) -> None:
    visit = book(world)
    with time_machine.travel(at(TUESDAY, 8), tick=False), pytest.raises(Conflict, match="It is not 09:00 yet"):
        step(world, visit, S.NO_SHOW)


def test_an_illegal_step_says_what_is_possible(world: World) -> None:
    visit = book(world)
    with (
        time_machine.travel(at(TUESDAY, 9), tick=False),
        pytest.raises(Conflict, match="can be: confirmed or arr"),
    ):
        step(world, visit, S.COMPLETED)


def test_the_second_of_two_nurses_is_told(world: World) -> None:
    visit = book(world)
    with time_machine.travel(at(TUESDAY, 9), tick=False):
        stale = visits.get(world.clinic, visit.id)
        step(world, visit, S.ARRIVED)
        with pytest.raises(Stale, match=r"It is now arrived, Tue 3 Mar 09:00 in A1"):
            flow.advance(visit=stale, to=S.ARRIVED, expected_version=1, by=world.scheduler)


@pytest.mark.parametrize("steps", [[S.ARRIVED], [S.ARRIVED, S.SEATED, S.INFUSING, S.COMPLETED], [S.NO_SHOW]])
def test_undo_restores_status_place_load_and_units(world: World, steps: list[VisitStatus]) -> None:
    visit = book(world)
    with time_machine.travel(at(TUESDAY, 9, 40), tick=False):
        run(world, visit, *steps[:-1])
        before = visits.get(world.clinic, visit.id)
        units = Authorization.objects.get().units_reserved
        step(world, visit, steps[-1])
        after = take_back(world, visit)
    assert (after.status, after.period, after.load_profile) == (before.status, before.period, before.load_profile)
    assert load_used() == sum(before.load_profile)
    assert Authorization.objects.get().units_reserved == units


def test_undoing_a_move_puts_it_back(world: World) -> None:
    visit = book(world)
    booking.move(visit=visit, chair=world.chairs[2], start=at(TUESDAY, 13), expected_version=1, by=world.scheduler)
    back = take_back(world, visit)
    assert (back.chair.name, back.period.lower) == ("A1", at(TUESDAY, 9))


def test_undoing_a_move_says_who_has_the_old_place_now(world: World) -> None:
    visit = book(world)
    booking.move(visit=visit, chair=world.chairs[2], start=at(TUESDAY, 13), expected_version=1, by=world.scheduler)
    other = world.another_day(family_name="Keller")
    book(world, course_day=other, override=UNCOVERED)
    with pytest.raises(Conflict, match="A1 has Keller"):
        take_back(world, visit)


def test_undoing_a_cancellation_books_it_again(world: World) -> None:
    visit = book(world)
    booking.cancel(visit=visit, reason="wrong patient", expected_version=1, by=world.scheduler)
    back = take_back(world, visit)
    assert (back.status, back.cancel_reason) == (S.BOOKED, "")
    assert Authorization.objects.get().units_reserved == visit.units


def test_undoing_a_booking_cancels_it(world: World) -> None:
    assert take_back(world, book(world)).status == S.CANCELLED


def test_an_undo_is_not_undone_but_goes_one_step_further_back(world: World) -> None:
    visit = book(world)
    with time_machine.travel(at(TUESDAY, 9), tick=False):
        step(world, visit, S.ARRIVED)
        assert take_back(world, visit).status == S.BOOKED
        assert take_back(world, visit).status == S.CANCELLED
        with pytest.raises(Conflict, match="nothing to undo"):
            take_back(world, visit)


def test_a_patient_confirms_only_their_own_visit_and_can_take_it_back(world: World) -> None:
    visit = book(world)
    stranger = factories.actor(factories.make_patient(world.clinic, signs_in=True).user)  # type: ignore[arg-type]
    with pytest.raises(NotFound):
        flow.confirm(visit=visit, by=stranger)
    user = factories.make_staff(world.clinic, Role.PATIENT)
    world.patient.user = user
    world.patient.save()
    confirmed = flow.confirm(visit=visit, by=factories.actor(user))
    assert confirmed.status == S.CONFIRMED
    assert flow.confirm(visit=confirmed, by=factories.actor(user)).version == confirmed.version
    assert undo(visit=confirmed, expected_version=confirmed.version, by=factories.actor(user)).status == S.BOOKED


def test_a_patient_undoes_nothing_else(world: World) -> None:
    visit = book(world)
    user = factories.make_staff(world.clinic, Role.PATIENT)
    world.patient.user = user
    world.patient.save()
    with pytest.raises(NotFound):
        undo(visit=visit, expected_version=1, by=factories.actor(user))


def test_capacity_follows_the_rota_and_keeps_what_is_booked(world: World) -> None:
    from scheduling.models import Shift
    from scheduling.services import capacity

    visit = book(world)
    Shift.objects.filter(starts_at__date=TUESDAY).delete()
    capacity.rebuild(clinic=world.clinic, first_on=MONDAY, last_on=MONDAY + timedelta(days=4))
    slot = CapacitySlot.objects.get(starts_at=at(TUESDAY, 9))
    assert slot.load_cap == 0
    assert slot.override_load == slot.load_used == visit.load_profile[0]


def test_finishing_a_visit_early_beside_an_overridden_quarter_hour_is_possible(world: World) -> None:
    from scheduling.services.booking import Override

    quarter = CapacitySlot.objects.filter(starts_at=at(TUESDAY, 9, 30))
    normal = book(world)
    quarter.update(load_cap=40)
    book(world, course_day=world.another_day(), chair=1, override=Override("Charge nurse helps"))
    assert quarter.get().override_load == quarter.get().load_used - 40 > 0
    with time_machine.travel(at(TUESDAY, 10), tick=False):
        done = run(world, normal, S.ARRIVED, S.SEATED, S.INFUSING, S.COMPLETED)
    assert done.period.upper == at(TUESDAY, 10)
    slot = quarter.get()
    assert slot.override_load == slot.load_used - 40


def test_every_forward_move_has_a_way_back() -> None:
    for before, afters in FORWARD.items():
        for after in afters:
            assert before is S.HELD or (after, before) in MOVES
    assert S.CANCELLED not in OCCUPYING
