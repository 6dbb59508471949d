"""What medicine wants on file: consent, tests that count, safety programmes; and what patients have elsewhere or write.

Most of it is in order; a few gaps give the clearance gate something to find.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from patients.domain.labs import LAB_VALIDITY
from patients.models import Coverage, DiaryEntry, LabResult, Patient, TreatmentConsent
from regimens.models import ElsewhereKind, ElsewhereTherapy, SafetyEnrolment
from regimens.queries.programmes import programme_of
from scheduling.demo.house import House
from scheduling.demo.prescriptions import Prescription
from scheduling.demo.results import usual_result
from scheduling.demo.stage import Stage
from scheduling.domain.clearance_checks import RENAL_TESTS

CONSENT_SHARE, VERIFIED_SHARE, ENROLLED_SHARE, TESTED_SHARE = 0.97, 0.95, 0.9, 0.97
YEAR = 365


@dataclass(frozen=True)
class Elsewhere:
    """A therapy that some patients of an indication have somewhere else."""

    indication: str
    kind: ElsewhereKind
    name: str
    place: str
    every_days: int
    note: str = ""


ELSEWHERE = (
    Elsewhere("MG", ElsewhereKind.PLASMA_EXCHANGE, "Plasma exchange", "Lakeside General", 84, "Course of five."),
    Elsewhere("CIDP", ElsewhereKind.PLASMA_EXCHANGE, "Plasma exchange", "Lakeside General", 56),
    Elsewhere("PI", ElsewhereKind.SCIG, "Hizentra 8 g", "At home", 7, "Between infusions while travelling."),
    Elsewhere("RA", ElsewhereKind.INJECTION, "Methotrexate 15 mg", "At home", 7),
    Elsewhere("MS", ElsewhereKind.INJECTION, "Vitamin B12", "Family doctor", 28),
)
DIARY = (
    ("headache", 4, "after", "8.0", "Paracetamol and a nap.", True, "Came on in the evening, gone by morning."),
    ("fatigue", 5, "day_after", "30.0", "", True, "Slept most of the next day."),
    ("chills", 3, "during", "1.0", "A warm blanket.", True, ""),
    ("nausea", 2, "after", "4.0", "Ginger tea.", True, ""),
    ("headache", 6, "day_after", "20.0", "Paracetamol twice.", False, "Worse than last time."),
    ("fatigue", 3, "before", "60.0", "", False, "Hands weaker again, about a week before the next one."),
)


def complete(stage: Stage, house: House, prescriptions: Iterable[Prescription]) -> None:
    """Put on file what the orders ask for."""
    latest = _latest_results(stage)
    plans = {plan.patient_id: plan for plan in stage.rows.of(Coverage) if plan.ends_on is None}
    for prescription in prescriptions:
        patient = prescription.patient
        _consent(stage, house, patient)
        _verify(stage, plans[patient.id])
        for test in prescription.facts.labs_required:
            _test(stage, prescription, test, latest.get((patient.id, str(test["code"]))))
        _enrol(stage, house, prescription)
    _elsewhere(stage, house, list(prescriptions))
    _diary(stage, list(prescriptions))


def _latest_results(stage: Stage) -> dict[tuple[object, str], date]:
    latest: dict[tuple[object, str], date] = {}
    for lab in stage.rows.of(LabResult):
        key = (lab.patient_id, lab.code)
        latest[key] = max(lab.taken_on, latest.get(key, date.min))
    return latest


def _consent(stage: Stage, house: House, patient: Patient) -> None:
    age = stage.rng.randint(12, 330) if stage.happens(CONSENT_SHARE) else stage.rng.randint(YEAR + 5, YEAR + 60)
    by = stage.pick(house.nurses).name
    stage.rows.add(TreatmentConsent(patient=patient, signed_on=stage.today - timedelta(days=age), recorded_by_label=by))


def _verify(stage: Stage, plan: Coverage) -> None:
    """Checked with the payer this month, or not since the one before."""
    this_month = stage.rng.randint(0, stage.today.day - 1)
    age = this_month if stage.happens(VERIFIED_SHARE) else stage.today.day + stage.rng.randint(3, 20)
    plan.verified_on = stage.today - timedelta(days=age)


def _test(stage: Stage, prescription: Prescription, test: Mapping[str, Any], latest_on: date | None) -> None:
    """A result that still counts for a while, unless there is one or this is one of the gaps."""
    patient = prescription.patient
    reach = min(int(test.get("valid_days") or 400), 400)
    if test["code"] in RENAL_TESTS and prescription.known.is_at_risk_on(stage.today):
        reach = LAB_VALIDITY.renal_at_risk
    if latest_on is not None and (stage.today - latest_on).days <= reach // 2:
        return
    if not stage.happens(TESTED_SHARE):
        return
    taken_on = stage.today - timedelta(days=stage.rng.randint(0, max(0, reach // 2)))
    value, text = usual_result(test, stage.rng)
    unit = str(test.get("unit") or "")
    stage.rows.add(
        LabResult(patient=patient, code=str(test["code"]), taken_on=taken_on, value=value, unit=unit, text=text)
    )


def _enrol(stage: Stage, house: House, prescription: Prescription) -> None:
    programme = programme_of(prescription.facts.product)
    if programme is not None and stage.happens(ENROLLED_SHARE):
        enrolled_on = min(prescription.facts.starts_on, stage.today) - timedelta(days=stage.rng.randint(6, 40))
        stage.rows.add(
            SafetyEnrolment(
                patient=prescription.patient,
                programme=programme.code,
                enrolled_on=enrolled_on,
                recorded_by_label=stage.pick(house.nurses).name,
            )
        )


def _elsewhere(stage: Stage, house: House, prescriptions: list[Prescription]) -> None:
    for each in ELSEWHERE:
        having = [p for p in prescriptions if p.facts.indication.id == each.indication]
        for prescription in stage.rng.sample(having, k=min(2, len(having))):
            stage.rows.add(
                ElsewhereTherapy(
                    id=stage.new_id(),
                    patient=prescription.patient,
                    kind=each.kind,
                    name=each.name,
                    place=each.place,
                    every_days=each.every_days,
                    starts_on=stage.today - timedelta(days=stage.rng.randint(10, each.every_days + 60)),
                    note=each.note,
                    created_at=stage.now - timedelta(days=9),
                    created_by_label=house.scheduler.name,
                )
            )


def _diary(stage: Stage, prescriptions: list[Prescription]) -> None:
    """Lines that patients who sign in wrote in the last weeks."""
    writing = [p for p in prescriptions if p.patient.user is not None and p.visits]
    for prescription in stage.rng.sample(writing, k=min(24, len(writing))):
        for place in range(stage.rng.randint(1, 4)):
            symptom, severity, onset, hours, treatment, is_resolved, text = stage.pick(DIARY)
            at = stage.now - timedelta(days=place * 21 + stage.rng.randint(1, 19), hours=stage.rng.randint(1, 9))
            stage.rows.add(
                DiaryEntry(
                    id=stage.new_id(),
                    patient=prescription.patient,
                    happened_at=at.replace(second=0, microsecond=0),
                    symptom=symptom,
                    severity=max(1, severity + stage.rng.randint(-1, 1)),
                    onset=onset,
                    duration_hours=Decimal(hours),
                    treatment=treatment,
                    is_resolved=is_resolved,
                    text=text,
                    created_at=at,
                    seen_at=at + timedelta(hours=20) if place else None,
                )
            )
