"""Who may send a message now: claims, fences and outcomes, each a short transaction of its own.

A lease is counted by the database's clock, so workers whose clocks differ agree on it. Each claim has a fresh owner's
name; an outcome is written only by the owner, so a worker that was thought dead changes nothing.
"""

import os
import secrets
import socket
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import DateTimeField, F, Func
from django.db.models.functions import Coalesce, Greatest

from core import clock
from messaging.domain.pace import Pace
from messaging.domain.states import MessageState
from messaging.models import OutboxMessage
from messaging.services.letters import without_secrets

_CLAIM = """
    WITH due AS MATERIALIZED (
        SELECT id FROM messaging_outboxmessage
        WHERE state IN ('pending', 'leased') AND due_at <= %s
            AND (state = 'pending' OR lease_until < clock_timestamp())
        ORDER BY due_at LIMIT %s FOR UPDATE SKIP LOCKED
    )
    UPDATE messaging_outboxmessage AS message
    SET state = 'leased', lease_owner = %s, lease_until = clock_timestamp() + make_interval(secs => %s)
    FROM due WHERE message.id = due.id RETURNING message.id, message.due_at
"""


def claim(pace: Pace) -> tuple[str, list[UUID]]:
    """Take up to a batch of due messages, the longest due first; the owner's name and their ids."""
    owner = f"{socket.gethostname()[:30]}:{os.getpid()}:{secrets.token_hex(8)}"
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, [clock.now(), pace.batch, owner, pace.lease_seconds])
        rows = sorted(cursor.fetchall(), key=lambda row: row[1])
    return owner, [row[0] for row in rows]


def give_back(owner: str, ids: Sequence[UUID]) -> None:
    """Let somebody else have what was claimed and not begun."""
    if ids:
        held = OutboxMessage.objects.filter(id__in=ids, lease_owner=owner, state=MessageState.LEASED)
        held.update(state=MessageState.PENDING, lease_owner="", lease_until=None)


def held(message_id: UUID, owner: str) -> OutboxMessage | None:
    """The message, locked, if `owner` still holds it; None when it was cancelled or the lease ran out."""
    return (
        OutboxMessage.objects.select_for_update(of=("self",))
        .select_related("clinic")
        .filter(id=message_id, lease_owner=owner, state=MessageState.LEASED, lease_until__gt=_DatabaseNow())
        .first()
    )


def begin(message: OutboxMessage, *, to: str, subject: str, body: str, pace: Pace) -> None:
    """Note, before anything leaves, that a try begins: if this worker dies now, the next one knows of the doubt.

    From now on the message is held for as long as the conversation with the provider can take.
    """
    over_at = _DatabaseNow() + timedelta(seconds=pace.conversation_seconds)
    OutboxMessage.objects.filter(id=message.id).update(
        attempts=F("attempts") + 1,
        in_doubt_since=Coalesce("in_doubt_since", _DatabaseNow()),
        lease_until=Greatest("lease_until", over_at, output_field=DateTimeField()),
        rendered_subject=subject[:200],
        rendered_body=body,
        to=to,
    )


def count_try(message: OutboxMessage) -> None:
    """Count a try that failed before it began."""
    message.attempts += 1
    message.save(update_fields=["attempts"])


def settle(message: OutboxMessage, owner: str, state: MessageState, *, error: str = "", provider_id: str = "") -> bool:
    """Write the final state; False if the lease was lost meanwhile.

    A message that was cancelled while it left is written down as sent: that is the truth.
    """
    states = [MessageState.LEASED]
    if state is MessageState.SENT:
        states.append(MessageState.CANCELLED)
    values: dict[str, Any] = {"params": message.params if settings.DEMO else without_secrets(message)}
    if state is not MessageState.UNKNOWN:
        values["in_doubt_since"] = None
    mine = OutboxMessage.objects.filter(id=message.id, lease_owner=owner, state__in=states)
    written = mine.update(
        state=state, settled_at=clock.now(), last_error=error[:200], provider_id=provider_id[:120], **values
    )
    return written == 1


def postpone(
    message: OutboxMessage, owner: str, due_at: datetime, *, error: str = "", is_in_doubt: bool | None = None
) -> bool:
    """Let the message wait until `due_at`; `is_in_doubt` False says that the last try certainly did not leave."""
    doubt: dict[str, Any] = {"in_doubt_since": None} if is_in_doubt is False else {}
    mine = OutboxMessage.objects.filter(id=message.id, lease_owner=owner, state=MessageState.LEASED)
    written = mine.update(
        state=MessageState.PENDING, lease_owner="", lease_until=None, due_at=due_at, last_error=error[:200], **doubt
    )
    return written == 1


class _DatabaseNow(Func):
    """The database's clock at this moment, inside a transaction too."""

    function = "clock_timestamp"
    output_field = DateTimeField()
