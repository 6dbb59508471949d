"""An order's own history, as people read it on its page: one event for each thing that happened to it."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from core import clock
from core.actor import Actor
from regimens.models import OrderEvent, TreatmentOrder


class EventKind(StrEnum):
    """What happened to an order."""

    ENTERED = "entered"
    CHANGED = "changed"
    ACCEPTED = "accepted"
    EXTENDED = "extended"
    RECALCULATED = "recalculated"
    HELD = "held"
    RELEASED = "released"
    RENEWED = "renewed"
    ENDED = "ended"
    BOOKED = "booked"

    @property
    def label(self) -> str:
        return self.value.capitalize()


def note(
    order: TreatmentOrder, kind: str, by: Actor, reason: str = "", detail: Mapping[str, Any] | None = None
) -> OrderEvent:
    """Write an event of `order`, in the caller's transaction. `detail` is JSON; the audit record is the caller's."""
    return OrderEvent.objects.create(
        order=order,
        at=clock.now(),
        kind=kind,
        by_label=by.label[:150],
        by_id=by.id,
        reason=reason[:300],
        detail=dict(detail or {}),
    )
