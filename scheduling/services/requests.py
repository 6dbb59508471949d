"""Patients ask to move or cancel; a scheduler answers. Until then the visit keeps its place.

An answer that moves or cancels is one transaction with the move itself: either both happen or neither. The visit is
locked before the request, as everywhere (`core.transactions`). The patient gets one message per answer: that of the
move or the cancellation, or, when the visit stays, that the request is answered.
"""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from accounts.domain.policy import Permission
from audit.services.record import record
from core import clock
from core.actor import Actor
from core.errors import BadInput, Conflict, NotFound
from core.transactions import business_act
from scheduling.domain.move_wishes import answer_by, check_wish, parse_half_day
from scheduling.domain.statuses import EXPECTED
from scheduling.models import Chair, MoveRequest, RequestState, Visit
from scheduling.queries.requests import offered_half_days
from scheduling.services import answered, boards, booking, notices, records
from scheduling.services.booking import Override

CANCEL_REASON = "The patient asked to cancel."
_ONE_OPEN = "move_request_one_open"


@business_act
def ask(*, visit: Visit, wish: str, half_days: Sequence[str], note: str, by: Actor) -> MoveRequest:
    """The patient asks to move `visit`, or not to come. `half_days` are keys such as ``2026-11-26 morning``, up to 3.

    Raises `BadInput` naming the field, `Conflict` when the visit can't be changed any more or was asked about already.
    """
    if by.patient_id is None or by.patient_id != visit.patient_id:
        raise NotFound("visit")
    by.require(Permission.SELF_CHANGE, "ask to move visits")
    wanted = [parse_half_day(key) for key in dict.fromkeys(half_days)]
    note = note.strip()
    reasons = check_wish(wish, wanted, note=note, offered=offered_half_days(visit, more=True))
    if reasons:
        raise BadInput.of(reasons)
    current = records.lock(visit, visit.version)
    now = clock.now()
    if current.status not in EXPECTED or current.period.lower <= now:
        raise Conflict("not_movable", "This visit can’t be changed here any more. Please call us.")
    day = records.local_day(current)
    today = clock.today(current.clinic.zone)
    request = MoveRequest(
        visit=current,
        wish=wish,
        half_days=[half_day.key for half_day in wanted if half_day],
        note=note,
        created_at=now,
        answer_by_on=answer_by(today, closed=_closed(current, today), visit_on=day),
    )
    _insert(request)
    record(
        action="request.ask",
        entity_type="move_request",
        entity_id=request.id,
        by=by,
        patient_id=current.patient_id,
        detail={"visit": str(current.id), "wish": wish},
    )
    boards.bump(current.clinic, [day])
    return request


@business_act
def withdraw(*, request: MoveRequest, by: Actor) -> MoveRequest:
    """The patient takes the request back."""
    if by.patient_id is None or request.visit.patient_id != by.patient_id:
        raise NotFound("request")
    by.require(Permission.SELF_CHANGE, "withdraw requests")
    closed = _close(request, RequestState.WITHDRAWN, "", by)
    boards.bump(closed.visit.clinic, [records.local_day(closed.visit)])
    return closed


@business_act
def answer_with_move(
    *, request: MoveRequest, chair: Chair, start: datetime, by: Actor, override: Override | None = None
) -> MoveRequest:
    """Say yes: move the visit to `chair` at `start`. Raises whatever `booking.move` does; then nothing was answered."""
    visit = _visit_to_answer(request, by)
    booking.move(visit=visit, chair=chair, start=start, expected_version=visit.version, by=by, override=override)
    return _settled(request, RequestState.MOVED)


@business_act
def keep(*, request: MoveRequest, answer: str, by: Actor) -> MoveRequest:
    """Say no, kindly: the visit stays where it is; `answer` tells the patient why."""
    visit = _visit_to_answer(request, by)
    answer = answer.strip()
    if not answer:
        raise BadInput("answer_missing", "Write a line that tells the patient why.", field="answer")
    if len(answer) > 300:
        raise BadInput("answer_too_long", f"The answer has {len(answer)} letters; use up to 300.", field="answer")
    kept = _close(request, RequestState.KEPT, answer, by)
    notices.request_answered(request=kept)
    boards.bump(visit.clinic, [records.local_day(visit)])
    return kept


@business_act
def cancel_visit(*, request: MoveRequest, by: Actor) -> MoveRequest:
    """Cancel the visit, as the patient asked."""
    visit = _visit_to_answer(request, by)
    booking.cancel(visit=visit, reason=CANCEL_REASON, expected_version=visit.version, by=by)
    return _settled(request, RequestState.CANCELLED)


def _visit_to_answer(request: MoveRequest, by: Actor) -> Visit:
    by.require(Permission.REQUEST_ANSWER, "answer requests")
    visit = _fresh(request.visit_id)
    if by.clinic_id is not None and visit.clinic_id != by.clinic_id:
        raise NotFound("request")
    _check_open(_current(request))
    return visit


def _fresh(visit_id: UUID) -> Visit:
    return Visit.objects.select_related(
        "patient", "chair__clinic", "clinic", "authorization", "course_day__course__order__patient"
    ).get(pk=visit_id)


def _settled(request: MoveRequest, state: RequestState) -> MoveRequest:
    """The request as `booking` settled it; if somebody answered it otherwise meanwhile, nothing of this act stays."""
    current = _current(request)
    if current.state != state:
        _check_open(current)
    return current


def _close(request: MoveRequest, state: RequestState, answer: str, by: Actor) -> MoveRequest:
    current = _current(request, lock=True)
    _check_open(current)
    answered.close(current, state, answer, by, patient_visit=current.visit)
    return current


def _current(request: MoveRequest, *, lock: bool = False) -> MoveRequest:
    rows = MoveRequest.objects.select_related("visit__patient", "visit__clinic", "visit__chair__clinic")
    return (rows.select_for_update(of=("self",)) if lock else rows).get(pk=request.pk)


def _check_open(request: MoveRequest) -> None:
    if request.state != RequestState.OPEN:
        who = request.answered_by_label or "Somebody"
        state_now = RequestState(request.state).label.lower()
        raise Conflict("already_answered", f"{who} was quicker. It is answered already: {state_now}.")


def _insert(request: MoveRequest) -> None:
    try:
        with transaction.atomic():
            request.save(force_insert=True)
    except IntegrityError as problem:
        if getattr(getattr(problem.__cause__, "diag", None), "constraint_name", None) != _ONE_OPEN:
            raise
        raise Conflict("already_asked", "You asked about this visit already. We will answer soon.") from problem


def _closed(visit: Visit, today: date) -> set[date]:
    return set(visit.clinic.closures.filter(on__gte=today).values_list("on", flat=True))
