"""Telling a patient of a place that is offered, by the channels they agreed to, while it is true."""

from datetime import datetime, timedelta

from core import clock
from messaging.domain.quiet_hours import next_allowed
from messaging.services import outbox
from messaging.services.judging import QUIET
from messaging.subjects import Subject
from scheduling.models import Offer, OfferState, Visit
from scheduling.services.visit_messages import channels, when
from scheduling.services.waiting import OFFER_SUBJECT

KIND = "offer.made"


def answer_by(visit: Visit, *, minutes: int, start: datetime) -> datetime:
    """Until when an offer about `visit` waits: `minutes` from when its message may leave, at most until `start`.

    Who can be told by telephone only is told now.
    """
    now = clock.now()
    told_at = next_allowed(now, zone=visit.clinic.zone, quiet=QUIET) if channels(visit.patient) else now
    return min(told_at + timedelta(minutes=minutes), start)


def tell(offer: Offer, visit: Visit) -> int:
    """Write the message about `offer`, which `visit` is held for or may move by; by how many channels."""
    until = offer.expires_at.astimezone(visit.clinic.zone)
    values = when(visit, start=offer.starts_at)
    clock_time = f"{until.hour % 12 or 12}:{until:%M} {'am' if until.hour < 12 else 'pm'}"
    values |= {"until": f"{until:%A} {until.day} {until:%B}, {clock_time}"}
    return outbox.enqueue_all(
        [
            outbox.Draft(
                clinic=visit.clinic,
                kind=KIND,
                channel=channel,
                to=address,
                recipient_name=visit.patient.given_name,
                wording=KIND,
                params=values,
                dedupe_key=f"offer:{offer.id}:made:{channel}",
                due_at=clock.now(),
                not_after=offer.expires_at,
                patient_id=visit.patient_id,
                subject_type=OFFER_SUBJECT,
                subject_id=offer.id,
            )
            for channel, address in channels(visit.patient)
        ]
    )


def is_current(subject: Subject) -> bool:
    """Whether a message about an offer is still true: it waits for an answer."""
    return Offer.objects.filter(pk=subject.id, state=OfferState.OPEN, expires_at__gt=clock.now()).exists()
