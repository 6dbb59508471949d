"""Find a slot and book it: whose visit is due, where it could go and why, one press to book."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse, JsonResponse
from django.views.decorators.http import require_POST, require_safe

from accounts.domain.policy import Permission
from accounts.http import ClinicRequest
from core import clock
from core.errors import BadInput, Refusal
from core.permissions import requires
from regimens.models import CourseDay
from scheduling.forms import FindForm, PlaceForm
from scheduling.presenters import finding, words
from scheduling.queries import board, cover_of_days, dry_run, due, openings, visits
from scheduling.services import booking
from scheduling.services.clinic_rules import rules_of
from scheduling.views import answers

TEMPLATE = "scheduling/find.html"
SHOWN_DUE, SORTED_DUE, SHOWN_OPENINGS = 40, 400, 8


@requires(Permission.VISIT_BOOK)
@require_safe
def find(request: ClinicRequest) -> HttpResponse:
    """Choose whom (``q``), then where: ranked openings for one course day, or those who fit a gap (``place``)."""
    form = FindForm(request.GET)
    if not form.is_valid():
        return answers.page(request, TEMPLATE, _whom(request, form), status=422)
    if not form.cleaned_data["course_day"]:
        return answers.page(request, TEMPLATE, _whom(request, form))
    course_day = visits.get_course_day(request.clinic, form.cleaned_data["course_day"])
    context = _where(request, course_day, form)
    if gap := context["gap"]:
        run = dry_run.book(course_day=course_day, chair=gap.chair, start=gap.start)
        context |= {"gap_reasons": run.reasons, "gap_is_refused": run.is_refused}
    return answers.page(request, TEMPLATE, context)


@requires(Permission.VISIT_BOOK)
@require_safe
def find_check(request: ClinicRequest) -> HttpResponse:
    """What booking ``course_day`` into ``place`` would meet, as JSON, for the ghost on the board. Changes nothing."""
    course_day = visits.get_course_day(request.clinic, uuid_of(request.GET.get("course_day", "")))
    form = PlaceForm(request.GET, clinic=request.clinic)
    if not form.is_valid():
        raise BadInput("unknown_place", "That place can't be read.", field="place")
    chair, start = form.cleaned_data["chair"], form.cleaned_data["start"]
    return JsonResponse(finding.tried(dry_run.book(course_day=course_day, chair=chair, start=start), request.clinic))


@require_POST
@requires(Permission.VISIT_BOOK)
def book(request: ClinicRequest) -> HttpResponse:
    """Book a course day into the place that was pressed."""
    course_day = visits.get_course_day(request.clinic, uuid_of(request.POST.get("course_day", "")))
    place = PlaceForm(request.POST, clinic=request.clinic)
    if not place.is_valid():
        return answers.page(request, TEMPLATE, again(request, course_day, place), status=422)
    chair, start = place.cleaned_data["chair"], place.cleaned_data["start"]
    try:
        booked = booking.book(
            course_day=course_day, chair=chair, start=start, by=request.actor, override=place.override
        )
    except Refusal as refusal:
        context = again(request, course_day, place)
        context["ways_out"] = finding.ways_out(dry_run.ways_out(course_day=course_day, chair=chair, start=start))
        return answers.refused(request, TEMPLATE, context, refusal)
    text = f"{booked.patient.short_name} booked in {chair.name}, {finding.when(start, request.clinic)}."
    return answers.done(request, visits.get(request.clinic, booked.id), text)


def _whom(request: ClinicRequest, form: FindForm) -> dict[str, Any]:
    """Who is due: all whose window is open, or those whose names begin with what was typed."""
    today, text = clock.today(request.clinic.zone), form.cleaned_data.get("q", "")
    days = due.unbooked(request.clinic, text=text, since=None if text else today)
    gap = _gap(request, form.cleaned_data.get("place", ""))
    looked_at = days[: SORTED_DUE if gap else SHOWN_DUE]
    rows = finding.due_rows(looked_at, today, board.free_minutes(gap.chair, gap.start) if gap else None)
    return {"form": form, "gap": gap, "due": rows[:SHOWN_DUE], "searched": text}


def _where(request: ClinicRequest, course_day: CourseDay, form: FindForm) -> dict[str, Any]:
    """Where one course day could go."""
    asked = form.cleaned_data if form.is_valid() else {}
    found = openings.find(
        clinic=request.clinic,
        course_day=course_day,
        first_on=asked.get("first"),
        last_on=asked.get("last"),
        part_of_day=asked.get("part"),
        limit=SHOWN_OPENINGS,
    )
    uncovered = cover_of_days.uncovered(course_day, {one.opening.on for one in found})
    return {
        "form": form,
        "uncovered": finding.everywhere(uncovered, found),
        "place_form": PlaceForm(clinic=request.clinic),
        "course_day": course_day,
        "drug": words.drug(course_day),
        "openings": finding.rows(found, uncovered),
        "hold_minutes": rules_of(request.clinic).hold_minutes,
        "gap": _gap(request, asked.get("place", "")),
    }


def again(request: ClinicRequest, course_day: CourseDay, place: PlaceForm) -> dict[str, Any]:
    """The page for `course_day` with what was typed; the gap it came from has had its answer."""
    return _where(request, course_day, FindForm({"course_day": course_day.id})) | {"place_form": place}


def _gap(request: ClinicRequest, place: str) -> finding.Place | None:
    """The place that a board's gap named; None if there is none, or it cannot be read."""
    form = PlaceForm({"place": place}, clinic=request.clinic)
    if not place or not form.is_valid():
        return None
    return finding.place(form.cleaned_data["chair"], form.cleaned_data["start"])


def uuid_of(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise BadInput("unknown_course_day", "Choose whom to book first.", field="course_day") from None
