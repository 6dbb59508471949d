"""What the patient pages show: rows of the search, and the cards of one patient."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.urls import reverse

from accounts.domain.policy import Permission
from authorizations.models import Authorization
from core.actor import Actor
from patients.forms import LAB_WORDS
from patients.models import LabResult, Patient
from patients.queries.records import age
from regimens.models import CourseDay
from scheduling.models import Visit
from scheduling.presenters import orders, words
from scheduling.presenters.weight_line import weight_line
from scheduling.queries.patient_page import OrderLine, PatientPage


@dataclass(frozen=True, kw_only=True)
class SearchRow:
    patient: Patient
    age: int
    next_visit_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class VisitRow:
    visit: Visit
    drug: str
    start: datetime


@dataclass(frozen=True, kw_only=True)
class PlanRow:
    """An order with the next day to book."""

    summary: orders.OrderSummary
    next_day: CourseDay | None
    book_url: str
    is_overdue: bool


@dataclass(frozen=True, kw_only=True)
class AuthorizationRow:
    """An authorization: units not used yet, and how many more visits the free ones cover (None: not known)."""

    authorization: Authorization
    free: int
    visits: int | None
    days_left: int | None


@dataclass(frozen=True, kw_only=True)
class LabRow:
    lab: LabResult
    name: str
    result: str


def search_rows(found: Iterable[Patient], today: date) -> list[SearchRow]:
    """Patients of a list with their age; their next visit was read with them."""
    return [
        SearchRow(
            patient=patient,
            age=age(patient.birth_date, today),
            next_visit_at=getattr(patient, "next_visit_at", None),
        )
        for patient in found
    ]


def page_context(page: PatientPage, actor: Actor) -> dict[str, Any]:
    """Everything the patient's page shows but its forms."""
    record = page.record
    can_book = actor.can(Permission.VISIT_BOOK)
    next_day = page.next_to_book
    return {
        "page": page,
        "patient": record.patient,
        "age": age(record.patient.birth_date, page.today),
        "today": page.today,
        "plan": [_plan_row(line, can_book=can_book, today=page.today) for line in page.orders],
        "upcoming": [_visit_row(visit) for visit in page.upcoming],
        "past": [_visit_row(visit) for visit in page.past],
        "line": weight_line(record.weights),
        "labs": [_lab_row(lab) for lab in record.labs],
        "insured": record.coverage_on(page.today),
        "authorizations": [_authorization_row(one, page) for one in page.authorizations],
        "book_url": _book_url(next_day) if next_day and can_book else "",
        "can_change": actor.can(Permission.PATIENT_CHANGE),
        "can_order": actor.can(Permission.ORDER_CHANGE),
    }


def _plan_row(line: OrderLine, *, can_book: bool, today: date) -> PlanRow:
    day = line.next_to_book
    return PlanRow(
        summary=orders.summary(line.order),
        next_day=day,
        book_url=_book_url(day) if day and can_book else "",
        is_overdue=day is not None and day.course.latest_on < today,
    )


def _book_url(day: CourseDay) -> str:
    return f"{reverse('scheduling:find')}?course_day={day.id}"


def _visit_row(visit: Visit) -> VisitRow:
    return VisitRow(visit=visit, drug=words.drug(visit.course_day), start=visit.period.lower)


def _authorization_row(authorization: Authorization, page: PatientPage) -> AuthorizationRow:
    ends_on = authorization.ends_on
    waiting = (line.next_to_book for line in page.orders if line.order.product_id == authorization.product_id)
    units = next((day.units for day in waiting if day is not None), None)
    return AuthorizationRow(
        authorization=authorization,
        free=authorization.units_left + authorization.units_reserved,
        visits=authorization.units_left // units if units else None,
        days_left=None if ends_on is None else (ends_on - page.today).days,
    )


def _lab_row(lab: LabResult) -> LabRow:
    number = "" if lab.value is None else f"{lab.value.normalize():f} {lab.unit}".strip()
    result = ", ".join(part for part in (number, lab.text) if part)
    return LabRow(lab=lab, name=LAB_WORDS.get(lab.code, lab.code.replace("_", " ").capitalize()), result=result)
