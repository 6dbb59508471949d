"""Whether a visit is covered, and why not: every reason is a sentence, and asking is cheap."""

from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from authorizations.models import Authorization
from authorizations.queries import coverage
from authorizations.services import ledger
from core.actor import system
from patients.models import Coverage as Plan
from regimens.models import TreatmentOrder
from tests import factories

DAY = date(2026, 3, 2)


@pytest.fixture
def order(db: None) -> TreatmentOrder:
    return factories.make_order(factories.make_patient(factories.make_clinic()))


def codes(found: coverage.Coverage) -> list[str]:
    return [reason.code for reason in found.reasons]


def insure(order: TreatmentOrder, **payer: Any) -> Plan:
    return Plan.objects.create(
        patient=order.patient,
        payer=factories.make_payer(order.clinic, **payer),
        member_id="M",
        starts_on=date(2025, 1, 1),
    )


def test_an_approval_with_enough_units_covers_a_visit(order: TreatmentOrder) -> None:
    authorization = factories.make_authorization(order)
    found = coverage.find(order=order, units=60, on=DAY)
    assert (found.authorization, found.reasons, found.is_required) == (authorization, (), True)


def test_asking_takes_one_statement_however_many_visits(order: TreatmentOrder) -> None:
    needs = []
    for _ in range(4):
        other = factories.make_order(factories.make_patient(order.clinic))
        authorization = factories.make_authorization(other, visits_approved=9)
        ledger.reserve(authorization=authorization, visit_id=uuid4(), units=60, service_on=DAY, by=system("test"))
        needs += [coverage.Need(other, 60, DAY), coverage.Need(other, 600, DAY)]
    with CaptureQueriesContext(
        connection,
    ) as queries:
        coverage.find(order=order, units=60, on=DAY)
    assert len(queries) == 1
    with CaptureQueriesContext(connection) as queries:
        answers = coverage.find_many(clinic=order.clinic, needs=needs)
        sentences = [reason.sentence for answer in answers for reason in answer.reasons]
    assert len(queries) == 1
    assert [codes(answer) for answer in answers] == [[], ["auth_units_short"]] * 4
    assert all("needs 600 units and 540 are left: 60 short" in sentence for sentence in sentences)


def test_a_patient_without_any_request_is_missing_one_and_told_whom_to_ask(order: TreatmentOrder) -> None:
    insure(order, name="Bluefield PPO")
    found = coverage.find(order=order, units=60, on=DAY)
    assert codes(found) == ["auth_not_valid"]
    assert "Nothing was asked of Bluefield PPO" in found.reasons[0].sentence
    assert not found.reasons[0].is_hard


def test_a_payer_that_asks_for_no_authorization_covers_without_one(order: TreatmentOrder) -> None:
    insure(order, needs_authorization=False)
    found = coverage.find(order=order, units=60, on=DAY)
    assert (found.authorization, found.reasons, found.is_required) == (None, (), False)


def test_a_patient_without_insurance_on_file_is_told_so(order: TreatmentOrder) -> None:
    found = coverage.find(order=order, units=60, on=DAY)
    assert "none is on file for that date" in found.reasons[0].sentence


@pytest.mark.parametrize(
    ("fields", "expected", "words"),
    [
        ({"status": "submitted"}, ["auth_not_valid"], "is “Submitted”, so it covers nothing yet"),
        ({"status": "denied"}, ["auth_not_valid"], "is “Denied”"),
        ({"ends_on": date(2026, 3, 1)}, ["auth_outside_dates"], "after the authorization ends on 1 March 2026"),
        ({"starts_on": date(2026, 3, 3)}, ["auth_outside_dates"], "before the authorization starts on 3 March 2026"),
        ({"hcpcs": "J1561"}, ["hcpcs_mismatch"], "The drug code is J1569, but J1561 was authorized"),
        ({"units_approved": 59}, ["auth_units_short"], "59 are left: 1 short"),
        ({"units_approved": 1, "ends_on": date(2026, 2, 1)}, ["auth_outside_dates", "auth_units_short"], "1 February"),
        ({"limit_units": 59, "limit_days": 21}, ["frequency_limit"], "the payer allows 59"),
    ],
)
def test_each_reason_is_named(order: TreatmentOrder, fields: dict[str, Any], expected: list[str], words: str) -> None:
    authorization = factories.make_authorization(order, **fields)
    found = coverage.find(order=order, units=60, on=DAY)
    assert codes(found) == expected
    assert words in found.reasons[0].sentence
    assert found.authorization == authorization, "the nearest one is named for a link"


def test_the_first_and_the_last_day_count(order: TreatmentOrder) -> None:
    factories.make_authorization(order, starts_on=DAY, ends_on=date(2026, 3, 9))
    days = [date(2026, 3, 1), DAY, date(2026, 3, 9), date(2026, 3, 10)]
    assert [coverage.find(order=order, units=60, on=day).is_covered for day in days] == [False, True, True, False]


def test_a_frequency_limit_counts_doses_in_any_window(order: TreatmentOrder) -> None:
    authorization = factories.make_authorization(order, limit_units=180, limit_days=21)
    ledger.reserve(
        authorization=authorization, visit_id=uuid4(), units=160, service_on=date(2026, 11, 23), by=system("test")
    )
    assert codes(coverage.find(order=order, units=160, on=date(2026, 12, 13))) == ["frequency_limit"]
    assert codes(coverage.find(order=order, units=160, on=date(2026, 12, 14))) == []


def test_visits_run_out_before_units(order: TreatmentOrder) -> None:
    authorization = factories.make_authorization(order, visits_approved=2)
    visits = [uuid4(), uuid4()]
    for visit in visits:
        ledger.reserve(authorization=authorization, visit_id=visit, units=60, service_on=DAY, by=system("test"))
    assert codes(coverage.find(order=order, units=60, on=DAY)) == ["auth_visits_short"]
    ledger.release(visit_id=visits[0], by=system("test"))
    assert codes(coverage.find(order=order, units=60, on=DAY)) == []
    assert codes(coverage.find(order=order, units=60, on=DAY, visits=2)) == ["auth_visits_short"]


def test_of_two_approvals_the_one_that_ends_sooner_is_used_first(order: TreatmentOrder) -> None:
    payer = factories.make_payer(order.clinic)
    factories.make_authorization(order, payer=payer, ends_on=date(2026, 12, 31))
    sooner = factories.make_authorization(order, payer=payer, ends_on=date(2026, 6, 30))
    assert coverage.find(order=order, units=60, on=DAY).authorization == sooner


def test_an_approval_of_a_former_insurer_does_not_count(order: TreatmentOrder) -> None:
    factories.make_authorization(order, payer=factories.make_payer(order.clinic, name="Old Plan"))
    Plan.objects.create(
        patient=order.patient, payer=factories.make_payer(order.clinic, name="New Plan"), member_id="N", starts_on=DAY
    )
    assert coverage.find(order=order, units=60, on=date(2026, 3, 1)).is_covered
    found = coverage.find(order=order, units=60, on=DAY)
    assert codes(found) == ["payer_mismatch"]
    assert "the patient is insured with New Plan" in found.reasons[0].sentence


def test_an_approval_for_another_drug_or_another_patient_does_not_count(order: TreatmentOrder) -> None:
    factories.make_authorization(factories.make_order(factories.make_patient(order.clinic)))
    Authorization.objects.create(
        clinic=order.clinic, patient=order.patient, payer=insure(order).payer, status="approved", hcpcs="J1745",
        product=factories.make_product(id="infliximab"), unit_mg=10, units_approved=900, created_at=order.created_at,
    )  # fmt: skip
    assert codes(coverage.find(order=order, units=60, on=DAY)) == ["auth_not_valid"]
