"""What patients are told of changes: the truth, once, a minute later, and nothing of what was undone meanwhile."""

from datetime import UTC, date, datetime

import pytest
import time_machine

from core.actor import Actor
from core.errors import Conflict
from messaging.models import OutboxMessage
from messaging.services import dispatch
from patients.models import Patient
from scheduling.domain.statuses import VisitStatus
from scheduling.models import MoveRequest, Visit
from scheduling.queries import visits
from scheduling.services import booking, flow, notices
from scheduling.services.undo import undo
from tests import factories
from tests.factories import at
from tests.scheduling.conftest import MONDAY, TUESDAY, World, build

WEDNESDAY = date(2026, 3, 4)


@pytest.fixture
def clock(db: None) -> "object":
    with time_machine.travel(datetime(2026, 3, 2, 15, 0, tzinfo=UTC), tick=True) as traveller:
        yield traveller


@pytest.fixture
def world(clock: object) -> World:
    return build()


def told() -> list[tuple[str, str]]:
    """What is on its way to the patient: kind and day."""
    found = OutboxMessage.objects.filter(state__in=["pending", "sent"]).order_by("created_at")
    return [(message.kind, message.params["short_day"]) for message in found]


def book(world: World) -> Visit:
    return booking.book(course_day=world.course_day, chair=world.chairs[0], start=at(TUESDAY, 9), by=world.scheduler)


def move(visit: Visit, by: Actor, on: date = WEDNESDAY, hour: int = 9, chair: int = 0) -> Visit:
    chairs = list(visit.clinic.chairs.select_related("clinic").order_by("position"))
    return booking.move(visit=visit, chair=chairs[chair], start=at(on, hour), expected_version=visit.version, by=by)


def send_all(clock: time_machine.Traveller) -> None:
    clock.shift(61)
    dispatch.drain()


def test_a_booking_is_told_a_minute_later(world: World, clock: time_machine.Traveller) -> None:
    book(world)
    (message,) = OutboxMessage.objects.all()
    assert (message.channel, message.to, message.state) == ("email", world.patient.email, "pending")
    assert 55 <= (message.due_at - message.created_at).total_seconds() <= 60
    send_all(clock)
    message.refresh_from_db()
    assert message.state == "sent"
    assert "booked for Tuesday 3 March at 9:00 am" in message.rendered_body
    assert "http://testserver/p/" in message.rendered_body


def test_a_booking_undone_at_once_is_never_told(world: World, clock: time_machine.Traveller) -> None:
    visit = book(world)
    undo(visit=visit, expected_version=visit.version, by=world.scheduler)
    assert told() == []


def test_a_booking_moved_at_once_is_told_as_it_ended(world: World, clock: time_machine.Traveller) -> None:
    move(book(world), world.scheduler)
    assert told() == [("visit.booked", "Wed 4 Mar")]


def test_a_move_is_told_and_its_undoing_too_if_the_first_had_left(world: World, clock: time_machine.Traveller) -> None:
    visit = book(world)
    send_all(clock)
    moved = move(visit, world.scheduler)
    send_all(clock)
    undo(visit=moved, expected_version=moved.version, by=world.scheduler)
    assert told() == [("visit.booked", "Tue 3 Mar"), ("visit.moved", "Wed 4 Mar"), ("visit.moved", "Tue 3 Mar")]


def test_a_move_undone_at_once_is_never_told(world: World, clock: time_machine.Traveller) -> None:
    visit = book(world)
    send_all(clock)
    moved = move(visit, world.scheduler)
    undo(visit=moved, expected_version=moved.version, by=world.scheduler)
    assert told() == [("visit.booked", "Tue 3 Mar")]


@pytest.mark.parametrize("act", ["undo", "cancel"])
def test_who_read_it_in_an_e_mail_is_told_what_follows_although_the_text_message_still_waits(
    world: World, clock: time_machine.Traveller, act: str
) -> None:
    visit = book(world)
    send_all(clock)
    Patient.objects.filter(pk=world.patient.pk).update(sms_consent_at=datetime(2026, 1, 1, tzinfo=UTC))
    moved = move(visits.get(visit.clinic, visit.id), world.scheduler)
    waiting = OutboxMessage.objects.filter(kind="visit.moved", state="pending")
    assert sorted(waiting.values_list("channel", flat=True)) == ["email", "sms"]
    waiting.filter(channel="email").update(state="sent", attempts=1)  # the text message waits for its turn
    if act == "undo":
        undo(visit=moved, expected_version=moved.version, by=world.scheduler)
        assert told()[2:] == [("visit.moved", "Tue 3 Mar")] * 2
    else:
        booking.cancel(visit=moved, reason="unwell", expected_version=moved.version, by=world.scheduler)
        assert told()[2:] == [("visit.cancelled", "Wed 4 Mar")] * 2


def test_a_move_to_another_chair_is_not_the_patients_business(world: World, clock: time_machine.Traveller) -> None:
    visit = book(world)
    send_all(clock)
    move(visit, world.scheduler, TUESDAY, 9, chair=1)
    assert told() == [("visit.booked", "Tue 3 Mar")]


def test_a_cancelled_visit_is_told_unless_it_is_back_within_the_minute(
    world: World, clock: time_machine.Traveller
) -> None:
    visit = book(world)
    send_all(clock)
    cancelled = booking.cancel(visit=visit, reason="unwell", expected_version=visit.version, by=world.scheduler)
    assert told()[1:] == [("visit.cancelled", "Tue 3 Mar")]
    back = undo(visit=cancelled, expected_version=cancelled.version, by=world.scheduler)
    assert told()[1:] == []
    again = booking.cancel(visit=back, reason="unwell", expected_version=back.version, by=world.scheduler)
    send_all(clock)
    undo(visit=again, expected_version=again.version, by=world.scheduler)
    assert told()[1:] == [("visit.cancelled", "Tue 3 Mar"), ("visit.booked", "Tue 3 Mar")]


def cancel(visit: Visit, by: Actor) -> Visit:
    return booking.cancel(visit=visit, reason="unwell", expected_version=visit.version, by=by)


def test_a_move_whose_news_never_left_is_told_when_its_cancelling_is_undone(
    world: World, clock: time_machine.Traveller
) -> None:
    visit = book(world)
    send_all(clock)
    cancelled = cancel(move(visit, world.scheduler), world.scheduler)
    back = undo(visit=cancelled, expected_version=cancelled.version, by=world.scheduler)
    assert told()[1:] == [("visit.moved", "Wed 4 Mar")]
    move(back, world.scheduler, TUESDAY)
    assert told()[1:] == []


def test_a_cancelling_names_the_time_that_the_patient_knows(world: World, clock: time_machine.Traveller) -> None:
    visit = book(world)
    send_all(clock)
    cancel(move(visit, world.scheduler, WEDNESDAY, 13), world.scheduler)
    assert told()[1:] == [("visit.cancelled", "Tue 3 Mar")]
    send_all(clock)
    message = OutboxMessage.objects.get(kind="visit.cancelled")
    assert message.state == "sent"
    assert "Tuesday 3 March at 9:00 am is cancelled" in message.rendered_body


def test_a_cancelling_after_a_told_move_names_the_new_time(world: World, clock: time_machine.Traveller) -> None:
    visit = book(world)
    send_all(clock)
    moved = move(visit, world.scheduler, WEDNESDAY, 13)
    send_all(clock)
    cancelled = cancel(moved, world.scheduler)
    assert told()[2:] == [("visit.cancelled", "Wed 4 Mar")]
    undo(visit=cancelled, expected_version=cancelled.version, by=world.scheduler)
    assert told()[2:] == []


def test_a_refused_booking_tells_nothing(world: World, clock: time_machine.Traveller) -> None:
    book(world)
    with pytest.raises(Conflict):
        book(world)
    assert len(told()) == 1


def test_a_no_show_is_not_told_that_the_visit_is_cancelled(world: World, clock: time_machine.Traveller) -> None:
    visit = book(world)
    send_all(clock)
    clock.move_to(at(TUESDAY, 9, 30))
    flow.advance(visit=visit, to=VisitStatus.NO_SHOW, expected_version=visit.version, by=world.scheduler)
    assert told() == [("visit.booked", "Tue 3 Mar")]


def test_a_message_about_a_time_that_changed_behind_its_back_does_not_leave(
    world: World, clock: time_machine.Traveller
) -> None:
    visit = book(world)
    Visit.objects.filter(id=visit.id).update(status=VisitStatus.CANCELLED)
    send_all(clock)
    assert OutboxMessage.objects.get().state == "cancelled"


def test_an_answer_is_told_without_its_words(world: World, clock: time_machine.Traveller) -> None:
    visit = book(world)
    send_all(clock)
    request = MoveRequest.objects.create(
        visit=visit,
        wish="later",
        state="kept",
        answer="The infusion cannot wait.",
        created_at=at(MONDAY, 9),
        answer_by_on=TUESDAY,
    )
    notices.request_answered(request=request)
    send_all(clock)
    message = OutboxMessage.objects.get(kind="request.answered")
    assert message.state == "sent"
    assert "cannot wait" not in message.rendered_body
    moved = MoveRequest.objects.create(
        visit=visit, wish="later", state="moved", created_at=at(MONDAY, 9), answer_by_on=TUESDAY
    )
    notices.request_answered(request=moved)
    assert OutboxMessage.objects.filter(kind="request.answered").count() == 1


def test_an_answer_after_the_visit_should_have_begun_is_not_told(world: World, clock: time_machine.Traveller) -> None:
    visit = book(world)
    send_all(clock)
    request = MoveRequest.objects.create(
        visit=visit, wish="later", state="kept", created_at=at(MONDAY, 9), answer_by_on=TUESDAY
    )
    clock.move_to(visit.period.lower)
    notices.request_answered(request=request)
    assert not OutboxMessage.objects.filter(kind="request.answered").exists()


def test_somebody_who_agreed_to_nothing_is_told_nothing(world: World, clock: time_machine.Traveller) -> None:
    patient = factories.make_patient(world.clinic, email_consent_at=None)
    order = factories.make_order(patient)
    factories.make_authorization(order)
    booking.book(
        course_day=factories.make_course_day(order, TUESDAY),
        chair=world.chairs[1],
        start=at(TUESDAY, 9, 30),
        by=world.scheduler,
    )
    assert told() == []
