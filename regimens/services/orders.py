"""A treatment order's life: entered as a draft, accepted into courses a year ahead.

Promises that an accepted order has every course of the next twelve months with its window, doses, vials, units and
chair time, all by the rules that made its preview. What happens to them later is in `replanning`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

from django.db import transaction

from accounts.domain.policy import Permission
from accounts.models import Clinic, User
from core import clock
from core.actor import Actor
from core.errors import BadInput, Conflict, NotFound
from core.transactions import business_act
from patients.models import Patient
from regimens.domain.given_so_far import GivenSoFar, Place
from regimens.models import OrderStatus, TreatmentOrder
from regimens.queries.given import GivenDay
from regimens.queries.patient_facts import NOTHING_KNOWN, PatientFacts, patient_facts, with_weight
from regimens.queries.therapies import Therapy, TherapyBook, therapy, therapy_book
from regimens.services import courses as rows
from regimens.services.facts import OrderFacts, completed, facts_of
from regimens.services.order_acts import locked, recorded
from regimens.services.order_checks import check_label, check_order
from regimens.services.order_events import EventKind, note
from regimens.services.planning import LaidOutCourse, lay_out_courses
from regimens.services.renewal import take_over

ACCEPTING = ("status", "accepted_at", "accepted_by", "laid_out_through_on", "prior_dose_on", "starts_on")


def a_year_after(day: date) -> date:
    """The same date next year (28 February for a leap day)."""
    try:
        return day.replace(year=day.year + 1)
    except ValueError:
        return day.replace(year=day.year + 1, day=28)


def preview(facts: OrderFacts, *, today: date, patient: PatientFacts = NOTHING_KNOWN) -> tuple[LaidOutCourse, ...]:
    """The courses of the next twelve months, unsaved. Raises BadInput with every reason against them."""
    book = _book(facts, patient.organization_id)
    whole = completed(facts, book.on(facts.starts_on))
    if whole.prior_dose_on is None:
        whole = replace(whole, prior_dose_on=patient.last_given_on)
    _refuse_to_lay_out(whole, book.on(facts.starts_on), today, patient)
    given = _given_so_far((), today)
    return lay_out_courses(whole, book, through_on=a_year_after(today), patient=patient, given=given)


def lay_out_again(
    order: TreatmentOrder,
    *,
    through_on: date,
    given_on: Sequence[date] = (),
    given: Sequence[GivenDay] = (),
    booked_on: Mapping[Place, date] | None = None,
) -> tuple[LaidOutCourse, ...]:
    """An accepted order's courses as the rules make them today from what was given. Saves nothing.

    Dates count from `given_on`, with one for each course up to the last one given; ramps from `given`, and from
    `booked_on` where a day is booked later than it is due.

    Without new facts about the order, its patient or the catalogue the answer is what was laid out before.
    """
    facts = facts_of(order)
    known = patient_facts(order.patient, order.product)
    book = _book(facts, order.clinic.organization_id)
    really = _given_so_far(given, clock.today(order.clinic.zone), booked_on)
    return lay_out_courses(facts, book, through_on=through_on, patient=known, given_on=given_on, given=really)


@business_act
def enter(*, clinic: Clinic, patient: Patient, by: Actor, **facts: Any) -> TreatmentOrder:
    """A draft order; `facts` are those of `OrderFacts`. `dose_amount` is for the whole course.

    Raises BadInput naming each field that makes no sense.
    """
    return enter_facts(clinic=clinic, patient=patient, facts=OrderFacts(**facts), by=by)


@business_act
def enter_facts(*, clinic: Clinic, patient: Patient, facts: OrderFacts, by: Actor) -> TreatmentOrder:
    """A draft order from facts already gathered; the same act as `enter`."""
    by.require(Permission.ORDER_CHANGE, "enter treatment orders")
    if patient.clinic_id != clinic.id or by.clinic_id not in {None, clinic.id}:
        raise NotFound("patient")
    treatment = therapy_book(facts.product, facts.indication, organization_id=clinic.organization_id).on(
        facts.starts_on
    )
    whole = completed(facts, treatment)
    known = with_weight(patient_facts(patient, facts.product), patient)
    reasons = check_order(whole, treatment, today=clock.today(clinic.zone), patient=known)
    if reasons:
        raise BadInput.of(reasons)
    order = TreatmentOrder.objects.create(
        clinic=clinic, patient=patient, created_at=clock.now(), **rows.order_fields(whole)
    )
    detail = {"product": order.product_id, "hcpcs": order.hcpcs}
    recorded("order.enter", order, by, detail)
    note(order, EventKind.ENTERED, by)
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

    `last_given_on` is when the patient last had this product before this order, if the order does not say; it is kept
    on the order. Without either the first infusion follows the first ramp. Raises Conflict if the order is not a
    draft, BadInput if it cannot be laid out. A renewal takes over from the order it renews: see `renewal`.
    """
    by.require(Permission.ORDER_CHANGE, "accept treatment orders")
    held = locked(order, by)
    if held.status != OrderStatus.DRAFT:
        raise Conflict("order_not_draft", f"This order was accepted already{_when_accepted(held)}.")
    today = clock.today(held.clinic.zone)
    held.prior_dose_on = last_given_on or held.prior_dose_on
    held.starts_on = take_over(renewal=held, by=by)
    book = _book(facts_of(held), held.clinic.organization_id)
    facts = completed(facts_of(held), book.on(held.starts_on))
    known = patient_facts(held.patient, held.product)
    _refuse_to_lay_out(facts, book.on(held.starts_on), today, known)
    through = through_on or a_year_after(today)
    laid_out = lay_out_courses(facts, book, through_on=through, patient=known, given=_given_so_far((), today))
    rows.save_new(held, laid_out)
    held.status = OrderStatus.ACTIVE
    held.accepted_at = clock.now()
    held.accepted_by = _person(by)
    held.laid_out_through_on = through
    held.version += 1
    held.save(update_fields=[*ACCEPTING, "version"])
    recorded("order.accept", held, by, {"courses": len(laid_out), "through_on": through.isoformat()})
    note(held, EventKind.ACCEPTED, by, detail={"courses": len(laid_out), "through_on": through.isoformat()})
    return held


def _given_so_far(given: Sequence[GivenDay], today: date, booked_on: Mapping[Place, date] | None = None) -> GivenSoFar:
    return GivenSoFar({(day.course_number, day.day_number): day.on for day in given}, today, booked_on or {})


def _book(facts: OrderFacts, organization_id: UUID | None) -> TherapyBook:
    """The catalogue over time, with an organization's own changes to it."""
    if organization_id is None:
        return TherapyBook(((date.min, therapy(facts.product, facts.indication)),))
    return therapy_book(facts.product, facts.indication, organization_id=organization_id)


def _refuse_to_lay_out(facts: OrderFacts, treatment: Therapy, today: date, patient: PatientFacts) -> None:
    reasons = (*check_order(facts, treatment, today=today, patient=patient), *check_label(treatment))
    if reasons:
        raise BadInput.of(reasons)


def _person(by: Actor) -> User | None:
    return User.objects.filter(pk=by.id).first() if by.id else None


def _when_accepted(order: TreatmentOrder) -> str:
    if order.accepted_at is None:
        return ""
    who = f" by {order.accepted_by}" if order.accepted_by else ""
    return f"{who} on {order.accepted_at.astimezone(order.clinic.zone):%-d %B %Y}"
