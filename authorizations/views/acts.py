"""Acting on an authorization: one form and one service each. A refusal keeps the form filled, its reasons beside it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from accounts.domain.policy import Permission
from accounts.http import ClinicRequest
from authorizations import forms
from authorizations.domain.statuses import AuthorizationStatus
from authorizations.models import Authorization
from authorizations.queries import records
from authorizations.services import answers, follow_ups, work
from core.actor import Actor
from core.errors import Refusal, Stale
from core.permissions import requires

TEMPLATE = "authorizations/act.html"


@dataclass(frozen=True)
class Act:
    """What a form's page says and does: `run` calls the service and returns where to go and what to tell."""

    title: str
    submit: str
    run: Callable[[Any, Authorization, Actor], tuple[Authorization, str]]
    note: str = ""


def _perform(request: ClinicRequest, authorization_id: UUID, act: Act, form_type: Any, **extra: Any) -> HttpResponse:
    """Show the form; when it is sent and the service agrees, go to the authorization."""
    found = records.get(request.clinic, authorization_id)
    form = form_type(request.POST if request.method == "POST" else None, authorization=found, **extra)
    if request.method != "POST":
        return _page(request, found, act, form)
    if not form.is_valid():
        return _page(request, found, act, form, status=422)
    try:
        changed, text = act.run(form, found, request.actor)
    except Refusal as refusal:
        if isinstance(refusal, Stale):
            form.data = form.data.copy()
            form.data["expected_version"] = str(found.version)
        forms.show_refusal(form, refusal)
        return _page(request, found, act, form, status=409 if refusal.status in {409, 412} else 422)
    return done(request, changed, text)


def _page(
    request: ClinicRequest, found: Authorization, act: Act, form: forms.ActForm, *, status: int = 200
) -> HttpResponse:
    context = {"authorization": found, "act": act, "form": form, "action": request.path}
    name = f"{TEMPLATE}#panel" if request.htmx else TEMPLATE
    return render(request, name, context, status=status)


def done(request: ClinicRequest, changed: Authorization, text: str) -> HttpResponse:
    """Go to the authorization and say what happened."""
    messages.success(request, text)
    address = reverse("authorizations:authorization", args=[changed.id])
    if request.htmx:
        return HttpResponse(status=204, headers={"HX-Redirect": address})
    return redirect(address)


def _submit(form: forms.SubmitForm, found: Authorization, by: Actor) -> tuple[Authorization, str]:
    changed = work.submit(authorization=found, by=by, **form.cleaned_data)
    return changed, f"Sent to {changed.payer.name}. Next follow-up {_day(changed)}."


def _answer(form: forms.AnswerForm, found: Authorization, by: Actor) -> tuple[Authorization, str]:
    data = form.cleaned_data
    recorded = answers.record_answer(
        authorization=found,
        answer=form.answer(),
        follow_up_on=data["follow_up_on"],
        expected_version=data["expected_version"],
        by=by,
    )
    told = [f"{form.answer().outcome.label}.", *(difference.sentence for difference in recorded.differences)]
    if recorded.visits_covered:
        told.append(f"Visits now covered: {recorded.visits_covered}.")
    told.append(f"Next follow-up {_day(recorded.authorization)}.")
    return recorded.authorization, " ".join(told)


def _call(form: forms.CallForm, found: Authorization, by: Actor) -> tuple[Authorization, str]:
    return follow_ups.log_call(authorization=found, by=by, **form.cleaned_data), "The call is logged."


def _follow_up(form: forms.FollowUpForm, found: Authorization, by: Actor) -> tuple[Authorization, str]:
    data = form.cleaned_data
    changed = follow_ups.set_follow_up(
        authorization=found,
        on=data["follow_up_on"],
        next_step=data["next_step"],
        expected_version=data["expected_version"],
        by=by,
    )
    return changed, f"Next follow-up {_day(changed)}."


def _assign(form: forms.AssignForm, found: Authorization, by: Actor) -> tuple[Authorization, str]:
    owner, version = form.chosen_owner(), form.cleaned_data["expected_version"]
    changed = follow_ups.assign(authorization=found, owner=owner, expected_version=version, by=by)
    return changed, f"{owner.name} owns it now." if owner else "Nobody owns it now."


def _step(form: forms.StepForm, found: Authorization, by: Actor) -> tuple[Authorization, str]:
    data = form.cleaned_data | {"to": AuthorizationStatus(form.cleaned_data["to"])}
    changed = work.step(authorization=found, by=by, **data)
    return changed, f"It is now “{AuthorizationStatus(changed.status).label}”."


def _close(form: forms.CloseForm, found: Authorization, by: Actor) -> tuple[Authorization, str]:
    data = form.cleaned_data | {"to": AuthorizationStatus(form.cleaned_data["to"])}
    changed = work.close(authorization=found, by=by, **data)
    return changed, f"Closed: {AuthorizationStatus(changed.status).label.lower()}."


def _renewal(form: forms.RenewalForm, found: Authorization, by: Actor) -> tuple[Authorization, str]:
    return work.start_renewal(authorization=found, by=by, **form.cleaned_data), "The renewal is started. Send it next."


def _appeal(form: forms.AppealForm, found: Authorization, by: Actor) -> tuple[Authorization, str]:
    changed = work.appeal(authorization=found, by=by, **form.cleaned_data)
    return changed, f"Appeal filed. Next follow-up {_day(changed)}."


def _cover(form: forms.CoverForm, found: Authorization, by: Actor) -> tuple[Authorization, str]:
    version = form.cleaned_data["expected_version"]
    covered = work.cover_visits(authorization=found, expected_version=version, by=by)
    return found, f"Visits now covered: {covered}." if covered else "No visit was waiting that it can cover."


def _day(authorization: Authorization) -> str:
    on = authorization.follow_up_on
    return f"{on:%a} {on.day} {on:%b %Y}" if on else "none"


@requires(Permission.AUTHORIZATION_CHANGE)
def submit(request: ClinicRequest, authorization_id: UUID) -> HttpResponse:
    """Send the request."""
    note = "The payer's clock starts now, and the first follow-up is set."
    return _perform(request, authorization_id, Act("Send request", "Mark as sent", _submit, note), forms.SubmitForm)


@requires(Permission.AUTHORIZATION_CHANGE)
def answer(request: ClinicRequest, authorization_id: UUID) -> HttpResponse:
    """Record what the payer said."""
    note = "Every field is compared with what was asked."
    return _perform(request, authorization_id, Act("Record answer", "Save answer", _answer, note), forms.AnswerForm)


@requires(Permission.AUTHORIZATION_CHANGE)
def call(request: ClinicRequest, authorization_id: UUID) -> HttpResponse:
    """Log a call."""
    note = "A decision heard on the phone goes under “Record answer”."
    return _perform(request, authorization_id, Act("Log a call", "Save call", _call, note), forms.CallForm)


@requires(Permission.AUTHORIZATION_CHANGE)
def follow_up(request: ClinicRequest, authorization_id: UUID) -> HttpResponse:
    """Set the next follow-up."""
    return _perform(request, authorization_id, Act("Next follow-up", "Save", _follow_up), forms.FollowUpForm)


@requires(Permission.AUTHORIZATION_CHANGE)
def assign(request: ClinicRequest, authorization_id: UUID) -> HttpResponse:
    """Choose an owner."""
    people = records.owners(request.clinic)
    return _perform(request, authorization_id, Act("Owner", "Save", _assign), forms.AssignForm, people=people)


@requires(Permission.AUTHORIZATION_CHANGE)
def step(request: ClinicRequest, authorization_id: UUID) -> HttpResponse:
    """Move the request along."""
    return _perform(request, authorization_id, Act("Move along", "Save", _step), forms.StepForm)


@requires(Permission.AUTHORIZATION_CHANGE)
def close(request: ClinicRequest, authorization_id: UUID) -> HttpResponse:
    """End the work on it."""
    return _perform(request, authorization_id, Act("Close", "Close it", _close), forms.CloseForm)


@requires(Permission.AUTHORIZATION_CHANGE)
def renewal(request: ClinicRequest, authorization_id: UUID) -> HttpResponse:
    """Start the renewal."""
    note = "It begins the day after this one ends and runs as long again."
    return _perform(request, authorization_id, Act("Start renewal", "Start", _renewal, note), forms.RenewalForm)


@requires(Permission.AUTHORIZATION_CHANGE)
def appeal(request: ClinicRequest, authorization_id: UUID) -> HttpResponse:
    """Appeal a denial."""
    return _perform(request, authorization_id, Act("Appeal", "File the appeal", _appeal), forms.AppealForm)


@requires(Permission.AUTHORIZATION_CHANGE)
def cover(request: ClinicRequest, authorization_id: UUID) -> HttpResponse:
    """Cover visits that wait."""
    note = "Units are set aside for visits booked without cover, the earliest first."
    return _perform(request, authorization_id, Act("Cover visits", "Cover them", _cover, note), forms.CoverForm)
