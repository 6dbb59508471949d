"""Reads that only lists of the API need, always within one clinic."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Prefetch, QuerySet

from accounts.domain.policy import Role
from accounts.models import Clinic, User
from authorizations.models import Authorization
from authorizations.queries import records as authorizations
from core import clock
from core.errors import BadInput, NotFound
from regimens.models import (
    Administration,
    AdministrationLot,
    CourseDay,
    OrderEvent,
    RateChange,
    Reaction,
    TreatmentOrder,
)
from scheduling.models import Chair, ChairOutage, Visit
from scheduling.queries import due, visits

USUAL_DAYS = timedelta(days=6)
MOST_DAYS = 366


def orders(clinic: Clinic, *, patient_id: UUID | None = None, status: str | None = None) -> QuerySet[TreatmentOrder]:
    """Orders of `clinic`, the latest first."""
    found = TreatmentOrder.objects.for_clinic(clinic).select_related("patient", "product", "clinic", "indication")
    return found.filter(**_given(patient_id=patient_id, status=status)).order_by("-created_at", "-id")


def order_events(order: TreatmentOrder) -> QuerySet[OrderEvent]:
    """What happened to `order`, the latest first."""
    return OrderEvent.objects.filter(order=order)


def administrations(
    clinic: Clinic, *, patient_id: UUID | None = None, order_id: UUID | None = None, lot: str | None = None
) -> QuerySet[Administration]:
    """What was given at `clinic` and counts, the latest first; `lot` finds everybody who had vials of it."""
    narrowed = _given(order__patient_id=patient_id, order_id=order_id)
    found = Administration.objects.filter(order__clinic=clinic, voided_at__isnull=True, **narrowed)
    if lot is not None:
        opened = AdministrationLot.objects.filter(lot_number=lot.strip().upper(), replaced_at__isnull=True)
        found = found.filter(pk__in=opened.values("administration"))
    return _whole(found).order_by("-started_at", "-id")


def administration_of(visit: Visit) -> Administration:
    """What was given at a visit, with lots and rates. Raises `NotFound` when no infusion began."""
    found = administrations(visit.clinic).filter(visit_id=visit.pk).first()
    if found is None:
        raise NotFound("administration")
    return found


def _whole(found: QuerySet[Administration]) -> QuerySet[Administration]:
    kept = {"replaced_at__isnull": True}
    return found.select_related("order__patient", "product", "course_day").prefetch_related(
        Prefetch("lots", AdministrationLot.objects.filter(**kept)), Prefetch("rates", RateChange.objects.filter(**kept))
    )


def reactions(clinic: Clinic, *, patient_id: UUID | None = None, order_id: UUID | None = None) -> QuerySet[Reaction]:
    """Reactions at `clinic` that count, the latest first."""
    found = Reaction.objects.filter(order__clinic=clinic, voided_at__isnull=True).select_related("patient", "product")
    return found.filter(**_given(patient_id=patient_id, order_id=order_id)).order_by("-occurred_at", "-id")


def reaction(clinic: Clinic, reaction_id: UUID) -> Reaction:
    """One of `reactions`; `NotFound` else."""
    found = reactions(clinic).filter(pk=reaction_id).first()
    if found is None:
        raise NotFound("reaction")
    return found


def unbooked_days(order: TreatmentOrder) -> QuerySet[CourseDay]:
    """Course days of `order` that no visit holds, in order."""
    days = due.unbooked(order.clinic).filter(course__order=order)
    return days.order_by("due_on", "course__number", "day_number")


def clinic_visits(
    clinic: Clinic,
    *,
    first_on: date | None,
    last_on: date | None,
    patient_id: UUID | None,
    chair_id: UUID | None,
    status: str | None,
) -> QuerySet[Visit]:
    """Visits of `clinic` that touch the dates (clinic-local, inclusive), the earliest first.

    Without dates: all of one patient, else a week from today. Raises BadInput for more than a year.
    """
    found = visits.of_clinic(clinic)
    if first_on or last_on or patient_id is None:
        first_on = first_on or (last_on - USUAL_DAYS if last_on else clock.today(clinic.zone))
        last_on = last_on or first_on + USUAL_DAYS
        check_span(first_on, last_on, most_days=MOST_DAYS)
        start, end = clock.day_bounds(first_on, clinic.zone)[0], clock.day_bounds(last_on, clinic.zone)[1]
        found = visits.between(clinic, start, end)
    return found.filter(**_given(patient_id=patient_id, chair_id=chair_id, status=status)).order_by("period", "id")


def clinic_authorizations(
    clinic: Clinic, *, patient_id: UUID | None, status: str | None, follow_up_by: date | None
) -> QuerySet[Authorization]:
    """Authorizations of `clinic`, the latest first."""
    narrowed = _given(patient_id=patient_id, status=status, follow_up_on__lte=follow_up_by)
    return authorizations.of_clinic(clinic).filter(**narrowed)


def chairs(clinic: Clinic) -> QuerySet[Chair]:
    """Every chair of `clinic`, in the board's order, with the times to come at which it is out of use."""
    out = ChairOutage.objects.filter(lifted_at=None, ends_at__gt=clock.now()).order_by("starts_at")
    with_outages = Prefetch("outages", out, to_attr="times_out")
    return Chair.objects.filter(clinic=clinic).prefetch_related(with_outages).order_by("position", "name")


def nurses(clinic: Clinic) -> QuerySet[User]:
    """Everybody who is a nurse at `clinic`, by name."""
    found = User.objects.filter(memberships__clinic=clinic, memberships__role=Role.NURSE, is_active=True)
    return found.order_by("name", "id").distinct()


def check_span(first_on: date, last_on: date, *, most_days: int) -> None:
    """Refuse dates in the wrong order, and more days than one answer should hold."""
    if last_on < first_on:
        raise BadInput("dates_reversed", "to is before from.", field="to")
    if (last_on - first_on).days >= most_days:
        raise BadInput("too_many_days", f"from and to span more than {most_days} days. Ask for fewer.", field="to")


def _given(**filters: Any) -> dict[str, Any]:
    return {name: value for name, value in filters.items() if value is not None}
