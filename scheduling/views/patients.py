"""Patients: finding one, their page, and who they are. What is found out about them is in `patient_facts`."""

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render

from accounts.domain.policy import Permission
from accounts.http import ClinicRequest
from audit.services.record import record
from core import clock
from core.errors import BadInput, Refusal
from core.permissions import requires
from patients.forms import DetailsForm, SearchForm, put_refusal
from patients.queries import records
from patients.services import records as keeping
from scheduling.presenters.patients import search_rows
from scheduling.queries.patient_page import patient_list
from scheduling.views.patient_facts import page_of

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
    context = page_of(request, patient_id)
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
