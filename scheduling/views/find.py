"""Find a slot and book it: whose visit is due, where it could go and why, one press to book."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from accounts.domain.policy import Permission
from accounts.http import ClinicRequest
from core import clock
from core.errors import BadInput, Refusal
from core.permissions import requires
from scheduling.forms import FindForm, PlaceForm
from scheduling.presenters import finding, words
from scheduling.queries import due, openings, visits
from scheduling.services import booking
from scheduling.views import answers

TEMPLATE = "scheduling/find.html"


@requires(Permission.VISIT_BOOK)
def find(request: ClinicRequest) -> HttpResponse:
    """Choose whom (``q``), then where: ranked openings for one course day, or those who fit a gap (``place``)."""
    form = FindForm(request.GET or None)
    context = _context(request, form)
    status = 422 if form.is_bound and not form.is_valid() else 200
    return render(request, f"{TEMPLATE}#panel" if request.htmx else TEMPLATE, context, status=status)


@require_POST
@requires(Permission.VISIT_BOOK)
def book(request: ClinicRequest) -> HttpResponse:
    """Book a course day into the place that was pressed."""
    course_day = visits.get_course_day(request.clinic, _uuid(request.POST.get("course_day", "")))
    place = PlaceForm(request.POST, clinic=request.clinic)
    again = _context(request, FindForm({"course_day": course_day.id, "place": request.POST.get("place", "")}))
    if not place.is_valid():
        return render(
            request, f"{TEMPLATE}#panel" if request.htmx else TEMPLATE, again | {"place_form": place}, status=422
        )
    try:
        booked = booking.book(
            course_day=course_day,
            chair=place.cleaned_data["chair"],
            start=place.cleaned_data["start"],
            by=request.actor,
            override=place.override,
        )
    except Refusal as refusal:
        return answers.refused(request, TEMPLATE, again | {"place_form": place}, refusal)
    start = booked.period.lower.astimezone(request.clinic.zone)
    text = f"{booked.patient.short_name} booked in {booked.chair.name}, {start:%a %-d %b %H:%M}."
    return answers.done(request, visits.get(request.clinic, booked.id), text)


def _context(request: ClinicRequest, form: FindForm) -> dict[str, Any]:
    data = form.cleaned_data if form.is_valid() else {}
    context: dict[str, Any] = {
        "form": form,
        "place_form": PlaceForm(clinic=request.clinic),
        "place": data.get("place", ""),
    }
    gap = finding.gap(request.clinic, data.get("place", ""))
    context["gap"] = gap
    if not data.get("course_day"):
        today = clock.today(request.clinic.zone)
        days = due.unbooked(request.clinic, text=data.get("q", ""), since=None if data.get("q") else today)
        return context | {"due": finding.due_rows(days[:40], today)}
    course_day = visits.get_course_day(request.clinic, data["course_day"])
    found = openings.find(
        clinic=request.clinic,
        course_day=course_day,
        first_on=data.get("first"),
        last_on=data.get("last"),
        part_of_day=data.get("part"),
        limit=8,
    )
    return context | {"course_day": course_day, "drug": words.drug(course_day), "openings": finding.rows(found)}


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise BadInput("unknown_course_day", "Choose whom to book first.", field="course_day") from None
