"""Each course says what decided its date, and the day from which that was counted."""

from datetime import date, timedelta
from typing import Any

import pytest

from regimens.domain.cadence import Cadence, PlannedCourse, Why, lay_out
from regimens.domain.due_dates import LatePolicy, Spacing, next_due
from regimens.domain.open_days import OpenDays, nearest_open_day

MONDAY = date(2026, 11, 23)


def after(days: int) -> date:
    return MONDAY + timedelta(days=days)


def laid_out(*given: int, count: int = 4, **rhythm: Any) -> tuple[PlannedCourse, ...]:
    cadence = Cadence(**({"interval_days": 21} | rhythm))
    return lay_out(cadence, starts_on=MONDAY, given_on=[after(day) for day in given], course_limit=count)


def reasons(courses: tuple[PlannedCourse, ...]) -> list[tuple[str, int]]:
    return [(course.why.value, (course.counted_from_on - MONDAY).days) for course in courses]


def test_the_first_course_is_on_the_day_the_order_starts_and_the_rest_on_its_calendar() -> None:
    assert reasons(laid_out()) == [("first", 0), ("calendar", 0), ("calendar", 21), ("calendar", 42)]


def test_a_dose_inside_its_window_leaves_the_calendar_and_one_outside_begins_it_anew() -> None:
    assert reasons(laid_out(0, 23))[2:] == [("calendar", 21), ("calendar", 42)]
    assert reasons(laid_out(0, 27))[2:] == [("from_given", 27), ("calendar", 48)]
    assert [(course.due_on - MONDAY).days for course in laid_out(0, 27)] == [0, 21, 48, 69]


def test_the_first_dose_begins_the_calendar_wherever_it_fell() -> None:
    assert reasons(laid_out(5))[1:3] == [("calendar", 5), ("calendar", 26)]


def test_a_dose_given_on_its_day_counts_as_the_calendar_s_under_any_policy() -> None:
    assert reasons(laid_out(0, 21, late_policy=LatePolicy.ACTUAL))[2][0] == Why.CALENDAR
    assert reasons(laid_out(0, 22, late_policy=LatePolicy.ACTUAL))[2] == ("from_given", 22)


def test_induction_counts_from_the_first_dose_and_maintenance_is_the_calendar_s() -> None:
    found = laid_out(interval_days=56, induction_offsets_days=(0, 14, 42))
    assert [course.why for course in found] == [Why.FIRST, Why.INDUCTION, Why.INDUCTION, Why.CALENDAR]


def test_a_guard_that_moved_a_date_is_named_the_payer_s_only_if_it_is_the_longer() -> None:
    late: dict[str, Any] = {"interval_days": 28, "late_policy": LatePolicy.ORIGINAL}
    label = laid_out(0, 42, min_interval_days=21, **late)[2]
    assert (label.why, label.due_on, label.counted_from_on) == (Why.MINIMUM_INTERVAL, after(63), after(42))
    assert label.planned_on == after(56)
    payer = laid_out(0, 42, min_interval_days=20, payer_min_days=21, **late)[2]
    assert (payer.why, payer.due_on) == (Why.PAYER_INTERVAL, after(63))
    equal = laid_out(0, 42, min_interval_days=21, payer_min_days=21, **late)[2]
    assert equal.why is Why.MINIMUM_INTERVAL
    assert laid_out(0, 42, payer_min_days=21, **late)[2].why is Why.PAYER_INTERVAL


def test_a_payer_s_days_count_in_the_second_course_already() -> None:
    second = laid_out(interval_days=21, payer_min_days=28)[1]
    assert (second.due_on, second.earliest_on, second.why) == (after(28), after(28), Why.PAYER_INTERVAL)


def test_the_hybrid_policy_looks_at_where_the_guard_had_put_the_course() -> None:
    late: dict[str, Any] = {"interval_days": 28, "min_interval_days": 21}
    courses = laid_out(0, 28, 60, 81, count=5, **late)
    assert [(course.due_on - MONDAY).days for course in courses] == [0, 28, 56, 88, 109]


def test_a_late_second_induction_dose_does_not_move_the_dose_after_next() -> None:
    found = laid_out(
        0, 14, 42, 100, count=6, interval_days=56, induction_offsets_days=(0, 14, 42), late_policy=LatePolicy.ACTUAL
    )
    assert [(course.due_on - MONDAY).days for course in found] == [0, 14, 42, 98, 156, 212]
    assert [course.why for course in found[4:]] == [Why.FROM_GIVEN, Why.CALENDAR]


def test_a_course_after_induction_without_an_interval_is_the_last() -> None:
    once = laid_out(interval_days=None, induction_offsets_days=(0, 7), first_maintenance_offset_days=21, count=9)
    assert [(course.due_on - MONDAY).days for course in once] == [0, 7, 21]
    assert len(laid_out(interval_days=None, induction_offsets_days=(0, 7), count=9)) == 2
    alone = Cadence(interval_days=7, first_maintenance_offset_days=1)
    assert [course.number for course in lay_out(alone, starts_on=MONDAY, course_limit=2)] == [1, 2]


@pytest.mark.parametrize(("offsets", "first"), [((0, 0), None), ((0, 7, 7), None), ((0, 7, 14), 14), ((), 0)])
def test_courses_of_one_day_and_maintenance_before_the_end_of_induction_are_errors(
    offsets: tuple[int, ...], first: int | None
) -> None:
    with pytest.raises(ValueError):
        Cadence(interval_days=21, induction_offsets_days=offsets, first_maintenance_offset_days=first)


def test_what_was_given_counts_as_the_suggested_day_and_its_days_follow() -> None:
    given, planned = laid_out(2, count=2, days_per_course=2)
    assert (given.suggested_on, given.given_on) == (after(2), after(2))
    assert (planned.suggested_on, planned.given_on, planned.day_offsets) == (planned.due_on, None, (0, 1))


def test_a_due_date_says_what_it_was_counted_from() -> None:
    kept = next_due(last_given_on=after(2), last_planned_on=MONDAY, spacing=Spacing(step_days=21))
    moved = next_due(last_given_on=after(4), last_planned_on=MONDAY, spacing=Spacing(step_days=21))
    assert (kept.counted_from_on, moved.counted_from_on) == (MONDAY, after(4))
    assert next_due(last_given_on=MONDAY, last_planned_on=MONDAY, spacing=Spacing(step_days=1)).due_on == after(1)


def test_the_last_day_of_a_window_can_be_the_nearest_open_one() -> None:
    only_wednesday = OpenDays(frozenset({2}))
    assert nearest_open_day(due_on=MONDAY, earliest_on=MONDAY, latest_on=after(2), open_days=only_wednesday) == after(2)
