"""Reading the outbox: what was written lately at a clinic, and what a person must look at."""

from collections import Counter
from datetime import timedelta
from typing import Any

from django.db.models import Count, QuerySet

from accounts.models import Clinic
from core import clock
from messaging.domain.states import NEEDS_ATTENTION
from messaging.models import OutboxMessage
from patients.models import Patient

SHOWN_FOR = timedelta(days=60)
ATTENTION_FOR = timedelta(days=7)


def lately(clinic: Clinic | None, *, state: str = "", kind: str = "") -> QuerySet[OutboxMessage]:
    """Messages written in the last 60 days at `clinic` (None, in a demo: at any), the latest first."""
    found = _of(clinic).filter(created_at__gte=clock.now() - SHOWN_FOR).select_related("clinic")
    if state:
        found = found.filter(state=state)
    if kind:
        found = found.filter(kind=kind)
    return found.order_by("-created_at", "-id")


def needing_attention(clinic: Clinic | None) -> QuerySet[OutboxMessage]:
    """Messages of the last week that did not leave, or perhaps did: a person should call."""
    states = [state.value for state in NEEDS_ATTENTION]
    found = _of(clinic).filter(state__in=states, settled_at__gte=clock.now() - ATTENTION_FOR)
    return found.select_related("clinic").order_by("-settled_at", "-id")


def counts(clinic: Clinic | None) -> tuple[Counter[str], Counter[str]]:
    """How many of the messages that `lately` shows are in each state and of each kind. One SQL statement."""
    states: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    for row in lately(clinic).order_by().values("state", "kind").annotate(number=Count("id")):
        states[row["state"]] += row["number"]
        kinds[row["kind"]] += row["number"]
    return states, kinds


def languages(messages: Any) -> dict[Any, str]:
    """The language of each patient that `messages` are for. One SQL statement."""
    ids = {message.patient_id for message in messages if message.patient_id}
    return dict(Patient.objects.filter(id__in=ids).values_list("id", "language"))


def demo_clinic() -> Clinic | None:
    """The clinic whose clock a demo's public page shows."""
    return Clinic.objects.order_by("id").first()


def _of(clinic: Clinic | None) -> QuerySet[OutboxMessage]:
    return OutboxMessage.objects.all() if clinic is None else OutboxMessage.objects.filter(clinic=clinic)
