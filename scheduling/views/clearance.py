"""The gate's pages: the check before an infusion, and going ahead against a reason."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.views.decorators.http import require_http_methods, require_POST

from accounts.domain.policy import Permission
from accounts.http import ClinicRequest
from core.errors import Refusal
from core.permissions import requires
from patients.forms import put_refusal
from scheduling.domain.statuses import VisitStatus
from scheduling.floor_forms import moment_typed
from scheduling.gate_forms import InfusionCheckForm
from scheduling.models import Visit
from scheduling.queries import visits
from scheduling.queries.clearance import check_of
from scheduling.services import flow, gate
from scheduling.views import answers
from scheduling.views.visits import not_changed

VISIT, CHECK = "scheduling/visit.html", "scheduling/infusion_check.html"


@require_http_methods(["GET", "POST"])
@requires(Permission.ADMINISTRATION_RECORD)
def infusion_check(request: ClinicRequest, visit_id: UUID) -> HttpResponse:
    """Ask what must be asked before an infusion; when nothing is wrong, one press checks and starts."""
    found = visits.get(request.clinic, visit_id)
    form = InfusionCheckForm(request.POST or None, initial=_as_checked(found))
    form.is_all_no = request.POST.get("act") == "all_no"
    if request.method != "POST" or not form.is_valid():
        return answers.page(request, CHECK, _asking(request, found, form), status=422 if form.errors else 200)
    try:
        checked = gate.check(visit=found, by=request.actor, **form.cleaned_data)
    except Refusal as refusal:
        put_refusal(form, refusal)
        return answers.page(request, CHECK, _asking(request, found, form), status=answers.status_of(refusal))
    if request.POST.get("act") in {"all_no", "save_start"} and _can_start(request, checked):
        return _start(request, checked)
    return answers.done(request, visits.get(request.clinic, visit_id), "The check is saved.", can_undo=False)


@require_POST
@requires(Permission.ADMINISTRATION_RECORD)
def override(request: ClinicRequest, visit_id: UUID) -> HttpResponse:
    """Go ahead against a reason of the gate, and say why; whose it is to override, the gate decides."""
    found = visits.get(request.clinic, visit_id)
    code, reason = request.POST.get("code", ""), request.POST.get("reason", "")
    try:
        gate.override(visit=found, code=code, reason=reason, by=request.actor)
    except Refusal as refusal:
        shown = answers.shown(request, visits.get(request.clinic, visit_id))
        return answers.refused(request, VISIT, shown, refusal)
    return answers.done(request, visits.get(request.clinic, visit_id), "Noted on the visit.", can_undo=False)


def _start(request: ClinicRequest, visit: Visit) -> HttpResponse:
    """Start the infusion that was checked a moment ago; what still holds it is shown, and the check stays."""
    try:
        at = moment_typed(visit, request.POST.get("at", ""))
        flow.advance(visit=visit, to=VisitStatus.INFUSING, expected_version=visit.version, by=request.actor, at=at)
    except Refusal as refusal:
        return not_changed(request, visit.id, refusal)
    started = visits.get(request.clinic, visit.id)
    return answers.done(request, started, f"{started.patient.short_name}: infusing.")


def _can_start(request: ClinicRequest, visit: Visit) -> bool:
    return visit.status == VisitStatus.SEATED and request.actor.can(Permission.VISIT_STATUS)


def _as_checked(visit: Visit) -> dict[str, Any]:
    """What was answered today already, so that looking again does not begin with a clean sheet."""
    known = check_of(visit)
    if known is None:
        return {}
    return {
        "is_drug_on_hand": known.is_drug_on_hand,
        "concerns": list(known.concerns),
        "temperature_c": known.temperature_c,
        "note": known.note,
    }


def _asking(request: ClinicRequest, visit: Visit, form: InfusionCheckForm) -> dict[str, Any]:
    return answers.shown(request, visit) | {"form": form, "can_start": _can_start(request, visit)}
