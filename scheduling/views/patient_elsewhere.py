"""Therapies that a patient has somewhere else: added, changed, ended. They stand on the plan and book no chair."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from accounts.domain.policy import Permission
from accounts.http import ClinicRequest
from core.errors import Refusal
from core.permissions import requires
from patients.forms import put_refusal
from patients.queries import records
from regimens.queries import elsewhere as reading
from regimens.services import elsewhere
from scheduling.forms_elsewhere import ElsewhereForm
from scheduling.views.patient_facts import page_of


@require_POST
@requires(Permission.PATIENT_CHANGE)
def elsewhere_add(request: ClinicRequest, patient_id: UUID) -> HttpResponse:
    """The patient has a therapy somewhere else."""
    found = records.get(request.clinic, patient_id)
    form = ElsewhereForm(request.POST)
    if form.is_valid():
        try:
            added = elsewhere.add(patient=found, therapy=form.therapy(), by=request.actor)
        except Refusal as refusal:
            put_refusal(form, refusal)
        else:
            messages.success(request, f"{added.name} is on the plan.")
            return redirect("scheduling:patient", found.id)
    context = page_of(request, patient_id) | {"elsewhere_form": form}
    return render(request, "scheduling/patient.html", context, status=422)


@requires(Permission.PATIENT_CHANGE)
def elsewhere_edit(request: ClinicRequest, patient_id: UUID, therapy_id: UUID) -> HttpResponse:
    """Change a therapy elsewhere."""
    found = records.get(request.clinic, patient_id)
    held = reading.therapy(found, therapy_id)
    initial = {name: getattr(held, name) for name in ElsewhereForm.base_fields}
    form = ElsewhereForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            elsewhere.change(held=held, therapy=form.therapy(), by=request.actor)
        except Refusal as refusal:
            put_refusal(form, refusal)
        else:
            messages.success(request, "Saved.")
            return redirect("scheduling:patient", found.id)
    shown = {"form": form, "patient": found, "therapy": held}
    return render(request, "scheduling/patient_elsewhere.html", shown, status=422 if form.errors else 200)


@require_POST
@requires(Permission.PATIENT_CHANGE)
def elsewhere_end(request: ClinicRequest, patient_id: UUID, therapy_id: UUID) -> HttpResponse:
    """A therapy elsewhere was given for the last time."""
    found = records.get(request.clinic, patient_id)
    ended = elsewhere.end(held=reading.therapy(found, therapy_id), by=request.actor)
    messages.success(request, f"{ended.name} has ended.")
    return redirect("scheduling:patient", found.id)
