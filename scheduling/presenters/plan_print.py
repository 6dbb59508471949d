"""The printed treatment plan: each order in words, and one time line of what is given here and elsewhere."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from regimens.domain.titration import Profile
from regimens.domain.validity import beyond
from regimens.models import Course, TreatmentOrder
from regimens.queries.orders import valid_until
from scheduling.presenters import order_words, orders
from scheduling.queries.plan_print import PlannedElsewhere, PrintedPlan


@dataclass(frozen=True)
class OrderSheet:
    """An order's part of the sheet."""

    summary: orders.OrderSummary
    columns: tuple[tuple[order_words.Line, ...], ...]
    cover: str


@dataclass(frozen=True)
class DateRow:
    """A line of the time line: a course here, or a therapy elsewhere in one month."""

    on: date
    is_here: bool
    what: str
    when: str
    window: str
    dose: str
    minutes: tuple[int, ...]
    note: str


def sheet(plan: PrintedPlan, *, now: datetime) -> dict[str, Any]:
    """What `plan_print.html` shows."""
    rows = [row for order in plan.orders for row in _courses(plan, order, names_drug=len(plan.orders) > 1)]
    rows += [row for each in plan.elsewhere for row in _elsewhere(each)]
    return {
        "patient": plan.patient,
        "sheets": [_order_sheet(plan, order) for order in plan.orders],
        "rows": sorted(rows, key=lambda row: (row.on, not row.is_here)),
        "elsewhere": [_said(each) for each in plan.elsewhere],
        "now": now,
    }


def _order_sheet(plan: PrintedPlan, order: TreatmentOrder) -> OrderSheet:
    held = plan.authorizations.get(order.id)
    cover = "No authorization is on file."
    if held is not None:
        dates = f", {held.starts_on:%-d %b %Y} to {held.ends_on:%-d %b %Y}" if held.starts_on and held.ends_on else ""
        cover = f"{held.payer.name} {held.reference}".strip() + f"{dates}, {held.units_left} units left"
    return OrderSheet(orders.summary(order), order_words.ordered(order), cover)


def _courses(plan: PrintedPlan, order: TreatmentOrder, *, names_drug: bool) -> list[DateRow]:
    """The courses still to come."""
    coming = [course for course in order.courses.all() if course.latest_on >= plan.today and course.dropped_at is None]
    return [_course(plan, order, course, names_drug=names_drug) for course in coming]


def _course(plan: PrintedPlan, order: TreatmentOrder, course: Course, *, names_drug: bool) -> DateRow:
    days = list(course.days.all())
    is_ig = order.product.is_immune_globulin
    doses = [order_words.mass(day.dose_mg, is_immune_globulin=is_ig) for day in days]
    booked = [plan.visits[day.id] for day in days if day.id in plan.visits]
    zone = order.clinic.zone
    notes = [f"booked {visit.period.lower.astimezone(zone):%a %-d %b, %H:%M}, {visit.chair.name}" for visit in booked]
    notes += ["slow first ramp"] if any(day.profile == Profile.FIRST and day.rate_steps for day in days) else []
    late = beyond(max((day.due_on for day in days), default=course.due_on), last_on=valid_until(order))
    notes += [late] if late else []
    minutes = tuple(day.chair_minutes for day in days)
    return DateRow(
        on=course.due_on,
        is_here=True,
        what=f"{order.product.name}, course {course.number}" if names_drug else f"Course {course.number}",
        when=_span(days[0].due_on, days[-1].due_on) if days else _d(course.due_on),
        window=f"{course.earliest_on:%-d %b} to {course.latest_on:%-d %b}",
        dose=order_words.once_or_all(doses),
        minutes=minutes if len(set(minutes)) > 1 else minutes[:1],
        note="; ".join(notes),
    )


def _elsewhere(planned: PlannedElsewhere) -> list[DateRow]:
    """A line a month, at its first day of the therapy."""
    months: dict[tuple[int, int], list[date]] = defaultdict(list)
    for day in planned.days:
        months[day.year, day.month].append(day)
    therapy = planned.therapy
    return [
        DateRow(
            on=days[0],
            is_here=False,
            what=therapy.name,
            when=f"{', '.join(str(day.day) for day in days)} {days[0]:%b %Y}",
            window="",
            dose="",
            minutes=(),
            note=f"elsewhere{f': {therapy.place}' if therapy.place else ''}",
        )
        for days in months.values()
    ]


def _said(planned: PlannedElsewhere) -> str:
    """A therapy elsewhere in a line."""
    therapy = planned.therapy
    every = f"every {order_words.span(therapy.every_days)}" if therapy.every_days else "once"
    place = f" at {therapy.place}" if therapy.place else ""
    until = f" until {therapy.ends_on:%-d %b %Y}" if therapy.ends_on else ""
    kind = therapy.get_kind_display().lower()
    return f"{therapy.name} ({kind}){place}, {every} from {therapy.starts_on:%-d %b %Y}{until}"


def _span(first: date, last: date) -> str:
    if first == last:
        return _d(first)
    return f"{first:%a %-d}{'' if first.month == last.month else f' {first:%b}'} to {_d(last)}"


def _d(day: date) -> str:
    return f"{day:%a %-d %b %Y}"
