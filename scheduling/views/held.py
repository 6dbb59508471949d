"""Held places: keep one while somebody decides, then book it or let it go."""

from uuid import UUID

from django.http import HttpResponse
from django.views.decorators.http import require_POST

from accounts.domain.policy import Permission
from accounts.http import ClinicRequest
from core.errors import BadInput, Refusal
from core.permissions import requires
from scheduling.forms import PlaceForm
from scheduling.presenters import finding
from scheduling.queries import dry_run, visits
from scheduling.services import held_places, holds
from scheduling.views import answers, find
from scheduling.views.visits import not_changed, version_of


@require_POST
@requires(Permission.VISIT_BOOK)
def hold(request: ClinicRequest) -> HttpResponse:
    """Hold the place that was pressed, instead of booking it."""
    course_day = visits.get_course_day(request.clinic, find.uuid_of(request.POST.get("course_day", "")))
    place = PlaceForm(request.POST, clinic=request.clinic)
    if not place.is_valid():
        return answers.page(request, find.TEMPLATE, find.again(request, course_day, place), status=422)
    chair, start = place.cleaned_data["chair"], place.cleaned_data["start"]
    try:
        held = held_places.hold(
            course_day=course_day, chair=chair, start=start, by=request.actor, override=place.override
        )
    except Refusal as refusal:
        context = find.again(request, course_day, place)
        context["ways_out"] = finding.ways_out(dry_run.ways_out(course_day=course_day, chair=chair, start=start))
        return answers.refused(request, find.TEMPLATE, context, refusal)
    until = held.hold_until.astimezone(request.clinic.zone) if held.hold_until else start
    text = f"{chair.name} is held for {held.patient.short_name} until {until:%H:%M}."
    return answers.done(request, visits.get(request.clinic, held.id), text, can_undo=False)


@require_POST
@requires(Permission.VISIT_BOOK)
def held(request: ClinicRequest, visit_id: UUID) -> HttpResponse:
    """Book what is held (``act`` book), or let it go (``act`` let_go)."""
    found, version = visits.get(request.clinic, visit_id), version_of(request)
    act = request.POST.get("act")
    try:
        if act == "book":
            held_places.book(visit=found, expected_version=version, by=request.actor)
        elif act == "let_go":
            holds.let_go(visit=found, expected_version=version, by=request.actor)
        else:
            raise BadInput("act_unknown", "Choose: book the held place, or let it go.", field="act")
    except Refusal as refusal:
        return not_changed(request, visit_id, refusal)
    changed = visits.get(request.clinic, visit_id)
    if act == "book":
        return answers.done(request, changed, f"{changed.patient.short_name} is booked: {finding.where(changed)}.")
    return answers.done(request, changed, f"{changed.chair.name} is free again.", can_undo=False)
