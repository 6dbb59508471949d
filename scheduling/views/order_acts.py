"""What people do with an order: accept it, extend it, hold and release it, end it, renew it."""

from collections.abc import Callable
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from accounts.domain.policy import Permission
from accounts.http import ClinicRequest
from core.errors import NotAllowed, NotFound, Refusal
from core.permissions import requires
from patients.forms import put_refusal
from regimens.forms import AcceptForm, EndForm, HoldForm, ReleaseForm
from regimens.models import OrderStatus, TreatmentOrder
from regimens.queries import orders as reading
from regimens.services import renewal, replanning
from scheduling.services import order_standing
from scheduling.views.orders import order_context

SHOWN_WHEN = {
    "accept_form": "can_accept",
    "hold_form": "can_hold",
    "release_form": "can_release",
    "end_form": "can_end",
}
"""What shows each form on the order's page; its errors stand there, else on top."""


@require_POST
@requires(Permission.ORDER_CHANGE)
def order_accept(request: ClinicRequest, order_id: UUID) -> HttpResponse:
    """Make a draft active: its courses are laid out for a year."""
    found, form = reading.get(request.clinic, order_id), AcceptForm(request.POST)

    def accept() -> str:
        accepted = order_standing.accept(order=found, by=request.actor, **form.cleaned_data)
        return f"The order is accepted: {accepted.courses.count()} courses are laid out."

    return _done(request, found, "accept_form", form, accept)


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


@require_POST
@requires(Permission.ORDER_VIEW)
def order_hold(request: ClinicRequest, order_id: UUID) -> HttpResponse:
    """Put an order on hold. The service asks whether this person may."""
    found, form = reading.get(request.clinic, order_id), HoldForm(request.POST)

    def hold() -> str:
        order_standing.hold(order=found, by=request.actor, **form.cleaned_data)
        return "The order is on hold: no infusion of it can start."

    return _done(request, found, "hold_form", form, hold)


@require_POST
@requires(Permission.ORDER_VIEW)
def order_release(request: ClinicRequest, order_id: UUID) -> HttpResponse:
    """Let an order on hold go on. The service asks whether this person may."""
    found, form = reading.get(request.clinic, order_id), ReleaseForm(request.POST)

    def release() -> str:
        order_standing.release(order=found, by=request.actor, **form.cleaned_data)
        return "The order is released."

    return _done(request, found, "release_form", form, release)


@require_POST
@requires(Permission.ORDER_CHANGE)
def order_end(request: ClinicRequest, order_id: UUID) -> HttpResponse:
    """End an order on a date."""
    found, form = reading.get(request.clinic, order_id), EndForm(request.POST)

    def end() -> str:
        ended = order_standing.end(order=found, by=request.actor, **form.cleaned_data)
        has_ended = ended.status == OrderStatus.ENDED
        return "The order has ended." if has_ended else f"The order goes on until {ended.ends_on:%-d %B %Y}."

    return _done(request, found, "end_form", form, end)


@require_POST
@requires(Permission.ORDER_CHANGE)
def order_renew(request: ClinicRequest, order_id: UUID) -> HttpResponse:
    """Draft the order that follows this one, and open it."""
    found = reading.get(request.clinic, order_id)
    try:
        draft = renewal.renew(order=found, by=request.actor)
    except Refusal as refusal:
        return _refused(request, found, refusal)
    messages.success(request, "The renewal is drafted. Enter when the prescriber signed it, then accept it.")
    return redirect("scheduling:order-edit", draft.id)


def _done(
    request: ClinicRequest, order: TreatmentOrder, name: str, form: forms.Form, act: Callable[[], str]
) -> HttpResponse:
    """Do `act` with what was entered and go back to the order; or the order's page with what is wrong in the form."""
    status = 422
    if form.is_valid():
        try:
            text = act()
        except (NotAllowed, NotFound):
            raise
        except Refusal as refusal:
            put_refusal(form, refusal)
            status = 409 if refusal.status == 409 else 422
        else:
            messages.success(request, text)
            return redirect("scheduling:order", order.id)
    context = order_context(request, order.id)
    has_shown_form = context[SHOWN_WHEN[name]]
    context |= {name: form, "wrong_form": form, "has_shown_form": has_shown_form}
    return render(request, "scheduling/order.html", context, status=status)


def _refused(request: ClinicRequest, order: TreatmentOrder, refusal: Refusal) -> HttpResponse:
    if isinstance(refusal, NotAllowed | NotFound):
        raise refusal
    context = order_context(request, order.id) | {"refused": refusal.reasons}
    return render(request, "scheduling/order.html", context, status=409 if refusal.status == 409 else 422)
