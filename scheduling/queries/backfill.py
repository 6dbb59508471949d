"""Who could take a place that became free: the place as it is now, and everybody who waits or is due, ranked.

The rules are pure (`scheduling.domain.backfill`). The best few are tried against nurses' time as well, which only the
board's own check knows, so that whoever is shown first can be offered the place.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from accounts.models import Clinic
from authorizations.queries.coverage import Need, find_many, still_covers
from core import clock
from core.errors import NotFound
from regimens.models import CourseDay
from scheduling.domain import backfill as rules
from scheduling.domain.backfill import Candidate, FreePlace
from scheduling.domain.statuses import VisitStatus
from scheduling.models import Chair, ChairKind, Offer, Visit, VisitEvent, WaitlistEntry, WaitState
from scheduling.queries import board, dry_run, due, visits
from scheduling.services.clinic_rules import rules_of

TRIED, MOST_DUE = 6, 200
_DAY = ("course_day__course__order__patient__clinic", "course_day__course__order__product")


@dataclass(frozen=True, kw_only=True)
class Freed:
    """A place that `visit` left: its chair, its start, and for how many minutes it is free now (0: taken again)."""

    visit: Visit
    chair: Chair
    start: datetime
    minutes: int


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody on the list for a place. `entry` is None for who is only due; `reasons` say why, or why not."""

    course_day: CourseDay
    entry: WaitlistEntry | None
    reasons: tuple[str, ...]
    is_only_short_notice: bool = False


@dataclass(frozen=True, kw_only=True)
class Shortlist:
    """Who may have the place, best first, and who may not."""

    fit: tuple[Person, ...]
    unfit: tuple[Person, ...]


def freed_by(visit: Visit) -> Freed | None:
    """The place to come that `visit` left last, by being cancelled or missed, or by moving; None if it left none."""
    where = _left(visit)
    if where is None or where[1] <= clock.now():
        return None
    chair, start = where
    return Freed(visit=visit, chair=chair, start=start, minutes=board.free_minutes(chair, start))


def free_place(clinic: Clinic, visit_id: str) -> Freed | None:
    """The place to come that the visit with this id left and nobody has yet; None for no such visit or place."""
    try:
        freed = freed_by(visits.get(clinic, UUID(visit_id)))
    except (ValueError, NotFound):
        return None
    return freed if freed is not None and freed.minutes else None


def shortlist(freed: Freed, *, only_waiting: bool = False) -> Shortlist:
    """Everybody who could want the place, ranked; `only_waiting` leaves out who did not ask to be told."""
    clinic, on = freed.chair.clinic, freed.start.astimezone(freed.chair.clinic.zone).date()
    offered = Offer.objects.filter(freed_by=freed.visit, starts_at=freed.start)
    asked = dict(offered.values_list("entry_id", "entry__course_day_id"))
    entries = {
        entry.course_day_id: entry
        for entry in WaitlistEntry.objects.filter(
            clinic=clinic, state=WaitState.WAITING, earliest_on__lte=on, latest_on__gte=on
        )
        .exclude(id__in=asked)
        .exclude(visit=freed.visit)
        .select_related(*_DAY, "visit__authorization", "visit__chair", "visit__clinic")
    }
    days = [entry.course_day for entry in entries.values()]
    if not only_waiting:
        days += list(_due(clinic, on, {*entries, *asked.values(), freed.visit.course_day_id}))
    people = {day.id: day for day in days}
    uncovered = _uncovered(clinic, days, entries, on)
    notice = rules_of(clinic).notice_hours
    candidates = [_candidate(day, entries.get(day.id), uncovered[day.id], clinic, notice) for day in days]
    place = FreePlace(
        start=freed.start.astimezone(clinic.zone),
        minutes=freed.minutes,
        is_private=freed.chair.kind == ChairKind.PRIVATE_ROOM,
    )
    fit, unfit = rules.rank(place, candidates, clock.now())
    good, bad = _tried(freed, fit, people, entries)
    return Shortlist(fit=tuple(good), unfit=(*bad, *(_person(one, people, entries) for one in unfit)))


def _left(visit: Visit) -> tuple[Chair, datetime] | None:
    if visit.status in {VisitStatus.CANCELLED, VisitStatus.NO_SHOW}:
        return visit.chair, visit.period.lower
    event: VisitEvent | None = visit.events.filter(kind="move").first()
    if event is None:
        return None
    chair = Chair.objects.select_related("clinic").filter(clinic=visit.clinic, pk=event.before["chair_id"]).first()
    return (chair, datetime.fromisoformat(event.before["start"])) if chair else None


def _due(clinic: Clinic, on: date, besides: set[UUID]) -> Iterator[CourseDay]:
    """First days of courses that are due and not booked, whose window may hold `on`."""
    days = due.unbooked(clinic, since=on).filter(course__earliest_on__lte=on, day_number=1).exclude(id__in=besides)
    yield from days[:MOST_DUE]


def _uncovered(
    clinic: Clinic, days: Sequence[CourseDay], entries: dict[UUID, WaitlistEntry], on: date
) -> dict[UUID, str]:
    """Why each would not be paid for on that day, empty where it would; whoever has units keeps them by moving."""
    answers = find_many(clinic=clinic, needs=[Need(day.course.order, day.units, on) for day in days])
    found = {
        day.id: answer.reasons[0].sentence if answer.reasons else "" for day, answer in zip(days, answers, strict=True)
    }
    for day_id, entry in entries.items():
        if entry.visit is not None and entry.visit.authorization is not None:
            reasons = still_covers(entry.visit.authorization, on=on)
            found[day_id] = reasons[0].sentence if reasons else ""
    return found


def _candidate(
    day: CourseDay, entry: WaitlistEntry | None, uncovered: str, clinic: Clinic, notice_hours: int
) -> Candidate:
    patient, shift = day.course.order.patient, day.due_on - day.course.due_on
    visit = entry.visit if entry else None
    return Candidate(
        course_day_id=day.id,
        minutes=int((visit.period.upper - visit.period.lower).total_seconds()) // 60 if visit else day.chair_minutes,
        due_on=day.due_on,
        earliest_on=day.course.earliest_on + shift,
        latest_on=day.course.latest_on + shift,
        uncovered=uncovered,
        needs_private_room=patient.needs_private_room,
        prefers_weekday=patient.prefers_weekday,
        waits_since=entry.created_at.astimezone(clinic.zone).date() if entry else None,
        wants_from=entry.earliest_on if entry else None,
        wants_to=entry.latest_on if entry else None,
        parts_of_day=tuple(entry.parts_of_day) if entry else (),
        notice_hours=entry.notice_hours if entry else notice_hours,
        booked_at=visit.period.lower.astimezone(clinic.zone) if visit else None,
    )


def _tried(
    freed: Freed,
    ranked: Sequence[rules.Ranked],
    people: dict[UUID, CourseDay],
    entries: dict[UUID, WaitlistEntry],
) -> tuple[list[Person], list[Person]]:
    """The best few who would be booked there without an override, and those of them who would not."""
    tried = [_person(one, people, entries) for one in ranked[: TRIED * 2]]
    if not tried:
        return [], []
    asked = [(one.course_day, one.entry.visit if one.entry else None) for one in tried]
    good: list[Person] = []
    bad: list[Person] = []
    for person, reasons in zip(tried, dry_run.each(chair=freed.chair, start=freed.start, people=asked), strict=True):
        if len(good) == TRIED:
            break
        if reasons:
            said = tuple(reason.sentence for reason in reasons)
            bad.append(Person(course_day=person.course_day, entry=person.entry, reasons=said))
        else:
            good.append(person)
    return good, bad


def _person(
    one: rules.Ranked | rules.Unfit, people: dict[UUID, CourseDay], entries: dict[UUID, WaitlistEntry]
) -> Person:
    day_id = one.candidate.course_day_id
    is_soon = isinstance(one, rules.Unfit) and all(reason.startswith(rules.TOO_SOON) for reason in one.reasons)
    return Person(
        course_day=people[day_id], entry=entries.get(day_id), reasons=one.reasons, is_only_short_notice=is_soon
    )
