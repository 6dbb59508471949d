"""Changing opening hours and closures."""

from django.http import HttpResponse

from accounts.domain.policy import Permission
from accounts.http import ClinicRequest
from core.permissions import requires
from scheduling.presenters import setup as presenting
from scheduling.queries import setup
from scheduling.services import setup_calendar
from scheduling.setup_forms import ClosureForm, HoursForm, SureForm
from scheduling.views.setup_step import Change, bound, step

BACK = ("setup-closures", "Closures")


@requires(Permission.CLINIC_CHANGE)
def hours(request: ClinicRequest) -> HttpResponse:
    """The week's opening hours."""
    form = HoursForm(bound(request), initial=presenting.hours_initial(setup.hours(request.clinic)))
    change = Change(
        title="Opening hours",
        note="Leave both times of a day empty if it is closed.",
        act=lambda: setup_calendar.save_hours(clinic=request.clinic, week=form.week(), by=request.actor),
        back=("setup", "Set-up"),
        done="The opening hours are saved.",
        save="Save the hours",
    )
    return step(request, form, change)


@requires(Permission.CLINIC_CHANGE)
def closure_new(request: ClinicRequest) -> HttpResponse:
    """Close the clinic on a day."""
    form = ClosureForm(bound(request))
    change = Change(
        title="Close on a day",
        act=lambda: setup_calendar.close(clinic=request.clinic, by=request.actor, **form.cleaned_data),
        done="The clinic is closed on that day.",
        save="Close on that day",
        back=BACK,
        upset=lambda: presenting.closure_as_upset(setup.hours(request.clinic), **form.cleaned_data),
    )
    return step(request, form, change)


@requires(Permission.CLINIC_CHANGE)
def closure_reopen(request: ClinicRequest, closure_id: int) -> HttpResponse:
    """Take a closure back."""
    closure = setup.get_closure(request.clinic, closure_id)
    day = f"{closure.on:%a %-d %b %Y}"
    change = Change(
        title=f"Open on {day} after all",
        note=f"Closed for: {closure.reason}.",
        act=lambda: setup_calendar.reopen(closure=closure, by=request.actor),
        done=f"{day} is open again.",
        save="Open on that day",
        back=BACK,
    )
    return step(request, SureForm(bound(request)), change)
