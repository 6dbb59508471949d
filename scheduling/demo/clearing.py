"""What staff do before an infusion is started in a demo that moves on: they mend what is missing, check, and override.

All of it through the real services, so that the gate is asked as it is on any day.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from random import Random

from core import clock
from core.actor import Actor
from core.errors import Reason
from patients.models import Coverage, Patient
from patients.services import papers, records
from scheduling.demo.results import usual_result
from scheduling.domain.clearance import Authority, Hold, authority
from scheduling.models import Visit
from scheduling.queries.clearance import clearances
from scheduling.services import gate

REASONS = {
    Authority.NURSE: "Seen by the nurse; goes ahead.",
    Authority.MANAGER: "The payer answers this week; the clinic bears the risk.",
    Authority.PRESCRIBER: "Called; the prescriber agrees.",
}


@dataclass(frozen=True)
class Team:
    """Who may go ahead against what."""

    nurse: Actor
    manager: Actor
    prescriber: Actor

    def who(self, needed: Authority) -> Actor | None:
        """The one who may, if anybody may."""
        people = {
            Authority.NURSE: self.nurse,
            Authority.MANAGER: self.manager,
            Authority.PRESCRIBER: self.prescriber,
        }
        return people.get(needed)


def clear(visit: Visit, team: Team, rng: Random) -> Visit | None:
    """Check the patient, mend or override what holds `visit`; the visit as it is then, None when it may not start."""
    current = gate.check(visit=visit, is_drug_on_hand=True, concerns=(), by=team.nurse)
    _mend(current, _standing(current), team.nurse, rng)
    reasons = {reason.code: reason for reason in _standing(current)}
    for code, reason in sorted(reasons.items()):
        by = team.who(authority(reason))
        if by is None:
            return None
        current = gate.override(visit=current, code=code, reason=REASONS[authority(reason)], by=by)
    return current


def _standing(visit: Visit) -> tuple[Reason, ...]:
    return clearances([visit], on_the_day=True)[visit.id].reasons


def _mend(visit: Visit, found: Iterable[Reason], by: Actor, rng: Random) -> None:
    """What a phone call, a scale or the laboratory mends."""
    codes = {reason.code for reason in found}
    patient: Patient = visit.patient
    today = clock.today(visit.clinic.zone)
    if Hold.ELIGIBILITY_NOT_VERIFIED in codes:
        plans = Coverage.objects.filter(patient=patient, starts_on__lte=today, ends_on=None).select_related("patient")
        for coverage in plans[:1]:
            papers.verify_coverage(coverage=coverage, by=by)
    if Hold.CONSENT_MISSING in codes:
        papers.record_consent(patient=patient, signed_on=today, by=by)
    if codes & {Hold.WEIGHT_OUTDATED, Hold.WEIGHT_CHANGED}:
        weight = visit.course_day.course.order.dosing_weight_kg
        records.record_weight(patient=patient, kg=weight, measured_on=today, by=by)
    if codes & {Hold.LABS_EXPIRED, Hold.LABS_OUT_OF_RANGE}:
        for test in visit.course_day.course.order.labs_required:
            value, text = usual_result(test, rng)
            records.record_lab(
                patient=patient,
                code=str(test["code"]),
                taken_on=today,
                value=value,
                unit=str(test.get("unit") or ""),
                text=text,
                by=by,
            )
