"""The outbox: every message of the clinic as the person gets it, those that need a person first."""

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.domain.policy import Permission
from accounts.http import ClinicRequest
from accounts.models import Clinic
from audit.services.record import record
from core.permissions import public, requires
from messaging import presenters, queries
from messaging.forms import OutboxFilterForm

PAGE_SIZE = 30
ATTENTION_SIZE = 12


@requires(Permission.MESSAGE_VIEW)
@require_safe
def outbox(request: ClinicRequest) -> HttpResponse:
    """The messages of the clinic, the latest first; ``?state=`` and ``?kind=`` narrow them."""
    context = _page(request, request.clinic)
    shown = [card.id for card in (*context["attention"], *context["cards"])]
    record(
        action="message.view",
        entity_type="outbox",
        entity_id=request.clinic.id,
        by=request.actor,
        detail={"messages": shown},
    )
    return render(request, "messaging/outbox.html", context, status=context["status"])


@public("Demo only: no message leaves a demo, so a visitor reads a patient's sign-in code here.")
@require_safe
@never_cache
def demo_outbox(request: HttpRequest) -> HttpResponse:
    """The messages of the invented clinic, for whoever visits the demo. There is no such address outside a demo."""
    clinic = queries.demo_clinic()
    with timezone.override(clinic.zone if clinic else None):
        context = _page(request, None)
        return render(request, "messaging/outbox.html", context | {"is_public": True}, status=context["status"])


def _page(request: HttpRequest, clinic: Clinic | None) -> dict[str, Any]:
    form = OutboxFilterForm(request.GET)
    is_valid = form.is_valid()
    state, kind = form.cleaned_data.get("state", ""), form.cleaned_data.get("kind", "")
    page = Paginator(queries.lately(clinic, state=state, kind=kind), PAGE_SIZE).get_page(request.GET.get("page"))
    states, kinds = queries.counts(clinic)
    is_front = not (state or kind) and page.number == 1
    return {
        "status": 200 if is_valid else 422,
        "form": form,
        "page": page,
        "cards": presenters.cards(page.object_list) if is_valid else [],
        "attention": presenters.cards(queries.needing_attention(clinic)[:ATTENTION_SIZE]) if is_front else [],
        "state_links": presenters.state_links(states, state=state, kind=kind),
        "kind_links": presenters.kind_links(kinds, state=state, kind=kind),
    }
