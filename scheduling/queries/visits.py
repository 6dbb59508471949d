"""Finding visits, always within a clinic (staff) or a patient (themselves)."""

from datetime import datetime
from uuid import UUID

from accounts.models import Clinic
from core.errors import NotFound
from regimens.models import CourseDay
from scheduling.models import Chair, Visit, VisitQuerySet

_EVERYTHING = (
    "patient",
    "chair__clinic",
    "clinic__rules",
    "authorization__payer",
    "nurse",
    "course_day__course__order__patient__clinic",
    "course_day__course__order__product",
)


def of_clinic(clinic: Clinic) -> VisitQuerySet:
    """All visits of `clinic`, ready to show."""
    return Visit.objects.for_clinic(clinic).select_related(*_EVERYTHING)


def get(clinic: Clinic, visit_id: UUID) -> Visit:
    """The visit with this id at `clinic`; raises `NotFound` for any other."""
    visit = of_clinic(clinic).filter(pk=visit_id).first()
    if visit is None:
        raise NotFound("visit")
    return visit


def for_patient(patient_id: UUID) -> VisitQuerySet:
    """All visits of one patient, ready to show, first the earliest."""
    return Visit.objects.filter(patient_id=patient_id).select_related(*_EVERYTHING).order_by("period")


def between(clinic: Clinic, start: datetime, end: datetime) -> VisitQuerySet:
    """Visits of `clinic` that touch the time from `start` to `end`."""
    return of_clinic(clinic).filter(period__overlap=(start, end)).order_by("period")


def get_chair(clinic: Clinic, chair_id: UUID) -> Chair:
    """The chair with this id at `clinic`; raises `NotFound` for any other."""
    chair = Chair.objects.select_related("clinic").filter(clinic=clinic, pk=chair_id).first()
    if chair is None:
        raise NotFound("chair")
    return chair


def chairs_by_id(clinic: Clinic) -> dict[UUID, Chair]:
    """Every chair of `clinic`. One SQL statement."""
    return {chair.id: chair for chair in Chair.objects.select_related("clinic").filter(clinic=clinic)}


def get_course_day(clinic: Clinic, course_day_id: UUID) -> CourseDay:
    """The course day with this id ordered at `clinic`, with everything booking needs; raises `NotFound` else."""
    course_day = (
        CourseDay.objects.select_related(
            "course__order__patient__clinic", "course__order__product", "course__order__clinic"
        )
        .filter(course__order__clinic=clinic, pk=course_day_id)
        .first()
    )
    if course_day is None:
        raise NotFound("course day")
    return course_day
