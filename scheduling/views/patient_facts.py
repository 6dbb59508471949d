"""What is found out about a patient, written down from the small forms of their page; plans and the gate follow."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from accounts.domain.policy import Permission
from accounts.http import ClinicRequest
from core import clock
from core.errors import NotFound, Refusal
from core.permissions import requires
from patients.forms import ConsentForm, CoverageForm, LabForm, RiskForm, WeightForm, put_refusal
from patients.models import Patient
from patients.queries import diary as entries
from patients.queries import records
from patients.services import papers
from patients.services import records as keeping
from regimens.services import elsewhere
from scheduling.forms_elsewhere import ElsewhereForm, EnrolmentForm
from scheduling.presenters.patients import page_context
from scheduling.queries.patient_page import patient_page
from scheduling.services import diary, patient_facts_changed


@dataclass(frozen=True, kw_only=True)
class Fact:
    """One of the page's small forms: what it does, why plans follow, and what is said when it is done."""

    name: str
    form: forms.Form
    act: Callable[..., object]
    cause: str
    said: str


@require_POST
@requires(Permission.PATIENT_CHANGE)
def patient_weight(request: ClinicRequest, patient_id: UUID) -> HttpResponse:
    """Record a weight."""
    form = WeightForm(request.POST)
    fact = Fact(name="weight_form", form=form, act=keeping.record_weight, cause="a new weight", said="Weight recorded.")
    return save(request, patient_id, fact)


@require_POST
@requires(Permission.PATIENT_CHANGE)
def patient_lab(request: ClinicRequest, patient_id: UUID) -> HttpResponse:
    """Record a laboratory result."""
    form = LabForm(request.POST)
    fact = Fact(name="lab_form", form=form, act=keeping.record_lab, cause="a new test result", said="Result recorded.")
    return save(request, patient_id, fact)


@require_POST
@requires(Permission.PATIENT_CHANGE)
def patient_risk(request: ClinicRequest, patient_id: UUID) -> HttpResponse:
    """Note a risk."""
    form = RiskForm(request.POST)
    fact = Fact(name="risk_form", form=form, act=keeping.add_risk_flag, cause="a new risk", said="Risk noted.")
    return save(request, patient_id, fact)


@require_POST
@requires(Permission.PATIENT_CHANGE)
def patient_risk_end(request: ClinicRequest, patient_id: UUID) -> HttpResponse:
    """A risk no longer counts."""
    found = records.get(request.clinic, patient_id)
    flag = records.risk_flag(found, request.POST.get("flag", ""))
    if flag is None:
        raise NotFound("risk flag")
    end = partial(keeping.end_risk_flag, flag=flag, by=request.actor, reason=request.POST.get("reason", ""))
    patient_facts_changed.keep(found, "a risk that no longer counts", end)
    return _done(request, found, "The risk no longer counts.")


@require_POST
@requires(Permission.PATIENT_CHANGE)
def patient_coverage(request: ClinicRequest, patient_id: UUID) -> HttpResponse:
    """Write down an insurance plan."""
    form = CoverageForm(request.POST, payers=records.payers(request.clinic))
    fact = Fact(
        name="coverage_form", form=form, act=keeping.add_coverage, cause="insurance", said="Insurance recorded."
    )
    return save(request, patient_id, fact)


@require_POST
@requires(Permission.PATIENT_CHANGE)
def patient_coverage_verify(request: ClinicRequest, patient_id: UUID) -> HttpResponse:
    """Somebody checked the insurance today."""
    found = records.get(request.clinic, patient_id)
    coverage = records.coverage(found, request.POST.get("coverage", ""))
    try:
        verify = partial(papers.verify_coverage, coverage=coverage, by=request.actor)
        patient_facts_changed.keep(found, "insurance", verify)
    except Refusal as refusal:
        messages.error(request, refusal.sentence)
        return redirect("scheduling:patient", found.id)
    return _done(request, found, "Insurance checked today.")


@require_POST
@requires(Permission.PATIENT_CHANGE)
def patient_consent(request: ClinicRequest, patient_id: UUID) -> HttpResponse:
    """Record a consent to be treated."""
    form = ConsentForm(request.POST)
    fact = Fact(name="consent_form", form=form, act=papers.record_consent, cause="consent", said="Consent recorded.")
    return save(request, patient_id, fact)


@require_POST
@requires(Permission.PATIENT_CHANGE)
def patient_consent_withdraw(request: ClinicRequest, patient_id: UUID) -> HttpResponse:
    """The patient takes a consent back."""
    found = records.get(request.clinic, patient_id)
    consent = records.consent(found, request.POST.get("consent", ""))
    withdraw = partial(papers.withdraw_consent, consent=consent, by=request.actor)
    patient_facts_changed.keep(found, "a consent that was withdrawn", withdraw)
    return _done(request, found, "The consent is withdrawn. Visits are held until there is a new one.")


@require_POST
@requires(Permission.PATIENT_CHANGE)
def patient_enrolment(request: ClinicRequest, patient_id: UUID) -> HttpResponse:
    """Write down an enrolment in a drug's safety programme."""
    form = EnrolmentForm(request.POST)
    fact = Fact(name="enrolment_form", form=form, act=elsewhere.enrol, cause="an enrolment", said="Enrolment recorded.")
    return save(request, patient_id, fact)


@require_POST
@requires(Permission.PATIENT_CHANGE)
def patient_diary_seen(request: ClinicRequest, patient_id: UUID) -> HttpResponse:
    """Somebody read an entry of the diary."""
    found = records.get(request.clinic, patient_id)
    entry = entries.of_patient(found, request.POST.get("entry", ""))
    diary.mark_seen(entry=entry, by=request.actor)
    return _done(request, found, "Marked as seen.")


def page_of(request: ClinicRequest, patient_id: UUID) -> dict[str, Any]:
    """Everything the patient's page shows, with its small forms empty."""
    today = clock.today(request.clinic.zone)
    page = patient_page(request.clinic, patient_id, today=today)
    context = page_context(page, request.actor)
    return context | {
        "weight_form": WeightForm(initial={"measured_on": today}),
        "lab_form": LabForm(initial={"taken_on": today}),
        "risk_form": RiskForm(initial={"since_on": today}),
        "consent_form": ConsentForm(initial={"signed_on": today}),
        "enrolment_form": EnrolmentForm(
            initial={
                "enrolled_on": today,
                "programme": next((row.code for row in context["programmes"] if not row.counts), ""),
            }
        ),
        "elsewhere_form": ElsewhereForm(initial={"starts_on": today}),
        "coverage_form": CoverageForm(payers=records.payers(request.clinic)),
    }


def save(request: ClinicRequest, patient_id: UUID, fact: Fact) -> HttpResponse:
    """Run one of the small forms of the page; what is wrong is shown in it, still filled."""
    found = records.get(request.clinic, patient_id)
    form, status = fact.form, 422
    if form.is_valid():
        try:
            act = partial(fact.act, patient=found, by=request.actor, **form.cleaned_data)
            patient_facts_changed.keep(found, fact.cause, act)
        except Refusal as refusal:
            put_refusal(form, refusal)
            status = refusal.status if refusal.status == 409 else 422
        else:
            return _done(request, found, fact.said)
    context = page_of(request, patient_id) | {fact.name: form}
    return render(request, "scheduling/patient.html", context, status=status)


def _done(request: ClinicRequest, patient: Patient, said: str) -> HttpResponse:
    messages.success(request, said)
    return redirect("scheduling:patient", patient.id)
