"""Which nurse looks after whom: take, give, and a whole day at once."""

from datetime import date
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from accounts.domain.policy import Permission
from accounts.http import ClinicRequest
from core.errors import BadInput, Refusal
from core.permissions import requires
from scheduling.models import Visit
from scheduling.presenters import assignment as presenter
from scheduling.queries import floor, visits
from scheduling.services import assignment
from scheduling.views import answers

VISIT, DAY = "scheduling/visit.html", "scheduling/floor_assign.html"


@require_POST
@requires(Permission.VISIT_STATUS)
def visit_take(request: ClinicRequest, visit_id: UUID) -> HttpResponse:
    """The nurse who presses looks after the visit."""
    found = visits.get(request.clinic, visit_id)
    try:
        assignment.take(visit=found, expected_version=_version(request.POST.get("version", "")), by=request.actor)
    except Refusal as refusal:
        return _refused(request, visit_id, refusal)
    return _done(request, visit_id)


@require_POST
@requires(Permission.VISIT_STATUS)
def visit_nurse(request: ClinicRequest, visit_id: UUID) -> HttpResponse:
    """Give the visit to a nurse, or to nobody yet."""
    found = visits.get(request.clinic, visit_id)
    try:
        assignment.assign(
            visit=found,
            nurse_id=_nurse(request.POST.get("nurse", "")),
            expected_version=_version(request.POST.get("version", "")),
            by=request.actor,
        )
    except Refusal as refusal:
        return _refused(request, visit_id, refusal)
    return _done(request, visit_id)


@require_http_methods(["GET", "POST"])
@requires(Permission.VISIT_STATUS)
def assign_day(request: ClinicRequest, on: date) -> HttpResponse:
    """A day's visits and a nurse proposed for each, to accept or change; ``?anew=1`` proposes for everybody."""
    stands = floor.to_assign(request.clinic, on)
    nurses = floor.nurses_on(request.clinic, on)
    if request.method != "POST":
        page = presenter.page(request.clinic, on, stands, nurses, is_anew="anew" in request.GET)
        return render(request, DAY, {"assign": page})
    try:
        count = assignment.assign_day(clinic=request.clinic, choices=_choices(request, stands), by=request.actor)
    except Refusal as refusal:
        page = presenter.page(request.clinic, on, floor.to_assign(request.clinic, on), nurses, is_anew=False)
        context = {"assign": page, "reasons": refusal.reasons}
        return render(request, DAY, context, status=answers.status_of(refusal))
    messages.success(
        request, f"Saved: {count} visit{'' if count == 1 else 's'} changed." if count else "Nothing changed."
    )
    return redirect("scheduling:floor-assign", on)


def _choices(request: ClinicRequest, stands: tuple[Visit, ...]) -> dict[UUID, tuple[UUID | None, int]]:
    """What was chosen for each visit that the form named."""
    return {
        visit.id: (_nurse(request.POST[f"nurse-{visit.id}"]), _version(request.POST.get(f"version-{visit.id}", "")))
        for visit in stands
        if f"nurse-{visit.id}" in request.POST
    }


def _done(request: ClinicRequest, visit_id: UUID) -> HttpResponse:
    changed = visits.get(request.clinic, visit_id)
    who = changed.nurse.name if changed.nurse else "no nurse yet"
    return answers.done(request, changed, f"{changed.patient.short_name}: {who}.")


def _refused(request: ClinicRequest, visit_id: UUID, refusal: Refusal) -> HttpResponse:
    if request.htmx and "quiet" in request.POST:
        return answers.refused_quietly(request, refusal)
    return answers.refused(request, VISIT, answers.shown(request, visits.get(request.clinic, visit_id)), refusal)


def _nurse(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        raise BadInput("unknown_nurse", "Choose a nurse of this clinic.", field="nurse") from None


def _version(text: str) -> int:
    """The version of the visit that the person was looking at."""
    if text.isascii() and text.isdigit() and len(text) < 9:
        return int(text)
    raise BadInput("version_missing", "The form did not say which version it shows. Reload the page.", field="version")
