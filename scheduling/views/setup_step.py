"""One change of the set-up: its form, what it breaks, and only then the save."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse

from accounts.http import ClinicRequest
from audit.services.record import record
from core.errors import Refusal, Stale
from patients.forms import put_refusal
from scheduling.presenters.setup import breaks_view
from scheduling.services import setup_acts
from scheduling.services.setup_acts import Breaks
from scheduling.setup_forms import SetupForm

TEMPLATE = "scheduling/setup_change.html"


@dataclass(frozen=True, kw_only=True)
class Change:
    """What a page changes. `back` is the page to return to, by name and in words; `done` is said when it is saved.

    `upset` is the same change as the page for upset days reads it, which finds new places for all whom it touches.
    """

    title: str
    act: Callable[[], object]
    back: tuple[str, str]
    done: str
    save: str = "Save"
    note: str = ""
    is_danger: bool = False
    extra: dict[str, Any] = field(default_factory=dict)
    upset: Callable[[], dict[str, object]] | None = None


def bound(request: ClinicRequest) -> QueryDict | None:
    """What was sent, if something was."""
    return request.POST if request.method == "POST" else None


def step(request: ClinicRequest, form: SetupForm, change: Change) -> HttpResponse:
    """The form; its preview; or the save, where exactly this was previewed."""
    if request.method != "POST" and form.fields:
        return _page(request, form, change, None)
    if request.method == "POST" and not form.is_valid():
        return _page(request, form, change, None, status=422)
    if request.method != "POST":
        form = type(form)({})
        form.is_valid()
    try:
        if request.POST.get("action") == "save" and request.POST.get("previewed"):
            return _save(request, form, change)
        return _preview(request, form, change)
    except Refusal as refusal:
        put_refusal(form, refusal)
        return _page(request, form, change, None, status=409 if refusal.status == 409 else 422)


def _save(request: ClinicRequest, form: SetupForm, change: Change) -> HttpResponse:
    """Save, unless something else was entered or would break than what was shown: then show that."""
    entered, _, seen = request.POST["previewed"].partition(".")
    if entered != _digest(form):
        return _preview(request, form, change)
    try:
        breaks = setup_acts.save(clinic=request.clinic, act=change.act, seen=seen, by=request.actor)
    except Stale as stale:
        return _preview(request, form, change, stale=stale.sentence)
    tasks = breaks_view(breaks, request.clinic)
    messages.success(request, change.done if tasks.is_nothing else f"{change.done} {tasks.title}: see Requests.")
    return redirect(reverse(f"scheduling:{change.back[0]}"))


def _preview(request: ClinicRequest, form: SetupForm, change: Change, *, stale: str = "") -> HttpResponse:
    breaks = setup_acts.preview(clinic=request.clinic, act=change.act)
    _looked(request, breaks)
    return _page(request, form, change, breaks, status=409 if stale else 200, stale=stale)


def _page(
    request: ClinicRequest,
    form: SetupForm,
    change: Change,
    breaks: Breaks | None,
    *,
    status: int = 200,
    stale: str = "",
) -> HttpResponse:
    context = {
        "form": form,
        "change": change,
        "back_url": reverse(f"scheduling:{change.back[0]}"),
        "stale": stale,
        **change.extra,
    }
    if breaks is not None:
        context["breaks"] = breaks_view(breaks, request.clinic)
        if change.upset is not None and not breaks.is_nothing:
            context["upset_url"] = f"{reverse('scheduling:disruption-new')}?{urlencode(change.upset())}"
        context["previewed"] = f"{_digest(form)}.{breaks.fingerprint}"
    return render(request, TEMPLATE, context, status=status)


def _digest(form: SetupForm) -> str:
    return hashlib.sha256(form.digest().encode()).hexdigest()[:24]


def _looked(request: ClinicRequest, breaks: Breaks) -> None:
    """A preview names patients: that it was looked at is kept."""
    visits = sorted({str(trouble.visit.id) for trouble in (*breaks.troubles, *breaks.soft)})
    if visits:
        detail = {"visits": visits[:200]}
        record(
            action="setup.preview", entity_type="clinic", entity_id=request.clinic.id, by=request.actor, detail=detail
        )
