"""What happened to a visit, newest first, and what is open about it."""

from dataclasses import dataclass

from scheduling.models import MoveRequest, RequestState, Visit, VisitEvent
from scheduling.services import undo

SHOWN = 12


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
