"""Everything recorded about one patient, read at once."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from django.db.models import QuerySet

from accounts.models import Clinic
from core.errors import NotFound
from patients.domain.risks import risk_label
from patients.models import Coverage, LabResult, Patient, Payer, RiskFlag, TreatmentConsent, WeightMeasurement

LABS_SHOWN = 40
WEIGHTS_SHOWN = 60


@dataclass(frozen=True)
class Risk:
    """A risk flag in words; `ended_on` is None while it counts."""

    id: int
    code: str
    label: str
    note: str
    since_on: date
    ended_on: date | None


@dataclass(frozen=True)
class PatientRecord:
    """A patient with what was measured and noted; newest first. `coverages` is the plan in force first."""

    patient: Patient
    weights: tuple[WeightMeasurement, ...]
    labs: tuple[LabResult, ...]
    risks: tuple[Risk, ...]
    past_risks: tuple[Risk, ...]
    coverages: tuple[Coverage, ...]

    @property
    def last_weight(self) -> WeightMeasurement | None:
        return self.weights[0] if self.weights else None

    @property
    def weight_change_pct(self) -> Decimal | None:
        """How much the last weight differs from the one before it, in percent."""
        if len(self.weights) < 2:
            return None
        now, before = self.weights[0].kg, self.weights[1].kg
        return ((now - before) * 100 / before).quantize(Decimal("0.1"))

    def coverage_on(self, on: date) -> Coverage | None:
        """The plan in force on a date, the latest to start if there are two."""
        held = (
            each for each in self.coverages if each.starts_on <= on and (each.ends_on is None or each.ends_on >= on)
        )
        return next(held, None)


def get(clinic: Clinic, patient_id: UUID) -> Patient:
    """The patient with this id at `clinic`; raises `NotFound` for any other."""
    found = Patient.objects.for_clinic(clinic).select_related("clinic", "user").filter(pk=patient_id).first()
    if found is None:
        raise NotFound("patient")
    return found


def record(clinic: Clinic, patient_id: UUID) -> PatientRecord:
    """Everything recorded about the patient. Five SQL statements; raises `NotFound` for another clinic's patient."""
    patient = get(clinic, patient_id)
    flags = [_risk(flag) for flag in patient.risk_flags.order_by("-since_on", "-id")]
    return PatientRecord(
        patient=patient,
        weights=tuple(patient.weights.all()[:WEIGHTS_SHOWN]),
        labs=tuple(patient.labs.all()[:LABS_SHOWN]),
        risks=tuple(flag for flag in flags if flag.ended_on is None),
        past_risks=tuple(flag for flag in flags if flag.ended_on is not None),
        coverages=tuple(patient.coverages.select_related("payer")),
    )


def risk_flag(patient: Patient, flag_id: str) -> RiskFlag | None:
    """The patient's own risk flag with this id, None for anything else."""
    number = _number(flag_id)
    return None if number is None else patient.risk_flags.select_related("patient").filter(pk=number).first()


def consent(patient: Patient, consent_id: str) -> TreatmentConsent:
    """The patient's own consent with this id; raises `NotFound` for anything else."""
    number = _number(consent_id)
    own = patient.treatment_consents.select_related("patient")
    found = None if number is None else own.filter(pk=number).first()
    if found is None:
        raise NotFound("consent")
    return found


def coverage(patient: Patient, coverage_id: str) -> Coverage:
    """The patient's own insurance with this id; raises `NotFound` for anything else."""
    try:
        wanted = UUID(coverage_id)
    except ValueError:
        raise NotFound("insurance") from None
    found = patient.coverages.select_related("patient", "payer").filter(pk=wanted).first()
    if found is None:
        raise NotFound("insurance")
    return found


def payers(clinic: Clinic) -> QuerySet[Payer]:
    """The insurers of the clinic's organization, by name."""
    return Payer.objects.filter(organization_id=clinic.organization_id).order_by("name")


def age(born: date, on: date) -> int:
    """Whole years from birth to `on`."""
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def _risk(flag: RiskFlag) -> Risk:
    return Risk(flag.pk, flag.code, risk_label(flag.code), flag.note, flag.since_on, flag.ended_on)


def _number(text: str) -> int | None:
    """A row's number as a form sends it; None for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
