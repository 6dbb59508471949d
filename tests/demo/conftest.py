"""The demo clinic, filled once for this folder, on a Wednesday at mid-morning: the day before Thanksgiving."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection, transaction
from pytest_django import DjangoDbBlocker

from accounts.models import Clinic
from core import clock
from core.actor import system
from regimens.services import catalogue
from scheduling.demo import fill
from scheduling.demo.house import SignIn

CHICAGO = ZoneInfo("America/Chicago")
WEDNESDAY = datetime(2026, 11, 25, 10, 30, tzinfo=CHICAGO)
THANKSGIVING = datetime(2026, 11, 26, 10, 30, tzinfo=CHICAGO)


@dataclass
class Demo:
    """What the filling left."""

    clinic: Clinic
    sign_ins: list[SignIn]
    lines: list[str]


@pytest.fixture(scope="package")
def filled(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Demo]:
    """The filled clinic; everything is rolled back in the end."""
    lines: list[str] = []
    with django_db_blocker.unblock(), time_machine.travel(WEDNESDAY, tick=True), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        catalogue.load(by=system("test"))
        sign_ins = fill.fill(now=clock.now(), say=lines.append)
        connection.check_constraints()
        yield Demo(Clinic.objects.get(name="Lakeside Infusion"), sign_ins, lines)
        transaction.set_rollback(True)


@pytest.fixture
def demo(filled: Demo, db: None) -> Iterator[Demo]:
    """The filled clinic at the moment it was filled; what a test changes is rolled back."""
    with time_machine.travel(WEDNESDAY, tick=True):
        yield filled
