"""A small clinic on a fixed morning: Monday 2 March 2026, six days before the clocks go forward in Chicago."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import pytest
import time_machine

from accounts.models import Clinic
from core.actor import Actor
from patients.models import Patient
from regimens.models import CourseDay, TreatmentOrder
from scheduling.models import Chair
from tests import factories

MONDAY = date(2026, 3, 2)
TUESDAY = date(2026, 3, 3)


@dataclass
class World:
    clinic: Clinic
    chairs: list[Chair]
    scheduler: Actor
    patient: Patient
    order: TreatmentOrder
    course_day: CourseDay

    def another_day(self, due_on: date = TUESDAY, **fields: Any) -> CourseDay:
        """A course day of a new patient, due on `due_on`."""
        order = factories.make_order(factories.make_patient(self.clinic, **fields))
        return factories.make_course_day(order, due_on)


@pytest.fixture
def morning() -> Iterator[None]:
    with time_machine.travel(datetime(2026, 3, 2, 14, 0, tzinfo=UTC), tick=True):
        yield


def build() -> World:
    clinic = factories.make_clinic(chairs=3)
    factories.make_shifts(clinic, MONDAY, days=5, nurses=4)
    patient = factories.make_patient(clinic)
    order = factories.make_order(patient)
    factories.make_authorization(order)
    chairs = list(Chair.objects.select_related("clinic").filter(clinic=clinic))
    return World(clinic, chairs, factories.scheduler(clinic), patient, order, factories.make_course_day(order, TUESDAY))


@pytest.fixture
def world(db: None, morning: None) -> World:
    return build()


@pytest.fixture
def committed_world(transactional_db: None, morning: None) -> World:
    """The same, really committed, for tests with several connections."""
    return build()
