"""Ending an order: its booked visits beyond the end are put before a person, in the transaction that ends it."""

from datetime import date

from core.actor import Actor
from core.transactions import business_act
from regimens.models import TreatmentOrder
from regimens.services import holding
from scheduling.services import reanchoring


@business_act
def end(*, order: TreatmentOrder, on: date, reason: str, by: Actor) -> TreatmentOrder:
    """`holding.end`, and the plan follows: each booked visit beyond `on` is cancelled or kept on the plan's page."""
    ended = holding.end(order=order, on=on, reason=reason, by=by)
    reanchoring.follow_order(ended, cause="the end of the order")
    return ended
