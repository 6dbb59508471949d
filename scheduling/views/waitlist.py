"""The waitlist, who could take a freed place, and offers: each made in one press and answered in one."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.domain.policy import Permission
from accounts.http import ClinicRequest
from core import clock
from core.errors import BadInput, Refusal
from core.permissions import requires
from scheduling.forms import PlaceForm
from scheduling.models import Offer
from scheduling.presenters import finding, words
from scheduling.presenters.finding import when
from scheduling.queries import backfill as freed_places
from scheduling.queries import visits
from scheduling.queries import waitlist as queries
from scheduling.services import offers
from scheduling.services import waitlist as services
from scheduling.services.clinic_rules import rules_of
from scheduling.services.offers import FreedPlace
from scheduling.wait_forms import WaitForm, starting_with

WITH_FIT = 8


@requires(Permission.REQUEST_VIEW)
@require_safe
def waitlist(request: ClinicRequest) -> HttpResponse:
    """Everybody who waits, with what fits now for the first few and for the one chosen with ``?open=``."""
    return render(request, "scheduling/waitlist.html", _list(request))


@requires(Permission.VISIT_BOOK)
@require_http_methods(["GET", "HEAD", "POST"])
def waitlist_add(request: ClinicRequest, course_day_id: UUID) -> HttpResponse:
    """Put a course day on the list."""
    day = visits.get_course_day(request.clinic, course_day_id)
    today = clock.today(request.clinic.zone)
    window = (max(day.course.earliest_on, today), max(day.course.latest_on, today))
    form = WaitForm(request.POST or None, initial=starting_with(*window, rules_of(request.clinic).notice_hours))
    if request.method == "POST" and form.is_valid():
        try:
            services.add(course_day=day, by=request.actor, **form.wish)
        except Refusal as refusal:
            for reason in refusal.reasons:
                form.add_error(reason.field if reason.field in form.fields else None, reason.sentence)
        else:
            messages.success(request, f"{day.course.order.patient.short_name} is on the waitlist.")
            return redirect("scheduling:waitlist")
    shown = {"form": form, "course_day": day, "drug": words.drug(day)}
    return render(request, "scheduling/waitlist_add.html", shown, status=422 if form.errors else 200)


@requires(Permission.VISIT_BOOK)
@require_POST
def waitlist_offer(request: ClinicRequest, wait_id: UUID) -> HttpResponse:
    """Offer the place that was pressed to one who waits."""
    entry = queries.get(request.clinic, wait_id)
    try:
        made = offers.make(entry=entry, place=FreedPlace(**_place(request)), by=request.actor)
    except Refusal as refusal:
        return render(request, "scheduling/waitlist.html", _list(request, refusal), status=refusal.status)
    messages.success(request, _offered(request, made))
    return redirect("scheduling:waitlist")


@requires(Permission.VISIT_BOOK)
@require_POST
def waitlist_withdraw(request: ClinicRequest, wait_id: UUID) -> HttpResponse:
    """Take an entry off the list."""
    entry = queries.get(request.clinic, wait_id)
    try:
        services.withdraw(entry=entry, by=request.actor)
    except Refusal as refusal:
        return render(request, "scheduling/waitlist.html", _list(request, refusal), status=refusal.status)
    messages.success(request, f"{entry.course_day.course.order.patient.short_name} is off the waitlist.")
    return redirect("scheduling:waitlist")


@requires(Permission.VISIT_BOOK)
@require_POST
def offer_answer(request: ClinicRequest, offer_id: UUID) -> HttpResponse:
    """What a patient said on the telephone: ``act`` is accept or decline; or withdraw, to take the offer back."""
    offer = queries.get_offer(request.clinic, offer_id)
    try:
        done = _answer(request, offer)
    except Refusal as refusal:
        return render(request, "scheduling/waitlist.html", _list(request, refusal), status=refusal.status)
    messages.success(request, done)
    if offer.freed_by_id is not None and request.POST.get("act") != "accept":
        return redirect("scheduling:backfill", visit_id=offer.freed_by_id)
    return redirect("scheduling:waitlist")


@requires(Permission.VISIT_BOOK)
@require_http_methods(["GET", "HEAD", "POST"])
def backfill(request: ClinicRequest, visit_id: UUID) -> HttpResponse:
    """Who could take the place that a visit left, best first; POST offers it to ``course_day``."""
    visit = visits.get(request.clinic, visit_id)
    freed = freed_places.freed_by(visit)
    refusal = None
    if request.method == "POST" and freed is not None:
        place = FreedPlace(chair=freed.chair, start=freed.start, freed_by=visit)
        day = visits.get_course_day(request.clinic, _uuid(request.POST.get("course_day", "")))
        try:
            made = offers.make_for_course_day(course_day=day, place=place, by=request.actor)
        except Refusal as problem:
            refusal = problem
        else:
            messages.success(request, _offered(request, made))
            return redirect("scheduling:backfill", visit_id=visit_id)
    shown = _freed(request, freed) | {"visit": visit, "freed": freed, "refusal": refusal}
    return render(request, "scheduling/backfill.html", shown, status=refusal.status if refusal else 200)


def _list(request: ClinicRequest, refusal: Refusal | None = None) -> dict[str, Any]:
    chosen = request.GET.get("open", "")
    entries = queries.waiting(request.clinic)
    first = {entry.id for entry in entries[:WITH_FIT]} | {one.id for one in entries if str(one.id) == chosen}
    found = queries.describe(entries, with_fit=first)
    can_offer = request.actor.can(Permission.VISIT_BOOK)
    return {
        "waiting": [(one, words.drug(one.entry.course_day)) for one in found],
        "refusal": refusal,
        "can_offer": can_offer,
    }


def _freed(request: ClinicRequest, freed: freed_places.Freed | None) -> dict[str, Any]:
    if freed is None:
        return {}
    offer = queries.open_offer_for(request.clinic, freed.chair.id, freed.start)
    if offer is not None or not freed.minutes:
        return {"offer": offer}
    found = freed_places.shortlist(freed)
    return {
        "fit": [(person, words.drug(person.course_day)) for person in found.fit],
        "unfit": [(person, words.drug(person.course_day)) for person in found.unfit[:20]],
        "place": finding.place_value(freed.chair.id, freed.start),
    }


def _answer(request: ClinicRequest, offer: Offer) -> str:
    name, act = offer.entry.course_day.course.order.patient.short_name, request.POST.get("act")
    if act == "accept":
        visit = offers.accept(offer=offer, by=request.actor)
        return f"{name} said yes: {visit.chair.name}, {when(visit.period.lower, request.clinic)}."
    if act == "decline":
        offers.decline(offer=offer, by=request.actor)
        return f"{name} said no. The place is free again."
    if act == "withdraw":
        offers.withdraw(offer=offer, by=request.actor)
        return f"The offer to {name} is taken back. The place is free again."
    raise BadInput("act_unknown", "Choose what the patient said: yes or no.", field="act")


def _offered(request: ClinicRequest, offer: Offer) -> str:
    name, until = offer.entry.course_day.course.order.patient.short_name, when(offer.expires_at, request.clinic)
    return f"Offered {offer.chair.name}, {when(offer.starts_at, request.clinic)} to {name}, until {until}."


def _place(request: ClinicRequest) -> dict[str, Any]:
    form = PlaceForm(request.POST, clinic=request.clinic)
    if not form.is_valid():
        raise BadInput("place_unknown", "That place can't be read. Choose one from the list.", field="place")
    start: datetime = form.cleaned_data["start"]
    return {"chair": form.cleaned_data["chair"], "start": start}


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise BadInput("unknown_course_day", "Choose who is offered the place.", field="course_day") from None
