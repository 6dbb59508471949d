"""Messages to patients about changes of their visits, written in the transaction of the change.

They wait a minute: a change that is undone or changed again meanwhile is told once, as it ended, or not at all.
"""

from datetime import datetime

from core import clock
from core.actor import system
from messaging.services import outbox
from scheduling.domain.statuses import VisitStatus
from scheduling.models import MoveRequest, RequestState, Visit
from scheduling.services import records, series_notices, visit_letters
from scheduling.services.clinic_rules import rules_of
from scheduling.services.visit_messages import GRACE, SUBJECT, channels, drafts, start_minute, start_of, when

BY_SETTING = system("Clinic setting")
BOOKED, MOVED, CANCELLED, ANSWERED = "visit.booked", "visit.moved", "visit.cancelled", "request.answered"


def booked(*, visit: Visit) -> None:
    """Tell the patient that `visit` is booked, or booked after all; nothing if they never heard of a cancelling.

    Who never heard of a move before that cancelling either is told of the move now.
    """
    unsent = _cancel_unsent(visit) if visit.version > 1 else {}
    if visit.version > 1 and (series_notices.retold(visit) or visit_letters.retold(visit)):
        return
    if CANCELLED not in unsent:
        _tell(visit, BOOKED)
    elif unsent[CANCELLED] not in {0, start_minute(visit.period.lower)}:
        _tell(visit, MOVED, was=unsent[CANCELLED])


def moved(*, visit: Visit, is_asked: bool = False) -> None:
    """Tell the patient the new time; reminders of the old one are cancelled, the sweep writes new ones.

    Who was never told of the first time is told of a booking; who still believes in this very time is told nothing. A
    clinic may leave it to its people to tell (`telling.tell`); who asked for the move (`is_asked`) is always told.
    """
    unsent = _cancel_unsent(visit)
    if series_notices.retold(visit) or visit_letters.retold(visit):
        return
    if BOOKED in unsent:
        _tell(visit, BOOKED)
        return
    was = unsent.get(MOVED) or untold_start(visit, before_last=True) or _start_before(visit)
    if was == start_minute(visit.period.lower):
        return
    if is_asked or rules_of(visit.clinic).tells_patient:
        _tell(visit, MOVED, was=was)
    elif visit.period.lower > clock.now():
        records.note(visit, "quiet", BY_SETTING, after={"was": was})


def cancelled(*, visit: Visit) -> None:
    """Cancel every message about `visit`, and tell the patient unless they never knew of it or it was a no-show.

    The message names the time that the patient knows, not one whose news never left.
    """
    unsent = _cancel_unsent(visit)
    is_retold = series_notices.retold(visit) or visit_letters.retold(visit)
    if is_retold or BOOKED in unsent or visit.status != VisitStatus.CANCELLED:
        return
    was = unsent.get(MOVED, 0) or untold_start(visit)
    _tell(visit, CANCELLED, was=was, start=start_of(was) if was else None)


def request_answered(*, request: MoveRequest) -> None:
    """Tell the patient that the visit stays as it was; the words of the answer are only behind sign-in.

    An answer that moves or cancels the visit needs no message of its own: `moved` and `cancelled` say it. Once the
    visit should have begun there is nothing left to tell.
    """
    visit, now = request.visit, clock.now()
    if request.state != RequestState.KEPT or visit.period.lower <= now:
        return
    values = when(visit)
    outbox.enqueue_all(
        [
            outbox.Draft(
                clinic=visit.clinic,
                kind=ANSWERED,
                channel=channel,
                to=address,
                recipient_name=visit.patient.given_name,
                wording=ANSWERED,
                params=values,
                dedupe_key=f"move_request:{request.id}:answered:{channel}",
                due_at=now + GRACE,
                not_after=visit.period.lower,
                patient_id=visit.patient_id,
                subject_type="move_request",
                subject_id=request.id,
            )
            for channel, address in channels(visit.patient)
        ]
    )


def _tell(visit: Visit, kind: str, *, was: int = 0, start: datetime | None = None, again: int = 0) -> None:
    """Write the message, naming `start` (the visit's own unless given) and keeping the time `was` that it replaces.

    `again` counts how often it was written for this version of the visit before, and cancelled.
    """
    now = clock.now()
    start = start or visit.period.lower
    if start <= now:
        return
    key = f"v{visit.version}:{kind.partition('.')[2]}{f':{again}' if again else ''}"
    found = drafts(visit, kind=kind, wording=kind, key=key, due_at=now + GRACE, not_after=start, start=start)
    outbox.enqueue_all([draft.with_params(was=was) if was else draft for draft in found])


def _cancel_unsent(visit: Visit) -> dict[str, int]:
    """Cancel the visit's messages; of those that never left, by kind, the time that the patient still believes in."""
    gone = outbox.cancel_and_tell(subject_type=SUBJECT, subject_id=visit.id)
    return {message.kind: int(message.params.get("was", 0)) for message in gone if message.never_left}


def untold_start(visit: Visit, *, before_last: bool = False) -> int:
    """The time that the patient believes in because nobody told them of the latest move; 0 when they were told.

    With `before_last`, as it was before the visit's newest move, which is being made.
    """
    kinds = ["move", "refit", "undo", "quiet", "told"]
    events = [
        event
        for event in visit.events.filter(kind__in=kinds)[:8]
        if event.kind in {"quiet", "told"} or "start" in event.before
    ]
    newest = next(iter(events[1:] if before_last else events), None)
    return int(newest.after.get("was", 0)) if newest is not None and newest.kind == "quiet" else 0


def tell_moved(*, visit: Visit, was: int) -> None:
    """Tell the patient the time that `visit` has now, in place of `was`, although they were not to be told before."""
    _tell(visit, MOVED, was=was, again=visit.events.filter(kind="told").count())


def _start_before(visit: Visit) -> int:
    event = visit.events.filter(kind__in=["move", "refit", "undo"], before__has_key="start").first()
    start = event.before.get("start") if event is not None else None
    return start_minute(datetime.fromisoformat(start)) if start else 0
