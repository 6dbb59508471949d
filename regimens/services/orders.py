"""A treatment order's life: entered as a draft, accepted into courses a year ahead.

Promises that an accepted order has every course of the next twelve months with its window, doses, vials, units and
chair time, all by the rules that made its preview. What happens to them later is in `replanning`.
"""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from django.db import transaction

from accounts.domain.policy import Permission
from accounts.models import Clinic, User
from core import clock
from core.actor import Actor
from core.errors import BadInput, Conflict, NotFound
from core.transactions import business_act
from patients.models import Patient
from regimens.models import Indication, OrderStatus, Product, TreatmentOrder
from regimens.queries.patient_facts import PatientFacts, patient_facts
from regimens.queries.therapies import Therapy, therapy
from regimens.services import courses as rows
from regimens.services.facts import OrderFacts, completed, facts_of
from regimens.services.order_acts import locked, recorded
from regimens.services.order_checks import check_label, check_last_given, check_order
from regimens.services.planning import NOTHING_KNOWN, LaidOutCourse, lay_out_courses


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
    recorded("order.enter", order, by, detail)
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
    held = locked(order, by)
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
    recorded("order.accept", held, by, {"courses": len(laid_out), "through_on": through.isoformat()})
    return held


def _refuse_to_lay_out(facts: OrderFacts, treatment: Therapy, today: date, last_given_on: date | None) -> None:
    reasons = (
        *check_order(facts, treatment, today=today),
        *check_label(treatment),
        *check_last_given(last_given_on, today=today),
    )
    if reasons:
        raise BadInput.of(reasons)


def _person(by: Actor) -> User | None:
    return User.objects.filter(pk=by.id).first() if by.id else None


def _when_accepted(order: TreatmentOrder) -> str:
    if order.accepted_at is None:
        return ""
    who = f" by {order.accepted_by}" if order.accepted_by else ""
    return f"{who} on {order.accepted_at.astimezone(order.clinic.zone):%-d %B %Y}"
