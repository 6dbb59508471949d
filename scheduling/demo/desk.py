"""The authorization desk's papers: every status somewhere, each with a story that fits the patient's visits.

The one surprise is the patient at the top of the queue: the payer cut an approval short, today is its last day, and a
visit in the next days still counts on it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from authorizations.domain.statuses import AuthorizationStatus
from patients.models import Coverage
from scheduling.demo.diary import Booking, Outcome
from scheduling.demo.house import House
from scheduling.demo.papers import GRANTING, Paper, Terms, write
from scheduling.demo.prescriptions import Prescription, Since
from scheduling.demo.stage import Stage

S = AuthorizationStatus
DAY = timedelta(days=1)
CUT_SHORT_DAYS_AGO = 12
Story = Callable[["Case"], list[Paper]]

UNDER_WAY = (
    (S.IN_REVIEW, 4, 0),
    (S.PENDED, 3, 0),
    (S.SUBMITTED, 1, 1),
    (S.ACKNOWLEDGED, 3, 0),
    (S.IN_REVIEW, 11, -1),
    (S.READY, 1, 0),
    (S.SUBMITTED, 2, 2),
    (S.PENDED, 6, 1),
    (S.GATHERING_DOCUMENTS, 2, 3),
    (S.DRAFT, 1, 4),
    (S.DENIED, 56, 0),
    (S.P2P_SCHEDULED, 2, 1),
    (S.APPEAL_1, 5, 3),
    (S.APPEAL_2, 4, 5),
    (S.APPEAL_EXTERNAL, 9, 6),
    (S.UPHELD, 3, 1),
    (S.DENIED, 6, 2),
)
"""First requests of those who start soon, the nearest first: status, days since its last move, days to follow up."""

RENEWALS = (
    (S.READY, 2, 1),
    (S.SUBMITTED, 1, 1),
    (S.ACKNOWLEDGED, 2, 0),
    (S.IN_REVIEW, 5, -2),
    (S.DRAFT, 4, -3),
    (S.GATHERING_DOCUMENTS, 3, 2),
)
"""The same for renewals of approvals that end soon."""
NEXT_STEPS = {
    S.DRAFT: "Collect the documents and send it",
    S.GATHERING_DOCUMENTS: "Get the missing note from the prescriber",
    S.READY: "Send it",
    S.SUBMITTED: "Confirm that the payer has it",
    S.ACKNOWLEDGED: "Ask how it stands",
    S.IN_REVIEW: "Ask how it stands",
    S.PENDED: "Send the payer what it asked for",
    S.DENIED: "Ask for a peer-to-peer call, or appeal",
    S.P2P_SCHEDULED: "Brief the prescriber for the call",
    S.APPEAL_1: "Ask how the appeal stands",
    S.APPEAL_2: "Ask how the appeal stands",
    S.APPEAL_EXTERNAL: "Ask how the appeal stands",
    S.UPHELD: "Decide on the next appeal",
}


@dataclass
class Case:
    """A prescription before the desk, with its bookings in order."""

    prescription: Prescription
    plan: Coverage
    bookings: list[Booking]

    def next_on(self, stage: Stage) -> date | None:
        """The day of the next visit that has not begun."""
        coming = (b for b in self.bookings if b.place.start > stage.now and b.outcome is Outcome.KEPT)
        return next((booking.on for booking in coming), None)

    @property
    def course_units(self) -> int:
        return sum(day.units for day in self.prescription.courses[-1][1])

    def units(self, first_on: date, last_on: date) -> int:
        """Units of every course day that falls between two days: where it was or is booked, else where it is due."""
        booked = {booking.day.id: booking.on for booking in self.bookings if booking.outcome is not Outcome.CANCELLED}
        days = [day for _, days in self.prescription.courses for day in days]
        return sum(day.units for day in days if first_on <= booked.get(day.id, day.due_on) <= last_on)


class Desk:
    """Hands out stories and writes their papers."""

    def __init__(self, stage: Stage, house: House) -> None:
        self.stage, self.house = stage, house
        self.today = stage.today
        self.papers: dict[int, list[Paper]] = {}
        self.told: set[int] = set()
        self.not_required: set[int] = set()
        self.surprise: Prescription | None = None

    def work(self, cases: Sequence[Case]) -> None:
        """Write the papers of every case whose payer wants them."""
        wanting = [case for case in cases if case.prescription.payer.needs_authorization and case.bookings]
        idle = [c for c in cases if c.prescription.payer.needs_authorization and not c.bookings]
        soon = [case for case in wanting if case.prescription.since is Since.SOON]
        begun = [case for case in wanting if case.prescription.since is not Since.SOON]
        self._tell_of_today(begun)
        self._tell_of_starters(soon)
        calm = [case for case in begun if self._is_calm(case)]
        self.stage.rng.shuffle(calm)
        pool = iter([case for case in calm if id(case) not in self.told])
        for story, count in self._calm_stories():
            for case in [next(pool, None) for _ in range(count)]:
                if case is not None:
                    self._tell(case, story)
        for status, ago, ahead in RENEWALS:
            case = next(pool, None)
            if case is not None:
                self._tell(case, lambda each, how=(status, ago, ahead): self._expiring(each, renewal=how))  # type: ignore[misc]
        for case in [*wanting, *idle]:
            if id(case) not in self.told:
                self._tell(case, self._approved)

    def _is_calm(self, case: Case) -> bool:
        """Whether nothing of a case happens today or in the next days."""
        on = case.next_on(self.stage)
        is_here = any(booking.on == self.today for booking in case.bookings)
        return on is not None and (on - self.today).days > 10 and not is_here

    def _tell(self, case: Case, story: Story) -> None:
        self.told.add(id(case))
        self.papers[id(case.prescription)] = story(case)

    def _tell_of_today(self, begun: Sequence[Case]) -> None:
        """Two of today's visits lack a renewal, two approvals end soon after, and one is the surprise."""
        later_today = [c for c in begun if c.next_on(self.stage) == self.today and len(c.bookings) > 2]
        for case, how in zip(later_today[:2], ((S.IN_REVIEW, 9, 0), (S.PENDED, 2, 0)), strict=False):
            self._tell(case, lambda each, how=how: self._expired(each, renewal=how))  # type: ignore[misc]
        for case, days in zip(later_today[2:4], (6, 11), strict=False):
            self._tell(case, lambda each, days=days: self._expiring(each, days_left=days, follow_up=-1))  # type: ignore[misc]
        here = {id(b.prescription) for c in begun for b in c.bookings if b.on == self.today}
        week = [c for c in begun if id(c.prescription) not in here and self._is_this_week(c)]
        if week:
            chosen = min(week, key=lambda case: (case.next_on(self.stage), -case.course_units))
            self.surprise = chosen.prescription
            self._tell(chosen, self._cut_short)

    def _is_this_week(self, case: Case) -> bool:
        on = case.next_on(self.stage)
        return on is not None and self.today < on <= self.today + timedelta(days=4) and len(case.bookings) > 2

    def _tell_of_starters(self, soon: Sequence[Case]) -> None:
        nearest = sorted(soon, key=lambda case: case.bookings[0].place.start)
        for case in nearest[1:2]:
            self._tell(case, lambda _each: [])  # Nobody has asked the payer yet.
        for case, (status, ago, ahead) in zip([*nearest[:1], *nearest[2:]], UNDER_WAY, strict=False):
            self._tell(case, lambda each, how=(status, ago, ahead): [self._request(each, *how)])  # type: ignore[misc]

    def _calm_stories(self) -> list[tuple[Story, int]]:
        return [
            (self._low, 5),
            (lambda case: self._exhausted(case, is_renewed=True), 2),
            (lambda case: self._exhausted(case, is_renewed=False), 1),
            (lambda case: self._granted(case, S.APPROVED_PARTIAL), 5),
            (lambda case: self._granted(case, S.APPROVED_MODIFIED), 5),
            (lambda case: self._granted(case, S.OVERTURNED), 3),
            (lambda case: self._renewed(case, S.SUPERSEDED), 3),
            (lambda case: self._renewed(case, S.EXPIRED), 6),
            (lambda case: self._renewed(case, S.CANCELLED), 2),
            (lambda case: self._renewed(case, S.WITHDRAWN), 1),
            (self._no_need, 3),
            (lambda case: self._expiring(case, days_left=19, follow_up=-2), 1),
            (lambda case: self._expiring(case, days_left=23, follow_up=0), 2),
            (lambda case: self._expiring(case, days_left=28, follow_up=1), 1),
            (lambda case: self._expired(case, renewal=(S.SUBMITTED, 2, 1)), 1),
        ]

    def _write(self, case: Case, terms: Terms) -> Paper:
        return write(self.stage, self.house, case.prescription, case.plan, terms)

    def _span(self, case: Case) -> tuple[date, date]:
        starts_on = case.prescription.order.starts_on - timedelta(days=self.stage.rng.randint(0, 8))
        length = self.stage.rng.choice((182, 364, 364))
        return starts_on, starts_on + timedelta(days=length - 1)

    def _approved(self, case: Case) -> list[Paper]:
        return self._granted(case, S.APPROVED)

    def _granted(self, case: Case, status: AuthorizationStatus, *, starts_on: date | None = None) -> list[Paper]:
        """A current approval that covers everything booked."""
        first_on, ends_on = self._span(case)
        starts_on = starts_on or first_on
        units = case.units(starts_on, ends_on) + case.course_units
        asked = units
        if status is S.APPROVED_PARTIAL:
            until = self.today + timedelta(weeks=14)
            asked, units = units, min(units, case.units(starts_on, until) + case.course_units)
        elif status is S.APPROVED_MODIFIED:
            asked = units + case.course_units * 2
        days = case.prescription.facts.days_per_course
        visits = units // max(1, case.course_units // days) + 2 if self.stage.happens(0.1) else None
        moved_on = min(starts_on, self.today) - timedelta(days=self.stage.rng.randint(0, 6))
        follow_up_on = ends_on - timedelta(days=case.prescription.payer.renewal_lead_days)
        terms = Terms(
            status=status,
            starts_on=starts_on,
            ends_on=ends_on,
            units=units,
            asked_units=asked,
            moved_on=moved_on,
            visits=visits,
            follow_up_on=max(follow_up_on, self.today + timedelta(days=self.stage.rng.randint(3, 9))),
            next_step="Start the renewal",
        )
        return [self._write(case, terms)]

    def _until(
        self, case: Case, status: AuthorizationStatus, ends_on: date, *, moved_on: date, follow_up: int | None
    ) -> Paper:
        """An approval that began half a year before it ends."""
        starts_on = ends_on - timedelta(days=181)
        terms = Terms(
            status=status,
            starts_on=starts_on,
            ends_on=ends_on,
            units=case.units(starts_on, ends_on) + case.course_units * 2,
            moved_on=moved_on,
            follow_up_on=None if follow_up is None else self.today + timedelta(days=follow_up),
            next_step="" if follow_up is None else "Start the renewal",
        )
        return self._write(case, terms)

    def _request(
        self, case: Case, status: AuthorizationStatus, ago: int, ahead: int, renews: Paper | None = None
    ) -> Paper:
        """A request the payer has not granted (yet)."""
        first = renews.authorization.ends_on + DAY if renews and renews.authorization.ends_on else None
        starts_on = first or case.prescription.order.starts_on
        ends_on = starts_on + timedelta(days=181)
        terms = Terms(
            status=status,
            starts_on=starts_on,
            ends_on=ends_on,
            units=max(case.course_units, case.units(starts_on, ends_on)),
            moved_on=self.today - timedelta(days=ago),
            follow_up_on=self.today + timedelta(days=ahead),
            next_step=NEXT_STEPS[status],
            renews=renews,
            calls=0 if status in {S.DRAFT, S.GATHERING_DOCUMENTS, S.READY} else self.stage.rng.randint(1, 3),
        )
        return self._write(case, terms)

    def _expiring(
        self,
        case: Case,
        *,
        days_left: int | None = None,
        follow_up: int | None = None,
        renewal: tuple[AuthorizationStatus, int, int] | None = None,
    ) -> list[Paper]:
        left = days_left or self.stage.rng.randint(12, 30)
        moved_on = self.today - timedelta(days=30 - left)
        old = self._until(case, S.EXPIRING, self.today + timedelta(days=left), moved_on=moved_on, follow_up=follow_up)
        return [old, self._request(case, *renewal, renews=old)] if renewal else [old]

    def _expired(self, case: Case, *, renewal: tuple[AuthorizationStatus, int, int]) -> list[Paper]:
        ended_on = self.today - timedelta(days=self.stage.rng.randint(5, 9))
        old = self._until(case, S.EXPIRED, ended_on, moved_on=ended_on + DAY, follow_up=None)
        return [old, self._request(case, *renewal, renews=old)]

    def _low(self, case: Case) -> list[Paper]:
        """Units for two more visits, far from its last day."""
        paper = self._granted(case, S.APPROVED)[0]
        starts_on, held = paper.authorization.starts_on, paper.authorization
        kept = [b for b in case.bookings if b.outcome is not Outcome.CANCELLED]
        coming = [booking for booking in kept if booking.on >= self.today][:2]
        last_on = coming[-1].on if coming else self.today
        units = case.units(starts_on or last_on, last_on) + case.course_units // 3
        held.units_approved = held.units_requested = paper.left = units
        held.follow_up_on = self.today + timedelta(days=self.stage.rng.randint(0, 4))
        held.next_step = "Ask the payer for more units"
        for event in paper.events:
            event.text = f"Approved: {units} units." if event.status_after in GRANTING else event.text
        return [paper]

    def _exhausted(self, case: Case, *, is_renewed: bool) -> list[Paper]:
        """The first visits used up an approval to its last unit."""
        used = [b for b in case.bookings if b.on < self.today and b.outcome is Outcome.KEPT]
        if not used:
            return self._approved(case)
        last_on = used[-1].on
        starts_on = case.prescription.order.starts_on - timedelta(days=self.stage.rng.randint(3, 20))
        terms = Terms(
            status=S.EXHAUSTED,
            starts_on=starts_on,
            ends_on=starts_on + timedelta(days=181),
            units=sum(booking.day.units for booking in used),
            moved_on=last_on,
        )
        old = self._write(case, terms)
        if is_renewed:
            return [old, *self._granted(case, S.APPROVED, starts_on=last_on + DAY)]
        return [old, self._request(case, S.PENDED, 2, 0, renews=old)]

    def _renewed(self, case: Case, status: AuthorizationStatus) -> list[Paper]:
        """A current approval, and beside it one that is over or came to nothing."""
        current = self._granted(case, S.APPROVED)
        starts_on = current[0].authorization.starts_on or self.today
        terms = Terms(
            status=status,
            starts_on=starts_on - timedelta(days=182),
            ends_on=starts_on - DAY,
            units=case.course_units * 8,
            moved_on=min(starts_on + DAY, self.today),
        )
        self._write(case, terms)
        return current

    def _no_need(self, case: Case) -> list[Paper]:
        starts_on, ends_on = self._span(case)
        self.not_required.add(id(case.prescription))
        terms = Terms(
            status=S.NOT_REQUIRED,
            starts_on=starts_on,
            ends_on=ends_on,
            units=case.course_units,
            moved_on=min(starts_on, self.today - DAY),
        )
        self._write(case, terms)
        return []

    def _cut_short(self, case: Case) -> list[Paper]:
        """An approval that covers all visits when they are booked; see `spring_the_surprise`."""
        paper = self._granted(case, S.APPROVED)[0]
        paper.authorization.visits_approved = None
        return [paper]

    def spring_the_surprise(self) -> None:
        """Let the payer have changed the last day to today, some time after the visits were booked."""
        if self.surprise is None:
            return
        paper = self.papers[id(self.surprise)][0]
        held, on = paper.authorization, self.today - timedelta(days=CUT_SHORT_DAYS_AGO)
        asked = held.ends_on
        ended_on = self.today
        held.ends_on, held.status = ended_on, S.APPROVED_MODIFIED.value
        held.follow_up_on, held.next_step = on, "Read the payer's letter"
        at: datetime = self.stage.office_time(on)
        event = type(paper.events[0])(
            id=self.stage.new_id(),
            authorization=held,
            at=at,
            by_label=self.house.desk.name,
            kind="answer",
            status_before=S.APPROVED.value,
            status_after=S.APPROVED_MODIFIED.value,
            text=f"Approved with changes: {held.units_approved} units, until {ended_on:%-d %B %Y}. "
            f"Last day: asked for {asked:%-d %B %Y}, got {ended_on:%-d %B %Y}.",
        )
        held.decided_at, held.version = at, held.version + 1
        self.stage.rows.add(event)
