"""When something goes wrong: what happened, the smallest rearrangement of the day, one press, and the way back."""

from collections import defaultdict
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.domain.policy import Permission
from accounts.http import ClinicRequest
from audit.services.record import record
from core import clock
from core.errors import Refusal, Stale
from core.permissions import requires
from patients.forms import put_refusal
from scheduling.disruption_forms import ChoicesForm, HappeningForm, read_decisions, starting_with
from scheduling.models import DisruptionKind
from scheduling.presenters import disruptions as presenting
from scheduling.presenters import disruptions_done
from scheduling.queries import disruptions as reading
from scheduling.queries import setup, visits
from scheduling.services import disruption_undo, disruptions
from scheduling.services.clinic_rules import rules_of
from scheduling.services.decisions import Decision, accepting
from scheduling.services.disruption_facts import Happening
from scheduling.views import answers

SHOWN = 50
KINDS = {
    DisruptionKind.CHAIR: "Chair down",
    DisruptionKind.NURSE: "Nurse away",
    DisruptionKind.CLOSED: "Clinic closes",
}


@requires(Permission.VISIT_VIEW)
@require_safe
def index(request: ClinicRequest) -> HttpResponse:
    """What upset a day, the latest first."""
    rows = disruptions_done.list_rows(reading.of_clinic(request.clinic)[:SHOWN])
    context = {"rows": rows, "can_change": _may(request)}
    return render(request, "scheduling/disruptions.html", context)


@requires(Permission.VISIT_OVERRIDE)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: ClinicRequest) -> HttpResponse:
    """What happened; then the proposal; then, with ``act`` apply, all of it at once."""
    form = _form(request)
    if request.method != "POST":
        return _form_page(request, form)
    if not form.is_valid():
        return _form_page(request, form, status=422)
    try:
        happening = form.happening()
        if request.POST.get("act") != "apply":
            return _proposal(request, form, happening)
        return _apply(request, form, happening)
    except Refusal as refusal:
        put_refusal(form, refusal)
        return _form_page(request, form, status=answers.status_of(refusal))


@requires(Permission.VISIT_VIEW)
@require_safe
def detail(request: ClinicRequest, disruption_id: UUID) -> HttpResponse:
    """What was done about one, whom to call, and the way back."""
    return _detail(request, disruption_id)


@requires(Permission.VISIT_OVERRIDE)
@require_POST
def take_back(request: ClinicRequest, disruption_id: UUID) -> HttpResponse:
    """Undo one; the visits ``leave`` stay where they are now."""
    found = reading.get(request.clinic, disruption_id)
    leaving = {change["visit"] for change in found.changes} & set(request.POST.getlist("leave"))
    try:
        disruption_undo.take_back(disruption=found, by=request.actor, leaving={UUID(one) for one in leaving})
    except Refusal as refusal:
        return _detail(request, disruption_id, refusal)
    messages.success(request, "Undone. Every visit that moved is back." if not leaving else "The rest is undone.")
    return redirect("scheduling:disruption", disruption_id=disruption_id)


def _may(request: ClinicRequest) -> bool:
    return request.actor.can(Permission.VISIT_CHANGE) and request.actor.can(Permission.VISIT_OVERRIDE)


def _form(request: ClinicRequest) -> HappeningForm:
    clinic, today = request.clinic, clock.today(request.clinic.zone)
    asked = request.POST if request.method == "POST" else request.GET
    kind = asked.get("kind", "")
    hours = setup.hours(clinic).get(today.weekday()) or next(iter(setup.hours(clinic).values()), None)
    initial: dict[str, Any] = {}
    if hours is not None:
        initial = starting_with(clinic, today, clock.now(), hours.opens, hours.closes)
    return HappeningForm(
        request.POST if request.method == "POST" else None,
        clinic=clinic,
        kind=DisruptionKind(kind) if kind in DisruptionKind.values else DisruptionKind.CHAIR,
        chairs=[chair for chair in setup.chairs(clinic) if chair.is_active],
        nurses=setup.nurses(clinic),
        initial=initial | {name: value for name, value in request.GET.items() if value},
    )


def _form_page(request: ClinicRequest, form: HappeningForm, *, status: int = 200) -> HttpResponse:
    here = reverse("scheduling:disruption-new")
    tabs = [
        {"label": label, "url": f"{here}?kind={kind.value}", "is_current": kind == form.kind}
        for kind, label in KINDS.items()
    ]
    return render(request, "scheduling/disruption_new.html", {"form": form, "tabs": tabs}, status=status)


def _proposal(
    request: ClinicRequest,
    form: HappeningForm,
    happening: Happening,
    *,
    refusal: Refusal | None = None,
    chosen: list[Decision] | None = None,
) -> HttpResponse:
    """The preview. After a refusal it is fresh, and keeps what was chosen as far as that still makes sense."""
    proposal = reading.propose(happening)
    touched = sorted(str(row.visit.id) for row in proposal.rows)
    if touched:  # it names patients: that it was looked at is kept
        detail = {"visits": touched[:200]}
        record(
            action="disruption.preview",
            entity_type="clinic",
            entity_id=request.clinic.id,
            by=request.actor,
            detail=detail,
        )
    kept = {} if isinstance(refusal, Stale) else {one.visit_id: one for one in _widened(chosen or [], refusal)}
    refused: dict[str, list[str]] = defaultdict(list)
    for reason in refusal.reasons if refusal else ():
        refused[reason.facts.get("visit_id", "")].append(reason.sentence)
    view = presenting.proposal_view(
        proposal, tells=rules_of(request.clinic).tells_patient, chosen=kept, refused=refused
    )
    context = {"form": form, "view": view, "refusal": refusal, "override": request.POST.get("override", "")}
    context["is_soft"] = refusal is not None and not any(reason.is_hard for reason in refusal.reasons)
    status = answers.status_of(refusal) if refusal else 200
    return render(request, "scheduling/disruption_preview.html", context, status=status)


def _widened(chosen: list[Decision], refusal: Refusal | None) -> list[Decision]:
    """What was chosen, with the rules that the person is now shown: a reason then speaks for them."""
    soft: dict[str, set[str]] = defaultdict(set)
    for reason in refusal.reasons if refusal else ():
        if not reason.is_hard:
            soft[reason.facts.get("visit_id", "")].add(reason.code)
    return [accepting(one, soft[str(one.visit_id)]) for one in chosen]


def _apply(request: ClinicRequest, form: HappeningForm, happening: Happening) -> HttpResponse:
    choices = ChoicesForm(request.POST)
    choices.is_valid()
    chosen: list[Decision] = []
    try:
        chosen = read_decisions(request.POST)
        done = disruptions.apply(
            happening=happening,
            decisions=chosen,
            by=request.actor,
            reason=choices.cleaned_data.get("override", ""),
            seen_over=choices.seen(),
        )
    except Refusal as refusal:
        return _proposal(request, form, happening, refusal=refusal, chosen=chosen)
    messages.success(request, f"Done. {disruptions_done.done_summary(done)}.")
    return redirect("scheduling:disruption", disruption_id=done.id)


def _detail(request: ClinicRequest, disruption_id: UUID, refusal: Refusal | None = None) -> HttpResponse:
    found = reading.get(request.clinic, disruption_id)
    there = visits.of_clinic(request.clinic).in_bulk([UUID(change["visit"]) for change in found.changes])
    context = {
        "view": disruptions_done.done_view(found, there),
        "on": disruptions_done.days_of(found),
        "can_undo": _may(request),
        "refusal": refusal,
        "leave": sorted({one.facts["visit_id"] for one in refusal.reasons if "visit_id" in one.facts})
        if refusal
        else [],
    }
    status = answers.status_of(refusal) if refusal else 200
    return render(request, "scheduling/disruption.html", context, status=status)
