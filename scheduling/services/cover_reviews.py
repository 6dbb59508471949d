"""Visits to come that no authorization covers: who they are, and asking staff to look at each, once.

A question goes away by itself when the visit is covered or gone. When a person answers it, the visit counts as
reviewed and its patient is reminded as usual.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from accounts.models import Clinic
from authorizations.domain.coverage import check_dates
from authorizations.domain.statuses import COVERING, AuthorizationStatus
from authorizations.queries.coverage import Need, find_many
from core import clock
from core.transactions import business_act
from scheduling.models import StaffTask, Visit

KIND = "not_covered"
SWEEP = "Reminder sweep"
HOLDING = {status.value for status in COVERING | {AuthorizationStatus.EXHAUSTED}}
"""Statuses in which units set aside for a visit still count for it."""


@dataclass(frozen=True)
class Asked:
    """How many questions were opened, and the visits that a person has reviewed."""

    opened: int
    reviewed: frozenset[UUID]


def uncovered(clinic: Clinic, visits: Sequence[Visit]) -> dict[UUID, str]:
    """The visits that nothing covers, each with the first reason. At most one SQL statement."""
    open_questions = [visit for visit in visits if not holds_units(visit, clinic)]
    needs = [Need(visit.course_day.course.order, visit.units, _day(visit, clinic)) for visit in open_questions]
    answers = find_many(clinic=clinic, needs=needs)
    return {
        visit.id: answer.reasons[0].sentence
        for visit, answer in zip(open_questions, answers, strict=True)
        if answer.reasons
    }


@business_act
def ask(*, clinic: Clinic, visits: Sequence[Visit], uncovered: Mapping[UUID, str]) -> Asked:
    """Open a question to staff for each of the visits `uncovered`, and close those that nobody need answer any more."""
    now = clock.now()
    known = {task.dedupe_key: task for task in StaffTask.objects.filter(clinic=clinic, kind=KIND, visit__in=visits)}
    keys = {visit.id: f"{KIND}:{visit.id}:{int(visit.period.lower.timestamp())}" for visit in visits}
    wanted = {keys[visit.id]: visit for visit in visits if visit.id in uncovered}
    new = [
        StaffTask(
            clinic=clinic,
            kind=KIND,
            text=_text(visit, clinic, uncovered[visit.id]),
            visit=visit,
            dedupe_key=key,
            created_at=now,
        )
        for key, visit in wanted.items()
        if key not in known
    ]
    again = [task.id for key, task in known.items() if key in wanted and task.done_by_label == SWEEP]
    if new:
        StaffTask.objects.bulk_create(new, ignore_conflicts=True)
    if again:
        StaffTask.objects.filter(id__in=again).update(done_at=None, done_by_label="")
    open_tasks = StaffTask.objects.filter(clinic=clinic, kind=KIND, done_at=None)
    open_tasks.exclude(dedupe_key__in=wanted).update(done_at=now, done_by_label=SWEEP)
    reviewed = {
        visit_id
        for visit_id, key in keys.items()
        if (task := known.get(key)) is not None and task.done_at is not None and task.done_by_label != SWEEP
    }
    return Asked(len(new) + len(again), frozenset(reviewed))


def holds_units(visit: Visit, clinic: Clinic) -> bool:
    """Whether what is set aside for `visit` still counts: by its authorization's status and dates."""
    held = visit.authorization
    if held is None:
        return False
    return held.status in HOLDING and not check_dates(_day(visit, clinic), held.starts_on, held.ends_on)


def _day(visit: Visit, clinic: Clinic) -> date:
    start: datetime = visit.period.lower
    return start.astimezone(clinic.zone).date()


def _text(visit: Visit, clinic: Clinic, reason: str) -> str:
    start = visit.period.lower.astimezone(clinic.zone)
    who = f"{visit.patient.short_name}, {start:%a %-d %b %H:%M}"
    return f"{who}: not covered, so the patient is not reminded. {reason}"[:300]
