"""A renewal carries on where its order ends: no course twice, none lost, and the interval from the last dose kept."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from accounts.domain.policy import Role
from accounts.models import Clinic
from core.actor import Actor
from core.errors import BadInput, Conflict, NotAllowed
from regimens.models import Administration, CourseDay, TreatmentOrder
from regimens.queries import orders as reading
from regimens.queries import renewals
from regimens.queries.orders import OrderFilter
from regimens.services import orders, renewal
from tests import factories
from tests.regimens.scenes import accepted, courses, ivig, today

pytestmark = pytest.mark.usefixtures("catalogue")


def running_out(clinic: Clinic, by: Actor, **changes: Any) -> TreatmentOrder:
    """Signed 330 days ago and given every three weeks; 35 days of it are left."""
    signed = today(clinic) - timedelta(days=330)
    start = today(clinic) - timedelta(days=20)
    facts = ivig(
        clinic, days_per_course=1, dose_amount=Decimal("0.5"), **{"starts_on": start, "signed_on": signed} | changes
    )
    return accepted(factories.make_patient(clinic), by, facts)


def good_until(order: TreatmentOrder) -> date:
    assert order.signed_on is not None
    return order.signed_on + timedelta(days=365)


def given(day: CourseDay, on: date) -> Administration:
    order = day.course.order
    return Administration.objects.create(
        order=order,
        course_day=day,
        visit_id=order.id,
        product=order.product,
        started_at=factories.at(on, 10),
        dosing_weight_kg=order.dosing_weight_kg,
        weight_basis=order.weight_basis,
        planned_dose_mg=day.dose_mg,
        planned_minutes=60,
    )


def test_a_renewal_is_prefilled_from_the_next_course_its_order_does_not_cover() -> None:
    clinic = factories.make_clinic()
    by = factories.scheduler(clinic)
    old = running_out(clinic, by, induction_offsets_days=(0,), induction_days=2, induction_doses=(Decimal(1),))
    first = courses(old)[0].days.order_by("day_number")[0]
    given(first, old.starts_on)
    draft = renewal.renew(order=old, by=by)
    until = good_until(old)
    beyond = next(course.due_on for course in courses(old) if course.due_on > until)
    assert (draft.status, draft.renews_id, draft.starts_on) == ("draft", old.id, beyond)
    assert (draft.prior_dose_on, draft.signed_on) == (old.starts_on, None)
    assert (draft.induction_offsets_days, draft.induction_doses, draft.induction_days) == ([], [], None)
    assert (draft.dose_amount, draft.interval_days, draft.ends_on) == (old.dose_amount, 21, None)
    assert old.events.values_list("kind", flat=True)[0] == "renewed"
    with pytest.raises(Conflict, match="has a renewal already"):
        renewal.renew(order=old, by=by)


def test_accepting_it_lets_the_old_order_end_before_it_and_no_course_is_planned_twice() -> None:
    clinic = factories.make_clinic()
    by = factories.scheduler(clinic)
    old = running_out(clinic, by)
    draft = renewal.renew(order=old, signed_on=today(clinic), by=by)
    new = orders.accept(order=draft, by=by)
    old.refresh_from_db()
    assert (old.status, old.ends_on) == ("active", good_until(old))
    assert good_until(old) < new.starts_on
    due = [course.due_on for course in courses(old)] + [course.due_on for course in courses(new)]
    assert {(later - earlier).days for earlier, later in pairwise(due)} == {21}


def test_a_course_with_a_record_stays_and_the_renewal_follows_one_interval_after_it() -> None:
    clinic = factories.make_clinic()
    by = factories.scheduler(clinic)
    old = running_out(clinic, by)
    third = courses(old)[2]
    given(third.days.get(), third.due_on)
    draft = renewal.renew(order=old, signed_on=today(clinic), by=by)
    TreatmentOrder.objects.filter(pk=draft.pk).update(starts_on=courses(old)[1].due_on, prior_dose_on=None)
    new = orders.accept(order=draft, by=by)
    old.refresh_from_db()
    assert [course.number for course in courses(old)] == [1, 2, 3]
    assert new.starts_on == third.due_on + timedelta(days=21)
    assert old.ends_on == min(third.latest_on, good_until(old))


def test_what_stays_beyond_the_old_orders_validity_is_named_to_be_booked_anew() -> None:
    clinic = factories.make_clinic()
    by = factories.scheduler(clinic)
    old = running_out(clinic, by)
    until = good_until(old)
    beyond = next(course for course in courses(old) if course.due_on > until)
    given(beyond.days.get(), beyond.due_on)
    draft = renewal.renew(order=old, signed_on=today(clinic), by=by)
    TreatmentOrder.objects.filter(pk=draft.pk).update(starts_on=beyond.due_on, prior_dose_on=None)
    new = orders.accept(order=draft, by=by)
    assert new.starts_on == beyond.due_on
    event = old.events.first()
    assert event is not None
    assert (event.detail["kept"], event.detail["beyond"]) == ([beyond.number], [beyond.number])
    assert event.reason == f"Book course {beyond.number} anew: it is later than this order counts."


def test_the_replaced_order_ends_by_itself_when_its_last_date_has_passed() -> None:
    clinic = factories.make_clinic()
    by = factories.scheduler(clinic)
    old, other = running_out(clinic, by), running_out(clinic, by, ends_on=today(clinic) - timedelta(days=2))
    orders.accept(order=renewal.renew(order=old, signed_on=today(clinic), by=by), by=by)
    assert renewal.end_passed(clinic=clinic, by=by) == 0
    TreatmentOrder.objects.filter(pk=old.pk).update(ends_on=today(clinic) - timedelta(days=1))
    assert renewal.end_passed(clinic=clinic, by=by) == 1
    assert renewal.end_passed(clinic=clinic, by=by) == 0
    statuses = {order.pk: order.status for order in TreatmentOrder.objects.filter(pk__in=[old.pk, other.pk])}
    assert statuses == {old.pk: "ended", other.pk: "active"}


def test_an_order_that_ends_by_itself_or_was_never_accepted_is_not_renewed() -> None:
    clinic = factories.make_clinic()
    by, patient = factories.scheduler(clinic), factories.make_patient(clinic)
    draft = orders.enter(clinic=clinic, patient=patient, by=by, **ivig(clinic))
    with pytest.raises(Conflict, match="Only an accepted order"):
        renewal.renew(order=draft, by=by)
    once = accepted(patient, by, ivig(clinic, interval_days=None))
    with pytest.raises(Conflict, match="ends by itself"):
        renewal.renew(order=once, by=by)


def test_orders_that_run_out_are_listed_soonest_first_until_they_are_renewed(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    clinic = factories.make_clinic()
    by, day = factories.scheduler(clinic), today(clinic)
    expires = running_out(clinic, by)
    used = running_out(clinic, by, course_limit=2, signed_on=day - timedelta(days=30))
    running_out(clinic, by, signed_on=day - timedelta(days=100))
    running_out(clinic, by, interval_days=None)
    with django_assert_num_queries(2):
        found = renewals.renewals_due(clinic, day)
    assert [(due.order.id, due.days_left, due.notice_days, due.why.value) for due in found] == [
        (used.id, 1, 30, "courses_used"),
        (expires.id, 35, 60, "expires"),
    ]
    renewal.renew(order=expires, by=by)
    assert [due.order.id for due in renewals.renewals_due(clinic, day)] == [used.id]
    assert renewals.renewals_due(factories.make_clinic(), day) == ()


def test_the_response_is_reviewed_half_a_year_and_a_year_after_the_first_dose() -> None:
    clinic = factories.make_clinic()
    by, day = factories.scheduler(clinic), today(clinic)
    order = running_out(clinic, by)
    assert renewals.reviews_due(clinic, day) == ()
    first = given(courses(order)[0].days.get(), day - timedelta(days=20))
    for ago, months in [(167, None), (168, 6), (212, 6), (213, None), (351, 12), (396, None)]:
        Administration.objects.filter(pk=first.pk).update(started_at=factories.at(day - timedelta(days=ago), 10))
        assert [review.months for review in renewals.reviews_due(clinic, day)] == ([] if months is None else [months])
    later = orders.accept(order=renewal.renew(order=order, signed_on=today(clinic), by=by), by=by)
    Administration.objects.filter(pk=first.pk).update(started_at=factories.at(day - timedelta(days=180), 10))
    (review,) = renewals.reviews_due(clinic, day)
    assert (review.months, review.order.id) == (6, later.id)


def test_a_renewal_nobody_signed_waits_for_its_signature() -> None:
    clinic = factories.make_clinic()
    by = factories.scheduler(clinic)
    draft = renewal.renew(order=running_out(clinic, by), by=by)
    with pytest.raises(BadInput) as caught:
        orders.accept(order=draft, by=by)
    assert [(reason.code, reason.field) for reason in caught.value.reasons] == [("not_signed", "signed_on")]
    assert [order.pk for order in reading.listed(clinic, OrderFilter.DRAFT, today=today(clinic))] == [draft.pk]


def test_only_those_who_change_orders_renew_them() -> None:
    clinic = factories.make_clinic()
    order = running_out(clinic, factories.scheduler(clinic))
    auditor = factories.actor(factories.make_staff(clinic, Role.AUDITOR))
    with pytest.raises(NotAllowed, match="may not renew"):
        renewal.renew(order=order, by=auditor)


def test_the_renewal_of_an_order_that_nothing_was_given_of_takes_its_place_from_its_next_due_date() -> None:
    clinic = factories.make_clinic()
    by = factories.scheduler(clinic)
    old = accepted(factories.make_patient(clinic), by, ivig(clinic))
    draft = renewal.renew(order=old, by=by)
    assert draft.starts_on == old.starts_on
    late = running_out(clinic, by, signed_on=today(clinic) - timedelta(days=30))
    coming = next(course.due_on for course in courses(late) if course.due_on >= today(clinic))
    assert renewal.renew(order=late, by=by).starts_on == coming
    assert (coming - today(clinic)).days < 21
