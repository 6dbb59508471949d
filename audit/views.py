"""The log: who saw and who did what at this clinic. Looking at it is an event too."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from audit import presenters, queries
from audit.forms import LogFilterForm
from audit.queries import LogFilter, LogPage
from audit.services.record import record
from core.permissions import actor_of, requires

VIEW_LOG = "audit.view"
"""`accounts` names it too, but stands to the right of this package."""


@requires(VIEW_LOG)
@require_safe
def log(request: HttpRequest) -> HttpResponse:
    """The events of the clinic, newest first, narrowed by the filters in the address."""
    actor = actor_of(request)
    form = LogFilterForm(request.GET, actions=queries.actions(actor.clinic_id))
    if not form.is_valid():
        return render(request, "audit/log.html", {"form": form, "page": LogPage(), "rows": []}, status=422)
    facts: dict[str, Any] = form.cleaned_data
    page = queries.log(
        LogFilter(
            clinic_id=actor.clinic_id,
            zone=timezone.get_current_timezone(),
            patient_id=facts["patient"],
            person=facts["person"],
            action=facts["action"],
            first_on=facts["first_on"],
            last_on=facts["last_on"],
            before=facts["before"],
        )
    )
    record(
        action="audit.view",
        entity_type="audit_log",
        entity_id=str(actor.clinic_id),
        by=actor,
        patient_id=facts["patient"],
        detail={"filters": sorted(name for name, value in facts.items() if value)},
    )
    context = {"form": form, "page": page, "rows": presenters.rows(page.events), "older_url": _older(request, page)}
    return render(request, "audit/log.html", context)


def _older(request: HttpRequest, page: LogPage) -> str:
    if page.older is None:
        return ""
    at, event_id = page.older
    kept = {name: value for name, value in request.GET.items() if name != "before" and value}
    return "?" + urlencode(kept | {"before": f"{at.isoformat()}~{event_id}"})
