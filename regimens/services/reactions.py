"""Reactions to an infusion: recorded by whoever saw them, over at some time, voided when they were a mistake.

A reaction of grade 3 or more holds the order at once, and the patient's infusions until a prescriber releases it: the
reaction itself (`release`), whatever became of the order, or the order with it (`services.holding`). One of grade 4 or
more holds every order of that product for the patient, for good. Voiding one releases nothing: a person does.
"""

from datetime import datetime
from uuid import UUID

from django.db.models import Q

from accounts.domain.policy import Permission
from audit.services.record import record as audit
from core import clock
from core.actor import Actor
from core.errors import BadInput, Conflict, NotFound
from core.transactions import business_act
from regimens.domain.reactions import Effect, ReactionFacts, check_reaction, effects, onset_minutes
from regimens.models import Administration, CourseDay, OrderStatus, Product, Reaction, TreatmentOrder
from regimens.queries.reactions import kinds
from regimens.services import holding


@business_act
def record(
    *,
    course_day: CourseDay,
    kind: str,
    grade: int,
    occurred_at: datetime,
    by: Actor,
    description: str = "",
    treatment: str = "",
    is_over: bool = False,
    visit_id: UUID | None = None,
) -> Reaction:
    """Keep a reaction to what was given on `course_day`, and hold what its grade holds.

    Raises BadInput with every reason, each at its field.
    """
    by.require(Permission.ADMINISTRATION_RECORD, "record reactions")
    order = course_day.course.order
    if by.clinic_id not in {None, order.clinic_id}:
        raise NotFound("course day")
    facts = ReactionFacts(
        kind=kind,
        grade=grade,
        occurred_at=occurred_at,
        description=description.strip()[:500],
        treatment=treatment.strip()[:300],
        is_over=is_over,
    )
    given = _given(course_day, visit_id)
    started_at = given.started_at if given else None
    reasons = check_reaction(facts, kinds=kinds(), started_at=started_at, now=clock.now())
    if reasons:
        raise BadInput.of(reasons)
    product = given.product if given else order.product
    _hold(order, product, facts, by)
    reaction = _create(course_day, product, facts, started_at, by)
    _audit("reaction.record", reaction, by)
    return reaction


def _create(
    course_day: CourseDay, product: Product, facts: ReactionFacts, started_at: datetime | None, by: Actor
) -> Reaction:
    order, now = course_day.course.order, clock.now()
    return Reaction.objects.create(
        patient=order.patient,
        order=order,
        product=product,
        course_day=course_day,
        kind=facts.kind,
        grade=facts.grade,
        occurred_at=facts.occurred_at,
        onset_minutes=onset_minutes(started_at=started_at, occurred_at=facts.occurred_at),
        description=facts.description,
        treatment=facts.treatment,
        resolved_at=now if facts.is_over else None,
        recorded_at=now,
        recorded_by_label=by.label[:150],
    )


@business_act
def resolve(*, reaction: Reaction, by: Actor) -> Reaction:
    """It is over. Saying so twice is once."""
    by.require(Permission.ADMINISTRATION_RECORD, "record reactions")
    current = _locked(reaction, by)
    if current.resolved_at is None:
        current.resolved_at = clock.now()
        current.save(update_fields=["resolved_at"])
        _audit("reaction.resolve", current, by)
    return current


@business_act
def release(*, reaction: Reaction, note: str, by: Actor) -> Reaction:
    """A prescriber says that the patient may be infused again. It holds the patient no longer.

    An order on hold stays so until it is released itself, and a product that is blocked stays blocked. Raises BadInput
    (field "note") without a note, Conflict for a reaction that holds nothing or was released.
    """
    by.require(Permission.ORDER_RELEASE, "release a reaction")
    why = " ".join(note.split())[:300]
    if not why:
        raise BadInput("reason_missing", "Say why the patient may be infused again.", field="note")
    current = _locked(reaction, by)
    if current.voided_at is not None or Effect.HELD not in effects(current.grade):
        raise Conflict("not_holding", "This reaction holds nothing, so there is nothing to release.")
    if current.released_at is not None:
        raise Conflict("already_released", f"{current.released_by_label} released this reaction already.")
    current.released_at, current.released_by_label, current.release_note = clock.now(), by.label[:150], why
    current.save(update_fields=["released_at", "released_by_label", "release_note"])
    _audit("reaction.release", current, by)
    return current


@business_act
def void(*, reaction: Reaction, reason: str, by: Actor) -> Reaction:
    """It was recorded by mistake: it stays, with the reason, and counts for nothing. What it held stays held."""
    by.require(Permission.ADMINISTRATION_RECORD, "record reactions")
    why = " ".join(reason.split())[:200]
    if not why:
        raise BadInput("reason_missing", "Say why it was a mistake.", field="reason")
    current = _locked(reaction, by)
    if current.voided_at is not None:
        raise Conflict("already_voided", "Somebody voided this reaction already.")
    current.voided_at, current.void_reason = clock.now(), why
    current.save(update_fields=["voided_at", "void_reason"])
    _audit("reaction.void", current, by)
    return current


def _given(course_day: CourseDay, visit_id: UUID | None) -> Administration | None:
    rows = Administration.objects.filter(course_day=course_day, voided_at__isnull=True).select_related("product")
    return rows.filter(visit_id=visit_id).first() if visit_id else rows.first()


def _hold(order: TreatmentOrder, product: Product, facts: ReactionFacts, by: Actor) -> None:
    """Hold the order; when the product is blocked, all of the patient's orders of it. Locked in the order of ids."""
    found = effects(facts.grade)
    if Effect.HELD not in found:
        return
    wanted = Q(pk=order.pk)
    if Effect.BLOCKED in found:
        wanted |= Q(patient_id=order.patient_id, product=product)
    held = TreatmentOrder.objects.filter(wanted, status__in=[OrderStatus.ACTIVE, OrderStatus.ON_HOLD])
    for each in held.order_by("id"):
        reason = f"Reaction of grade {facts.grade}: {facts.kind}."
        holding.hold(order=each, reason=reason, by=by, for_reaction=True)


def _locked(reaction: Reaction, by: Actor) -> Reaction:
    found = (
        Reaction.objects.select_for_update(of=("self",))
        .select_related("order__clinic", "order__patient", "product")
        .filter(pk=reaction.pk)
        .first()
    )
    if found is None or by.clinic_id not in {None, found.order.clinic_id}:
        raise NotFound("reaction")
    return found


def _audit(action: str, reaction: Reaction, by: Actor) -> None:
    audit(
        action=action,
        entity_type="reaction",
        entity_id=reaction.id,
        by=by,
        patient_id=reaction.patient_id,
        detail={"order": str(reaction.order_id), "grade": reaction.grade, "kind": reaction.kind},
    )
