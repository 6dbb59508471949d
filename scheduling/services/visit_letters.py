"""One message to a patient about several visits that changed in one act, instead of one for each.

Each change writes its own message as always (`notices`); `join` replaces those of one patient that have not left by a
letter with a line for each visit. A visit that changes again before the letter left is told in it: it is written anew,
and a visit that is back at the time the patient knows is told no more.
"""

import zlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from core import clock
from core.ids import new_id
from messaging.domain.states import MessageState
from messaging.models import OutboxMessage
from messaging.services import outbox
from messaging.services.outbox import Draft
from messaging.subjects import Subject
from scheduling.domain.statuses import VisitStatus
from scheduling.models import Disruption, Visit
from scheduling.services.visit_messages import GRACE, channels, start_minute, start_of, when
from scheduling.services.visit_messages import SUBJECT as OF_VISIT

SUBJECT, KIND = "letter", "visits.changed"
JOINED = ("visit.moved", "visit.cancelled")
Letter = dict[str, Any]
"""A letter as a disruption keeps it: its ``id`` and the ``visits`` that it is about."""


def join(visits: Sequence[Visit]) -> list[Letter]:
    """Replace the unsent messages of each patient who has several by one letter; returns the letters."""
    waiting = OutboxMessage.objects.filter(
        subject_type=OF_VISIT,
        subject_id__in=[visit.id for visit in visits],
        kind__in=JOINED,
        state=MessageState.PENDING,
        attempts=0,
    )
    unsent = {row.subject_id: row for row in waiting}
    by_patient: dict[UUID, list[Visit]] = {}
    for visit in sorted(visits, key=lambda one: one.period.lower):
        if visit.id in unsent:
            by_patient.setdefault(visit.patient_id, []).append(visit)
    letters = []
    for several in by_patient.values():
        if len(several) > 1:
            told = {str(visit.id): _known(visit, unsent[visit.id]) for visit in several}
            for visit in several:
                outbox.cancel_for(subject_type=OF_VISIT, subject_id=visit.id)
            letter_id = new_id()
            _write(letter_id, several, told)
            letters.append({"id": str(letter_id), "visits": list(told)})
    return letters


def retold(visit: Visit) -> bool:
    """Whether the letter about `visit` had not left: it was then written anew, with what is true now."""
    asked = [{"visits": [str(visit.id)]}]
    found = Disruption.objects.filter(clinic_id=visit.clinic_id, facts__letters__contains=asked).values_list("facts")
    for (facts,) in found:
        for letter in facts["letters"]:
            if str(visit.id) in letter["visits"] and _rewritten(letter):
                return True
    return False


def is_current(subject: Subject) -> bool:
    """Whether a letter is still true: every visit is as it was when it was written."""
    found = Disruption.objects.filter(facts__letters__contains=[{"id": str(subject.id)}]).values_list("facts").first()
    if found is None:
        return False
    letter = next(one for one in found[0]["letters"] if one["id"] == str(subject.id))
    return _version(_visits(letter)) == subject.version


def _rewritten(letter: Letter) -> bool:
    letter_id = UUID(letter["id"])
    gone = [one for one in outbox.cancel_and_tell(subject_type=SUBJECT, subject_id=letter_id) if one.never_left]
    if not gone:
        return False
    _write(letter_id, _visits(letter), gone[0].params["told"])
    return True


def _visits(letter: Letter) -> list[Visit]:
    found = Visit.objects.filter(pk__in=letter["visits"]).select_related("patient", "clinic", "chair__clinic")
    return list(found.order_by("period", "id"))


def _known(visit: Visit, message: OutboxMessage) -> int:
    """The time, in minutes, that the patient believes in."""
    return int(message.params.get("was", 0)) or start_minute(visit.period.lower)


def _write(letter_id: UUID, visits: Sequence[Visit], told: Mapping[str, int]) -> None:
    lines = [line for visit in visits if (line := _line(visit, told[str(visit.id)]))]
    now, patient, clinic = clock.now(), visits[0].patient, visits[0].clinic
    last = max(max(visit.period.lower, start_of(told[str(visit.id)])) for visit in visits)
    if not lines or last <= now:
        return
    version = _version(visits)
    values = when(visits[0]) | {"count": str(len(lines)), "changes": "\n".join(lines), "told": dict(told)}
    key = f"{SUBJECT}:{letter_id}:{new_id()}"  # never that of one that was cancelled a moment ago
    outbox.enqueue_all(
        [
            Draft(
                clinic=clinic,
                kind=KIND,
                channel=channel,
                to=address,
                recipient_name=patient.given_name,
                wording=KIND,
                params=values,
                dedupe_key=f"{key}:{channel}",
                due_at=now + GRACE,
                not_after=last,
                patient_id=patient.id,
                subject_type=SUBJECT,
                subject_id=letter_id,
                subject_version=version,
            )
            for channel, address in channels(patient)
        ]
    )


def _line(visit: Visit, known: int) -> str:
    """What became of one visit, from the time that the patient knows; empty when that time is true."""
    was = when(visit, start=start_of(known))
    if visit.status == VisitStatus.CANCELLED:
        return f"{was['day']}, {was['time']}: cancelled"
    if start_minute(visit.period.lower) == known:
        return ""
    now = when(visit)
    return f"{was['day']}, {was['time']}: now {now['day']}, {now['time']}"


def _version(visits: Iterable[Visit]) -> int:
    said = ",".join(f"{visit.id}:{visit.status == VisitStatus.CANCELLED}:{visit.period.lower}" for visit in visits)
    return zlib.crc32(said.encode()) & 0x7FFFFFFF
