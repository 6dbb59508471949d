"""Patients' requests: each with times that would fit, and one press to say yes, no, or to cancel the visit."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from accounts.domain.policy import Permission
from accounts.http import ClinicRequest
from core.errors import BadInput, Refusal
from core.permissions import requires
from scheduling.forms import PlaceForm
from scheduling.models import MoveRequest
from scheduling.queries import backfill
from scheduling.queries import requests as queries
from scheduling.queries.staff_tasks import to_look_at
from scheduling.services import diary, offers
from scheduling.services import requests as services
from scheduling.services.offers import FreedPlace

WITH_TIMES = 4
KEPT = "We could not find another time. Your visit stays as it is."


@requires(Permission.REQUEST_VIEW)
@require_safe
def requests(request: ClinicRequest) -> HttpResponse:
    """All open requests, the most pressing first. Times are looked for only for the first few and the chosen one."""
    return render(request, "scheduling/requests.html", _shown(request))


@requires(Permission.REQUEST_ANSWER)
@require_POST
def request_answer(request: ClinicRequest, request_id: UUID) -> HttpResponse:
    """Answer one request: ``act`` is move (with ``place``), keep (with ``answer``) or cancel."""
    asked = queries.get(request.clinic, request_id)
    try:
        done = _answer(request, asked)
    except Refusal as refusal:
        shown = _shown(request) | {"refusal": refusal, "refused": asked}
        return render(request, "scheduling/requests.html", shown, status=refusal.status)
    messages.success(request, done)
    left = f"?{urlencode({'left': asked.visit_id})}" if request.POST.get("act") in {"move", "cancel"} else ""
    return redirect(f"{reverse('scheduling:requests')}{left}")


@requires(Permission.REQUEST_ANSWER)
@require_POST
def task_done(request: ClinicRequest, task_id: UUID) -> HttpResponse:
    """Somebody looked at a task."""
    diary.finish_task(clinic=request.clinic, task_id=task_id, by=request.actor)
    messages.success(request, "Done.")
    return redirect("scheduling:requests")


def _answer(request: ClinicRequest, asked: MoveRequest) -> str:
    name, act = asked.visit.patient.short_name, request.POST.get("act")
    if act == "move" and "offer" in request.POST:
        return _offer(request, asked)
    if act == "move":
        form = PlaceForm(request.POST, clinic=request.clinic)
        if not form.is_valid():
            raise BadInput("place_unknown", "That time is not on the list. Choose another.", field="place")
        place = form.cleaned_data
        services.answer_with_move(request=asked, chair=place["chair"], start=place["start"], by=request.actor)
        return f"{name} is moved. The patient is told."
    if act == "keep":
        services.keep(request=asked, answer=request.POST.get("answer", ""), by=request.actor)
        return f"{name} keeps the time. The patient is told."
    if act == "cancel":
        services.cancel_visit(request=asked, by=request.actor)
        return f"Cancelled {name}’s visit. The patient is told."
    raise BadInput("act_unknown", "Choose an answer: approve a time, keep the time, or cancel.", field="act")


def _offer(request: ClinicRequest, asked: MoveRequest) -> str:
    """Ask the patient whether the time suits; the visit keeps its own until they say yes."""
    form = PlaceForm({"place": request.POST["offer"]}, clinic=request.clinic)
    if not form.is_valid():
        raise BadInput("place_unknown", "That time is not on the list. Choose another.", field="place")
    place = FreedPlace(chair=form.cleaned_data["chair"], start=form.cleaned_data["start"])
    offers.make_for_course_day(course_day=asked.visit.course_day, place=place, by=request.actor)
    return f"{asked.visit.patient.short_name} is asked, and keeps the time until they say yes."


def _shown(request: ClinicRequest) -> dict[str, Any]:
    chosen = request.GET.get("open", "")
    asked = queries.to_answer(request.clinic)
    first = {one.id for one in asked[:WITH_TIMES]} | {one.id for one in asked if str(one.id) == chosen}
    found = queries.describe(asked, with_times=first)
    tasks = list(to_look_at(request.clinic))
    can_book = request.actor.can(Permission.VISIT_BOOK)
    return {
        "urgent": [task for task in tasks if task.is_urgent],
        "requests": found,
        "chosen": chosen,
        "kept": KEPT,
        "freed": backfill.free_place(request.clinic, request.GET.get("left", "")) if can_book else None,
        "tasks": [task for task in tasks if not task.is_urgent],
        "can_answer": request.actor.can(Permission.REQUEST_ANSWER),
    }
