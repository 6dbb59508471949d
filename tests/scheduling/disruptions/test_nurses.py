"""A nurse is away: only as many visits leave the crowded quarter hours as must, and hers go to her colleagues."""

from dataclasses import replace

import pytest

from core.errors import Conflict, NeedsReason
from scheduling.domain.statuses import VisitStatus
from scheduling.models import CapacitySlot, StaffTask, Visit
from scheduling.queries import disruptions as reading
from scheduling.services import assignment, disruption_undo, disruptions, flow
from scheduling.services.decisions import Decision, Do
from tests.factories import at
from tests.scheduling.conftest import TUESDAY, World
from tests.scheduling.disruptions import scenes
from tests.scheduling.disruptions.scenes import apply, book, decisions, leave_only, messages, nurse_away, nurses, place
from tests.scheduling.invariants import assert_sound

pytestmark = pytest.mark.django_db


def test_with_room_enough_nobody_moves(world: World) -> None:
    book(world, 9)
    proposal = reading.propose(nurse_away(world, nurses(world)[0]))
    assert proposal.rows == ()
    assert proposal.repair.over == ()
    apply(nurse_away(world, nurses(world)[0]), world.scheduler)
    slot = CapacitySlot.objects.get(clinic=world.clinic, starts_at=at(TUESDAY, 9))
    assert (slot.load_cap, slot.starts_cap) == (300, 3)


def test_only_one_of_two_that_start_together_moves_and_not_the_confirmed_one(world: World) -> None:
    leave_only(world, 2)
    firm, loose = book(world, 9), book(world, 9, chair=1)
    flow.advance(visit=firm, to=VisitStatus.CONFIRMED, expected_version=firm.version, by=world.scheduler)
    proposal = reading.propose(nurse_away(world, nurses(world)[0]))
    assert [(row.visit, row.line.act.value) for row in proposal.rows] == [(loose, "time")]
    apply(nurse_away(world, nurses(world)[0]), world.scheduler, proposal=proposal)
    assert place(firm)[1] == at(TUESDAY, 9)
    assert place(loose)[1] != at(TUESDAY, 9)
    assert len(messages()) == 1
    assert not CapacitySlot.objects.filter(clinic=world.clinic, override_load__gt=0).exists()
    assert_sound()


def test_when_the_last_nurse_goes_everybody_must_go(world: World) -> None:
    leave_only(world, 1)
    visit = book(world, 9)
    row = reading.propose(nurse_away(world, nurses(world)[0])).rows[0]
    assert row.line.act == "day"
    apply(nurse_away(world, nurses(world)[0]), world.scheduler)
    assert place(visit)[1] == at(TUESDAY.replace(day=4), 9)


def test_what_stays_too_full_needs_a_reason_and_shows_it(world: World) -> None:
    leave_only(world, 2)
    days = [scenes.narrow_day(world) for _ in range(2)]
    visits = [book(world, 9, chair=number, day=day) for number, day in enumerate(days)]
    CapacitySlot.objects.filter(clinic=world.clinic).exclude(
        starts_at__range=(at(TUESDAY, 9), at(TUESDAY, 10, 45))
    ).delete()
    proposal = reading.propose(nurse_away(world, nurses(world)[0]))
    assert {row.line.act.value for row in proposal.rows} == {"stay"}
    assert proposal.repair.over
    with pytest.raises(Conflict) as refused:
        apply(nurse_away(world, nurses(world)[0]), world.scheduler, proposal=proposal)
    assert refused.value.title == "Needs a reason"
    reason = "The manager helps out"
    done = apply(nurse_away(world, nurses(world)[0]), world.scheduler, proposal=proposal, reason=reason)
    stayed = Visit.objects.get(pk=visits[0].pk)
    assert {one["reason"] for one in stayed.overrides} == {reason}
    assert stayed.is_over_capacity
    assert StaffTask.objects.filter(text__startswith="Too few nurses on Tue 3 Mar").exists()
    assert_sound()
    disruption_undo.take_back(disruption=done, by=world.scheduler)
    assert Visit.objects.get(pk=visits[0].pk).overrides == []
    assert not StaffTask.objects.filter(done_at=None).exists()


def test_a_visit_that_could_stay_anyhow_is_given_no_empty_reason(world: World) -> None:
    visit = book(world, 9)
    decision = Decision(visit_id=visit.id, version=visit.version, do=Do.STAY, accepts=frozenset({"nurse_load"}))
    happening = nurse_away(world, nurses(world)[0])
    with pytest.raises(NeedsReason, match="Say why"):
        disruptions.apply(happening=happening, decisions=[decision], by=world.scheduler)
    disruptions.apply(
        happening=happening,
        decisions=[replace(decision, accepts=frozenset({"chair_taken"}))],
        by=world.scheduler,
        reason="The manager helps out",
    )
    assert Visit.objects.get(pk=visit.pk).overrides == []


def test_load_that_nobody_saw_stops_everything(world: World) -> None:
    leave_only(world, 2)
    book(world, 9)
    happening = nurse_away(world, nurses(world)[0])
    proposal = reading.propose(happening)
    assert proposal.rows == ()
    book(world, 9, chair=1)
    with pytest.raises(Conflict, match=r"of 1 nurses at Tue 3 Mar 09:00"):
        apply(happening, world.scheduler, proposal=proposal)
    assert CapacitySlot.objects.get(clinic=world.clinic, starts_at=at(TUESDAY, 9)).load_cap == 200


def test_her_visits_go_to_a_colleague_and_come_back(world: World) -> None:
    nurse = nurses(world)[0]
    visit = book(world, 9)
    assignment.assign(visit=visit, nurse_id=nurse.id, expected_version=visit.version, by=world.scheduler)
    happening = nurse_away(world, nurse)
    assert [one.id for one in reading.propose(happening).nursed] == [visit.id]
    done = disruptions.apply(happening=happening, decisions=decisions(reading.propose(happening)), by=world.scheduler)
    visit.refresh_from_db()
    assert visit.nurse_id not in {None, nurse.id}
    assert place(visit) == ("A1", at(TUESDAY, 9))
    assert messages() == []
    disruption_undo.take_back(disruption=done, by=world.scheduler)
    visit.refresh_from_db()
    assert visit.nurse_id == nurse.id


def test_an_absence_in_the_middle_cuts_the_shift_in_two(world: World) -> None:
    nurse = nurses(world)[0]
    apply(nurse_away(world, nurse, hours=(10, 12)), world.scheduler)
    caps = dict(CapacitySlot.objects.filter(clinic=world.clinic).values_list("starts_at", "load_cap"))
    assert [caps[at(TUESDAY, hour)] for hour in (9, 10, 11, 12)] == [400, 300, 300, 400]
