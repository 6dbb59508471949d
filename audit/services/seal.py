"""Sealing the record, apart from the acts that write it: chaining in the act itself would make every booking wait.

Only events of transactions older than every transaction still running are sealed, in the order (transaction, id): a
slow transaction can therefore never slip an event in behind a seal. Each new head goes to the log, so that a copy
kept elsewhere shows when the tail of both tables was cut off.
"""

import logging
from collections.abc import Iterator
from typing import Any

from django.db import connection

from audit.domain.chain import FIRST_LINK, EventPrint, link, print_of
from audit.models import AuditEvent, AuditSeal
from core import clock
from core.transactions import business_act

log = logging.getLogger("audit.heads")
EVENTS_PER_SEAL = 5_000
_LOCK = 0x617564_6974  # "audit": one sealer at a time


class RestoredElsewhereError(Exception):
    """The database counts transactions from a lower number than the last seal: it was restored from a dump."""


def seal_all(*, at_most: int = 50) -> int:
    """Seal what can be sealed, in up to `at_most` seals; returns how many events were sealed."""
    sealed = 0
    for _ in range(at_most):
        count = seal_some()
        sealed += count
        if count < EVENTS_PER_SEAL:
            break
    return sealed


@business_act
def seal_some() -> int:
    """Add one seal over the oldest unsealed events, whole transactions only; returns how many events it covers."""
    if not _is_alone():
        return 0
    last = AuditSeal.objects.order_by("-number").first()
    after = last.last_transaction if last else 0
    horizon = _horizon()
    if horizon <= after:
        raise RestoredElsewhereError(
            f"Transaction numbers ({horizon}) are behind the last seal ({after}): the database was restored from a "
            "dump. Restore a physical backup, or raise the counter with pg_resetwal."
        )
    through = _last_transaction(after, horizon)
    if through is None:
        return 0
    prints = list(prints_between(after, through))
    number = last.number + 1 if last else 1
    digest = link(previous=last.digest if last else FIRST_LINK, number=number, last_transaction=through, prints=prints)
    AuditSeal.objects.create(
        number=number,
        sealed_at=clock.now(),
        first_transaction=after + 1,
        last_transaction=through,
        event_count=len(prints),
        prints=b"".join(event.short for event in prints),
        digest=digest,
    )
    log.info("audit head: seal %s %s", number, digest)
    return len(prints)


def prints_between(after: int, through: int) -> Iterator[EventPrint]:
    """The prints of all events of transactions above `after` up to `through`, in sealing order."""
    columns = [field.attname for field in AuditEvent._meta.concrete_fields]
    events = AuditEvent.objects.filter(transaction_id__gt=after, transaction_id__lte=through)
    row: dict[str, Any]
    for row in events.order_by("transaction_id", "id").values(*columns).iterator(chunk_size=2_000):
        yield print_of(row)


def _last_transaction(after: int, horizon: int) -> int | None:
    """The transaction with which the next seal ends: that of the last event which still fits."""
    waiting = (
        AuditEvent.objects.filter(transaction_id__gt=after, transaction_id__lt=horizon)
        .order_by("transaction_id", "id")
        .values_list("transaction_id", flat=True)
    )
    found = list(waiting[:EVENTS_PER_SEAL])
    return found[-1] if found else None


def _horizon() -> int:
    """Every transaction below this number has ended."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
        return int(cursor.fetchone()[0])


def _is_alone() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        return bool(cursor.fetchone()[0])
