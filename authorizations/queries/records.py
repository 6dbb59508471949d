"""Finding authorizations, always within a clinic."""

from collections.abc import Sequence
from uuid import UUID

from django.db.models import QuerySet

from accounts.domain.policy import GRANTS, Permission
from accounts.models import Clinic, User
from authorizations.models import Authorization
from core.errors import NotFound
from patients.models import Coverage as Plan
from patients.queries.search import matching
from regimens.models import OrderStatus, TreatmentOrder

_SHOWN = ("patient", "payer", "product", "owner", "clinic", "order", "coverage", "renews")


def of_clinic(clinic: Clinic) -> QuerySet[Authorization]:
    """All authorizations of `clinic`, ready to show, the latest first."""
    return Authorization.objects.for_clinic(clinic).select_related(*_SHOWN).order_by("-created_at", "-id")


def get(clinic: Clinic, authorization_id: UUID) -> Authorization:
    """The authorization with this id at `clinic`; raises NotFound for any other."""
    found = of_clinic(clinic).filter(id=authorization_id).first()
    if found is None:
        raise NotFound("authorization")
    return found


def of_patient(clinic: Clinic, patient_id: UUID) -> QuerySet[Authorization]:
    """One patient's authorizations, the latest first."""
    return of_clinic(clinic).filter(patient_id=patient_id)


def owners(clinic: Clinic) -> QuerySet[User]:
    """The people who may own authorizations of `clinic`, by name."""
    roles = [role.value for role, granted in GRANTS.items() if Permission.AUTHORIZATION_CHANGE in granted]
    people = User.objects.filter(is_active=True, memberships__clinic=clinic, memberships__role__in=roles)
    return people.distinct().order_by("name")


def active_orders(clinic: Clinic) -> QuerySet[TreatmentOrder]:
    """Orders one may ask a payer about, by patient."""
    orders = TreatmentOrder.objects.for_clinic(clinic).exclude(status=OrderStatus.ENDED)
    return orders.select_related("patient", "product").order_by("patient__family_name", "patient__given_name", "id")


def find_orders(clinic: Clinic, text: str, *, limit: int) -> list[TreatmentOrder]:
    """At most `limit` orders whose patient matches `text`: a name, record number or date of birth."""
    return list(active_orders(clinic).filter(patient__in=matching(clinic, text))[:limit])


def order(clinic: Clinic, order_id: UUID) -> TreatmentOrder:
    """The order with this id at `clinic`; raises NotFound for any other."""
    found = active_orders(clinic).select_related("clinic", "indication").filter(id=order_id).first()
    if found is None:
        raise NotFound("order")
    return found


def plans(order: TreatmentOrder) -> Sequence[Plan]:
    """The patient's insurance plans whose payer asks for authorization, the latest first."""
    held = Plan.objects.filter(patient_id=order.patient_id, payer__needs_authorization=True)
    return list(held.select_related("payer").order_by("-starts_on", "-id"))
