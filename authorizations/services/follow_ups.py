"""Calls, follow-ups and owners: who does what next about an authorization, and by when."""

from datetime import date

from accounts.domain.policy import GRANTS, Permission
from accounts.models import Membership, User
from authorizations.models import Authorization
from authorizations.services.history import check_follow_up, keep, lock, refuse, words
from core import clock
from core.actor import Actor
from core.errors import BadInput
from core.transactions import business_act


@business_act
def log_call(
    *,
    authorization: Authorization,
    person: str,
    text: str,
    call_reference: str = "",
    follow_up_on: date | None = None,
    next_step: str = "",
    expected_version: int,
    by: Actor,
) -> Authorization:
    """Keep a call with the payer: with whom, their reference, what was said; and the next follow-up, if given.

    A call alone changes neither status nor follow-up: a payer's decision goes through `answers.record_answer`.
    """
    current = lock(authorization, expected_version=expected_version, by=by)
    person = words(person, field="person", most=80, what="whom you spoke with")
    text = words(text, field="text", most=400, what="what was said")
    call_reference = words(call_reference, field="call_reference", most=40)
    step = words(next_step, field="next_step", most=120)
    if follow_up_on is not None:
        refuse(check_follow_up(follow_up_on, today=clock.today(current.clinic.zone)), kind=BadInput)
        current.follow_up_on = follow_up_on
    current.next_step = step or current.next_step
    data = {"person": person, "call_reference": call_reference}
    keep(current, kind="call", by=by, text=f"{person}: {text}", data=data)
    return current


@business_act
def set_follow_up(
    *, authorization: Authorization, on: date, next_step: str, expected_version: int, by: Actor
) -> Authorization:
    """Say what is done next, and by which clinic-local date (today or later)."""
    current = lock(authorization, expected_version=expected_version, by=by)
    step = words(next_step, field="next_step", most=120, what="what is to be done")
    refuse(check_follow_up(on, today=clock.today(current.clinic.zone)), kind=BadInput)
    current.follow_up_on, current.next_step = on, step
    keep(current, kind="follow_up", by=by, text=f"{step}, by {on.day} {on:%B %Y}.")
    return current


@business_act
def assign(*, authorization: Authorization, owner: User | None, expected_version: int, by: Actor) -> Authorization:
    """Give the authorization to somebody of the clinic who may change authorizations, or to nobody."""
    current = lock(authorization, expected_version=expected_version, by=by)
    if owner is not None and not may_own(owner, current):
        raise BadInput(
            "owner", f"{owner.name} does not work on authorizations here. Choose somebody who does.", field="owner"
        )
    current.owner = owner
    keep(current, kind="assign", by=by, text=f"Owner: {owner.name}." if owner else "Nobody owns it now.")
    return current


def may_own(user: User, authorization: Authorization) -> bool:
    """Whether `user` may work on authorizations at this clinic."""
    roles = [role.value for role, granted in GRANTS.items() if Permission.AUTHORIZATION_CHANGE in granted]
    return Membership.objects.filter(
        user=user, user__is_active=True, clinic_id=authorization.clinic_id, role__in=roles
    ).exists()
