"""Who acts: a person in a role at a clinic, a program with a key, or the system itself. Every write names one."""

from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from core.errors import NotAllowed


class ActorKind(StrEnum):
    PERSON = "person"
    PATIENT = "patient"
    API_KEY = "api_key"
    SYSTEM = "system"


@dataclass(frozen=True, kw_only=True)
class Actor:
    """Who acts, where, and what they may do.

    `id` is the user's or the key's; `clinic_id` the clinic they act in; `patient_id` is set only for a patient, who
    may touch nobody else's records.
    """

    kind: ActorKind
    label: str
    id: UUID | None = None
    organization_id: UUID | None = None
    clinic_id: UUID | None = None
    patient_id: UUID | None = None
    permissions: frozenset[str] = field(default_factory=frozenset)
    request_id: str = ""

    def can(self, permission: str) -> bool:
        return self.kind is ActorKind.SYSTEM or permission in self.permissions

    def require(self, permission: str, to: str) -> None:
        """Raise `NotAllowed` unless the actor holds `permission`; `to` completes "may not ..."."""
        if not self.can(permission):
            raise NotAllowed("not_allowed", f"Your role may not {to}. Ask a manager if it should.")


def system(label: str, *, organization_id: UUID | None = None, clinic_id: UUID | None = None) -> Actor:
    """The system acting by itself, for instance a sweep; `label` says which part of it."""
    return Actor(kind=ActorKind.SYSTEM, label=label, organization_id=organization_id, clinic_id=clinic_id)


NOBODY = Actor(kind=ActorKind.PERSON, label="nobody")
