"""What was given moves what comes after it, by the order's policy, and never a course that has a visit."""

from datetime import date, timedelta

import pytest

from audit.models import AuditEvent
from core.actor import Actor
from core.errors import BadInput, Conflict
from regimens.models import TreatmentOrder
from regimens.services import orders, replanning
from tests import factories
from tests.regimens.scenes import accepted, courses, ivig, offsets, today

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogue")]


def running(policy: str = "hybrid", weeks_ago: int = 6) -> tuple[TreatmentOrder, Actor]:
    """An order every three weeks that began some weeks ago."""
    clinic = factories.make_clinic()
    by = factories.scheduler(clinic)
    starts_on = today(clinic) - timedelta(weeks=weeks_ago)
    facts = ivig(clinic, starts_on=starts_on, signed_on=starts_on, late_dose_policy=policy)
    return accepted(factories.make_patient(clinic), by, facts), by


def given(order: TreatmentOrder, late: dict[int, int]) -> list[tuple[int, date]]:
    """Courses given so many days late."""
    return [(number, order.starts_on + timedelta(days=21 * (number - 1) + days)) for number, days in late.items()]


def test_a_dose_inside_its_window_changes_nothing() -> None:
    order, by = running()
    before = offsets(order)
    assert replanning.reanchor(order=order, given=given(order, {1: 0, 2: 2}), by=by) == ()
    assert offsets(order) == before
    assert not AuditEvent.objects.filter(action="order.reanchor").exists()


@pytest.mark.parametrize(("policy", "expected"), [("hybrid", 47), ("actual", 47), ("original", 42)])
def test_a_late_dose_moves_the_dates_after_it_by_the_policy(policy: str, expected: int) -> None:
    order, by = running(policy)
    changes = replanning.reanchor(order=order, given=given(order, {1: 0, 2: 5}), by=by)
    assert offsets(order)[2] == expected
    assert bool(changes) is (policy != "original")
    third = courses(order)[2]
    assert [day.due_on for day in third.days.all()] == [third.due_on, third.due_on + timedelta(days=1)]


def test_recalculating_twice_changes_nothing_more() -> None:
    order, by = running()
    replanning.reanchor(order=order, given=given(order, {1: 0, 2: 5}), by=by)
    once = offsets(order)
    order.refresh_from_db()
    version = order.version
    assert replanning.reanchor(order=order, given=given(order, {1: 0, 2: 5}), by=by) == ()
    order.refresh_from_db()
    assert (offsets(order), order.version) == (once, version)


def test_a_booked_course_stays_and_is_listed_as_kept() -> None:
    order, by = running()
    changes = replanning.reanchor(order=order, given=given(order, {1: 0, 2: 5}), by=by, booked={3})
    assert offsets(order)[2:4] == [42, 68]
    assert [change.number for change in changes if change.is_kept] == [3]
    assert changes[0].now_on == order.starts_on + timedelta(days=47)


def test_a_missed_course_does_not_stop_the_ones_after_it() -> None:
    order, by = running(weeks_ago=9)
    replanning.reanchor(order=order, given=given(order, {1: 0, 2: 0, 4: -1}), by=by)
    assert offsets(order)[3:5] == [63, 84]


def test_history_that_cannot_be_is_refused() -> None:
    order, by = running()
    later = order.starts_on + timedelta(days=200)
    for wrong in (
        [(99, order.starts_on)],
        [(2, later)],
        [(1, order.starts_on + timedelta(days=21)), (2, order.starts_on)],
    ):
        with pytest.raises(BadInput) as caught:
            replanning.reanchor(order=order, given=wrong, by=by)
        assert caught.value.reasons[0].field == "given"


def test_an_order_is_extended_where_it_stopped_and_only_once() -> None:
    order, by = running()
    replanning.reanchor(order=order, given=given(order, {1: 0, 2: 5}), by=by)
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
    days = courses(order)[-1].days.all()
    assert [day.chair_minutes for day in days] == [210, 210]


def test_only_an_active_order_is_extended() -> None:
    clinic = factories.make_clinic()
    by = factories.scheduler(clinic)
    draft = orders.enter(clinic=clinic, patient=factories.make_patient(clinic), by=by, **ivig(clinic))
    with pytest.raises(Conflict):
        replanning.extend(order=draft, by=by)
