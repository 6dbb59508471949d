"""Telling the patient of a move, or not, by a person's choice: the clinic's setting only says what happens by itself.

The message waits a minute after a move (`notices`); until then it can be kept back, and later still be sent.
"""

from accounts.domain.policy import Permission
from core.actor import Actor
from core.errors import Conflict, NotFound
from core.transactions import business_act
from messaging.services import outbox
from scheduling.domain.statuses import EXPECTED
from scheduling.models import Visit
from scheduling.services import notices, records
from scheduling.services.visit_messages import SUBJECT


@business_act
def keep_quiet(*, visit: Visit, by: Actor) -> Visit:
    """Keep back the message about the latest move. Raises `Conflict` when it has left or there is none."""
    by.require(Permission.VISIT_CHANGE, "decide what patients are told")
    current = _locked(visit)
    gone = outbox.cancel_and_tell(subject_type=SUBJECT, subject_id=current.id)
    kept = [message for message in gone if message.kind == notices.MOVED and message.never_left]
    if not kept:
        raise Conflict("message_left", f"The message to {current.patient.short_name} has left already.")
    was = max(int(message.params.get("was", 0)) for message in kept)
    records.note(current, "quiet", by, after={"was": was})
    return current


@business_act
def tell(*, visit: Visit, by: Actor) -> Visit:
    """Send the message about the latest move after all. Raises `Conflict` when the patient was told already."""
    by.require(Permission.VISIT_CHANGE, "decide what patients are told")
    current = _locked(visit)
    was = notices.untold_start(current)
    if not was or current.status not in EXPECTED:
        raise Conflict("told_already", f"There is nothing to tell {current.patient.short_name}: they know this time.")
    records.note(current, "told", by)
    notices.tell_moved(visit=current, was=was)
    return current


def _locked(visit: Visit) -> Visit:
    found = (
        Visit.objects.select_for_update(of=("self",))
        .select_related("patient", "clinic", "chair__clinic")
        .filter(pk=visit.pk)
        .first()
    )
    if found is None:
        raise NotFound("visit")
    return found
