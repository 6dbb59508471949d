"""Reactions to an infusion: recording one from its visit, saying that it is over, taking back a mistake."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from accounts.domain.policy import Permission
from accounts.http import ClinicRequest
from core import clock
from core.errors import BadInput, Refusal
from core.permissions import requires
from patients.queries import records
from regimens.domain.reactions import HOLDING, MEANINGS, gained
from regimens.queries import reactions as kept
from regimens.services import reactions
from scheduling.given_forms import ReactionForm, VoidForm
from scheduling.models import Visit
from scheduling.presenters import given as shown
from scheduling.presenters import words
from scheduling.queries import visits
from scheduling.services import giving

PAGE = "scheduling/reaction.html"


@require_http_methods(["GET", "POST"])
@requires(Permission.ADMINISTRATION_RECORD)
def visit_reaction(request: ClinicRequest, visit_id: UUID) -> HttpResponse:
    """Record a reaction to what was given at the visit."""
    visit = visits.get(request.clinic, visit_id)
    now = clock.now().astimezone(visit.clinic.zone)
    initial = {"on": now.date(), "at": now.time()}
    form = ReactionForm(request.POST or None, kinds=kept.kinds(), zone=visit.clinic.zone, initial=initial)
    if request.method != "POST" or not form.is_valid():
        return _page(request, visit, form, status=422 if request.method == "POST" else 200)
    known = {name: form.cleaned_data[name] for name in (*_SAID, "occurred_at")}
    try:
        reaction = giving.react(visit=visit, by=request.actor, **known)
    except Refusal as refusal:
        form.refuse(refusal)
        return _page(request, visit, form, status=422 if isinstance(refusal, BadInput) else refusal.status)
    messages.success(request, f"Reaction recorded. {shown.followed(reaction)}")
    return redirect("scheduling:visit", visit.id)


_SAID = ("kind", "grade", "description", "treatment", "is_over")


@require_POST
@requires(Permission.ADMINISTRATION_RECORD)
def visit_reaction_change(request: ClinicRequest, visit_id: UUID, reaction_id: UUID) -> HttpResponse:
    """``act`` is over (the reaction has ended) or void (with ``reason``: it was a mistake)."""
    visit = visits.get(request.clinic, visit_id)
    reaction = kept.of_infusion(visit.course_day_id, reaction_id, patient_id=visit.patient_id)
    if request.POST.get("act") == "over":
        reactions.resolve(reaction=reaction, by=request.actor)
        messages.success(request, "The reaction is over.")
    else:
        form = VoidForm(request.POST)
        reason = form.cleaned_data["reason"] if form.is_valid() else ""
        giving.void_reaction(visit=visit, reaction=reaction, reason=reason, by=request.actor)
        still = " The plan stays on hold until a prescriber releases it." if reaction.grade >= HOLDING else ""
        messages.success(request, f"The reaction counts for nothing now.{still}")
    return redirect("scheduling:visit", visit.id)


@require_POST
@requires(Permission.ORDER_RELEASE)
def patient_reaction_release(request: ClinicRequest, patient_id: UUID, reaction_id: UUID) -> HttpResponse:
    """The patient may be infused again; a prescriber says why in ``note``."""
    reaction = kept.get(records.get(request.clinic, patient_id).id, reaction_id)
    try:
        giving.release_reaction(reaction=reaction, note=request.POST.get("note", ""), by=request.actor)
    except Refusal as refusal:
        messages.error(request, refusal.sentence)
    else:
        messages.success(request, "The reaction is released. An order on hold is released on its own page.")
    return redirect("scheduling:patient", patient_id)


def _page(request: ClinicRequest, visit: Visit, form: ReactionForm, *, status: int) -> HttpResponse:
    context: dict[str, Any] = {
        "visit": visit,
        "drug": words.drug(visit.course_day),
        "form": form,
        "grades": [
            {
                "radio": radio,
                "meaning": MEANINGS[grade],
                "follows": gained(grade),
            }
            for grade, radio in zip(MEANINGS, form["grade"], strict=True)
        ],
    }
    return render(request, PAGE, context, status=status)
