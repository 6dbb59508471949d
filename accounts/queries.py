"""Reading who people are and where they work."""

from dataclasses import dataclass
from uuid import UUID

from accounts.domain.policy import Role, permissions_of
from accounts.models import Clinic, Membership, User
from core.actor import Actor, ActorKind


@dataclass(frozen=True)
class Workplace:
    """A clinic and the roles that one person holds there."""

    clinic: Clinic
    roles: frozenset[Role]


def workplaces(user: User) -> list[Workplace]:
    """The clinics where `user` holds a role, by name."""
    found: dict[UUID, tuple[Clinic, set[Role]]] = {}
    memberships = (
        Membership.objects.filter(user=user).select_related("clinic__organization").order_by("clinic__name")
    )
    for membership in memberships:
        found.setdefault(membership.clinic_id, (membership.clinic, set()))[1].add(Role(membership.role))
    return [Workplace(clinic, frozenset(roles)) for clinic, roles in found.values()]


def actor_for(
    user: User, workplace: Workplace, *, patient_id: UUID | None = None, request_id: str = ""
) -> Actor:
    """`user` acting in the roles of `workplace`."""
    is_patient = workplace.roles == {Role.PATIENT}
    return Actor(
        kind=ActorKind.PATIENT if is_patient else ActorKind.PERSON,
        label=user.name,
        id=user.id,
        organization_id=workplace.clinic.organization_id,
        clinic_id=workplace.clinic.id,
        patient_id=patient_id,
        permissions=permissions_of(set(workplace.roles)),
        request_id=request_id,
    )


def patient_id_of(user: User) -> UUID | None:
    """The id of the patient record that `user` signs in as, if they are a patient (see `User.patient`)."""
    patient = getattr(user, "patient", None)
    return patient.id if patient is not None else None
