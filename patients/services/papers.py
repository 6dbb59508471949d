"""Consents to be treated, and checks of insurance: recorded, withdrawn, checked again. Every act is audited."""

from datetime import date

from core import clock
from core.actor import Actor
from core.errors import Conflict
from core.transactions import business_act
from patients.domain.papers import check_consent_date
from patients.models import Coverage, Patient, TreatmentConsent
from patients.services.acts import locked, may_change, refuse, write_down


@business_act
def record_consent(*, patient: Patient, signed_on: date, by: Actor) -> TreatmentConsent:
    """The patient signed a consent to be treated. It counts for a year, unless withdrawn."""
    may_change(by, patient.clinic_id)
    today = clock.today(patient.clinic.zone)
    refuse(check_consent_date(signed_on=signed_on, today=today, born_on=patient.birth_date))
    consent = TreatmentConsent.objects.create(patient=patient, signed_on=signed_on, recorded_by_label=by.label)
    write_down("patient.consent", patient, by, {"signed_on": signed_on.isoformat()})
    return consent


@business_act
def withdraw_consent(*, consent: TreatmentConsent, by: Actor) -> TreatmentConsent:
    """The patient takes the consent back: it counts no more from today. Withdrawing it twice is fine."""
    held = locked(consent.patient, by)
    current = held.treatment_consents.select_for_update().get(pk=consent.pk)
    if current.withdrawn_on is None:
        current.withdrawn_on = clock.today(held.clinic.zone)
        current.save(update_fields=["withdrawn_on"])
        write_down("patient.consent_withdraw", held, by, {"signed_on": current.signed_on.isoformat()})
    return current


@business_act
def verify_coverage(*, coverage: Coverage, by: Actor) -> Coverage:
    """Somebody checked today with the insurer that the membership is in force.

    Raises Conflict for one that has ended, or not begun: there is nothing to check.
    """
    held = locked(coverage.patient, by)
    current = held.coverages.select_for_update(of=("self",)).select_related("payer").get(pk=coverage.pk)
    today = clock.today(held.clinic.zone)
    if current.starts_on > today or (current.ends_on is not None and current.ends_on < today):
        raise Conflict("coverage_not_in_force", f"The membership of {current.payer} is not in force today.")
    current.verified_on = today
    current.save(update_fields=["verified_on"])
    write_down("patient.coverage_verify", held, by, {"payer": str(current.payer_id)})
    return current
