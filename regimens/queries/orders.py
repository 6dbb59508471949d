"""Reading orders: one with its courses, or a clinic's list."""

from datetime import date, timedelta
from enum import StrEnum
from uuid import UUID

from django.db.models import Count, DateField, ExpressionWrapper, F, Prefetch, Q, QuerySet, prefetch_related_objects
from django.db.models.functions import Coalesce

from accounts.models import Clinic
from core.errors import NotFound
from patients.models import Patient
from patients.queries.search import matching
from regimens.domain.validity import VALID_FOR, last_valid_on
from regimens.models import Course, CourseDay, OrderStatus, Product, TreatmentOrder

RENEWAL_NOTICE = timedelta(days=60)


def valid_until(order: TreatmentOrder) -> date:
    """The last date on which the prescription counts: its end date, else 12 months from its signature.

    A draft that waits for its signature would count from its first course.
    """
    return last_valid_on(signed_on=order.signed_on, starts_on=order.starts_on, ends_on=order.ends_on)


class OrderFilter(StrEnum):
    """How the list of orders is narrowed; the value is what stands in the address."""

    DRAFT = "draft"
    ACTIVE = "active"
    ON_HOLD = "on_hold"
    ENDING = "ending"
    ENDED = "ended"
    ALL = "all"

    @property
    def label(self) -> str:
        words = {"draft": "To accept", "on_hold": "On hold", "ending": "Ending within 60 days"}
        return words.get(self.value, self.value.capitalize())


def get(clinic: Clinic, order_id: UUID) -> TreatmentOrder:
    """The order with this id at `clinic`; raises `NotFound` for any other."""
    found = (
        TreatmentOrder.objects.for_clinic(clinic)
        .select_related("clinic", "patient__clinic", "product", "indication", "accepted_by")
        .filter(pk=order_id)
        .first()
    )
    if found is None:
        raise NotFound("order")
    return found


def with_courses(clinic: Clinic, order_id: UUID) -> TreatmentOrder:
    """The order with its courses and their days, in order. Three SQL statements; `NotFound` as for `get`."""
    order = get(clinic, order_id)
    courses = Course.objects.order_by("number").prefetch_related(
        Prefetch("days", CourseDay.objects.order_by("day_number"))
    )
    prefetch_related_objects([order], Prefetch("courses", courses))
    return order


def for_patient(patient_id: UUID) -> QuerySet[TreatmentOrder]:
    """A patient's orders, the newest first."""
    return TreatmentOrder.objects.filter(patient_id=patient_id).select_related("product", "indication", "clinic")


def beside(patient: Patient, product: Product) -> QuerySet[TreatmentOrder]:
    """A patient's live orders that one of `product` would stand beside: the same drug, or immune globulin as well."""
    same = Q(product__is_immune_globulin=True) if product.is_immune_globulin else Q(product=product)
    live = for_patient(patient.id).filter(status__in=[OrderStatus.ACTIVE, OrderStatus.ON_HOLD])
    return live.filter(same)


def listed(clinic: Clinic, shown: OrderFilter, *, today: date, text: str = "") -> QuerySet[TreatmentOrder]:
    """Orders of `clinic` with `valid_until`, the last date the prescription counts; soonest to end first."""
    orders = _with_validity(clinic).select_related("patient", "product", "indication", "renewed_by")
    if shown is not OrderFilter.ALL:
        orders = orders.filter(_shows(shown, today))
    if text.strip():
        orders = orders.filter(patient__in=matching(clinic, text))
    if shown is OrderFilter.DRAFT:
        return orders.order_by("created_at")
    return orders.order_by(F("valid_until"), "patient__family_name", "patient__given_name", "pk")


def counts(clinic: Clinic, *, today: date) -> dict[OrderFilter, int]:
    """How many orders each filter shows. One SQL statement."""
    narrowed = {shown.value: Count("pk", filter=_shows(shown, today)) for shown in OrderFilter if shown != "all"}
    found = _with_validity(clinic).order_by().aggregate(all=Count("pk"), **narrowed)
    return {shown: found[shown.value] for shown in OrderFilter}


def _with_validity(clinic: Clinic) -> QuerySet[TreatmentOrder]:
    """A prescription counts to its end date, else for the usual 12 months from its signature."""
    signed = ExpressionWrapper(Coalesce(F("signed_on"), F("starts_on")) + VALID_FOR, output_field=DateField())
    return TreatmentOrder.objects.for_clinic(clinic).annotate(
        valid_until=Coalesce(F("ends_on"), signed, output_field=DateField())
    )


def _shows(shown: OrderFilter, today: date) -> Q:
    if shown is OrderFilter.ENDING:
        return Q(status__in=[OrderStatus.ACTIVE, OrderStatus.ON_HOLD], valid_until__lte=today + RENEWAL_NOTICE)
    if shown is OrderFilter.ACTIVE:
        return Q(status__in=[OrderStatus.ACTIVE, OrderStatus.ON_HOLD])
    return Q(status=shown.value)
