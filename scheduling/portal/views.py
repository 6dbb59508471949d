"""What a signed-in patient sees and does: their visits, yes, a wish to move, a calendar file, help."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import queries as places
from accounts.domain.policy import Permission
from accounts.http import ClinicRequest
from audit.services.record import record
from core.errors import Refusal
from core.permissions import public, requires
from scheduling.domain.calendar_file import calendar_file
from scheduling.domain.move_wishes import MoveWish
from scheduling.models import Visit
from scheduling.portal import presenters, queries
from scheduling.portal.forms import MoveForm
from scheduling.queries import requests as move_requests
from scheduling.queries import waitlist
from scheduling.services import flow, requests
from scheduling.services import undo as undoing

SIGN_IN = "portal:login"


@requires(Permission.SELF_VIEW, sign_in=SIGN_IN)
@require_safe
def home(request: ClinicRequest) -> HttpResponse:
    """The next visit and what to do about it."""
    patient = queries.patient(request.actor.patient_id)
    own = queries.own_visits(patient.id)
    _note_look(request, "patient", patient.id)
    shown = {
        "patient": patient,
        "clinic": patient.clinic,
        "card": presenters.card(own.next, by=request.actor) if own.next else None,
        "offers": waitlist.own_open_offers(patient.id),
        "booked": len(own.upcoming),
        "past": len(own.past),
        "hours": presenters.hours_in_words(queries.hours(patient.clinic_id)),
        "back": "home",
    }
    return render(request, "portal/home.html", shown)


@requires(Permission.SELF_VIEW, sign_in=SIGN_IN)
@require_safe
def visits(request: ClinicRequest) -> HttpResponse:
    """All of the patient's visits."""
    patient = queries.patient(request.actor.patient_id)
    own = queries.own_visits(patient.id)
    _note_look(request, "visits", patient.id)
    shown = {
        "upcoming": [presenters.line(visit) for visit in own.upcoming],
        "past": [presenters.line(visit) for visit in own.past],
    }
    return render(request, "portal/visits.html", shown)


@requires(Permission.SELF_VIEW, sign_in=SIGN_IN)
@require_safe
def visit(request: ClinicRequest, visit_id: UUID) -> HttpResponse:
    """One of the patient's visits."""
    own = queries.own_visit(request.actor.patient_id, visit_id)
    _note_look(request, "visit", own.id)
    shown = {"card": presenters.card(own, by=request.actor), "clinic": own.clinic, "back": "visit"}
    return render(request, "portal/visit.html", shown)


@requires(Permission.SELF_CHANGE, sign_in=SIGN_IN)
@require_POST
def visit_confirm(request: ClinicRequest, visit_id: UUID) -> HttpResponse:
    """Yes, I'll be there."""
    own = queries.own_visit(request.actor.patient_id, visit_id)
    try:
        flow.confirm(visit=own, by=request.actor)
    except Refusal as refusal:
        return _card(request, own, refusal)
    return _card(request, own)


@requires(Permission.SELF_CHANGE, sign_in=SIGN_IN)
@require_POST
def visit_undo(request: ClinicRequest, visit_id: UUID) -> HttpResponse:
    """Take the yes back."""
    own = queries.own_visit(request.actor.patient_id, visit_id)
    version = request.POST.get("version", "")
    try:
        undoing.undo(
            visit=own,
            expected_version=int(version) if version.isdecimal() and len(version) < 9 else 0,
            by=request.actor,
        )
    except Refusal as refusal:
        return _card(request, own, refusal)
    return _card(request, own)


@requires(Permission.SELF_CHANGE, sign_in=SIGN_IN)
@require_http_methods(["GET", "HEAD", "POST"])
def visit_ask(request: ClinicRequest, visit_id: UUID, wish: str = "") -> HttpResponse:
    """Ask to move the visit, or say that one can't come (`wish` chooses what is ticked first)."""
    own = queries.own_visit(request.actor.patient_id, visit_id)
    has_more = request.method == "POST" or "more" in request.GET
    offered = move_requests.offered_half_days(own, more=has_more)
    form = MoveForm(request.POST if request.method == "POST" else None, offered=offered, initial={"wish": wish})
    if request.method == "POST" and form.is_valid():
        try:
            requests.ask(visit=own, by=request.actor, **_asked(form))
        except Refusal as refusal:
            for reason in refusal.reasons:
                form.add_error(reason.field if reason.field in form.fields else None, reason.sentence)
        else:
            messages.success(request, "We got your request.")
            return redirect("portal:visit", visit_id=own.id)
    shown = {
        "title": "Tell us you can’t come" if wish == MoveWish.CANCEL else "Ask to move",
        "form": form,
        "days": presenters.by_day(offered),
        "chosen": form["half_days"].value() or [],
        "card": presenters.card(own, by=request.actor),
        "clinic": own.clinic,
        "has_more": has_more,
    }
    return render(request, "portal/ask.html", shown, status=422 if form.errors else 200)


@requires(Permission.SELF_CHANGE, sign_in=SIGN_IN)
@require_POST
def request_withdraw(request: ClinicRequest, request_id: UUID) -> HttpResponse:
    """Take a request back."""
    own = move_requests.get_own(request.actor.patient_id, request_id)
    try:
        requests.withdraw(request=own, by=request.actor)
    except Refusal as refusal:
        messages.error(request, refusal.sentence)
    else:
        messages.success(request, "Request taken back. Your time stays as it is.")
    return redirect("portal:visit", visit_id=own.visit_id)


@requires(Permission.SELF_VIEW, sign_in=SIGN_IN)
@require_safe
def visit_calendar(request: ClinicRequest, visit_id: UUID) -> HttpResponse:
    """The visit as a file for the patient's calendar."""
    own = queries.own_visit(request.actor.patient_id, visit_id)
    _note_look(request, "visit_calendar", own.id)
    text = calendar_file(presenters.calendar_visit(own))
    response = HttpResponse(text, content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="appointment.ics"'
    return response


@public("Whoever can't sign in needs to know whom to call; it shows no patient.")
@require_safe
def help_page(request: HttpRequest) -> HttpResponse:
    """How to reach the clinic, and what to do when something feels wrong."""
    clinic = getattr(request, "clinic", None) or places.sole_clinic()
    lines = presenters.hours_in_words(queries.hours(clinic.id)) if clinic else []
    return render(request, "portal/help.html", {"clinic": clinic, "hours": lines})


def _asked(form: MoveForm) -> dict[str, Any]:
    return {name: form.cleaned_data[name] for name in ("wish", "half_days", "note")}


def _card(request: ClinicRequest, own: Visit, refusal: Refusal | None = None) -> HttpResponse:
    """The card as it is now: alone for htmx, as its page otherwise."""
    back = "home" if request.POST.get("back") == "home" else "visit"
    if not request.htmx:
        if refusal:
            messages.error(request, refusal.sentence)
        return redirect("portal:home") if back == "home" else redirect("portal:visit", visit_id=own.id)
    fresh = queries.own_visit(request.actor.patient_id, own.id)
    shown = {
        "card": presenters.card(fresh, by=request.actor),
        "clinic": fresh.clinic,
        "back": back,
        "refusal": refusal,
        "is_new": True,
    }
    return render(request, "portal/_visit_card.html", shown, status=409 if refusal else 200)


def _note_look(request: ClinicRequest, kind: str, entity_id: UUID) -> None:
    record(
        action=f"{kind}.view",
        entity_type=kind,
        entity_id=entity_id,
        by=request.actor,
        patient_id=request.actor.patient_id,
    )
