"""Starting a request: find the order, look at what is proposed, save."""

from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render

from accounts.domain.policy import Permission
from accounts.http import ClinicRequest
from authorizations.forms import RequestForm, show_refusal
from authorizations.queries import proposals, records
from authorizations.services import work
from authorizations.views.acts import done
from core import clock
from core.errors import NotFound, Refusal
from core.permissions import requires
from regimens.models import TreatmentOrder

FOUND_AT_MOST = 30


@requires(Permission.AUTHORIZATION_CHANGE)
def new(request: ClinicRequest) -> HttpResponse:
    """A request for the order named in the address; without one, find the order first."""
    named = request.GET.get("order")
    if not named:
        return _find(request)
    order = records.order(request.clinic, _id(named))
    plans = records.plans(order)
    proposal = proposals.proposal(order, starts_on=clock.today(request.clinic.zone))
    context: dict[str, Any] = {"order": order, "plans": plans, "proposal": proposal, "action": request.get_full_path()}
    if request.method != "POST":
        form = RequestForm(plans=plans, initial=asdict(proposal) if proposal else None)
        return _page(request, context | {"form": form})
    form = RequestForm(request.POST, plans=plans)
    if not form.is_valid():
        return _page(request, context | {"form": form}, status=422)
    try:
        facts = form.cleaned_data | {"plan": form.chosen_plan()}
        started = work.create(order=order, by=request.actor, **facts)
    except Refusal as refusal:
        show_refusal(form, refusal)
        return _page(request, context | {"form": form}, status=409 if refusal.status == 409 else 422)
    return done(request, started, "The request is a draft. Collect the documents and send it.")


def _find(request: ClinicRequest) -> HttpResponse:
    text = request.GET.get("q", "")
    found: list[TreatmentOrder] = records.find_orders(request.clinic, text, limit=FOUND_AT_MOST)
    return render(request, "authorizations/new_find.html", {"orders": found, "q": text, "most": FOUND_AT_MOST})


def _page(request: ClinicRequest, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    template = "authorizations/new.html"
    return render(request, f"{template}#panel" if request.htmx else template, context, status=status)


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as problem:
        raise NotFound("order") from problem
