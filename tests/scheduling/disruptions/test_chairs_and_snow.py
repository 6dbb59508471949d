"""A chair goes down or the clinic closes: who must move moves as little as possible, in one act, told once."""

from datetime import timedelta

import pytest

from accounts.domain.policy import Role
from accounts.models import Closure
from audit.models import AuditEvent
from core.errors import BadInput, Conflict, NotAllowed, Stale
from scheduling.domain.statuses import VisitStatus
from scheduling.models import ChairOutage, ClinicRules, Disruption, StaffTask, Visit, WaitlistEntry
from scheduling.queries import board
from scheduling.queries import disruptions as reading
from scheduling.services import booking, disruptions, flow, held_places
from scheduling.services.decisions import Decision, Do
from tests import factories
from tests.factories import at
from tests.scheduling.conftest import MONDAY, TUESDAY, World
from tests.scheduling.disruptions import scenes
from tests.scheduling.disruptions.scenes import apply, book, chair_down, closed, decisions, messages, place
from tests.scheduling.invariants import assert_sound, nameless_excess

pytestmark = pytest.mark.django_db
WEDNESDAY = TUESDAY + timedelta(days=1)


def test_a_visit_goes_to_another_chair_at_its_own_time_and_nobody_is_told(world: World) -> None:
    visit = book(world, 9)
    other = book(world, 9, chair=1)
    proposal = reading.propose(chair_down(world))
    assert [(row.visit, row.line.act.value, row.line.why) for row in proposal.rows] == [
        (visit, "chair", "The same time in another chair.")
    ]
    done = apply(chair_down(world), world.scheduler, proposal=proposal)
    assert place(visit) == ("A3", at(TUESDAY, 9))
    assert place(other) == ("A2", at(TUESDAY, 9))
    assert messages() == []
    assert done.changes[0]["to"]["chair"] == "A3"
    assert ChairOutage.objects.get().reason == scenes.PUMP
    assert_sound()


def test_with_every_chair_taken_it_goes_to_the_nearest_time_and_the_patient_is_told_once(world: World) -> None:
    visit = book(world, 9)
    book(world, 9, chair=1), book(world, 9, chair=2)
    row = reading.propose(chair_down(world)).rows[0]
    assert (row.line.act, row.line.why) == ("time", "2 h later is the nearest time that day.")
    apply(chair_down(world), world.scheduler)
    assert place(visit)[1] == at(TUESDAY, 11)
    assert [message.kind for message in messages()] == ["visit.moved"]


def test_only_the_time_of_the_outage_counts(world: World) -> None:
    book(world, 7), book(world, 14)
    assert reading.propose(chair_down(world, hours=(9, 14))).rows == ()
    done = apply(chair_down(world, hours=(9, 14)), world.scheduler)
    assert done.changes == []
    assert ChairOutage.objects.count() == 1


def test_snow_moves_everybody_to_the_nearest_day_inside_the_window(world: World) -> None:
    visits = [book(world, 9, chair=number) for number in range(3)]
    before = board.version(world.clinic, WEDNESDAY)
    done = apply(closed(world), world.scheduler)
    assert {place(visit)[1] for visit in visits} == {at(WEDNESDAY, 9)}
    assert Closure.objects.get().on == TUESDAY
    assert [message.kind for message in messages()] == ["visit.moved"] * 3
    assert board.version(world.clinic, WEDNESDAY) > before
    assert AuditEvent.objects.filter(action="disruption.apply", entity_id=str(done.id)).count() == 1
    assert_sound()
    with pytest.raises(Conflict, match="not open"):
        book(world, 9)


def test_the_days_of_a_course_stay_together(world: World) -> None:
    day = scenes.covered_day(world)
    later = scenes.second_day(day, WEDNESDAY)
    first = book(world, 9, day=day)
    second = book(world, 9, on=WEDNESDAY, day=scenes.fetched(world, later))
    row = reading.propose(closed(world)).rows[0]
    assert row.line.place is not None
    assert row.line.place.on == MONDAY + timedelta(days=3)
    assert "next to the rest of its course" in row.line.why
    apply(closed(world), world.scheduler)
    assert place(second)[1] == at(WEDNESDAY, 9)
    assert place(first)[1] == at(WEDNESDAY + timedelta(days=1), 9)


def test_closing_at_noon_takes_every_chair_for_the_rest_of_the_day(world: World) -> None:
    early, late = book(world, 8), book(world, 13, chair=1)
    apply(closed(world, hours=(12, 18)), world.scheduler)
    assert place(early) == ("A1", at(TUESDAY, 8))
    assert place(late) == ("A2", at(TUESDAY, 10))
    assert ChairOutage.objects.count() == 3
    assert not Closure.objects.exists()
    with pytest.raises(Conflict, match="closed: Snow"):
        book(world, 14)


def test_a_patient_in_the_chair_stays_and_staff_are_warned(world: World) -> None:
    visit = book(world, 8, on=MONDAY)
    factories.clear(visit)
    for status in ("arrived", "seated"):
        visit.refresh_from_db()
        visit = flow.advance(visit=visit, to=VisitStatus(status), expected_version=visit.version, by=world.scheduler)
    happening = scenes.replace_day(chair_down(world), MONDAY)
    row = reading.propose(happening).rows[0]
    assert row.line.act == "begun"
    apply(happening, world.scheduler)
    assert place(visit) == ("A1", at(MONDAY, 8))
    assert StaffTask.objects.get().text.startswith("Decide at the chair for")


def test_who_has_nowhere_to_go_waits_for_a_call(world: World) -> None:
    visit = book(world, 9, day=scenes.narrow_day(world))
    row = reading.propose(closed(world)).rows[0]
    assert row.line.act == "call"
    assert row.line.others[0].soft == ("too_late",)
    apply(closed(world), world.scheduler)
    assert place(visit) == ("A1", at(TUESDAY, 9))
    task = StaffTask.objects.get()
    assert task.is_urgent
    assert task.text.startswith(f"Call {visit.patient.short_name}")
    assert messages() == []
    assert_sound(excused=nameless_excess())


def test_a_person_may_choose_a_day_outside_the_window_with_a_reason(world: World) -> None:
    visit = book(world, 9, day=scenes.narrow_day(world))
    row = reading.propose(closed(world)).rows[0]
    choice = row.line.others[0]
    decision = Decision(
        visit_id=visit.id,
        version=visit.version,
        do=Do.MOVE,
        chair_id=choice.chair_id,
        start=choice.interval.start,
        accepts=frozenset(row.needs(choice)),
    )
    with pytest.raises(Conflict) as refused:
        disruptions.apply(happening=closed(world), decisions=[decision], by=world.scheduler)
    assert refused.value.title == "Needs a reason"
    assert not Closure.objects.exists()
    disruptions.apply(happening=closed(world), decisions=[decision], by=world.scheduler, reason="Dr. Vance agrees")
    visit.refresh_from_db()
    assert [one["reason"] for one in visit.overrides] == ["Dr. Vance agrees"]


def test_a_cancelled_visit_waits_for_a_place(world: World) -> None:
    visit = book(world, 9)
    decision = Decision(visit_id=visit.id, version=visit.version, do=Do.CANCEL)
    disruptions.apply(happening=closed(world), decisions=[decision], by=world.scheduler)
    visit.refresh_from_db()
    assert (visit.status, visit.cancel_reason) == ("cancelled", "Snow (no other place)")
    entry = WaitlistEntry.objects.get()
    assert (entry.course_day_id, entry.state) == (visit.course_day_id, "waiting")
    assert [message.kind for message in messages()] == ["visit.cancelled"]
    assert not StaffTask.objects.exists()


def test_a_patient_with_two_visits_gets_one_message(world: World) -> None:
    day = scenes.covered_day(world)
    later = factories.make_course_day(day.course.order, WEDNESDAY)
    visits = [book(world, 9, day=day), book(world, 10, on=WEDNESDAY, day=scenes.fetched(world, later))]
    happening = scenes.longer(closed(world), days=2)
    apply(happening, world.scheduler)
    (letter,) = messages()
    assert (letter.kind, letter.wording) == ("visits.changed", "visits.changed")
    assert letter.params["changes"].count("\n") == 1
    assert "Tuesday 3 March, 9:00 am: now " in letter.params["changes"]
    assert len({place(visit)[1].date() for visit in visits}) == 2


def test_what_is_booked_meanwhile_is_named_and_nothing_changes(world: World) -> None:
    visit = book(world, 9)
    proposal = reading.propose(chair_down(world))
    late = book(world, 14)
    with pytest.raises(Stale, match="was booked meanwhile: Tue 3 Mar 14:00 in A1"):
        apply(chair_down(world), world.scheduler, proposal=proposal)
    assert {place(one) for one in (visit, late)} == {("A1", at(TUESDAY, 9)), ("A1", at(TUESDAY, 14))}
    assert not ChairOutage.objects.exists()
    assert not Disruption.objects.exists()


def test_a_place_that_is_taken_meanwhile_is_named_and_nothing_changes(world: World) -> None:
    visit, second = book(world, 9), book(world, 14)
    proposal = reading.propose(chair_down(world))
    rival = book(world, 9, chair=1)
    with pytest.raises(Conflict) as refused:
        apply(chair_down(world), world.scheduler, proposal=proposal)
    (reason,) = refused.value.reasons
    assert reason.facts["visit_id"] == str(visit.id)
    assert rival.patient.short_name in reason.sentence
    assert place(second) == ("A1", at(TUESDAY, 14))
    assert not ChairOutage.objects.exists()


def test_a_visit_that_changed_meanwhile_stops_everything(world: World) -> None:
    visit = book(world, 9)
    proposal = reading.propose(chair_down(world))
    booking.move(
        visit=visit, chair=world.chairs[1], start=at(TUESDAY, 9), expected_version=visit.version, by=world.scheduler
    )
    with pytest.raises(Stale, match="changed this visit"):
        apply(chair_down(world), world.scheduler, proposal=proposal)
    assert not ChairOutage.objects.exists()


def test_two_visits_may_take_each_others_places(world: World) -> None:
    """A1 goes down at 9: its visit takes the place in A2 that a person gives up by moving that one as well."""
    one, two = book(world, 9), book(world, 9, chair=1)
    chosen = [
        Decision(visit_id=one.id, version=one.version, do=Do.MOVE, chair_id=world.chairs[1].id, start=at(TUESDAY, 9)),
        Decision(visit_id=two.id, version=two.version, do=Do.MOVE, chair_id=world.chairs[2].id, start=at(TUESDAY, 9)),
    ]
    disruptions.apply(happening=chair_down(world), decisions=chosen, by=world.scheduler)
    assert (place(one)[0], place(two)[0]) == ("A2", "A3")


def test_senseless_happenings_are_refused_at_their_field(world: World) -> None:
    for happening, field in (
        (scenes.changed(chair_down(world), reason=" "), "reason"),
        (scenes.replace_day(chair_down(world), MONDAY - timedelta(days=3)), "ends"),
        (scenes.replace_day(chair_down(world), MONDAY + timedelta(days=21)), "on"),
        (scenes.longer(closed(world), days=30), "until_on"),
        (scenes.replace_day(closed(world), MONDAY + timedelta(days=5)), "on"),
    ):
        with pytest.raises(BadInput) as refused:
            reading.propose(happening)
        assert field in {reason.field for reason in refused.value.reasons}
    apply(chair_down(world), world.scheduler)
    with pytest.raises(BadInput, match="out of use already"):
        disruptions.apply(happening=chair_down(world), decisions=[], by=world.scheduler)


def test_who_may_not_override_upsets_no_day(world: World) -> None:
    prescriber = factories.actor(factories.make_staff(world.clinic, Role.PRESCRIBER))
    with pytest.raises(NotAllowed):
        apply(chair_down(world), prescriber)
    assert not ChairOutage.objects.exists()
    assert decisions(reading.propose(chair_down(world))) == []
    assert not Visit.objects.exists()


def test_a_held_place_is_let_go_and_its_patient_hears_nothing(world: World) -> None:
    visit = held_places.hold(
        course_day=scenes.covered_day(world), chair=world.chairs[0], start=at(TUESDAY, 9), by=world.scheduler
    )
    row = reading.propose(chair_down(world)).rows[0]
    assert row.line.act == "let_go"
    apply(chair_down(world), world.scheduler)
    visit.refresh_from_db()
    assert visit.status == "cancelled"
    assert messages() == []


def test_a_clinic_that_tells_its_patients_itself_has_them_told_by_nobody_else(world: World) -> None:
    visit = book(world, 9)
    ClinicRules.objects.create(clinic=world.clinic, tells_patient=False)
    done = apply(closed(world), world.scheduler)
    assert messages() == []
    assert done.changes[0]["told"] is False
    assert place(visit)[1] == at(WEDNESDAY, 9)


def test_a_visit_goes_where_another_of_the_same_act_is_still_to_leave(world: World) -> None:
    first, second = book(world, 7), book(world, 9)
    snow = scenes.closed(world, hours=(7, 10))
    there = {"do": Do.MOVE, "chair_id": world.chairs[0].id}
    chosen = [
        Decision(visit_id=first.id, version=first.version, start=at(TUESDAY, 10), **there),  # type: ignore[arg-type]
        Decision(visit_id=second.id, version=second.version, start=at(WEDNESDAY, 9), **there),  # type: ignore[arg-type]
    ]
    disruptions.apply(happening=snow, decisions=chosen, by=world.scheduler)
    assert (place(first)[1], place(second)[1]) == (at(TUESDAY, 10), at(WEDNESDAY, 9))
    assert_sound()


def test_two_visits_sent_to_one_place_are_refused_and_both_stay(world: World) -> None:
    first, second = book(world, 7), book(world, 9)
    snow = scenes.closed(world, hours=(7, 10))
    target = {"do": Do.MOVE, "chair_id": world.chairs[0].id, "start": at(WEDNESDAY, 9)}
    chosen = [Decision(visit_id=one.id, version=one.version, **target) for one in (first, second)]  # type: ignore[arg-type]
    with pytest.raises(Conflict) as refused:
        disruptions.apply(happening=snow, decisions=chosen, by=world.scheduler)
    assert [reason.facts["visit_id"] for reason in refused.value.reasons] == [str(second.id)]
    assert (place(first)[1], place(second)[1]) == (at(TUESDAY, 7), at(TUESDAY, 9))
    assert_sound()
