"""From courses to visits: where each day of a course was or will be, who did not come, and what was booked again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from core.intervals import QUARTER
from regimens.domain.given_so_far import GivenSoFar
from regimens.models import Course, CourseDay
from regimens.services.planning import LaidOutCourse
from scheduling.demo.floor import Floor, Place, Wanted
from scheduling.demo.house import House
from scheduling.demo.prescriptions import Prescription, Since
from scheduling.demo.stage import Stage
from scheduling.domain.load import LoadProfile, profile
from scheduling.domain.statuses import VisitStatus
from scheduling.models import Visit

YEAR = timedelta(days=365)
ONE_DAY = timedelta(days=1)
CANCELLED_BECAUSE = (
    ("Patient has a cold; the nurse advised to wait.", 5),
    ("Travelling; asked for another week.", 3),
    ("Family emergency.", 2),
    ("Low fever in the morning.", 3),
    ("In hospital; the ward called.", 1),
    ("No ride that day.", 3),
    ("Snow: roads closed.", 1),
)


class Outcome(StrEnum):
    """What becomes of a visit when its time comes."""

    KEPT = "kept"
    LEFT_EARLY = "left_early"
    NO_SHOW = "no_show"
    CANCELLED = "cancelled"


COMES = frozenset({Outcome.KEPT, Outcome.LEFT_EARLY})


@dataclass
class Booking:
    """A visit with what its row does not say."""

    prescription: Prescription
    course: Course
    day: CourseDay
    visit: Visit
    wanted: Wanted
    place: Place
    outcome: Outcome = Outcome.KEPT
    moved_from: Place | None = None

    @property
    def on(self) -> date:
        return self.place.on


@dataclass
class Diary:
    """Places visits and remembers them."""

    stage: Stage
    house: House
    floor: Floor
    weights: Mapping[str, int]
    bookings: list[Booking] = field(default_factory=list)
    _loads: dict[tuple[tuple[str, int], ...], LoadProfile] = field(default_factory=dict)

    def follow(self, prescription: Prescription) -> None:
        """Lay out the order's courses and place the visits of those due until the booked horizon.

        What was given late moves the courses after it, as the order's policy says. Each course of the past is laid
        out as it was known when it was due, those still to give as it is known today.
        """
        own = len(self.bookings)
        given: list[date] = []
        laid = self._laid_out(prescription, given, own, known_on=prescription.facts.starts_on)
        while len(given) < len(laid):
            planned = laid[len(given)]
            course, days = prescription.add_course(self.stage, planned)
            first_on = self._place_course(prescription, course, days)
            counted = first_on if first_on and first_on <= self.stage.today else planned.due_on
            given.append(max(counted, given[-1] + ONE_DAY) if given else counted)
            if planned.due_on <= self.stage.today:
                after = planned.latest_on + len(days) * ONE_DAY
                laid = self._laid_out(prescription, given, own, known_on=after)
        held = {booking.day.id for booking in self.bookings[own:] if booking.outcome in COMES}
        prescription.lay_out_rest(self._laid_out(prescription, given, own, known_on=self.stage.today), held=held)

    def _laid_out(
        self, prescription: Prescription, given_on: Sequence[date], own: int, *, known_on: date
    ) -> tuple[LaidOutCourse, ...]:
        """The order's courses as they are known on a day; its bookings begin at `own`."""
        infused = {
            (booking.course.number, booking.day.day_number): booking.on
            for booking in self.bookings[own:]
            if booking.on <= self.stage.today and booking.outcome in COMES
        }
        known = GivenSoFar(infused, min(known_on, self.stage.today))
        return prescription.laid_out(tuple(given_on), given=known, through_on=self.stage.today + YEAR)

    def book(self, prescription: Prescription, course: Course, day: CourseDay, place: Place, wanted: Wanted) -> Booking:
        """A visit at a place that was taken for it."""
        visit = Visit(
            id=self.stage.new_id(),
            organization=self.house.organization,
            clinic=self.house.clinic,
            patient=prescription.patient,
            course_day=day,
            chair=place.chair,
            period=DateTimeTZRange(place.start, place.start + wanted.load.quarters * QUARTER, "[)"),
            planned_minutes=day.chair_minutes,
            status=VisitStatus.BOOKED,
            load_profile=list(wanted.load.need),
            start_quarter=wanted.load.start_quarter,
            units=day.units,
            created_at=self._booked_at(prescription, place),
        )
        booking = Booking(prescription, course, day, visit, wanted, place)
        self.bookings.append(booking)
        prescription.visits.append(visit)
        return booking

    def wanted(self, prescription: Prescription, course: Course, day: CourseDay, likes_minute: int) -> Wanted:
        """What a day of a course asks of the floor."""
        shift = day.due_on - course.due_on
        patient = prescription.patient
        return Wanted(
            patient_id=patient.id,
            needs_private_room=patient.needs_private_room,
            load=self._load(day),
            due_on=day.due_on,
            earliest_on=course.earliest_on + shift,
            latest_on=course.latest_on + shift,
            likes_minute=likes_minute,
        )

    def _load(self, day: CourseDay) -> LoadProfile:
        phases = tuple((phase["kind"], phase["minutes"]) for phase in day.phases)
        if phases not in self._loads:
            self._loads[phases] = profile(phases, self.weights)
        return self._loads[phases]

    def _place_course(self, prescription: Prescription, course: Course, days: Sequence[CourseDay]) -> date | None:
        """Place a course; the day it begins, None when it has no place (or must wait for the scheduler)."""
        if course.due_on > self.stage.booked_until or self._is_left_open(prescription, course):
            return None
        booked = self._try(prescription, course, days, _days_to_try(course))
        if not booked:
            return None
        first = booked[0]
        if first.on < self.stage.today and not self._is_kept(prescription, course):
            return self._fail(prescription, course, days, booked)
        if first.on < self.stage.today:
            self._colour(booked)
        return first.on

    def _try(
        self,
        prescription: Prescription,
        course: Course,
        days: Sequence[CourseDay],
        candidates: Sequence[date],
        *,
        allowed: frozenset[str] = frozenset(),
    ) -> list[Booking]:
        booked: list[Booking] = []
        likes = _minute_liked(prescription)
        is_pinned = prescription.is_due_today and course.due_on <= self.stage.today
        for day in days:
            wanted = self.wanted(prescription, course, day, likes)
            if not booked:
                ordered = candidates if is_pinned else self.floor.by_quiet(candidates)
                ordered = [on for on in ordered if self._has_room_for_all(on, len(days))] or ordered
            else:
                last = booked[-1].on
                ordered = [last + timedelta(days=gap) for gap in range(1, 5)]
                likes = _minute_of(booked[-1].place, self.stage)
                wanted = self.wanted(prescription, course, day, likes)
            is_today = is_pinned and day.due_on == self.stage.today
            place = self.floor.squeeze(wanted, day.due_on) if is_today else None
            place = place or self.floor.place(wanted, ordered, allowed=allowed)
            if place is None:
                break
            booked.append(self.book(prescription, course, day, place, wanted))
        return booked

    def _has_room_for_all(self, first_on: date, days: int) -> bool:
        """Whether the clinic is open on the days of a course that begins on `first_on`."""
        return all(first_on + timedelta(days=offset) in self.floor.days for offset in range(days))

    def _is_left_open(self, prescription: Prescription, course: Course) -> bool:
        """Courses that nobody has booked yet: the scheduler's work."""
        ahead = (course.due_on - self.stage.today).days
        if prescription.has_loose_end and 1 <= ahead <= 14:
            return True
        return ahead > 63 and self.stage.happens(0.25)

    def _is_kept(self, prescription: Prescription, course: Course) -> bool:
        if prescription.is_due_today or (course.number == 1 and prescription.since is not Since.LONG):
            return True
        return not self.stage.happens(0.155)

    def _fail(
        self, prescription: Prescription, course: Course, days: Sequence[CourseDay], booked: list[Booking]
    ) -> date | None:
        """Nobody came, or it was cancelled; most often it is booked again some days later."""
        first = booked[0]
        first.outcome = Outcome.NO_SHOW if self.stage.happens(0.4) else Outcome.CANCELLED
        for later in booked[1:]:
            later.outcome = Outcome.CANCELLED
        for each in booked:
            self.floor.give_back(each.place, each.wanted, chair_too=each.outcome is Outcome.CANCELLED)
            each.visit.cancel_reason = self._reason(first) if each.outcome is Outcome.CANCELLED else ""
        if not self.stage.happens(0.8):
            return None
        again = [first.on + timedelta(days=gap) for gap in range(self.stage.rng.randint(2, 5), 12)]
        rebooked = self._try(prescription, course, days, again, allowed=frozenset({"too_late"}))
        return rebooked[0].on if rebooked else None

    def _reason(self, first: Booking) -> str:
        if first.outcome is Outcome.NO_SHOW:
            return "The day before was missed."
        reasons, weights = zip(*CANCELLED_BECAUSE, strict=True)
        return str(self.stage.rng.choices(reasons, weights)[0])

    def _colour(self, booked: list[Booking]) -> None:
        """A few visits were moved before they were kept, and a few people left early."""
        for each in booked:
            if self.stage.happens(0.05):
                earlier = each.place.start - timedelta(days=self.stage.pick((1, 2, 7)), minutes=60)
                each.moved_from = Place(self.stage.pick(self.house.chairs), earlier, each.on)
            if each.on < self.stage.today and self.stage.happens(0.012):
                each.outcome = Outcome.LEFT_EARLY

    def _booked_at(self, prescription: Prescription, place: Place) -> datetime:
        ahead = self.stage.rng.randint(9, 70)
        accepted = prescription.order.accepted_at or self.stage.now
        wished = self.stage.office_time(place.on - timedelta(days=ahead))
        return min(max(wished, accepted + timedelta(minutes=25)), place.start - timedelta(hours=18))


def _days_to_try(course: Course) -> list[date]:
    """The days of the window, the due date first, then the nearest, later before earlier."""
    span = [course.earliest_on + timedelta(days=n) for n in range((course.latest_on - course.earliest_on).days + 1)]
    return sorted(span, key=lambda on: (abs((on - course.due_on).days), on < course.due_on))


def _minute_liked(prescription: Prescription) -> int:
    liked = prescription.patient.prefers_time
    return 120 if liked is None else (liked.hour - 7) * 60 + liked.minute


def _minute_of(place: Place, stage: Stage) -> int:
    local = place.start.astimezone(stage.zone)
    return (local.hour - 7) * 60 + local.minute
