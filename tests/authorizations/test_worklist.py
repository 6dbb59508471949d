"""The queue: what can hurt a patient first, in words, in a fixed number of statements."""

from datetime import date, timedelta
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.domain.policy import Role
from authorizations import demand
from authorizations.domain.risk import RiskClass
from authorizations.models import Authorization
from authorizations.presenters.queue import row_view
from authorizations.queries.worklist import QueueFilter, QueueRow, counts, queue, row_of
from authorizations.services import ledger
from tests import factories
from tests.authorizations.conftest import NOW, TODAY, Desk


def rows(desk: Desk) -> list[QueueRow]:
    upcoming = demand.upcoming(clinic=desk.clinic, today=TODAY)
    return queue(clinic=desk.clinic, today=TODAY, upcoming=upcoming)


def named(found: list[QueueRow]) -> list[tuple[str, RiskClass]]:
    return [(row.patient_name.split(",")[0], row.risk.risk) for row in found]


def test_the_queue_puts_the_highest_risk_first_and_says_why(desk: Desk) -> None:
    desk.authorization("Calm")
    desk.authorization("Ending", ends_on=TODAY + timedelta(days=29))
    desk.authorization("Soon", ends_on=TODAY + timedelta(days=13))
    desk.authorization("Slow", status="submitted", units_approved=0, submitted_at=NOW - timedelta(days=6))
    short = desk.authorization("Short", units_approved=59)
    desk.book(short.order, date(2026, 12, 21))
    over = desk.authorization("Over", ends_on=date(2026, 12, 20))
    desk.book(over.order, date(2026, 12, 21), hour=12)
    desk.authorization("Late", follow_up_on=TODAY - timedelta(days=2))
    asked = desk.authorization("Asked", status="in_review", units_approved=0, submitted_at=NOW)
    desk.book(asked.order, date(2026, 11, 30))
    missing = desk.order("Missing")
    desk.book(missing, date(2026, 12, 1))
    found = rows(desk)
    assert named(found) == [
        ("Missing", RiskClass.VISIT_UNCOVERED),
        ("Asked", RiskClass.VISIT_UNCOVERED),
        ("Late", RiskClass.FOLLOW_UP_OVERDUE),
        ("Over", RiskClass.EXPIRES_BEFORE_VISIT),
        ("Short", RiskClass.UNITS_SHORT),
        ("Slow", RiskClass.PENDING_LONG),
        ("Soon", RiskClass.EXPIRING),
        ("Ending", RiskClass.EXPIRING),
        ("Calm", RiskClass.NONE),
    ]
    sentences = {row.patient_name.split(",")[0]: row.risk.sentence for row in found}
    assert "Nothing was asked of" in sentences["Missing"]
    assert sentences["Late"] == "The follow-up of 21 November 2026 is 2 days overdue."
    assert "needs 60 units and 59 are left: 1 short" in sentences["Short"]
    assert "Pending for 6 days" in sentences["Slow"]


def test_a_covered_visit_is_not_at_risk_and_its_own_units_count(desk: Desk) -> None:
    authorization = desk.authorization(units_approved=60)
    desk.book(authorization.order, date(2026, 11, 30))
    (row,) = rows(desk)
    assert (row.is_next_covered, row.risk.risk, row.visits_left) == (True, RiskClass.NONE, 1)
    assert row.is_low, "one visit is left"


def test_an_open_renewal_is_not_blamed_for_visits_that_the_old_one_covers(desk: Desk) -> None:
    old = desk.authorization()
    desk.book(old.order, date(2026, 11, 30))
    assert old.order is not None
    factories.make_authorization(
        old.order, payer=desk.payer, status="submitted", units_approved=0, submitted_at=NOW, kind="renewal"
    )
    assert [(row.status, row.risk.risk, row.is_next_covered) for row in rows(desk)] == [
        ("approved", RiskClass.NONE, True),
        ("submitted", RiskClass.NONE, False),
    ]


def test_a_visit_without_units_although_enough_are_free_is_found(desk: Desk) -> None:
    order = desk.order()
    desk.book(order, date(2026, 11, 30))
    factories.make_authorization(order, payer=desk.payer, starts_on=TODAY, ends_on=date(2027, 6, 30))
    (row,) = rows(desk)
    assert row.risk.risk is RiskClass.VISIT_UNCOVERED
    assert "holds no units. Enough are left: cover it." in row.risk.sentence


def test_a_visit_after_the_insurer_changed_is_found(desk: Desk) -> None:
    authorization = desk.authorization()
    new = factories.make_payer(desk.clinic, name="Harbor HMO")
    authorization.patient.coverages.create(payer=new, member_id="H", starts_on=date(2026, 11, 1))
    desk.book(authorization.order, date(2026, 11, 30))
    (row,) = rows(desk)
    assert row.risk.risk is RiskClass.VISIT_UNCOVERED
    assert "insured with Harbor HMO" in row.risk.sentence


def test_a_payer_that_asks_for_nothing_leaves_nothing_missing(desk: Desk) -> None:
    order = desk.order()
    order.patient.coverages.create(
        payer=factories.make_payer(desk.clinic, needs_authorization=False), member_id="M", starts_on=date(2026, 1, 1)
    )
    desk.book(order, date(2026, 11, 30))
    assert rows(desk) == []


def test_an_expired_authorization_leaves_its_visit_missing_one(desk: Desk) -> None:
    expired = desk.authorization(status="expired", ends_on=date(2026, 11, 20))
    desk.book(expired.order, date(2026, 11, 30))
    (row,) = rows(desk)
    assert (row.status, row.authorization) == ("missing", None)


def test_an_approval_that_ran_out_stays_on_the_queue_while_visits_still_count_on_it(desk: Desk) -> None:
    ended = desk.authorization(ends_on=date(2026, 12, 1))
    desk.book(ended.order, date(2026, 11, 30))
    Authorization.objects.filter(pk=ended.pk).update(ends_on=date(2026, 11, 20))
    Authorization.objects.filter(pk=ended.pk).update(status="expired")
    (row,) = rows(desk)
    assert (row.authorization, row.risk.risk, row.is_next_covered) == (ended, RiskClass.VISIT_UNCOVERED, False)


def test_what_is_closed_or_another_clinics_is_not_on_the_queue(desk: Desk) -> None:
    for status in ("withdrawn", "cancelled", "superseded", "not_required", "expired"):
        desk.authorization(status=status)
    elsewhere = factories.make_order(factories.make_patient(factories.make_clinic()))
    factories.make_authorization(elsewhere)
    assert rows(desk) == []


def test_units_that_end_before_a_later_visit_are_short_now(desk: Desk) -> None:
    item = desk.authorization(units_approved=100)
    desk.book(item.order, date(2026, 11, 30))
    desk.book(item.order, date(2027, 1, 11))
    (row,) = rows(desk)
    assert row.is_next_covered
    assert row.risk.risk is RiskClass.UNITS_SHORT
    assert row.risk.sentence == "11 January 2027: The visit needs 60 units and 40 are left: 20 short."


def test_one_line_says_what_the_queue_says(desk: Desk) -> None:
    item = desk.authorization(units_approved=59)
    desk.book(item.order, date(2026, 11, 30))
    desk.authorization("Other", visits_approved=3)
    closed = desk.authorization("Closed", status="withdrawn")
    upcoming = demand.upcoming(clinic=desk.clinic, today=TODAY)
    found = row_of(item, upcoming=upcoming, today=TODAY)
    assert found is not None
    assert found.risk == next(row for row in rows(desk) if row.authorization == item).risk
    assert row_of(closed, upcoming=upcoming, today=TODAY) is None


def test_filters_count_and_narrow(desk: Desk) -> None:
    desk.authorization("Mine", owner=desk.admin)
    desk.authorization("Soon", ends_on=TODAY + timedelta(days=14))
    desk.authorization("Gone", status="denied", units_approved=0)
    desk.authorization("Sent", status="submitted", units_approved=0, submitted_at=NOW)
    low = desk.authorization("Low", units_approved=61)
    desk.book(low.order, date(2026, 11, 30))
    order = desk.order("Missing")
    desk.book(order, date(2026, 11, 30), hour=13)
    found = rows(desk)
    expected: dict[QueueFilter, list[str]] = {
        QueueFilter.AT_RISK: ["Missing"],
        QueueFilter.EXPIRING: ["Soon"],
        QueueFilter.LOW_UNITS: ["Low"],
        QueueFilter.PENDING: ["Sent"],
        QueueFilter.DENIED: ["Gone"],
        QueueFilter.MINE: ["Mine"],
    }
    for chosen, names in expected.items():
        assert [name for name, _ in named([r for r in found if r.matches(chosen, user_id=desk.admin.id)])] == names
    counted = counts(found, user_id=desk.admin.id)
    assert counted == {QueueFilter.ALL: 6, **dict.fromkeys(expected, 1)}


def test_the_queue_takes_the_same_statements_however_long_it_is(desk: Desk) -> None:
    days = (date(2026, 12, day) for day in (1, 2, 3, 4, 7, 8, 9, 10))

    def fill(number: int) -> None:
        for index in range(number):
            held = desk.authorization(f"Held{index}", visits_approved=9)
            day = next(days)
            visit = desk.book(held.order, day)
            ledger.post(visit_id=visit.id, units=60, service_on=day, by=desk.actor)
        desk.book(desk.order(f"Missing{number}"), next(days))

    def statements() -> int:
        with CaptureQueriesContext(connection) as queries:
            for row in rows(desk):
                view = row_view(row)
                assert view.url
                assert view.drug
        return len(queries)

    fill(1)
    few = statements()
    fill(3)
    assert statements() == few == 5


def test_a_row_looks_like_its_worst_problem_and_offers_the_next_act(desk: Desk) -> None:
    def shown(**fields: Any) -> tuple[str, str, str | None]:
        authorization = desk.authorization(**fields)
        view = next(row_view(row) for row in rows(desk) if row.authorization == authorization)
        return view.look, view.note, view.act.label if view.act else None

    pending = {"units_approved": 0, "submitted_at": NOW - timedelta(days=9)}
    assert shown(status="draft", units_approved=0) == ("draft", "", "Send request")
    assert shown(status="submitted", **pending) == ("submitted", "9 d", "Chase payer")
    assert shown(status="pended_info_needed", **pending) == ("pended_info_needed", "9 d", "Send info")
    assert shown(status="denied", units_approved=0) == ("denied", "", "Appeal")
    assert shown(ends_on=TODAY + timedelta(days=6)) == ("expiring", "", "Renew")
    assert shown(ends_on=TODAY - timedelta(days=1)) == ("expired", "", "Renew")
    assert shown() == ("approved", "", None)


def test_a_missing_row_leads_to_a_new_request(desk: Desk) -> None:
    order = desk.order()
    desk.book(order, date(2026, 11, 30))
    view = row_view(rows(desk)[0])
    assert view.act is not None
    assert (view.look, view.act.label) == ("missing", "Start request")
    assert str(order.id) in view.act.url
    assert not Authorization.objects.exists()
    assert desk.client(Role.AUTHORIZATION_ADMIN).get(view.act.url).status_code == 200
