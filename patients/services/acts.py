"""What every change of a patient's record begins and ends with: may they, lock it, say what is wrong, write it down."""

from collections.abc import Sequence
from typing import Any

from accounts.domain.policy import Permission
from audit.services.record import record
from core.actor import Actor
from core.errors import BadInput, NotFound, Reason
from patients.models import Patient


def may_change(by: Actor, clinic_id: object) -> None:
    """Raises NotAllowed without the permission, NotFound for another clinic's patient."""
    by.require(Permission.PATIENT_CHANGE, "change patients' records")
    if by.clinic_id not in {None, clinic_id}:
        raise NotFound("patient")


def locked(patient: Patient, by: Actor) -> Patient:
    """The patient, locked until the act ends, for somebody who may change them."""
    may_change(by, patient.clinic_id)
    held = Patient.objects.select_for_update(of=("self",)).select_related("clinic").filter(pk=patient.pk).first()
    if held is None:
        raise NotFound("patient")
    return held


def refuse(reasons: Sequence[Reason]) -> None:
    """Raises BadInput with all the reasons, if there is any."""
    if reasons:
        raise BadInput.of(reasons)


def write_down(action: str, patient: Patient, by: Actor, detail: dict[str, Any] | None = None) -> None:
    """Write the act into the audit: names of fields and dates, never what they hold."""
    record(action=action, entity_type="patient", entity_id=patient.id, by=by, patient_id=patient.id, detail=detail)
