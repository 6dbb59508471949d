"""What the clearance gate must know about visits and their patients, read at once: six SQL statements.

Some more for each plan in question.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import JSONObject

from patients.domain.diary import symptom_label
from patients.models import Coverage, DiaryEntry, LabResult, Patient, RiskFlag, TreatmentConsent, WeightMeasurement
from patients.queries.lab_tests import lab_tests
from regimens.domain.reactions import HOLDING
from regimens.models import Administration, CourseDay, Reaction, SafetyEnrolment
from scheduling.domain.clearance_checks import LabFact
from scheduling.models import ClearanceOverride, PreInfusionCheck, Visit
from scheduling.queries.undecided import Question, questions


@dataclass(frozen=True)
class Check:
    """The latest check of a visit."""

    at: datetime
    by: str
    is_drug_on_hand: bool
    concerns: tuple[str, ...]
    temperature_c: Decimal | None
    note: str


@dataclass(frozen=True)
class Dose:
    """A dose that was given on a clinic-local day."""

    course_id: UUID
    course_day_id: UUID
    on: date


@dataclass(frozen=True)
class PatientFacts:
    """One patient: consents (signed, withdrawn), the latest weight, current risks, enrolments, grave
    reactions, and signs of the diary that cannot wait and that nobody has looked at."""

    consents: tuple[tuple[date, date | None], ...] = ()
    weight: tuple[date | None, Decimal | None] = (None, None)
    risks: tuple[str, ...] = ()
    enrolments: tuple[tuple[str, date, date | None], ...] = ()
    reactions: tuple[tuple[str, int, date, bool], ...] = ()
    diary: tuple[tuple[str, date], ...] = ()


@dataclass(frozen=True)
class Facts:
    """The visits, and what is known by patient. `given` holds every dose by (patient, product), `questions` what is
    undecided about an order's plan.
    """

    visits: tuple[Visit, ...]
    patients: dict[UUID, PatientFacts]
    plans: dict[UUID, tuple[Coverage, ...]] = field(default_factory=dict)
    labs: dict[UUID, dict[str, LabFact]] = field(default_factory=dict)
    given: dict[tuple[UUID, str], tuple[Dose, ...]] = field(default_factory=dict)
    questions: dict[UUID, Question] = field(default_factory=dict)


def read(visit_ids: Sequence[UUID]) -> Facts:
    """Everything about these visits, read now."""
    visits = _visits(visit_ids)
    patients = {visit.patient_id for visit in visits}
    if not patients:
        return Facts((), {})
    return Facts(
        visits=visits,
        patients=_patients(patients),
        plans=_plans(patients),
        labs=_labs(patients),
        given=_given(patients),
        questions=questions(visits),
    )


def service_day(visit: Visit) -> date:
    """The clinic-local date of the visit."""
    start: datetime = visit.period.lower
    return start.astimezone(visit.clinic.zone).date()


def is_of_the_day(at: datetime, visit: Visit) -> bool:
    """Whether something at `at` was on the visit's day."""
    return at.astimezone(visit.clinic.zone).date() == service_day(visit)


def latest_check(visit: Visit) -> Check | None:
    """The visit's latest check as `read` found it, if it was made on the visit's day."""
    row: dict[str, Any] | None = getattr(visit, "gate_check", None)
    at = None if row is None else datetime.fromisoformat(row["at"])
    if row is None or at is None or not is_of_the_day(at, visit):
        return None
    degrees = row["temperature_c"]
    return Check(
        at=at,
        by=row["by"],
        is_drug_on_hand=row["drug"],
        concerns=tuple(row["concerns"]),
        temperature_c=None if degrees is None else Decimal(str(degrees)),
        note=row["note"],
    )


def _visits(visit_ids: Sequence[UUID]) -> tuple[Visit, ...]:
    rows = (
        Visit.objects.filter(pk__in=visit_ids)
        .select_related(
            "clinic",
            "patient",
            "authorization__payer",
            "authorization__order",
            "course_day__course__order__product",
            "course_day__course__order__patient",
        )
        .annotate(
            gate_check=Subquery(_check_of_visit()),
            gate_course_days=Subquery(_days_of_course()),
            gate_overrides=ArraySubquery(_overrides_of_visit()),
        )
    )
    return tuple(rows)


def _check_of_visit() -> QuerySet[Any, Any]:
    """The latest check of a visit in an outer query, as JSON."""
    asked = JSONObject(
        at="at",
        by="by_label",
        drug="is_drug_on_hand",
        concerns="concerns",
        temperature_c="temperature_c",
        note="note",
    )
    checks = PreInfusionCheck.objects.filter(visit=OuterRef("pk")).order_by("-at", "-id")
    return checks.values(json=asked)[:1]


def _overrides_of_visit() -> QuerySet[Any, Any]:
    """Everybody who went ahead against a reason for a visit in an outer query, as JSON."""
    said = JSONObject(code="code", sentence="sentence", reason="reason", by="by_label", on="service_on")
    return ClearanceOverride.objects.filter(visit=OuterRef("pk")).order_by("at").values(json=said)


def _days_of_course() -> QuerySet[Any, Any]:
    """How many days the course of a visit in an outer query has."""
    days = CourseDay.objects.filter(course=OuterRef("course_day__course")).order_by().values("course")
    return days.annotate(days=Count("pk")).values("days")


def _patients(patients: set[UUID]) -> dict[UUID, PatientFacts]:
    def mine(model: Any) -> Any:
        return model.objects.filter(patient=OuterRef("pk")).order_by("pk")

    grave = mine(Reaction).filter(grade__gte=HOLDING, voided_at__isnull=True)
    unseen = DiaryEntry.objects.filter(patient=OuterRef("pk"), is_red_flag=True, seen_at__isnull=True)
    rows = (
        Patient.objects.filter(pk__in=patients)
        .order_by()
        .select_related("clinic")
        .only("id", "clinic__time_zone")
        .annotate(
            f_consents=ArraySubquery(
                mine(TreatmentConsent).values(json=JSONObject(signed="signed_on", withdrawn="withdrawn_on"))
            ),
            f_weight=Subquery(
                WeightMeasurement.objects.filter(patient=OuterRef("pk"))
                .order_by("-measured_on", "-id")
                .values(json=JSONObject(on="measured_on", kg="kg"))[:1]
            ),
            f_risks=ArraySubquery(mine(RiskFlag).filter(ended_on__isnull=True).values("code")),
            f_enrolments=ArraySubquery(
                mine(SafetyEnrolment).values(
                    json=JSONObject(name="programme", since="enrolled_on", until="valid_until")
                )
            ),
            f_diary=ArraySubquery(
                unseen.order_by("happened_at", "pk").values(
                    json=JSONObject(symptom="symptom", more="more_symptoms", at="happened_at")
                )
            ),
            f_reactions=ArraySubquery(
                grave.values(json=JSONObject(product="product_id", grade="grade", at="occurred_at", done="released_at"))
            ),
        )
    )
    return {row.id: _patient(row) for row in rows}


def _patient(row: Any) -> PatientFacts:
    weight = row.f_weight
    return PatientFacts(
        consents=tuple((date.fromisoformat(one["signed"]), _date(one["withdrawn"])) for one in row.f_consents),
        weight=(date.fromisoformat(weight["on"]), Decimal(str(weight["kg"]))) if weight else (None, None),
        risks=tuple(row.f_risks),
        enrolments=tuple(
            (one["name"], date.fromisoformat(one["since"]), _date(one["until"])) for one in row.f_enrolments
        ),
        reactions=tuple(
            (one["product"], one["grade"], _local(one["at"], row), one["done"] is not None) for one in row.f_reactions
        ),
        diary=tuple((_signs(one), _local(one["at"], row)) for one in row.f_diary),
    )


def _signs(entry: dict[str, Any]) -> str:
    """The signs of a diary entry that cannot wait, in words."""
    symptoms = (entry["symptom"], *entry["more"])
    return ", ".join(symptom_label(code).lower() for code in symptoms)


def _date(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _local(text: str, patient: Patient) -> date:
    return datetime.fromisoformat(text).astimezone(patient.clinic.zone).date()


def _plans(patients: set[UUID]) -> dict[UUID, tuple[Coverage, ...]]:
    """Insurance plans, the latest to start first."""
    found: dict[UUID, list[Coverage]] = defaultdict(list)
    for plan in Coverage.objects.filter(patient__in=patients).select_related("payer").order_by("-starts_on", "-pk"):
        found[plan.patient_id].append(plan)
    return {patient: tuple(plans) for patient, plans in found.items()}


def _labs(patients: set[UUID]) -> dict[UUID, dict[str, LabFact]]:
    """The latest result of each test."""
    rows = (
        LabResult.objects.filter(patient__in=patients)
        .order_by("patient_id", "code", "-taken_on", "-id")
        .distinct("patient_id", "code")
        .values_list("patient_id", "code", "taken_on", "value", "unit", "text")
    )
    listed = lab_tests()
    found: dict[UUID, dict[str, LabFact]] = defaultdict(dict)
    for patient, code, taken_on, value, unit, text in rows:
        expects = listed[code].expects if code in listed else ""
        found[patient][code] = LabFact(taken_on, value, unit, text, expects)
    return found


def _given(patients: set[UUID]) -> dict[tuple[UUID, str], tuple[Dose, ...]]:
    """Every dose that was given, by patient and ordered product: another brand given instead counts for that one."""
    rows = (
        Administration.objects.filter(Q(voided_at__isnull=True), order__patient__in=patients)
        .order_by("started_at")
        .values_list(
            "order__patient_id",
            "order__product_id",
            "course_day__course_id",
            "course_day_id",
            "started_at",
            "order__clinic__time_zone",
        )
    )
    found: dict[tuple[UUID, str], list[Dose]] = defaultdict(list)
    for patient, product, course, course_day, at, zone in rows:
        found[patient, product].append(Dose(course, course_day, at.astimezone(ZoneInfo(zone)).date()))
    return {key: tuple(doses) for key, doses in found.items()}
