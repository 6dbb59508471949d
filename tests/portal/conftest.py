"""A patient with a visit tomorrow, on the fixed Monday of the scheduling tests."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime

import pytest
import time_machine
from django.test import Client

from accounts.backends import CODE_BACKEND
from accounts.models import Clinic, User
from core.actor import Actor
from patients.models import Patient
from scheduling.models import Chair, Visit
from scheduling.portal import queries
from scheduling.services import booking
from tests import factories
from tests.factories import at

MONDAY, TUESDAY, FRIDAY = date(2026, 3, 2), date(2026, 3, 3), date(2026, 3, 6)
BORN = date(1970, 5, 17)


@dataclass
class Home:
    """The patient, signed in, and their visit on Friday at 9."""

    clinic: Clinic
    patient: Patient
    user: User
    client: Client
    visit: Visit
    scheduler: Actor
    chairs: list[Chair]

    @property
    def actor(self) -> Actor:
        return factories.actor(self.user)

    def fresh(self) -> Visit:
        return queries.own_visit(self.patient.id, self.visit.id)

    def page(self, name: str = "") -> str:
        return f"/p/visits/{self.visit.id}/{name}"


def patient_with_visit(clinic: Clinic, *, hour: int = 9, chair: int = 0, **fields: object) -> tuple[Patient, Visit]:
    """A patient of `clinic` who signs in, with a covered visit on Friday at `hour`."""
    patient = factories.make_patient(clinic, signs_in=True, birth_date=BORN, **fields)
    order = factories.make_order(patient)
    factories.make_authorization(order)
    chairs = list(Chair.objects.select_related("clinic").filter(clinic=clinic))
    visit = booking.book(
        course_day=factories.make_course_day(order, FRIDAY),
        chair=chairs[chair],
        start=at(FRIDAY, hour),
        by=factories.scheduler(clinic),
    )
    return patient, visit


def signed_in(patient: Patient) -> Client:
    """A browser in which `patient` signed in by code."""
    client = Client()
    assert patient.user is not None
    client.force_login(patient.user, backend=CODE_BACKEND)
    return client


@pytest.fixture
def morning() -> Iterator[None]:
    with time_machine.travel(datetime(2026, 3, 2, 14, 0, tzinfo=UTC), tick=True):
        yield


@pytest.fixture
def home(db: None, morning: None) -> Home:
    clinic = factories.make_clinic(chairs=3)
    factories.make_shifts(clinic, MONDAY, days=12, nurses=4)
    patient, visit = patient_with_visit(clinic, given_name="Amina")
    assert patient.user is not None
    chairs = list(Chair.objects.select_related("clinic").filter(clinic=clinic))
    return Home(clinic, patient, patient.user, signed_in(patient), visit, factories.scheduler(clinic), chairs)
