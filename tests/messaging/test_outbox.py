"""Writing messages: once, in the caller's transaction, and agreeing with what is wanted. Waking never hurts."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from celery import current_app
from django.core.management import call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from core import clock
from infusion_clinic import embedded
from messaging.models import OutboxMessage
from messaging.services import dispatch, outbox, waking
from messaging.services.outbox import Draft
from patients.models import Patient
from tests import factories
from tests.messaging.conftest import Write, write_to
from tests.messaging.provider import Provider

WORDS = {"day": "Tuesday 3 March", "short_day": "Tue 3 Mar", "time": "9:00 am", "link": "http://x/p/"}


def draft(patient: Patient, key: str, **changes: Any) -> Draft:
    values: dict[str, Any] = {
        "clinic": patient.clinic,
        "kind": "visit.reminder",
        "channel": "sms",
        "to": patient.phone,
        "recipient_name": "Ada",
        "wording": "visit.reminder",
        "params": WORDS,
        "dedupe_key": key,
        "due_at": clock.now(),
    }
    return Draft(**values | changes)


def agree(patient: Patient, *drafts: Draft) -> tuple[int, int, int]:
    found = outbox.agree(clinic=patient.clinic, kind="visit.reminder", drafts=drafts)
    return found.written, found.updated, found.cancelled


def states() -> dict[str, str]:
    return dict(OutboxMessage.objects.values_list("dedupe_key", "state"))


@pytest.mark.django_db(transaction=True)
def test_a_message_is_written_with_its_change_or_not_at_all() -> None:
    patient = factories.make_patient(factories.make_clinic())
    with transaction.atomic():
        outbox.enqueue_all([draft(patient, "a")])
        transaction.set_rollback(True)
    assert states() == {}


def test_a_wording_without_its_values_is_the_callers_mistake(patient: Patient) -> None:
    with pytest.raises(ValueError, match="needs link, short_day, time"):
        draft(patient, "a", params={"day": "Tuesday"})


def test_agreeing_writes_what_is_missing_cancels_what_is_too_much_and_then_does_nothing(patient: Patient) -> None:
    a, b, c = (draft(patient, key) for key in "abc")
    assert agree(patient, a, b) == (2, 0, 0)
    assert agree(patient, b, a) == (0, 0, 0)
    assert agree(patient, b, c) == (1, 0, 1)
    assert states() == {"a": "cancelled", "b": "pending", "c": "pending"}
    assert agree(patient, a, b, c) == (1, 0, 0)
    assert states() == {"a": "pending", "b": "pending", "c": "pending"}


def test_agreeing_brings_the_words_up_to_date_and_leaves_the_hour_alone(patient: Patient) -> None:
    agree(patient, draft(patient, "a"))
    OutboxMessage.objects.update(due_at="2026-03-02T20:00:00Z", attempts=2)
    assert agree(patient, draft(patient, "a", wording="visit.reminder.confirm")) == (0, 1, 0)
    message = OutboxMessage.objects.get()
    assert (message.wording, message.attempts, message.due_at.hour) == ("visit.reminder.confirm", 2, 20)


def test_agreeing_touches_nothing_that_left_or_is_leaving(patient: Patient) -> None:
    agree(patient, *(draft(patient, key) for key in "abc"))
    OutboxMessage.objects.filter(dedupe_key="a").update(state="sent")
    OutboxMessage.objects.filter(dedupe_key="b").update(state="leased", lease_until=clock.now())
    OutboxMessage.objects.filter(dedupe_key="c").update(state="dead")
    assert agree(patient) == (0, 0, 0)
    assert agree(patient, *(draft(patient, key, to="+13125550100") for key in "abc")) == (0, 0, 0)
    assert set(OutboxMessage.objects.values_list("to", flat=True)) == {patient.phone}


def test_agreeing_takes_three_statements_however_many_messages(patient: Patient) -> None:
    agree(patient, *(draft(patient, f"old{number}") for number in range(5)))
    with CaptureQueriesContext(
        connection,
    ) as queries:
        agree(patient, *(draft(patient, f"new{number}") for number in range(100)))
    assert len([query for query in queries if "SAVEPOINT" not in query["sql"]]) == 3


@pytest.mark.django_db(transaction=True)
def test_two_dispatchers_at_once_send_each_message_once(settings: Any) -> None:
    patient = factories.make_patient(factories.make_clinic(), sms_consent_at=clock.now(), time_zone="")
    day = {"kind": "sign_in.code", "wording": "sign_in.code", "params": {"code": "1", "minutes": 1}}
    with Provider() as provider:
        settings.SMS = provider.settings
        for _ in range(60):
            write_to(patient, **day)
        handled: list[int] = []

        def work() -> None:
            try:
                handled.append(dispatch.drain())
            finally:
                connection.close()

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sum(handled) == 60
        assert set(provider.copies().values()) == {1}
        assert provider.copies().total() == 60
    assert set(states().values()) == {"sent"}


@pytest.mark.django_db(transaction=True)
def test_the_pump_sends_without_celery(settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    patient = factories.make_patient(factories.make_clinic())
    values = {"kind": "sign_in.code", "wording": "sign_in.code", "params": {"code": "1", "minutes": 1}}
    message = write_to(patient, channel="email", to=patient.email, **values)
    call_command("pump", "--once")
    message.refresh_from_db()
    assert message.state == "sent"


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[embedded.Redis]:
    """A Redis of this test's own, as the broker, with a publisher that has not met it yet."""
    server = embedded.Redis(tmp_path, is_durable=False)
    server.start()
    was = current_app.conf.broker_url, current_app.conf.broker_write_url
    current_app.conf.update(broker_url=server.url, broker_write_url=server.url)
    waking._publisher.connection, waking._publisher.silent_until = None, 0.0
    yield server
    waking._publisher._drop()
    waking._publisher.silent_until = 0.0
    current_app.conf.update(broker_url=was[0], broker_write_url=was[1])
    server.stop()


def waiting(broker: embedded.Redis) -> int:
    import redis

    with redis.Redis.from_url(broker.url) as client:
        return int(client.llen("celery"))


@pytest.mark.django_db(transaction=True)
def test_waking_asks_once_after_the_commit_and_not_after_a_rollback(broker: embedded.Redis) -> None:
    with transaction.atomic():
        outbox.wake()
        outbox.wake()
        assert waiting(broker) == 0
    assert waiting(broker) == 1
    with transaction.atomic():
        outbox.wake()
        transaction.set_rollback(True)
    assert waiting(broker) == 1


@pytest.mark.django_db(transaction=True)
def test_waking_never_raises_while_redis_is_gone_and_works_when_it_is_back(broker: embedded.Redis) -> None:
    outbox.wake()
    broker.stop()
    started = time.monotonic()
    for _ in range(20):
        outbox.wake()
    assert time.monotonic() - started < 1
    broker.start()
    waking._publisher.silent_until = 0.0
    outbox.wake()
    assert waiting(broker) == 1


@pytest.mark.django_db(transaction=True)
def test_a_redis_that_hangs_costs_a_second_once_and_then_nothing(broker: embedded.Redis) -> None:
    outbox.wake()
    assert broker.process is not None
    os.kill(broker.process.pid, signal.SIGSTOP)
    try:
        started = time.monotonic()
        for _ in range(5):
            outbox.wake()
        assert time.monotonic() - started < 2.5
    finally:
        os.kill(broker.process.pid, signal.SIGCONT)


def test_a_message_nobody_wrote_is_not_cancelled(write: Write, patient: Patient) -> None:
    write(subject_type="thing", subject_id=patient.id)
    assert outbox.cancel_for(subject_type="other", subject_id=patient.id) == 0
    assert outbox.cancel_for(subject_type="thing", subject_id=patient.id) == 1
    assert outbox.cancel_for(subject_type="thing", subject_id=patient.id) == 0
