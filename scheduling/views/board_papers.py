"""What opens beside the board: recent changes, the causes of a quarter hour's load, the day sheet, the help page."""

from datetime import date, time

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.domain.policy import Permission
from accounts.http import ClinicRequest
from audit.services.record import record
from core import clock
from core.errors import NotFound, Refusal
from core.intervals import is_on_grid
from core.permissions import requires
from scheduling.presenters import changes as change_rows
from scheduling.presenters import day_sheet as sheet_lines
from scheduling.presenters import words
from scheduling.queries import changes, day_sheet, load_causes
from scheduling.views import answers

CHANGES, LOAD = "scheduling/changes.html", "scheduling/load.html"


@requires(Permission.VISIT_VIEW)
@require_safe
def board_changes(request: ClinicRequest, on: date) -> HttpResponse:
    """What this person (with ``?who=all`` everybody) changed on that day, each with its undo or why there is none."""
    is_all = request.GET.get("who") == "all"
    found = changes.of_day(request.clinic, on, by_id=None if is_all else request.actor.id)
    seen = sorted({str(change.event.visit_id) for change in found})
    record(action="changes.view", entity_type="board", entity_id=str(on), by=request.actor, detail={"visits": seen})
    context = {"on": on, "is_all": is_all, "rows": change_rows.rows(found, request.actor)}
    return answers.page(request, CHANGES, context)


@requires(Permission.BOARD_VIEW)
@require_safe
def board_load(request: ClinicRequest, on: date) -> HttpResponse:
    """The visits that cause the nurse load of the quarter hour ``?at=09:15``, with their parts."""
    try:
        at = clock.instant(on, time.fromisoformat(request.GET.get("at", "")[:5]), request.clinic.zone, field="at")
    except (ValueError, Refusal):
        raise NotFound("quarter hour") from None
    if not is_on_grid(at):
        raise NotFound("quarter hour")
    load = load_causes.of_quarter(request.clinic, at)
    seen = [str(cause.visit.id) for cause in load.causes]
    record(action="board.view", entity_type="board", entity_id=str(on), by=request.actor, detail={"visits": seen})
    causes = [(cause, words.drug(cause.visit.course_day)) for cause in load.causes]
    return answers.page(request, LOAD, {"on": on, "load": load, "causes": causes})


@requires(Permission.VISIT_VIEW)
@require_safe
def board_sheet(request: ClinicRequest, on: date) -> HttpResponse:
    """The day on paper, by time; with ``?initials=1`` without names."""
    visits = list(day_sheet.of_day(request.clinic, on))
    seen = [str(visit.id) for visit in visits]
    record(action="board.sheet", entity_type="board", entity_id=str(on), by=request.actor, detail={"visits": seen})
    has_initials = request.GET.get("initials") == "1"
    lines = sheet_lines.lines(visits, has_initials=has_initials)
    context = {"on": on, "now": clock.now(), "lines": lines, "has_initials": has_initials}
    return render(request, "scheduling/day_sheet.html", context)


@requires(Permission.BOARD_VIEW)
@require_safe
def help_page(request: ClinicRequest) -> HttpResponse:
    """How the board is used, with its keys."""
    return render(request, "scheduling/help.html")
