"""Vital signs of a visit: entering a set, taking one back."""

from uuid import UUID

from django.http import HttpResponse
from django.views.decorators.http import require_http_methods, require_POST

from accounts.domain.policy import Permission
from accounts.http import ClinicRequest
from core.errors import NotFound, Refusal
from core.permissions import requires
from patients.forms import put_refusal
from scheduling.floor_forms import VitalsForm
from scheduling.models import Visit
from scheduling.presenters.floor_visit import asking
from scheduling.queries import floor, visits
from scheduling.services import vitals
from scheduling.views import answers

VISIT, VITALS = "scheduling/visit.html", "scheduling/vitals.html"


@require_http_methods(["GET", "POST"])
@requires(Permission.ADMINISTRATION_RECORD)
def visit_vitals(request: ClinicRequest, visit_id: UUID) -> HttpResponse:
    """Enter a set of vital signs in one short form."""
    found = visits.get(request.clinic, visit_id)
    form = VitalsForm(request.POST or None, visit=found)
    if request.method != "POST" or not form.is_valid():
        return _page(request, found, form, status=422 if form.errors else 200)
    try:
        symptoms = form.cleaned_data["symptoms"]
        vitals.take(visit=found, measured=form.measured, symptoms=symptoms, at=form.taken_at, by=request.actor)
    except Refusal as refusal:
        put_refusal(form, refusal)
        return _page(request, found, form, status=answers.status_of(refusal))
    changed = visits.get(request.clinic, visit_id)
    return answers.done(request, changed, f"{changed.patient.short_name}: vital signs saved.", can_undo=False)


@require_POST
@requires(Permission.ADMINISTRATION_RECORD)
def visit_vitals_void(request: ClinicRequest, visit_id: UUID, vitals_id: UUID) -> HttpResponse:
    """Take a set back that was a mistake."""
    found = visits.get(request.clinic, visit_id)
    wrong = floor.get_vitals(found, vitals_id)
    if wrong is None:
        raise NotFound("set of vital signs")
    try:
        vitals.take_back(visit=found, vitals=wrong, reason=request.POST.get("reason", ""), by=request.actor)
    except Refusal as refusal:
        return answers.refused(request, VISIT, answers.shown(request, visits.get(request.clinic, visit_id)), refusal)
    return answers.done(request, visits.get(request.clinic, visit_id), "The set is taken back.", can_undo=False)


def _page(request: ClinicRequest, visit: Visit, form: VitalsForm, *, status: int) -> HttpResponse:
    return answers.page(request, VITALS, {"form": form} | asking(visit, floor.vitals_of(visit)), status=status)
