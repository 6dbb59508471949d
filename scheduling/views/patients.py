"""Patients: finding one, their page, and writing down what is new about them."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from accounts.domain.policy import Permission
from accounts.http import ClinicRequest
from audit.services.record import record
from core import clock
from core.errors import BadInput, NotFound, Refusal
from core.permissions import requires
from patients.forms import CoverageForm, DetailsForm, LabForm, RiskForm, SearchForm, WeightForm, put_refusal
from patients.queries import records
from patients.services import records as keeping
from scheduling.presenters.patients import page_context, search_rows
from scheduling.queries.patient_page import patient_list, patient_page

PER_PAGE = 50
FOUND = 20


@requires(Permission.PATIENT_VIEW)
def patients(request: ClinicRequest) -> HttpResponse:
    """Search as one types, or all patients by name."""
    form = SearchForm(request.GET or None)
    text = form.cleaned_data["q"] if form.is_valid() else ""
    found = patient_list(request.clinic, text)
    page = None if text else Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    shown = list(found[:FOUND]) if page is None else list(page.object_list)
    if text:
        _record_list(request, [str(patient.id) for patient in shown])
    context = {
        "form": form,
        "q": text,
        "page": page,
        "rows": search_rows(shown, clock.today(request.clinic.zone)),
        "is_cut": page is None and len(shown) == FOUND,
        "can_change": request.actor.can(Permission.PATIENT_CHANGE),
    }
    status = 422 if form.is_bound and not form.is_valid() else 200
    template = "scheduling/patients.html#results" if _only_results(request) else "scheduling/patients.html"
    return render(request, template, context, status=status)


@requires(Permission.PATIENT_VIEW)
def patient(request: ClinicRequest, patient_id: UUID) -> HttpResponse:
    """Everything about one patient."""
    context = _context(request, patient_id)
    record(action="patient.view", entity_type="patient", entity_id=patient_id, by=request.actor, patient_id=patient_id)
    return render(request, "scheduling/patient.html", context)


@requires(Permission.PATIENT_CHANGE)
def patient_new(request: ClinicRequest) -> HttpResponse:
    """Register a patient."""
    form = DetailsForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            added = keeping.register(clinic=request.clinic, details=form.details(), by=request.actor)
        except Refusal as refusal:
            put_refusal(form, refusal)
        else:
            messages.success(request, f"{added} is registered.")
            return redirect("scheduling:patient", added.id)
    status = 422 if form.errors else 200
    return render(request, "scheduling/patient_new.html", {"form": form}, status=status)


@requires(Permission.PATIENT_CHANGE)
def patient_edit(request: ClinicRequest, patient_id: UUID) -> HttpResponse:
    """Change a patient's details, unless somebody else did meanwhile."""
    found = records.get(request.clinic, patient_id)
    form = DetailsForm(request.POST or None, initial=vars(keeping.details_of(found)))
    version = _version(request) if request.method == "POST" else found.version
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            keeping.update(patient=found, details=form.details(), expected_version=version, by=request.actor)
        except Refusal as refusal:
            put_refusal(form, refusal)
            status = 409 if refusal.status in {409, 412} else 422
        else:
            messages.success(request, "The details are saved.")
            return redirect("scheduling:patient", found.id)
    status = 422 if form.errors and status == 200 else status
    context = {"form": form, "patient": found, "version": version}
    return render(request, "scheduling/patient_edit.html", context, status=status)


@require_POST
@requires(Permission.PATIENT_CHANGE)
def patient_weight(request: ClinicRequest, patient_id: UUID) -> HttpResponse:
    """Record a weight."""
    return _add(
        request,
        patient_id,
        keeping.record_weight,
        name="weight_form",
        form=WeightForm(request.POST),
        text="Weight recorded.",
    )


@require_POST
@requires(Permission.PATIENT_CHANGE)
def patient_lab(request: ClinicRequest, patient_id: UUID) -> HttpResponse:
    """Record a laboratory result."""
    return _add(
        request, patient_id, keeping.record_lab, name="lab_form", form=LabForm(request.POST), text="Result recorded."
    )


@require_POST
@requires(Permission.PATIENT_CHANGE)
def patient_risk(request: ClinicRequest, patient_id: UUID) -> HttpResponse:
    """Note a risk."""
    return _add(
        request, patient_id, keeping.add_risk_flag, name="risk_form", form=RiskForm(request.POST), text="Risk noted."
    )


@require_POST
@requires(Permission.PATIENT_CHANGE)
def patient_coverage(request: ClinicRequest, patient_id: UUID) -> HttpResponse:
    """Write down an insurance plan."""
    form = CoverageForm(request.POST, payers=records.payers(request.clinic))
    return _add(request, patient_id, keeping.add_coverage, name="coverage_form", form=form, text="Insurance recorded.")


@require_POST
@requires(Permission.PATIENT_CHANGE)
def patient_risk_end(request: ClinicRequest, patient_id: UUID) -> HttpResponse:
    """A risk no longer counts."""
    found = records.get(request.clinic, patient_id)
    flag = records.risk_flag(found, request.POST.get("flag", ""))
    if flag is None:
        raise NotFound("risk flag")
    keeping.end_risk_flag(flag=flag, by=request.actor)
    messages.success(request, "The risk no longer counts.")
    return redirect("scheduling:patient", found.id)


def _add(
    request: ClinicRequest, patient_id: UUID, act: Callable[..., object], *, name: str, form: forms.Form, text: str
) -> HttpResponse:
    """Run one of the small forms of the page; what is wrong is shown in it, still filled."""
    found = records.get(request.clinic, patient_id)
    status = 422
    if form.is_valid():
        try:
            act(patient=found, by=request.actor, **form.cleaned_data)
        except Refusal as refusal:
            put_refusal(form, refusal)
            status = refusal.status if refusal.status == 409 else 422
        else:
            messages.success(request, text)
            return redirect("scheduling:patient", found.id)
    context = _context(request, patient_id) | {name: form}
    return render(request, "scheduling/patient.html", context, status=status)


def _context(request: ClinicRequest, patient_id: UUID) -> dict[str, Any]:
    today = clock.today(request.clinic.zone)
    page = patient_page(request.clinic, patient_id, today=today)
    return page_context(page, request.actor) | {
        "weight_form": WeightForm(initial={"measured_on": today}),
        "lab_form": LabForm(initial={"taken_on": today}),
        "risk_form": RiskForm(initial={"since_on": today}),
        "coverage_form": CoverageForm(payers=records.payers(request.clinic)),
    }


def _only_results(request: ClinicRequest) -> bool:
    return bool(request.htmx) and request.htmx.target == "results"


def _record_list(request: ClinicRequest, ids: list[str]) -> None:
    record(
        action="patient.search",
        entity_type="patient_list",
        entity_id=str(request.clinic.id),
        by=request.actor,
        detail={"ids": ids},
    )


def _version(request: ClinicRequest) -> int:
    text = request.POST.get("version", "")
    if not (text.isascii() and text.isdigit() and len(text) < 9):
        raise BadInput("version_missing", "The form did not say which version it shows. Reload it.", field="version")
    return int(text)
