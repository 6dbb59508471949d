"""Writing messages: a row in the transaction of the change that caused it, so that both happen or neither.

`dedupe_key` makes a message exist once, however often it is written. Nothing here sends; `wake` only asks a worker to
look, and losing that costs seconds, never a message.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q

from accounts.models import Clinic
from core import clock
from core.ids import new_id
from messaging import wordings
from messaging.domain.states import Channel, MessageState
from messaging.models import OutboxMessage
from messaging.services import waking

_COLUMNS = (
    'id, clinic_id, kind, channel, "to", recipient_name, patient_id, subject_type, subject_id, subject_version, '
    "wording, params, dedupe_key, due_at, not_after, created_at, state, attempts, lease_owner, provider_id, "
    "last_error, rendered_subject, rendered_body"
)
_VALUES = "(" + ", ".join(["%s"] * 11) + ", %s::jsonb, " + ", ".join(["%s"] * 4) + ", 'pending', 0, '', '', '', '', '')"
_INSERT = f"INSERT INTO messaging_outboxmessage ({_COLUMNS}) VALUES "  # noqa: S608 (our own column names)
_ONCE = " ON CONFLICT (dedupe_key) DO NOTHING"
_AGREE = """
    ON CONFLICT (dedupe_key) DO UPDATE SET
        "to" = EXCLUDED."to", recipient_name = EXCLUDED.recipient_name, wording = EXCLUDED.wording,
        params = EXCLUDED.params, not_after = EXCLUDED.not_after, subject_version = EXCLUDED.subject_version,
        due_at = CASE m.state WHEN 'cancelled' THEN EXCLUDED.due_at ELSE m.due_at END,
        attempts = CASE m.state WHEN 'cancelled' THEN 0 ELSE m.attempts END,
        state = 'pending', settled_at = NULL, lease_owner = ''
    WHERE m.state IN ('pending', 'cancelled') AND m.in_doubt_since IS NULL
"""
_CANCEL = """
    WITH doomed AS (
        SELECT id, state = 'pending' AND attempts = 0 AND NOT EXISTS (
            SELECT FROM messaging_outboxmessage AS twin
            WHERE twin.subject_type = one.subject_type AND twin.subject_id = one.subject_id
              AND regexp_replace(twin.dedupe_key, ':[a-z]+$', '') = regexp_replace(one.dedupe_key, ':[a-z]+$', '')
              AND (twin.attempts > 0 OR twin.state IN ('leased', 'sent', 'delivered', 'unknown'))
              AND twin.state <> 'dead'
        ) AS never_left
        FROM messaging_outboxmessage AS one
        WHERE subject_type = %s AND subject_id = %s AND state IN ('pending', 'leased')
        ORDER BY dedupe_key FOR UPDATE OF one
    )
    UPDATE messaging_outboxmessage AS m SET state = 'cancelled', settled_at = %s
    FROM doomed WHERE m.id = doomed.id RETURNING m.kind, doomed.never_left, m.params
"""


@dataclass(frozen=True, kw_only=True)
class Draft:
    """One message to write: see `enqueue` for what its parts mean."""

    clinic: Clinic
    kind: str
    channel: str
    to: str
    recipient_name: str
    wording: str
    dedupe_key: str
    due_at: datetime
    params: Mapping[str, Any] = field(default_factory=dict)
    not_after: datetime | None = None
    patient_id: UUID | None = None
    subject_type: str = ""
    subject_id: UUID | None = None
    subject_version: int = 0

    def __post_init__(self) -> None:
        known = wordings.find(self.wording)
        missing = known.placeholders - wordings.ALWAYS - self.params.keys()
        if missing:
            raise ValueError(f"The wording {self.wording} needs {', '.join(sorted(missing))}.")
        Channel(self.channel)

    def with_params(self, **more: object) -> "Draft":
        """The same draft with more values."""
        return replace(self, params={**self.params, **more})


@dataclass(frozen=True)
class Cancelled:
    """A message that was just cancelled; `never_left` is False if it may have been on its way by any channel.

    The keys of a message's channels differ in their last part alone, the channel.
    """

    kind: str
    never_left: bool
    params: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """What `agree` had to change: messages written (or revived), brought up to date, and cancelled."""

    written: int = 0
    updated: int = 0
    cancelled: int = 0


def enqueue(
    *,
    clinic: Clinic,
    kind: str,
    channel: str,
    to: str,
    recipient_name: str,
    wording: str,
    params: Mapping[str, Any],
    dedupe_key: str,
    due_at: datetime,
    not_after: datetime | None = None,
    patient_id: UUID | None = None,
    subject_type: str = "",
    subject_id: UUID | None = None,
    subject_version: int = 0,
) -> bool:
    """Write one message, to be sent from `due_at` on and never after `not_after`; False if its key exists already.

    `params` fill the wording's placeholders (the clinic's name and telephone and the recipient's name are always
    there). `subject_*` say what it is about, so that it can be cancelled and checked again before it leaves.

    Raises `ValueError` or `UnknownWordingError` for a mistake of the caller. Bad data, such as a name with a line
    break, is found when the message is made up; then staff see it, and the caller's change still happens.
    """
    draft = Draft(
        clinic=clinic,
        kind=kind,
        channel=channel,
        to=to,
        recipient_name=recipient_name,
        wording=wording,
        params=params,
        dedupe_key=dedupe_key,
        due_at=due_at,
        not_after=not_after,
        patient_id=patient_id,
        subject_type=subject_type,
        subject_id=subject_id,
        subject_version=subject_version,
    )
    return enqueue_all([draft]) == 1


def enqueue_all(drafts: Sequence[Draft]) -> int:
    """Write all of `drafts` in one statement; how many did not exist yet."""
    return _write(drafts, _INSERT, _ONCE)


def cancel_for(*, subject_type: str, subject_id: UUID) -> int:
    """Cancel what was written about a subject and has not left; how many messages.

    A message that a worker is sending at this moment may still leave; its row then says that it did.
    """
    return len(cancel_and_tell(subject_type=subject_type, subject_id=subject_id))


def cancel_and_tell(*, subject_type: str, subject_id: UUID) -> list[Cancelled]:
    """Like `cancel_for`, but tells of each message what it was and whether it certainly never left."""
    with connection.cursor() as cursor:
        cursor.execute(_CANCEL, [subject_type, subject_id, clock.now()])
        return [Cancelled(kind, never_left, json.loads(params)) for kind, never_left, params in cursor.fetchall()]


@transaction.atomic
def agree(*, clinic: Clinic, kind: str, drafts: Sequence[Draft]) -> Agreement:
    """Make what is still to be sent of `kind` at `clinic` agree with `drafts`: the sweep's way of being idempotent.

    Missing messages are written, cancelled ones revived, changed ones brought up to date, and those that should not be
    there cancelled. What has left, failed or is being sent is not touched. At most three statements.
    """
    wanted = {draft.dedupe_key: draft for draft in drafts}
    mine = OutboxMessage.objects.filter(clinic=clinic, kind=kind)
    existing = {
        message.dedupe_key: message
        for message in mine.filter(Q(state=MessageState.PENDING) | Q(dedupe_key__in=wanted)).order_by("dedupe_key")
    }
    missing = [draft for key, draft in wanted.items() if _is_missing(existing.get(key))]
    changed = [draft for key, draft in wanted.items() if _is_changed(existing.get(key), draft)]
    extra = [message.id for key, message in existing.items() if key not in wanted]
    cancelled = 0
    if extra:
        pending = mine.filter(id__in=extra, state=MessageState.PENDING)
        cancelled = pending.update(state=MessageState.CANCELLED, settled_at=clock.now())
    in_order = sorted([*missing, *changed], key=lambda draft: draft.dedupe_key)
    _write(in_order, _INSERT.replace(" (id", " AS m (id"), _AGREE)
    return Agreement(written=len(missing), updated=len(changed), cancelled=cancelled)


def wake() -> None:
    """Once the transaction commits, ask a worker to send what is due. Never raises, and costs at most a second.

    While the broker does not answer, it is left alone for some seconds: beat and the pump ask too.
    """
    if not any(act is waking.publish for _, act, *_ in connection.run_on_commit):
        transaction.on_commit(waking.publish, robust=True)


def _is_missing(message: OutboxMessage | None) -> bool:
    return message is None or (message.state == MessageState.CANCELLED and message.in_doubt_since is None)


def _is_changed(message: OutboxMessage | None, draft: Draft) -> bool:
    if message is None or message.state != MessageState.PENDING:
        return False
    was = (message.to, message.recipient_name, message.wording, message.params, message.not_after)
    return was != (draft.to, draft.recipient_name, draft.wording, dict(draft.params), draft.not_after)


def _write(drafts: Sequence[Draft], insert: str, conflict: str) -> int:
    if not drafts:
        return 0
    now = clock.now()
    values = [value for draft in drafts for value in _row(draft, now)]
    with connection.cursor() as cursor:
        cursor.execute(f"{insert}{', '.join([_VALUES] * len(drafts))}{conflict}", values)
        return int(cursor.rowcount)


def _row(draft: Draft, now: datetime) -> list[Any]:
    return [
        new_id(),
        draft.clinic.id,
        draft.kind,
        Channel(draft.channel).value,
        draft.to,
        draft.recipient_name[:120],
        draft.patient_id,
        draft.subject_type,
        draft.subject_id,
        draft.subject_version,
        draft.wording,
        json.dumps(dict(draft.params)),
        draft.dedupe_key,
        draft.due_at,
        draft.not_after,
        now,
    ]
