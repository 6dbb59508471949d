"""When a step of a visit happened: as it is pressed, or earlier where somebody forgot to press.

A visit's stamps follow one another; nothing happens before the step that came before it, or in the future.
"""

from datetime import datetime, timedelta

from core import clock
from core.errors import BadInput
from scheduling.domain.statuses import VisitStatus
from scheduling.models import Visit
from scheduling.services import records

STAMPS = {
    VisitStatus.CONFIRMED: "confirmed_at",
    VisitStatus.ARRIVED: "arrived_at",
    VisitStatus.SEATED: "seated_at",
    VisitStatus.INFUSING: "infusion_started_at",
    VisitStatus.OBSERVING: "observation_started_at",
    VisitStatus.COMPLETED: "ended_at",
    VisitStatus.LEFT_EARLY: "ended_at",
}
"""The field that keeps when a status was reached."""

HAPPENED = (VisitStatus.ARRIVED, VisitStatus.SEATED, VisitStatus.INFUSING, VisitStatus.OBSERVING)
"""Steps at the clinic, in order; what comes next is not before the last of them."""

A_MOMENT = timedelta(minutes=2)
"""Clocks differ by so much."""


def can_be_earlier(to: VisitStatus) -> bool:
    """Whether the step to `to` may be written down after it happened."""
    return to in STAMPS and to is not VisitStatus.CONFIRMED


def moment_of(visit: Visit, to: VisitStatus, at: datetime | None, now: datetime) -> datetime:
    """When a locked `visit` reached `to`: `at`, to the minute, or `now` where none is given.

    Raises `BadInput` for a time to come, and for one before the step that came before.
    """
    if at is None or not can_be_earlier(to):
        return now
    if at > now + A_MOMENT:
        raise BadInput("in_the_future", "That time is still to come.", field="at")
    reached, who = _last_step(visit)
    if at < reached.replace(second=0, microsecond=0):
        raise BadInput(
            "before_last_step", f"{who} Enter {reached.astimezone(visit.clinic.zone):%H:%M} or later.", field="at"
        )
    return min(max(at, reached), now)


def _last_step(visit: Visit) -> tuple[datetime, str]:
    """Since when the visit is where it is, and that in words; for a visit to come the beginning of its day."""
    stamps = [(getattr(visit, STAMPS[status]), status) for status in HAPPENED]
    reached = [(moment, status) for moment, status in stamps if moment is not None]
    if not reached:
        begins, _ = clock.day_bounds(records.local_day(visit), visit.clinic.zone)
        return begins, "That is before the day of the visit."
    moment, status = reached[-1]
    since = f"{moment.astimezone(visit.clinic.zone):%H:%M}"
    return moment, f"{visit.patient.short_name} was {status.label.lower()} at {since}."
