"""One visit: its panel and page, its steps, moving, cancelling, undo."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse, JsonResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.domain.policy import Permission
from accounts.http import ClinicRequest
from audit.services.record import record
from core import clock
from core.errors import BadInput, NotFound, Refusal, Stale
from core.permissions import requires
from scheduling.domain.statuses import EXPECTED, VisitStatus
from scheduling.floor_forms import moment_typed
from scheduling.forms import CancelForm, PlaceForm
from scheduling.models import Visit
from scheduling.presenters import finding
from scheduling.queries import dry_run, history, openings, series, visits
from scheduling.services import booking, flow
from scheduling.services import undo as undoing
from scheduling.views import answers, series_cancel, series_move

VISIT, MOVE, CANCEL = "scheduling/visit.html", "scheduling/visit_move.html", "scheduling/visit_cancel.html"


@requires(Permission.VISIT_VIEW)
@require_safe
def visit(request: ClinicRequest, visit_id: UUID) -> HttpResponse:
    """The visit as a panel (htmx) or a page."""
    found = visits.get(request.clinic, visit_id)
    record(action="visit.view", entity_type="visit", entity_id=found.id, by=request.actor, patient_id=found.patient_id)
    return answers.page(request, VISIT, answers.shown(request, found))


@require_POST
@requires(Permission.VISIT_STATUS)
def visit_status(request: ClinicRequest, visit_id: UUID) -> HttpResponse:
    """Take the visit one step on."""
    found = visits.get(request.clinic, visit_id)
    to, reason = _status(request.POST.get("to", "")), request.POST.get("reason", "")
    try:
        at = moment_typed(found, request.POST.get("at", ""))
        flow.advance(visit=found, to=to, expected_version=version_of(request), by=request.actor, reason=reason, at=at)
    except Refusal as refusal:
        if not (isinstance(refusal, Stale) and history.is_pressed_already(found, to, request.actor)):
            return not_changed(request, visit_id, refusal)
    changed = visits.get(request.clinic, visit_id)
    return answers.done(request, changed, f"{changed.patient.short_name}: {to.label.lower()}.")


@require_http_methods(["GET", "POST"])
@requires(Permission.VISIT_CHANGE)
def visit_move(request: ClinicRequest, visit_id: UUID) -> HttpResponse:
    """Choose another time or chair from the ranked openings, or by clicking the board; then move."""
    found = visits.get(request.clinic, visit_id)
    form = PlaceForm(request.POST or None, clinic=request.clinic)
    if request.method != "POST" or not form.is_valid():
        status = 422 if request.method == "POST" else 200
        return answers.page(request, MOVE, _moving(request, found, form), status=status)
    chair, start = form.cleaned_data["chair"], form.cleaned_data["start"]
    if together := series_move.asked_together(request, found, finding.place_value(chair.id, start)):
        return together
    try:
        booking.move(
            visit=found,
            chair=chair,
            start=start,
            expected_version=version_of(request),
            by=request.actor,
            override=form.override,
        )
    except Refusal as refusal:
        context = _moving(request, visits.get(request.clinic, visit_id), form, refusal=refusal)
        return answers.refused(request, MOVE, context, refusal)
    moved = visits.get(request.clinic, visit_id)
    text = f"{moved.patient.short_name} moved to {moved.chair.name}, {finding.when(start, request.clinic)}."
    return answers.done(request, moved, text, asks_to_tell=moved.status == VisitStatus.CONFIRMED)


@requires(Permission.VISIT_CHANGE)
@require_safe
def visit_check(request: ClinicRequest, visit_id: UUID) -> HttpResponse:
    """What moving the visit to ``place`` would meet, as JSON, for the ghost on the board. Changes nothing."""
    found = visits.get(request.clinic, visit_id)
    chair, start = _place(request)
    run = dry_run.move(visit=found, chair=chair, start=start)
    mate = dry_run.could_swap(visit=found, chair=chair, start=start) if run.is_refused else None
    return JsonResponse(finding.tried(run, request.clinic, mate=mate))


@require_http_methods(["GET", "POST"])
@requires(Permission.VISIT_CHANGE)
def visit_cancel(request: ClinicRequest, visit_id: UUID) -> HttpResponse:
    """Cancel with a reason."""
    found = visits.get(request.clinic, visit_id)
    form = CancelForm(request.POST or None)
    context = answers.shown(request, found) | {"form": form, "version": found.version}
    context |= series_cancel.choices(request, found)
    if request.method != "POST" or not form.is_valid():
        return answers.page(request, CANCEL, context, status=422 if request.method == "POST" else 200)
    reason, scope = form.cleaned_data["reason"], form.cleaned_data["scope"]
    try:
        if scope in series_move.SCOPES and found.series_id:
            return series_cancel.cancel(request, found, scope, reason, version_of(request))
        booking.cancel(visit=found, reason=reason, expected_version=version_of(request), by=request.actor)
    except Refusal as refusal:
        return answers.refused(request, CANCEL, context, refusal)
    cancelled = visits.get(request.clinic, visit_id)
    left = offerable(found) and request.actor.can(Permission.VISIT_BOOK)
    link = (reverse("scheduling:backfill", args=[visit_id]), "Offer the place") if left else None
    return answers.done(request, cancelled, f"{found.patient.short_name}'s visit is cancelled.", link=link)


@require_POST
@requires(Permission.VISIT_STATUS)
def visit_undo(request: ClinicRequest, visit_id: UUID) -> HttpResponse:
    """Take back the change that the form names, or the latest one at the version that it shows."""
    found = visits.get(request.clinic, visit_id)
    event_id = _event(request)
    version = version_of(request) if event_id is None else None
    try:
        undoing.undo(visit=found, expected_version=version, event_id=event_id, by=request.actor)
    except Refusal as refusal:
        return not_changed(request, visit_id, refusal)
    undone = visits.get(request.clinic, visit_id)
    return answers.done(request, undone, f"Undone: {finding.where(undone)}.", can_undo=False)


def offerable(visit: Visit) -> bool:
    """Whether the place of a visit that was to come could go to somebody else."""
    return visit.status in EXPECTED and visit.period.lower > clock.now()


def not_changed(request: ClinicRequest, visit_id: UUID, refusal: Refusal) -> HttpResponse:
    """The visit as it is now, with the reasons why it was not changed; the reasons alone for a quiet form."""
    if request.htmx and "quiet" in request.POST:
        return answers.refused_quietly(request, refusal)
    shown = answers.shown(request, visits.get(request.clinic, visit_id)) | {"typed_at": request.POST.get("at", "")}
    return answers.refused(request, VISIT, shown, refusal)


def _moving(request: ClinicRequest, visit: Visit, form: PlaceForm, *, refusal: Refusal | None = None) -> dict[str, Any]:
    """The page for moving `visit`: the best places, and after a refusal what is free near the wanted place.

    A form that somebody else overtook goes on from the newest version; any other refusal keeps the one that was shown.
    """
    is_fresh = refusal is None or isinstance(refusal, Stale)
    day = visit.course_day
    found = openings.find(clinic=request.clinic, course_day=day, moving=visit, limit=8)
    elsewhere = [
        one for one in found if (one.chair.id, one.opening.interval.start) != (visit.chair_id, visit.period.lower)
    ]
    context = answers.shown(request, visit) | {
        "form": form,
        "version": visit.version if is_fresh else version_of(request),
        "openings": finding.rows(elsewhere),
        "mates": series.count_mates(visit),
    }
    if refusal is not None and not is_fresh:
        wanted = {"chair": form.cleaned_data["chair"], "start": form.cleaned_data["start"]}
        context["mate"] = dry_run.could_swap(visit=visit, **wanted)
        context["ways_out"] = finding.ways_out(dry_run.ways_out(course_day=day, moving=visit, **wanted))
    return context


def _place(request: ClinicRequest) -> tuple[Any, Any]:
    form = PlaceForm(request.GET, clinic=request.clinic)
    if not form.is_valid():
        raise BadInput("unknown_place", "That place can't be read.", field="place")
    return form.cleaned_data["chair"], form.cleaned_data["start"]


def version_of(request: ClinicRequest) -> int:
    """The version of the visit that the person was looking at."""
    text = request.POST.get("version", "")
    if text.isascii() and text.isdigit() and len(text) < 9:
        return int(text)
    raise BadInput("version_missing", "The form did not say which version it shows. Reload the page.", field="version")


def _event(request: ClinicRequest) -> UUID | None:
    """The change that the person wants undone, where the form names one."""
    try:
        return UUID(request.POST["event"]) if "event" in request.POST else None
    except ValueError:
        raise NotFound("change to undo") from None


def _status(text: str) -> VisitStatus:
    try:
        return VisitStatus(text)
    except ValueError:
        raise BadInput("unknown_status", "That is not a status of a visit.", field="to") from None
