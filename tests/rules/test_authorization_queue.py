"""The queue shows first what can hurt a patient or a claim first, and says why."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from authorizations.domain.risk import QueueFacts, RiskClass, assess, queue_key
from authorizations.domain.statuses import AuthorizationStatus

TODAY = date(2026, 11, 24)
FINE = QueueFacts(
    status=AuthorizationStatus.APPROVED,
    next_visit_on=TODAY + timedelta(days=12),
    next_visit_units=160,
    units_for_next_visit=160,
    starts_on=TODAY - timedelta(days=100),
    ends_on=TODAY + timedelta(days=200),
    follow_up_on=TODAY,
)


def in_days(days: int) -> date:
    return TODAY + timedelta(days=days)


def risk_of(facts: QueueFacts) -> RiskClass:
    return assess(facts, today=TODAY).risk


def test_an_approved_one_with_units_and_time_is_at_no_risk() -> None:
    assert risk_of(FINE) is RiskClass.NONE


@pytest.mark.parametrize(
    "status", [AuthorizationStatus.DENIED, AuthorizationStatus.IN_REVIEW, AuthorizationStatus.EXPIRED]
)
def test_a_visit_inside_the_payer_s_lead_time_without_cover_comes_first(status: AuthorizationStatus) -> None:
    facts = replace(FINE, status=status, next_visit_on=in_days(10), follow_up_on=in_days(-30))
    assert risk_of(facts) is RiskClass.VISIT_UNCOVERED
    assert risk_of(replace(facts, next_visit_on=in_days(11))) is RiskClass.FOLLOW_UP_OVERDUE


def test_an_approval_that_ends_before_a_near_visit_does_not_cover_it() -> None:
    near = replace(FINE, next_visit_on=in_days(8), ends_on=in_days(7))
    assert risk_of(near) is RiskClass.VISIT_UNCOVERED
    assert risk_of(replace(near, ends_on=in_days(8))) is RiskClass.EXPIRING


def test_a_drug_that_needs_no_authorization_is_never_uncovered() -> None:
    facts = replace(FINE, status=AuthorizationStatus.NOT_REQUIRED, next_visit_on=in_days(1), ends_on=None)
    assert risk_of(facts) is RiskClass.NONE


def test_a_follow_up_is_overdue_from_the_day_after() -> None:
    assert risk_of(replace(FINE, follow_up_on=in_days(-1))) is RiskClass.FOLLOW_UP_OVERDUE
    assert risk_of(replace(FINE, follow_up_on=TODAY)) is RiskClass.NONE


def test_one_that_expires_before_the_next_visit_goes_before_one_with_too_few_units() -> None:
    ends = replace(FINE, next_visit_on=in_days(40), ends_on=in_days(39), units_for_next_visit=0)
    assert risk_of(ends) is RiskClass.EXPIRES_BEFORE_VISIT
    assert risk_of(replace(ends, ends_on=in_days(40))) is RiskClass.UNITS_SHORT


def test_units_that_just_suffice_are_enough() -> None:
    assert risk_of(replace(FINE, units_for_next_visit=159)) is RiskClass.UNITS_SHORT


def test_pending_is_long_only_past_the_payer_s_usual_days() -> None:
    pending = replace(
        FINE, status=AuthorizationStatus.SUBMITTED, next_visit_on=None, submitted_on=in_days(-6), usual_decision_days=5
    )
    assert risk_of(pending) is RiskClass.PENDING_LONG
    assert risk_of(replace(pending, usual_decision_days=6)) is RiskClass.NONE


@pytest.mark.parametrize(("days", "risk", "is_soon"), [(14, 6, True), (15, 6, False), (30, 6, False), (31, 7, False)])
def test_expiring_within_14_days_goes_before_30(days: int, risk: int, is_soon: bool) -> None:
    found = assess(replace(FINE, next_visit_on=None, ends_on=in_days(days)), today=TODAY)
    assert (found.risk, found.is_soon) == (risk, is_soon)


def test_the_queue_is_sorted_by_risk_then_due_date_then_next_visit() -> None:
    rows = {
        "none": FINE,
        "in 30": replace(FINE, next_visit_on=None, ends_on=in_days(30)),
        "in 14": replace(FINE, next_visit_on=None, ends_on=in_days(14)),
        "late": replace(FINE, follow_up_on=in_days(-1)),
        "later": replace(FINE, follow_up_on=in_days(-2)),
        "later, visit sooner": replace(FINE, follow_up_on=in_days(-2), next_visit_on=in_days(11)),
        "uncovered": replace(FINE, status=AuthorizationStatus.DENIED, next_visit_on=in_days(3)),
    }
    order = sorted(rows, key=lambda name: queue_key(rows[name], assess(rows[name], today=TODAY)))
    assert order == ["uncovered", "later, visit sooner", "later", "late", "in 14", "in 30", "none"]


def test_each_class_has_a_sentence_with_its_dates() -> None:
    uncovered = assess(replace(FINE, status=AuthorizationStatus.DENIED, next_visit_on=in_days(1)), today=TODAY)
    assert uncovered.sentence == (
        "The visit on 25 November 2026 is in 1 day and no valid authorization covers it; the payer needs 10 days."
    )
    late = assess(replace(FINE, follow_up_on=in_days(-2)), today=TODAY)
    assert late.sentence == "The follow-up of 22 November 2026 is 2 days overdue."
    today = assess(replace(FINE, next_visit_on=None, ends_on=TODAY), today=TODAY)
    assert today.sentence == "It ends on 24 November 2026, today."
