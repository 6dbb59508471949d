"""Reading what a patient has elsewhere, the safety programmes they are in, and the immune globulin they were given."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from uuid import UUID

from core.errors import NotFound
from patients.models import Patient
from regimens.models import Administration, ElsewhereTherapy, Reaction, SafetyEnrolment

COURSES_SHOWN = 24


@dataclass(frozen=True, kw_only=True)
class GlobulinCourse:
    """Immune globulin given in one course: its last day, and all of its days together by the weight they were for."""

    last_on: date
    mg_per_kg: int
    product: str


def therapies(patient_id: UUID) -> tuple[ElsewhereTherapy, ...]:
    """What the patient has elsewhere, what ended among it. One SQL statement."""
    return tuple(ElsewhereTherapy.objects.filter(patient_id=patient_id).order_by("starts_on", "created_at"))


def therapy(patient: Patient, therapy_id: UUID) -> ElsewhereTherapy:
    """The patient's therapy with this id; raises `NotFound` for any other."""
    found = ElsewhereTherapy.objects.select_related("patient__clinic").filter(patient=patient, pk=therapy_id).first()
    if found is None:
        raise NotFound("therapy")
    return found


def enrolments(patient_id: UUID) -> tuple[SafetyEnrolment, ...]:
    """The patient's enrolments in safety programmes, the latest first. One SQL statement."""
    return tuple(SafetyEnrolment.objects.filter(patient_id=patient_id))


def reactions(patient_id: UUID) -> tuple[Reaction, ...]:
    """The patient's reactions, the latest first; voided ones are mistakes and left out. One SQL statement."""
    found = Reaction.objects.filter(patient_id=patient_id, voided_at__isnull=True)
    return tuple(found.select_related("product", "order").order_by("-occurred_at"))


def globulin_courses(patient: Patient) -> tuple[GlobulinCourse, ...]:
    """Courses of immune globulin that the patient was given here, the latest first. One SQL statement.

    Where no nurse has recorded the dose, the planned one counts.
    """
    given = (
        Administration.objects.filter(order__patient=patient, product__is_immune_globulin=True, voided_at__isnull=True)
        .select_related("course_day", "product")
        .order_by("-started_at")[: COURSES_SHOWN * 5]
    )
    by_course: dict[UUID, list[Administration]] = defaultdict(list)
    for each in given:
        by_course[each.course_day.course_id].append(each)
    return tuple(_course(days, patient) for days in list(by_course.values())[:COURSES_SHOWN])


def _course(days: list[Administration], patient: Patient) -> GlobulinCourse:
    total = Decimal(0)
    for day in days:
        dose = day.planned_dose_mg if day.dose_mg is None else day.dose_mg
        total += dose / day.dosing_weight_kg
    return GlobulinCourse(
        last_on=days[0].started_at.astimezone(patient.clinic.zone).date(),
        mg_per_kg=int(total.to_integral_value(ROUND_HALF_UP)),
        product=days[0].product.name,
    )
