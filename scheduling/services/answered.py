"""A visit that staff move or cancel answers what its patient asked: no open request outlives its visit's place."""

from audit.services.record import record
from core import clock
from core.actor import Actor
from scheduling.models import MoveRequest, RequestState, Visit


def settle_open(visit: Visit, state: RequestState, by: Actor) -> bool:
    """Close the open request about a locked `visit`, if there is one, as `state`; whether there was one."""
    request = MoveRequest.objects.select_for_update().filter(visit=visit, state=RequestState.OPEN).first()
    if request is not None:
        close(request, state, "", by, patient_visit=visit)
    return request is not None


def close(request: MoveRequest, state: RequestState, answer: str, by: Actor, *, patient_visit: Visit) -> None:
    """Close a locked, open request and audit it."""
    request.state, request.answer = state, answer
    request.answered_at, request.answered_by_label = clock.now(), by.label
    request.save(update_fields=["state", "answer", "answered_at", "answered_by_label"])
    record(
        action="request.withdraw" if state is RequestState.WITHDRAWN else "request.answer",
        entity_type="move_request",
        entity_id=request.id,
        by=by,
        patient_id=patient_visit.patient_id,
        detail={"visit": str(request.visit_id), "wish": request.wish, "state": state.value},
    )
