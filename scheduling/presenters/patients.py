"""What the patient pages show: rows of the search, and the cards of one patient."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.urls import reverse
from django.utils import timezone

from accounts.domain.policy import Permission
from authorizations.models import Authorization
from core.actor import Actor
from patients.domain.cautions import OLDER_THAN, is_at_risk
from patients.models import Patient
from patients.queries.records import age
from regimens.models import CourseDay
from scheduling.models import Visit
from scheduling.portal.diary_presenters import line as diary_line
from scheduling.portal.diary_presenters import severity_bars
from scheduling.presenters import orders, patient_labs, patient_safety, patient_time_line, patient_weights, words
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
        "insured": record.coverage_on(page.today),
        "authorizations": [_authorization_row(one, page) for one in page.authorizations],
        "book_url": _book_url(next_day) if next_day and can_book else "",
        "can_change": actor.can(Permission.PATIENT_CHANGE),
        "is_prescriber": actor.can(Permission.ORDER_RELEASE),
        "can_order": actor.can(Permission.ORDER_CHANGE),
        **_measured(page),
        **_safety(page),
    }


def _measured(page: PatientPage) -> dict[str, Any]:
    """Weights and tests against what the live orders need."""
    record = page.record
    years = age(record.patient.birth_date, page.today)
    slow = is_at_risk(age_years=years, flags={risk.code for risk in record.risks})
    return {
        "weights": patient_weights.weights(record.patient, record),
        "dosed_by": patient_weights.dosed_by(page.live_orders, record),
        "is_at_risk": slow,
        "is_older": years > OLDER_THAN,
        "required_labs": patient_labs.required_labs(
            page.live_orders,
            page.required_labs,
            today=page.today,
            next_visit_on=_next_visit_on(page),
            is_at_risk=slow,
        ),
        "other_labs": patient_labs.other_labs(record.labs, page.live_orders),
    }


def _safety(page: PatientPage) -> dict[str, Any]:
    """Risks, reactions, papers, what is elsewhere, and the diary."""
    risks = patient_safety.risk_rows(page.record.risks)
    return {
        "risks": risks,
        "prohibitions": [row for row in risks if row.must_not_have],
        "reactions": patient_safety.reaction_rows(page.reactions),
        "consents": patient_safety.consent_rows(page.consents, page.today),
        "programmes": patient_safety.programme_rows(page.enrolments, page.live_orders, page.today),
        "vaccine_wait": patient_safety.vaccine_wait(page.globulin, page.elsewhere, page.today),
        "therapies": patient_time_line.therapy_rows(page.elsewhere, page.today),
        "time_line": patient_time_line.time_line(page.upcoming, page.elsewhere, page.today),
        "diary": [diary_line(entry) for entry in page.diary],
        "diary_bars": severity_bars(page.diary),
    }


def _next_visit_on(page: PatientPage) -> date | None:
    starts = [timezone.localtime(visit.period.lower).date() for visit in page.upcoming]
    return min((on for on in starts if on >= page.today), default=None)


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
