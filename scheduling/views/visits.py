"""One visit: its panel and page, its steps, moving, cancelling, undo."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from accounts.domain.policy import Permission
from accounts.http import ClinicRequest
from audit.services.record import record
from core import clock
from core.errors import BadInput, Refusal
from core.permissions import requires
from scheduling.domain.statuses import EXPECTED, FORWARD, VisitStatus, next_step
from scheduling.forms import CancelForm, PlaceForm
from scheduling.models import Visit
from scheduling.presenters import bars, finding, words
from scheduling.queries import openings, visits
from scheduling.services import booking, flow, records
from scheduling.services import undo as undoing
from scheduling.views import answers


def panel_context(request: ClinicRequest, visit: Visit) -> dict[str, Any]:
    """What the visit's panel shows."""
    status = VisitStatus(visit.status)
    following = next_step(status)
    timer, is_late = bars.timing(visit, clock.now())
    last = undoing.latest(visit)
    can_run = request.actor.can(Permission.VISIT_STATUS)
    return {
        "visit": visit,
        "day": records.local_day(visit),
        "drug": words.drug(visit.course_day),
        "timer": timer,
        "is_late": is_late,
        "flags": tuple(bars.visit_flags(visit)),
        "next_step": (following, bars.STEP_WORDS[following]) if following and can_run else None,
        "other_steps": [
            (step, bars.STEP_WORDS[step])
            for step in FORWARD[status]
            if step not in {following, VisitStatus.CANCELLED} and can_run
        ],
        "can_move": status in booking.MOVABLE and request.actor.can(Permission.VISIT_CHANGE),
        "can_cancel": status in EXPECTED and request.actor.can(Permission.VISIT_CHANGE),
        "events": visit.events.all()[:12],
        "undoable": last if last and can_run else None,
        "open_request": visit.requests.filter(state="open").first(),
    }


@requires(Permission.VISIT_VIEW)
def visit(request: ClinicRequest, visit_id: UUID) -> HttpResponse:
    """The visit as a panel (htmx) or a page."""
    found = visits.get(request.clinic, visit_id)
    record(action="visit.view", entity_type="visit", entity_id=found.id, by=request.actor, patient_id=found.patient_id)
    template = "scheduling/visit.html#panel" if request.htmx else "scheduling/visit.html"
    return render(request, template, panel_context(request, found))


@require_POST
@requires(Permission.VISIT_STATUS)
def visit_status(request: ClinicRequest, visit_id: UUID) -> HttpResponse:
    """Take the visit one step on."""
    found = visits.get(request.clinic, visit_id)
    to = _status(request.POST.get("to", ""))
    try:
        changed = flow.advance(
            visit=found,
            to=to,
            expected_version=_version(request),
            by=request.actor,
            reason=request.POST.get("reason", ""),
        )
    except Refusal as refusal:
        fresh = visits.get(request.clinic, visit_id)
        return answers.refused(request, "scheduling/visit.html", panel_context(request, fresh), refusal)
    return answers.done(
        request, visits.get(request.clinic, visit_id), f"{changed.patient.short_name}: {to.label.lower()}."
    )


@requires(Permission.VISIT_CHANGE)
def visit_move(request: ClinicRequest, visit_id: UUID) -> HttpResponse:
    """Choose another time or chair from the ranked openings, or by clicking the board; then move."""
    found = visits.get(request.clinic, visit_id)
    form = PlaceForm(request.POST or request.GET or None, clinic=request.clinic)
    context = panel_context(request, found) | {
        "form": form,
        "version": _version(request, found.version),
        "openings": finding.rows(
            openings.find(clinic=request.clinic, course_day=found.course_day, moving=found, limit=8)
        ),
    }
    template = "scheduling/visit_move.html"
    if request.method != "POST" or not form.is_valid():
        status = 422 if request.method == "POST" else 200
        return render(request, f"{template}#panel" if request.htmx else template, context, status=status)
    try:
        moved = booking.move(
            visit=found,
            chair=form.cleaned_data["chair"],
            start=form.cleaned_data["start"],
            expected_version=_version(request),
            by=request.actor,
            override=form.override,
        )
    except Refusal as refusal:
        return answers.refused(request, template, context, refusal)
    start = moved.period.lower.astimezone(request.clinic.zone)
    text = f"{moved.patient.short_name} moved to {moved.chair.name}, {start:%a %-d %b %H:%M}."
    return answers.done(request, visits.get(request.clinic, visit_id), text)


@requires(Permission.VISIT_CHANGE)
def visit_cancel(request: ClinicRequest, visit_id: UUID) -> HttpResponse:
    """Cancel with a reason."""
    found = visits.get(request.clinic, visit_id)
    form = CancelForm(request.POST or None)
    template = "scheduling/visit_cancel.html"
    context = panel_context(request, found) | {"form": form, "version": _version(request, found.version)}
    if not form.is_valid():
        status = 422 if request.method == "POST" else 200
        return render(request, f"{template}#panel" if request.htmx else template, context, status=status)
    try:
        booking.cancel(
            visit=found, reason=form.cleaned_data["reason"], expected_version=_version(request), by=request.actor
        )
    except Refusal as refusal:
        return answers.refused(request, template, context, refusal)
    return answers.done(
        request, visits.get(request.clinic, visit_id), f"{found.patient.short_name}'s visit is cancelled."
    )


@require_POST
@requires(Permission.VISIT_STATUS)
def visit_undo(request: ClinicRequest, visit_id: UUID) -> HttpResponse:
    """Take back the latest change."""
    found = visits.get(request.clinic, visit_id)
    try:
        undoing.undo(visit=found, expected_version=_version(request), by=request.actor)
    except Refusal as refusal:
        fresh = visits.get(request.clinic, visit_id)
        return answers.refused(request, "scheduling/visit.html", panel_context(request, fresh), refusal)
    return answers.done(request, visits.get(request.clinic, visit_id), f"{found.patient.short_name}: undone.")


def _version(request: ClinicRequest, otherwise: int | None = None) -> int:
    """The version of the visit that the person was looking at."""
    text = request.POST.get("version", "")
    if text.isascii() and text.isdigit() and len(text) < 9:
        return int(text)
    if otherwise is None:
        raise BadInput(
            "version_missing", "The form did not say which version it shows. Reload the page.", field="version"
        )
    return otherwise


def _status(text: str) -> VisitStatus:
    try:
        return VisitStatus(text)
    except ValueError:
        raise BadInput("unknown_status", "That is not a status of a visit.", field="to") from None
