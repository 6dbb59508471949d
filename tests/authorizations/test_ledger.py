"""The unit ledger: never overdrawn, never rewritten, and every act may be repeated."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction

from authorizations.models import Authorization, LedgerEntry
from authorizations.services import ledger
from core.actor import Actor, system
from core.errors import BadInput, Conflict, Refusal
from tests import factories

VISIT_DAY = date(2026, 3, 2)
BY: Actor = system("test")


def approved(**fields: object) -> Authorization:
    order = factories.make_order(factories.make_patient(factories.make_clinic()))
    return factories.make_authorization(order, **fields)


def totals(authorization: Authorization) -> tuple[int, int, int]:
    authorization.refresh_from_db()
    return authorization.units_reserved, authorization.units_used, authorization.units_left


def reserve(authorization: Authorization, visit_id: UUID, units: int = 60, on: date = VISIT_DAY) -> None:
    ledger.reserve(authorization=authorization, visit_id=visit_id, units=units, service_on=on, by=BY)


@pytest.mark.django_db
def test_booking_reserves_giving_uses_and_undo_reserves_again() -> None:
    authorization, visit = approved(), uuid4()
    reserve(authorization, visit)
    assert totals(authorization) == (60, 0, 540)
    ledger.post(visit_id=visit, units=60, service_on=VISIT_DAY, by=BY)
    assert totals(authorization) == (0, 60, 540)
    ledger.reverse(visit_id=visit, by=BY)
    assert totals(authorization) == (60, 0, 540)
    ledger.release(visit_id=visit, by=BY)
    assert totals(authorization) == (0, 0, 600)
    kinds = list(LedgerEntry.objects.filter(visit_id=visit).order_by("at", "id").values_list("kind", flat=True))
    assert kinds == ["reserve", "post", "reverse", "release"]


@pytest.mark.django_db
def test_every_movement_may_be_repeated_without_harm() -> None:
    authorization, visit = approved(), uuid4()
    for _ in range(2):
        reserve(authorization, visit)
    assert totals(authorization) == (60, 0, 540)
    for _ in range(2):
        ledger.post(visit_id=visit, units=60, service_on=VISIT_DAY, by=BY)
    assert totals(authorization) == (0, 60, 540)
    for _ in range(2):
        ledger.release(visit_id=visit, by=BY)
    assert totals(authorization) == (0, 60, 540), "what was given is not given back by a release"
    for _ in range(2):
        ledger.reverse(visit_id=visit, by=BY)
    for _ in range(2):
        ledger.release(visit_id=visit, by=BY)
    assert totals(authorization) == (0, 0, 600)
    assert LedgerEntry.objects.count() == 4


@pytest.mark.django_db
def test_a_visit_that_never_reserved_uses_and_releases_nothing() -> None:
    visit = uuid4()
    ledger.release(visit_id=visit, by=BY)
    ledger.post(visit_id=visit, units=60, service_on=VISIT_DAY, by=BY)
    ledger.reverse(visit_id=visit, by=BY)
    assert not LedgerEntry.objects.exists()


@pytest.mark.django_db
def test_a_moved_visit_releases_and_reserves_on_its_new_date() -> None:
    authorization, visit = approved(units_approved=60), uuid4()
    reserve(authorization, visit)
    with transaction.atomic():
        ledger.release(visit_id=visit, by=BY)
        reserve(authorization, visit, on=date(2026, 3, 9))
    assert totals(authorization) == (60, 0, 0)
    with pytest.raises(Conflict) as refused:
        reserve(authorization, visit, on=date(2026, 3, 10))
    assert refused.value.code == "already_reserved"


@pytest.mark.django_db
def test_units_that_are_not_there_are_refused_with_the_shortage_in_words() -> None:
    authorization = approved(units_approved=100)
    reserve(authorization, uuid4())
    with pytest.raises(Conflict) as refused:
        reserve(authorization, uuid4())
    assert refused.value.code == "auth_units_short"
    assert "needs 60 units and 40 are left: 20 short" in refused.value.sentence
    assert totals(authorization) == (60, 0, 40)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fields", "on", "code"),
    [
        ({"status": "in_review"}, VISIT_DAY, "auth_not_valid"),
        ({"status": "denied"}, VISIT_DAY, "auth_not_valid"),
        ({}, date(2025, 12, 31), "auth_outside_dates"),
        ({"ends_on": date(2026, 3, 1)}, VISIT_DAY, "auth_outside_dates"),
        ({"visits_approved": 0}, VISIT_DAY, "auth_visits_short"),
    ],
)
def test_what_does_not_cover_is_not_reserved(fields: dict[str, object], on: date, code: str) -> None:
    authorization = approved(**fields)
    with pytest.raises(Refusal) as refused:
        reserve(authorization, uuid4(), on=on)
    assert [reason.code for reason in refused.value.reasons] == [code]
    assert not LedgerEntry.objects.exists()


@pytest.mark.django_db
def test_first_and_last_day_are_both_covered() -> None:
    authorization = approved(starts_on=VISIT_DAY, ends_on=VISIT_DAY)
    reserve(authorization, uuid4())
    assert totals(authorization) == (60, 0, 540)


@pytest.mark.django_db
def test_nonsense_units_are_refused() -> None:
    authorization = approved()
    with pytest.raises(BadInput):
        reserve(authorization, uuid4(), units=0)
    with pytest.raises(BadInput):
        ledger.post(visit_id=uuid4(), units=0, service_on=VISIT_DAY, by=BY)


@pytest.mark.django_db
def test_more_given_than_approved_is_recorded_as_a_follow_up_never_as_an_overdraft() -> None:
    authorization, visit = approved(units_approved=70), uuid4()
    reserve(authorization, visit)
    ledger.post(visit_id=visit, units=80, service_on=VISIT_DAY, by=BY)
    assert totals(authorization) == (0, 70, 0)
    assert authorization.next_step == "Ask for 10 more units for 2 Mar"
    assert "10 of them are beyond the approval" in authorization.events.get().text


@pytest.mark.django_db
def test_less_given_than_reserved_frees_the_rest_and_undo_takes_it_back() -> None:
    authorization, visit = approved(units_approved=60), uuid4()
    reserve(authorization, visit)
    ledger.post(visit_id=visit, units=40, service_on=VISIT_DAY, by=BY)
    assert totals(authorization) == (0, 40, 20)
    ledger.reverse(visit_id=visit, by=BY)
    assert totals(authorization) == (60, 0, 0)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement", ["UPDATE authorizations_ledgerentry SET units = 1", "DELETE FROM authorizations_ledgerentry"]
)
def test_the_database_refuses_to_rewrite_the_ledger(statement: str) -> None:
    reserve(approved(), uuid4())
    with pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.django_db
def test_the_database_refuses_an_overdraft_that_goes_around_the_service() -> None:
    authorization = approved(units_approved=10)
    with pytest.raises(IntegrityError), transaction.atomic():
        LedgerEntry.objects.create(
            authorization=authorization, visit_id=uuid4(), kind="reserve", units=11, reserved_change=11,
            used_change=0, service_on=VISIT_DAY, at=authorization.created_at, by_label="nobody",
        )  # fmt: skip


@pytest.mark.django_db(transaction=True)
def test_eight_at_once_for_the_last_units_never_overdraw() -> None:
    for _ in range(5):
        authorization = approved(units_approved=180)
        together = threading.Barrier(8)

        def attempt(
            _: int, authorization: Authorization = authorization, together: threading.Barrier = together
        ) -> str:
            together.wait()
            try:
                reserve(authorization, uuid4())
            except Conflict as refused:
                return refused.code
            finally:
                connection.close()
            return "won"

        with ThreadPoolExecutor(8) as pool:
            outcomes = sorted(pool.map(attempt, range(8)))
        assert outcomes == ["auth_units_short"] * 5 + ["won"] * 3
        assert totals(authorization) == (180, 0, 0)
        assert LedgerEntry.objects.filter(authorization=authorization).count() == 3


@pytest.mark.django_db
def test_where_the_payer_asks_for_nothing_there_is_nothing_to_count() -> None:
    authorization, visit = approved(status="not_required", units_approved=0), uuid4()
    reserve(authorization, visit)
    ledger.post(visit_id=visit, units=60, service_on=VISIT_DAY, by=BY)
    assert totals(authorization) == (0, 0, 0)
    assert not LedgerEntry.objects.filter(visit_id=visit).exists()
