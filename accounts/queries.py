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
    memberships = Membership.objects.filter(user=user).select_related("clinic__organization").order_by("clinic__name")
    for membership in memberships:
        found.setdefault(membership.clinic_id, (membership.clinic, set()))[1].add(Role(membership.role))
    return [Workplace(clinic, frozenset(roles)) for clinic, roles in found.values()]


def actor_for(user: User, workplace: Workplace, *, patient_id: UUID | None = None, request_id: str = "") -> Actor:
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


def works_somewhere(user: User) -> bool:
    """Whether `user` has a role other than patient anywhere."""
    return Membership.objects.filter(user=user).exclude(role=Role.PATIENT.value).exists()


def patients_only(places: list[Workplace]) -> list[Workplace]:
    """Of `places`, those where the person is a patient, and there only that: what an e-mailed code opens."""
    return [Workplace(place.clinic, frozenset({Role.PATIENT})) for place in places if Role.PATIENT in place.roles]


def user_by_email(email: str) -> User | None:
    """The active user with this address, however it is capitalized."""
    return User.objects.filter(email__iexact=email.strip(), is_active=True).first()


def sole_clinic() -> Clinic | None:
    """The only clinic of this installation; None where there are several, so that nobody learns of the others."""
    clinics = list(Clinic.objects.all()[:2])
    return clinics[0] if len(clinics) == 1 else None
