"""The plan is laid out anew from what was given: what comes after moves, what was given stays, and twice is once."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.models import AuditEvent
from core.actor import Actor
from core.errors import Conflict, Stale
from regimens.models import Course, OrderEvent, Reaction, TreatmentOrder
from regimens.queries.given import given_days
from regimens.services import administrations, holding, orders, replanning
from regimens.services.plan_difference import Change
from tests import factories
from tests.regimens.scenes import accepted, courses, give, ivig, offsets, today

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogue")]


def running(policy: str = "hybrid", weeks_ago: int = 6, **changes: object) -> tuple[TreatmentOrder, Actor]:
    """An order every three weeks that began some weeks ago."""
    clinic = factories.make_clinic()
    by = factories.scheduler(clinic)
    starts_on = today(clinic) - timedelta(weeks=weeks_ago)
    facts = ivig(clinic, starts_on=starts_on, signed_on=starts_on, late_dose_policy=policy, **changes)
    return accepted(factories.make_patient(clinic), by, facts), by


def recalculated(order: TreatmentOrder, by: Actor, **how: object) -> list[int]:
    """The numbers of courses that recalculating leaves to a person."""
    left = replanning.recalculate(order=order, by=by, **how)  # type: ignore[arg-type]
    return [course.number for course in left.courses]


def test_a_plan_just_laid_out_does_not_differ() -> None:
    order, _ = running()
    assert not replanning.difference(order)


def test_a_dose_inside_its_window_changes_nothing() -> None:
    order, by = running(titration="first")
    before = offsets(order)
    give(order, {1: 0, 2: 2})
    recalculated(order, by)
    assert offsets(order) == before
    assert not AuditEvent.objects.filter(action="order.recalculate").exists()


@pytest.mark.parametrize(("policy", "expected"), [("hybrid", 47), ("actual", 47), ("original", 42)])
def test_a_late_dose_moves_the_dates_after_it_by_the_policy(policy: str, expected: int) -> None:
    order, by = running(policy, titration="first")
    give(order, {1: 0, 2: 5})
    changed = bool(replanning.difference(order))
    recalculated(order, by, cause="what was given")
    assert offsets(order)[2] == expected
    assert changed is (policy != "original")
    third = courses(order)[2]
    assert [day.due_on for day in third.days.all()] == [third.due_on, third.due_on + timedelta(days=1)]
    event = OrderEvent.objects.filter(order=order, kind="recalculated").first()
    assert (event is not None) is changed
    if event is not None:
        assert event.reason == "what was given"
        assert event.detail["changes"][0]["course"] == 3


def test_the_difference_names_the_dose_that_was_given_late() -> None:
    order, _ = running()
    give(order, {1: 0, 2: 5})
    second = order.starts_on + timedelta(days=26)
    found = replanning.difference(order).of(3)
    assert found is not None
    assert found.change is Change.CHANGED
    assert found.moves
    assert found.causes[0] == f"the dose of {second:%-d %b %Y} was given 2 days after its window"


def test_recalculating_twice_changes_nothing_more() -> None:
    order, by = running()
    give(order, {1: 0, 2: 5})
    recalculated(order, by)
    once = offsets(order)
    order.refresh_from_db()
    version = order.version
    assert recalculated(order, by) == []
    order.refresh_from_db()
    assert (offsets(order), order.version) == (once, version)


def test_a_booked_course_stays_and_is_left_to_a_person() -> None:
    order, by = running()
    give(order, {1: 0, 2: 5})
    assert recalculated(order, by, booked={3}) == [3]
    assert offsets(order)[2:4] == [42, 68]
    found = replanning.difference(order).of(3)
    assert found is not None
    assert found.now is not None
    assert found.now.due_on == order.starts_on + timedelta(days=47)


def test_the_same_difference_has_the_same_name_and_a_new_one_another() -> None:
    order, by = running()
    give(order, {1: 0, 2: 5})
    first, again = (replanning.difference(order).of(3) for _ in range(2))
    assert first == again
    for given_day in order.administrations.filter(course_day__course__number=2):
        administrations.void(visit_id=given_day.visit_id, reason="Wrong day.", by=by)
    give(order, {2: 6})
    later = replanning.difference(order).of(3)
    assert first is not None
    assert later is not None
    assert later.fingerprint != first.fingerprint


def test_only_the_difference_that_was_seen_is_adopted() -> None:
    order, by = running()
    give(order, {1: 0, 2: 5})
    seen = replanning.difference(order).of(3)
    assert seen is not None
    with pytest.raises(Stale):
        replanning.adopt(order=order, number=3, expected="something else", by=by)
    replanning.adopt(order=order, number=3, expected=seen.fingerprint, by=by)
    assert replanning.difference(order).of(3) is None
    with pytest.raises(Stale):
        replanning.adopt(order=order, number=3, expected=seen.fingerprint, by=by)


def test_a_missed_course_does_not_stop_the_ones_after_it() -> None:
    order, by = running(weeks_ago=9)
    give(order, {1: 0, 2: 0, 4: -1})
    recalculated(order, by)
    assert offsets(order)[3:5] == [63, 84]


def test_doses_count_in_the_order_in_which_they_were_given() -> None:
    """A course caught up after a later one: the plan goes on from the latest dose and never jams."""
    order, by = running("actual", titration="first")
    give(order, {1: 0, 3: 0, 2: 21})
    recalculated(order, by)
    last = max(day.on for day in given_days(order))
    assert courses(order)[3].due_on == last + timedelta(days=21)
    assert not replanning.difference(order)


def test_the_rest_of_a_course_follows_the_day_that_was_really_given() -> None:
    order, by = running(titration="first", weeks_ago=0)
    first = courses(order)[0]
    day = first.days.get(day_number=1)
    late = factories.at(first.due_on + timedelta(days=3), 9)
    administrations.draft(course_day=day, visit_id=day.id, at=late).save()
    assert not replanning.difference(order).of(1)
    recalculated(order, by)
    assert first.days.get(day_number=2).due_on == first.due_on + timedelta(days=4)


def test_taking_a_dose_back_brings_the_old_dates_back() -> None:
    order, by = running()
    before = offsets(order)
    give(order, {1: 0, 2: 5})
    recalculated(order, by)
    for given_day in order.administrations.filter(course_day__course__number=2):
        administrations.void(visit_id=given_day.visit_id, reason="Wrong patient.", by=by)
    recalculated(order, by)
    assert offsets(order) == before


def test_after_a_reaction_the_next_infusion_is_slow_and_says_why() -> None:
    order, by = running()
    give(order, {1: 0, 2: 0})
    recalculated(order, by)
    reacted = order.administrations.filter(course_day__course__number=2).latest("started_at")
    Reaction.objects.create(
        patient=order.patient,
        order=order,
        product=order.product,
        kind="chills",
        grade=2,
        occurred_at=reacted.started_at,
        recorded_at=reacted.started_at,
        recorded_by_label="Nurse",
    )
    found = replanning.difference(order)
    assert [course.number for course in found.courses] == [3]
    on = found.courses[0]
    assert on.causes == (f"a grade 2 reaction on {reacted.started_at:%-d %b %Y}: slow ramp and premedication",)
    assert not on.moves
    recalculated(order, by, cause="a reaction")
    first, second = (day.profile for day in courses(order)[2].days.all())
    assert (first, second) == ("first", "subsequent")


def test_courses_of_an_order_that_ended_stay_as_a_record_and_differ_only_for_who_booked_them() -> None:
    order, by = running()
    give(order, {1: 0, 2: 0})
    holding.end(order=order, on=today(order.clinic), reason="Moved away.", by=by)
    order.refresh_from_db()
    count = order.courses.count()
    assert recalculated(order, by, booked={4}) == [4]
    assert order.courses.count() == count
    found = replanning.difference(order).of(4)
    assert found is not None
    assert found.change is Change.VANISHED
    assert found.causes == (f"the order ended on {today(order.clinic):%-d %b %Y}",)


def test_a_course_pushed_past_the_end_of_the_order_vanishes_and_comes_back() -> None:
    order, by = running(ends_on=None)
    TreatmentOrder.objects.filter(pk=order.pk).update(ends_on=order.starts_on + timedelta(days=63))
    order.refresh_from_db()
    recalculated(order, by)
    assert offsets(order) == [0, 21, 42, 63]
    give(order, {1: 0, 2: 5})
    recalculated(order, by)
    assert offsets(order) == [0, 21, 47]
    for given_day in order.administrations.filter(course_day__course__number=2):
        administrations.void(visit_id=given_day.visit_id, reason="Wrong day.", by=by)
    recalculated(order, by)
    assert offsets(order) == [0, 21, 42, 63]


def test_an_order_is_extended_where_it_stopped_and_only_once() -> None:
    order, by = running()
    give(order, {1: 0, 2: 5})
    recalculated(order, by)
    before = offsets(order)
    order.refresh_from_db()
    assert order.laid_out_through_on is not None
    through = order.laid_out_through_on + timedelta(days=42)
    replanning.extend(order=order, by=by, through_on=through)
    after = offsets(order)
    assert after[: len(before)] == before
    assert after[len(before) :] == [before[-1] + 21, before[-1] + 42]
    replanning.extend(order=order, by=by, through_on=through)
    assert offsets(order) == after
    assert [day.chair_minutes for day in courses(order)[-1].days.all()] == [
        day.chair_minutes for day in courses(order)[-2].days.all()
    ]
    assert not replanning.difference(order)


def test_only_an_active_order_is_extended() -> None:
    clinic = factories.make_clinic()
    by = factories.scheduler(clinic)
    draft = orders.enter(clinic=clinic, patient=factories.make_patient(clinic), by=by, **ivig(clinic))
    with pytest.raises(Conflict):
        replanning.extend(order=draft, by=by)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    policy=st.sampled_from(["hybrid", "actual", "original"]),
    late=st.lists(st.integers(min_value=-6, max_value=15), min_size=0, max_size=4),
    missed=st.sets(st.integers(min_value=2, max_value=4), max_size=2),
    minimum=st.sampled_from([None, 14, 21]),
)
def test_any_history_recalculates_once_and_never_too_soon(
    policy: str, late: list[int], missed: set[int], minimum: int | None
) -> None:
    order, by = running(policy, weeks_ago=16, days_per_course=1, minimum_interval_days=minimum)
    history = {number: days for number, days in enumerate([0, *late], start=1) if number not in missed}
    give(order, history)
    recalculated(order, by)
    once = _rows(order)
    order.refresh_from_db()
    version = order.version
    assert not replanning.difference(order)
    recalculated(order, by)
    order.refresh_from_db()
    assert (_rows(order), order.version) == (once, version)
    last = max(history)
    on = order.starts_on + timedelta(days=21 * (last - 1) + history[last])
    following = Course.objects.get(order=order, number=last + 1)
    assert following.earliest_on >= on + timedelta(days=minimum or 1)


def _rows(order: TreatmentOrder) -> list[tuple[date, date, date, list[tuple[date, Decimal, int, int, str]]]]:
    return [
        (
            course.due_on,
            course.earliest_on,
            course.latest_on,
            [(day.due_on, day.dose_mg, day.units, day.chair_minutes, day.profile) for day in course.days.all()],
        )
        for course in courses(order)
    ]


def profiles(order: TreatmentOrder) -> dict[int, str]:
    """The ramp of the first day of each course."""
    return {course.number: course.days.order_by("day_number")[0].profile for course in courses(order)}


def every_six_weeks() -> tuple[TreatmentOrder, Actor]:
    """Three courses of an order every 42 days are over."""
    clinic = factories.make_clinic()
    by = factories.scheduler(clinic)
    starts_on = today(clinic) - timedelta(days=90)
    facts = ivig(clinic, starts_on=starts_on, signed_on=starts_on, interval_days=42, days_per_course=1)
    return accepted(factories.make_patient(clinic), by, facts), by


def give_on(order: TreatmentOrder, number: int, on: date) -> None:
    """Give the only day of a course."""
    give(order, {number: (on - order.starts_on).days - 21 * (number - 1)})


def test_after_a_missed_course_the_next_one_begins_slowly_when_the_real_gap_is_long() -> None:
    order, by = every_six_weeks()
    give_on(order, 1, order.starts_on)
    recalculated(order, by)
    assert profiles(order)[3] == "first"  # 84 days after the first course: the second was missed
    give_on(order, 3, order.starts_on + timedelta(days=84))
    recalculated(order, by)
    assert profiles(order)[4] == "subsequent"
    assert not replanning.difference(order)


def test_a_missed_course_does_not_take_the_slow_ramp_after_a_reaction_away_from_the_next() -> None:
    order, by = running(days_per_course=1)
    give(order, {1: 0})
    reacted_on = order.starts_on
    Reaction.objects.create(
        patient=order.patient,
        order=order,
        product=order.product,
        kind="chills",
        grade=2,
        occurred_at=factories.at(reacted_on, 12),
        recorded_at=factories.at(reacted_on, 13),
        recorded_by_label="A nurse",
    )
    recalculated(order, by)
    assert profiles(order)[3] == "first"  # the second, which would have been slow, was missed
    assert profiles(order)[4] == "subsequent"


def test_a_course_accepted_in_the_past_and_never_given_is_no_infusion() -> None:
    order, _ = running(days_per_course=1)
    assert (profiles(order)[3], profiles(order)[4]) == ("first", "subsequent")
    assert not replanning.difference(order)
