"""The clearance gate's answers for any number of visits, from facts read in a fixed number of SQL statements.

Eight statements for the visits of one clinic: the visits with their checks and overrides; patients with consents,
weights, risks, enrolments, reactions and diary; labs; insurance; what was given; whose plan is in question; and who
pays (two). Some more for each plan in question. The rules are pure, in `scheduling.domain`; a date of service is the
clinic-local date of the visit.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from accounts.models import Clinic
from authorizations.queries.coverage import Need, find_many
from authorizations.queries.holdings import HOLDING, Held, check_held
from core import clock
from core.errors import Reason
from patients.domain.cautions import contraindications, is_at_risk
from patients.domain.risks import risk_label
from patients.models import Coverage
from patients.queries.records import age
from regimens.models import DoseBasis, TreatmentOrder, WeightBasis
from regimens.queries.orders import valid_until
from regimens.queries.programmes import programme_of
from scheduling.domain import clearance_checks as checks
from scheduling.domain.clearance import (
    CLEARANCE_DEFAULTS,
    Clearance,
    Hold,
    Overridden,
    check_consent,
    check_eligibility,
    check_weight_age,
    decide_with,
    held,
)
from scheduling.models import PreInfusionCheck, Visit
from scheduling.queries import gate_facts
from scheduling.queries.gate_facts import Dose, Facts, PatientFacts

BY_WEIGHT = frozenset({DoseBasis.G_PER_KG, DoseBasis.MG_PER_KG, DoseBasis.WEIGHT_BAND})
HOLDS = {hold.value for hold in Hold}


def clearances(visits: Iterable[Visit], *, on_the_day: bool) -> dict[UUID, Clearance]:
    """The gate's answer for each visit, by its id, overrides taken into account.

    `on_the_day` asks for the nurse's check as well; without it a check that was done counts and a missing one does not
    hold. What is renewed at each visit (insurance check, weight, labs) is asked about from ten days before.
    """
    facts = gate_facts.read([visit.id for visit in visits])
    paying = _paying(facts)
    today = {visit.clinic_id: clock.today(visit.clinic.zone) for visit in facts.visits}
    return {
        visit.id: _Case(visit, facts, paying[visit.id], today[visit.clinic_id]).decide(on_the_day=on_the_day)
        for visit in facts.visits
    }


def _paying(facts: Facts) -> dict[UUID, tuple[Reason, ...]]:
    """Why nobody pays for each visit. At most two SQL statements for the visits of one clinic."""
    holding = [visit for visit in facts.visits if _holds_units(visit)]
    answers = check_held([_held(visit) for visit in holding])
    for visit in holding:
        answers[visit.id] = (*_wrong_payer(visit, facts), *answers[visit.id])
    asking: dict[Clinic, list[Visit]] = {}
    for visit in facts.visits:
        if visit.id not in answers:
            asking.setdefault(visit.clinic, []).append(visit)
    for clinic, found in asking.items():
        needs = [Need(visit.course_day.course.order, visit.units, service_day(visit)) for visit in found]
        for visit, answer in zip(found, find_many(clinic=clinic, needs=needs), strict=True):
            answers[visit.id] = answer.reasons if answer.is_required else ()
    return {key: tuple(_hard(reason) for reason in reasons) for key, reasons in answers.items()}


def _holds_units(visit: Visit) -> bool:
    """A visit whose authorization lapsed asks again: another one may cover it by now."""
    held_by = visit.authorization
    if held_by is None or held_by.status not in HOLDING:
        return False
    on = service_day(visit)
    return not (held_by.starts_on and on < held_by.starts_on) and not (held_by.ends_on and held_by.ends_on < on)


def _held(visit: Visit) -> Held:
    assert visit.authorization is not None  # noqa: S101 (says what `_holds_units` asked)
    order = visit.course_day.course.order
    return Held(visit.id, visit.authorization, visit.units, service_day(visit), order, visit.clinic)


def _wrong_payer(visit: Visit, facts: Facts) -> tuple[Reason, ...]:
    plan, pays = _plan_on(facts.plans.get(visit.patient_id, ()), service_day(visit)), visit.authorization
    if plan is None or pays is None or plan.payer_id == pays.payer_id or not plan.payer.needs_authorization:
        return ()
    sentence = f"On that date the patient is insured with {plan.payer.name}, which did not authorize it."
    return (held(Hold.AUTH_NOT_VALID, f"{sentence} Start a request there."),)


def _hard(reason: Reason) -> Reason:
    """A reason that is soft at booking holds the start; a code that only the desk knows means "not valid" here."""
    return held(Hold(reason.code) if reason.code in HOLDS else Hold.AUTH_NOT_VALID, reason.sentence)


def service_day(visit: Visit) -> date:
    """The clinic-local date of the visit."""
    return gate_facts.service_day(visit)


def check_of(visit: Visit) -> PreInfusionCheck | None:
    """The nurse's latest check of the visit, if it was made on the visit's day."""
    found = PreInfusionCheck.objects.filter(visit=visit).first()
    return found if found is not None and gate_facts.is_of_the_day(found.at, visit) else None


def _plan_on(plans: Sequence[Coverage], on: date) -> Coverage | None:
    """The plan in force on a date, the latest to start if there are two."""
    held_on = (plan for plan in plans if plan.starts_on <= on and (plan.ends_on is None or on <= plan.ends_on))
    return next(held_on, None)


def _first_days(doses: Iterable[Dose]) -> list[date]:
    """The first day of each course."""
    found: dict[UUID, date] = {}
    for dose in doses:
        found[dose.course_id] = min(dose.on, found.get(dose.course_id, dose.on))
    return list(found.values())


@dataclass(frozen=True)
class _Case:
    """One visit with the facts about it."""

    visit: Visit
    facts: Facts
    paying: tuple[Reason, ...]
    today: date

    @property
    def order(self) -> TreatmentOrder:
        order: TreatmentOrder = self.visit.course_day.course.order
        return order

    @property
    def patient(self) -> PatientFacts:
        return self.facts.patients[self.visit.patient_id]

    @property
    def on(self) -> date:
        return service_day(self.visit)

    def decide(self, *, on_the_day: bool) -> Clearance:
        is_near = self.on - self.today <= timedelta(days=CLEARANCE_DEFAULTS.ages_from_days_before)
        reasons = [
            *self._order(),
            *self.paying,
            *check_consent(signed_on=self._consent_on(), service_on=self.on if is_near else min(self.on, self.today)),
            *(self._ageing() if is_near else ()),
            *self._interval(),
            *self._undecided(),
            *checks.check_diary(self.patient.diary),
            *self._programme(),
            *checks.check_findings(self._check(), is_asked=on_the_day),
            *checks.check_reactions(self.patient.reactions, product=self.order.product_id),
            *checks.check_contraindications(self._contraindications()),
        ]
        return decide_with(reasons, self._overrides())

    def _order(self) -> tuple[Reason, ...]:
        order, course = self.order, self.visit.course_day.course
        return checks.check_order(
            checks.OrderFacts(
                status=order.status,
                status_reason=order.status_reason,
                signed_on=order.signed_on or order.starts_on,
                starts_on=order.starts_on,
                valid_until=valid_until(order),
                course_number=course.number,
                course_limit=order.course_limit,
            ),
            service_on=self.on,
        )

    def _consent_on(self) -> date | None:
        signed = [day for day, withdrawn in self.patient.consents if withdrawn is None or self.on < withdrawn]
        return max((day for day in signed if day <= self.on), default=None)

    def _ageing(self) -> Iterable[Reason]:
        """What is renewed at each visit: the insurance check, labs, the weight."""
        plan = _plan_on(self.facts.plans.get(self.visit.patient_id, ()), self.on)
        verified_on = plan.verified_on if plan else None
        yield from check_eligibility(verified_on=verified_on, service_on=self.on)
        years, risks = age(self.visit.patient.birth_date, self.on), self.patient.risks
        yield from checks.check_required_labs(
            self.order.labs_required,
            latest=self.facts.labs.get(self.visit.patient_id, {}),
            service_on=self.on,
            is_at_risk=is_at_risk(age_years=years, flags=risks),
        )
        measured_on, kg = self.patient.weight
        is_child = years < CLEARANCE_DEFAULTS.child_under_years
        yield from check_weight_age(measured_on=measured_on, service_on=self.on, is_child=is_child)
        yield from checks.check_weight_change(ordered_kg=self._ordered_kg(), latest_kg=kg)

    def _ordered_kg(self) -> Decimal | None:
        order = self.order
        if order.dose_basis not in BY_WEIGHT and not order.product.is_immune_globulin:
            return None
        return checks.ordered_weight(
            measured_kg=order.measured_weight_kg,
            dosing_kg=order.dosing_weight_kg,
            is_actual=order.weight_basis == WeightBasis.ACTUAL,
        )

    def _interval(self) -> tuple[Reason, ...]:
        order, course = self.order, self.visit.course_day.course
        given = self.facts.given.get((self.visit.patient_id, order.product_id), ())
        others = [dose for dose in given if dose.course_day_id != self.visit.course_day_id]
        same_day = checks.check_same_day(given_on={dose.on for dose in others}, service_on=self.on)
        if same_day:
            return same_day
        own = [dose.on for dose in others if dose.course_id == course.id]
        if own:  # the interval runs from first day to first day; the rest of a course follows its first
            days: int = self.visit.gate_course_days  # type: ignore[attr-defined]
            return checks.check_rest_of_course(begun_on=min(own), days=days, service_on=self.on)
        first_days = [day for day in _first_days(others) if day <= self.on]
        last = max([*first_days, *([order.prior_dose_on] if order.prior_dose_on else [])], default=None)
        return checks.check_interval(
            checks.IntervalFacts(
                earliest_on=course.earliest_on,
                latest_on=course.latest_on + timedelta(days=self.visit.course_day.day_number - 1),
                last_given_on=last,
                minimum_interval_days=order.minimum_interval_days,
                interval_days=order.interval_days,
                is_immune_globulin=order.product.is_immune_globulin,
            ),
            service_on=self.on,
        )

    def _programme(self) -> tuple[Reason, ...]:
        asked = programme_of(self.order.product)
        if asked is None:
            return ()
        return checks.check_rems(
            code=asked.code, name=asked.name, enrolments=self.patient.enrolments, service_on=self.on
        )

    def _undecided(self) -> tuple[Reason, ...]:
        """What is open about this course's treatment."""
        course = self.visit.course_day.course
        question = self.facts.questions.get(course.order_id)
        if question is None:
            return ()
        found = question.courses.get(course.number)
        causes = found.causes if found is not None and found.changes_treatment else ()
        return checks.check_plan(causes, stuck="" if question.refusal is None else question.refusal.sentence)

    def _check(self) -> checks.CheckFacts | None:
        found = gate_facts.latest_check(self.visit)
        if found is None:
            return None
        return checks.CheckFacts(found.is_drug_on_hand, found.concerns, found.temperature_c)

    def _contraindications(self) -> list[str]:
        product = self.order.product
        if not product.is_immune_globulin:
            return []
        return [risk_label(code) for code in contraindications(product=product.id, flags=self.patient.risks)]

    def _overrides(self) -> Collection[Overridden]:
        made: list[dict[str, Any]] = getattr(self.visit, "gate_overrides", [])
        return [
            Overridden(one["code"], one["sentence"], one["reason"], one["by"])
            for one in made
            if one["on"] == self.on.isoformat()
        ]
