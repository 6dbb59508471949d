"""The day board: the page, its grid for polling, its list."""

from datetime import date

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.domain.policy import Permission
from accounts.http import ClinicRequest
from audit.services.record import record
from core import clock
from core.permissions import requires
from scheduling.presenters import board as presenter
from scheduling.queries import board as boards
from scheduling.queries import visits
from scheduling.views import answers


@requires(Permission.BOARD_VIEW)
@require_safe
def board(request: ClinicRequest) -> HttpResponse:
    """Today's board."""
    return board_day(request, clock.today(request.clinic.zone))


@requires(Permission.BOARD_VIEW)
@require_safe
def board_day(request: ClinicRequest, on: date) -> HttpResponse:
    """The board of one day: chairs by time, or a list with ``?view=list``; ``?visit=`` opens one beside it."""
    day = boards.day_board(request.clinic, on)
    seen = [str(visit.id) for visit in day.all_visits]
    record(action="board.view", entity_type="board", entity_id=str(on), by=request.actor, detail={"visits": seen})
    selected = request.GET.get("visit", "")
    context = {
        "board": presenter.page(day, request.actor, selected=selected),
        "is_list": request.GET.get("view") == "list",
    }
    opened = next((visit.id for visit in day.all_visits if str(visit.id) == selected), None)
    if opened and request.actor.can(Permission.VISIT_VIEW):
        context |= answers.shown(request, visits.get(request.clinic, opened))
    return render(request, "scheduling/board.html", context)


@requires(Permission.BOARD_VIEW)
@require_safe
def board_grid(request: ClinicRequest, on: date) -> HttpResponse:
    """The board alone, for polling: 204 when nothing changed since version ``?v=``."""
    now = clock.now() if on == clock.today(request.clinic.zone) else None
    if request.GET.get("v") == presenter.version(boards.version(request.clinic, on), now):
        return HttpResponse(status=204)
    page = presenter.page(boards.day_board(request.clinic, on), request.actor)
    return render(request, "scheduling/_live.html", {"board": page, "is_list": request.GET.get("view") == "list"})
