"""Visits booked without cover are covered as soon as the payer approves."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.domain.policy import Role
from authorizations import demand
from authorizations.domain.answers import Answer, Outcome
from authorizations.models import Authorization
from authorizations.services import answers
from core.actor import Actor
from regimens.models import TreatmentOrder
from scheduling.models import Chair, Visit
from scheduling.services import booking
from tests import factories

TODAY = date(2026, 11, 23)


@pytest.fixture(autouse=True)
def monday() -> Any:
    with time_machine.travel(datetime(2026, 11, 23, 15, 30, tzinfo=UTC), tick=False):
        yield


@pytest.fixture
def order(db: None) -> TreatmentOrder:
    clinic = factories.make_clinic()
    for day in (date(2026, 11, 30), date(2026, 12, 21), date(2027, 1, 11)):
        factories.make_shifts(clinic, day)
    return factories.make_order(factories.make_patient(clinic))


@pytest.fixture
def admin(order: TreatmentOrder) -> Actor:
    return factories.actor(factories.make_staff(order.clinic, Role.AUTHORIZATION_ADMIN))


def book(order: TreatmentOrder, day: date) -> Visit:
    return booking.book(
        course_day=factories.make_course_day(order, day),
        chair=Chair.objects.get(clinic=order.clinic, name="A1"),
        start=factories.at(day, 9),
        by=factories.scheduler(order.clinic),
        override=booking.Override(reason="The payer answers this week"),
    )


def approve(authorization: Authorization, admin: Actor, **fields: Any) -> answers.Recorded:
    values: dict[str, Any] = {
        "outcome": Outcome.PARTIAL, "units": 120, "starts_on": TODAY, "ends_on": date(2027, 5, 31), "reference": "R1",
    }  # fmt: skip
    return answers.record_answer(
        authorization=authorization, answer=Answer(**(values | fields)), expected_version=1, by=admin
    )


def test_an_approval_covers_waiting_visits_while_units_last(order: TreatmentOrder, admin: Actor) -> None:
    authorization = factories.make_authorization(order, status="in_review", units_approved=0)
    first, second, third = (book(order, day) for day in (date(2026, 11, 30), date(2026, 12, 21), date(2027, 1, 11)))
    assert [item["code"] for item in first.overrides] == ["auth_not_valid"]
    assert approve(authorization, admin).visits_covered == 2
    for visit in (first, second, third):
        visit.refresh_from_db()
    assert [visit.authorization_id == authorization.id for visit in (first, second, third)] == [True, True, False]
    assert (first.overrides, first.version) == ([], 2)
    authorization.refresh_from_db()
    assert (authorization.units_reserved, authorization.units_left) == (120, 0)
    assert list(first.events.values_list("kind", flat=True)) == ["cover", "book"]


def test_visits_after_the_last_day_keep_waiting(order: TreatmentOrder, admin: Actor) -> None:
    authorization = factories.make_authorization(order, status="in_review", units_approved=0)
    book(order, date(2026, 12, 21))
    assert approve(authorization, admin, ends_on=date(2026, 12, 20)).visits_covered == 0
    assert Visit.objects.get().authorization is None


def test_upcoming_visits_are_told_in_one_statement_with_what_they_hold(order: TreatmentOrder) -> None:
    authorization = factories.make_authorization(order, starts_on=TODAY, ends_on=date(2026, 12, 1))
    covered, waiting = book(order, date(2026, 11, 30)), book(order, date(2026, 12, 21))
    with CaptureQueriesContext(connection) as queries:
        found = demand.upcoming(clinic=order.clinic, today=TODAY)
    assert len(queries) == 1
    assert [(visit.visit_id, visit.on, visit.authorization_id) for visit in found] == [
        (covered.id, date(2026, 11, 30), authorization.id),
        (waiting.id, date(2026, 12, 21), None),
    ]
    assert not demand.upcoming(clinic=order.clinic, today=date(2026, 12, 22))
    assert not demand.upcoming(clinic=order.clinic, today=TODAY, order_ids=[])
    assert not demand.upcoming(clinic=factories.make_clinic(), today=TODAY)
