"""Worked examples of due dates, windows and phases."""

from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from math import ceil
from typing import Any

from regimens.domain.cadence import Cadence, lay_out
from regimens.domain.due_dates import (
    CourseAnchor,
    LatePolicy,
    Spacing,
    course_anchor,
    last_course_day,
    next_due,
    standing,
)
from regimens.domain.open_days import MONDAY_TO_FRIDAY, OpenDays, TieGoes, nearest_open_day
from regimens.domain.settings import CLINICAL_DEFAULTS
from tests.rules.answers.shapes import Answer, Inputs, day, number


def due_next(i: Inputs) -> dict[str, Any]:
    due = next_due(
        last_given_on=day(i["last_actual"]),
        last_planned_on=day(i["last_planned"]),
        spacing=Spacing(
            step_days=_interval(i),
            early_days=i.get("early", CLINICAL_DEFAULTS.early_days),
            late_days=i.get("late", CLINICAL_DEFAULTS.late_days),
            policy=LatePolicy(i.get("policy") or LatePolicy.HYBRID),
            min_interval_days=i.get("min_interval_days"),
            payer_min_days=i.get("payer_min_days"),
        ),
    )
    return {"due": due.due_on.isoformat(), "window": [due.earliest_on.isoformat(), due.latest_on.isoformat()]}


def _interval(i: Inputs) -> int:
    """Whole days of an interval given in days or weeks."""
    return int(i["interval_days"]) if "interval_days" in i else int(i["interval_weeks"] * 7)


def multi_day(i: Inputs) -> dict[str, Any]:
    first, days = day(i["course_start"]), i["course_days"]
    anchor = course_anchor(
        first_day_on=first, days=days, anchor=CourseAnchor(i.get("anchor") or CourseAnchor.COURSE_START)
    )
    due = next_due(last_given_on=anchor, last_planned_on=anchor, spacing=Spacing(step_days=_interval(i)))
    return {
        "due": due.due_on.isoformat(),
        "last_course_day": last_course_day(first_day_on=first, days=days).isoformat(),
    }


def closed_day(i: Inputs) -> dict[str, Any]:
    due = day(i["due"])
    found = nearest_open_day(
        due_on=due,
        earliest_on=due - timedelta(days=i["early"]),
        latest_on=due + timedelta(days=i["late"]),
        open_days=OpenDays(
            frozenset(i.get("open_weekdays", MONDAY_TO_FRIDAY)), frozenset(map(day, i.get("closed_dates", ())))
        ),
        tie=TieGoes(i.get("tie") or TieGoes.LATER),
    )
    return {"date": found.isoformat() if found else None}


def overdue(i: Inputs) -> dict[str, Any]:
    due = day(i["due"])
    last = i.get("last_actual")
    found = standing(
        earliest_on=due - timedelta(days=i.get("early", 0)),
        latest_on=due + timedelta(days=i["late"]),
        today=day(i["today"]),
        is_given=i.get("status") == "given",
        last_given_on=day(last) if last else None,
        interval_days=_interval(i) if {"interval_weeks", "interval_days"} & i.keys() else None,
        gap_limit_days=i.get("gap_threshold_days"),
    )
    return {"state": found.state, "days_overdue": found.days_overdue}


def _days(weeks: int | Decimal) -> int:
    """Whole days of weeks such as 0.5 (day 3) or 0.571 (day 4)."""
    return ceil(number(weeks) * 7 - Fraction(1, 2))


def induction(i: Inputs) -> dict[str, Any]:
    first, interval = i.get("first_maintenance_offset_weeks"), i.get("maintenance_interval_weeks")
    courses = lay_out(
        Cadence(
            interval_days=None if interval is None else int(interval * 7),
            induction_offsets_days=tuple(_days(weeks) for weeks in i["induction_offsets_weeks"]),
            first_maintenance_offset_days=None if first is None else int(first * 7),
        ),
        starts_on=day(i["start"]),
        course_limit=i["count"],
    )
    return {"dates": [course.due_on.isoformat() for course in courses]}


ANSWERS: dict[str, Answer] = {
    "schedule.next_due": due_next,
    "schedule.multi_day_anchor": multi_day,
    "schedule.closed_day": closed_day,
    "schedule.overdue": overdue,
    "schedule.induction": induction,
}
