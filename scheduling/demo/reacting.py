"""A few reactions of the last days, recorded as a nurse records them: the plan, a hold and urgent tasks follow."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from core.actor import Actor
from scheduling.demo.diary import Booking
from scheduling.demo.stage import Say, Stage
from scheduling.domain.statuses import VisitStatus
from scheduling.models import Visit
from scheduling.services import giving


@dataclass(frozen=True)
class Seen:
    """A reaction as it was seen, so many minutes after the start."""

    kind: str
    grade: int
    after_minutes: int
    description: str
    treatment: str


SEEN = (
    Seen("headache", 1, 70, "Came with the third rate step, gone by the end.", "Water; the rate stayed."),
    Seen("chills/rigors", 2, 40, "Shivering for ten minutes.", "Paused half an hour, antihistamine; finished slower."),
    Seen("rash/urticaria", 3, 55, "Hives on both arms, came back after the restart.", "Stopped; steroid; to the ward."),
)
LOOKED_BACK = timedelta(days=6)


def react_some(stage: Stage, bookings: Sequence[Booking], *, by: Actor, say: Say) -> None:
    """One reaction of each grade in `SEEN`, each of another patient who has visits to come."""
    chosen = list(_infused(stage, bookings))
    done = 0
    for booking, seen in zip(chosen, SEEN, strict=False):
        visit = Visit.objects.select_related(
            "patient__clinic", "clinic", "chair__clinic", "authorization", "course_day__course__order__product"
        ).get(pk=booking.visit.id)
        if visit.infusion_started_at is not None:
            giving.react(
                visit=visit,
                kind=seen.kind,
                grade=seen.grade,
                occurred_at=visit.infusion_started_at + timedelta(minutes=seen.after_minutes),
                description=seen.description,
                treatment=seen.treatment,
                is_over=True,
                by=by,
            )
            done += 1
    say(f"  {done:6} reactions recorded, one of which holds its plan")


def _infused(stage: Stage, bookings: Sequence[Booking]) -> Iterator[Booking]:
    """The latest immune globulin infusion of patients who were here in the last days and are booked again."""
    coming = {
        b.prescription.patient.id for b in bookings if b.on > stage.today and b.visit.status == VisitStatus.BOOKED
    }
    latest: dict[object, Booking] = {}
    for booking in bookings:
        if booking.visit.status == VisitStatus.COMPLETED:
            latest[booking.prescription.patient.id] = booking
    for booking in sorted(latest.values(), key=lambda each: each.place.start, reverse=True):
        is_recent = stage.today - LOOKED_BACK <= booking.on < stage.today
        is_last_day = booking.day.day_number == booking.prescription.facts.days_per_course
        is_ours = booking.prescription.facts.product.is_immune_globulin and booking.visit.planned_minutes >= 150
        if is_recent and is_ours and is_last_day and booking.prescription.patient.id in coming:
            yield booking
