"""After a visit was given, or that was taken back: the courses after it are recalculated from what was really given."""

from collections import defaultdict
from datetime import date

from django.db import transaction

from core.actor import Actor, system
from core.errors import Refusal
from core.transactions import business_act
from regimens.models import OrderStatus, TreatmentOrder
from regimens.services import replanning
from regimens.services.replanning import CourseChange
from scheduling.domain.statuses import VisitStatus
from scheduling.models import OCCUPYING_VALUES, Visit
from scheduling.services import staff_tasks


@business_act
def recalculate(*, order: TreatmentOrder, by: Actor) -> tuple[CourseChange, ...]:
    """Move the courses after the last one given by the order's policy; those with a visit are listed as kept.

    A person approves or rebooks those: a booked visit is never moved silently. Calling it again changes nothing.
    """
    TreatmentOrder.objects.select_for_update(no_key=True).get(pk=order.pk)  # booking locks it before it inserts
    visits = (
        Visit.objects.filter(course_day__course__order=order, status__in=OCCUPYING_VALUES)
        .order_by("period")
        .values_list("course_day__course__number", "status", "period")
    )
    given: dict[int, list[date]] = defaultdict(list)
    booked: set[int] = set()
    for number, status, period in visits:
        if status == VisitStatus.COMPLETED:
            given[number].append(period.lower.astimezone(order.clinic.zone).date())
        booked.add(number)
    first_days = [(number, min(days)) for number, days in sorted(given.items())]
    return replanning.reanchor(order=order, given=first_days, by=by, booked=booked)


def follow(visit: Visit) -> None:
    """Let the plan follow what was given at `visit`, in the caller's transaction, after the visit's lock.

    What it may not do by itself, moving a booked visit, and what it cannot work out become tasks for staff: finishing
    a visit never fails because of the plan.
    """
    follow_order(visit.course_day.course.order, cause="the visit of today")


def follow_order(order: TreatmentOrder, *, cause: str) -> None:
    """Let the plan of `order` follow new facts, in the caller's transaction; `cause` says which, in words.

    Courses without a visit change at once; a booked one becomes a task for staff. Never fails because of the plan.
    """
    if order.status != OrderStatus.ACTIVE:
        return
    clinic = order.clinic
    by = system("plan", organization_id=clinic.organization_id, clinic_id=clinic.id)
    who = order.patient.short_name
    try:
        with transaction.atomic():
            changes = recalculate(order=order, by=by)
    except Refusal as refusal:
        text = f"The plan of {who} could not follow {cause}: {refusal.sentence}"
        staff_tasks.open_task(clinic=clinic, kind="plan", text=text, dedupe_key=f"plan:{order.id}:{cause}")
        return
    for change in changes:
        if change.is_kept:
            text = (
                f"Course {change.number} of {who} is booked for a due date of {change.was_on:%-d %b}; by what was "
                f"given, it would now be due on {change.now_on:%-d %b %Y}. Keep the visit or move it."
            )
            key = f"plan:{order.id}:{change.number}:{change.now_on}"
            staff_tasks.open_task(clinic=clinic, kind="plan", text=text, dedupe_key=key)
