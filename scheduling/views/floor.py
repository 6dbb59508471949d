"""The floor: the nurses' page, and its polling."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.domain.policy import Permission, Role
from accounts.http import ClinicRequest
from audit.services.record import record
from core import clock
from core.permissions import requires
from scheduling.presenters import board as board_presenter
from scheduling.presenters import floor as presenter
from scheduling.queries import board as boards
from scheduling.queries import floor as floors


@requires(Permission.BOARD_VIEW)
@require_safe
def floor(request: ClinicRequest) -> HttpResponse:
    """Who is here today, and what is due: one's own patients, or everybody with ``?who=all``."""
    context = _shown(request)
    seen = [str(visit.id) for visit in context["floor"].day.visits]
    record(action="floor.view", entity_type="board", entity_id=str(context["floor"].day.on), by=request.actor,
           detail={"visits": seen})  # fmt: skip
    return render(request, "scheduling/floor.html", context)


@requires(Permission.BOARD_VIEW)
@require_safe
def floor_live(request: ClinicRequest) -> HttpResponse:
    """The floor alone, for polling: 204 when nothing changed since version ``?v=``."""
    number = boards.version(request.clinic, clock.today(request.clinic.zone))
    if request.GET.get("v") == board_presenter.version(number, clock.now()):
        return HttpResponse(status=204)
    return render(request, "scheduling/_floor.html", _shown(request))


def _shown(request: ClinicRequest) -> dict[str, Any]:
    """Nurses see their own patients unless they ask for all; everybody else sees all unless they ask for their own."""
    is_nurse = any(Role.NURSE in place.roles for place in request.workplaces if place.clinic == request.clinic)
    who = request.GET.get("who", "mine" if is_nurse else "all")
    day = floors.floor(request.clinic, clock.today(request.clinic.zone))
    page = presenter.page(day, request.actor, is_mine=who == "mine", is_nurse=is_nurse)
    return {"floor": page, "who": "mine" if who == "mine" else "all"}
