"""Correcting an order that nobody accepted yet. An accepted order is never changed: it is ended or renewed."""

from typing import Any

from django.db import transaction

from accounts.domain.policy import Permission
from core import clock
from core.actor import Actor
from core.errors import BadInput, Conflict, Stale
from core.transactions import business_act
from regimens.models import OrderStatus, TreatmentOrder
from regimens.queries.patient_facts import patient_facts, with_weight
from regimens.queries.therapies import therapy_book
from regimens.services import courses as rows
from regimens.services import orders
from regimens.services.facts import OrderFacts, completed
from regimens.services.order_acts import locked, recorded
from regimens.services.order_checks import check_order
from regimens.services.order_events import EventKind, note


@business_act
def change(*, order: TreatmentOrder, facts: OrderFacts, expected_version: int, by: Actor) -> TreatmentOrder:
    """Replace everything a draft says by `facts`. Changing it to what it says already changes nothing.

    Raises Conflict once it was accepted, Stale if somebody changed it meanwhile, BadInput naming each wrong field.
    """
    by.require(Permission.ORDER_CHANGE, "change treatment orders")
    held = locked(order, by)
    if held.status != OrderStatus.DRAFT:
        raise Conflict("order_not_draft", "This order was accepted. End it or renew it instead of changing it.")
    if held.version != expected_version:
        raise Stale(
            "order_changed", "Somebody changed this draft meanwhile. Open it again, then enter your change there."
        )
    book = therapy_book(facts.product, facts.indication, organization_id=held.clinic.organization_id)
    treatment = book.on(facts.starts_on)
    whole = completed(facts, treatment)
    known = with_weight(patient_facts(held.patient, facts.product), held.patient)
    reasons = check_order(whole, treatment, today=clock.today(held.clinic.zone), patient=known)
    if reasons:
        raise BadInput.of(reasons)
    changed = _put(held, rows.order_fields(whole))
    if changed:
        held.version += 1
        held.save(update_fields=[*changed, "version"])
        recorded("order.change", held, by, {"fields": changed})
        note(held, EventKind.CHANGED, by, detail={"fields": changed})
    return held


@business_act
def change_and_accept(*, order: TreatmentOrder, facts: OrderFacts, expected_version: int, by: Actor) -> TreatmentOrder:
    """Change a draft and accept it in one act: where accepting is refused, the draft stays as it was."""
    with transaction.atomic():
        changed = change(order=order, facts=facts, expected_version=expected_version, by=by)
        return orders.accept(order=changed, by=by)


def _put(order: TreatmentOrder, fields: dict[str, Any]) -> list[str]:
    """Set what differs; the names of it."""
    different = {name: value for name, value in fields.items() if getattr(order, name) != value}
    for name, value in different.items():
        setattr(order, name, value)
    return sorted(different)
