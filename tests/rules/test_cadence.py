"""Courses are laid out from what was given: the same history gives the same dates, and guards are never broken."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from regimens.domain.cadence import Cadence, CoursePhase, lay_out
from regimens.domain.due_dates import (
    CourseAnchor,
    DueState,
    LatePolicy,
    Spacing,
    course_anchor,
    missed_days,
    next_due,
    standing,
)
from regimens.domain.open_days import MONDAY_TO_FRIDAY, OpenDays, TieGoes, nearest_open_day

MONDAY = date(2026, 11, 23)
THANKSGIVING = date(2026, 11, 26)
WEEKDAYS = OpenDays(MONDAY_TO_FRIDAY, frozenset({THANKSGIVING}))

policies = st.sampled_from(list(LatePolicy))
cadences = st.builds(
    Cadence,
    interval_days=st.integers(min_value=7, max_value=70),
    induction_offsets_days=st.sampled_from([(), (0,), (0, 14), (0, 14, 42), (0, 7, 14, 21, 28)]),
    loading_days=st.integers(min_value=1, max_value=5),
    days_per_course=st.integers(min_value=1, max_value=3),
    early_days=st.integers(min_value=0, max_value=7),
    late_days=st.integers(min_value=0, max_value=7),
    late_policy=policies,
    min_interval_days=st.none() | st.integers(min_value=1, max_value=60),
    payer_min_days=st.none() | st.integers(min_value=1, max_value=60),
)
slips = st.lists(st.integers(min_value=-3, max_value=40), max_size=5)


def history(cadence: Cadence, slips: list[int]) -> list[date]:
    """A history in which each course was given so many days away from its due date."""
    given_on: list[date] = []
    for slip in slips:
        courses = lay_out(cadence, starts_on=MONDAY, given_on=given_on, course_limit=len(given_on) + 1)
        day = courses[-1].due_on + timedelta(days=slip)
        given_on.append(max(day, given_on[-1] + timedelta(days=1)) if given_on else day)
    return given_on


@given(cadences, slips)
def test_laying_out_twice_gives_the_same(cadence: Cadence, slips: list[int]) -> None:
    given_on = history(cadence, slips)
    once = lay_out(cadence, starts_on=MONDAY, given_on=given_on, course_limit=12, open_days=WEEKDAYS)
    again = lay_out(cadence, starts_on=MONDAY, given_on=given_on, course_limit=12, open_days=WEEKDAYS)
    assert once == again
    assert [course.number for course in once] == list(range(1, 13))


@given(cadences, slips)
def test_a_course_given_on_its_due_date_moves_nothing_after_it(cadence: Cadence, slips: list[int]) -> None:
    given_on = history(cadence, slips)
    before = lay_out(cadence, starts_on=MONDAY, given_on=given_on, course_limit=12)
    due = before[len(given_on)].due_on
    assume(not given_on or due > given_on[-1])
    after = lay_out(cadence, starts_on=MONDAY, given_on=[*given_on, due], course_limit=12)
    assert after[len(given_on) + 1 :] == before[len(given_on) + 1 :]


@given(cadences, slips)
def test_no_window_of_maintenance_opens_before_the_minimum_interval(cadence: Cadence, slips: list[int]) -> None:
    given_on = history(cadence, slips)
    courses = lay_out(cadence, starts_on=MONDAY, given_on=given_on, course_limit=12)
    floor = timedelta(days=max(cadence.min_interval_days or 1, cadence.payer_min_days or 1))
    for last, course in pairwise(courses):
        if course.phase is CoursePhase.MAINTENANCE:
            assert course.earliest_on - (last.given_on or last.due_on) >= floor
        assert course.earliest_on > (last.given_on or last.due_on)


@given(cadences, slips)
def test_a_due_date_lies_in_its_window_and_dates_rise(cadence: Cadence, slips: list[int]) -> None:
    courses = lay_out(cadence, starts_on=MONDAY, given_on=history(cadence, slips), course_limit=12)
    assert all(course.earliest_on <= course.due_on <= course.latest_on for course in courses)
    assert all(b.due_on > (a.given_on or a.due_on) for a, b in pairwise(courses))


@given(st.integers(min_value=0, max_value=60), policies, st.integers(min_value=7, max_value=60), st.integers(0, 7))
def test_re_anchoring_is_idempotent(slip: int, policy: LatePolicy, step: int, late: int) -> None:
    spacing = Spacing(step_days=step, early_days=2, late_days=late, policy=policy)
    due = next_due(last_given_on=MONDAY + timedelta(days=slip), last_planned_on=MONDAY, spacing=spacing)
    kept = next_due(last_given_on=due.due_on, last_planned_on=due.planned_on, spacing=spacing, last_due_on=due.due_on)
    assert kept.due_on == due.due_on + timedelta(days=step)
    assert kept == next_due(last_given_on=due.due_on, last_planned_on=due.due_on, spacing=spacing)


def test_ravulizumab_given_late_keeps_its_calendar() -> None:
    spacing = Spacing(step_days=56, early_days=7, late_days=7, policy=LatePolicy.ORIGINAL)
    due = next_due(last_given_on=MONDAY + timedelta(days=20), last_planned_on=MONDAY, spacing=spacing)
    assert due.due_on == MONDAY + timedelta(days=56)


def test_ocrelizumab_given_late_starts_its_interval_anew() -> None:
    spacing = Spacing(step_days=168, policy=LatePolicy.ACTUAL)
    due = next_due(last_given_on=MONDAY + timedelta(days=9), last_planned_on=MONDAY, spacing=spacing)
    assert due.due_on == MONDAY + timedelta(days=177)


@pytest.mark.parametrize(("slip", "expected"), [(-4, 17), (-3, 21), (0, 21), (3, 21), (4, 25)])
def test_ivig_keeps_its_calendar_only_inside_the_window(slip: int, expected: int) -> None:
    due = next_due(last_given_on=MONDAY + timedelta(days=slip), last_planned_on=MONDAY, spacing=Spacing(step_days=21))
    assert due.due_on == MONDAY + timedelta(days=expected)


def test_a_calendar_that_was_missed_altogether_goes_on_after_the_dose() -> None:
    spacing = Spacing(step_days=14, policy=LatePolicy.ORIGINAL)
    due = next_due(last_given_on=MONDAY + timedelta(days=30), last_planned_on=MONDAY, spacing=spacing)
    assert due.due_on == MONDAY + timedelta(days=42)


def test_weeks_0_2_and_6_then_every_8_and_the_phases_say_so() -> None:
    infliximab = Cadence(interval_days=56, induction_offsets_days=(0, 14, 42))
    courses = lay_out(infliximab, starts_on=MONDAY, course_limit=5)
    assert [(course.due_on - MONDAY).days for course in courses] == [0, 14, 42, 98, 154]
    assert [course.phase.value for course in courses] == ["induction"] * 3 + ["maintenance"] * 2


def test_the_first_dose_given_later_carries_the_whole_series_with_it() -> None:
    cadence = Cadence(interval_days=56, induction_offsets_days=(0, 14, 42), late_policy=LatePolicy.ORIGINAL)
    courses = lay_out(cadence, starts_on=MONDAY, given_on=[MONDAY + timedelta(days=5)], course_limit=4)
    assert [(course.due_on - MONDAY).days for course in courses][1:] == [19, 47, 103]


def test_the_second_ocrelizumab_dose_inside_its_window_does_not_move_week_24() -> None:
    cadence = Cadence(
        interval_days=168,
        induction_offsets_days=(0, 14),
        first_maintenance_offset_days=168,
        early_days=7,
        late_days=14,
        late_policy=LatePolicy.ACTUAL,
        min_interval_days=150,
    )
    courses = lay_out(cadence, starts_on=MONDAY, given_on=[MONDAY, MONDAY + timedelta(days=17)], course_limit=4)
    assert [(course.due_on - MONDAY).days for course in courses][2:] == [168, 336]
    assert courses[1].due_on == MONDAY + timedelta(days=14)


def test_the_first_maintenance_dose_of_ravulizumab_has_no_window() -> None:
    cadence = Cadence(
        interval_days=56, induction_offsets_days=(0, 14), early_days=7, late_days=7, has_exact_first_maintenance=True
    )
    courses = lay_out(cadence, starts_on=MONDAY, course_limit=4)
    assert [(course.latest_on - course.earliest_on).days for course in courses] == [7, 14, 0, 14]


def test_the_first_maintenance_dose_is_the_one_after_the_loading_dose() -> None:
    cadence = Cadence(
        interval_days=56,
        induction_offsets_days=(0, 14),
        early_days=7,
        late_days=7,
        has_exact_first_maintenance=True,
        loading_courses=1,
    )
    courses = lay_out(cadence, starts_on=MONDAY, course_limit=4)
    assert [(course.latest_on - course.earliest_on).days for course in courses] == [7, 0, 14, 14]


def test_a_loading_course_runs_over_its_days_and_maintenance_over_its_own() -> None:
    cadence = Cadence(interval_days=21, induction_offsets_days=(0,), loading_days=5, days_per_course=2)
    first, second = lay_out(cadence, starts_on=MONDAY, course_limit=2)
    assert first.day_offsets == (0, 1, 2, 3, 4)
    assert second.day_offsets == (0, 1)
    assert second.due_on == MONDAY + timedelta(days=21)


def test_a_finite_regimen_ends_by_itself() -> None:
    iron = Cadence(interval_days=None, induction_offsets_days=(0, 7), min_interval_days=7)
    courses = lay_out(iron, starts_on=MONDAY, given_on=[MONDAY + timedelta(days=2)])
    assert [course.due_on for course in courses] == [MONDAY, MONDAY + timedelta(days=9)]


def test_the_order_ends_by_date_inclusive_or_by_count() -> None:
    cadence = Cadence(interval_days=21)
    last = MONDAY + timedelta(days=42)
    assert len(lay_out(cadence, starts_on=MONDAY, ends_on=last)) == 3
    assert len(lay_out(cadence, starts_on=MONDAY, ends_on=last - timedelta(days=1))) == 2
    assert len(lay_out(cadence, starts_on=MONDAY, ends_on=last, course_limit=1)) == 1
    assert lay_out(cadence, starts_on=MONDAY, ends_on=MONDAY - timedelta(days=1)) == ()


def test_what_was_given_is_listed_even_past_the_end() -> None:
    given_on = [MONDAY, MONDAY + timedelta(days=21)]
    courses = lay_out(Cadence(interval_days=21), starts_on=MONDAY, given_on=given_on, course_limit=1)
    assert [course.given_on for course in courses] == given_on


def test_nonsense_is_an_error_and_not_an_endless_list() -> None:
    with pytest.raises(ValueError, match="end date"):
        lay_out(Cadence(interval_days=21), starts_on=MONDAY)
    with pytest.raises(ValueError, match="in order"):
        lay_out(Cadence(interval_days=21), starts_on=MONDAY, given_on=[MONDAY, MONDAY], course_limit=3)
    with pytest.raises(ValueError, match="begin at day 0"):
        Cadence(interval_days=21, induction_offsets_days=(7, 14))
    with pytest.raises(ValueError, match="induction, an interval or both"):
        Cadence(interval_days=None)
    with pytest.raises(ValueError, match="after induction"):
        Cadence(interval_days=21, induction_offsets_days=(0, 14), first_maintenance_offset_days=14)


def test_the_last_date_of_the_calendar_ends_the_list_quietly() -> None:
    courses = lay_out(Cadence(interval_days=170), starts_on=date(9999, 1, 1), course_limit=5)
    assert len(courses) == 3


def test_a_due_date_on_a_closed_day_suggests_the_nearest_open_one() -> None:
    cadence = Cadence(interval_days=21)
    courses = lay_out(cadence, starts_on=THANKSGIVING, course_limit=2, open_days=WEEKDAYS)
    assert courses[0].due_on == THANKSGIVING
    assert courses[0].suggested_on == date(2026, 11, 27)
    assert courses[1].due_on == THANKSGIVING + timedelta(days=21)


def test_a_closed_day_never_moves_a_course_out_of_its_window() -> None:
    found = nearest_open_day(due_on=THANKSGIVING, earliest_on=THANKSGIVING, latest_on=THANKSGIVING, open_days=WEEKDAYS)
    assert found is None


def test_a_tie_may_be_set_to_go_earlier() -> None:
    found = nearest_open_day(
        due_on=THANKSGIVING,
        earliest_on=MONDAY,
        latest_on=THANKSGIVING + timedelta(days=3),
        open_days=WEEKDAYS,
        tie=TieGoes.EARLIER,
    )
    assert found == date(2026, 11, 25)


def test_every_day_of_a_course_must_be_open() -> None:
    found = nearest_open_day(
        due_on=date(2026, 12, 4),
        earliest_on=date(2026, 12, 1),
        latest_on=date(2026, 12, 8),
        open_days=WEEKDAYS,
        day_offsets=(0, 1, 2),
    )
    assert found == date(2026, 12, 2)


def test_the_prescriber_may_count_from_the_last_day_of_a_course() -> None:
    assert course_anchor(first_day_on=MONDAY, days=5) == MONDAY
    last = course_anchor(first_day_on=MONDAY, days=5, anchor=CourseAnchor.COURSE_END)
    assert last == MONDAY + timedelta(days=4)


def test_a_missed_middle_day_is_named_once_it_is_past() -> None:
    given_on = {MONDAY, MONDAY + timedelta(days=2)}
    today = MONDAY + timedelta(days=3)
    assert missed_days(first_day_on=MONDAY, days=5, given_on=given_on, today=today) == (MONDAY + timedelta(days=1),)


@pytest.mark.parametrize(
    ("today", "state", "overdue", "left"),
    [(-4, DueState.UPCOMING, 0, 7), (-3, DueState.DUE, 0, 6), (3, DueState.DUE, 0, 0), (4, DueState.OVERDUE, 1, 0)],
)
def test_a_course_is_due_through_the_last_day_of_its_window(
    today: int, state: DueState, overdue: int, left: int
) -> None:
    found = standing(
        earliest_on=MONDAY - timedelta(days=3),
        latest_on=MONDAY + timedelta(days=3),
        today=MONDAY + timedelta(days=today),
    )
    assert (found.state, found.days_overdue, found.days_left) == (state, overdue, left)


@pytest.mark.parametrize(
    ("gap", "limit", "state"), [(42, None, "overdue"), (43, None, "reassess"), (57, 56, "reassess")]
)
def test_far_overdue_asks_for_reassessment(gap: int, limit: int | None, state: str) -> None:
    interval = 21 if limit is None else 56
    found = standing(
        earliest_on=MONDAY - timedelta(days=6),
        latest_on=MONDAY,
        today=MONDAY + timedelta(days=1),
        last_given_on=MONDAY + timedelta(days=1 - gap),
        interval_days=interval,
        gap_limit_days=limit,
    )
    assert found.state == state


@given(cadences, slips)
def test_recomputing_without_a_new_fact_changes_nothing(cadence: Cadence, slips: list[int]) -> None:
    given_on = history(cadence, slips)
    before = lay_out(cadence, starts_on=MONDAY, given_on=given_on, course_limit=12)
    as_given = [course.given_on for course in before if course.given_on is not None]
    assert as_given == given_on
    assert lay_out(cadence, starts_on=MONDAY, given_on=as_given, course_limit=12) == before


@given(cadences, slips, st.integers(min_value=1, max_value=11))
def test_a_shorter_list_is_the_beginning_of_a_longer_one(cadence: Cadence, slips: list[int], count: int) -> None:
    given_on = history(cadence, slips)
    longer = lay_out(cadence, starts_on=MONDAY, given_on=given_on, course_limit=12)
    shorter = lay_out(cadence, starts_on=MONDAY, given_on=given_on, course_limit=count)
    assert shorter == longer[: max(count, len(given_on))]
    through = longer[max(count, len(given_on)) - 1].due_on
    assert lay_out(cadence, starts_on=MONDAY, given_on=given_on, through_on=through) == longer[: len(shorter)]


def test_days_and_intervals_are_at_least_one() -> None:
    for loading, days, interval in ((0, 1, 21), (1, 0, 21), (1, 1, -1)):
        with pytest.raises(ValueError, match="at least one day"):
            Cadence(interval_days=interval, loading_days=loading, days_per_course=days)
    for step, early, late in ((0, 0, 0), (1, -1, 0), (1, 0, -1)):
        with pytest.raises(ValueError, match="at least a day apart"):
            Spacing(step_days=step, early_days=early, late_days=late)


def test_a_course_that_was_given_is_neither_due_nor_overdue() -> None:
    found = standing(earliest_on=MONDAY, latest_on=MONDAY, today=MONDAY + timedelta(days=90), is_given=True)
    assert (found.state, found.days_overdue, found.days_left) == (DueState.GIVEN, 0, 0)
