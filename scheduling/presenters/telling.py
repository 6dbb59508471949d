"""The question whether the patient is told of a move, as a button for a toast and for the visit's panel. No SQL."""

from typing import Any

from django.urls import reverse

from scheduling.models import Visit
from scheduling.queries.telling import Telling


def telling_act(visit: Visit, state: Telling | None) -> dict[str, Any] | None:
    """What is said and what the button does; None when there is nothing to decide."""
    if state is None:
        return None
    is_soon = state is Telling.SOON
    return {
        "url": reverse("scheduling:visit-tell", args=[visit.id]),
        "text": "Don't send" if is_soon else "Send message",
        "said": "The patient gets a message in a minute." if is_soon else "The patient is not told.",
        "fields": {"tell": "no" if is_soon else "yes", "quiet": "yes"},
    }
