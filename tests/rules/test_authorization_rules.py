"""What an authorization covers, how many units are left, when to renew and when the payer must have answered."""

from datetime import UTC, date, datetime, timedelta
from itertools import count
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authorizations.domain.appeals import appeal_due_on, appeal_limits
from authorizations.domain.business_days import add_business_days, business_days
from authorizations.domain.clocks import Clock, ClockKind, choose_clock, decision_deadline
from authorizations.domain.coverage import AuthorizationFacts, VisitFacts, check_coverage, less
from authorizations.domain.follow_up import next_follow_up
from authorizations.domain.frequency import FrequencyLimit, earliest_within_limit, fits_limit
from authorizations.domain.renewal import RenewalDriver, plan_renewal
from authorizations.domain.statuses import (
    CLOSED,
    CONTESTED,
    COVERING,
    MOVES,
    PREPARING,
    WITH_PAYER,
    AuthorizationStatus,
    check_move,
    read_review_action,
)
from authorizations.domain.units import (
    LedgerChange,
    Movement,
    UnitTotals,
    check_change,
    infusions_left,
    movement,
    units_to_request,
)
from core.errors import Refusal
from patients.domain.insurance import LineOfBusiness

DAY = date(2026, 11, 24)
CHICAGO = ZoneInfo("America/Chicago")
VISIT = VisitFacts(service_on=DAY, hcpcs="J1561", units=160, site="SITE-A", rendering="NPI-1", icd10="G61.81")
LIMIT = FrequencyLimit(units=180, days=21)


def facts(
    *,
    status: AuthorizationStatus = AuthorizationStatus.APPROVED,
    starts_on: date | None = date(2026, 6, 1),
    ends_on: date | None = date(2026, 11, 30),
    hcpcs: str = "J1561",
    units_left: int = 320,
    visits_left: int | None = None,
    limit: FrequencyLimit | None = None,
    doses: tuple[tuple[date, int], ...] = (),
) -> AuthorizationFacts:
    return AuthorizationFacts(
        status=status,
        starts_on=starts_on,
        ends_on=ends_on,
        hcpcs=hcpcs,
        units_left=units_left,
        visits_left=visits_left,
        limit=limit,
        doses=doses,
        site="SITE-A",
        rendering="NPI-1",
        icd10="G61.81",
        reference="PA-77",
    )


def codes(authorization: AuthorizationFacts | None, visit: VisitFacts = VISIT) -> list[str]:
    return [reason.code for reason in check_coverage(visit, authorization)]


def test_a_visit_that_matches_in_everything_is_covered() -> None:
    assert codes(facts()) == []


def test_without_an_authorization_the_sentence_says_what_to_do() -> None:
    (reason,) = check_coverage(VISIT, None)
    assert reason.code == "auth_not_valid"
    assert "Request one" in reason.sentence
    assert not reason.is_hard


def test_a_drug_that_needs_none_is_covered_whatever_else_is_missing() -> None:
    assert codes(facts(status=AuthorizationStatus.NOT_REQUIRED, units_left=0, ends_on=date(2020, 1, 1))) == []


def test_every_reason_is_listed_at_once_in_the_gate_s_order() -> None:
    authorization = facts(
        status=AuthorizationStatus.IN_REVIEW,
        ends_on=DAY - timedelta(days=1),
        hcpcs="J1459",
        units_left=100,
        visits_left=0,
        limit=LIMIT,
        doses=((DAY - timedelta(days=7), 160),),
    )
    assert codes(authorization) == [
        "auth_not_valid",
        "auth_outside_dates",
        "hcpcs_mismatch",
        "auth_units_short",
        "auth_visits_short",
        "frequency_limit",
    ]


@pytest.mark.parametrize("status", sorted(AuthorizationStatus, key=str))
def test_only_a_covering_status_covers(status: AuthorizationStatus) -> None:
    is_covered = codes(facts(status=status)) == []
    assert is_covered == (status in COVERING or status is AuthorizationStatus.NOT_REQUIRED)


def test_the_reasons_name_numbers_and_dates_a_person_can_act_on() -> None:
    authorization = facts(ends_on=date(2026, 11, 20), units_left=50, limit=LIMIT, doses=((date(2026, 11, 10), 160),))
    sentences = " ".join(reason.sentence for reason in check_coverage(VISIT, authorization))
    assert "ends on 20 November 2026" in sentences
    assert "110 short" in sentences
    assert "From 1 December 2026 it fits." in sentences


def test_the_last_unit_and_the_last_visit_count() -> None:
    assert codes(facts(units_left=160, visits_left=1)) == []
    assert codes(facts(units_left=159)) == ["auth_units_short"]


def test_a_visit_booked_later_counts_against_one_booked_before_it() -> None:
    later = ((DAY + timedelta(days=20), 160),)
    assert not fits_limit(limit=LIMIT, doses=later, service_on=DAY, units=160)
    assert fits_limit(limit=LIMIT, doses=later, service_on=DAY - timedelta(days=1), units=160)


@given(
    st.lists(st.tuples(st.dates(DAY, DAY + timedelta(days=90)), st.integers(1, 180)), max_size=5),
    st.integers(min_value=1, max_value=180),
)
def test_the_earliest_date_within_the_limit_fits_and_the_days_before_it_do_not(
    doses: list[tuple[date, int]], units: int
) -> None:
    found = earliest_within_limit(limit=LIMIT, doses=doses, not_before=DAY, units=units)
    assert found is not None
    assert fits_limit(limit=LIMIT, doses=doses, service_on=found, units=units)
    before = (DAY + timedelta(days=n) for n in range((found - DAY).days))
    assert not any(fits_limit(limit=LIMIT, doses=doses, service_on=day, units=units) for day in before)


def test_a_dose_above_the_limit_never_fits() -> None:
    assert earliest_within_limit(limit=LIMIT, doses=[], not_before=DAY, units=181) is None


def test_posting_what_was_given_frees_the_whole_reserve() -> None:
    assert movement(Movement.POST, units=150, reserved_for_visit=160) == LedgerChange(reserved=-160, used=150)


@given(st.lists(st.tuples(st.sampled_from(Movement), st.integers(1, 200)), max_size=30))
def test_a_ledger_of_checked_movements_never_overdraws_or_goes_below_nought(
    moves: list[tuple[Movement, int]],
) -> None:
    totals, approved = UnitTotals(approved=500), 500
    for kind, units in moves:
        try:
            change = movement(kind, units=units, reserved_for_visit=totals.reserved, used_by_visit=totals.used)
        except ValueError:
            continue
        if check_change(totals, change):
            assert totals.reserved + change.reserved + totals.used + change.used > approved
            continue
        totals = UnitTotals(approved, totals.reserved + change.reserved, totals.used + change.used)
        assert totals.reserved >= 0
        assert totals.used >= 0
        assert totals.left >= 0


def test_an_overdraft_says_how_many_units_are_missing() -> None:
    (reason,) = check_change(UnitTotals(500, reserved=160, used=300), LedgerChange(reserved=160, used=0))
    assert "40 of 500 are left: 120 short" in reason.sentence


def test_releasing_more_than_was_reserved_is_an_error() -> None:
    with pytest.raises(ValueError, match="cannot release 161 units: the visit has 160"):
        movement(Movement.RELEASE, units=161, reserved_for_visit=160)


def test_the_tightest_of_four_limits_decides_how_many_infusions_are_left() -> None:
    planned = [DAY + timedelta(days=21 * n) for n in range(6)]
    left = infusions_left(
        units_left=160 * 6,
        units_per_infusion=160,
        visits_left=5,
        planned_on=planned,
        ends_on=planned[3],
        limit=FrequencyLimit(units=320, days=43),
    )
    assert (left.by_units, left.by_visits, left.by_end_date, left.by_frequency) == (6, 5, 4, 2)
    assert (left.count, left.short_by) == (2, 0)


def test_half_a_year_every_four_weeks_asks_for_seven_courses_with_a_spare_tenth() -> None:
    need = units_to_request(units_per_course=100, interval_weeks=4, months=6, overage_pct=10)
    assert (need.courses, need.units) == (7, 770)


def test_visits_can_run_out_first() -> None:
    renewal = plan_renewal(
        planned_on=(DAY + timedelta(days=21 * n) for n in count()),
        units_left=1600,
        units_per_course=160,
        ends_on=date(2027, 12, 31),
        visits_left=5,
        visits_per_course=2,
        lead_days=45,
    )
    assert (renewal.driver, len(renewal.covered_on)) == (RenewalDriver.VISITS, 2)
    assert renewal.starts_on == DAY + timedelta(days=42 - 45)


def test_an_order_that_ends_first_still_renews_by_the_end_date() -> None:
    renewal = plan_renewal(
        planned_on=[DAY], units_left=160, units_per_course=160, ends_on=date(2027, 2, 28), lead_days=30
    )
    assert (renewal.first_uncovered_on, renewal.starts_on) == (None, date(2027, 1, 29))
    nothing = plan_renewal(planned_on=[DAY], units_left=160, units_per_course=160, ends_on=None)
    assert nothing.starts_on is None


def test_ivig_never_gets_the_clock_that_leaves_drugs_out() -> None:
    for line in LineOfBusiness:
        clock = choose_clock(line_of_business=line, is_drug=True, is_urgent=False)
        assert clock is None or (clock.kind, clock.amount) != (ClockKind.CALENDAR_DAYS, 7)


def test_a_state_s_own_clock_is_not_guessed() -> None:
    for line in (LineOfBusiness.COMMERCIAL, LineOfBusiness.MEDICARE, LineOfBusiness.SELF_PAY):
        assert choose_clock(line_of_business=line, is_drug=True, is_urgent=True) is None


def test_a_clock_of_days_runs_to_the_end_of_the_local_day() -> None:
    received = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)  # still 23 November in Chicago
    deadline = decision_deadline(Clock(ClockKind.CALENDAR_DAYS, 7), received_at=received, zone=CHICAGO)
    assert deadline.due_on == date(2026, 11, 30)
    assert not deadline.is_past(datetime(2026, 12, 1, 5, 59, 59, tzinfo=UTC))
    assert deadline.is_past(datetime(2026, 12, 1, 6, 0, tzinfo=UTC))


def test_a_clock_needs_an_instant() -> None:
    with pytest.raises(ValueError, match="time zone"):
        decision_deadline(
            Clock(ClockKind.HOURS, 72),
            received_at=datetime(2026, 11, 24, 9, 0),  # noqa: DTZ001
            zone=CHICAGO,
        )


def test_business_days_skip_weekends_and_holidays_and_never_count_the_first_day() -> None:
    calendar = business_days([date(2026, 11, 26)])
    assert add_business_days(date(2026, 11, 28), 1, calendar=calendar) == date(2026, 11, 30)
    assert add_business_days(date(2026, 11, 25), 1, calendar=calendar) == date(2026, 11, 27)
    assert add_business_days(date(2026, 11, 25), 0, calendar=calendar) == date(2026, 11, 25)


def test_the_next_follow_up_keeps_the_cadence_from_submission() -> None:
    calendar = business_days()
    for today, expected in ((23, 24), (24, 26), (25, 26), (26, 30), (27, 30)):
        found = next_follow_up(
            status=AuthorizationStatus.SUBMITTED,
            submitted_on=date(2026, 11, 23),
            today=date(2026, 11, today),
            calendar=calendar,
        )
        assert found == date(2026, 11, expected)


def test_a_pended_request_is_answered_the_same_day_or_the_next_open_one() -> None:
    for today, expected in ((date(2026, 11, 24), date(2026, 11, 24)), (date(2026, 11, 28), date(2026, 11, 30))):
        found = next_follow_up(
            status=AuthorizationStatus.PENDED, submitted_on=DAY, today=today, calendar=business_days()
        )
        assert found == expected


def test_an_approved_one_leaves_the_submission_cadence() -> None:
    found = next_follow_up(status=AuthorizationStatus.APPROVED, submitted_on=DAY, today=DAY, calendar=business_days())
    assert found == date(2026, 11, 26)


def test_appeals_have_a_last_day_to_file() -> None:
    limits = appeal_limits(LineOfBusiness.ERISA)
    assert limits is not None
    assert appeal_due_on(notice_on=DAY, file_within_days=limits.file_within_days) == DAY + timedelta(days=180)
    assert appeal_limits(LineOfBusiness.COMMERCIAL) is None


def test_every_status_has_its_row_in_the_table_of_moves_and_no_row_moves_to_itself() -> None:
    assert set(MOVES) == set(AuthorizationStatus)
    assert all(before not in afters for before, afters in MOVES.items())


def test_every_status_can_be_reached_from_a_draft() -> None:
    reached, new = {AuthorizationStatus.DRAFT}, {AuthorizationStatus.DRAFT}
    while new:
        new = {after for before in new for after in MOVES[before]} - reached
        reached |= new
    assert reached == set(AuthorizationStatus)


def test_nothing_is_approved_before_it_was_sent_to_the_payer() -> None:
    for status in PREPARING:
        assert not MOVES[status] & (COVERING | CONTESTED)


def test_an_illegal_move_says_which_moves_are_possible() -> None:
    (reason,) = check_move(AuthorizationStatus.DRAFT, AuthorizationStatus.APPROVED)
    assert "“Draft” cannot become “Approved”" in reason.sentence
    assert "submitted" in reason.sentence
    (closed,) = check_move(AuthorizationStatus.CANCELLED, AuthorizationStatus.DRAFT)
    assert "it is closed" in closed.sentence
    assert check_move(AuthorizationStatus.DRAFT, AuthorizationStatus.SUBMITTED) == ()


def test_the_groups_of_statuses_do_not_overlap() -> None:
    groups = [PREPARING, WITH_PAYER, CONTESTED, COVERING, CLOSED]
    assert sum(map(len, groups)) == len(frozenset().union(*groups))


def test_a_partial_or_modified_answer_asks_for_a_comparison() -> None:
    assert {code for code in ("A1", "A2", "A3", "A4", "A6") if read_review_action(code).needs_comparison} == {
        "A2",
        "A6",
    }
    assert read_review_action(" a3 ").status is AuthorizationStatus.DENIED
    assert read_review_action("CT").needs_call
    with pytest.raises(Refusal, match="not a review action code"):
        read_review_action("A9")


def test_what_visits_before_take_is_gone_for_those_after() -> None:
    facts = AuthorizationFacts(
        status=AuthorizationStatus.APPROVED,
        starts_on=None,
        ends_on=None,
        hcpcs="J1569",
        units_left=100,
        visits_left=1,
        doses=((date(2026, 3, 2), 60),),
    )
    after = less(facts, [(date(2026, 3, 9), 60), (date(2026, 3, 16), 30)])
    assert (after.units_left, after.visits_left) == (10, 0)
    assert [on.day for on, _ in after.doses] == [2, 9, 16]
    assert less(facts, []) == facts


def test_an_authorization_that_counts_no_visits_goes_on_counting_none() -> None:
    facts = AuthorizationFacts(AuthorizationStatus.APPROVED, None, None, "J1569", units_left=100)
    assert less(facts, [(date(2026, 3, 9), 60)]).visits_left is None
