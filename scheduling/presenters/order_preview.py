"""The next twelve months of an order that is not laid out yet: a row per course, with units adding up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from regimens.domain.quantities import plain
from regimens.domain.titration import Profile
from regimens.domain.validity import beyond
from regimens.models import Product
from regimens.queries.patient_facts import PatientFacts
from regimens.services.planning import LaidOutCourse, LaidOutDay
from scheduling.presenters import order_words
from scheduling.queries.order_entry import PreviewCover


@dataclass(frozen=True, kw_only=True)
class PreviewRow:
    """A course of the preview; `units_so_far` adds up from the first."""

    course: LaidOutCourse
    phase: str
    is_slow: bool
    after_end: str
    last_on: date
    dose: str
    vials: str
    volume: str
    infusion: tuple[int, ...]
    chair_minutes: tuple[int, ...]
    units: int
    wasted_units: int
    units_so_far: int
    is_covered: bool | None


@dataclass(frozen=True, kw_only=True)
class PreviewTotal:
    """The year in numbers."""

    courses: int
    days: int
    drug: str
    units: int
    wasted_units: int
    chair_minutes: int


def preview(
    courses: Sequence[LaidOutCourse],
    product: Product,
    known: PatientFacts,
    cover: PreviewCover | None = None,
    exchanges: Mapping[date, str] | None = None,
    *,
    valid_until: date = date.max,
) -> dict[str, Any]:
    """What `_order_preview.html` shows. `exchanges` are cautions about plasma exchanges elsewhere, by day.

    Courses after `valid_until`, the last date on which the order would count, are marked.
    """
    is_ig = product.is_immune_globulin
    return {
        "preview": _rows(courses, cover, valid_until, is_ig=is_ig),
        "total": _total(courses, is_ig=is_ig),
        "is_at_risk": known.is_at_risk and is_ig,
        "exchanges": list((exchanges or {}).values()),
        "cover": cover,
        "cover_sentence": "" if cover is None else _cover_sentence(cover, courses),
        "is_covered": cover is not None and cover.reason is None,
    }


def _rows(
    courses: Sequence[LaidOutCourse], cover: PreviewCover | None, valid_until: date, *, is_ig: bool
) -> list[PreviewRow]:
    rows: list[PreviewRow] = []
    total = 0
    for course in courses:
        total += course.units
        last_on = course.due_on + timedelta(days=len(course.days) - 1)
        rows.append(
            PreviewRow(
                course=course,
                phase=course.phase.value.capitalize(),
                is_slow=any(day.profile is Profile.FIRST and day.rate_steps for day in course.days),
                after_end=beyond(last_on, last_on=valid_until),
                last_on=last_on,
                dose=order_words.once_or_all(
                    [order_words.mass(day.dose_mg, is_immune_globulin=is_ig) for day in course.days]
                ),
                vials=_each_once([_vials(day, is_ig=is_ig) for day in course.days], "; "),
                volume=_each_once([_volume(day) for day in course.days], ", "),
                infusion=_minutes([day.infusion_minutes for day in course.days]),
                chair_minutes=_minutes([day.chair_minutes for day in course.days]),
                units=course.units,
                wasted_units=sum(day.wasted_units for day in course.days),
                units_so_far=total,
                is_covered=None if cover is None or not cover.is_required else course.number <= cover.last_covered,
            )
        )
    return rows


def _vials(day: LaidOutDay, *, is_ig: bool) -> str:
    held = [{"mg": float(size), "count": many} for size, many in day.vials.vials]
    return order_words.vials(held, is_immune_globulin=is_ig)


def _volume(day: LaidOutDay) -> str:
    return "" if day.volume_ml is None else f"{plain(day.volume_ml)} mL"


def _total(courses: Sequence[LaidOutCourse], *, is_ig: bool) -> PreviewTotal:
    days = [day for course in courses for day in course.days]
    drug = sum((course.dose_mg for course in courses), Fraction(0))
    return PreviewTotal(
        courses=len(courses),
        days=len(days),
        drug=order_words.mass(drug, is_immune_globulin=is_ig),
        units=sum(day.units for day in days),
        wasted_units=sum(day.wasted_units for day in days),
        chair_minutes=sum(day.chair_minutes for day in days),
    )


def _cover_sentence(cover: PreviewCover, courses: Sequence[LaidOutCourse]) -> str:
    """How far the authorization reaches: "Covered to course 6 of 18: PA-7 has 480 units left, 1440 are needed."."""
    if not cover.is_required:
        return "The patient's insurer asks for no authorization."
    name, left = cover.reference or "The authorization", cover.units_left
    if cover.reason is None:
        return f"{name} covers all of it: {left} units are left."
    start = f"Covered to course {cover.last_covered} of {len(courses)}" if cover.last_covered else "Not covered"
    if cover.reason.code == "auth_units_short":
        needed = sum(course.units for course in courses)
        return f"{start}: {name} has {left} units left, {needed} are needed."
    return f"{start}. {cover.reason.sentence}"


def _minutes(minutes: list[int]) -> tuple[int, ...]:
    """Each day's minutes, once where they are alike."""
    return tuple(minutes) if len(set(minutes)) > 1 else tuple(minutes[:1])


def _each_once(parts: list[str], joint: str) -> str:
    return parts[0] if len(set(parts)) == 1 else joint.join(parts)
