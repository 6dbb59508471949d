"""New facts and the plan: courses without a visit follow at once, those with one are put before a person.

A booked visit is never moved silently. What the plan would do to it is an open difference: one task for each order, a
page where each course is kept or followed (`plan_changes`), and silence once somebody has decided.
"""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction

from core.actor import Actor, system
from core.errors import Refusal
from core.transactions import business_act
from patients.models import Patient
from regimens.models import OrderStatus, TreatmentOrder
from regimens.services import replanning
from regimens.services.plan_causes import UNKNOWN
from regimens.services.plan_difference import CourseDifference, PlanDifference
from scheduling.domain.statuses import FINISHED
from scheduling.models import OCCUPYING_VALUES, StaffTask, Visit
from scheduling.queries.planned_days import booked_on
from scheduling.queries.undecided import KIND, PLAN, open_differences
from scheduling.services import staff_tasks
from scheduling.services.settling import settle

LIVE_ORDERS = (OrderStatus.ACTIVE, OrderStatus.ON_HOLD, OrderStatus.ENDED)


@business_act
def recalculate(*, order: TreatmentOrder, by: Actor, cause: str = "") -> PlanDifference:
    """Let courses without a visit follow what is known now; the answer is what nobody has decided of the others.

    Opens, rewords or closes the order's task. Calling it again changes nothing. Raises what `replanning.difference`
    raises.
    """
    TreatmentOrder.objects.select_for_update(no_key=True).get(pk=order.pk)  # booking locks it before it inserts
    held = booked(order)
    left = replanning.recalculate(order=order, by=by, cause=cause, booked=held.all, booked_on=booked_on(order))
    undecided = open_differences(order, left.only(held.live))
    _say(order, undecided, cause)
    return undecided


def follow(visit: Visit) -> None:
    """Let the plan follow what was given at `visit`, in the caller's transaction, after the visit's lock."""
    follow_order(visit.course_day.course.order, cause="what was given")


def follow_order(order: TreatmentOrder, *, cause: str) -> None:
    """Let the plan of `order` follow new facts, in the caller's transaction; `cause` names them in words.

    What it may not do by itself, moving a booked visit, and what it cannot work out become tasks for staff: recording
    a fact never fails because of the plan.
    """
    if order.status == OrderStatus.DRAFT:
        return
    clinic = order.clinic
    by = system(PLAN, organization_id=clinic.organization_id, clinic_id=clinic.id)
    try:
        with transaction.atomic():
            recalculate(order=order, by=by, cause=cause)
    except Refusal as refusal:
        text = f"The plan of {order.patient.short_name} could not follow {cause or 'the facts'}: {refusal.sentence}"
        key = f"{KIND}:{order.id}:stuck:{refusal.code}"
        staff_tasks.open_task(clinic=clinic, kind=KIND, text=text, dedupe_key=key, order=order, patient=order.patient)


def follow_patient(patient: Patient, *, cause: str) -> None:
    """`follow_order` for every order of `patient` that was accepted, in the order of their ids."""
    orders = TreatmentOrder.objects.filter(patient=patient, status__in=LIVE_ORDERS)
    for order in orders.select_related("clinic", "patient__clinic", "product", "indication").order_by("id"):
        follow_order(order, cause=cause)


@dataclass(frozen=True, kw_only=True)
class Booked:
    """Numbers of courses with a visit: `live` still to come or here now, `over` finished though nothing was given."""

    live: frozenset[int]
    over: frozenset[int]

    @property
    def all(self) -> frozenset[int]:
        return self.live | self.over


def booked(order: TreatmentOrder) -> Booked:
    """Which courses of `order` a visit holds. One SQL statement."""
    visits = Visit.objects.filter(course_day__course__order=order, status__in=OCCUPYING_VALUES)
    live: set[int] = set()
    over: set[int] = set()
    for number, status in visits.values_list("course_day__course__number", "status"):
        (over if status in FINISHED else live).add(number)
    return Booked(live=frozenset(live), over=frozenset(over))


def _say(order: TreatmentOrder, undecided: PlanDifference, cause: str) -> None:
    """Keep one open task for the order while something is undecided, none after."""
    key = f"{KIND}:{order.id}:{undecided.digest[:24]}"
    text = _text(order, undecided.courses, cause)
    settle(order=order, kind=KIND, key=key if undecided else "", text=text, by_label=PLAN)


def _text(order: TreatmentOrder, courses: Collection[CourseDifference], cause: str) -> str:
    numbers = [str(course.number) for course in courses]
    if not numbers:
        return ""
    which = f"course {numbers[0]}" if len(numbers) == 1 else f"courses {', '.join(numbers[:-1])} and {numbers[-1]}"
    whys = dict.fromkeys(cause if why == UNKNOWN and cause else why for course in courses for why in course.causes)
    return (
        f"The plan of {order.patient.short_name} would change the booked visits of {which}, because {'; '.join(whys)}. "
        "Keep each visit or let it follow."
    )


def open_task_of(order_id: UUID) -> StaffTask | None:
    """The order's open question, if there is one."""
    return StaffTask.objects.filter(order_id=order_id, kind=KIND, done_at=None).first()
