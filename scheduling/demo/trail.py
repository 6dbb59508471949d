"""What is written down about each visit: its status and stamps, its history, and the audit record of the last days."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from accounts.models import User
from audit.models import AuditEvent
from core.actor import ActorKind
from core.intervals import QUARTER
from patients.domain.risks import Risk
from patients.models import RiskFlag
from scheduling.demo import play
from scheduling.demo.diary import Booking, Outcome
from scheduling.demo.house import House
from scheduling.demo.play import Step, Timing
from scheduling.demo.stage import Stage
from scheduling.demo.units import cancelled_ahead
from scheduling.domain.statuses import VisitStatus
from scheduling.models import Visit, VisitEvent
from scheduling.services import records

S = VisitStatus
AUDITED_DAYS = 4
REACTIONS = (
    "Headache and chills 40 minutes in; rate lowered, gone after 20 minutes.",
    "Flushed face and itching; paused, antihistamine given, finished slower.",
    "Nausea at the third rate step; stays at the second from now on.",
    "Fever of 38.1 the night after; paracetamol helped.",
    "Hives on both arms; stopped for half an hour, then finished.",
)


@dataclass
class Trail:
    """Writes what happened."""

    stage: Stage
    house: House
    busy: Counter[tuple[UUID, object]] = field(default_factory=Counter)

    def write(self, booking: Booking, steps: Sequence[Step]) -> None:
        """Take a visit from its booking through `steps`, with a line of history for each."""
        visit = booking.visit
        visit.updated_at, visit.version = visit.created_at, 0
        self._note(visit, "book", visit.created_at, self.house.scheduler, after=records.place(visit))
        if booking.moved_from is not None:
            self._move(booking, steps)
        for step in steps:
            self._step(booking, step)
        self.stage.rows.add(visit)

    def steps_of(self, booking: Booking) -> list[Step]:
        """What happened to a visit of the past or to come (today is staged elsewhere)."""
        rng, visit = self.stage.rng, booking.visit
        confirmed = self._confirmation(booking)
        if booking.outcome is Outcome.CANCELLED:
            at = max(booking.place.start - cancelled_ahead(self.stage), visit.created_at + timedelta(minutes=30))
            return [Step(S.CANCELLED, min(at, self.stage.now - timedelta(minutes=10)).replace(microsecond=0))]
        if booking.on >= self.stage.today:
            return confirmed
        if booking.outcome is Outcome.NO_SHOW:
            return [*confirmed[: int(self.stage.happens(0.4))], play.no_show_at(booking.place.start, rng)]
        leaves = booking.outcome is Outcome.LEFT_EARLY
        return [*confirmed, *play.kept(timing_of(booking), rng, leaves_early=leaves)]

    def confirmation(self, booking: Booking) -> list[Step]:
        """The confirmation of one of today's visits, if it was confirmed."""
        return self._confirmation(booking)

    def react(self, bookings: Sequence[Booking]) -> None:
        """After a few infusions a reaction was noted; a patient has at most one that counts."""
        seen: set[UUID] = set()
        for booking in bookings:
            patient = booking.prescription.patient
            kept = booking.visit.status == S.COMPLETED and booking.on < self.stage.today
            if kept and patient.id not in seen and self.stage.happens(0.017):
                seen.add(patient.id)
                note = self.stage.pick(REACTIONS)
                flag = RiskFlag(patient=patient, code=Risk.REACTION.value, note=note, since_on=booking.on)
                self.stage.rows.add(flag)

    def _confirmation(self, booking: Booking) -> list[Step]:
        ahead = (booking.on - self.stage.today).days
        chance = 0.8 if ahead <= 0 else 0.7 if ahead <= 3 else 0.35 if ahead <= 7 else 0.02
        if not self.stage.happens(chance):
            return []
        earliest = max(booking.visit.created_at, booking.place.start - timedelta(days=7))
        latest = min(self.stage.now - timedelta(minutes=20), booking.place.start - timedelta(hours=14))
        if latest <= earliest:
            return []
        return [Step(S.CONFIRMED, (earliest + (latest - earliest) * self.stage.rng.random()).replace(microsecond=0))]

    def _move(self, booking: Booking, steps: Sequence[Step]) -> None:
        """The move came before whatever else happened to the visit."""
        visit, old = booking.visit, booking.moved_from
        if old is None:
            return
        after = records.place(visit)
        length = visit.planned_minutes
        before = after | {
            "chair_id": str(old.chair.id),
            "chair": old.chair.name,
            "start": old.start.isoformat(),
            "end": (old.start + timedelta(minutes=length)).isoformat(),
        }
        at = visit.created_at + (min(old.start, self.stage.now) - visit.created_at) * 0.6
        at = max(at, visit.created_at + timedelta(minutes=5))
        if steps and at >= steps[0].at:
            at = visit.created_at + (steps[0].at - visit.created_at) / 2
        at = at.replace(microsecond=0)
        self._note(visit, "move", at, self.house.scheduler, before=before, after=after)

    def _step(self, booking: Booking, step: Step) -> None:
        visit = booking.visit
        before = _snapshot(visit)
        visit.status = step.to
        if step.to in play.STAMPS:
            setattr(visit, play.STAMPS[step.to], step.at)
        if step.to in {S.COMPLETED, S.LEFT_EARLY}:
            _end(visit, step.at)
        if step.to is S.SEATED:
            visit.nurse = self._nurse(step.at)
        kind = "cancel" if step.to is S.CANCELLED else "status"
        reason = visit.cancel_reason if step.to is S.CANCELLED else ""
        by = self._who(booking, step)
        self._note(visit, kind, step.at, by, before=before, after={"status": step.to.value}, reason=reason)

    def _who(self, booking: Booking, step: Step) -> User:
        visit = booking.visit
        if step.to is S.CONFIRMED:
            own = booking.prescription.patient.user
            return own if own is not None and self.stage.happens(0.6) else self.house.scheduler
        if step.to in {S.ARRIVED, S.CANCELLED, S.NO_SHOW}:
            return self.house.scheduler
        return visit.nurse or self.house.nurses[0]

    def _nurse(self, at: datetime) -> User:
        """The nurse on shift who had the fewest patients that day."""
        on_shift = self.house.nurses_at(at) or self.house.nurses
        day = at.astimezone(self.stage.zone).date()
        chosen = min(on_shift, key=lambda nurse: (self.busy[nurse.id, day], nurse.name))
        self.busy[chosen.id, day] += 1
        return chosen

    def _note(
        self,
        visit: Visit,
        kind: str,
        at: datetime,
        by: User,
        *,
        before: dict[str, Any] | None = None,
        after: dict[str, Any] | None = None,
        reason: str = "",
    ) -> None:
        visit.version += 1
        visit.updated_at = max(visit.updated_at, at)
        self.stage.rows.add(
            VisitEvent(
                id=self.stage.new_id(),
                visit=visit,
                at=at,
                kind=kind,
                by_label=by.name,
                by_id=by.id,
                before=before or {},
                after=after or {},
                reason=reason[:200],
            )
        )
        if at >= self.stage.now - timedelta(days=AUDITED_DAYS):
            self._audit(visit, kind, at, by)

    def _audit(self, visit: Visit, kind: str, at: datetime, by: User) -> None:
        is_patient = by.id == visit.patient.user_id
        self.stage.rows.add(
            AuditEvent(
                id=self.stage.new_id(),
                at=at,
                action=f"visit.{kind}",
                actor_kind=(ActorKind.PATIENT if is_patient else ActorKind.PERSON).value,
                actor_id=by.id,
                actor_label=by.name,
                organization_id=visit.organization_id,
                clinic_id=visit.clinic_id,
                patient_id=visit.patient_id,
                entity_type="visit",
                entity_id=str(visit.id),
                detail={"version": visit.version},
            )
        )


def timing_of(booking: Booking) -> Timing:
    """The planned timing of a visit."""
    period = booking.visit.period
    return Timing.of(period.lower, period.upper, booking.day.phases)


def _snapshot(visit: Visit) -> dict[str, Any]:
    """What undo needs to put a status back."""
    return {
        "status": str(visit.status),
        "minutes": int((visit.period.upper - visit.period.lower) / timedelta(minutes=1)),
        "load_profile": list(visit.load_profile),
        "start_quarter": visit.start_quarter,
        "cancel_reason": "",
    }


def _end(visit: Visit, at: datetime) -> None:
    """Free the rest of the visit's place."""
    start, ended = visit.period.lower, play.freed(visit.period.lower, visit.period.upper, at)
    visit.period = DateTimeTZRange(start, ended, "[)")
    kept = (ended - start) // QUARTER
    visit.load_profile = visit.load_profile[:kept]
    visit.start_quarter = min(visit.start_quarter, kept - 1)
