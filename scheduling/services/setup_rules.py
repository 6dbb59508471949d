"""Day rules, times of vital signs, nurses' skills and load weights: choices that move no visit by themselves."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from uuid import UUID

from accounts.domain.policy import Role
from accounts.models import Clinic, User
from audit.services.record import record
from core import clock
from core.actor import Actor
from core.errors import BadInput, NotFound, Reason
from core.sourced import Confidence
from core.transactions import business_act
from scheduling.domain.load import LoadPhase
from scheduling.domain.skills import Skill
from scheduling.domain.vitals import VitalsCadence, check_cadence
from scheduling.models import Assignment, ClinicRules, LoadWeight, NurseSkill
from scheduling.services import boards
from scheduling.services.clinic_rules import rules_of
from scheduling.services.setup_calendar import may_change

MOST_HUNDREDTHS = 300


@dataclass(frozen=True, kw_only=True)
class RuleFacts:
    """The settings of the day; minutes and hours as the names say."""

    assignment: Assignment
    turnover_minutes: int
    hold_minutes: int
    offer_minutes: int
    notice_hours: int
    passes_offers_on: bool
    tells_patient: bool


LIMITS = {
    "turnover_minutes": (0, 120),
    "hold_minutes": (1, 240),
    "offer_minutes": (5, 2880),
    "notice_hours": (0, 336),
}


@business_act
def save_rules(*, clinic: Clinic, facts: RuleFacts, by: Actor) -> ClinicRules:
    """Keep the settings. Raises `BadInput` for a number out of its limits."""
    may_change(clinic, by)
    values = asdict(facts)
    for name, (least, most) in LIMITS.items():
        if not least <= values[name] <= most:
            raise BadInput("out_of_range", f"Enter a whole number from {least} to {most}.", field=name)
    rules, _ = ClinicRules.objects.get_or_create(clinic=clinic)
    for name, value in values.items():
        setattr(rules, name, value)
    rules.save()
    record(action="setup.rules", entity_type="clinic", entity_id=clinic.id, by=by, detail=values)
    boards.bump(clinic, [clock.today(clinic.zone)])
    return rules


def facts_of(clinic: Clinic) -> RuleFacts:
    """The settings as they are."""
    rules = rules_of(clinic)
    return RuleFacts(
        assignment=Assignment(rules.assignment),
        turnover_minutes=rules.turnover_minutes,
        hold_minutes=rules.hold_minutes,
        offer_minutes=rules.offer_minutes,
        notice_hours=rules.notice_hours,
        passes_offers_on=rules.passes_offers_on,
        tells_patient=rules.tells_patient,
    )


@business_act
def save_cadence(
    *, clinic: Clinic, cadence: VitalsCadence, source: str, confidence: Confidence, by: Actor
) -> ClinicRules:
    """Set when vital signs are due, with the source of these times. Raises `BadInput` for what makes no sense."""
    may_change(clinic, by)
    reasons = check_cadence(cadence)
    if not source.strip():
        reasons.append(Reason("no_source", "Say where the times come from.", field="source"))
    if reasons:
        raise BadInput.of(reasons)
    rules, _ = ClinicRules.objects.get_or_create(clinic=clinic)
    rules.vitals_after_start_minutes, rules.vitals_every_minutes = cadence.after_start, cadence.at_maximum_every
    rules.vitals_early_minutes, rules.vitals_late_minutes = cadence.early, cadence.late
    rules.vitals_source, rules.vitals_confidence = source.strip()[:200], confidence.value
    rules.save()
    detail = vars(cadence) | {"source": rules.vitals_source, "confidence": rules.vitals_confidence}
    record(action="setup.vitals", entity_type="clinic", entity_id=clinic.id, by=by, detail=detail)
    boards.bump(clinic, [clock.today(clinic.zone)])
    return rules


@business_act
def save_skills(*, clinic: Clinic, nurse_id: UUID, skills: Collection[Skill], by: Actor) -> None:
    """Say what a nurse may do. Raises `NotFound` for somebody who is no nurse here."""
    may_change(clinic, by)
    nurse = User.objects.filter(pk=nurse_id, memberships__clinic=clinic, memberships__role=Role.NURSE).first()
    if nurse is None:
        raise NotFound("nurse")
    NurseSkill.objects.filter(clinic=clinic, nurse=nurse).exclude(skill__in=skills).delete()
    rows = [NurseSkill(clinic=clinic, nurse=nurse, skill=skill) for skill in sorted(skills)]
    NurseSkill.objects.bulk_create(rows, ignore_conflicts=True)
    detail = {"skills": sorted(skill.value for skill in skills)}
    record(action="setup.skills", entity_type="user", entity_id=nurse.id, by=by, detail=detail)


@business_act
def save_weight(
    *, clinic: Clinic, phase: LoadPhase, hundredths: int, source: str, confidence: Confidence, by: Actor
) -> LoadWeight:
    """Set the nurse need of a phase, in hundredths of a nurse. Visits booked before keep what they were booked with."""
    may_change(clinic, by)
    if not 1 <= hundredths <= MOST_HUNDREDTHS:
        raise BadInput("out_of_range", f"Enter a whole number from 1 to {MOST_HUNDREDTHS}.", field="hundredths")
    if not source.strip():
        raise BadInput("no_source", "Say where the number comes from.", field="source")
    values = {"hundredths": hundredths, "source": source.strip()[:200], "confidence": confidence.value}
    weight, _ = LoadWeight.objects.update_or_create(clinic=clinic, phase=phase.value, defaults=values)
    detail = {"phase": phase.value, "hundredths": hundredths}
    record(action="setup.weight", entity_type="clinic", entity_id=clinic.id, by=by, detail=detail)
    return weight
