"""A quiet Friday at half past ten, and the scheduler's browser."""

from collections.abc import Iterator

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from tests.browser import scenes
from tests.browser.scenes import Day


@pytest.fixture
def moved_clock(db: None, settings: Settings) -> None:
    settings.DEMO_CLOCK_OFFSET_SECONDS = 0  # a scene moves the clock; this moves it back


@pytest.fixture
def day(moved_clock: None) -> Day:
    return scenes.quiet_day()


@pytest.fixture
def desk(day: Day) -> Iterator[Client]:
    client = Client()
    client.force_login(day.scheduler, backend="allauth.account.auth_backends.AuthenticationBackend")
    with timezone.override(day.clinic.zone):
        yield client
