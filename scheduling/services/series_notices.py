"""One message to the patient about a whole series instead of one for each visit.

It waits a minute like every message about a change. A visit that changes before it left is told in it: the message is
written anew. All series are told in the words of their dates; the first dates stand there, and how many more.
"""

import zlib
from collections.abc import Iterable, Sequence
from uuid import UUID

from core import clock
from messaging.services import outbox
from messaging.services.outbox import Draft
from messaging.subjects import Subject
from scheduling.domain.statuses import VisitStatus
from scheduling.models import Visit
from scheduling.services import visit_letters
from scheduling.services.visit_messages import GRACE, channels, start_minute, when
from scheduling.services.visit_messages import SUBJECT as OF_VISIT

SUBJECT = "series"
SHOWN_DATES = 26
BOOKED, MOVED, CANCELLED = "visit.booked", "visit.moved", "visit.cancelled"
WORDINGS = {BOOKED: "visits.booked", MOVED: "visits.moved", CANCELLED: "visits.cancelled"}


def booked(visits: Sequence[Visit]) -> None:
    """Tell the patient all dates of a new series in one message."""
    _tell(visits, BOOKED)


def moved(visits: Sequence[Visit]) -> None:
    """Tell the patient the new dates in one message; the reminders of the old ones are cancelled."""
    _forget(visits)
    if not retold(visits[0]):
        _tell(_in_no_letter(visits), MOVED)


def cancelled(visits: Sequence[Visit]) -> None:
    """Tell the patient that the visits are cancelled, unless they never heard of them.

    When others of the series stay, the message hangs on the first visit that is cancelled: it is true while that is.
    """
    _forget(visits)
    if not visits:
        return
    if _of_series(_series(visits[0])):
        if not retold(visits[0]):
            _tell(_in_no_letter(visits), CANCELLED, is_part=True)
        return
    gone = outbox.cancel_and_tell(subject_type=SUBJECT, subject_id=_series(visits[0]))
    if not any(message.never_left and message.kind == BOOKED for message in gone):
        _tell(_in_no_letter(visits), CANCELLED)


def unheard(visits: Sequence[Visit]) -> frozenset[str]:
    """Cancel every message about the visits and their series; the kinds of those that certainly never left."""
    gone = outbox.cancel_and_tell(subject_type=SUBJECT, subject_id=_series(visits[0]))
    for visit in visits:
        gone += outbox.cancel_and_tell(subject_type=OF_VISIT, subject_id=visit.id)
    return frozenset(message.kind for message in gone if message.never_left)


def taken_back(visits: Sequence[Visit], kind: str, unheard_before: frozenset[str]) -> None:
    """Tell the patient that the visits are where they were before they were moved or cancelled together (`kind`).

    Who never heard of that is told nothing, and who never heard of the booking is told of it now.
    """
    unheard(visits)  # what undoing them one by one has written
    key = f"{visits[0].id}:v{visits[0].version}:back"
    if BOOKED in unheard_before:
        _tell([one for one in _of_series(_series(visits[0])) if one.period.lower > clock.now()], BOOKED, key=key)
    elif kind not in unheard_before:
        _tell(_in_no_letter(visits), MOVED if kind == MOVED else BOOKED, key=key)


def retold(visit: Visit) -> bool:
    """Whether the message about the visit's series had not left: it was then written anew, with what is true now."""
    if visit.series_id is None:
        return False
    gone = outbox.cancel_and_tell(subject_type=SUBJECT, subject_id=visit.series_id)
    kind = next((message.kind for message in gone if message.never_left and message.kind != CANCELLED), None)
    if kind is None:
        return False
    left = [one for one in _of_series(visit.series_id) if one.period.lower > clock.now()]
    if left:
        _tell(left, kind, key=f"{visit.id}:v{visit.version}")
    return True


def is_current(subject: Subject) -> bool:
    """Whether a message about a series is still true: its visits are where they were when it was written."""
    left = _of_series(subject.id)
    if subject.kind == CANCELLED:
        return not left
    return subject.version == _version(left)


def _forget(visits: Iterable[Visit]) -> None:
    for visit in visits:
        outbox.cancel_for(subject_type=OF_VISIT, subject_id=visit.id)


def _in_no_letter(visits: Iterable[Visit]) -> list[Visit]:
    """Those about whom no letter waits that was now written anew: that one tells of them."""
    return [visit for visit in visits if not visit_letters.retold(visit)]


def _tell(visits: Sequence[Visit], kind: str, *, key: str = "", is_part: bool = False) -> None:
    visits = sorted(visits, key=lambda one: one.period.lower)
    now = clock.now()
    if not visits or visits[-1].period.lower <= now:
        return
    first, last = visits[0], visits[-1]
    series_id = _series(first)
    version = _version(visits) if kind == CANCELLED else _version(_of_series(series_id))
    key = key or f"{version}:{int(now.timestamp())}"
    outbox.enqueue_all(
        [
            Draft(
                clinic=first.clinic,
                kind=kind,
                channel=channel,
                to=address,
                recipient_name=first.patient.given_name,
                wording=WORDINGS[kind],
                params=_words(visits),
                dedupe_key=f"{SUBJECT}:{series_id}:{kind}:{key}:{channel}",
                due_at=now + GRACE,
                not_after=last.period.lower,
                patient_id=first.patient_id,
                subject_type=OF_VISIT if is_part else SUBJECT,
                subject_id=first.id if is_part else series_id,
                subject_version=version,
            )
            for channel, address in channels(first.patient)
        ]
    )


def _words(visits: Sequence[Visit]) -> dict[str, object]:
    """The values of the wordings: how many, the first one, and the dates line by line."""
    each = [when(visit) for visit in visits]
    lines = [f"{one['day']}, {one['time']}" for one in each[:SHOWN_DATES]]
    more = len(each) - SHOWN_DATES
    if more > 0:
        lines.append(f"and {more} more")
    return {**each[0], "count": str(len(each)), "dates": "\n".join(lines)}


def _of_series(series_id: UUID) -> list[Visit]:
    """The visits of a series that are not cancelled, the earliest first."""
    found = Visit.objects.filter(series_id=series_id).exclude(status=VisitStatus.CANCELLED)
    return list(found.select_related("patient", "clinic", "chair__clinic").order_by("period"))


def _version(visits: Sequence[Visit]) -> int:
    starts = ",".join(str(start_minute(visit.period.lower)) for visit in visits)
    return zlib.crc32(starts.encode()) & 0x7FFFFFFF


def _series(visit: Visit) -> UUID:
    if visit.series_id is None:
        raise ValueError("this visit belongs to no series")
    return visit.series_id
