"""A whole regimen in one screen: places for every course, one press to book them all, and taking it back."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.domain.policy import Permission
from accounts.http import ClinicRequest
from audit.services.record import record
from core.errors import BadInput, NeedsReason, Refusal
from core.permissions import requires
from regimens.queries import orders
from scheduling.domain.statuses import EXPECTED
from scheduling.presenters import orders as order_words
from scheduling.presenters import series as presenting
from scheduling.queries import series as reading
from scheduling.queries import visits
from scheduling.series_forms import RowsRead, SeriesForm, read_rows
from scheduling.services import series
from scheduling.services import series_undo as undoing
from scheduling.services.booking import Override
from scheduling.services.series import Pick
from scheduling.views import answers

PAGE, BOOKED = "scheduling/series.html", "scheduling/series_booked.html"


@require_http_methods(["GET", "POST"])
@requires(Permission.VISIT_BOOK)
def order_series(request: ClinicRequest, order_id: UUID) -> HttpResponse:
    """Places for every course to come; POST with ``act`` find looks again, with book books all that is chosen."""
    order = orders.get(request.clinic, order_id)
    form = SeriesForm(request.POST if request.method == "POST" else request.GET)
    rows = read_rows(request.POST)
    if not form.is_valid():
        return _page(request, order_id, form, rows, status=422)
    if request.POST.get("act") != "book":
        record(action="order.series", entity_type="order", entity_id=order.id, by=request.actor,
               patient_id=order.patient_id)  # fmt: skip
        return _page(request, order_id, form, _untouched(request, order_id, form, rows))
    try:
        booked = _book(request, order_id, form, rows)
    except Refusal as refusal:
        return _page(request, order_id, form, rows, refusal=refusal, status=answers.status_of(refusal))
    count = len(booked.visits)
    messages.success(request, f"{count} {'visit is' if count == 1 else 'visits are'} booked.")
    return leave(request, reverse("scheduling:series", args=[booked.pk]))


@requires(Permission.VISIT_VIEW)
@require_safe
def booked_series(request: ClinicRequest, series_id: UUID) -> HttpResponse:
    """The visits of a series, and one button to take all of them back."""
    return _booked(request, series_id)


@require_POST
@requires(Permission.VISIT_CHANGE)
def series_undo(request: ClinicRequest, series_id: UUID) -> HttpResponse:
    """Take the whole series back, if none of it has begun; with ``act`` together only what was last done to several."""
    is_whole = request.POST.get("act") != "together"
    act = series.undo_series if is_whole else undoing.undo_together
    try:
        undone = act(clinic=request.clinic, series_id=series_id, by=request.actor)
    except Refusal as refusal:
        if refusal.status == 404:
            raise
        return _booked(request, series_id, refusal=refusal)
    count = len(undone.visits)
    if not is_whole:
        said = "1 visit is where it was before." if count == 1 else f"{count} visits are where they were before."
        messages.success(request, f"Undone: {said}")
        return redirect("scheduling:series", series_id)
    messages.success(request, f"Undone: {count} {'visit is' if count == 1 else 'visits are'} cancelled.")
    return redirect("scheduling:order-series", undone.visits[0].course_day.course.order_id)


def leave(request: HttpRequest, url: str) -> HttpResponse:
    """Go to another page, also from a part of a page that htmx asked for."""
    if getattr(request, "htmx", False):
        return HttpResponse(status=204, headers={"HX-Redirect": url})
    return redirect(url)


def override_of(form: SeriesForm) -> Override | None:
    """The one reason for all places that need one."""
    reason = (form.cleaned_data.get("reason") or "").strip()
    return Override(reason) if reason else None


def _book(request: ClinicRequest, order_id: UUID, form: SeriesForm, rows: RowsRead) -> series.Series:
    order, days = reading.waiting(request.clinic, order_id, form.within)
    by_id = {day.id: day for day in days}
    chosen = {key: place for key, place in rows.chosen.items() if key not in rows.skipped}
    if gone := (chosen.keys() | rows.skipped.keys()) - by_id.keys():
        text = f"{len(gone)} of these courses {'has' if len(gone) == 1 else 'have'} a visit by now, or changed."
        raise BadInput("plan_changed", f"{text} Look at the page again, then book.")
    chairs = visits.chairs_by_id(request.clinic)
    if not {place.chair_id for place in chosen.values()} <= chairs.keys():
        raise BadInput("unknown_place", "One of the chairs is not here. Look at the page again.")
    picks = [Pick(course_day=by_id[key], chair=chairs[one.chair_id], start=one.start) for key, one in chosen.items()]
    skipped = {by_id[key]: why for key, why in rows.skipped.items()}
    override = override_of(form)
    return series.book_series(order=order, picks=picks, by=request.actor, override=override, skipped=skipped)


def _untouched(request: ClinicRequest, order_id: UUID, form: SeriesForm, rows: RowsRead) -> RowsRead:
    """What finding again must not touch: locked rows, and those before the course from which on it is asked."""
    first = form.cleaned_data.get("from_course") or _number(request.POST.get("act", ""))
    if not first:
        return rows
    _, days = reading.waiting(request.clinic, order_id, form.within)
    before = {day.id for day in days if day.course.number < first} & rows.chosen.keys()
    return RowsRead(chosen=rows.chosen, locked=rows.locked | before, skipped=rows.skipped)


def _page(
    request: ClinicRequest,
    order_id: UUID,
    form: SeriesForm,
    rows: RowsRead,
    *,
    refusal: Refusal | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page; after a refusal everything stays as it was chosen, and the rows at fault are named."""
    order = orders.get(request.clinic, order_id)
    usual = reading.usual(request.clinic, order.patient)
    is_read = form.is_valid()
    plan = reading.plan(
        request.clinic,
        order_id,
        within=form.within if is_read else None,
        liking=form.liking(usual) if is_read else usual,
        kept=rows.chosen if refusal else rows.kept,
        skipped=rows.skipped,
    )
    context = {
        "order": plan.order,
        "summary": order_words.summary(plan.order),
        "form": form,
        "can_override": request.actor.can(Permission.VISIT_OVERRIDE),
        **refused(plan, request, rows, refusal),
    }
    return render(request, f"{PAGE}#series" if request.htmx else PAGE, context, status=status)


def refused(
    plan: reading.SeriesPlan, request: ClinicRequest, rows: RowsRead, refusal: Refusal | None
) -> dict[str, Any]:
    """The rows of a plan and, after a refusal, what it said: beside each row, and what belongs to none on top."""
    reasons = refusal.reasons if refusal else ()
    is_soft = isinstance(refusal, NeedsReason)
    shown = presenting.view(plan, request.clinic, read=rows, refused=reasons, is_soft=is_soft)
    return {"view": shown, "reasons": reasons, "is_soft": is_soft, "asks_reason": bool(shown.soft) or is_soft}


def _booked(request: ClinicRequest, series_id: UUID, *, refusal: Refusal | None = None) -> HttpResponse:
    found = reading.visits_of(request.clinic, series_id)
    patient = found[0].patient
    record(action="series.view", entity_type="series", entity_id=series_id, by=request.actor, patient_id=patient.id)
    may_change = request.actor.can(Permission.VISIT_CHANGE)
    context: Mapping[str, Any] = {
        "series_id": series_id,
        "order": found[0].course_day.course.order,
        "patient": patient,
        "summary": order_words.summary(found[0].course_day.course.order),
        "rows": presenting.booked_rows(found),
        "can_undo": may_change and series.may_undo(found),
        "together": presenting.together_words(undoing.newest(found)) if may_change else "",
        "to_come": next((one for one in found if one.status in EXPECTED), None) if may_change else None,
        "reasons": refusal.reasons if refusal else (),
    }
    return render(request, BOOKED, context, status=answers.status_of(refusal) if refusal else 200)


def _number(act: str) -> int:
    """The course of "find from course 4 on" as its button says it; 0 for any other."""
    text = act.removeprefix("from-")
    return int(text) if act != text and text.isascii() and text.isdigit() and len(text) < 4 else 0
