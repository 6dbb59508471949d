"""A patient's plan as it goes on paper: orders with their courses and cover, and what is given elsewhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from accounts.models import Clinic
from authorizations.models import Authorization
from authorizations.queries.coverage import Need, find_many
from patients.models import Patient
from regimens.models import ElsewhereTherapy, OrderStatus, TreatmentOrder
from regimens.queries import orders
from scheduling.domain.statuses import OCCUPYING
from scheduling.models import Visit

YEAR = timedelta(days=366)
SHOWN = frozenset({OrderStatus.ACTIVE, OrderStatus.ON_HOLD})


@dataclass(frozen=True)
class PlannedElsewhere:
    """A therapy given somewhere else, on its days of the year ahead."""

    therapy: ElsewhereTherapy
    days: tuple[date, ...]


@dataclass(frozen=True)
class PrintedPlan:
    """What goes on paper. `visits` are those that hold a course day, by its id."""

    patient: Patient
    orders: tuple[TreatmentOrder, ...]
    visits: dict[UUID, Visit]
    authorizations: dict[UUID, Authorization]
    elsewhere: tuple[PlannedElsewhere, ...]
    today: date


def order_plan(clinic: Clinic, order_id: UUID, *, today: date) -> PrintedPlan:
    """One order's plan; raises `NotFound` for another clinic's."""
    order = orders.with_courses(clinic, order_id)
    return _plan(clinic, order.patient, [order], today)


def patient_plan(clinic: Clinic, patient: Patient, *, today: date) -> PrintedPlan:
    """The plan of all of a patient's orders that are active or on hold."""
    ids = orders.for_patient(patient.id).filter(status__in=SHOWN).order_by("starts_on").values_list("id", flat=True)
    return _plan(clinic, patient, [orders.with_courses(clinic, id_) for id_ in ids], today)


def _plan(clinic: Clinic, patient: Patient, held: Sequence[TreatmentOrder], today: date) -> PrintedPlan:
    visits = Visit.objects.filter(course_day__course__order__in=held, status__in=OCCUPYING).select_related("chair")
    needs = [Need(order, 1, max(today, order.starts_on)) for order in held]
    covers = zip(held, find_many(clinic=clinic, needs=needs), strict=True)
    therapies = ElsewhereTherapy.objects.filter(patient=patient).exclude(ends_on__lt=today)
    return PrintedPlan(
        patient=patient,
        orders=tuple(held),
        visits={visit.course_day_id: visit for visit in visits},
        authorizations={order.id: cover.authorization for order, cover in covers if cover.authorization is not None},
        elsewhere=tuple(PlannedElsewhere(each, _days(each, today)) for each in therapies),
        today=today,
    )


def _days(therapy: ElsewhereTherapy, today: date) -> tuple[date, ...]:
    """The days of a therapy in the year ahead."""
    last = min(today + YEAR, therapy.ends_on or date.max)
    if therapy.every_days is None:
        return (therapy.starts_on,) if today <= therapy.starts_on <= last else ()
    step = timedelta(days=therapy.every_days)
    behind = max(0, -((therapy.starts_on - today).days // therapy.every_days))
    found, on = [], therapy.starts_on + behind * step
    while on <= last:
        found.append(on)
        on += step
    return tuple(found)
