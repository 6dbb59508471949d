"""What a changed plan would do to booked courses and nobody has decided: for the plan's page and for the gate."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from django.db.models import Q

from core.errors import Refusal
from regimens.models import TreatmentOrder
from regimens.services.plan_difference import CourseDifference, PlanDifference
from scheduling.models import PlanDecision, StaffTask, Visit
from scheduling.queries.planned_days import difference

KIND = "plan"
PLAN = "Plan"
"""The kind of the staff tasks about a changed plan, and who closes them once nothing is undecided."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is open about an order's plan: courses that would change, or why that could not be worked out."""

    courses: Mapping[int, CourseDifference] = field(default_factory=dict)
    refusal: Refusal | None = None


def open_differences(order: TreatmentOrder, found: PlanDifference) -> PlanDifference:
    """Those of `found` that nobody decided to keep. One SQL statement, none for an empty one."""
    if not found:
        return found
    kept = set(PlanDecision.objects.filter(order=order, is_followed=False).values_list("course_number", "fingerprint"))
    return PlanDifference(courses=tuple(c for c in found.courses if (c.number, c.fingerprint) not in kept))


def questions(visits: Iterable[Visit]) -> dict[UUID, Question]:
    """What is open about the plans of the visits' orders, by the order's id.

    One SQL statement, and some more for each order whose plan was put before staff and is not known to be settled:
    somebody ticking the task off decides nothing.
    """
    asked = {visit.course_day.course.order_id for visit in visits}
    if not asked:
        return {}
    put = StaffTask.objects.filter(Q(done_at=None) | ~Q(done_by_label=PLAN), kind=KIND, order__in=asked)
    waiting = set(put.values_list("order_id", flat=True))
    if not waiting:
        return {}
    orders = TreatmentOrder.objects.select_related("clinic", "patient__clinic", "product", "indication")
    return {order.id: _question(order) for order in orders.filter(pk__in=waiting).order_by("id")}


def _question(order: TreatmentOrder) -> Question:
    try:
        found = open_differences(order, difference(order))
    except Refusal as refusal:
        return Question(refusal=refusal)
    return Question(courses={course.number: course for course in found.courses})
