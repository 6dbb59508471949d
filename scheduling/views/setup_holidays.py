"""Closing on public holidays: whose and which year, the days to tick, what that breaks, and the save."""

from django.http import HttpResponse

from accounts.domain.policy import Permission
from accounts.http import ClinicRequest
from core import clock
from core.permissions import requires
from scheduling.presenters import setup_holidays as presenting
from scheduling.queries import public_holidays, setup
from scheduling.services import setup_holidays
from scheduling.services.setup_holidays import Calendar
from scheduling.setup_forms import CalendarForm, HolidaysForm
from scheduling.views.setup_step import Change, bound, step


@requires(Permission.CLINIC_CHANGE)
def closure_holidays(request: ClinicRequest) -> HttpResponse:
    """Close the clinic on the holidays that are ticked."""
    choice = calendar_form(request)
    calendar = choice.calendar()
    found = public_holidays.of_year(country=calendar.country, part=calendar.part, year=calendar.year)
    form = HolidaysForm(bound(request), days=[holiday.on for holiday in found], calendar=calendar)
    change = Change(
        title="Public holidays",
        note="Tick the days on which the clinic is closed. None is closed before you have seen what that breaks.",
        act=lambda: setup_holidays.close_on(
            clinic=request.clinic, calendar=calendar, days=form.chosen(), by=request.actor
        ),
        done="The clinic is closed on the days you ticked.",
        save="Close on these days",
        back=("setup-closures", "Closures"),
        extra={
            "calendar": choice,
            "whose": public_holidays.place(calendar.country, calendar.part),
            "holidays": presenting.rows(
                found,
                closures=setup.closures(request.clinic),
                open_weekdays=setup.hours(request.clinic),
                today=clock.today(request.clinic.zone),
                ticked=request.POST.getlist("days"),
            ),
        },
    )
    return step(request, form, change)


def calendar_form(request: ClinicRequest) -> CalendarForm:
    """The choice of a country, a part of it and a year: what was sent, as far as it makes sense; else the clinic's."""
    start: Calendar = setup_holidays.chosen(request.clinic)
    sent = request.POST if request.method == "POST" else request.GET
    return CalendarForm.of(sent, start=start, this_year=clock.today(request.clinic.zone).year)
