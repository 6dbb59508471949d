"""Messages that were sent in the last days, as the reminder sweep and the changes of visits would have written them.

Keys are those of `scheduling.services`, so the real sweep finds them sent and writes only what is still to come.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from messaging.domain.states import MessageState
from messaging.models import OutboxMessage
from messaging.services.letters import make_up
from messaging.services.outbox import Draft
from scheduling.demo.diary import Booking
from scheduling.demo.house import House
from scheduling.demo.stage import Stage
from scheduling.domain.reminders import NOT_LATER_THAN, all_reminders
from scheduling.domain.statuses import VisitStatus
from scheduling.models import Visit
from scheduling.services.visit_messages import GRACE, drafts, start_minute

REMEMBERED = timedelta(days=9)
KIND = "visit.reminder"


def send(stage: Stage, house: House, bookings: Iterable[Booking]) -> None:
    """Rows of every message that left in the last days."""
    since = stage.now - REMEMBERED
    for booking in bookings:
        visit = booking.visit
        for draft in (*_of_booking(visit), *_of_cancelling(visit), *_reminders(stage, visit)):
            if since <= draft.due_at <= stage.now - GRACE:
                _settled(stage, house, draft)


def _of_booking(visit: Visit) -> Iterator[Draft]:
    yield from drafts(
        visit,
        kind="visit.booked",
        wording="visit.booked",
        key="v1:booked",
        due_at=visit.created_at + GRACE,
        not_after=visit.period.lower,
    )


def _of_cancelling(visit: Visit) -> Iterator[Draft]:
    if visit.status != VisitStatus.CANCELLED or visit.updated_at >= visit.period.lower:
        return
    key = f"v{visit.version}:cancelled"
    kind = "visit.cancelled"
    due_at = visit.updated_at + GRACE
    yield from drafts(visit, kind=kind, wording=kind, key=key, due_at=due_at, not_after=visit.period.lower)


def _reminders(stage: Stage, visit: Visit) -> Iterator[Draft]:
    is_cancelled = visit.status == VisitStatus.CANCELLED
    is_uncovered = visit.authorization is None and bool(visit.overrides)
    for reminder in all_reminders(starts_at=visit.period.lower, zone=stage.zone):
        if is_uncovered or reminder.due_at <= visit.created_at or (is_cancelled and reminder.due_at > visit.updated_at):
            continue
        was_confirmed = visit.confirmed_at is not None and visit.confirmed_at < reminder.due_at
        asks = reminder.asks_to_confirm and not was_confirmed
        yield from drafts(
            visit,
            kind=KIND,
            wording=f"{KIND}.confirm" if asks else KIND,
            key=f"{start_minute(visit.period.lower)}:{reminder.days_before}",
            due_at=reminder.due_at,
            not_after=visit.period.lower - NOT_LATER_THAN,
        )


def _settled(stage: Stage, house: House, draft: Draft) -> None:
    rng = stage.rng
    left_at = draft.due_at + timedelta(seconds=rng.randint(2, 160))
    state = rng.choices((MessageState.SENT, MessageState.DELIVERED, MessageState.DEAD), (500, 500, 3))[0]
    message = OutboxMessage(
        id=stage.new_id(),
        clinic=house.clinic,
        kind=draft.kind,
        channel=draft.channel,
        to=draft.to,
        recipient_name=draft.recipient_name,
        patient_id=draft.patient_id,
        subject_type=draft.subject_type,
        subject_id=draft.subject_id,
        subject_version=draft.subject_version,
        wording=draft.wording,
        params=dict(draft.params),
        dedupe_key=draft.dedupe_key,
        due_at=draft.due_at,
        not_after=draft.not_after,
        state=state.value,
        attempts=1 if state is not MessageState.DEAD else 5,
        provider_id=f"demo-{rng.getrandbits(48):012x}" if state is not MessageState.DEAD else "",
        last_error="The address does not exist." if state is MessageState.DEAD else "",
        created_at=_written_at(draft, left_at),
        settled_at=left_at,
    )
    letter = make_up(message, to=draft.to)
    message.rendered_subject, message.rendered_body = letter.subject, letter.body
    stage.rows.add(message)


def _written_at(draft: Draft, left_at: datetime) -> datetime:
    """Reminders are written a day or two before they are due; the rest with the change itself."""
    return left_at - timedelta(days=2) if draft.kind == KIND else draft.due_at - GRACE
