"""What becomes of a message: it leaves once, waits, is dropped because it is no longer true, or reaches a person."""

import socket
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.db import connection

from core import clock
from messaging import subjects
from messaging.channels.email import message_id
from messaging.channels.sms_http import HttpGateway
from messaging.domain.pace import Pace
from messaging.domain.states import MessageState
from messaging.models import OutboxMessage
from messaging.services import dispatch, leases, outbox
from patients.models import Patient
from tests.messaging.conftest import Write, code
from tests.messaging.provider import SENDER, Provider

NIGHT = datetime(2026, 3, 3, 3, 0, tzinfo=UTC)  # 21:00 in Chicago


def state(message: OutboxMessage) -> str:
    message.refresh_from_db()
    return message.state


def make_due(message: OutboxMessage) -> None:
    OutboxMessage.objects.filter(id=message.id).update(due_at=clock.now() - timedelta(seconds=1))


def end_lease(message: OutboxMessage) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE messaging_outboxmessage SET lease_until = clock_timestamp() - interval '1 second' WHERE id = %s",
            [message.id],
        )


def test_a_text_message_reaches_the_provider_with_number_text_and_key(write: Write, provider: Provider) -> None:
    message = write()
    assert dispatch.drain() == 1
    assert state(message) == "sent"
    (sent,) = provider.accepted
    assert (sent["To"], sent["From"]) == ("+13125550142", SENDER)
    assert sent["Body"].startswith("Lakeside Clinic: your visit is booked for Tue 3 Mar, 9:00 am.")
    assert provider.copies() == {message.dedupe_key: 1}
    assert "StatusCallback" not in sent  # nobody here takes delivery reports
    assert (message.provider_id, message.attempts, message.in_doubt_since) == ("SM0000", 1, None)
    assert dispatch.drain() == 0


def test_an_e_mail_shows_the_neutral_name_and_the_same_message_id_at_each_try(write: Write, patient: Patient) -> None:
    message = write(channel="email", to=patient.email)
    dispatch.drain()
    (letter,) = mail.outbox
    assert letter.to == [patient.email]
    assert letter.from_email.startswith("Lakeside Clinic <")
    assert letter.extra_headers["Message-ID"] == message_id(message.dedupe_key)
    assert "infusion" not in f"{letter.subject} {letter.body} {letter.from_email}".lower()
    assert "Hello Ada" in letter.body
    assert state(message) == "sent"


def test_a_key_exists_once_however_often_it_is_written(write: Write, patient: Patient) -> None:
    write(dedupe_key="once")
    again = outbox.enqueue(
        clinic=patient.clinic,
        kind="sign_in.code",
        channel="email",
        to="somebody@example.org",
        recipient_name="Somebody",
        wording="sign_in.code",
        params={"code": "1", "minutes": 1},
        dedupe_key="once",
        due_at=clock.now(),
    )
    assert again is False
    assert OutboxMessage.objects.get().kind == "visit.booked"


def test_a_failing_provider_is_tried_again_later_and_asked_first(write: Write, provider: Provider) -> None:
    message = write()
    provider.plan = ["fail"]
    dispatch.drain()
    assert state(message) == "pending"
    assert 15 <= (message.due_at - clock.now()).total_seconds() <= 45
    assert message.in_doubt_since is not None
    assert dispatch.drain() == 0
    make_due(message)
    dispatch.drain()
    assert state(message) == "sent"
    assert (provider.asked, provider.copies().total()) == (1, 1)


@pytest.mark.parametrize("loses_its_answer", ["drop", "slow"])
def test_a_message_whose_answer_was_lost_is_found_at_the_provider_and_not_sent_twice(
    write: Write, provider: Provider, loses_its_answer: str
) -> None:
    message = write()
    provider.plan = [loses_its_answer]
    dispatch.drain()
    assert state(message) == "pending"
    make_due(message)
    dispatch.drain()
    assert state(message) == "sent"
    assert provider.copies() == {message.dedupe_key: 1}
    assert message.provider_id == "SM0000"


def test_without_asking_the_provider_a_lost_answer_would_mean_two_copies(
    write: Write, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: this is what the look-up prevents, and the harness would see it."""
    monkeypatch.setattr(HttpGateway, "can_look_up", False)
    message = write()
    provider.plan = ["drop"]
    dispatch.drain()
    make_due(message)
    dispatch.drain()
    assert provider.copies() == {message.dedupe_key: 2}


def test_nothing_is_sent_again_while_the_provider_cannot_say_what_left(write: Write, provider: Provider) -> None:
    message = write()
    provider.plan, provider.can_list = ["drop"], False
    for _ in range(3):
        dispatch.drain()
        make_due(message)
    assert (state(message), provider.copies().total()) == ("pending", 1)
    provider.can_list = True
    dispatch.drain()
    assert (state(message), provider.copies().total()) == ("sent", 1)


def test_a_refused_number_goes_to_a_person_at_once(write: Write, provider: Provider) -> None:
    message = write()
    provider.plan = ["refuse"]
    dispatch.drain()
    assert state(message) == "dead"
    assert message.last_error == "sms_21211: The gateway refused the number or the message (21211)."


def test_a_provider_that_is_gone_or_busy_took_nothing(write: Write, provider: Provider, settings: Any) -> None:
    busy, gone = write(), write()
    provider.plan = ["busy"]
    OutboxMessage.objects.filter(id=gone.id).update(due_at=clock.now() + timedelta(hours=1))
    dispatch.drain()
    assert (state(busy), busy.in_doubt_since) == ("pending", None)
    make_due(gone)
    settings.SMS = provider.settings | {"api_url": "http://127.0.0.1:1"}
    dispatch.drain()
    assert (state(gone), gone.in_doubt_since) == ("pending", None)


def test_after_eight_tries_a_person_is_asked(write: Write, provider: Provider) -> None:
    message = write()
    provider.plan = ["busy"] * 8
    for _ in range(8):
        assert state(message) == "pending"
        make_due(message)
        dispatch.drain()
    assert (state(message), message.attempts) == ("dead", 8)


def test_a_code_whose_sending_was_cut_off_is_not_sent_twice_by_mail(write: Write) -> None:
    message = write(**code(channel="email", to="ada@example.org"))
    _, ids = leases.claim(Pace())
    assert ids == [message.id]
    leases.begin(message, to=message.to, subject="", body="", pace=Pace())
    end_lease(message)
    dispatch.drain()
    assert state(message) == "unknown"
    assert mail.outbox == []


def test_a_reminder_whose_sending_was_cut_off_goes_again_under_the_same_id(write: Write, patient: Patient) -> None:
    message = write(channel="email", to=patient.email)
    leases.claim(Pace())
    leases.begin(message, to=message.to, subject="", body="", pace=Pace())
    end_lease(message)
    dispatch.drain()
    assert state(message) == "sent"
    assert [letter.extra_headers["Message-ID"] for letter in mail.outbox] == [message_id(message.dedupe_key)]


def test_what_a_dead_worker_held_is_free_when_its_lease_ends_and_not_before(write: Write, provider: Provider) -> None:
    message = write()
    dead, _ = leases.claim(Pace())
    assert dispatch.drain() == 0
    end_lease(message)
    assert dispatch.drain() == 1
    assert state(message) == "sent"
    assert leases.held(message.id, dead) is None
    assert not leases.settle(message, dead, MessageState.DEAD, error="I am back")
    assert state(message) == "sent"


def test_a_worker_near_the_end_of_its_lease_gives_back_what_it_has_not_begun(
    write: Write, provider: Provider, settings: Any
) -> None:
    messages = [write() for _ in range(3)]
    settings.OUTBOX_PACE = {"lease_seconds": 20, "provider_timeout_seconds": 10}  # no time to begin anything
    assert dispatch.drain() == 0
    assert {state(message) for message in messages} == {"pending"}
    assert {message.attempts for message in messages} == {0}


def test_the_mail_server_is_given_the_same_time_for_each_step(write: Write, settings: Any) -> None:
    """Else the length of the lease, counted from the pace, would promise too much."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_TIMEOUT = 600
    settings.OUTBOX_PACE = {"provider_timeout_seconds": 0.3}
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.EMAIL_HOST, settings.EMAIL_PORT = silent.getsockname()
        message = write(channel="email", to="ada@example.org")
        started = time.monotonic()
        dispatch.drain()
    assert time.monotonic() - started < 30
    assert state(message) == "pending"
    assert message.last_error.startswith("mail_server_unreachable")


def test_poison_does_not_hold_up_the_others(write: Write, provider: Provider) -> None:
    crlf = write(channel="email", to="ada@example.org\nBcc: all@example.org", patient_id=None)
    drug = write(params={"day": "d", "short_day": "IVIG day", "time": "t", "link": ""})
    long = write(params={"day": "d", "short_day": "x" * 200, "time": "t", "link": ""})
    bad_number = write(to="ext. 12", patient_id=None)
    unknown = write()
    OutboxMessage.objects.filter(id=unknown.id).update(wording="no.such")
    empty = write()
    OutboxMessage.objects.filter(id=empty.id).update(params={})
    good = [write() for _ in range(30)]
    dispatch.drain()
    assert {state(message) for message in (crlf, drug, long, bad_number, unknown, empty)} == {"dead"}
    assert {state(message) for message in good} == {"sent"}
    assert "line break" in crlf.last_error
    assert "ivig" in drug.last_error.lower()


def test_a_check_that_crashes_takes_only_its_own_message_along_and_not_for_ever(
    write: Write, provider: Provider, patient: Patient
) -> None:
    def crash(subject: subjects.Subject) -> bool:
        raise RuntimeError

    subjects.register("cursed", crash)
    cursed = write(subject_type="cursed", subject_id=patient.id)
    good = write()
    dispatch.drain()
    assert (state(cursed), cursed.attempts, state(good)) == ("pending", 1, "sent")
    for _ in range(7):
        make_due(cursed)
        dispatch.drain()
    assert state(cursed) == "dead"


def test_a_message_that_is_no_longer_true_does_not_leave(write: Write, provider: Provider, patient: Patient) -> None:
    subjects.register("thing", lambda subject: subject.version == 2)
    old = write(subject_type="thing", subject_id=patient.id, subject_version=1)
    new = write(subject_type="thing", subject_id=patient.id, subject_version=2)
    dispatch.drain()
    assert (state(old), state(new)) == ("cancelled", "sent")


def test_who_withdrew_consent_gets_nothing_and_who_moved_is_reached_at_the_new_number(
    write: Write, provider: Provider, patient: Patient
) -> None:
    withdrawn, moved = write(channel="email", to=patient.email), write()
    Patient.objects.filter(id=patient.id).update(email_consent_at=None, phone="(312) 555-0177")
    dispatch.drain()
    assert (state(withdrawn), state(moved), moved.to) == ("cancelled", "sent", "+13125550177")
    assert mail.outbox == []
    assert [form["To"] for form in provider.accepted] == ["+13125550177"]


def test_a_message_too_late_goes_to_a_person(write: Write, provider: Provider) -> None:
    message = write(not_after=clock.now() - timedelta(seconds=1))
    dispatch.drain()
    assert state(message) == "expired"
    assert provider.accepted == []


def test_at_night_a_message_waits_until_eight_and_a_code_does_not(
    write: Write, provider: Provider, ten_o_clock: time_machine.Traveller
) -> None:
    ten_o_clock.move_to(NIGHT)
    message, sign_in = write(), write(**code(channel="email", to="ada@example.org"))
    dispatch.drain()
    assert (state(message), state(sign_in)) == ("pending", "sent")
    assert message.due_at == datetime(2026, 3, 3, 14, 0, tzinfo=UTC)
    assert message.attempts == 0


def test_night_is_where_the_patient_is(write: Write, provider: Provider, patient: Patient) -> None:
    Patient.objects.filter(id=patient.id).update(time_zone="Pacific/Honolulu")  # 6:00 there
    message = write()
    dispatch.drain()
    assert state(message) == "pending"
    assert message.due_at == datetime(2026, 3, 2, 18, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "night",
    [
        (datetime(2026, 3, 8, 3, 0, tzinfo=UTC), datetime(2026, 3, 8, 13, 0, tzinfo=UTC)),  # clocks go forward
        (datetime(2026, 11, 1, 2, 0, tzinfo=UTC), datetime(2026, 11, 1, 14, 0, tzinfo=UTC)),  # and back
    ],
)
def test_quiet_hours_end_at_eight_on_the_wall_over_both_clock_changes(
    write: Write,
    provider: Provider,
    ten_o_clock: time_machine.Traveller,
    night: tuple[datetime, datetime],
) -> None:
    evening, morning = night
    ten_o_clock.move_to(evening)
    message = write()
    dispatch.drain()
    assert state(message) == "pending"
    assert message.due_at == morning
    assert message.due_at.astimezone(message.clinic.zone).hour == 8
    ten_o_clock.move_to(morning)
    dispatch.drain()
    assert state(message) == "sent"


def test_a_message_that_could_only_leave_at_night_goes_to_a_person_before_the_night(
    write: Write, provider: Provider, ten_o_clock: time_machine.Traveller
) -> None:
    ten_o_clock.move_to(NIGHT)
    message = write(not_after=NIGHT + timedelta(hours=10))
    dispatch.drain()
    assert state(message) == "expired"


def test_a_cancelled_message_does_not_leave_and_one_caught_in_the_act_is_written_down_as_sent(
    write: Write, provider: Provider, patient: Patient
) -> None:
    waiting = write(subject_type="thing2", subject_id=patient.id)
    assert outbox.cancel_for(subject_type="thing2", subject_id=patient.id) == 1
    dispatch.drain()
    assert (state(waiting), provider.accepted) == ("cancelled", [])
    leaving = write(subject_type="thing2", subject_id=patient.id)
    owner, _ = leases.claim(Pace())
    leases.begin(leaving, to=leaving.to, subject="", body="", pace=Pace())
    assert outbox.cancel_for(subject_type="thing2", subject_id=patient.id) == 1
    assert leases.settle(leaving, owner, MessageState.SENT)
    assert state(leaving) == "sent"


def test_a_sent_code_is_not_kept(write: Write) -> None:
    message = write(**code(channel="email", to="ada@example.org"))
    dispatch.drain()
    assert "123456" in mail.outbox[0].body
    message.refresh_from_db()
    assert "123456" not in f"{message.params}{message.rendered_body}{message.rendered_subject}"


def test_nothing_claims_to_be_sent_where_no_gateway_is_set_up(write: Write, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    text, letter = write(), write(channel="email", to="ada@example.org")
    dispatch.drain()
    assert (state(text), state(letter)) == ("pending", "pending")
    assert "set SMS_GATEWAY" in text.last_error
    assert "set EMAIL_URL" in letter.last_error
