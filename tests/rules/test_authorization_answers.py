"""A payer's answer is compared field by field with what was asked, and refused where it makes no sense."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from authorizations.domain.answers import Answer, Outcome, Requested, check_answer, check_dates, compare
from authorizations.domain.business_days import add_business_days, business_days
from authorizations.domain.coverage import AuthorizationFacts, VisitFacts, check_coverage
from authorizations.domain.follow_up import next_follow_up
from authorizations.domain.frequency import FrequencyLimit, earliest_within_limit, fits_limit
from authorizations.domain.risk import QueueFacts, RiskClass, assess
from authorizations.domain.statuses import AuthorizationStatus
from authorizations.domain.units import Movement, infusions_left, movement, units_to_request
from regimens.domain.open_days import OpenDays

FIRST, LAST = date(2026, 12, 1), date(2027, 5, 31)
ASKED = Requested(units=2880, hcpcs="J1561", starts_on=FIRST, ends_on=LAST, visits=18)
FULL = Answer(
    outcome=Outcome.APPROVED,
    units=2880,
    visits=18,
    starts_on=FIRST,
    ends_on=LAST,
    reference="PA-1",
    hcpcs="J1561",
)


def codes(answer: Answer, *, taken: int = 0) -> list[str]:
    return [reason.code for reason in check_answer(answer, ASKED, units_taken=taken)]


def fields(answer: Answer) -> list[str | None]:
    return [reason.field for reason in check_answer(answer, ASKED, units_taken=0)]


def test_an_approval_of_everything_asked_differs_in_nothing() -> None:
    assert compare(FULL, ASKED) == ()
    assert codes(FULL) == []


def test_every_difference_is_a_sentence_and_says_whether_it_is_less() -> None:
    answer = replace(
        FULL,
        outcome=Outcome.MODIFIED,
        units=3000,
        visits=12,
        starts_on=FIRST - timedelta(days=1),
        ends_on=LAST - timedelta(days=1),
        hcpcs="J1459",
        limit_units=180,
        limit_days=21,
    )
    found = compare(answer, ASKED)
    assert [(each.field, each.is_less) for each in found] == [
        ("Units", False),
        ("Visits", True),
        ("First day", False),
        ("Last day", True),
        ("Drug code", True),
        ("How often", True),
    ]
    assert found[3].sentence == "Last day: asked for 31 May 2027, got 30 May 2027."
    assert compare(replace(FULL, starts_on=FIRST + timedelta(days=1)), ASKED)[0].is_less
    assert not compare(replace(FULL, ends_on=LAST + timedelta(days=1)), ASKED)[0].is_less


def test_a_field_the_payer_left_out_is_not_compared() -> None:
    assert compare(Answer(outcome=Outcome.APPROVED), ASKED) == ()
    assert compare(FULL, Requested(units=2880, hcpcs="J1561")) == ()
    assert compare(replace(FULL, limit_units=180), ASKED) == ()


def test_less_than_asked_is_not_approved_in_full() -> None:
    less = replace(FULL, units=2000)
    assert codes(less) == ["not_in_full"]
    assert codes(replace(less, outcome=Outcome.PARTIAL)) == []
    assert codes(replace(FULL, units=3000)) == []


@pytest.mark.parametrize(
    ("answer", "field"),
    [
        (replace(FULL, units=None), "units"),
        (replace(FULL, units=0), "units"),
        (replace(FULL, units=100_001), "units"),
        (replace(FULL, visits=0), "visits"),
        (replace(FULL, visits=1000), "visits"),
        (replace(FULL, starts_on=None), "starts_on"),
        (replace(FULL, ends_on=None), "ends_on"),
        (replace(FULL, ends_on=FIRST - timedelta(days=1)), "ends_on"),
        (replace(FULL, starts_on=date(1999, 12, 31)), "ends_on"),
        (replace(FULL, ends_on=date(2101, 1, 1)), "ends_on"),
        (replace(FULL, starts_on=date(2026, 1, 1), ends_on=date(2029, 1, 4)), "ends_on"),
        (replace(FULL, reference=" "), "reference"),
        (replace(FULL, limit_units=180), "limit_days"),
        (replace(FULL, limit_days=21), "limit_units"),
        (replace(FULL, limit_units=0, limit_days=21), "limit_units"),
        (replace(FULL, limit_units=180, limit_days=367), "limit_days"),
        (replace(FULL, limit_units=100_001, limit_days=21), "limit_days"),
        (Answer(outcome=Outcome.DENIED), "reason"),
        (Answer(outcome=Outcome.DENIED, reason="No", appeal_due_on=date(1999, 1, 1)), "appeal_due_on"),
    ],
)
def test_nonsense_is_refused_at_its_field(answer: Answer, field: str) -> None:
    assert fields(answer) == [field]


def test_the_widest_numbers_that_make_sense_are_taken() -> None:
    widest = replace(FULL, outcome=Outcome.MODIFIED, units=100_000, visits=999, limit_units=100_000, limit_days=366)
    assert codes(widest) == []
    assert codes(replace(widest, visits=1, units=1, limit_units=1, limit_days=1)) == []
    assert check_dates(date(2000, 1, 1), date(2000, 1, 1)) == ()
    assert check_dates(date(2026, 1, 1), date(2026, 1, 1) + timedelta(days=3 * 366)) == ()


def test_units_already_taken_cannot_be_taken_back() -> None:
    answer = replace(FULL, outcome=Outcome.PARTIAL, units=100)
    assert codes(answer, taken=100) == []
    assert codes(answer, taken=101) == ["units_taken"]
    assert codes(replace(answer, units=0), taken=101) == ["units"]


def test_a_denial_needs_its_reason_and_a_pended_one_what_the_payer_needs() -> None:
    (reason,) = check_answer(Answer(outcome=Outcome.PENDED, reason="  "), ASKED, units_taken=0)
    assert reason.sentence == "Write what the payer needs."
    (reason,) = check_answer(Answer(outcome=Outcome.UPHELD), ASKED, units_taken=0)
    assert reason.sentence == "Write the payer's reason."
    assert codes(Answer(outcome=Outcome.DENIED, reason="Not necessary", appeal_due_on=LAST)) == []


def test_every_outcome_has_a_label_a_status_and_grants_or_does_not() -> None:
    assert {outcome.status for outcome in Outcome} <= set(AuthorizationStatus)
    assert all(outcome.label for outcome in Outcome)
    assert [outcome for outcome in Outcome if outcome.grants] == [
        Outcome.APPROVED,
        Outcome.PARTIAL,
        Outcome.MODIFIED,
        Outcome.OVERTURNED,
    ]


def test_a_calendar_without_an_open_weekday_would_never_end() -> None:
    with pytest.raises(ValueError, match="open weekday"):
        add_business_days(FIRST, 1, calendar=OpenDays(frozenset()))
    assert add_business_days(FIRST, 0, calendar=business_days()) == FIRST


def test_a_cadence_without_offsets_begins_with_its_usual_step() -> None:
    asked = next_follow_up(
        status=AuthorizationStatus.SUBMITTED,
        submitted_on=FIRST,
        today=FIRST + timedelta(days=1),
        calendar=business_days(),
        offsets=(),
        then_every=2,
    )
    assert asked == FIRST + timedelta(days=2)


def test_a_limit_and_a_movement_are_of_at_least_one_unit() -> None:
    for units, days in ((0, 21), (180, 0)):
        with pytest.raises(ValueError, match="above zero"):
            FrequencyLimit(units, days)
    for kind in Movement:
        with pytest.raises(ValueError, match="at least one unit"):
            movement(kind, units=0, reserved_for_visit=1, used_by_visit=1)
    with pytest.raises(ValueError, match="at least one unit and one visit"):
        infusions_left(units_left=1, units_per_infusion=0)
    with pytest.raises(ValueError, match="at least one unit and one visit"):
        infusions_left(units_left=1, units_per_infusion=1, visits_per_course=0)
    for weeks, months in ((0, 12), (3, 0)):
        with pytest.raises(ValueError, match="above zero"):
            units_to_request(units_per_course=160, interval_weeks=weeks, months=months)


def test_without_a_limit_any_day_is_early_enough() -> None:
    assert fits_limit(limit=None, doses=[(FIRST, 5000)], service_on=FIRST, units=5000)
    assert earliest_within_limit(limit=None, doses=(), not_before=FIRST, units=5000) == FIRST


def test_dates_left_are_counted_by_frequency_when_all_fit() -> None:
    planned = [FIRST, FIRST + timedelta(days=21)]
    left = infusions_left(units_left=999, units_per_infusion=160, planned_on=planned, limit=FrequencyLimit(180, 21))
    assert (left.by_frequency, left.by_end_date) == (2, None)


def test_a_visit_before_the_first_day_or_above_the_limit_itself_is_said_plainly() -> None:
    facts = AuthorizationFacts(
        status=AuthorizationStatus.APPROVED,
        starts_on=FIRST,
        ends_on=LAST,
        hcpcs="J1561",
        units_left=500,
        limit=FrequencyLimit(100, 21),
    )
    visit = VisitFacts(service_on=FIRST - timedelta(days=1), hcpcs="J1561", units=160)
    reasons = check_coverage(visit, facts)
    assert [reason.code for reason in reasons] == ["auth_outside_dates", "frequency_limit"]
    assert "before the authorization starts on 1 December 2026" in reasons[0].sentence
    assert "it fits" not in reasons[1].sentence
    assert check_coverage(VisitFacts(service_on=FIRST, hcpcs="J1561", units=100), facts) == ()


def test_a_visit_whose_day_is_past_and_an_end_that_is_past_are_said_as_past() -> None:
    facts = QueueFacts(status=AuthorizationStatus.DENIED, next_visit_on=FIRST - timedelta(days=1))
    assert "is 1 day past" in assess(facts, today=FIRST).sentence
    ended = QueueFacts(status=AuthorizationStatus.APPROVED, ends_on=FIRST - timedelta(days=1))
    found = assess(ended, today=FIRST)
    assert (found.risk, found.sentence) == (RiskClass.EXPIRING, "It ended on 30 November 2026.")
