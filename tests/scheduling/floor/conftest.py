"""The floor on a quiet Friday: Olsen infuses in A3 since nine, Reyes waits for A1, and nurses work."""

from collections.abc import Iterator

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from core import clock
from scheduling.domain.statuses import VisitStatus
from scheduling.models import Shift, Visit
from scheduling.services import flow
from tests import factories
from tests.browser import scenes
from tests.browser.scenes import FRIDAY, Day


@pytest.fixture
def day(db: None, settings: Settings) -> Iterator[Day]:
    settings.DEMO_CLOCK_OFFSET_SECONDS = 0
    day = scenes.quiet_day()
    Shift.objects.create(
        clinic=day.clinic,
        nurse=day.nurse,
        starts_at=factories.at(FRIDAY, 7),
        ends_at=factories.at(FRIDAY, 18),
        lunch_starts_at=factories.at(FRIDAY, 12),
        lunch_ends_at=factories.at(FRIDAY, 12, 30),
    )
    with timezone.override(day.clinic.zone):
        yield day


@pytest.fixture
def olsen(day: Day) -> Visit:
    return day.visit("Olsen")


@pytest.fixture
def reyes(day: Day) -> Visit:
    """Reyes has arrived for three o'clock in A1."""
    visit = day.book(day.due("Reyes", "Pia"), "A1", 15)
    return step(day, visit, VisitStatus.ARRIVED)


def step(day: Day, visit: Visit, *steps: VisitStatus) -> Visit:
    for to in steps:
        visit = flow.advance(visit=visit, to=to, expected_version=visit.version, by=day.by)
    return visit


def desk_of(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def minutes_since(moment: object) -> int:
    return int((clock.now() - moment).total_seconds() // 60)  # type: ignore[operator]
