"""Changing the catalogue: a form, what the change would touch, only then the save; taking it back likewise."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from accounts.domain.policy import Permission
from accounts.http import ClinicRequest
from audit.services.record import record
from core import clock
from core.errors import Refusal
from core.permissions import requires
from patients.forms import put_refusal
from regimens.domain.catalogue_fields import Field, Reach
from regimens.domain.catalogue_values import written
from regimens.models import Product, ProductCode
from regimens.queries import catalogue_pages as reading
from regimens.services import catalogue_codes, catalogue_edits
from regimens.services.catalogue_edits import Proposal, Subject
from scheduling.catalogue_forms import ChangeForm, CodeForm
from scheduling.presenters import catalogue as presenting
from scheduling.presenters.catalogue_touches import touched_view
from scheduling.services import catalogue_changes
from scheduling.services.catalogue_changes import Touches

DONE = "Saved. Plans without a booked visit follow; booked visits wait for a decision on their order's page."


@requires(Permission.CATALOGUE_CHANGE)
def product_change(request: ClinicRequest, product: str, field: str) -> HttpResponse:
    """Change one number of a product."""
    return _change(request, reading.product_of(product), field)


@requires(Permission.CATALOGUE_CHANGE)
def indication_change(request: ClinicRequest, indication: str, field: str) -> HttpResponse:
    """Change one number of an indication."""
    return _change(request, reading.indication_of(indication), field)


@requires(Permission.CATALOGUE_CHANGE)
def withdraw(request: ClinicRequest, edit_id: UUID) -> HttpResponse:
    """Take a change back, after seeing what that touches."""
    edit = reading.edit_of(edit_id, organization_id=request.clinic.organization_id)
    subject = catalogue_changes.subject_of(edit)
    if request.method == "POST":
        catalogue_changes.withdraw(clinic=request.clinic, edit=edit, by=request.actor)
        messages.success(request, "The change is taken back. What stood there before counts again.")
        return redirect(_page_of(subject))
    touches = catalogue_changes.touches_of_withdrawal(clinic=request.clinic, edit=edit)
    _looked(request, str(subject.pk), touches)
    context = {
        "subject": subject,
        "back_url": _page_of(subject),
        "change": presenting.change_view(edit, today=clock.today(request.clinic.zone)),
        "is_gone": edit.withdrawn_at is not None,
        "touches": touched_view(touches, request.clinic),
    }
    return render(request, "scheduling/catalogue_withdraw.html", context)


@requires(Permission.CATALOGUE_CHANGE)
def code_new(request: ClinicRequest, product: str) -> HttpResponse:
    """Add a billing code to a product, after seeing what it touches."""
    found = reading.product_of(product)
    organization_id = request.clinic.organization_id
    labels = sorted({code.label for code in found.codes.all() if code.organization_id in {None, organization_id}})
    form = CodeForm(request.POST or None, labels=labels or [found.name])
    context: dict[str, Any] = {"subject": found, "back_url": _page_of(found), "form": form, "is_code": True}
    if request.method != "POST":
        return render(request, "scheduling/catalogue_change.html", context)
    return _entered(request, form, context, lambda: _code_step(request, found, form))


@requires(Permission.CATALOGUE_CHANGE)
def code_withdraw(request: ClinicRequest, code_id: int) -> HttpResponse:
    """Take an own billing code back, after seeing what that touches."""
    code: ProductCode = reading.code_of(code_id, organization_id=request.clinic.organization_id)
    if request.method == "POST":
        catalogue_changes.withdraw_code(clinic=request.clinic, code=code, by=request.actor)
        messages.success(request, f"{code.hcpcs} is taken back.")
        return redirect(_page_of(code.product))
    touches = catalogue_changes.touches_of_code_withdrawal(clinic=request.clinic, code=code)
    _looked(request, code.product_id, touches)
    context = {
        "subject": code.product,
        "back_url": _page_of(code.product),
        "code": code,
        "is_gone": code.withdrawn_at is not None,
        "touches": touched_view(touches, request.clinic),
    }
    return render(request, "scheduling/catalogue_withdraw.html", context)


def _change(request: ClinicRequest, subject: Subject, name: str) -> HttpResponse:
    """The form, its preview, or the save."""
    organization_id, today = request.clinic.organization_id, clock.today(request.clinic.zone)
    field = catalogue_edits.field_of(subject, name, organization_id=organization_id)
    number = reading.number_on_page(subject, field, organization_id=organization_id, today=today)
    initial = {"value": written(field, number.value), "effective_from": today}
    form = ChangeForm(request.POST or None, field=field, initial=initial)
    context = {
        "subject": subject,
        "back_url": _page_of(subject),
        "form": form,
        "number": presenting.number_view(number, today=today),
        "keeps_orders": field.reach is Reach.ORDERS,
    }
    if request.method != "POST":
        return render(request, "scheduling/catalogue_change.html", context)
    return _entered(request, form, context, lambda: _change_step(request, subject, field, form))


def _entered(
    request: ClinicRequest, form: forms.Form, context: dict[str, Any], step: Callable[[], HttpResponse | dict[str, Any]]
) -> HttpResponse:
    """What a step of the form answers: the way back, its preview, or its errors."""
    status = 422
    if form.is_valid():
        try:
            answer = step()
        except Refusal as refusal:
            put_refusal(form, refusal)
            status = 409 if refusal.status == 409 else 422
        else:
            if isinstance(answer, HttpResponse):
                return answer
            context, status = context | answer, 200
    return render(request, "scheduling/catalogue_change.html", context, status=status)


def _change_step(
    request: ClinicRequest, subject: Subject, field: Field, form: ChangeForm
) -> HttpResponse | dict[str, Any]:
    """Save what was previewed; else show what it would touch."""
    facts = form.facts()
    if request.POST.get("action") == "save" and form.was_previewed:
        catalogue_changes.change(clinic=request.clinic, subject=subject, facts=facts, by=request.actor)
        messages.success(request, DONE if field.reach is Reach.DAYS else "Saved.")
        return redirect(_page_of(subject))
    proposal: Proposal = catalogue_edits.propose(clinic=request.clinic, subject=subject, facts=facts, by=request.actor)
    touches = catalogue_changes.touches(clinic=request.clinic, subject=subject, reach=field.reach, as_if=proposal.as_if)
    _looked(request, str(subject.pk), touches)
    return {
        "proposal": presenting.proposal_view(proposal),
        "touches": touched_view(touches, request.clinic),
        "digest": form.digest(),
    }


def _code_step(request: ClinicRequest, product: Product, form: CodeForm) -> HttpResponse | dict[str, Any]:
    """Save the code that was previewed; else show what it would touch."""
    facts = form.facts()
    if request.POST.get("action") == "save" and form.was_previewed:
        catalogue_changes.add_code(clinic=request.clinic, product=product, facts=facts, by=request.actor)
        messages.success(request, DONE)
        return redirect(_page_of(product))
    proposal = catalogue_codes.propose_code(clinic=request.clinic, product=product, facts=facts, by=request.actor)
    touches = catalogue_changes.touches(clinic=request.clinic, subject=product, reach=Reach.DAYS, as_if=proposal.as_if)
    _looked(request, product.pk, touches)
    return {
        "proposed_code": proposal.code,
        "touches": touched_view(touches, request.clinic),
        "digest": form.digest(),
    }


def _looked(request: ClinicRequest, subject_id: str, touches: Touches) -> None:
    """A preview names patients: that it was looked at is kept."""
    orders = [str(touched.order.pk) for touched in touches.orders if touched.order.clinic_id == request.clinic.id]
    if orders:
        detail = {"orders": orders}
        record(
            action="catalogue.preview", entity_type="catalogue", entity_id=subject_id, by=request.actor, detail=detail
        )


def _page_of(subject: Subject) -> str:
    name = "catalogue-product" if isinstance(subject, Product) else "catalogue-indication"
    return reverse(f"scheduling:{name}", args=[subject.pk])
