"""Keys with which programs use the API: shown once, stored only as SHA-256, good for one clinic, at most a year.

A key is `inf_<8 characters>_<43 characters>`: the first part finds it in a list, the second is 256 random bits. Nobody
can give a key more than they may do themselves.
"""

import re
import secrets
import string
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db.models import Q, QuerySet

from accounts.domain.policy import Permission
from accounts.models import ApiKey, Clinic, User
from audit.services.record import record
from core import clock, tokens
from core.actor import Actor, ActorKind
from core.errors import BadInput, NotAllowed, NotFound
from core.transactions import business_act

LONGEST_DAYS = 365
LOOKS_LIKE_A_KEY = re.compile(r"inf_[a-z0-9]{8}_[A-Za-z0-9_-]{43}", re.ASCII)
USE_IS_NOTED_EVERY = timedelta(minutes=5)
NOT_FOR_KEYS = frozenset({Permission.SELF_VIEW, Permission.SELF_CHANGE, Permission.API_KEY_MANAGE})


@dataclass(frozen=True)
class IssuedKey:
    """A new key. `secret` exists only here: it is shown once and can't be read again."""

    key: ApiKey
    secret: str


class KeyNotAccepted(Exception):
    """The key opens nothing; the message is fit for whoever holds it."""


@business_act
def issue(
    *, clinic: Clinic, name: str, permissions: Collection[Permission], days_valid: int = LONGEST_DAYS, by: Actor
) -> IssuedKey:
    """A new key of `clinic` that may do `permissions` for `days_valid` days. Raises BadInput naming the field."""
    by.require(Permission.API_KEY_MANAGE, "make API keys")
    if by.clinic_id not in {None, clinic.id}:
        raise NotFound("clinic")
    name = name.replace("\x00", "").strip()
    _check(name, permissions, days_valid, by)
    public = "".join(secrets.choice(string.ascii_lowercase + string.digits) for _ in range(8))
    secret = f"inf_{public}_{tokens.new_token()}"
    now = clock.now()
    key = ApiKey.objects.create(
        clinic=clinic,
        name=name,
        prefix=f"inf_{public}",
        digest=tokens.digest(secret),
        permissions=sorted(permission.value for permission in permissions),
        created_at=now,
        created_by=User.objects.filter(pk=by.id).first() if by.id else None,
        expires_at=now + timedelta(days=days_valid),
    )
    detail = {"permissions": key.permissions, "days_valid": days_valid}
    record(action="api_key.issue", entity_type="api_key", entity_id=key.id, by=by, detail=detail)
    return IssuedKey(key, secret)


@business_act
def revoke(*, key_id: UUID, by: Actor) -> ApiKey:
    """End a key now: its next request is refused. Revoking twice is fine."""
    by.require(Permission.API_KEY_MANAGE, "revoke API keys")
    keys = ApiKey.objects.select_for_update(of=("self",)).select_related("clinic")
    key = keys.filter(pk=key_id).first()
    if key is None or by.clinic_id not in {None, key.clinic_id}:
        raise NotFound("API key")
    if key.revoked_at is None:
        key.revoked_at = clock.now()
        key.save(update_fields=["revoked_at"])
        record(action="api_key.revoke", entity_type="api_key", entity_id=key.id, by=by)
    return key


def of_clinic(clinic: Clinic) -> QuerySet[ApiKey]:
    """The keys of `clinic`, newest first."""
    return ApiKey.objects.filter(clinic=clinic).select_related("created_by").order_by("-created_at")


def authenticate(secret: str) -> ApiKey:
    """The key whose secret this is. Raises `KeyNotAccepted` for a wrong, ended or revoked one.

    One SQL statement, and now and then a second that notes when the key was last used.
    """
    if not LOOKS_LIKE_A_KEY.fullmatch(secret):
        raise KeyNotAccepted("This is not an API key: one looks like inf_, 8 characters, _, 43 characters.")
    key = ApiKey.objects.select_related("clinic__organization").filter(digest=tokens.digest(secret)).first()
    now = clock.now()
    if key is None:
        raise KeyNotAccepted("This API key does not exist. Ask a manager of the clinic for one.")
    if key.revoked_at is not None:
        raise KeyNotAccepted("This API key was revoked. Ask a manager of the clinic for a new one.")
    if key.expires_at <= now:
        raise KeyNotAccepted(f"This API key ended on {key.expires_at:%-d %B %Y}. Ask a manager for a new one.")
    due = now - USE_IS_NOTED_EVERY
    if key.last_used_at is None or key.last_used_at < due:
        stale = Q(last_used_at__isnull=True) | Q(last_used_at__lt=due)
        ApiKey.objects.filter(stale, pk=key.pk).update(last_used_at=now)
    return key


def actor_for(key: ApiKey, *, request_id: str = "") -> Actor:
    """The program that holds `key`, acting at its clinic with the permissions of the key."""
    known = {permission.value for permission in Permission} - {permission.value for permission in NOT_FOR_KEYS}
    return Actor(
        kind=ActorKind.API_KEY,
        label=f"{key.name} (API key)",
        id=key.id,
        organization_id=key.clinic.organization_id,
        clinic_id=key.clinic_id,
        permissions=frozenset(key.permissions) & known,
        request_id=request_id,
    )


def _check(name: str, permissions: Collection[Permission], days_valid: int, by: Actor) -> None:
    if not 1 <= len(name) <= 80:
        raise BadInput("bad_name", "Give the key a name of 1 to 80 letters: what uses it?", field="name")
    if not permissions or set(permissions) & NOT_FOR_KEYS:
        raise BadInput("bad_permissions", "Choose what the key may do.", field="permissions")
    if not 1 <= days_valid <= LONGEST_DAYS:
        raise BadInput("bad_days", f"A key is good for 1 to {LONGEST_DAYS} days.", field="days_valid")
    beyond = sorted(permission.value for permission in permissions if not by.can(permission))
    if beyond:
        raise NotAllowed("beyond_own", f"You can't give a key what you may not do yourself: {', '.join(beyond)}.")
