"""The day board: the page, its grid for polling, its list."""

from datetime import date

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from accounts.domain.policy import Permission
from accounts.http import ClinicRequest
from audit.services.record import record
from core import clock
from core.permissions import requires
from scheduling.presenters import board as presenter
from scheduling.queries import board as boards
from scheduling.queries import visits
from scheduling.views.visits import panel_context


@requires(Permission.BOARD_VIEW)
def board(request: ClinicRequest) -> HttpResponse:
    """Today's board."""
    return board_day(request, clock.today(request.clinic.zone))


@requires(Permission.BOARD_VIEW)
def board_day(request: ClinicRequest, on: date) -> HttpResponse:
    """The board of one day: chairs by time, or a list with ``?view=list``; ``?visit=`` opens one beside it."""
    if chosen := request.GET.get("on"):
        return redirect("scheduling:board-day", on=_date(chosen, on))
    day = boards.day_board(request.clinic, on)
    shown = [str(visit.id) for visit in day.all_visits]
    record(action="board.view", entity_type="board", entity_id=str(on), by=request.actor, detail={"visits": shown})
    context = {"board": presenter.page(day), "is_list": request.GET.get("view") == "list"}
    if visit_id := request.GET.get("visit"):
        opened = next((visit for visit in day.all_visits if str(visit.id) == visit_id), None)
        if opened is not None:
            context |= panel_context(request, visits.get(request.clinic, opened.id))
    return render(request, "scheduling/board.html", context)


@requires(Permission.BOARD_VIEW)
def board_grid(request: ClinicRequest, on: date) -> HttpResponse:
    """The grid alone, for polling: 204 when nothing changed since version ``?v=``."""
    if request.GET.get("v") == str(boards.version(request.clinic, on)):
        return HttpResponse(status=204)
    page = presenter.page(boards.day_board(request.clinic, on))
    return render(request, "scheduling/board.html#live", {"board": page, "is_list": request.GET.get("view") == "list"})


def _date(text: str, otherwise: date) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return otherwise


def board_address(on: date) -> str:
    """The address of a day's board."""
    return reverse("scheduling:board-day", args=[on])
