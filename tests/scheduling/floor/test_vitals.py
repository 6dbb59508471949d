"""Vital signs: kept as taken, refused where they cannot be right, taken back with a reason."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError

from accounts.domain.policy import Role
from audit.models import AuditEvent
from core import clock
from core.actor import Actor
from core.errors import BadInput, Conflict, NotAllowed
from scheduling.domain.vitals import Measured
from scheduling.models import BoardVersion, Visit, VitalsCheck
from scheduling.queries import floor
from scheduling.services import vitals
from tests import factories
from tests.browser.scenes import FRIDAY, Day

FINE = Measured(temperature_c=Decimal("36.8"), heart_rate=72, systolic=120, diastolic=80, spo2=98)


@pytest.fixture
def brook(day: Day) -> Actor:
    return factories.actor(day.nurse)


def test_a_set_is_kept_told_to_boards_and_audited(day: Day, olsen: Visit, brook: Actor) -> None:
    before = BoardVersion.objects.get(clinic=day.clinic, on=FRIDAY).version
    taken = vitals.take(visit=olsen, measured=FINE, symptoms="  Chills ", by=brook)
    kept = VitalsCheck.objects.get()
    assert kept == taken
    assert (kept.heart_rate, kept.temperature_c, kept.symptoms) == (72, Decimal("36.8"), "Chills")
    assert kept.by_label == "T. Brook"
    assert BoardVersion.objects.get(clinic=day.clinic, on=FRIDAY).version == before + 1
    assert AuditEvent.objects.filter(action="vitals.take", patient_id=olsen.patient_id).count() == 1
    olsen.refresh_from_db()
    assert VitalsCheck.objects.get().visit.version == olsen.version


def test_nonsense_is_refused_at_its_fields(olsen: Visit, brook: Actor) -> None:
    with pytest.raises(BadInput) as refused:
        vitals.take(visit=olsen, measured=Measured(heart_rate=720, spo2=101), by=brook)
    assert {reason.field for reason in refused.value.reasons} == {"heart_rate", "spo2"}
    assert not VitalsCheck.objects.exists()


def test_a_set_is_neither_from_the_future_nor_from_before_the_patient_came(olsen: Visit, brook: Actor) -> None:
    now = clock.now()
    for at in (now + timedelta(minutes=3), now - timedelta(hours=3)):
        with pytest.raises(BadInput) as refused:
            vitals.take(visit=olsen, measured=FINE, at=at, by=brook)
        assert refused.value.reasons[0].field == "at"
    vitals.take(visit=olsen, measured=FINE, at=now + timedelta(minutes=1), by=brook)


def test_nobody_is_measured_who_is_not_here(day: Day, brook: Actor) -> None:
    with pytest.raises(Conflict, match=r"Soto, P\. is booked"):
        vitals.take(visit=day.visit("Soto"), measured=FINE, by=brook)


def test_a_wrong_set_stays_to_be_seen_and_counts_nowhere(olsen: Visit, brook: Actor) -> None:
    wrong = vitals.take(visit=olsen, measured=FINE, by=brook)
    with pytest.raises(BadInput):
        vitals.take_back(visit=olsen, vitals=wrong, reason=" ", by=brook)
    vitals.take_back(visit=olsen, vitals=wrong, reason="Another patient's", by=brook)
    assert floor.vitals_times(olsen) == ()
    assert [one.void_reason for one in floor.vitals_of(olsen)] == ["Another patient's"]
    with pytest.raises(Conflict, match="already"):
        vitals.take_back(visit=olsen, vitals=wrong, reason="Again", by=brook)


def test_only_who_records_infusions_records_vital_signs(day: Day, olsen: Visit, brook: Actor) -> None:
    with pytest.raises(NotAllowed):
        vitals.take(visit=olsen, measured=FINE, by=day.by)
    taken = vitals.take(visit=olsen, measured=FINE, by=brook)
    scheduler = factories.actor(factories.make_staff(day.clinic, Role.SCHEDULER))
    with pytest.raises(NotAllowed):
        vitals.take_back(visit=olsen, vitals=taken, reason="No", by=scheduler)


def test_the_database_keeps_sets_and_refuses_impossible_ones(olsen: Visit, brook: Actor) -> None:
    taken = vitals.take(visit=olsen, measured=FINE, by=brook)
    with pytest.raises(DatabaseError):
        taken.delete()


@pytest.mark.parametrize("wrong", [{"systolic": 80, "diastolic": 120}, {"spo2": 101}])
def test_the_database_refuses_impossible_sets(olsen: Visit, wrong: dict[str, int]) -> None:
    with pytest.raises(DatabaseError, match="vitals_"):
        VitalsCheck.objects.create(visit=olsen, at=clock.now(), recorded_at=clock.now(), by_label="X", **wrong)
