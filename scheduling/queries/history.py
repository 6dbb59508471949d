"""What happened to a visit, newest first, and what is open about it."""

from dataclasses import dataclass
from datetime import timedelta

from core import clock
from core.actor import Actor
from scheduling.domain.statuses import VisitStatus
from scheduling.models import MoveRequest, RequestState, Visit, VisitEvent
from scheduling.services import undo

SHOWN = 12
A_HAND = timedelta(seconds=10)
"""Whoever presses the same again so soon pressed twice."""


@dataclass(frozen=True, kw_only=True)
class History:
    """The latest changes of a visit, the one that undo would take back, and the patient's open request."""

    events: tuple[VisitEvent, ...]
    undoable: VisitEvent | None
    open_request: MoveRequest | None


def of(visit: Visit) -> History:
    """The history of `visit`, in two SQL statements."""
    events = tuple(visit.events.all())
    return History(
        events=events[:SHOWN],
        undoable=undo.next_of(events),
        open_request=visit.requests.filter(state=RequestState.OPEN).first(),
    )


def is_pressed_already(visit: Visit, to: VisitStatus, by: Actor) -> bool:
    """Whether the newest change of `visit` is this very step, by the same person a moment ago. One SQL statement."""
    newest = visit.events.first()
    if newest is None or newest.by_id is None or newest.by_id != by.id:
        return False
    is_same = (newest.kind, newest.after.get("status")) == ("status", to.value)
    return is_same and clock.now() - newest.at < A_HAND
