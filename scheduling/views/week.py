"""The week's load, for whoever looks for the lightest day."""

from datetime import date

from django.http import HttpResponse
from django.shortcuts import redirect, render

from accounts.domain.policy import Permission
from accounts.http import ClinicRequest
from core import clock
from core.permissions import requires
from scheduling.presenters import week as presenting
from scheduling.queries.week import week_load


@requires(Permission.BOARD_VIEW)
def this_week(request: ClinicRequest) -> HttpResponse:
    """The week of today."""
    return redirect("scheduling:week", on=clock.today(request.clinic.zone))


@requires(Permission.BOARD_VIEW)
def week(request: ClinicRequest, on: date) -> HttpResponse:
    """Nurse load and chairs in use for each hour of the week that holds `on`."""
    shown = presenting.page(week_load(request.clinic, on), request.clinic.zone)
    today = clock.today(request.clinic.zone)
    can_set_up = request.actor.can(Permission.CLINIC_CHANGE)
    return render(request, "scheduling/week.html", {"week": shown, "today": today, "can_set_up": can_set_up})
