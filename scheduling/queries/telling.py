"""Whether the patient is about to hear of a visit's latest move, or was not told of it."""

from enum import StrEnum

from core import clock
from messaging.domain.states import MessageState
from messaging.models import OutboxMessage
from scheduling.domain.statuses import EXPECTED
from scheduling.models import Visit
from scheduling.services import notices
from scheduling.services.visit_messages import SUBJECT


class Telling(StrEnum):
    """What the patient hears of the latest move."""

    SOON = "soon"
    UNTOLD = "untold"


def of(visit: Visit) -> Telling | None:
    """`SOON` while the message waits to leave, `UNTOLD` when nobody told them, None when there is nothing to say."""
    if visit.status not in EXPECTED or visit.period.lower <= clock.now():
        return None
    waiting = OutboxMessage.objects.filter(
        clinic=visit.clinic,
        subject_type=SUBJECT,
        subject_id=visit.id,
        kind=notices.MOVED,
        state=MessageState.PENDING,
        attempts=0,
    )
    if waiting.exists():
        return Telling.SOON
    return Telling.UNTOLD if notices.untold_start(visit) else None
