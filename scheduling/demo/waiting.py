"""What goes on at the desk while somebody looks: who waits, what is offered, held or free again, a chair out of use.

Everything here goes through the services that the desk uses, a minute or a day ago as people would.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from accounts.models import Clinic
from authorizations.domain.statuses import AuthorizationStatus
from core.actor import Actor
from core.errors import Refusal
from core.intervals import QUARTER, ceil_quarter
from regimens.models import CourseDay
from scheduling.demo.diary import Booking, Outcome
from scheduling.demo.house import CLOSES, House
from scheduling.demo.moments import moment
from scheduling.demo.stage import Say, Stage
from scheduling.domain.skills import Skill
from scheduling.domain.statuses import EXPECTED, VisitStatus
from scheduling.models import Chair, ClinicRules, Visit, WaitlistEntry, WaitState
from scheduling.queries import due, openings
from scheduling.queries.openings import FoundOpening
from scheduling.services import booking, held_places, offers, outages, setup_rules, waitlist
from scheduling.services.offers import FreedPlace

BETTER = (
    (("morning",), "Works from noon on. Any morning will do.", timedelta(days=2, hours=3)),
    (("afternoon",), "Her son drives her after school.", timedelta(hours=19)),
    ((), "Lives next door and can come at short notice.", timedelta(hours=1, minutes=20)),
)
"""Who has a visit and would like a better time: parts of the day, the note, and how long ago they said so."""
PLACE = "Could not come on the day we offered. Any day inside the window."
SKILLS = (
    (Skill.FIRST_DOSE, Skill.PORT, Skill.PICC),
    (Skill.FIRST_DOSE, Skill.BIOLOGICS),
    (Skill.PORT,),
    (Skill.FIRST_DOSE, Skill.PORT, Skill.BIOLOGICS),
    (Skill.BIOLOGICS, Skill.CHILDREN),
)
HOLD_MINUTES = 45
SHORTEST_OUTAGE = 4 * QUARTER
_VISIT = ("clinic", "patient", "chair__clinic", "authorization")
LOOKED_AHEAD = timedelta(days=14)


def let_wait(stage: Stage, house: House, bookings: Sequence[Booking], *, by: Actor, manager: Actor, say: Say) -> None:
    """Fill the waitlist, hold a place, make an offer, free a place that somebody waits for, take a chair out of use."""
    clinic = house.clinic
    _set_up(house, manager)
    wanting = _wanting(stage, bookings)
    waits = _better_times(stage, wanting[: len(BETTER)], by)
    unbooked = _one_each(due.unbooked(clinic, until=stage.today + LOOKED_AHEAD, since=stage.today + timedelta(days=2)))
    with moment(stage.now - timedelta(minutes=15)):
        made = _first(unbooked, lambda day: _offer(stage, clinic, day, by))
    with moment(stage.now - timedelta(minutes=4)):
        made += _first(unbooked, lambda day: _hold(clinic, day, by))
    waits += sum(_for_a_place(stage, day, by) for day in unbooked[:2])
    freed = _free_a_place(stage, wanting[len(BETTER) :], by)
    out = _out_of_use(stage, clinic, manager)
    say(f"  {waits:6} patients on the waitlist; {made} places offered or held, {freed + out} free or out of use")


def _one_each(days: Iterable[CourseDay]) -> list[CourseDay]:
    """The first day that is not booked of each patient; those who come for one day only go first."""
    first: dict[object, list[CourseDay]] = {}
    for day in days:
        first.setdefault(day.course.order.patient_id, []).append(day)
    return [waits[0] for waits in sorted(first.values(), key=len)]


def _set_up(house: House, manager: Actor) -> None:
    rules = replace(setup_rules.facts_of(house.clinic), hold_minutes=HOLD_MINUTES)
    setup_rules.save_rules(clinic=house.clinic, facts=rules, by=manager)
    ClinicRules.objects.filter(clinic=house.clinic).update(holidays_part="IL")
    for nurse, skills in zip(house.nurses, SKILLS, strict=False):
        setup_rules.save_skills(clinic=house.clinic, nurse_id=nurse.id, skills=skills, by=manager)


def _wanting(stage: Stage, bookings: Sequence[Booking]) -> list[Booking]:
    """Bookings of the next days, one to a patient, of people who have nothing to answer themselves."""
    found: dict[object, Booking] = {}
    first, last = stage.today + timedelta(days=2), stage.today + timedelta(days=9)
    for each in sorted(bookings, key=lambda each: (-each.place.start.timestamp(), each.place.chair.name)):
        patient = each.prescription.patient
        is_far = first <= each.on <= last and each.visit.status in EXPECTED and each.outcome is Outcome.KEPT
        paid = each.visit.authorization
        is_quiet = patient.user is None or each.visit.status == VisitStatus.CONFIRMED
        if is_far and is_quiet and paid is not None and paid.status == AuthorizationStatus.APPROVED:
            found.setdefault(patient.id, each)
    return list(found.values())


def _better_times(stage: Stage, wanting: Iterable[Booking], by: Actor) -> int:
    waits = 0
    for each, (parts, note, ago) in zip(wanting, BETTER, strict=False):
        days = (stage.today + timedelta(days=1), max(each.on - timedelta(days=1), stage.today + timedelta(days=1)))
        with moment(stage.now - ago):
            waits += _add(each.visit.course_day, days, by, parts=parts, note=note, notice_hours=2)
    return waits


def _for_a_place(stage: Stage, day: CourseDay, by: Actor) -> int:
    shift = day.due_on - day.course.due_on
    earliest = max(stage.today + timedelta(days=1), day.course.earliest_on + shift)
    latest = max(earliest, day.course.latest_on + shift)
    with moment(stage.now - timedelta(hours=5)):
        return _add(day, (earliest, latest), by, note=PLACE)


def _add(
    day: CourseDay,
    days: tuple[date, date],
    by: Actor,
    *,
    parts: Sequence[str] = (),
    note: str,
    notice_hours: int = 24,
) -> int:
    try:
        waitlist.add(
            course_day=_whole(day),
            earliest_on=days[0],
            latest_on=days[1],
            parts_of_day=parts,
            notice_hours=notice_hours,
            note=note,
            by=by,
        )
    except Refusal:
        return 0
    return 1


def _whole(day: CourseDay) -> CourseDay:
    return CourseDay.objects.select_related("course__order__patient__clinic", "course__order__clinic").get(pk=day.pk)


def _first(days: list[CourseDay], act: Callable[[CourseDay], bool]) -> int:
    """Let `act` try the days in turn; the one for which it works is taken from the list."""
    for day in days[:8]:
        try:
            if act(day):
                days.remove(day)
                return 1
        except Refusal:
            continue
    return 0


def _opening(clinic: Clinic, day: CourseDay, since: date | None = None) -> FoundOpening | None:
    found = openings.find(clinic=clinic, course_day=day, first_on=since)
    return next((each for each in found if not each.opening.soft), None)


def _hold(clinic: Clinic, day: CourseDay, by: Actor) -> bool:
    found = _opening(clinic, day)
    if found is None:
        return False
    held_places.hold(course_day=_whole(day), chair=found.chair, start=found.opening.interval.start, by=by)
    return True


def _offer(stage: Stage, clinic: Clinic, day: CourseDay, by: Actor) -> bool:
    found = _opening(clinic, day, stage.today + timedelta(days=3))
    if found is None:
        return False
    place = FreedPlace(chair=found.chair, start=found.opening.interval.start)
    offers.make_for_course_day(course_day=_whole(day), place=place, by=by)
    return True


def _free_a_place(stage: Stage, wanting: Iterable[Booking], by: Actor) -> int:
    """Somebody has a cold: their place is free, and a task says that others wait for that day."""
    waits = WaitlistEntry.objects.filter(state=WaitState.WAITING)
    for each in sorted(wanting, key=lambda each: each.place.start):
        if not waits.filter(earliest_on__lte=each.on, latest_on__gte=each.on).exists():
            continue
        visit = Visit.objects.select_related(*_VISIT).get(pk=each.visit.pk)
        with moment(stage.now - timedelta(minutes=25)):
            booking.cancel(visit=visit, reason="Has a cold.", expected_version=visit.version, by=by)
        return 1
    return 0


def _out_of_use(stage: Stage, clinic: Clinic, manager: Actor) -> int:
    """The chair that is done for the day first is looked after until closing."""
    begins, ends = ceil_quarter(stage.now), stage.at(stage.today, CLOSES)
    free = [(max(begins, _last_end(chair, begins, ends)), chair.position, chair) for chair in _recliners(clinic)]
    since, _, chair = min(free)
    if ends - since < SHORTEST_OUTAGE:
        return 0
    with moment(stage.now - timedelta(minutes=50)):
        outages.add(chair=chair, starts_at=since, ends_at=ends, reason="Footrest is being repaired", by=manager)
    return 1


def _recliners(clinic: Clinic) -> list[Chair]:
    return list(Chair.objects.filter(clinic=clinic, kind="recliner", is_active=True).select_related("clinic"))


def _last_end(chair: Chair, begins: datetime, ends: datetime) -> datetime:
    periods = Visit.objects.filter(chair=chair, period__overlap=(begins, ends)).occupying()
    return max((period.upper for period in periods.values_list("period", flat=True)), default=begins)
