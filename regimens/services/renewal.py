"""Renewing an order before it runs out: a new draft that carries on where the old one will end.

Promises that the two never both plan a course for the same time, and that the interval from the last dose is kept.
"""

from dataclasses import replace
from datetime import timedelta

from accounts.domain.policy import Permission
from core import clock
from core.actor import Actor
from core.errors import Conflict
from core.transactions import business_act
from regimens.models import OrderStatus, TreatmentOrder
from regimens.queries.given import given_days
from regimens.services import courses as rows
from regimens.services.facts import facts_of
from regimens.services.order_acts import locked, recorded
from regimens.services.order_events import EventKind, note

RENEWABLE = {OrderStatus.ACTIVE, OrderStatus.ON_HOLD, OrderStatus.ENDED}


@business_act
def renew(*, order: TreatmentOrder, by: Actor) -> TreatmentOrder:
    """A draft that renews `order`, prefilled from it: maintenance only, from the next date due after its last dose.

    Nothing is signed for the prescriber: the draft is signed today's date until somebody writes the real one. Raises
    Conflict for a draft, or when a renewal exists already.
    """
    by.require(Permission.ORDER_CHANGE, "renew treatment orders")
    held = locked(order, by)
    if held.status not in RENEWABLE:
        raise Conflict("order_not_active", "Only an accepted order can be renewed.")
    if TreatmentOrder.objects.filter(renews=held).exists():
        raise Conflict("renewed_already", "This order has a renewal already. Open it from the order's page.")
    today = clock.today(held.clinic.zone)
    given = given_days(held)
    last_on = max((day.on for day in given), default=held.prior_dose_on)
    due_on = today if last_on is None else last_on + timedelta(days=held.interval_days or 0)
    facts = replace(
        facts_of(held),
        starts_on=max(due_on, today),
        signed_on=today,
        prior_dose_on=last_on,
        ends_on=None,
        course_limit=None,
        induction_offsets_days=(),
        induction_doses=(),
        induction_days=None,
        first_maintenance_offset_days=None,
    )
    draft = TreatmentOrder.objects.create(
        clinic=held.clinic, patient=held.patient, renews=held, created_at=clock.now(), **rows.order_fields(facts)
    )
    recorded("order.renew", held, by, {"renewal": str(draft.id)})
    note(held, EventKind.RENEWED, by, detail={"renewal": str(draft.id)})
    note(draft, EventKind.ENTERED, by, detail={"renews": str(held.id)})
    return draft
