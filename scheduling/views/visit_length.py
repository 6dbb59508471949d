"""What the board does to a visit besides moving it: its length, a swap of chairs, and whether the patient is told."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse, JsonResponse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.domain.policy import Permission
from accounts.http import ClinicRequest
from core.errors import BadInput, Refusal, Stale
from core.permissions import requires
from scheduling.board_forms import ResizeForm, SwapForm
from scheduling.models import Visit
from scheduling.presenters import finding
from scheduling.queries import dry_run, visits
from scheduling.services import resizing, swapping
from scheduling.services import telling as tellings
from scheduling.views import answers
from scheduling.views.visits import not_changed

RESIZE, SWAP = "scheduling/visit_resize.html", "scheduling/visit_swap.html"


@require_http_methods(["GET", "POST"])
@requires(Permission.VISIT_CHANGE)
def visit_resize(request: ClinicRequest, visit_id: UUID) -> HttpResponse:
    """Make the visit longer or shorter."""
    found = visits.get(request.clinic, visit_id)
    form = ResizeForm(request.POST or None, visit=found)
    if request.method != "POST" or not form.is_valid():
        status = 422 if request.method == "POST" else 200
        return answers.page(request, RESIZE, _length(request, found, form), status=status)
    data = form.cleaned_data
    try:
        resizing.resize(
            visit=found, end=data["end"], expected_version=data["version"], by=request.actor, override=form.override
        )
    except Refusal as refusal:
        fresh = visits.get(request.clinic, visit_id)
        context = _length(request, fresh, form, is_fresh=isinstance(refusal, Stale))
        return answers.refused(request, RESIZE, context, refusal)
    resized = visits.get(request.clinic, visit_id)
    return answers.done(request, resized, f"{resized.patient.short_name} ends at {finding.ends(resized)} now.")


@requires(Permission.VISIT_CHANGE)
@require_safe
def visit_resize_check(request: ClinicRequest, visit_id: UUID) -> HttpResponse:
    """What ending the visit at ``end_at`` would meet, as JSON, for the ghost on the board. Changes nothing."""
    found = visits.get(request.clinic, visit_id)
    form = ResizeForm({**request.GET.dict(), "version": found.version}, visit=found)
    if not form.is_valid():
        raise BadInput("unknown_time", "That time can't be read.", field="end_at")
    run = dry_run.resize(visit=found, end=form.cleaned_data["end"])
    return JsonResponse(finding.tried(run, request.clinic))


@require_POST
@requires(Permission.VISIT_CHANGE)
def visit_swap(request: ClinicRequest, visit_id: UUID) -> HttpResponse:
    """Let two visits of the same time change chairs."""
    found = visits.get(request.clinic, visit_id)
    form = SwapForm(request.POST)
    if not form.is_valid():
        raise BadInput("unknown_swap", str(next(iter(form.errors.values()))[0]), field="other")
    data = form.cleaned_data
    other = visits.get(request.clinic, data["other"])
    versions = {"expected_version": data["version"], "other_version": data["other_version"]}
    try:
        swapping.swap(visit=found, other=other, by=request.actor, override=form.override, **versions)
    except Refusal as refusal:
        context = answers.shown(request, found) | {"form": form, "other": other, **versions}
        return answers.refused(request, SWAP, context, refusal)
    swapped, mate = visits.get(request.clinic, visit_id), visits.get(request.clinic, other.id)
    text = f"{finding.in_chair(swapped)}, {finding.in_chair(mate)}."
    return answers.done(request, swapped, text)


@require_POST
@requires(Permission.VISIT_CHANGE)
def visit_tell(request: ClinicRequest, visit_id: UUID) -> HttpResponse:
    """Send the message about the latest move, or keep it back."""
    found = visits.get(request.clinic, visit_id)
    is_told = request.POST.get("tell") == "yes"
    try:
        (tellings.tell if is_told else tellings.keep_quiet)(visit=found, by=request.actor)
    except Refusal as refusal:
        return not_changed(request, visit_id, refusal)
    who = found.patient.short_name
    text = f"{who} is told of the new time." if is_told else f"{who} is not told of the new time."
    return answers.done(request, visits.get(request.clinic, visit_id), text)


def _length(request: ClinicRequest, visit: Visit, form: ResizeForm, *, is_fresh: bool = True) -> dict[str, Any]:
    """The page about the length of `visit`. A form that somebody else overtook goes on from the newest version."""
    version = visit.version if is_fresh else form.cleaned_data.get("version", visit.version)
    wanted = getattr(form, "cleaned_data", {}).get("end")
    return answers.shown(request, visit) | {"form": form, "version": version, "wanted": wanted}
