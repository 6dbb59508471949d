"""How staff pages answer: a toast with undo beside the new content, or a redirect with a message for plain browsers."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse

from accounts.http import ClinicRequest
from core import clock
from core.errors import BadInput, Refusal
from scheduling.models import Visit
from scheduling.presenters import panel
from scheduling.presenters.clearance import clearance_panel
from scheduling.presenters.floor_visit import for_panel as floor_panel
from scheduling.presenters.given import for_panel as given_panel
from scheduling.presenters.telling import telling_act
from scheduling.queries import floor, given, history, running, telling
from scheduling.queries.clearance import check_of
from scheduling.services import gate, undo
from scheduling.services.records import local_day

CHANGED = "board-changed"


def shown(request: ClinicRequest, visit: Visit) -> dict[str, Any]:
    """What the panel and the page of `visit` show. The gate is asked anew and its answer kept."""
    found = gate.look([visit]).get(visit.id)
    context = panel.visit_panel(visit, history.of(visit), request.actor)
    nurses = floor.nurses_on(visit.clinic, local_day(visit))
    context |= floor_panel(visit, running.of_visit(visit), floor.vitals_of(visit), nurses, request.actor)
    context |= given_panel(visit, given.of_visit(visit), request.actor)
    context["telling"] = telling_act(visit, telling.of(visit)) if context["can_move"] else None
    return context | clearance_panel(visit, found, check_of(visit), request.actor)


def page(request: ClinicRequest, template: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    """A page, or only its panel for htmx."""
    return render(request, f"{template}#panel" if request.htmx else template, context, status=status)


def done(
    request: ClinicRequest,
    visit: Visit,
    text: str,
    *,
    can_undo: bool = True,
    asks_to_tell: bool = False,
    link: tuple[str, str] | None = None,
) -> HttpResponse:
    """Something worked: the visit's panel and a toast with undo (htmx), or back to the board (plain).

    With `asks_to_tell` the toast also asks whether the patient is told of the move; `link` is an address and its words,
    for what may follow. With ``quiet`` in the form the answer is the toast alone: the board's script keeps the person
    where they are.
    """
    if not request.htmx:
        messages.success(request, text)
        return redirect(_board_url(request, visit))
    is_quiet = "quiet" in request.POST
    toast: dict[str, Any] = {"text": text, "oob": True, "only": is_quiet}
    if link is not None:
        toast["link_url"], toast["link_text"] = link
    if can_undo and (event := undo.latest(visit)) is not None:
        toast["undo_url"] = reverse("scheduling:visit-undo", args=[visit.id])
        toast["undo_fields"] = {"event": event.pk, "quiet": "yes"}
    if asks_to_tell and (act := telling_act(visit, telling.of(visit))) is not None:
        toast |= {"act": act, "text": f"{text} {act['said']}"}
    body = "" if is_quiet else render_to_string("scheduling/visit.html#panel", shown(request, visit), request)
    answer = HttpResponse(body + render_to_string("_components/toast.html", toast, request))
    answer["HX-Trigger"] = CHANGED
    return answer


def refused(request: ClinicRequest, template: str, context: dict[str, Any], refusal: Refusal) -> HttpResponse:
    """The same page again with the reasons on top and everything typed still there."""
    context = {**context, "reasons": refusal.reasons, "is_soft": not any(one.is_hard for one in refusal.reasons)}
    status = status_of(refusal)
    answer = page(request, template, context, status=status)
    if status == 409 and refusal.status == 412:
        answer["HX-Trigger"] = CHANGED
    return answer


def refused_quietly(request: ClinicRequest, refusal: Refusal) -> HttpResponse:
    """The reasons as a toast alone, for a change asked for from the board: it is drawn again, the panel stays."""
    toast = {"text": refusal.sentence, "tone": "error", "oob": True, "only": True}
    answer = HttpResponse(render_to_string("_components/toast.html", toast, request), status=status_of(refusal))
    answer["HX-Trigger"] = CHANGED
    return answer


def status_of(refusal: Refusal) -> int:
    """The HTTP status of an answer that htmx swaps in: what was overtaken counts as a conflict."""
    return 422 if isinstance(refusal, BadInput) else 409 if refusal.status == 412 else refusal.status


def _board_url(request: ClinicRequest, visit: Visit) -> str:
    """The board (or the list, where the person came from) of the visit's day, with the visit open beside it."""
    if request.POST.get("view") == "changes":
        return reverse("scheduling:board-changes", args=[clock.today(request.clinic.zone)])
    if request.POST.get("view") == "floor":
        return reverse("scheduling:floor")
    query = {"visit": str(visit.id)} | ({"view": "list"} if request.POST.get("view") == "list" else {})
    return f"{reverse('scheduling:board-day', args=[local_day(visit)])}?{urlencode(query)}"
