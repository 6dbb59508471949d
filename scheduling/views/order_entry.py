"""Entering an order: whose, which drug for what, the numbers with the year they make, and correcting a draft."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from accounts.domain.policy import Permission
from accounts.http import ClinicRequest
from core import clock
from core.errors import Refusal
from core.permissions import requires
from patients.forms import SearchForm, put_refusal
from patients.models import Patient
from patients.queries import records
from regimens.domain.validity import last_valid_on
from regimens.forms import OrderForm, TherapyForm, initial_of
from regimens.models import Indication, Product, TreatmentOrder
from regimens.queries import orders as reading
from regimens.queries.exchanges import exchange_cautions
from regimens.queries.patient_facts import patient_facts, with_weight
from regimens.services import drafts
from regimens.services import orders as keeping
from regimens.services.dose_notices import dose_notices
from scheduling.presenters import order_form, order_preview
from scheduling.presenters.patients import search_rows
from scheduling.queries.order_entry import OrderStart, days_to_come, labs_of, order_start, preview_cover
from scheduling.queries.patient_page import patient_list

FOUND = 20


@requires(Permission.ORDER_CHANGE)
def order_new(request: ClinicRequest) -> HttpResponse:
    """Choose the patient, then the drug, then the numbers; preview, save as a draft, or accept."""
    patient = _patient(request)
    if patient is None:
        return _choose_patient(request)
    if request.method == "POST":
        return _entered(request, patient)
    therapy = TherapyForm(request.GET if "product" in request.GET else None)
    if not therapy.is_valid():
        context = {"patient": patient, "therapy_form": therapy, "step": "therapy"}
        return render(request, "scheduling/order_new.html", context, status=422 if therapy.is_bound else 200)
    start = _start(request, patient, **therapy.cleaned_data)
    form = OrderForm(initial=initial_of(order_form.known(start), start.labs), labs=start.labs)
    return render(request, "scheduling/order_new.html", _entry(patient, form, start))


@requires(Permission.ORDER_CHANGE)
def order_edit(request: ClinicRequest, order_id: UUID) -> HttpResponse:
    """Correct a draft before it is accepted."""
    draft = reading.get(request.clinic, order_id)
    if request.method == "POST":
        return _entered(request, draft.patient, draft)
    start = _start(request, draft.patient, draft.product, draft.indication, draft=draft)
    form = OrderForm(initial=initial_of(order_form.known_of(draft), start.labs), labs=start.labs)
    return render(request, "scheduling/order_new.html", _entry(draft.patient, form, start, draft))


@require_POST
@requires(Permission.ORDER_CHANGE)
def order_preview_live(request: ClinicRequest) -> HttpResponse:
    """The year that the order as typed so far would make, or quietly what is still missing. Saves nothing."""
    patient = _patient(request)
    therapy = TherapyForm(request.POST)
    if patient is None or not therapy.is_valid():
        return render(request, "scheduling/_order_live.html")
    labs = labs_of(patient, **therapy.cleaned_data, today=clock.today(request.clinic.zone))
    form = OrderForm(request.POST, labs=labs)
    context: dict[str, Any] = {}
    try:
        context |= _preview(request, patient, form) if form.is_valid() else order_form.missing(form)
    except Refusal as refusal:
        context["missing"] = [reason.sentence for reason in refusal.reasons]
    return render(request, "scheduling/_order_live.html", context)


def _entered(request: ClinicRequest, patient: Patient, draft: TreatmentOrder | None = None) -> HttpResponse:
    """What was posted: shown again with its preview or its errors, or saved."""
    start = _posted_start(request, patient, draft)
    if start is not None and draft is None and "apply" in request.POST:
        return _template_applied(request, patient, start)
    form = OrderForm(request.POST, labs=start.labs if start else ())
    context: dict[str, Any] = {}
    status = 422
    if form.is_valid():
        try:
            if request.POST.get("action") in {"save", "accept"}:
                return _saved(request, patient, form, draft)
            context = _preview(request, patient, form)
            status = 200
        except Refusal as refusal:
            put_refusal(form, refusal)
            status = 409 if refusal.status in {409, 412} else 422
    template = "scheduling/order_new.html#entry" if request.htmx else "scheduling/order_new.html"
    return render(request, template, _entry(patient, form, start, draft) | context, status=status)


def _template_applied(request: ClinicRequest, patient: Patient, before: OrderStart) -> HttpResponse:
    """The form from another template, with what was typed so far; nothing is checked or saved yet."""
    now = _start(request, patient, before.product, before.indication, template=request.POST["apply"])
    form, kept = order_form.applied(request.POST, before, now)
    template = "scheduling/order_new.html#entry" if request.htmx else "scheduling/order_new.html"
    return render(request, template, _entry(patient, form, now) | {"kept": kept})


def _saved(request: ClinicRequest, patient: Patient, form: OrderForm, draft: TreatmentOrder | None) -> HttpResponse:
    """Save what was entered; both acts go together or not at all."""
    facts, accepts = form.facts(), request.POST.get("action") == "accept"
    if draft is not None:
        change = drafts.change_and_accept if accepts else drafts.change
        saved = change(order=draft, facts=facts, expected_version=form.expected_version, by=request.actor)
    else:
        enter = keeping.enter_and_accept if accepts else keeping.enter_facts
        saved = enter(clinic=request.clinic, patient=patient, facts=facts, by=request.actor)
    messages.success(request, "The order is accepted." if accepts else "The order is saved as a draft.")
    return redirect("scheduling:order", saved.id)


def _preview(request: ClinicRequest, patient: Patient, form: OrderForm) -> dict[str, Any]:
    facts, today = form.facts(), clock.today(request.clinic.zone)
    known = with_weight(patient_facts(patient, facts.product, last_given_on=facts.prior_dose_on), patient)
    courses = keeping.preview(facts, today=today, patient=known)
    cover = preview_cover(request.clinic, patient, facts.product, facts.hcpcs, courses, today=today)
    exchanges = exchange_cautions(patient, facts.product, days_to_come(courses, today=today))
    until = last_valid_on(signed_on=facts.signed_on, starts_on=facts.starts_on, ends_on=facts.ends_on)
    shown = order_preview.preview(courses, facts.product, known, cover, exchanges, valid_until=until)
    return shown | {
        "beside": reading.beside(patient, facts.product),
        "dose_notices": dose_notices(facts, organization_id=request.clinic.organization_id),
    }


def _start(
    request: ClinicRequest,
    patient: Patient,
    product: Product,
    indication: Indication,
    *,
    draft: TreatmentOrder | None = None,
    template: str = "",
) -> OrderStart:
    template = template or request.GET.get("template") or request.POST.get("template") or ""
    today = clock.today(request.clinic.zone)
    return order_start(patient, product, indication, today=today, template=template, draft=draft)


def _posted_start(request: ClinicRequest, patient: Patient, draft: TreatmentOrder | None = None) -> OrderStart | None:
    """What the posted product and indication start from; None where they name nothing."""
    therapy = TherapyForm(request.POST)
    return _start(request, patient, draft=draft, **therapy.cleaned_data) if therapy.is_valid() else None


def _entry(
    patient: Patient, form: OrderForm, start: OrderStart | None, draft: TreatmentOrder | None = None
) -> dict[str, Any]:
    """What the form's page shows."""
    return order_form.page(form, start) | {"patient": patient, "form": form, "draft": draft, "step": "order"}


def _choose_patient(request: ClinicRequest) -> HttpResponse:
    form = SearchForm(request.GET or None)
    text = form.cleaned_data["q"] if form.is_valid() else ""
    found = list(patient_list(request.clinic, text)[:FOUND]) if text else []
    context = {
        "search_form": form,
        "q": text,
        "rows": search_rows(found, clock.today(request.clinic.zone)),
        "step": "patient",
    }
    return render(request, "scheduling/order_new.html", context)


def _patient(request: ClinicRequest) -> Patient | None:
    text = request.POST.get("patient") or request.GET.get("patient") or ""
    try:
        return records.get(request.clinic, UUID(text))
    except ValueError:
        return None
