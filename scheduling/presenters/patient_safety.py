"""What must be known before an infusion: prohibitions, risks, reactions, programmes, and when vaccines must wait."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from patients.domain.papers import consent_until
from patients.domain.risks import must_not_have, slows_immune_globulin
from patients.domain.vaccines import live_vaccine_not_before
from patients.models import TreatmentConsent
from patients.queries.records import Risk
from regimens.domain.reactions import HOLDING, LEVELS, MEANINGS
from regimens.models import ElsewhereKind, ElsewhereTherapy, Reaction, SafetyEnrolment, TreatmentOrder
from regimens.queries.elsewhere import GlobulinCourse
from regimens.queries.programmes import name_of, programme_of


@dataclass(frozen=True, kw_only=True)
class RiskRow:
    """A risk that counts. `must_not_have` names what is forbidden, empty for a mere caution."""

    risk: Risk
    must_not_have: str
    is_slowing: bool


@dataclass(frozen=True, kw_only=True)
class ReactionRow:
    """A reaction with what its grade means; `is_open` while it holds its order."""

    reaction: Reaction
    level: str
    meaning: str
    is_open: bool
    tone: str


@dataclass(frozen=True, kw_only=True)
class ConsentRow:
    consent: TreatmentConsent
    until: date
    counts: bool


@dataclass(frozen=True, kw_only=True)
class ProgrammeRow:
    """A safety programme: the enrolment, if there is one, and the drugs that ask for it."""

    code: str
    name: str
    enrolment: SafetyEnrolment | None
    drugs: str
    counts: bool


@dataclass(frozen=True, kw_only=True)
class VaccineWait:
    """Until when live vaccines must wait, and for which doses of immune globulin."""

    not_before: date
    course: GlobulinCourse
    is_over: bool
    also_elsewhere: bool


def risk_rows(risks: Iterable[Risk]) -> list[RiskRow]:
    """What counts now: prohibitions first, then what slows immune globulin, then the rest."""
    rows = [
        RiskRow(risk=risk, must_not_have=must_not_have(risk.code), is_slowing=slows_immune_globulin(risk.code))
        for risk in risks
    ]
    return sorted(rows, key=lambda row: (not row.must_not_have, not row.is_slowing))


def reaction_rows(reactions: Iterable[Reaction]) -> list[ReactionRow]:
    """Reactions, those that hold an order first."""
    rows = [
        ReactionRow(
            reaction=reaction,
            level=LEVELS[reaction.grade],
            meaning=MEANINGS[reaction.grade],
            is_open=reaction.grade >= HOLDING and reaction.released_at is None,
            tone="bad" if reaction.grade >= HOLDING else "warn" if reaction.grade > 1 else "plain",
        )
        for reaction in reactions
    ]
    return sorted(rows, key=lambda row: not row.is_open)


def consent_rows(consents: Iterable[TreatmentConsent], today: date) -> list[ConsentRow]:
    """Consents, and whether each counts today."""
    rows = []
    for consent in consents:
        until = consent_until(consent.signed_on)
        counts = consent.withdrawn_on is None and consent.signed_on <= today <= until
        rows.append(ConsentRow(consent=consent, until=until, counts=counts))
    return rows


def programme_rows(
    enrolments: Sequence[SafetyEnrolment], orders: Iterable[TreatmentOrder], today: date
) -> list[ProgrammeRow]:
    """What the orders' drugs ask for, enrolled or not, then other enrolments."""
    asked: dict[str, list[str]] = {}
    for order in orders:
        programme = programme_of(order.product)
        if programme is not None:
            asked.setdefault(programme.code, []).append(order.product.name)
    rows = []
    for code, drugs in asked.items():
        found = [each for each in enrolments if each.programme == code]
        held = next((each for each in found if _counts(each, today)), found[0] if found else None)
        counts = held is not None and _counts(held, today)
        words = ", ".join(dict.fromkeys(drugs))
        rows.append(ProgrammeRow(code=code, name=name_of(code), enrolment=held, drugs=words, counts=counts))
    shown = {row.enrolment.pk for row in rows if row.enrolment is not None}
    rows.extend(
        ProgrammeRow(
            code=each.programme, name=name_of(each.programme), enrolment=each, drugs="", counts=_counts(each, today)
        )
        for each in enrolments
        if each.pk not in shown
    )
    return rows


def vaccine_wait(
    courses: Sequence[GlobulinCourse], elsewhere: Iterable[ElsewhereTherapy], today: date
) -> VaccineWait | None:
    """The latest date until which any course makes live vaccines wait: a large one may count for longer than a later
    small one. None for somebody who had no immune globulin here."""
    waits = [
        (live_vaccine_not_before(given_on=course.last_on, mg_per_kg=course.mg_per_kg), course) for course in courses
    ]
    if not waits:
        return None
    not_before, course = max(waits, key=lambda wait: wait[0])
    also = any(
        each.kind == ElsewhereKind.SCIG and (each.ends_on is None or each.ends_on >= today) for each in elsewhere
    )
    return VaccineWait(not_before=not_before, course=course, is_over=not_before <= today, also_elsewhere=also)


def _counts(enrolment: SafetyEnrolment, today: date) -> bool:
    return enrolment.enrolled_on <= today and (enrolment.valid_until is None or enrolment.valid_until >= today)
