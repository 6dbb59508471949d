"""Writing courses: what was laid out becomes rows, in bulk."""

from collections.abc import Iterable
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any

from regimens.domain.quantities import plain
from regimens.domain.titration import RateSegment
from regimens.models import Course, CourseDay, TreatmentOrder
from regimens.services.facts import SAME_ON_THE_ORDER, OrderFacts
from regimens.services.planning import LaidOutCourse, LaidOutDay

CENT = Decimal("0.01")


def order_fields(facts: OrderFacts) -> dict[str, Any]:
    """The columns of an order; the facts are completed."""
    return {
        "product": facts.product,
        "indication": facts.indication,
        "icd10": facts.icd10,
        "hcpcs": facts.hcpcs,
        "dose_basis": facts.dose_basis,
        "dose_amount": facts.dose_amount,
        "dosing_weight_kg": facts.dosing_weight_kg,
        "days_per_course": facts.days_per_course,
        "induction_offsets_days": list(facts.induction_offsets_days),
        "induction_doses": [str(dose) for dose in facts.induction_doses or ()],
        "first_maintenance_offset_days": facts.first_maintenance_offset_days,
        "interval_days": facts.interval_days,
        "window_early_days": facts.window_early_days,
        "window_late_days": facts.window_late_days,
        "minimum_interval_days": facts.minimum_interval_days,
        "late_dose_policy": facts.late_dose_policy,
        "needs_premedication": facts.needs_premedication,
        "starts_on": facts.starts_on,
        "ends_on": facts.ends_on,
        "course_limit": facts.course_limit,
        "prescriber_name": facts.prescriber_name,
        "signed_on": facts.signed_on,
        "labs_required": [dict(test) for test in facts.labs_required],
    } | {name: getattr(facts, name) for name in SAME_ON_THE_ORDER}


def save_new(order: TreatmentOrder, laid_out: Iterable[LaidOutCourse]) -> None:
    """Insert courses and their days: two statements, however many there are."""
    courses, days = build(order, laid_out)
    Course.objects.bulk_create(courses)
    CourseDay.objects.bulk_create(days)


def build(order: TreatmentOrder, laid_out: Iterable[LaidOutCourse]) -> tuple[list[Course], list[CourseDay]]:
    """The rows of courses and of their days, not yet saved."""
    courses: list[Course] = []
    days: list[CourseDay] = []
    for planned in laid_out:
        course = Course(
            order=order,
            number=planned.number,
            phase=planned.phase.value,
            due_on=planned.due_on,
            earliest_on=planned.earliest_on,
            latest_on=planned.latest_on,
            **_reckoning(planned),
        )
        courses.append(course)
        days += [CourseDay(course=course, day_number=day.day_number, **_day_fields(day)) for day in planned.days]
    return courses, days


def treat(days: Iterable[CourseDay], laid_out: Iterable[LaidOutDay]) -> None:
    """Give rows, not yet saved, the treatment of days that were laid out anew; their dates stay."""
    for row, day in zip(days, laid_out, strict=True):
        for name, value in _day_fields(day).items():
            if name != "due_on":
                setattr(row, name, value)


def is_as_laid_out(course: Course, planned: LaidOutCourse) -> bool:
    """Whether a saved course, with its days prefetched, is what was laid out: recomputing it would change nothing."""
    dates = {"due_on": planned.due_on, "earliest_on": planned.earliest_on, "latest_on": planned.latest_on}
    if any(getattr(course, name) != value for name, value in (dates | _reckoning(planned)).items()):
        return False
    days = sorted(course.days.all(), key=_number)
    return len(days) == len(planned.days) and all(
        getattr(row, name) == value
        for row, day in zip(days, planned.days, strict=True)
        for name, value in _day_fields(day).items()
    )


def _reckoning(planned: LaidOutCourse) -> dict[str, Any]:
    """How the due date came about."""
    why = "" if planned.why is None else planned.why.value
    return {"planned_on": planned.planned_on, "why": why, "counted_from_on": planned.counted_from_on}


def _number(day: CourseDay) -> int:
    return day.day_number


def _day_fields(day: LaidOutDay) -> dict[str, Any]:
    due_on: date = day.due_on
    return {
        "due_on": due_on,
        "dose_mg": to_decimal(day.dose_mg).quantize(CENT, ROUND_HALF_UP),
        "vials": [{"mg": _json(size), "count": count} for size, count in day.vials.vials],
        "units": day.units,
        "wasted_units": day.wasted_units,
        "volume_ml": None if day.volume_ml is None else to_decimal(day.volume_ml).quantize(CENT, ROUND_HALF_UP),
        "profile": day.profile.value,
        "rate_steps": [dict(step) for step in _rate_steps(day.rate_steps)],
        "phases": [{"kind": phase.kind.value, "minutes": phase.minutes} for phase in day.phases],
        "chair_minutes": day.chair_minutes,
    }


@lru_cache(maxsize=1024)
def _rate_steps(steps: tuple[RateSegment, ...]) -> tuple[tuple[tuple[str, str], ...], ...]:
    """The rates of a ramp as text. Worked out once for equal ramps: most days of a year are alike."""
    names = ("starts_at_minute", "minutes", "ml_per_hour")
    return tuple(tuple((name, plain(getattr(step, name))) for name in names) for step in steps)


def _json(value: Fraction) -> int | float:
    return value.numerator if value.denominator == 1 else float(value)


def to_decimal(value: Fraction) -> Decimal:
    """The nearest decimal to an exact number."""
    return Decimal(value.numerator) / Decimal(value.denominator)
