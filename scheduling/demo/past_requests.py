"""Requests to move a visit that were answered in the last weeks. Open ones are asked by patients (see `finish`)."""

from collections.abc import Sequence
from datetime import timedelta

from scheduling.demo.diary import Booking
from scheduling.demo.house import House
from scheduling.demo.stage import Stage
from scheduling.domain.move_wishes import MoveWish, answer_by
from scheduling.models import MoveRequest, RequestState

MOVED_SHOWN, KEPT_SHOWN = 8, 3
NOTES = ("", "My sister drives me, and she works mornings.", "School holidays.", "", "I have the dentist at nine.")
ANSWER = "That day is full. We keep your place and call you if one comes free."


def answer_some(stage: Stage, house: House, bookings: Sequence[Booking]) -> None:
    """Some visits were moved because the patient asked; a few had to stay as they were."""
    kept = [b for b in bookings if b.visit.ended_at and b.prescription.patient.user and b.moved_from is None]
    moved = [b for b in bookings if b.moved_from is not None and b.prescription.patient.user]
    for booking in moved[-MOVED_SHOWN:]:
        _answered(stage, house, booking, RequestState.MOVED)
    for booking in stage.rng.sample(kept[-120:], k=min(KEPT_SHOWN, len(kept))):
        _answered(stage, house, booking, RequestState.KEPT)


def _answered(stage: Stage, house: House, booking: Booking, state: RequestState) -> None:
    visit = booking.visit
    asked_at = max(
        visit.created_at + timedelta(minutes=20), visit.period.lower - timedelta(days=stage.rng.randint(4, 9))
    )
    asked_on = asked_at.astimezone(stage.zone).date()
    answered_at = min(asked_at + timedelta(hours=stage.rng.uniform(1, 20)), visit.period.lower - timedelta(hours=2))
    stage.rows.add(
        MoveRequest(
            id=stage.new_id(),
            visit=visit,
            wish=stage.pick((MoveWish.EARLIER, MoveWish.LATER)).value,
            note=stage.pick(NOTES),
            state=state.value,
            answer=ANSWER if state is RequestState.KEPT else "",
            created_at=asked_at,
            answer_by_on=answer_by(asked_on, closed=house.closed_on, visit_on=booking.on),
            answered_at=answered_at,
            answered_by_label=house.scheduler.name,
        )
    )
