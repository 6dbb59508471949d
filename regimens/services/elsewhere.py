"""Therapies elsewhere and enrolments in safety programmes: written down, changed, ended. Nothing here books a chair."""

from datetime import date
from typing import Any

from core import clock
from core.actor import Actor
from core.errors import NotFound, Reason
from core.transactions import business_act
from patients.models import Patient
from patients.services.acts import may_change, refuse, write_down
from regimens.domain.elsewhere import Elsewhere, check_elsewhere
from regimens.models import ElsewhereTherapy, SafetyEnrolment
from regimens.queries.programmes import coded


@business_act
def add(*, patient: Patient, therapy: Elsewhere, by: Actor) -> ElsewhereTherapy:
    """The patient has this therapy somewhere else. Raises BadInput naming each field at fault."""
    may_change(by, patient.clinic_id)
    refuse(check_elsewhere(therapy, today=clock.today(patient.clinic.zone)))
    added = ElsewhereTherapy.objects.create(
        patient=patient, created_at=clock.now(), created_by_label=by.label, **vars(therapy)
    )
    write_down("patient.elsewhere_add", patient, by, {"therapy": str(added.id)})
    return added


@business_act
def change(*, held: ElsewhereTherapy, therapy: Elsewhere, by: Actor) -> ElsewhereTherapy:
    """Write the therapy as it is now. Nothing is audited when nothing changed."""
    current = _locked(held, by)
    refuse(check_elsewhere(therapy, today=clock.today(current.patient.clinic.zone)))
    changed = sorted(name for name, value in vars(therapy).items() if getattr(current, name) != value)
    for name, value in vars(therapy).items():
        setattr(current, name, value)
    if changed:
        current.save(update_fields=changed)
        write_down("patient.elsewhere_change", current.patient, by, {"therapy": str(current.id), "fields": changed})
    return current


@business_act
def end(*, held: ElsewhereTherapy, by: Actor) -> ElsewhereTherapy:
    """It was given for the last time: it ends today, or on the day it was to begin. Ending it twice is fine."""
    current = _locked(held, by)
    today = clock.today(current.patient.clinic.zone)
    last = max(today, current.starts_on)
    if current.ends_on is None or current.ends_on > last:
        current.ends_on = last
        current.save(update_fields=["ends_on"])
        write_down("patient.elsewhere_end", current.patient, by, {"therapy": str(current.id)})
    return current


@business_act
def enrol(
    *, patient: Patient, programme: str, enrolled_on: date, valid_until: date | None = None, by: Actor
) -> SafetyEnrolment:
    """The patient is enrolled in a drug's safety programme (REMS), named by its code or its whole name."""
    may_change(by, patient.clinic_id)
    found = []
    if not programme.strip() or len(programme) > 80 or "\x00" in programme:
        found.append(Reason("programme", "Enter the name of the programme.", field="programme"))
    if enrolled_on > clock.today(patient.clinic.zone):
        found.append(Reason("enrolled_later", "An enrolment cannot be in the future.", field="enrolled_on"))
    if valid_until is not None and valid_until < enrolled_on:
        found.append(Reason("ends_before_start", "It ends before the enrolment.", field="valid_until"))
    refuse(found)
    fields: dict[str, Any] = {"programme": coded(programme), "enrolled_on": enrolled_on, "valid_until": valid_until}
    enrolment = SafetyEnrolment.objects.create(patient=patient, recorded_by_label=by.label, **fields)
    write_down("patient.safety_enrol", patient, by, {"enrolled_on": enrolled_on.isoformat()})
    return enrolment


def _locked(held: ElsewhereTherapy, by: Actor) -> ElsewhereTherapy:
    may_change(by, held.patient.clinic_id)
    current = (
        ElsewhereTherapy.objects.select_for_update(of=("self",))
        .select_related("patient__clinic")
        .filter(pk=held.pk)
        .first()
    )
    if current is None:
        raise NotFound("therapy")
    return current
