"""A changed plan: the booked courses it would change, and keeping or following it, course by course."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts.domain.policy import Permission
from accounts.http import ClinicRequest
from audit.services.record import record
from core.errors import BadInput, NeedsReason, Refusal
from core.permissions import requires
from regimens.models import TreatmentOrder
from regimens.queries import orders
from scheduling import plan_forms
from scheduling.presenters import orders as presenting_orders
from scheduling.presenters import plan_changes as presenting
from scheduling.queries.plan_page import plan_page
from scheduling.services import plan_changes
from scheduling.services.booking import Override


@requires(Permission.ORDER_VIEW)
@require_safe
def order_plan(request: ClinicRequest, order_id: UUID) -> HttpResponse:
    """Each booked course as it is, as the plan would have it, and why."""
    found = orders.get(request.clinic, order_id)
    record(action="order.plan", entity_type="order", entity_id=found.id, by=request.actor, patient_id=found.patient_id)
    return _page(request, order_id)


@require_POST
@requires(Permission.PLAN_DECIDE)
def order_plan_decide(request: ClinicRequest, order_id: UUID) -> HttpResponse:
    """Decide: ``act`` is keep (with ``reason``), follow, or follow_all."""
    order = orders.get(request.clinic, order_id)
    try:
        said = _decide(request, order)
    except Refusal as refusal:
        return _page(request, order_id, refusal)
    messages.success(request, said)
    return redirect("scheduling:order-plan", order_id)


def _decide(request: ClinicRequest, order: TreatmentOrder) -> str:
    act, reason = request.POST.get("act"), request.POST.get("reason", "").strip()
    if act == "follow_all":
        return _follow_all(request, order)
    number, seen = plan_forms.read_one(request.POST, request.clinic)
    name, targets, by = seen.fingerprint, seen.targets, request.actor
    if act == "keep":
        plan_changes.keep(order=order, number=number, expected=name, targets=targets, reason=reason, by=by)
        return f"Course {number} stays as it is."
    if act == "follow":
        override = Override(reason) if reason else None
        plan_changes.follow(order=order, number=number, expected=name, targets=targets, by=by, override=override)
        return f"Course {number} follows the plan now."
    raise BadInput("act_unknown", "Choose: keep the visit as it is, or follow the plan.", field="act")


def _follow_all(request: ClinicRequest, order: TreatmentOrder) -> str:
    seen = plan_forms.read(request.POST, request.clinic)
    done = plan_changes.follow_all(
        order=order,
        seen={number: (one.fingerprint, one.targets) for number, one in seen.items()},
        by=request.actor,
    )
    if not done.followed:
        raise next(iter(done.refused.values()))
    for number, refusal in done.refused.items():
        messages.warning(request, f"Course {number} stays as it was: {refusal.sentence}")
    count = len(done.followed)
    return f"{count} course{'' if count == 1 else 's'} follow{'s' if count == 1 else ''} the plan now."


def _page(request: ClinicRequest, order_id: UUID, refusal: Refusal | None = None) -> HttpResponse:
    page = plan_page(request.clinic, order_id)
    cards = presenting.cards(page, may_override=request.actor.can(Permission.VISIT_OVERRIDE))
    context = {
        "order": page.order,
        "summary": presenting_orders.summary(page.order),
        "cards": cards,
        "easy": [card for card in cards if card.is_easy],
        "decided": presenting.decided(page.decided),
        "stuck": page.refusal,
        "can_decide": request.actor.can(Permission.PLAN_DECIDE),
        "is_prescriber": request.actor.can(Permission.ORDER_RELEASE),
        "can_move": request.actor.can(Permission.VISIT_CHANGE),
        "refusal": refusal,
        "refused": request.POST.get("course", "") if refusal else "",
        "needs_reason": isinstance(refusal, NeedsReason),
        "reason": request.POST.get("reason", "") if refusal else "",
    }
    status = refusal.status if refusal is not None else 200
    return render(request, "scheduling/plan_changes.html", context, status=status)
