"""What a manager can set up: the lists, each with ways to change what is on it."""

from datetime import date, timedelta

from django.http import HttpResponse
from django.shortcuts import render

from accounts.domain.policy import Permission
from accounts.http import ClinicRequest
from core import clock
from core.permissions import requires
from scheduling.presenters import setup as presenting
from scheduling.queries import outages, setup
from scheduling.services.clinic_rules import rules_of
from scheduling.services.setup_shifts import monday_of
from scheduling.setup_forms import ClosureForm
from scheduling.views.setup_holidays import calendar_form


@requires(Permission.CLINIC_CHANGE)
def index(request: ClinicRequest) -> HttpResponse:
    """What is set up, in a line each."""
    clinic = request.clinic
    chairs = setup.chairs(clinic)
    context = {
        "chairs": sum(chair.is_active for chair in chairs),
        "outages": len(outages.coming(clinic)),
        "hours": presenting.hours_line(setup.hours(clinic)),
        "closures": setup.closures(clinic),
        "nurses": len(setup.nurses(clinic)),
        "rules": rules_of(clinic),
        "cadence": setup.cadence(clinic).times,
        "clinic": clinic,
    }
    return render(request, "scheduling/setup.html", context)


@requires(Permission.CLINIC_CHANGE)
def chairs(request: ClinicRequest) -> HttpResponse:
    """Chairs in the board's order, and when they are out of use."""
    found = setup.chairs(request.clinic)
    context = {
        "chairs": [chair for chair in found if chair.is_active],
        "retired": [chair for chair in found if not chair.is_active],
        "outages": presenting.outage_rows(outages.coming(request.clinic), request.clinic),
    }
    return render(request, "scheduling/setup_chairs.html", context)


@requires(Permission.CLINIC_CHANGE)
def closures(request: ClinicRequest) -> HttpResponse:
    """Days to come on which the clinic is closed, and forms for more."""
    context = {
        "closures": setup.closures(request.clinic),
        "form": ClosureForm(),
        "calendar": calendar_form(request),
    }
    return render(request, "scheduling/setup_closures.html", context)


@requires(Permission.CLINIC_CHANGE)
def shifts(request: ClinicRequest, on: date | None = None) -> HttpResponse:
    """The shifts of a week: nurses down, days across."""
    clinic, today = request.clinic, clock.today(request.clinic.zone)
    monday = monday_of(on or today)
    nurses = setup.nurses(clinic)
    closed = setup.closed_days(clinic, monday)
    context = {
        "closed": closed,
        "monday": monday,
        "today": today,
        "days": [monday + timedelta(days=offset) for offset in range(7)],
        "rows": presenting.week(clinic, monday, nurses, setup.shifts(clinic, monday), today, closed),
        "has_nurses": bool(nurses),
        "previous": monday - timedelta(days=7),
        "next": monday + timedelta(days=7),
    }
    return render(request, "scheduling/setup_shifts.html", context)


@requires(Permission.CLINIC_CHANGE)
def skills(request: ClinicRequest) -> HttpResponse:
    """What each nurse may do."""
    known = setup.skills(request.clinic)
    rows = [(nurse, known.get(nurse.id, ())) for nurse in setup.nurses(request.clinic)]
    return render(request, "scheduling/setup_skills.html", {"rows": rows})


@requires(Permission.CLINIC_CHANGE)
def weights(request: ClinicRequest) -> HttpResponse:
    """The nurse need of each phase, with where it comes from."""
    rows = [
        (weight, presenting.PHASES[weight.phase], presenting.SURE.get(weight.confidence, weight.confidence))
        for weight in setup.weights(request.clinic)
    ]
    return render(request, "scheduling/setup_weights.html", {"rows": rows})
