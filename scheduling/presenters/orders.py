"""Rows of the order pages: the list, the order's courses, and the preview of an order not yet saved."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from django.urls import reverse

from core.looks import look_of
from regimens.models import CourseDay, OrderStatus, Product, TreatmentOrder
from regimens.queries.patient_facts import PatientFacts
from regimens.services.planning import LaidOutCourse
from scheduling.presenters import order_words
from scheduling.queries.order_page import TO_PLACE, CourseRow, DayRow, DayState, OrderPage

ORDER_CHIPS = {
    OrderStatus.DRAFT: ("Draft", "plain", "circle-dashed"),
    OrderStatus.ACTIVE: ("Active", "good", "tick"),
    OrderStatus.ON_HOLD: ("On hold", "warn", "hourglass"),
    OrderStatus.ENDED: ("Ended", "calm", "slash"),
}
STATE_CHIPS = {
    DayState.TO_BOOK: ("Not booked", "plain", "circle-dashed"),
    DayState.LATE: ("Overdue", "bad", "warning"),
    DayState.MISSED: ("Missed", "bad", "cross"),
    DayState.PASSED: ("Not given", "calm", "slash"),
}


@dataclass(frozen=True, kw_only=True)
class Chip:
    word: str
    tone: str
    icon: str


@dataclass(frozen=True, kw_only=True)
class OrderSummary:
    """An order in a line: what, how much, how often."""

    order: TreatmentOrder
    chip: Chip
    drug: str
    dose: str
    rhythm: str


@dataclass(frozen=True, kw_only=True)
class DayView:
    """A day of a course on the order's page."""

    day: CourseDay
    row: DayRow
    chip: Chip
    dose: str
    vials: str
    infusion_minutes: int
    book_url: str
    cover_word: str
    cover_tone: str
    cover_icon: str
    cover_note: str


@dataclass(frozen=True, kw_only=True)
class CourseView:
    """A course on the order's page."""

    row: CourseRow
    phase: str
    why: str
    days: tuple[DayView, ...]
    is_next: bool


@dataclass(frozen=True, kw_only=True)
class PreviewRow:
    """A course of the preview; `units_so_far` adds up from the first."""

    course: LaidOutCourse
    phase: str
    dose: str
    vials: str
    units: int
    units_so_far: int
    chair_minutes: tuple[int, ...]
    last_on: date


def order_chip(status: str) -> Chip:
    word, tone, icon = ORDER_CHIPS[OrderStatus(status)]
    return Chip(word=word, tone=tone, icon=icon)


def summary(order: TreatmentOrder) -> OrderSummary:
    """An order in words."""
    return OrderSummary(
        order=order,
        chip=order_chip(order.status),
        drug=order.product.name,
        dose=order_words.dose(order),
        rhythm=order_words.rhythm(order),
    )


def course_views(page: OrderPage) -> list[CourseView]:
    """The courses of an order, each with why it is due when it is. Why one has no cover is said once."""
    told: set[frozenset[str]] = set()
    waiting = page.next_to_book
    views: list[CourseView] = []
    before: CourseRow | None = None
    for row in page.courses:
        why = order_words.why_due(
            page.order, row.course, before.course if before else None, before.given_on if before else None
        )
        views.append(
            CourseView(
                row=row,
                phase=row.course.get_phase_display(),
                why=why,
                days=tuple(_day_view(page.order, day, told) for day in row.days),
                is_next=waiting is not None and waiting.course_id == row.course.id,
            )
        )
        before = row
    return views


def _day_view(order: TreatmentOrder, row: DayRow, told: set[frozenset[str]]) -> DayView:
    is_ig = order.product.is_immune_globulin
    can_book = order.status == OrderStatus.ACTIVE and row.state in TO_PLACE
    word, tone, icon, note = _cover_words(row, told)
    return DayView(
        day=row.day,
        row=row,
        chip=_state_chip(row),
        dose=order_words.mass(row.day.dose_mg, is_immune_globulin=is_ig),
        vials=order_words.vials(row.day.vials, is_immune_globulin=is_ig),
        infusion_minutes=sum(phase["minutes"] for phase in row.day.phases if phase["kind"] == "infusion"),
        book_url=f"{reverse('scheduling:find')}?course_day={row.day.id}" if can_book else "",
        cover_word=word,
        cover_tone=tone,
        cover_icon=icon,
        cover_note=note,
    )


def _state_chip(row: DayRow) -> Chip:
    if row.state in STATE_CHIPS:
        word, tone, icon = STATE_CHIPS[row.state]
        return Chip(word=word, tone=tone, icon=icon)
    look = look_of("visit", row.visit.status if row.visit else "")
    return Chip(word=look.word, tone=look.tone, icon=look.icon)


def _cover_words(row: DayRow, told: set[frozenset[str]]) -> tuple[str, str, str, str]:
    """Word, tone, icon and sentence of a day's cover; a reason that was `told` already is not said again."""
    found = row.coverage
    if found is None:
        return "", "", "", ""
    if not found.is_required:
        return "Not required", "calm", "tick", ""
    if found.is_covered:
        return "Covered", "good", "shield", found.authorization.reference if found.authorization else ""
    codes = frozenset(reason.code for reason in found.reasons)
    sentence = "" if codes in told else " ".join(reason.sentence for reason in found.reasons)
    told.add(codes)
    return "Not covered", "bad", "octagon", sentence


def preview(courses: Sequence[LaidOutCourse], product: Product, known: PatientFacts) -> dict[str, Any]:
    """What `_order_preview.html` shows."""
    is_ig = product.is_immune_globulin
    return {
        "preview": preview_rows(courses, is_immune_globulin=is_ig),
        "total": year_total(courses, is_immune_globulin=is_ig),
        "is_at_risk": known.is_at_risk and is_ig,
    }


def preview_rows(courses: Sequence[LaidOutCourse], *, is_immune_globulin: bool) -> list[PreviewRow]:
    """The preview's courses with units adding up."""
    rows: list[PreviewRow] = []
    total = 0
    for course in courses:
        total += course.units
        doses = [order_words.mass(day.dose_mg, is_immune_globulin=is_immune_globulin) for day in course.days]
        picks = [
            order_words.vials(
                [{"mg": float(size), "count": many} for size, many in day.vials.vials],
                is_immune_globulin=is_immune_globulin,
            )
            for day in course.days
        ]
        rows.append(
            PreviewRow(
                course=course,
                phase=course.phase.value.capitalize(),
                dose=_once_or_all(doses, " + "),
                vials=_once_or_all(picks, "; "),
                units=course.units,
                units_so_far=total,
                chair_minutes=tuple(day.chair_minutes for day in course.days),
                last_on=course.due_on + timedelta(days=len(course.days) - 1),
            )
        )
    return rows


def year_total(courses: Sequence[LaidOutCourse], *, is_immune_globulin: bool) -> str:
    """The drug of all courses together."""
    total = sum((course.dose_mg for course in courses), Fraction(0))
    return order_words.mass(total, is_immune_globulin=is_immune_globulin)


def _once_or_all(parts: list[str], joint: str) -> str:
    """Equal parts as "2 × 40 g", others joined."""
    if len(parts) > 1 and len(set(parts)) == 1:
        return f"{len(parts)} days of {parts[0]}"
    return joint.join(parts)
