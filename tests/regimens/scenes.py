"""Orders as prescribers write them, for tests."""

from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any

from accounts.models import Clinic
from core import clock
from core.actor import Actor, system
from core.ids import new_id
from patients.models import Patient
from regimens.models import Course, Indication, Product, TreatmentOrder
from regimens.services import administrations, orders


def today(clinic: Clinic) -> date:
    return clock.today(clinic.zone)


def ivig(clinic: Clinic, **changes: Any) -> dict[str, Any]:
    """Gammagard 1 g/kg over two days, every three weeks, for CIDP at 80 kg."""
    return {
        "product": Product.objects.get(id="gammagard_liquid"),
        "indication": Indication.objects.get(id="CIDP"),
        "icd10": "G61.81",
        "hcpcs": "J1569",
        "dose_basis": "g_per_kg",
        "dose_amount": Decimal(1),
        "dosing_weight_kg": Decimal(80),
        "days_per_course": 2,
        "interval_days": 21,
        "starts_on": today(clinic) + timedelta(days=7),
        "signed_on": today(clinic),
        "prescriber_name": "Dr. Invented",
        **changes,
    }


def drug(clinic: Clinic, product: str, **changes: Any) -> dict[str, Any]:
    """An order of another drug, one day per course, for Crohn disease unless said otherwise."""
    usual = {
        "product": Product.objects.get(id=product),
        "indication": Indication.objects.get(id="CD"),
        "icd10": "K50.90",
        "days_per_course": 1,
    }
    return ivig(clinic, **usual | changes)


def accepted(patient: Patient, by: Actor, facts: dict[str, Any], **how: Any) -> TreatmentOrder:
    """An order entered and accepted."""
    return orders.accept(order=orders.enter(clinic=patient.clinic, patient=patient, by=by, **facts), by=by, **how)


def courses(order: TreatmentOrder) -> list[Course]:
    return list(order.courses.prefetch_related("days").order_by("number"))


def offsets(order: TreatmentOrder) -> list[int]:
    """Days from the start of the order to each course's due date."""
    return [(course.due_on - order.starts_on).days for course in courses(order)]


def give(order: TreatmentOrder, late: dict[int, int], *, days: int | None = None) -> None:
    """Give courses so many days after the order's own calendar, every three weeks; all their days or the first few."""
    by = system("test", organization_id=order.clinic.organization_id, clinic_id=order.clinic_id)
    for number, shift in sorted(late.items()):
        first_on = order.starts_on + timedelta(days=21 * (number - 1) + shift)
        for index, day in enumerate(list(order.courses.get(number=number).days.order_by("day_number"))[:days]):
            at = clock.instant(first_on + timedelta(days=index), time(10), order.clinic.zone)
            begun = administrations.begin(course_day=day, visit_id=new_id(), at=at, by=by)
            administrations.stop(visit_id=begun.visit_id, at=at + timedelta(hours=2), is_complete=True, by=by)
