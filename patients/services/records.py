"""Writing down what is known about a patient: who they are, weights, labs, risks, insurance.

Every act is audited with the names of the fields it changed, never with their values.
"""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db import IntegrityError, transaction

from accounts.domain.policy import Permission
from accounts.models import Clinic
from core import clock
from core.actor import Actor
from core.errors import BadInput, Conflict, NotFound, Reason, Stale
from core.transactions import business_act
from patients.domain.details import Details, check_details, check_weight
from patients.domain.lab_results import check_result
from patients.domain.risks import must_not_have
from patients.models import Coverage, LabResult, Patient, Payer, RiskFlag, WeightMeasurement
from patients.queries.lab_tests import lab_tests
from patients.services.acts import locked, may_change, refuse, write_down
from patients.services.portal_account import keep_account


def details_of(patient: Patient) -> Details:
    """A patient's details as they can be edited."""
    return Details(
        record_number=patient.record_number,
        given_name=patient.given_name,
        family_name=patient.family_name,
        birth_date=patient.birth_date,
        sex=patient.sex,
        height_cm=patient.height_cm,
        email=patient.email,
        phone=patient.phone,
        time_zone=patient.time_zone,
        language=patient.language,
        needs_private_room=patient.needs_private_room,
        needs_interpreter=patient.needs_interpreter,
        prefers_weekday=patient.prefers_weekday,
        prefers_time=patient.prefers_time,
        agrees_to_email=patient.email_consent_at is not None,
        agrees_to_sms=patient.sms_consent_at is not None,
    )


@business_act
def register(*, clinic: Clinic, details: Details, by: Actor) -> Patient:
    """A new patient of `clinic`, who can sign in if they have an e-mail address.

    Raises BadInput naming each field at fault, an address that somebody else signs in with among them; Conflict for a
    record number in use.
    """
    may_change(by, clinic.id)
    refuse(check_details(details, today=clock.today(clinic.zone)))
    patient = Patient(clinic=clinic, organization=clinic.organization, **_plain_fields(details))
    _set_consent(patient, details)
    _save_with_account(patient, by)
    write_down("patient.register", patient, by)
    return patient


@business_act
def update(*, patient: Patient, details: Details, expected_version: int, by: Actor) -> Patient:
    """Replace the patient's details. Raises Stale if somebody else changed them since `expected_version`.

    Their account follows the e-mail address: with another one, the old address no longer signs in.
    Nothing is written, and nothing audited, when the details are what they were.
    """
    held = locked(patient, by)
    if held.version != expected_version:
        raise Stale(
            "changed_meanwhile",
            f"The record of {held} was changed by somebody else meanwhile. Look at it again, then make your change.",
        )
    refuse(check_details(details, today=clock.today(held.clinic.zone)))
    before = details_of(held)
    changed = sorted(name for name in vars(details) if getattr(details, name) != getattr(before, name))
    if not changed:
        return held
    for name, value in _plain_fields(details).items():
        setattr(held, name, value)
    _set_consent(held, details)
    held.version += 1
    _save_with_account(held, by)
    write_down("patient.update", held, by, {"fields": changed})
    return held


@business_act
def record_weight(*, patient: Patient, kg: Decimal, measured_on: date, by: Actor) -> WeightMeasurement:
    """Record a measured weight, kept to 0.1 kg."""
    may_change(by, patient.clinic_id)
    refuse(check_weight(kg, measured_on, today=clock.today(patient.clinic.zone)))
    weight = WeightMeasurement.objects.create(
        patient=patient, kg=kg.quantize(Decimal("0.1"), ROUND_HALF_UP), measured_on=measured_on
    )
    write_down("patient.weight", patient, by, {"measured_on": measured_on.isoformat()})
    return weight


@business_act
def record_lab(
    *,
    patient: Patient,
    code: str,
    taken_on: date,
    value: Decimal | None = None,
    unit: str = "",
    text: str = "",
    by: Actor,
) -> LabResult:
    """Record a laboratory result: a number with its unit, or words. An unlisted test is recorded by its own name."""
    may_change(by, patient.clinic_id)
    test, today = lab_tests().get(code.strip()), clock.today(patient.clinic.zone)
    refuse(check_result(code=code, taken_on=taken_on, value=value, unit=unit, text=text, test=test, today=today))
    lab = LabResult.objects.create(
        patient=patient, code=code.strip(), taken_on=taken_on, value=value, unit=unit.strip()[:20], text=text[:120]
    )
    write_down("patient.lab", patient, by, {"code": lab.code, "taken_on": taken_on.isoformat()})
    return lab


@business_act
def add_risk_flag(*, patient: Patient, code: str, note: str = "", since_on: date | None = None, by: Actor) -> RiskFlag:
    """Note something to know before an infusion. Raises Conflict when the same flag already counts."""
    may_change(by, patient.clinic_id)
    today = clock.today(patient.clinic.zone)
    if not code.strip() or len(code) > 40:
        raise BadInput("risk_code", "Choose what the risk is.", field="code")
    if since_on is not None and since_on > today:
        raise BadInput("risk_later", "A risk cannot begin in the future.", field="since_on")
    held = locked(patient, by)
    if held.risk_flags.filter(code=code.strip(), ended_on__isnull=True).exists():
        raise Conflict("risk_twice", "This is already on the record.", field="code")
    flag = RiskFlag.objects.create(patient=held, code=code.strip(), note=note[:200], since_on=since_on or today)
    write_down("patient.risk_add", held, by, {"code": flag.code})
    return flag


@business_act
def end_risk_flag(*, flag: RiskFlag, by: Actor, reason: str = "") -> RiskFlag:
    """The risk no longer counts from today. Ending it twice is fine.

    A contraindication is ended by a prescriber alone, who says why (BadInput at "reason"): whoever schedules cannot
    lift it that way either.
    """
    held = locked(flag.patient, by)
    why = reason.strip()
    if must_not_have(flag.code):
        by.require(Permission.ORDER_RELEASE, "end a contraindication")
        if not why:
            raise BadInput("reason_missing", "Say why the contraindication no longer holds.", field="reason")
    current = held.risk_flags.select_for_update().get(pk=flag.pk)
    if current.ended_on is None:
        current.ended_on = clock.today(held.clinic.zone)
        current.note = f"{current.note} Ended: {why}".strip()[:200] if why else current.note
        current.save(update_fields=["ended_on", "note"])
        write_down("patient.risk_end", held, by, {"code": current.code})
    return current


@business_act
def add_coverage(
    *,
    patient: Patient,
    payer: Payer,
    member_id: str,
    starts_on: date,
    ends_on: date | None = None,
    is_verified: bool = False,
    by: Actor,
) -> Coverage:
    """Write down the patient's membership of an insurer's plan; `is_verified` when it was checked with them today."""
    may_change(by, patient.clinic_id)
    if payer.organization_id != patient.organization_id:
        raise NotFound("insurer")
    found = []
    if not member_id.strip() or len(member_id) > 40:
        found.append(Reason("member_id", "Enter the member number on the card.", field="member_id"))
    if ends_on is not None and ends_on < starts_on:
        found.append(Reason("ends_before_start", "The end date is before the start.", field="ends_on"))
    refuse(found)
    coverage = Coverage.objects.create(
        patient=patient,
        payer=payer,
        member_id=member_id.strip(),
        starts_on=starts_on,
        ends_on=ends_on,
        verified_on=clock.today(patient.clinic.zone) if is_verified else None,
    )
    write_down("patient.coverage", patient, by, {"payer": str(payer.id)})
    return coverage


def _plain_fields(details: Details) -> dict[str, Any]:
    fields = vars(details) | {
        "record_number": details.record_number.strip(),
        "given_name": details.given_name.strip(),
        "family_name": details.family_name.strip(),
    }
    return {name: value for name, value in fields.items() if name not in {"agrees_to_email", "agrees_to_sms"}}


def _set_consent(patient: Patient, details: Details) -> None:
    """Keep when consent was first given; taking it back forgets it, and giving it again starts anew."""
    now = clock.now()
    patient.email_consent_at = (patient.email_consent_at or now) if details.agrees_to_email else None
    patient.sms_consent_at = (patient.sms_consent_at or now) if details.agrees_to_sms else None


def _save_with_account(patient: Patient, by: Actor) -> None:
    with transaction.atomic():  # a savepoint: a refused address takes the record back even inside a longer transaction
        _save(patient)
        keep_account(patient=patient, by=by)


def _save(patient: Patient) -> None:
    try:
        with transaction.atomic():
            patient.save()
    except IntegrityError as problem:
        name = getattr(getattr(problem.__cause__, "diag", None), "constraint_name", None)
        if name != "patient_record_number_once":
            raise
        raise Conflict(
            "record_number_used",
            f"The record number {patient.record_number} belongs to another patient.",
            field="record_number",
        ) from problem
