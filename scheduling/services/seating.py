"""One patient in a chair at a time, whatever the plan says: the one before has to leave it first.

The chair's row is locked before the visit's, as for an outage, so two patients seated at once take turns.
"""

from core.errors import Conflict
from scheduling.domain.statuses import IN_CHAIR
from scheduling.models import Chair, Visit


def claim(visit: Visit, *, lead: str = "") -> None:
    """Let nobody else be seated in the chair of `visit` until this transaction ends.

    Raises `Conflict` naming who still sits there; `lead` begins the sentence.
    """
    Chair.objects.select_for_update(no_key=True).get(pk=visit.chair_id)
    sitting = Visit.objects.filter(chair_id=visit.chair_id, status__in=[status.value for status in IN_CHAIR])
    other = sitting.exclude(pk=visit.pk).select_related("patient").first()
    if other is not None:
        who, chair = other.patient.short_name, visit.chair.name
        sentence = f"{lead}{who} is still in {chair}. End that visit first, or choose another chair."
        raise Conflict("chair_in_use", sentence, field="status")
