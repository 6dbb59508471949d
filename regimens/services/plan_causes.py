"""Why a course would be laid out otherwise, in words that go on after "because": doses, reactions, the catalogue."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Q

from core import clock
from regimens.domain.reactions import SLOWING
from regimens.domain.settings import CLINICAL_DEFAULTS
from regimens.domain.titration import Profile
from regimens.models import CatalogueEdit, Course, OrderStatus, Reaction, TreatmentOrder
from regimens.queries.given import GivenDay
from regimens.services.plan_difference import CourseShape, DayShape

MINIMUM_INTERVAL = "minimum_interval"
UNKNOWN = "the catalogue’s numbers or what is known of the patient changed"


@dataclass(frozen=True, kw_only=True)
class Told:
    """What causes are found in. `window` is that of the course given last, `edited_on` when an edit takes effect."""

    ends_on: date | None
    has_ended: bool
    course_limit: int | None
    minimum_days: int | None
    given_on: date | None
    window: tuple[date, date] | None
    reaction: tuple[int, date] | None
    edited_on: tuple[date, ...]


def told(order: TreatmentOrder, courses: Sequence[Course], given: Sequence[GivenDay]) -> Told:
    """Gather what may have changed a plan. Two SQL statements."""
    last = max((day.course_number for day in given), default=0)
    window = next(((c.earliest_on, c.latest_on) for c in courses if c.number == last), None)
    latest = (
        Reaction.objects.filter(
            patient=order.patient, product=order.product, grade__gte=SLOWING, voided_at__isnull=True
        )
        .order_by("-occurred_at")
        .first()
    )
    edits = CatalogueEdit.objects.filter(
        Q(product=order.product) | Q(indication=order.indication),
        organization_id=order.clinic.organization_id,
        made_at__gte=order.accepted_at or clock.now(),
    )
    return Told(
        ends_on=order.ends_on,
        has_ended=order.status == OrderStatus.ENDED,
        course_limit=order.course_limit,
        minimum_days=order.minimum_interval_days,
        given_on=min((day.on for day in given if day.course_number == last), default=None),
        window=window,
        reaction=None if latest is None else (latest.grade, latest.occurred_at.astimezone(order.clinic.zone).date()),
        edited_on=tuple(edits.values_list("effective_from", flat=True)),
    )


def causes(facts: Told, was: CourseShape | None, now: CourseShape | None, *, why: str) -> tuple[str, ...]:
    """The causes of one course's difference, never none. `why` names the rule that decided the new date."""
    if now is None:
        return (_end(facts),)
    if was is None:
        return ("it now falls inside the time that is laid out",)
    found = [_dates(facts, why)] if was.dates != now.dates else []
    before = {day.day_number: day for day in was.days}
    for day in now.days:
        if day.day_number in before:
            found += _treatment(facts, before[day.day_number], day)
    return tuple(dict.fromkeys(found)) or (UNKNOWN,)


def _end(facts: Told) -> str:
    if facts.ends_on is not None:
        return f"the order {'ended' if facts.has_ended else 'ends'} on {_day(facts.ends_on)}"
    return f"the order is for {facts.course_limit} courses" if facts.course_limit else "the order has no more courses"


def _dates(facts: Told, why: str) -> str:
    if facts.given_on is None or facts.window is None:
        return "no dose is recorded as given, so the order’s own calendar counts"
    dose, (earliest, latest) = f"the dose of {_day(facts.given_on)}", facts.window
    if facts.given_on < earliest:
        return f"{dose} was given {_days(earliest - facts.given_on)} before its window"
    if facts.given_on > latest:
        return f"{dose} was given {_days(facts.given_on - latest)} after its window"
    if why == MINIMUM_INTERVAL and facts.minimum_days:
        return f"at least {facts.minimum_days} days must pass after {dose}"
    return f"the dates count from {dose}"


def _treatment(facts: Told, was: DayShape, now: DayShape) -> list[str]:
    found = []
    if now.profile == Profile.FIRST and was.profile != Profile.FIRST and was.profile:
        found.append(_slower(facts))
    elif was.profile == Profile.FIRST and now.profile != Profile.FIRST and now.profile:
        found.append("the product was given before: the later ramp counts")
    same = (was.dose_mg, was.vials, was.units, was.chair_minutes, was.phases, was.rate_steps)
    if same == (now.dose_mg, now.vials, now.units, now.chair_minutes, now.phases, now.rate_steps) or found:
        return found
    edited = [on for on in facts.edited_on if on <= now.due_on]
    if edited:
        return [f"the catalogue changed from {_day(max(edited))}"]
    return [_slower(facts)] if facts.reaction is not None and now.chair_minutes > was.chair_minutes else [UNKNOWN]


def _slower(facts: Told) -> str:
    if facts.reaction is not None:
        grade, on = facts.reaction
        return f"a grade {grade} reaction on {_day(on)}: slow ramp and premedication"
    weeks = CLINICAL_DEFAULTS.first_ramp_after_days // 7
    return f"a first infusion, or one more than {weeks} weeks after the last, follows the slow first ramp"


def _day(on: date) -> str:
    return f"{on:%-d %b %Y}"


def _days(span: timedelta) -> str:
    return f"{span.days} day{'' if span.days == 1 else 's'}"
