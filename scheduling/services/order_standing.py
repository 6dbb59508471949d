"""Accepting, holding, releasing and ending an order, with everything that rests on it, in one transaction.

Whoever asks, a page or the API, the gate looks at the patient's coming visits again, and booked visits beyond an end
are put before a person.
"""

from datetime import date

from core.actor import Actor
from core.transactions import business_act
from regimens.models import TreatmentOrder
from regimens.services import holding, orders
from scheduling.services import gate, reanchoring


@business_act
def accept(*, order: TreatmentOrder, by: Actor, last_given_on: date | None = None) -> TreatmentOrder:
    """`orders.accept`; a renewal may leave visits of the order it renews behind, so the gate looks again."""
    return _looked_at(orders.accept(order=order, by=by, last_given_on=last_given_on))


@business_act
def hold(*, order: TreatmentOrder, reason: str, by: Actor) -> TreatmentOrder:
    """`holding.hold`: none of its visits may start any more."""
    return _looked_at(holding.hold(order=order, reason=reason, by=by))


@business_act
def release(*, order: TreatmentOrder, note: str, by: Actor) -> TreatmentOrder:
    """`holding.release`: its visits may start again where nothing else holds them."""
    return _looked_at(holding.release(order=order, note=note, by=by))


@business_act
def end(*, order: TreatmentOrder, on: date, reason: str, by: Actor) -> TreatmentOrder:
    """`holding.end`, and the plan follows: each booked visit beyond `on` is cancelled or kept on the plan's page."""
    ended = holding.end(order=order, on=on, reason=reason, by=by)
    reanchoring.follow_order(ended, cause="the end of the order")
    return _looked_at(ended)


def _looked_at(order: TreatmentOrder) -> TreatmentOrder:
    gate.look_at_patient(order.patient_id)
    return order
