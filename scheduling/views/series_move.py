"""Moving a visit of a series together with those that follow it, or with all of it: a preview, then all or nothing."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from accounts.domain.policy import Permission
from accounts.http import ClinicRequest
from core.errors import BadInput, Refusal, Stale
from core.permissions import requires
from scheduling.domain.series import Place
from scheduling.models import Visit
from scheduling.queries import series as reading
from scheduling.queries import visits
from scheduling.series_forms import RowsRead, SeriesForm, read_place, read_rows
from scheduling.services import series
from scheduling.services.booking_many import Move
from scheduling.views import answers
from scheduling.views.series import leave, override_of, refused

PAGE = "scheduling/series_move.html"
SCOPES = {"following": "This and following visits", "all": "All visits to come"}


@require_http_methods(["GET", "POST"])
@requires(Permission.VISIT_CHANGE)
def series_move(request: ClinicRequest, visit_id: UUID) -> HttpResponse:
    """Where the visits go when this one goes to ``place``; ``scope`` is following or all. POST with act move moves."""
    found = visits.get(request.clinic, visit_id)
    asked = request.POST if request.method == "POST" else request.GET
    to, form, rows = read_place(asked.get("place", "")), SeriesForm(asked), read_rows(request.POST)
    if not form.is_valid() or request.POST.get("act") != "move":
        return _page(request, found, to, form, rows)
    try:
        moved = _move(request, found, form, rows)
    except Refusal as refusal:
        return _page(request, visits.get(request.clinic, visit_id), to, form, rows, refusal=refusal)
    count = len(moved.visits)
    messages.success(request, f"{count} {'visit is' if count == 1 else 'visits are'} moved.")
    return leave(request, reverse("scheduling:series", args=[moved.pk]))


def asked_together(request: ClinicRequest, visit: Visit, place: str) -> HttpResponse | None:
    """On to the preview when others of the visit's series are to move with it; None for a visit that moves alone."""
    scope = request.POST.get("scope", "this")
    if visit.series_id is None or scope not in SCOPES:
        return None
    query = urlencode({"place": place, "scope": scope})
    return leave(request, f"{reverse('scheduling:visit-series', args=[visit.id])}?{query}")


def _move(request: ClinicRequest, visit: Visit, form: SeriesForm, rows: RowsRead) -> series.Series:
    by_day = {one.course_day_id: one for one in _together(visit, request.POST)}
    if not rows.chosen.keys() <= by_day.keys():
        raise BadInput("changed_meanwhile", "The series changed meanwhile. Look at the page again, then move.")
    chairs = visits.chairs_by_id(request.clinic)
    if not {place.chair_id for place in rows.chosen.values()} <= chairs.keys():
        raise BadInput("unknown_place", "One of the chairs is not here. Look at the page again.")
    moves = [
        Move(
            visit=by_day[key],
            chair=chairs[place.chair_id],
            start=place.start,
            expected_version=rows.versions.get(key, by_day[key].version),
        )
        for key, place in rows.chosen.items()
        if (place.chair_id, place.start) != (by_day[key].chair_id, by_day[key].period.lower)
    ]
    return series.move_series(moves=moves, by=request.actor, override=override_of(form))


def _together(visit: Visit, asked: Any) -> list[Visit]:
    scope = asked.get("scope", "following")
    if scope not in SCOPES:
        raise BadInput("unknown_scope", "Choose: this and following, or all.", field="scope")
    with_exceptions = bool(asked.get("exceptions"))
    return reading.mates(visit, only_following=scope == "following", with_exceptions=with_exceptions)


def _page(
    request: ClinicRequest,
    visit: Visit,
    to: Place,
    form: SeriesForm,
    rows: RowsRead,
    *,
    refusal: Refusal | None = None,
) -> HttpResponse:
    """The preview. A series that changed meanwhile is looked at afresh."""
    asked = request.POST if request.method == "POST" else request.GET
    together = _together(visit, asked)
    kept = {} if isinstance(refusal, Stale) else rows.chosen if refusal else rows.kept
    plan = reading.plan_move(visit, together, kept.get(visit.course_day_id, to), kept=kept)
    context = {
        "visit": visit,
        "scope": asked.get("scope", "following"),
        "scopes": SCOPES.items(),
        "exceptions": bool(asked.get("exceptions")),
        "place": asked.get("place", ""),
        "form": form,
        **refused(plan, request, rows, refusal),
    }
    status = answers.status_of(refusal) if refusal else 200
    return render(request, f"{PAGE}#series" if request.htmx else PAGE, context, status=status)
