"""On which of several days a course day would be paid for, and how far the units of an authorization reach."""

from collections.abc import Iterable, Sequence
from datetime import date
from uuid import UUID

from authorizations.queries.coverage import Coverage, Need, find_many, still_covers
from core.errors import Reason
from regimens.models import CourseDay
from scheduling.models import Visit


def uncovered(course_day: CourseDay, days: Iterable[date]) -> dict[date, str]:
    """The days on which nothing would cover `course_day`, each with the first reason. One SQL statement."""
    order = course_day.course.order
    asked = sorted(set(days))
    answers = find_many(clinic=order.clinic, needs=[Need(order, course_day.units, on) for on in asked])
    return {on: answer.reasons[0].sentence for on, answer in zip(asked, answers, strict=True) if answer.reasons}


def unpaid_days(course_day: CourseDay, days: Iterable[date], *, moving: Visit | None = None) -> dict[date, str]:
    """Like `uncovered`; but `moving`, which has its units already, is paid for wherever its authorization still is."""
    held = moving.authorization if moving is not None else None
    if held is None:
        return uncovered(course_day, days)
    answers = {on: still_covers(held, on=on) for on in days}
    return {on: reasons[0].sentence for on, reasons in answers.items() if reasons}


def unpaid_for_each(
    asked: Sequence[tuple[CourseDay, Iterable[date], Visit | None]],
) -> list[dict[date, str]]:
    """`unpaid_days` of several course days at one clinic, each with its days and what moves. One SQL statement."""
    needs = [
        (number, on)
        for number, (_, days, moving) in enumerate(asked)
        if moving is None or moving.authorization is None
        for on in sorted(set(days))
    ]
    found = [
        unpaid_days(day, days, moving=moving) if moving is not None and moving.authorization is not None else {}
        for day, days, moving in asked
    ]
    if not needs:
        return found
    wanted = [Need(asked[number][0].course.order, asked[number][0].units, on) for number, on in needs]
    answers = find_many(clinic=wanted[0].order.clinic, needs=wanted)
    for (number, on), answer in zip(needs, answers, strict=True):
        if answer.reasons:
            found[number][on] = answer.reasons[0].sentence
    return found


def in_turn(units: Sequence[int], found: Sequence[Coverage]) -> list[Coverage]:
    """The same answers with the units given to the earliest days first: later ones may find too few left."""
    left: dict[UUID, int] = {}
    answers: list[Coverage] = []
    for needed, answer in zip(units, found, strict=True):
        held = answer.authorization
        if held is None or not answer.is_covered:
            answers.append(answer)
            continue
        available = left.setdefault(held.id, held.units_left)
        if available >= needed:
            left[held.id] = available - needed
            answers.append(answer)
        else:
            answers.append(Coverage(held, (_short(held.reference, available, needed),), is_required=True))
    return answers


def _short(reference: str, left: int, needed: int) -> Reason:
    sentence = (
        f"The visits before this one leave {left} units of {reference or 'the authorization'}; it needs {needed}."
    )
    return Reason("auth_units_short", sentence, is_hard=False)
