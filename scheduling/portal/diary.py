"""The symptom diary on the patient's phone. A sign that cannot wait is answered at once, whatever else was typed."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from accounts.domain.policy import Permission
from accounts.http import ClinicRequest
from audit.services.record import record
from core import clock
from core.errors import Refusal
from core.permissions import requires
from patients.domain.diary import Entry, sensible
from patients.models import Patient
from patients.queries import diary as entries
from scheduling.portal import diary_presenters as presenters
from scheduling.portal import queries
from scheduling.portal.diary_forms import FIELD_OF, DiaryForm
from scheduling.portal.views import SIGN_IN
from scheduling.services import diary as keeping


@requires(Permission.SELF_VIEW, sign_in=SIGN_IN)
@require_safe
def diary(request: ClinicRequest) -> HttpResponse:
    """What the patient wrote, with how bad it was as bars."""
    patient = queries.patient(request.actor.patient_id)
    found = entries.latest(patient.id)
    _note_look(request, patient)
    shown = {
        "lines": [presenters.line(entry) for entry in found],
        "bars": presenters.severity_bars(found),
        "clinic": patient.clinic,
    }
    return render(request, "portal/diary.html", shown)


@requires(Permission.SELF_CHANGE, sign_in=SIGN_IN)
@require_http_methods(["GET", "HEAD", "POST"])
def diary_new(request: ClinicRequest) -> HttpResponse:
    """Write how one feels: a red flag goes to its own page, anything else back to the diary."""
    patient = queries.patient(request.actor.patient_id)
    now, zone = clock.now(), patient.zone
    form = DiaryForm(
        request.POST if request.method == "POST" else None, initial={"happened_on": now.astimezone(zone).date()}
    )
    if form.is_bound:
        is_right = form.is_valid()
        entry = form.entry(now=now, zone=zone)
        if form.chosen_flags:
            return _save(request, patient, sensible(entry, now=now), form)
        if is_right:
            return _save(request, patient, entry, form)
    return _form(request, patient, form)


@requires(Permission.SELF_VIEW, sign_in=SIGN_IN)
@require_safe
def diary_entry(request: ClinicRequest, entry_id: UUID) -> HttpResponse:
    """One entry; for a red flag, first of all whom to call."""
    patient = queries.patient(request.actor.patient_id)
    own = entries.get_own(patient.id, entry_id)
    _note_look(request, patient)
    shown = {"line": presenters.line(own), "clinic": patient.clinic}
    return render(request, "portal/diary_entry.html", shown)


def _save(request: ClinicRequest, patient: Patient, entry: Entry, form: DiaryForm) -> HttpResponse:
    try:
        written = keeping.write(patient=patient, entry=entry, by=request.actor)
    except Refusal as refusal:
        for reason in refusal.reasons:
            field = FIELD_OF.get(reason.field or "", reason.field)
            form.add_error(field if field in form.fields else None, reason.sentence)
        return _form(request, patient, form)
    if written.is_red_flag:
        return redirect("portal:diary-entry", entry_id=written.id)
    messages.success(request, "Saved. Your nurse reads it before your next infusion.")
    return redirect("portal:diary")


def _form(request: ClinicRequest, patient: Patient, form: DiaryForm) -> HttpResponse:
    shown = {"form": form, "clinic": patient.clinic}
    return render(request, "portal/diary_new.html", shown, status=422 if form.errors else 200)


def _note_look(request: ClinicRequest, patient: Patient) -> None:
    record(action="diary.view", entity_type="patient", entity_id=patient.id, by=request.actor, patient_id=patient.id)
