"""Treatment orders: the list, one with its courses, and entering a new one with its year laid out before saving."""

from datetime import date
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_POST

from accounts.domain.policy import Permission
from accounts.http import ClinicRequest
from audit.services.record import record
from core import clock
from core.errors import Refusal
from core.permissions import requires
from patients.forms import SearchForm, put_refusal
from patients.models import Patient
from patients.queries import records
from regimens.forms import AcceptForm, OrderForm, TherapyForm, initial_of
from regimens.models import OrderStatus, TreatmentOrder
from regimens.queries import catalogue
from regimens.queries import orders as reading
from regimens.queries.orders import OrderFilter
from regimens.queries.patient_facts import patient_facts
from regimens.services import orders as keeping
from regimens.services import replanning
from regimens.services.facts import facts_of
from scheduling.presenters import orders as presenting
from scheduling.presenters.patients import search_rows
from scheduling.queries.order_page import OrderPage, last_given_of, order_page
from scheduling.queries.patient_page import patient_list

PER_PAGE = 50
FOUND = 20


@requires(Permission.ORDER_VIEW)
def orders(request: ClinicRequest) -> HttpResponse:
    """Drafts to accept, active orders, and those that end soon."""
    form = SearchForm(request.GET or None)
    text = form.cleaned_data["q"] if form.is_valid() else ""
    today = clock.today(request.clinic.zone)
    counts = reading.counts(request.clinic, today=today)
    shown = _filter(request.GET.get("show", ""), counts)
    found = reading.listed(request.clinic, shown, today=today, text=text)
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "form": form,
        "filters": _filter_links(shown, counts, text),
        "show": shown.value,
        "page": page,
        "rows": [presenting.summary(order) for order in page.object_list],
        "today": today,
        "can_change": request.actor.can(Permission.ORDER_CHANGE),
    }
    return render(request, "scheduling/orders.html", context)


@requires(Permission.ORDER_VIEW)
def order(request: ClinicRequest, order_id: UUID) -> HttpResponse:
    """One order: every course, its days, and why each is due when it is."""
    context = _order_context(request, order_id)
    found: TreatmentOrder = context["order"]
    record(action="order.view", entity_type="order", entity_id=found.id, by=request.actor, patient_id=found.patient_id)
    return render(request, "scheduling/order.html", context)


@require_POST
@requires(Permission.ORDER_CHANGE)
def order_accept(request: ClinicRequest, order_id: UUID) -> HttpResponse:
    """Make a draft active: its courses are laid out for a year."""
    found = reading.get(request.clinic, order_id)
    form = AcceptForm(request.POST)
    status = 422
    if form.is_valid():
        try:
            accepted = keeping.accept(order=found, by=request.actor, **form.cleaned_data)
        except Refusal as refusal:
            put_refusal(form, refusal)
            status = 409 if refusal.status == 409 else 422
        else:
            messages.success(request, f"The order is accepted: {accepted.courses.count()} courses are laid out.")
            return redirect("scheduling:order", found.id)
    context = _order_context(request, order_id) | {"accept_form": form}
    return render(request, "scheduling/order.html", context, status=status)


@require_POST
@requires(Permission.ORDER_CHANGE)
def order_extend(request: ClinicRequest, order_id: UUID) -> HttpResponse:
    """Lay out what is missing of the year ahead."""
    found = reading.get(request.clinic, order_id)
    before = found.courses.count()
    extended = replanning.extend(order=found, by=request.actor)
    more = extended.courses.count() - before
    text = f"{more} more {'course' if more == 1 else 'courses'} laid out." if more else "The year ahead is laid out."
    messages.success(request, text)
    return redirect("scheduling:order", found.id)


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
    return render(request, "scheduling/order_new.html", _suggested(request, patient, therapy))


def _entered(request: ClinicRequest, patient: Patient) -> HttpResponse:
    """What was posted: shown again with its preview or its errors, or saved."""
    form = OrderForm(request.POST)
    action = request.POST.get("action", "preview")
    context: dict[str, Any] = {"patient": patient, "form": form, "step": "order"}
    status = 422
    if form.is_valid():
        try:
            if action in {"save", "accept"}:
                return _saved(request, patient, form, accepts=action == "accept")
            context |= _preview(request, patient, form)
            status = 200
        except Refusal as refusal:
            put_refusal(form, refusal)
    context |= {"product": form.cleaned_data.get("product"), "indication": form.cleaned_data.get("indication")}
    template = "scheduling/order_new.html#entry" if request.htmx else "scheduling/order_new.html"
    return render(request, template, context, status=status)


def _saved(request: ClinicRequest, patient: Patient, form: OrderForm, *, accepts: bool) -> HttpResponse:
    last_given_on = form.cleaned_data["last_given_on"]
    kept = keeping.enter_and_accept if accepts else keeping.enter_facts
    more = {"last_given_on": last_given_on} if accepts else {}
    saved: TreatmentOrder = kept(clinic=request.clinic, patient=patient, facts=form.facts(), by=request.actor, **more)
    messages.success(request, "The order is accepted." if accepts else "The order is saved as a draft.")
    return redirect("scheduling:order", saved.id)


def _preview(request: ClinicRequest, patient: Patient, form: OrderForm) -> dict[str, Any]:
    known = patient_facts(patient, last_given_on=form.cleaned_data["last_given_on"])
    courses = keeping.preview(form.facts(), today=clock.today(request.clinic.zone), patient=known)
    return presenting.preview(courses, form.cleaned_data["product"], known)


def _suggested(request: ClinicRequest, patient: Patient, therapy: TherapyForm) -> dict[str, Any]:
    product, indication = therapy.cleaned_data["product"], therapy.cleaned_data["indication"]
    today = clock.today(request.clinic.zone)
    weight = catalogue.dosing_weight_of(patient, product)
    suggestion = catalogue.suggestion(product, indication, weight_kg=weight.kg if weight else None, on=today)
    initial = initial_of(suggestion, weight_kg=weight.kg if weight else None, today=today) | {
        "product": product,
        "indication": indication,
        "last_given_on": last_given_of(patient, product),
    }
    return {
        "patient": patient,
        "product": product,
        "indication": indication,
        "weight": weight,
        "form": OrderForm(initial=initial),
        "step": "order",
    }


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


def _order_context(request: ClinicRequest, order_id: UUID) -> dict[str, Any]:
    today = clock.today(request.clinic.zone)
    page = order_page(request.clinic, order_id, today=today)
    may_change = request.actor.can(Permission.ORDER_CHANGE)
    draft = _draft_preview(page, today) if page.order.status == OrderStatus.DRAFT else {}
    return draft | {
        "order": page.order,
        "summary": presenting.summary(page.order),
        "courses": presenting.course_views(page),
        "page": page,
        "today": today,
        "accept_form": AcceptForm(initial={"last_given_on": page.last_given_on}),
        "can_accept": may_change and page.order.status == OrderStatus.DRAFT,
        "can_extend": may_change and page.order.status == OrderStatus.ACTIVE,
        "can_book": request.actor.can(Permission.VISIT_BOOK),
    }


def _draft_preview(page: OrderPage, today: date) -> dict[str, Any]:
    """What accepting the draft would lay out, or every reason why it cannot be."""
    order = page.order
    known = patient_facts(order.patient, last_given_on=page.last_given_on)
    try:
        courses = keeping.preview(facts_of(order), today=today, patient=known)
    except Refusal as refusal:
        return {"preview_reasons": refusal.reasons}
    return presenting.preview(courses, order.product, known)


def _filter(text: str, counts: dict[OrderFilter, int]) -> OrderFilter:
    """The filter in the address; without one, drafts if any wait, else active orders."""
    if text in set(OrderFilter):
        return OrderFilter(text)
    return OrderFilter.DRAFT if counts[OrderFilter.DRAFT] else OrderFilter.ACTIVE


def _filter_links(shown: OrderFilter, counts: dict[OrderFilter, int], text: str) -> list[dict[str, Any]]:
    query = {"q": text} if text else {}
    return [
        {
            "label": one.label,
            "url": f"{reverse('scheduling:orders')}?{urlencode({'show': one.value, **query})}",
            "count": counts[one],
            "is_current": one is shown,
        }
        for one in OrderFilter
    ]
