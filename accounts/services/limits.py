"""Counting tries of secrets, in PostgreSQL and in one statement each: two tries at once are two tries.

A counter in a cache forgets when the cache is flushed, and one that reads before it writes lets a burst through.
These do neither. They commit at once, so a refusal after them does not take the count back.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db import connection
from django.db.models import F

from accounts.domain.backoff import WAITS
from accounts.models import TryCount
from core import clock, tokens

FORGOTTEN_AFTER = timedelta(days=1)

_TAKE = """
    INSERT INTO accounts_trycount AS t (key, count, opens_at, resets_at)
    VALUES (%(key)s, 1, %(now)s, %(resets_at)s)
    ON CONFLICT (key) DO UPDATE
       SET count = CASE WHEN t.resets_at <= %(now)s THEN 1 ELSE t.count + 1 END,
           resets_at = CASE WHEN t.resets_at <= %(now)s THEN %(resets_at)s ELSE t.resets_at END
     WHERE t.resets_at <= %(now)s OR t.count < %(limit)s
    RETURNING count
"""

_CLAIM = """
    INSERT INTO accounts_trycount AS t (key, count, opens_at, resets_at)
    VALUES (%(key)s, 1, %(now)s + make_interval(secs => (%(waits)s::int[])[1]), %(resets_at)s)
    ON CONFLICT (key) DO UPDATE
       SET count = CASE WHEN t.resets_at <= %(now)s THEN 1 ELSE t.count + 1 END,
           opens_at = %(now)s + make_interval(secs => (%(waits)s::int[])[
               CASE WHEN t.resets_at <= %(now)s THEN 1 ELSE least(t.count + 1, cardinality(%(waits)s::int[])) END]),
           resets_at = %(resets_at)s
     WHERE t.opens_at <= %(now)s
    RETURNING count
"""


def take(*, purpose: str, subject: str, limit: int, within: timedelta) -> bool:
    """Use one of the `limit` tries that `subject` has for `purpose` `within` a time; False when none is left."""
    now = clock.now()
    return _ran(_TAKE, {"key": _key(purpose, subject), "now": now, "resets_at": now + within, "limit": limit})


def give_back(*, purpose: str, subject: str) -> None:
    """Give back a try that `take` used: it turned out not to be one that counts."""
    TryCount.objects.filter(key=_key(purpose, subject), count__gt=0).update(count=F("count") - 1)


def claim_try(*, purpose: str, subject: str, waits: Sequence[int] = WAITS) -> int:
    """Claim the next try at a secret; 0 to go ahead, else the seconds to wait.

    `waits` are the seconds after the first, second, … wrong try; the last stays. The try counts as wrong until `forget`
    says otherwise, so of many tries at once no more are looked at than come before the first wait.
    """
    now = clock.now()
    key = _key(purpose, subject)
    facts = {"key": key, "now": now, "resets_at": now + FORGOTTEN_AFTER, "waits": list(waits)}
    if _ran(_CLAIM, facts):
        return 0
    opens_at = TryCount.objects.filter(key=key).values_list("opens_at", flat=True).first() or now
    return max(1, int((opens_at - now).total_seconds()))


def is_spent(*, purpose: str, subject: str, limit: int) -> bool:
    """Whether `subject` has no try left for `purpose`, without using one."""
    return TryCount.objects.filter(key=_key(purpose, subject), count__gte=limit, resets_at__gt=clock.now()).exists()


def forget(*, purpose: str, subject: str) -> None:
    """The secret was right: start counting afresh."""
    TryCount.objects.filter(key=_key(purpose, subject)).delete()


def delete_spent() -> int:
    """Delete the counts that would start afresh anyhow; how many there were. It opens nothing earlier."""
    return TryCount.objects.filter(resets_at__lte=clock.now()).delete()[0]


def _ran(statement: str, facts: dict[str, Any]) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(statement, facts)
        return cursor.fetchone() is not None


def _key(purpose: str, subject: str) -> str:
    """A key that tells a reader of the table neither the person nor the place."""
    return tokens.keyed_digest(subject, purpose=f"tries:{purpose}")
