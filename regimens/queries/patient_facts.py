"""What of a patient changes a plan."""

from dataclasses import dataclass
from datetime import date

from core import clock
from patients.domain.cautions import is_at_risk
from patients.models import Patient
from patients.queries.records import age


@dataclass(frozen=True)
class PatientFacts:
    """Slower rates for a risk, and the day they last had this product (None: never)."""

    is_at_risk: bool = False
    last_given_on: date | None = None


def patient_facts(patient: Patient, *, last_given_on: date | None = None) -> PatientFacts:
    """What of `patient` changes a plan now. One SQL statement."""
    codes = patient.risk_flags.filter(ended_on__isnull=True).values_list("code", flat=True)
    years = age(patient.birth_date, clock.today(patient.clinic.zone))
    return PatientFacts(is_at_risk=is_at_risk(age_years=years, flags=set(codes)), last_given_on=last_given_on)
