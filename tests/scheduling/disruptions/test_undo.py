"""Taking a disruption back: everything returns, or it is said what can't; patients hear of it once or not at all."""

from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine

from accounts.domain.policy import Role
from accounts.models import Closure
from core.errors import Conflict
from messaging import subjects
from messaging.models import OutboxMessage
from messaging.subjects import Subject
from scheduling.domain.statuses import VisitStatus
from scheduling.models import ChairOutage, Shift, StaffTask, Visit, WaitlistEntry
from scheduling.services import booking, disruption_undo, disruptions, flow, setup_calendar, undo, waitlist
from scheduling.services.decisions import Decision, Do
from tests import factories
from tests.factories import at
from tests.scheduling.conftest import TUESDAY, World
from tests.scheduling.disruptions import scenes
from tests.scheduling.disruptions.scenes import apply, book, chair_down, closed, messages, place
from tests.scheduling.invariants import assert_sound

pytestmark = pytest.mark.django_db


def sent() -> None:
    """Everything that waited has left."""
    OutboxMessage.objects.filter(state="pending").update(state="sent", attempts=1)


def test_everything_returns_and_who_was_not_told_yet_is_told_nothing(world: World) -> None:
    visits = [book(world, hour, chair=number) for number, hour in enumerate((9, 10, 11))]
    places = [place(visit) for visit in visits]
    done = apply(closed(world), world.scheduler)
    assert len(messages()) == 3
    undone = disruption_undo.take_back(disruption=done, by=world.scheduler)
    assert [place(visit) for visit in visits] == places
    assert messages() == []
    assert not Closure.objects.exists()
    assert undone.undone_by_label == world.scheduler.label
    assert_sound()
    with pytest.raises(Conflict, match=r"Undone Mon 2 Mar \d\d:\d\d by"):
        disruption_undo.take_back(disruption=done, by=world.scheduler)


def test_who_was_told_is_told_the_old_time_again_once(world: World) -> None:
    visit = book(world, 9)
    done = apply(closed(world), world.scheduler)
    sent()
    disruption_undo.take_back(disruption=done, by=world.scheduler)
    (message,) = messages()
    assert (message.kind, message.params["short_day"], message.params["time"]) == (
        "visit.moved",
        "Tue 3 Mar",
        "9:00 am",
    )
    assert place(visit) == ("A1", at(TUESDAY, 9))


def test_a_patient_with_two_visits_hears_once_of_the_move_and_once_of_the_way_back(world: World) -> None:
    _two_visits(world)
    done = apply(scenes.longer(closed(world), days=2), world.scheduler)
    sent()
    done = disruption_undo.take_back(disruption=done, by=world.scheduler)
    (letter,) = messages()
    assert letter.kind == "visits.changed"
    assert letter.params["changes"].count(": now ") == 2
    assert len(done.facts["letters"]) == 2


def test_a_letter_that_waits_follows_the_visit_that_changes_again(world: World) -> None:
    visits = _two_visits(world)
    apply(scenes.longer(closed(world), days=2), world.scheduler)
    visit = Visit.objects.select_related("clinic", "chair__clinic", "patient").get(pk=visits[0].pk)
    start = visit.period.lower + timedelta(hours=4)
    booking.move(visit=visit, chair=visit.chair, start=start, expected_version=visit.version, by=world.scheduler)
    (letter,) = messages()
    assert "1:00 pm" in letter.params["changes"]
    assert len(letter.params["changes"].splitlines()) == 2


def test_a_letter_that_waits_forgets_who_is_back(world: World) -> None:
    _two_visits(world)
    done = apply(scenes.longer(closed(world), days=2), world.scheduler)
    assert len(messages()) == 1
    disruption_undo.take_back(disruption=done, by=world.scheduler)
    assert messages() == []


def test_a_cancelled_visit_comes_back_and_waits_no_more(world: World) -> None:
    visit = book(world, 9)
    decision = Decision(visit_id=visit.id, version=visit.version, do=Do.CANCEL)
    done = disruptions.apply(happening=closed(world), decisions=[decision], by=world.scheduler)
    disruption_undo.take_back(disruption=done, by=world.scheduler)
    visit.refresh_from_db()
    assert visit.status == VisitStatus.BOOKED
    assert WaitlistEntry.objects.get().state != "waiting"
    assert messages() == []


def test_the_task_to_call_is_settled(world: World) -> None:
    book(world, 9, day=scenes.narrow_day(world))
    done = apply(closed(world), world.scheduler)
    disruption_undo.take_back(disruption=done, by=world.scheduler)
    assert StaffTask.objects.get().done_at is not None


def test_one_that_changed_since_stops_the_undo_until_it_may_stay(world: World) -> None:
    moved, other = book(world, 9), book(world, 14)
    done = apply(chair_down(world), world.scheduler)
    now = Visit.objects.select_related("clinic", "chair__clinic").get(pk=moved.pk)
    booking.move(visit=now, chair=now.chair, start=at(TUESDAY, 7), expected_version=now.version, by=world.scheduler)
    with pytest.raises(Conflict) as refused:
        disruption_undo.take_back(disruption=done, by=world.scheduler)
    assert [reason.facts["visit_id"] for reason in refused.value.reasons] == [str(moved.id)]
    assert "changed again since (the move by" in refused.value.sentence
    assert ChairOutage.objects.get().lifted_at is None
    assert place(other)[0] != "A1"
    disruption_undo.take_back(disruption=done, by=world.scheduler, leaving={moved.id})
    assert place(other) == ("A1", at(TUESDAY, 14))
    assert place(moved)[1] == at(TUESDAY, 7)
    assert ChairOutage.objects.get().lifted_at is not None


def test_one_whose_patient_said_yes_to_the_new_time_is_not_moved_back_unasked(world: World) -> None:
    visit = book(world, 9)
    done = apply(closed(world), world.scheduler)
    now = Visit.objects.get(pk=visit.pk)
    flow.advance(visit=now, to=VisitStatus.CONFIRMED, expected_version=now.version, by=world.scheduler)
    with pytest.raises(Conflict, match="changed again since"):
        disruption_undo.take_back(disruption=done, by=world.scheduler)


def test_an_old_place_that_is_taken_is_named(world: World) -> None:
    visit = book(world, 9)
    done = apply(chair_down(world), world.scheduler)
    ChairOutage.objects.update(lifted_at=done.applied_at)
    rival = book(world, 10)
    with pytest.raises(Conflict) as refused:
        disruption_undo.take_back(disruption=done, by=world.scheduler)
    assert rival.patient.short_name in refused.value.sentence
    assert place(visit) == ("A2", at(TUESDAY, 9))


def test_a_move_that_was_undone_by_itself_needs_no_undo(world: World) -> None:
    visit = book(world, 9)
    done = apply(chair_down(world, hours=(8, 10)), world.scheduler)
    ChairOutage.objects.update(lifted_at=done.applied_at)
    now = Visit.objects.select_related("clinic", "chair__clinic", "patient").get(pk=visit.pk)
    undo.undo(visit=now, by=world.scheduler, expected_version=now.version)
    disruption_undo.take_back(disruption=done, by=world.scheduler)
    assert place(visit) == ("A1", at(TUESDAY, 9))


def test_what_is_over_is_not_undone(world: World) -> None:
    book(world, 9)
    done = apply(chair_down(world), world.scheduler)
    with time_machine.travel(at(TUESDAY, 19)), pytest.raises(Conflict, match="Its time is over"):
        disruption_undo.take_back(disruption=done, by=world.scheduler)


def test_the_nurse_is_there_again_with_the_whole_shift(world: World) -> None:
    nurse = scenes.nurses(world)[0]
    before = _shifts(world)
    done = apply(scenes.nurse_away(world, nurse, hours=(10, 12)), world.scheduler)
    assert len(_shifts(world)) == len(before) + 1
    disruption_undo.take_back(disruption=done, by=world.scheduler)
    assert _shifts(world) == before


def test_a_shift_that_was_changed_since_is_left_to_a_person(world: World) -> None:
    nurse = scenes.nurses(world)[0]
    done = apply(scenes.nurse_away(world, nurse), world.scheduler)
    Shift.objects.create(clinic=world.clinic, nurse=nurse, starts_at=at(TUESDAY, 12), ends_at=at(TUESDAY, 15))
    with pytest.raises(Conflict, match="were changed since"):
        disruption_undo.take_back(disruption=done, by=world.scheduler)


def _shifts(world: World) -> list[tuple[object, ...]]:
    rows = Shift.objects.filter(clinic=world.clinic).order_by("nurse", "starts_at")
    return list(rows.values_list("nurse", "starts_at", "ends_at", "lunch_starts_at"))


def _two_visits(world: World) -> list[Visit]:
    """Two visits of one patient, on Tuesday and on Wednesday."""
    day, on = scenes.covered_day(world), TUESDAY + timedelta(days=1)
    later = scenes.fetched(world, factories.make_course_day(day.course.order, on))
    return [book(world, 9, day=day), book(world, 9, on=on, day=later)]


def test_two_absences_of_one_nurse_are_undone_one_after_the_other(world: World) -> None:
    nurse = scenes.nurses(world)[0]
    before = _shifts(world)
    first = apply(scenes.nurse_away(world, nurse, hours=(7, 10)), world.scheduler)
    second = apply(scenes.nurse_away(world, nurse, hours=(14, 18)), world.scheduler)
    with pytest.raises(Conflict, match="were changed since"):
        disruption_undo.take_back(disruption=first, by=world.scheduler)
    disruption_undo.take_back(disruption=second, by=world.scheduler)
    disruption_undo.take_back(disruption=first, by=world.scheduler)
    assert _shifts(world) == before


def test_a_letter_leaves_only_while_it_is_true(world: World) -> None:
    visits = _two_visits(world)
    apply(scenes.longer(closed(world), days=2), world.scheduler)
    (letter,) = messages()
    assert letter.subject_id is not None
    subject = Subject(type="letter", id=letter.subject_id, version=letter.subject_version, kind=letter.kind)
    assert subjects.is_current(subject)
    Visit.objects.filter(pk=visits[0].pk).update(status="cancelled")
    assert not subjects.is_current(subject)
    assert not subjects.is_current(replace(subject, id=visits[0].pk))


def test_one_of_two_visits_that_is_cancelled_before_the_letter_left_is_told_so_in_it(world: World) -> None:
    visits = _two_visits(world)
    apply(scenes.longer(closed(world), days=2), world.scheduler)
    visit = Visit.objects.select_related("clinic", "chair__clinic", "patient").get(pk=visits[0].pk)
    booking.cancel(visit=visit, reason="asked", expected_version=visit.version, by=world.scheduler)
    (letter,) = messages()
    assert "Tuesday 3 March, 9:00 am: cancelled" in letter.params["changes"]


def test_a_crowded_hour_that_a_reason_spoke_for_comes_back_as_it_was(world: World) -> None:
    scenes.leave_only(world, 2)
    visits = [book(world, 9, chair=number) for number in range(3)]
    assert [visit.is_over_capacity for visit in visits] == [False, False, True]
    places = [place(visit) for visit in visits]
    done = apply(closed(world), world.scheduler)
    disruption_undo.take_back(disruption=done, by=world.scheduler)
    assert [place(visit) for visit in visits] == places
    assert [Visit.objects.get(pk=visit.pk).is_over_capacity for visit in visits] == [False, False, True]
    assert_sound()


def test_who_stays_cancelled_goes_on_waiting(world: World) -> None:
    visit = book(world, 9)
    decision = Decision(visit_id=visit.id, version=visit.version, do=Do.CANCEL)
    done = disruptions.apply(happening=closed(world), decisions=[decision], by=world.scheduler)
    disruption_undo.take_back(disruption=done, by=world.scheduler, leaving={visit.id})
    visit.refresh_from_db()
    assert visit.status == VisitStatus.CANCELLED
    assert WaitlistEntry.objects.get().state == "waiting"


def test_a_wish_that_the_move_fulfilled_is_a_wish_again(world: World) -> None:
    visit, wednesday = book(world, 9), TUESDAY + timedelta(days=1)
    waitlist.add(course_day=visit.course_day, earliest_on=wednesday, latest_on=wednesday, by=world.scheduler)
    decision = Decision(
        visit_id=visit.id, version=visit.version, do=Do.MOVE, chair_id=visit.chair_id, start=at(wednesday, 9)
    )
    done = disruptions.apply(happening=closed(world), decisions=[decision], by=world.scheduler)
    assert WaitlistEntry.objects.get().state == "booked"
    disruption_undo.take_back(disruption=done, by=world.scheduler)
    assert place(visit) == ("A1", at(TUESDAY, 9))
    assert WaitlistEntry.objects.get().state == "waiting"


def test_a_day_that_was_closed_for_another_reason_since_stays_closed(world: World) -> None:
    done = apply(closed(world), world.scheduler)
    manager = factories.actor(factories.make_staff(world.clinic, Role.MANAGER))
    setup_calendar.reopen(closure=Closure.objects.get(), by=manager)
    setup_calendar.close(clinic=world.clinic, on=TUESDAY, reason="Staff training", by=manager)
    disruption_undo.take_back(disruption=done, by=world.scheduler)
    assert Closure.objects.get().reason == "Staff training"
