"""Cancelling a visit of a series together with those that follow it, or with all of it: all of them, or none."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.urls import reverse

from accounts.http import ClinicRequest
from scheduling.models import Visit
from scheduling.queries import series as reading
from scheduling.services import series
from scheduling.views.series import leave


def choices(request: ClinicRequest, visit: Visit) -> dict[str, Any]:
    """How many visits go with `visit`, also those moved by themselves, and which of that is chosen."""
    asked = request.POST if request.method == "POST" else request.GET
    return {"mates": reading.count_mates(visit, with_exceptions=True), "scope": asked.get("scope", "this")}


def cancel(request: ClinicRequest, visit: Visit, scope: str, reason: str, version: int) -> HttpResponse:
    """Cancel them, and show the series, from where it can be undone."""
    gone = series.cancel_series(
        visit=visit,
        only_following=scope == "following",
        reason=reason,
        expected_version=version,
        by=request.actor,
    )
    count = len(gone.visits)
    messages.success(request, f"{count} {'visit is' if count == 1 else 'visits are'} cancelled.")
    return leave(request, reverse("scheduling:series", args=[gone.pk]))
