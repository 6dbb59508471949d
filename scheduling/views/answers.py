"""How staff pages answer: a toast with undo beside the new content, or a redirect with a message for plain browsers."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse

from accounts.http import ClinicRequest
from core.errors import Refusal
from scheduling.models import Visit
from scheduling.services.records import local_day

CHANGED = "board-changed"


def board_url(visit: Visit) -> str:
    """The board of the visit's day with the visit open beside it."""
    return f"{reverse('scheduling:board-day', args=[local_day(visit)])}?{urlencode({'visit': visit.id})}"


def done(request: ClinicRequest, visit: Visit, text: str) -> HttpResponse:
    """Something worked: the visit's panel and a toast with undo (htmx), or back to the board (plain)."""
    if not request.htmx:
        messages.success(request, text)
        return redirect(board_url(visit))
    from scheduling.views.visits import panel_context

    toast = {
        "text": text,
        "oob": True,
        "undo_url": reverse("scheduling:visit-undo", args=[visit.id]),
        "undo_fields": {"version": visit.version},
    }
    body = render_to_string("scheduling/visit.html#panel", panel_context(request, visit), request)
    answer = HttpResponse(body + render_to_string("_components/toast.html", toast, request))
    answer["HX-Trigger"] = CHANGED
    return answer


def refused(request: ClinicRequest, template: str, context: dict[str, Any], refusal: Refusal) -> HttpResponse:
    """The same page again with the reasons on top and everything typed still there."""
    context = {**context, "reasons": refusal.reasons}
    name = f"{template}#panel" if request.htmx else template
    status = refusal.status if refusal.status in {409, 412} else 422
    return render(request, name, context, status=409 if status == 412 else status)
