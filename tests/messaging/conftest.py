"""A clinic in Chicago with a patient who agreed to both channels, on Monday 2 March 2026 at 10:00."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from accounts.models import Clinic
from core import clock
from messaging.models import OutboxMessage
from messaging.services import outbox
from patients.models import Patient
from tests import factories
from tests.messaging.provider import Provider

TEN_O_CLOCK = datetime(2026, 3, 2, 16, 0, tzinfo=UTC)
Write = Callable[..., OutboxMessage]


@pytest.fixture
def ten_o_clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(TEN_O_CLOCK, tick=True) as traveller:
        yield traveller


@pytest.fixture
def clinic(db: None, ten_o_clock: None) -> Clinic:
    return factories.make_clinic()


@pytest.fixture
def patient(clinic: Clinic) -> Patient:
    return factories.make_patient(clinic, sms_consent_at=datetime(2026, 1, 1, tzinfo=UTC))


@pytest.fixture
def provider(settings: Any) -> Iterator[Provider]:
    with Provider() as running:
        settings.SMS = running.settings
        settings.OUTBOX_PACE = {"provider_timeout_seconds": 0.4}
        yield running


def write_to(patient: Patient, **changes: Any) -> OutboxMessage:
    """A message to `patient`, due now, a text message unless told otherwise."""
    number = OutboxMessage.objects.count()
    values: dict[str, Any] = {
        "clinic": patient.clinic,
        "kind": "visit.booked",
        "channel": "sms",
        "to": patient.phone,
        "recipient_name": patient.given_name,
        "wording": "visit.booked",
        "params": {"day": "Tuesday 3 March", "short_day": "Tue 3 Mar", "time": "9:00 am", "link": "http://x/p/"},
        "dedupe_key": f"test:{number}",
        "due_at": clock.now() - timedelta(seconds=1),
        "patient_id": patient.id,
    }
    assert outbox.enqueue(**values | changes)
    return OutboxMessage.objects.get(dedupe_key=(values | changes)["dedupe_key"])


@pytest.fixture
def write(patient: Patient) -> Write:
    """Writes a message to the patient."""

    def write_one(**changes: Any) -> OutboxMessage:
        return write_to(patient, **changes)

    return write_one


def code(**changes: Any) -> dict[str, Any]:
    """What makes a message a sign-in code."""
    return {"kind": "sign_in.code", "wording": "sign_in.code", "params": {"code": "123456", "minutes": 10}, **changes}
