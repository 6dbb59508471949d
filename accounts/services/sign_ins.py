"""The record of who signed in and who tried to."""

from accounts.models import User
from accounts.queries import workplaces
from audit.services.record import record
from core.actor import Actor, ActorKind, system
from core.transactions import business_act


@business_act
def succeeded(*, user: User, way: str) -> None:
    """Record that `user` signed in, by password or by code (`way`)."""
    place = next(iter(workplaces(user)), None)
    by = Actor(
        kind=ActorKind.PERSON,
        label=user.name,
        id=user.id,
        organization_id=place.clinic.organization_id if place else None,
        clinic_id=place.clinic.id if place else None,
    )
    record(action="sign_in.succeed", entity_type="user", entity_id=user.id, by=by, detail={"way": way})


@business_act
def failed(*, way: str, network: str) -> None:
    """Record a wrong try from `network`. It names no account: what was typed may be somebody's password."""
    record(
        action="sign_in.fail",
        entity_type="network",
        entity_id=network,
        by=system("sign-in"),
        detail={"way": way},
    )
