"""A treatment order's life: entered as a draft, accepted into courses a year ahead, extended, re-anchored.

Promises that an accepted order has every course of the next twelve months with its window, doses, vials, units and
chair time, all by the rules that made its preview; and that what was laid out before stays unless a caller asks.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

from django.db import transaction

from accounts.domain.policy import Permission
from accounts.models import Clinic, User
from audit.services.record import record
from core import clock
from core.actor import Actor
from core.errors import BadInput, Conflict, NotFound
from core.transactions import business_act
from patients.models import Patient
from regimens.models import Course, Indication, OrderStatus, Product, TreatmentOrder
from regimens.queries.patient_facts import PatientFacts, patient_facts
from regimens.queries.therapies import Therapy, therapy
from regimens.services import courses as rows
from regimens.services.facts import OrderFacts, completed, facts_of
from regimens.services.order_checks import check_label, check_last_given, check_order
from regimens.services.planning import NOTHING_KNOWN, LaidOutCourse, lay_out_courses


@dataclass(frozen=True)
class CourseChange:
    """A course whose due date a recalculation would move; `is_kept` because it has a visit."""

    number: int
    was_on: date
    now_on: date
    is_kept: bool


def a_year_after(day: date) -> date:
    """The same date next year (28 February for a leap day)."""
    try:
        return day.replace(year=day.year + 1)
    except ValueError:
        return day.replace(year=day.year + 1, day=28)


def preview(facts: OrderFacts, *, today: date, patient: PatientFacts = NOTHING_KNOWN) -> tuple[LaidOutCourse, ...]:
    """The courses of the next twelve months, unsaved. Raises BadInput with every reason against them."""
    treatment = therapy(facts.product, facts.indication)
    whole = completed(facts, treatment)
    _refuse_to_lay_out(whole, treatment, today, patient.last_given_on)
    return lay_out_courses(whole, treatment, through_on=a_year_after(today), patient=patient)


@business_act
def enter(
    *,
    clinic: Clinic,
    patient: Patient,
    product: Product,
    indication: Indication,
    icd10: str,
    hcpcs: str,
    dose_basis: str,
    dose_amount: Decimal,
    dosing_weight_kg: Decimal,
    days_per_course: int,
    interval_days: int,
    starts_on: date,
    signed_on: date,
    prescriber_name: str,
    induction_offsets_days: Sequence[int] = (),
    induction_doses: Sequence[Decimal] | None = None,
    first_maintenance_offset_days: int | None = None,
    window_early_days: int | None = None,
    window_late_days: int | None = None,
    minimum_interval_days: int | None = None,
    late_dose_policy: str | None = None,
    ends_on: date | None = None,
    course_limit: int | None = None,
    needs_premedication: bool = False,
    by: Actor,
) -> TreatmentOrder:
    """A draft order. `dose_amount` is for the whole course. Raises BadInput naming each field that makes no sense."""
    facts = OrderFacts(
        product=product,
        indication=indication,
        icd10=icd10,
        hcpcs=hcpcs,
        dose_basis=dose_basis,
        dose_amount=dose_amount,
        dosing_weight_kg=dosing_weight_kg,
        days_per_course=days_per_course,
        interval_days=interval_days,
        starts_on=starts_on,
        signed_on=signed_on,
        prescriber_name=prescriber_name,
        induction_offsets_days=tuple(induction_offsets_days),
        induction_doses=None if induction_doses is None else tuple(induction_doses),
        first_maintenance_offset_days=first_maintenance_offset_days,
        window_early_days=window_early_days,
        window_late_days=window_late_days,
        minimum_interval_days=minimum_interval_days,
        late_dose_policy=late_dose_policy,
        ends_on=ends_on,
        course_limit=course_limit,
        needs_premedication=needs_premedication,
    )
    return enter_facts(clinic=clinic, patient=patient, facts=facts, by=by)


@business_act
def enter_facts(*, clinic: Clinic, patient: Patient, facts: OrderFacts, by: Actor) -> TreatmentOrder:
    """A draft order from facts already gathered; the same act as `enter`."""
    by.require(Permission.ORDER_CHANGE, "enter treatment orders")
    if patient.clinic_id != clinic.id or by.clinic_id not in {None, clinic.id}:
        raise NotFound("patient")
    treatment = therapy(facts.product, facts.indication)
    whole = completed(facts, treatment)
    reasons = check_order(whole, treatment, today=clock.today(clinic.zone))
    if reasons:
        raise BadInput.of(reasons)
    order = TreatmentOrder.objects.create(
        clinic=clinic, patient=patient, created_at=clock.now(), **rows.order_fields(whole)
    )
    detail = {"product": order.product_id, "hcpcs": order.hcpcs}
    _record("order.enter", order, by, detail)
    return order


@business_act
def enter_and_accept(
    *, clinic: Clinic, patient: Patient, facts: OrderFacts, by: Actor, last_given_on: date | None = None
) -> TreatmentOrder:
    """Enter and accept in one act: where accepting is refused, no draft is left behind."""
    with transaction.atomic():
        order = enter_facts(clinic=clinic, patient=patient, facts=facts, by=by)
        return accept(order=order, by=by, last_given_on=last_given_on)


@business_act
def accept(
    *, order: TreatmentOrder, by: Actor, through_on: date | None = None, last_given_on: date | None = None
) -> TreatmentOrder:
    """Make a draft active and lay out its courses through `through_on` (default: a year from today).

    `last_given_on` is when the patient last had this product before this order: without it the first infusion follows
    the first ramp. Raises Conflict if the order is not a draft, BadInput if it cannot be laid out.
    """
    by.require(Permission.ORDER_CHANGE, "accept treatment orders")
    held = _locked(order, by)
    if held.status != OrderStatus.DRAFT:
        raise Conflict("order_not_draft", f"This order was accepted already{_when_accepted(held)}.")
    today = clock.today(held.clinic.zone)
    treatment = therapy(held.product, held.indication)
    facts = completed(facts_of(held), treatment)
    _refuse_to_lay_out(facts, treatment, today, last_given_on)
    through = through_on or a_year_after(today)
    known = patient_facts(held.patient, last_given_on=last_given_on)
    laid_out = lay_out_courses(facts, treatment, through_on=through, patient=known)
    rows.save_new(held, laid_out)
    held.status = OrderStatus.ACTIVE
    held.accepted_at = clock.now()
    held.accepted_by = _person(by)
    held.laid_out_through_on = through
    held.version += 1
    held.save(update_fields=["status", "accepted_at", "accepted_by", "laid_out_through_on", "version"])
    _record("order.accept", held, by, {"courses": len(laid_out), "through_on": through.isoformat()})
    return held


def _refuse_to_lay_out(facts: OrderFacts, treatment: Therapy, today: date, last_given_on: date | None) -> None:
    reasons = (
        *check_order(facts, treatment, today=today),
        *check_label(treatment),
        *check_last_given(last_given_on, today=today),
    )
    if reasons:
        raise BadInput.of(reasons)


@business_act
def extend(*, order: TreatmentOrder, by: Actor, through_on: date | None = None) -> TreatmentOrder:
    """Lay out what is missing through `through_on` (default: a year from today); courses already there stay.

    Raises Conflict if the order is not active. Extending twice changes nothing.
    """
    by.require(Permission.ORDER_CHANGE, "extend treatment orders")
    held = _active(order, by)
    through = through_on or a_year_after(clock.today(held.clinic.zone))
    if held.laid_out_through_on is not None and held.laid_out_through_on >= through:
        return held
    existing = list(held.courses.order_by("number"))
    laid_out = _again(held, given_on=_rising(course.due_on for course in existing), through_on=through)
    new = laid_out[len(existing) :]
    rows.save_new(held, new)
    held.laid_out_through_on = through
    held.version += 1
    held.save(update_fields=["laid_out_through_on", "version"])
    _record("order.extend", held, by, {"courses": len(new), "through_on": through.isoformat()})
    return held


@business_act
def reanchor(
    *, order: TreatmentOrder, given: Sequence[tuple[int, date]], by: Actor, booked: Collection[int] = ()
) -> tuple[CourseChange, ...]:
    """Recalculate the courses after the last one given, by the order's late-dose policy.

    `given` is (course number, the day its first dose was given), nothing when all of it was undone; a course before
    the last that is not listed counts as given on its due date. Courses in `booked` have a visit and stay as they
    are: the answer lists them as kept, for a person to approve or book anew. Recalculating twice changes nothing.
    Raises BadInput (field "given") for a course that does not exist, a date in the future, or dates out of order.
    """
    held = _active(order, by)
    existing = list(held.courses.prefetch_related("days").order_by("number"))
    if not existing:
        return ()
    last, dates = _history(held, existing, dict(given))
    horizon = max(held.laid_out_through_on or existing[-1].due_on, existing[-1].due_on)
    # A year more, so that a course pushed past the horizon is still found and moved rather than left behind.
    laid_out = _again(held, given_on=dates, through_on=horizon + timedelta(days=366))
    changes = _moves(existing[last:], laid_out[last:], booked)
    new = [course for course in laid_out[len(existing) :] if course.due_on <= horizon]
    if not new and all(change.is_kept for change in changes):
        return changes
    moving = {change.number for change in changes if not change.is_kept}
    rows.move(existing, [course for course in laid_out if course.number in moving])
    rows.save_new(held, new)
    held.version += 1
    held.save(update_fields=["version"])
    moved = [{"course": c.number, "was": c.was_on.isoformat(), "now": c.now_on.isoformat()} for c in changes]
    _record("order.reanchor", held, by, {"changes": moved, "new": len(new), "kept": sorted(set(booked))})
    return changes


def _moves(
    existing: Iterable[Course], laid_out: Iterable[LaidOutCourse], booked: Collection[int]
) -> tuple[CourseChange, ...]:
    return tuple(
        CourseChange(was.number, was.due_on, now.due_on, was.number in booked)
        for was, now in zip(existing, laid_out, strict=False)
        if (was.due_on, was.earliest_on, was.latest_on) != (now.due_on, now.earliest_on, now.latest_on)
    )


def _history(order: TreatmentOrder, existing: Sequence[Course], given: dict[int, date]) -> tuple[int, list[date]]:
    """The number of the last course given and the day of each course up to it."""
    numbers = {course.number for course in existing}
    today = clock.today(order.clinic.zone)
    for number, on in given.items():
        if number not in numbers:
            raise BadInput("unknown_course", f"The order has no course {number}.", field="given")
        if on > today:
            raise BadInput("given_later", f"Course {number} cannot have been given in the future.", field="given")
    said = [given[number] for number in sorted(given)]
    if any(later <= earlier for earlier, later in pairwise(said)):
        raise BadInput("given_out_of_order", "A later course was given before an earlier one.", field="given")
    last = max(given, default=0)
    dates: list[date] = []
    for course in reversed(existing[:last]):  # a course that was missed counts before the next one that was given
        following = dates[-1] - timedelta(days=1) if dates else date.max
        dates.append(given.get(course.number) or min(course.due_on, following))
    return last, _rising(reversed(dates))


def _rising(days: Iterable[date]) -> list[date]:
    """The days, each at least one after the one before."""
    found: list[date] = []
    for day in days:
        found.append(max(day, found[-1] + timedelta(days=1)) if found else day)
    return found


def _again(order: TreatmentOrder, *, given_on: Sequence[date], through_on: date) -> tuple[LaidOutCourse, ...]:
    treatment: Therapy = therapy(order.product, order.indication)
    known = patient_facts(order.patient)
    return lay_out_courses(facts_of(order), treatment, through_on=through_on, patient=known, given_on=given_on)


def _locked(order: TreatmentOrder, by: Actor) -> TreatmentOrder:
    held = (
        TreatmentOrder.objects.select_for_update(of=("self",))
        .select_related("clinic", "patient", "product", "indication", "accepted_by")
        .filter(pk=order.pk)
        .first()
    )
    if held is None or by.clinic_id not in {None, held.clinic_id}:
        raise NotFound("order")
    return held


def _active(order: TreatmentOrder, by: Actor) -> TreatmentOrder:
    held = _locked(order, by)
    if held.status != OrderStatus.ACTIVE:
        raise Conflict("order_not_active", "Only an accepted order that has not ended can be laid out further.")
    return held


def _person(by: Actor) -> User | None:
    return User.objects.filter(pk=by.id).first() if by.id else None


def _when_accepted(order: TreatmentOrder) -> str:
    if order.accepted_at is None:
        return ""
    who = f" by {order.accepted_by}" if order.accepted_by else ""
    return f"{who} on {order.accepted_at.astimezone(order.clinic.zone):%-d %B %Y}"


def _record(action: str, order: TreatmentOrder, by: Actor, detail: dict[str, Any]) -> None:
    record(action=action, entity_type="order", entity_id=order.id, by=by, patient_id=order.patient_id, detail=detail)
