"""A place that the clinic offers to a patient: they look at it, and say yes or no. Their own only."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.text import capfirst
from django.views.decorators.http import require_http_methods

from accounts.domain.policy import Permission
from accounts.http import ClinicRequest
from audit.services.record import record
from core import clock
from core.errors import Refusal
from core.permissions import requires
from scheduling.models import Offer, OfferState
from scheduling.portal.views import SIGN_IN
from scheduling.queries import waitlist as queries
from scheduling.services import offers

GONE = "We could not book this time; it may be taken. Nothing has changed for you, and we will call you."


@requires(Permission.SELF_CHANGE, sign_in=SIGN_IN)
@require_http_methods(["GET", "HEAD", "POST"])
def offer(request: ClinicRequest, offer_id: UUID) -> HttpResponse:
    """What is offered; POST ``act`` is yes or no."""
    own = queries.own_offer(request.actor.patient_id, offer_id)
    if request.method == "POST" and request.POST.get("act") in {"yes", "no"}:
        return _answer(request, own, is_yes=request.POST["act"] == "yes")
    record(
        action="offer.view",
        entity_type="offer",
        entity_id=own.id,
        by=request.actor,
        patient_id=request.actor.patient_id,
    )
    return render(request, "portal/offer.html", _shown(own))


def _answer(request: ClinicRequest, own: Offer, *, is_yes: bool) -> HttpResponse:
    try:
        if is_yes:
            visit = offers.accept(offer=own, by=request.actor)
        else:
            offers.decline(offer=own, by=request.actor)
    except Refusal as refusal:
        fresh = queries.own_offer(request.actor.patient_id, own.id)
        if is_yes and fresh.state == OfferState.OPEN and fresh.expires_at > clock.now():
            offers.say_yes_failed(offer=fresh, why=refusal.sentence, by=request.actor)
        shown = _shown(fresh) | {"problem": GONE if fresh.state == OfferState.OPEN else ""}
        return render(request, "portal/offer.html", shown, status=refusal.status)
    if is_yes:
        messages.success(request, "Thank you. This time is yours.")
        return redirect("portal:visit", visit_id=visit.id)
    messages.success(request, "Thank you for telling us. Nothing has changed for you.")
    return redirect("portal:home")


def _shown(own: Offer) -> dict[str, object]:
    day = own.entry.course_day
    product = day.course.order.product
    is_over = own.state == OfferState.OPEN and own.expires_at <= clock.now()
    return {
        "offer": own,
        "clinic": own.entry.clinic,
        "minutes": day.chair_minutes,
        "what": capfirst(product.board_name or product.name),
        "visit": own.entry.visit,
        "is_open": own.state == OfferState.OPEN and not is_over,
        "is_taken": own.state == OfferState.ACCEPTED,
    }
