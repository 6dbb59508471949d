"""Doing an act once, however often it is asked for: a repeat with the same key gets the first answer and does nothing.

The key's row is the first thing an act locks (`core.transactions`). Of many requests with one key, one inserts it and
acts; the others wait for that transaction, then read what it answered. A refused act leaves no key behind, so it may be
tried again. Answers hold ids, never a patient's data, and are forgotten after two days.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from django.db import connection, transaction

from accounts.models import IdempotentRequest
from core import clock
from core.actor import Actor
from core.errors import BadInput, Refusal
from core.transactions import business_act

KEPT_FOR = timedelta(days=2)
LONGEST_KEY = 128
FIELD = "Idempotency-Key"
_TIDY_EVERY = 64
_TIDY_AT_MOST = 500


class KeyReused(Refusal):
    """The key was used before, for something else."""

    status = 422
    title = "Key used before"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came of an act: an HTTP status and the ids by which to show it again. `body` must be JSON."""

    status: int
    body: dict[str, Any]
    was_replayed: bool = False


def fingerprint_of(*parts: str) -> str:
    """SHA-256 over everything that makes two requests the same request."""
    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def actor_key_of(by: Actor) -> str:
    """Who asks, as `once` wants it: keys of different people, programs and clinics never meet."""
    actor, clinic = (value.hex if value else "" for value in (by.id, by.clinic_id))
    return f"{by.kind.value}:{actor}@{clinic}"


@business_act
def once(*, actor_key: str, key: str, fingerprint: str, act: Callable[[], Answer]) -> Answer:
    """Do `act` unless `actor_key` has already had it done under `key`; then return what came of it.

    `actor_key` says who asks (see `actor_key_of`), `fingerprint` what is asked: the same key for something else raises
    `KeyReused`. What `act` raises is raised, and the key stays free. Works for pages as for the API: a form carries its
    key in a hidden field.
    """
    _check_key(key)
    with transaction.atomic():  # a savepoint: a refused act takes its key back even inside a longer transaction
        row_id = _claim(actor_key, key, fingerprint)
        if row_id is not None:
            answer = act()
            IdempotentRequest.objects.filter(pk=row_id).update(status=answer.status, body=answer.body)
    if row_id is None:
        return _first_answer(actor_key, key, fingerprint)
    if row_id % _TIDY_EVERY == 0:
        forget_old()
    return replace(answer, was_replayed=False)


def forget_old() -> int:
    """Delete keys older than two days, some at a time; returns how many."""
    old = IdempotentRequest.objects.filter(created_at__lt=clock.now() - KEPT_FOR)
    some = old.select_for_update(skip_locked=True).values_list("pk", flat=True)[:_TIDY_AT_MOST]
    deleted, _ = IdempotentRequest.objects.filter(pk__in=list(some)).delete()
    return deleted


_CLAIM = """
    INSERT INTO accounts_idempotentrequest (actor_key, key, fingerprint, created_at)
    VALUES (%s, %s, %s, %s) ON CONFLICT (actor_key, key) DO NOTHING RETURNING id
"""


def _claim(actor_key: str, key: str, fingerprint: str) -> int | None:
    """The new row's id, or None when the key is taken; waits for a transaction that is taking it."""
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, [actor_key, key, fingerprint, clock.now()])
        row = cursor.fetchone()
    return int(row[0]) if row else None


def _first_answer(actor_key: str, key: str, fingerprint: str) -> Answer:
    first = IdempotentRequest.objects.get(actor_key=actor_key, key=key)
    if first.fingerprint != fingerprint:
        sentence = f"This {FIELD} was used before for another request. Send a new key with a new request."
        raise KeyReused("idempotency_key_reused", sentence, field=FIELD)
    return Answer(status=first.status or 200, body=first.body or {}, was_replayed=True)


def _check_key(key: str) -> None:
    if not 1 <= len(key) <= LONGEST_KEY or not all("!" <= sign <= "~" for sign in key):
        sentence = f"{FIELD} must be 1 to {LONGEST_KEY} printable ASCII characters without spaces, such as a UUID."
        raise BadInput("bad_idempotency_key", sentence, field=FIELD)
