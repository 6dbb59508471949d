"""A patient's page: their record, orders, visits and authorizations. And the list of patients with their next visit."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.models import Exists, F, OuterRef, QuerySet, Subquery

from accounts.models import Clinic
from authorizations.models import Authorization
from core import clock
from patients.models import DiaryEntry, LabResult, Patient, TreatmentConsent
from patients.queries import diary, records
from patients.queries.records import PatientRecord
from patients.queries.search import matching
from regimens.models import CourseDay, ElsewhereTherapy, OrderStatus, Reaction, SafetyEnrolment, TreatmentOrder
from regimens.queries import elsewhere, orders
from regimens.queries.elsewhere import GlobulinCourse
from scheduling.domain.statuses import FINISHED
from scheduling.models import OCCUPYING_VALUES, Visit
from scheduling.queries import visits

FINISHED_VALUES = sorted(status.value for status in FINISHED)
PAST_SHOWN = 12
FUTURE_SHOWN = 30
CONSENTS_SHOWN = 6
DIARY_SHOWN = 14
LABS_READ = 200
LIVE_ORDERS = frozenset({OrderStatus.ACTIVE.value, OrderStatus.ON_HOLD.value})
NO_TEST = "-"
"""Asked for so that the page takes the same number of statements for a patient whose orders ask for no test."""


@dataclass(frozen=True, kw_only=True)
class OrderLine:
    """An order with its first day that no visit holds; days of courses that others have followed no longer count."""

    order: TreatmentOrder
    next_to_book: CourseDay | None


@dataclass(frozen=True, kw_only=True)
class PatientPage:
    """What the patient's page shows. `past` is newest first."""

    record: PatientRecord
    today: date
    orders: tuple[OrderLine, ...]
    upcoming: tuple[Visit, ...]
    past: tuple[Visit, ...]
    authorizations: tuple[Authorization, ...]
    required_labs: tuple[LabResult, ...]
    consents: tuple[TreatmentConsent, ...]
    diary: tuple[DiaryEntry, ...]
    reactions: tuple[Reaction, ...]
    enrolments: tuple[SafetyEnrolment, ...]
    elsewhere: tuple[ElsewhereTherapy, ...]
    globulin: tuple[GlobulinCourse, ...]

    @property
    def live_orders(self) -> tuple[TreatmentOrder, ...]:
        """Orders that are in force or on hold."""
        return tuple(line.order for line in self.orders if line.order.status in LIVE_ORDERS)

    @property
    def next_to_book(self) -> CourseDay | None:
        """The day to book first: of all orders, the one due first."""
        waiting = [line.next_to_book for line in self.orders if line.next_to_book]
        return min(waiting, key=lambda day: day.due_on, default=None)


def patient_page(clinic: Clinic, patient_id: UUID, *, today: date) -> PatientPage:
    """The patient's page. Seventeen SQL statements; raises `NotFound` for another clinic's patient."""
    record = records.record(clinic, patient_id)
    lines = _orders(patient_id)
    mine = visits.for_patient(patient_id).filter(clinic=clinic)
    return PatientPage(
        record=record,
        today=today,
        orders=lines,
        upcoming=tuple(mine.exclude(status__in=FINISHED_VALUES)[:FUTURE_SHOWN]),
        past=tuple(mine.filter(status__in=FINISHED_VALUES).order_by("-period")[:PAST_SHOWN]),
        authorizations=tuple(_authorizations(clinic, patient_id)),
        required_labs=_required_labs(patient_id, lines),
        consents=tuple(record.patient.treatment_consents.all()[:CONSENTS_SHOWN]),
        diary=diary.latest(patient_id, limit=DIARY_SHOWN),
        reactions=elsewhere.reactions(patient_id),
        enrolments=elsewhere.enrolments(patient_id),
        elsewhere=elsewhere.therapies(patient_id),
        globulin=elsewhere.globulin_courses(record.patient),
    )


def patient_list(clinic: Clinic, text: str) -> QuerySet[Patient]:
    """Patients of `clinic` who match `text` (all for none), by name, with the start of their next visit."""
    coming = (
        Visit.objects.filter(patient=OuterRef("pk"), status__in=OCCUPYING_VALUES, period__startswith__gte=clock.now())
        .order_by("period")
        .annotate(starts_at=F("period__startswith"))
        .values("starts_at")[:1]
    )
    return (
        matching(clinic, text)
        .annotate(next_visit_at=Subquery(coming))
        .order_by("family_name", "given_name", "record_number")
    )


def _orders(patient_id: UUID) -> tuple[OrderLine, ...]:
    holding = Visit.objects.filter(patient_id=patient_id, status__in=OCCUPYING_VALUES)
    held = holding.filter(course_day=OuterRef("pk"))
    passed = holding.filter(
        course_day__course__order=OuterRef("course__order"), course_day__course__number__gt=OuterRef("course__number")
    )
    free = (
        CourseDay.objects.filter(
            ~Exists(held),
            ~Exists(passed),
            course__order__patient_id=patient_id,
            course__order__status=OrderStatus.ACTIVE,
            course__dropped_at=None,
        )
        .select_related("course")
        .order_by("course__order_id", "due_on", "day_number")
        .distinct("course__order_id")
    )
    first = {day.course.order_id: day for day in free}
    return tuple(OrderLine(order=order, next_to_book=first.get(order.id)) for order in orders.for_patient(patient_id))


def _required_labs(patient_id: UUID, lines: tuple[OrderLine, ...]) -> tuple[LabResult, ...]:
    """Every result of the tests that live orders ask for, the latest first, however old."""
    asked = [line.order.labs_required for line in lines if line.order.status in LIVE_ORDERS]
    codes = {str(item["code"]) for items in asked for item in items} | {NO_TEST}
    return tuple(LabResult.objects.filter(patient_id=patient_id, code__in=sorted(codes))[:LABS_READ])


def _authorizations(clinic: Clinic, patient_id: UUID) -> QuerySet[Authorization]:
    return (
        Authorization.objects.for_clinic(clinic)
        .filter(patient_id=patient_id)
        .select_related("payer", "product", "order")
        .order_by(F("ends_on").desc(nulls_first=True), "-created_at")
    )
