"""A changed plan in words: for each booked course what is, what would be and why, and where its visits would go."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from core.errors import Reason
from regimens.domain.chair_time import PhaseKind
from regimens.domain.titration import Profile
from regimens.services.plan_difference import Change, CourseDifference, CourseShape, DayShape
from scheduling.models import PlanDecision, Visit
from scheduling.presenters import finding
from scheduling.presenters.order_words import mass, vials
from scheduling.queries.plan_page import PlanCourse, PlanPage, PlanVisit

RAMPS = {Profile.FIRST.value: "first, slow ramp", Profile.SUBSEQUENT.value: "later ramp"}


@dataclass(frozen=True, kw_only=True)
class FactRow:
    """One fact of a course that would change, before and after."""

    label: str
    was: str
    now: str


@dataclass(frozen=True, kw_only=True)
class VisitRow:
    """One visit of the course: where it is, what stands in the way of its new length, and where else it could go."""

    visit: Visit
    value: str
    field: str
    stays: str
    minutes: int
    reasons: tuple[Reason, ...]
    openings: tuple[finding.OpeningRow, ...]
    is_movable: bool
    may_override: bool

    @property
    def is_soft(self) -> bool:
        """Whether the person may let it stay all the same, with a reason."""
        return self.may_override and bool(self.reasons) and not any(reason.is_hard for reason in self.reasons)


@dataclass(frozen=True, kw_only=True)
class CourseCard:
    """A booked course to decide about."""

    number: int
    value: str
    change: Change
    causes: tuple[str, ...]
    facts: tuple[FactRow, ...]
    visits: tuple[VisitRow, ...]
    is_easy: bool
    can_follow: bool
    changes_treatment: bool
    asks_for_reason: bool

    @property
    def has_begun(self) -> bool:
        """Whether a visit of the course has begun, so that the course cannot follow any more."""
        return any(not row.is_movable for row in self.visits)


@dataclass(frozen=True, kw_only=True)
class DecidedRow:
    """A decision of the past, in words."""

    decision: PlanDecision
    words: str


def cards(page: PlanPage, *, may_override: bool) -> list[CourseCard]:
    """The courses to decide about, the earliest first; who may not override sees only places that need no reason."""
    return [_card(course, page, may_override=may_override) for course in page.courses]


def decided(decisions: Iterable[PlanDecision]) -> list[DecidedRow]:
    """What was decided lately."""
    return [
        DecidedRow(
            decision=one,
            words=f"Course {one.course_number} {'followed the plan' if one.is_followed else 'was kept as it was'}",
        )
        for one in decisions
    ]


def _card(course: PlanCourse, page: PlanPage, *, may_override: bool) -> CourseCard:
    difference = course.difference
    visits = tuple(_visit_row(one, difference, may_override=may_override) for one in course.visits)
    return CourseCard(
        number=difference.number,
        value=f"{difference.number}:{difference.fingerprint}",
        change=difference.change,
        causes=course.causes,
        facts=tuple(_facts(difference, is_immune_globulin=page.order.product.is_immune_globulin)),
        visits=visits,
        is_easy=course.is_easy,
        can_follow=all(
            row.is_movable and (difference.change is Change.VANISHED or not row.reasons or row.openings or row.is_soft)
            for row in visits
        ),
        changes_treatment=difference.changes_treatment,
        asks_for_reason=any(row.is_soft or any(one.is_soft for one in row.openings) for row in visits),
    )


def _visit_row(one: PlanVisit, difference: CourseDifference, *, may_override: bool) -> VisitRow:
    visit = one.visit
    tried = one.tried
    end = tried.interval.end if tried else visit.period.upper
    local_end = end.astimezone(visit.clinic.zone)
    return VisitRow(
        visit=visit,
        value=f"{difference.number}:{visit.id}:{visit.version}",
        field=f"place_{visit.id}",
        stays=f"{finding.when(visit.period.lower, visit.clinic)}–{local_end:%H:%M} in {visit.chair.name}",
        minutes=tried.interval.minutes if tried else visit.planned_minutes,
        reasons=tried.reasons if tried else (),
        openings=tuple(row for row in finding.rows(one.openings) if may_override or not row.is_soft),
        is_movable=one.is_movable,
        may_override=may_override,
    )


def _facts(difference: CourseDifference, *, is_immune_globulin: bool) -> Iterable[FactRow]:
    was, now = difference.was, difference.now
    if was is None or now is None:
        return [FactRow(label="Course", was=_due(was), now="Not in the plan any more")] if was else []
    rows = [FactRow(label="Due", was=_date(was.due_on), now=_date(now.due_on))]
    rows.append(FactRow(label="Window", was=_window(was), now=_window(now)))
    before = {day.day_number: day for day in was.days}
    many = len(was.days) > 1
    for day in now.days:
        if day.day_number in before:
            rows += _day_rows(before[day.day_number], day, many=many, is_immune_globulin=is_immune_globulin)
    return [row for row in rows if row.was != row.now]


def _day_rows(was: DayShape, now: DayShape, *, many: bool, is_immune_globulin: bool) -> Sequence[FactRow]:
    prefix = f"Day {now.day_number}: " if many else ""

    def row(label: str, before: str, after: str) -> FactRow:
        return FactRow(label=f"{prefix}{label}" if prefix else label[:1].upper() + label[1:], was=before, now=after)

    def dose(day: DayShape) -> str:
        return mass(day.dose_mg, is_immune_globulin=is_immune_globulin)

    def opened(day: DayShape) -> str:
        return vials(day.vials, is_immune_globulin=is_immune_globulin)

    return [
        *([row("due", _date(was.due_on), _date(now.due_on))] if many else []),
        row("dose", dose(was), dose(now)),
        row("vials", opened(was), opened(now)),
        row("units", str(was.units), str(now.units)),
        row("in the chair", _span(was.chair_minutes), _span(now.chair_minutes)),
        *([row("ramp", _ramp(was), _ramp(now))] if was.rate_steps or now.rate_steps else []),
        row("premedication", _premedication(was), _premedication(now)),
        row("pump rates", _rates(was), _rates(now)),
    ]


def _ramp(day: DayShape) -> str:
    return RAMPS.get(day.profile, "not noted")


def _premedication(day: DayShape) -> str:
    minutes = sum(phase["minutes"] for phase in day.phases if phase["kind"] == PhaseKind.PREMED)
    return f"{minutes} min before" if minutes else "none"


def _rates(day: DayShape) -> str:
    """The estimated rates in mL/h, step by step."""
    rates = [str(step.get("ml_per_hour", "")) for step in day.rate_steps]
    return f"{', '.join(rates)} mL/h" if rates else "not noted"


def _due(shape: CourseShape) -> str:
    return f"Due {_date(shape.due_on)}"


def _window(shape: CourseShape) -> str:
    return f"{shape.earliest_on:%-d %b} to {shape.latest_on:%-d %b}"


def _date(on: date) -> str:
    return f"{on:%a %-d %b %Y}"


def _span(minutes: int) -> str:
    hours, rest = divmod(minutes, 60)
    return " ".join([*([f"{hours} h"] if hours else []), *([f"{rest} min"] if rest or not hours else [])])
