"""What of a patient changes a plan."""

from dataclasses import dataclass
from datetime import date

from patients.domain.risks import Risk
from patients.models import Patient

# Boxed warnings of immune globulin labels: kidneys and clots. Age is left to the nurse, who records a flag (K).
SLOWS_IMMUNE_GLOBULIN = frozenset(
    {
        Risk.RENAL,
        Risk.DIABETES,
        Risk.HEART_FAILURE,
        Risk.CLOT,
        Risk.HYPERCOAGULABLE,
        Risk.VOLUME_DEPLETED,
        Risk.SEPSIS,
        Risk.PARAPROTEIN,
        Risk.NEPHROTOXIC,
        Risk.IMMOBILE,
    }
)


@dataclass(frozen=True)
class PatientFacts:
    """Slower rates for a risk, and the day they last had this product (None: never)."""

    is_at_risk: bool = False
    last_given_on: date | None = None


def patient_facts(patient: Patient, *, last_given_on: date | None = None) -> PatientFacts:
    """What of `patient` changes a plan now. One SQL statement."""
    codes = patient.risk_flags.filter(ended_on__isnull=True).values_list("code", flat=True)
    return PatientFacts(is_at_risk=any(code in SLOWS_IMMUNE_GLOBULIN for code in codes), last_given_on=last_given_on)
