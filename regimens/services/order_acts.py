"""What every act on an order shares: locking it, so that nobody changes it at the same time, and its audit record."""

from typing import Any

from audit.services.record import record
from core.actor import Actor
from core.errors import Conflict, NotFound
from regimens.models import OrderStatus, TreatmentOrder


def locked(order: TreatmentOrder, by: Actor) -> TreatmentOrder:
    """The order, locked for the rest of the transaction; `NotFound` for one of another clinic."""
    held = (
        TreatmentOrder.objects.select_for_update(of=("self",))
        .select_related("clinic", "patient__clinic", "product", "indication", "accepted_by")
        .filter(pk=order.pk)
        .first()
    )
    if held is None or by.clinic_id not in {None, held.clinic_id}:
        raise NotFound("order")
    return held


def active(order: TreatmentOrder, by: Actor) -> TreatmentOrder:
    """The order, locked; raises Conflict unless it is active."""
    held = locked(order, by)
    if held.status != OrderStatus.ACTIVE:
        raise Conflict("order_not_active", "Only an accepted order that has not ended can be laid out further.")
    return held


def recorded(action: str, order: TreatmentOrder, by: Actor, detail: dict[str, Any]) -> None:
    """Write the audit record of an act on an order."""
    record(action=action, entity_type="order", entity_id=order.id, by=by, patient_id=order.patient_id, detail=detail)
