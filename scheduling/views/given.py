"""What was given at a visit: recording it, correcting it, looking at it; and who got vials of a lot."""

import csv
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from accounts.domain.policy import Permission
from accounts.http import ClinicRequest
from audit.services.record import record
from core.errors import BadInput, Conflict, NotAllowed, Refusal
from core.permissions import requires
from scheduling.given_forms import Entry, LotSearchForm
from scheduling.models import Visit
from scheduling.presenters import given as shown
from scheduling.presenters import words
from scheduling.queries import given as queries
from scheduling.queries import visits
from scheduling.queries.given import Given
from scheduling.services import giving

PAGE, LOTS = "scheduling/given.html", "scheduling/lots.html"


@require_http_methods(["GET", "POST"])
@requires(Permission.VISIT_VIEW)
def visit_given(request: ClinicRequest, visit_id: UUID) -> HttpResponse:
    """What was given; with the permission, the form to record or correct it."""
    visit = visits.get(request.clinic, visit_id)
    given = queries.of_visit(visit)
    if request.method == "POST":
        return _record(request, visit, given)
    record(action="administration.view", entity_type="visit", entity_id=visit.id, by=request.actor,
           patient_id=visit.patient_id)  # fmt: skip
    may_record = given.administration is not None and request.actor.can(Permission.ADMINISTRATION_RECORD)
    is_open = may_record and (given.administration.recorded_at is None or "correct" in request.GET)  # type: ignore[union-attr]
    return _page(request, visit, given, shown.entry(visit, given) if is_open else None)


def _record(request: ClinicRequest, visit: Visit, given: Given) -> HttpResponse:
    if not request.actor.can(Permission.ADMINISTRATION_RECORD):
        raise NotAllowed("not_allowed", "Your role may not record what was given. Ask a nurse.")
    row = given.administration
    if row is None:
        raise Conflict("not_begun", "The infusion has not started, so there is nothing to record yet.")
    day = shown.day_of(visit, row, given.products)
    if request.POST.get("act", "record") != "record":
        return _page(request, visit, given, shown.changed_rows(request.POST, day), version=_version(request))
    entry = shown.posted(request.POST, visit, given, day)
    facts = entry.facts()
    if facts is None:
        return _page(request, visit, given, entry, status=422, version=_version(request))
    try:
        giving.record(visit=visit, facts=facts, expected_version=_version(request), by=request.actor)
    except Refusal as refusal:
        entry.refuse(refusal)
        is_field = isinstance(refusal, BadInput)
        given = given if is_field else queries.of_visit(visit)
        status = 422 if is_field else 409
        return _page(request, visit, given, entry, status=status, version=_version(request) if is_field else None)
    messages.success(request, f"Recorded what {visit.patient.short_name} was given.")
    return redirect("scheduling:visit-given", visit.id)


def _page(
    request: ClinicRequest,
    visit: Visit,
    given: Given,
    entry: Entry | None,
    *,
    status: int = 200,
    version: int | None = None,
) -> HttpResponse:
    row = given.administration
    context: dict[str, Any] = {
        "visit": visit,
        "drug": words.drug(visit.course_day),
        "given": row,
        "entry": entry,
        "version": version if version is not None else row.version if row else 0,
        "facts": shown.facts(visit, given),
        "lots": shown.lot_rows(given),
        "rates": given.rates,
        "left_over": shown.left_over(given),
        "reactions": [shown.line(reaction) for reaction in given.here],
        "pace": queries.pace(visit),
        "changes": queries.changes(row, visit) if row else (),
        "replaced": queries.replaced_lots(row) if row else (),
        "can_record": request.actor.can(Permission.ADMINISTRATION_RECORD),
    }
    return render(request, PAGE, context, status=status)


@requires(Permission.PATIENT_VIEW)
@require_safe
def lots(request: ClinicRequest) -> HttpResponse:
    """Everybody who got vials of a lot, for a recall; as a CSV file with ``?csv=1``."""
    form = LotSearchForm(request.GET)
    text = form.cleaned_data["q"].strip() if form.is_valid() else ""
    found = queries.lot_uses(request.clinic, text)
    if text:
        detail = {"found": len(found), "is_export": "csv" in request.GET}
        record(action="lot.search", entity_type="lot", entity_id=text.upper()[:40], by=request.actor, detail=detail)
    if text and "csv" in request.GET:
        return _csv(text, found)
    patients = len({use.administration.order.patient_id for use in found})
    return render(request, LOTS, {"form": form, "q": text, "uses": found, "patients": patients})


def _csv(text: str, found: Any) -> HttpResponse:
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    name = "".join(letter for letter in text.upper() if letter.isalnum() or letter == "-")
    answer["Content-Disposition"] = f'attachment; filename="lot-{name}.csv"'
    rows = csv.writer(answer)
    rows.writerow(["lot", "expires_on", "ndc", "product", "vials", "vial_mg", "given_at", "record_number", "patient"])
    for use in found:
        lot, given = use.lot, use.administration
        rows.writerow(
            [_cell(value) for value in (
                lot.lot_number, lot.expires_on, lot.ndc, given.product.name, lot.vials, lot.vial_mg,
                given.started_at.isoformat(), use.patient.record_number, use.patient,
            )]
        )  # fmt: skip
    return answer


def _cell(value: object) -> str:
    """The value as text that a spreadsheet does not take for a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if text[:1] in {"=", "+", "-", "@"} else text


def _version(request: ClinicRequest) -> int:
    text = request.POST.get("version", "")
    if text.isascii() and text.isdigit() and len(text) < 9:
        return int(text)
    raise BadInput("version_missing", "The form did not say which version it shows. Reload the page.", field="version")
