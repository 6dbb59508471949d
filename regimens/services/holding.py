"""Holding an order, releasing it, and ending it. Nothing is given while an order is on hold.

Promises that an order held because of a reaction goes on only when a prescriber says so, with a note, and that every
act is kept on the order with who, when and why.
"""

from datetime import date

from django.db.models import QuerySet

from accounts.domain.policy import Permission
from core import clock
from core.actor import Actor
from core.errors import BadInput, Conflict, NotAllowed
from core.transactions import business_act
from regimens.domain.reactions import BLOCKING, HOLDING
from regimens.models import OrderStatus, Reaction, TreatmentOrder
from regimens.services.order_acts import locked, recorded
from regimens.services.order_events import EventKind
from regimens.services.order_events import note as write_event


@business_act
def hold(*, order: TreatmentOrder, reason: str, by: Actor, for_reaction: bool = False) -> TreatmentOrder:
    """Put an accepted order on hold; one on hold already is held for this reason too, one that has ended stays ended.

    Held `for_reaction`, only a prescriber releases it, whatever becomes of the reaction's record. Raises BadInput
    (field "reason") without a reason, Conflict for a draft.
    """
    if not (by.can(Permission.ORDER_CHANGE) or by.can(Permission.ADMINISTRATION_RECORD)):
        raise NotAllowed("not_allowed", "Your role may not hold treatment orders. Ask a nurse or a manager.")
    why = _said(reason, "Say why the order is held.")
    held = locked(order, by)
    if held.status == OrderStatus.ENDED:
        return held
    if held.status == OrderStatus.DRAFT:
        raise Conflict("order_is_draft", "This order was never accepted, so there is nothing to hold.")
    before = [held.status_reason] if held.status == OrderStatus.ON_HOLD and held.status_reason != why else []
    held.status, held.status_reason = OrderStatus.ON_HOLD, "; ".join([*before, why])
    held.needs_prescriber = held.needs_prescriber or for_reaction
    return _written(held, EventKind.HELD, why, by)


@business_act
def release(*, order: TreatmentOrder, note: str, by: Actor) -> TreatmentOrder:
    """Let an order on hold go on, and stamp the reactions to it that were still open.

    Only a prescriber releases an order that was held for a reaction, with a note. Raises Conflict if the order is not
    on hold, or when a reaction of grade 4 blocks the product for the patient: then end it and order another product.
    """
    held = locked(order, by)
    if held.status != OrderStatus.ON_HOLD:
        raise Conflict("order_not_on_hold", "This order is not on hold.")
    is_grave = held.needs_prescriber or _open(held).exists()
    permission = Permission.ORDER_RELEASE if is_grave else Permission.ORDER_CHANGE
    by.require(permission, "release an order held for a reaction" if is_grave else "release treatment orders")
    why = _said(note, "Say why the order may go on.", field="note")
    if _blocking(held).exists():
        raise Conflict(
            "product_blocked",
            f"A reaction of grade {BLOCKING} or more to {held.product} is on record. End this order and "
            "choose another product; if the reaction was recorded by mistake, void it first.",
        )
    _open(held).update(released_at=clock.now(), released_by_label=by.label[:150], release_note=why)
    held.status, held.status_reason, held.needs_prescriber = OrderStatus.ACTIVE, "", False
    return _written(held, EventKind.RELEASED, why, by)


@business_act
def end(*, order: TreatmentOrder, on: date, reason: str, by: Actor) -> TreatmentOrder:
    """End an accepted order: nothing of it is given after `on`. Its courses stay, as a record of what was planned.

    With a date to come it goes on until then and counts no more afterwards. Raises BadInput (field "on") for a date
    before its start, Conflict if it has ended or is a draft.
    """
    by.require(Permission.ORDER_CHANGE, "end treatment orders")
    why = _said(reason, "Say why the order ends.")
    held = locked(order, by)
    if held.status not in {OrderStatus.ACTIVE, OrderStatus.ON_HOLD}:
        raise Conflict("order_not_active", "Only an accepted order that has not ended can be ended.")
    if on < held.starts_on:
        raise BadInput("ends_before_start", "The end date is before the first course.", field="on")
    held.ends_on = on
    if on <= clock.today(held.clinic.zone):
        held.status, held.status_reason = OrderStatus.ENDED, why
    return _written(held, EventKind.ENDED, why, by)


def _said(text: str, otherwise: str, *, field: str = "reason") -> str:
    words = " ".join(text.split())[:300]
    if not words:
        raise BadInput("reason_missing", otherwise, field=field)
    return words


def _open(order: TreatmentOrder) -> QuerySet[Reaction]:
    """Grave reactions to the order's infusions that no prescriber has released."""
    return Reaction.objects.filter(order=order, grade__gte=HOLDING, released_at__isnull=True, voided_at__isnull=True)


def _blocking(order: TreatmentOrder) -> QuerySet[Reaction]:
    """Reactions that block the order's product for the patient, to whichever order they came; released ones too."""
    return Reaction.objects.filter(
        patient=order.patient, product=order.product, grade__gte=BLOCKING, voided_at__isnull=True
    )


def _written(order: TreatmentOrder, kind: EventKind, why: str, by: Actor) -> TreatmentOrder:
    """Save what the order has become, with its event and its audit record."""
    order.status_reason = order.status_reason[:300]
    order.version += 1
    order.save(update_fields=["status", "status_reason", "needs_prescriber", "ends_on", "version"])
    ends_on = None if order.ends_on is None else order.ends_on.isoformat()
    detail = {"ends_on": ends_on} if kind is EventKind.ENDED else {}
    recorded(f"order.{kind.value}", order, by, {"reason": why, **detail})
    write_event(order, kind, by, reason=why, detail=detail)
    return order
