"""Six-digit sign-in codes: sent by e-mail, good once, for ten minutes, three tries and five wrong dates of birth.

Every count is changed by the same statement that judges the try, so a thousand guesses at once are still three.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from accounts.models import SignInCode, User
from core import clock, tokens
from core.ids import new_id
from core.transactions import business_act

GOOD_FOR = timedelta(minutes=10)
TRIES = 3
BIRTH_DATE_TRIES = 5
_KEPT_FOR = timedelta(days=1)
_PURGED_AT_ONCE = 50

_JUDGE = """
    UPDATE accounts_signincode
       SET tries = tries + CASE WHEN digest = %(digest)s THEN 0 ELSE 1 END,
           birth_date_tries = birth_date_tries + CASE WHEN digest = %(digest)s AND NOT %(knows)s THEN 1 ELSE 0 END,
           used_at = CASE WHEN digest = %(digest)s AND %(knows)s THEN %(now)s ELSE NULL END
     WHERE id = %(id)s AND used_at IS NULL AND expires_at > %(now)s
       AND tries < %(tries)s AND birth_date_tries < %(birth_date_tries)s
    RETURNING user_id, used_at IS NOT NULL, digest = %(digest)s, tries, birth_date_tries
"""


@dataclass(frozen=True)
class IssuedCode:
    """A new code: `digits` exist only here and in the message."""

    id: UUID
    digits: str
    expires_at_minutes: int = int(GOOD_FOR.total_seconds() // 60)


@dataclass(frozen=True)
class Judgement:
    """What came of a try. `user_id` is set only when everything was right."""

    user_id: UUID | None = None
    is_dead: bool = False
    was_birth_date_wrong: bool = False


@business_act
def issue(*, user: User | None) -> IssuedCode:
    """A new code for `user`, which ends the earlier ones; for nobody a decoy that costs the same work."""
    now = clock.now()
    SignInCode.objects.filter(user_id=user.id if user else new_id(), used_at=None, expires_at__gt=now).update(
        expires_at=now
    )
    old = SignInCode.objects.filter(expires_at__lt=now - _KEPT_FOR).values("id")[:_PURGED_AT_ONCE]
    SignInCode.objects.filter(id__in=old).delete()
    code_id, digits = new_id(), tokens.new_code()
    SignInCode.objects.create(
        id=code_id, user=user, digest=_digest(code_id, digits), created_at=now, expires_at=now + GOOD_FOR
    )
    return IssuedCode(id=code_id, digits=digits)


def holder(*, code_id: UUID) -> UUID | None:
    """The user whom a code was made for; None for a decoy or no code at all."""
    return SignInCode.objects.filter(id=code_id).values_list("user_id", flat=True).first()


def judge(*, code_id: UUID, digits: str, knows_birth_date: bool) -> Judgement:
    """Count one try of `digits` together with whether the date of birth was right; both right uses the code up."""
    facts: dict[str, Any] = {
        "id": code_id,
        "digest": _digest(code_id, digits),
        "knows": knows_birth_date,
        "now": clock.now(),
        "tries": TRIES,
        "birth_date_tries": BIRTH_DATE_TRIES,
    }
    with connection.cursor() as cursor:
        cursor.execute(_JUDGE, facts)
        row = cursor.fetchone()
    if row is None:
        return Judgement(is_dead=True)
    user_id, is_right, is_code_right, tries, birth_date_tries = row
    if is_right:
        return Judgement(user_id=user_id)
    is_dead = tries >= TRIES or birth_date_tries >= BIRTH_DATE_TRIES
    return Judgement(is_dead=is_dead, was_birth_date_wrong=is_code_right)


def _digest(code_id: UUID, digits: str) -> str:
    return tokens.keyed_digest(f"{code_id}:{digits}", purpose="sign-in code")
