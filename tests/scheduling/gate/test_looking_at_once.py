"""Two that look at the gate at once: what is kept in the end is what the later facts say."""

import time
from threading import Thread

import pytest
from django.db import connection, transaction

from patients.models import TreatmentConsent
from scheduling.domain.clearance import Light
from scheduling.models import Visit, VisitClearance
from scheduling.services import gate
from tests import factories
from tests.scheduling.conftest import TUESDAY, World
from tests.scheduling.test_booking import book

pytestmark = pytest.mark.django_db(transaction=True)


def somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        (waiting,) = cursor.fetchone()
    return bool(waiting)


def look(visit: Visit) -> None:
    try:
        gate.look([visit])
    finally:
        connection.close()


def test_a_round_never_overwrites_a_newer_answer_with_older_facts(committed_world: World) -> None:
    world = committed_world
    factories.make_papers(world.order, TUESDAY)
    visit = book(world)
    assert VisitClearance.objects.get(visit=visit).light == Light.GREEN
    with transaction.atomic():
        TreatmentConsent.objects.all().delete()
        gate.look([visit])
        a_round = Thread(target=look, args=[visit])
        a_round.start()
        deadline = time.monotonic() + 20
        while not somebody_waits():
            assert time.monotonic() < deadline
            time.sleep(0.01)
    a_round.join(20)
    assert VisitClearance.objects.get(visit=visit).light == Light.RED
