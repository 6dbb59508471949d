"""The page of a changed plan: each booked course as it is and as the rules would have it, and where visits would go."""

from dataclasses import dataclass
from uuid import UUID

from accounts.models import Clinic
from core.errors import Refusal
from regimens.models import OrderEvent, OrderStatus, TreatmentOrder
from regimens.queries import orders
from regimens.services.order_events import EventKind
from regimens.services.plan_causes import UNKNOWN
from regimens.services.plan_difference import Change, CourseDifference, PlanDifference
from scheduling.models import PlanDecision, Visit
from scheduling.queries import dry_run, openings
from scheduling.queries.dry_run import DryRun
from scheduling.queries.openings import FoundOpening
from scheduling.queries.planned_days import as_planned, difference, live_visits
from scheduling.queries.undecided import open_differences
from scheduling.services import booking
from scheduling.services.plan_changes import APPROVED

SHOWN_OPENINGS = 4
DECIDED = 10


@dataclass(frozen=True, kw_only=True)
class PlanVisit:
    """A visit of a course that would change. `tried` is its own place with the new length; None when it would go.

    `openings` are looked for only when it does not fit there.
    """

    visit: Visit
    tried: DryRun | None
    openings: tuple[FoundOpening, ...]

    @property
    def fits(self) -> bool:
        return self.tried is not None and not self.tried.reasons

    @property
    def is_movable(self) -> bool:
        """Whether it has not begun."""
        return self.visit.status in booking.MOVABLE


@dataclass(frozen=True, kw_only=True)
class PlanCourse:
    """A booked course that would change, and its visits."""

    difference: CourseDifference
    causes: tuple[str, ...]
    visits: tuple[PlanVisit, ...]

    @property
    def is_easy(self) -> bool:
        """Whether it can follow without moving anybody."""
        return self.difference.change is Change.CHANGED and all(one.fits and one.is_movable for one in self.visits)


@dataclass(frozen=True, kw_only=True)
class PlanPage:
    """What waits for a decision, what was decided lately, and why nothing can be said when `refusal` is there."""

    order: TreatmentOrder
    courses: tuple[PlanCourse, ...]
    decided: tuple[PlanDecision, ...]
    refusal: Refusal | None = None

    @property
    def easy(self) -> tuple[PlanCourse, ...]:
        return tuple(course for course in self.courses if course.is_easy)


def plan_page(clinic: Clinic, order_id: UUID) -> PlanPage:
    """The page; raises `NotFound` for another clinic's order."""
    order = orders.get(clinic, order_id)
    decided = tuple(PlanDecision.objects.filter(order=order).order_by("-at")[:DECIDED])
    try:
        found = open_of(order)
    except Refusal as refusal:
        return PlanPage(order=order, courses=(), decided=decided, refusal=refusal)
    visits = live_visits(order) if found else []
    said = _said_cause(order)
    courses = [_course(one, visits, said) for one in found.courses]
    return PlanPage(order=order, courses=tuple(one for one in courses if one.visits), decided=decided)


def open_of(order: TreatmentOrder) -> PlanDifference:
    """The differences of booked courses that nobody has decided."""
    if order.status == OrderStatus.DRAFT:
        return PlanDifference()
    live = {visit.course_day.course.number for visit in live_visits(order)}
    return open_differences(order, difference(order).only(live)) if live else PlanDifference()


def _course(difference: CourseDifference, visits: list[Visit], said: str) -> PlanCourse:
    own = [visit for visit in visits if visit.course_day.course.number == difference.number]
    causes = tuple(dict.fromkeys(said if why == UNKNOWN and said else why for why in difference.causes))
    return PlanCourse(difference=difference, causes=causes, visits=tuple(_visit(visit, difference) for visit in own))


def _visit(visit: Visit, difference: CourseDifference) -> PlanVisit:
    if difference.change is Change.VANISHED or visit.status not in booking.MOVABLE:
        return PlanVisit(visit=visit, tried=None, openings=())
    planned = as_planned(visit.course_day, difference)
    tried = dry_run.refit(visit=visit, planned=planned, chair=visit.chair, start=visit.period.lower)
    found: list[FoundOpening] = []
    if tried.reasons:
        start = visit.period.lower.astimezone(visit.clinic.zone)
        usual = (start.weekday(), start.time())  # what the patient has now
        found = openings.find(clinic=visit.clinic, course_day=planned, moving=visit, limit=SHOWN_OPENINGS, usual=usual)
    return PlanVisit(visit=visit, tried=tried, openings=tuple(found))


def _said_cause(order: TreatmentOrder) -> str:
    """What was said when the plan was last asked to follow something."""
    events = OrderEvent.objects.filter(order=order, kind=EventKind.RECALCULATED).exclude(reason="")
    latest = events.exclude(reason__startswith=APPROVED).first()
    return latest.reason if latest is not None else ""
