"""From an order's facts to its courses: dates and windows, the dose of each day, vials, units, phases and chair time.

Saves nothing and asks no clock, so a preview, an accepted order and a recalculation agree by construction.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction

from core.errors import BadInput, Refusal
from regimens.domain.cadence import CoursePhase, PlannedCourse, lay_out
from regimens.domain.chair_time import ChairTime, Phase, chair_time, phase_minutes
from regimens.domain.dose import DoseBasis, DoseRule, exact_dose, split_over_days
from regimens.domain.quantities import plain
from regimens.domain.settings import CLINICAL_DEFAULTS
from regimens.domain.titration import Profile, choose_ramp, infusion_time, lowest_cap, profile_for
from regimens.domain.units import BillingCode, billed_units, code_on, volume_ml
from regimens.domain.vials import VialPick, choose_vials, round_to_vial
from regimens.queries.patient_facts import PatientFacts
from regimens.queries.therapies import Therapy
from regimens.services.facts import OrderFacts, cadence_of

LONGEST_DAY_MINUTES = 720
ONE_GRAM = Fraction(1000)
NOTHING_KNOWN = PatientFacts()
NEVER_FORGOTTEN = 10_000  # days: only immune globulin labels ask for the first ramp again after a gap
FIELDS = {
    "amount": "dose_amount",
    "weight_kg": "dosing_weight_kg",
    "days": "days_per_course",
    "volume_ml": "dose_amount",
    "rate": "product",
}


@dataclass(frozen=True)
class LaidOutDay:
    """One day of a course. `units` are what the day takes from an authorization, wasted units included."""

    day_number: int
    due_on: date
    dose_mg: Fraction
    vials: VialPick
    hcpcs: str
    units: int
    profile: Profile
    phases: tuple[Phase, ...]
    infusion_minutes: int
    chair_minutes: int


@dataclass(frozen=True)
class LaidOutCourse:
    """One due event: its dates and its days."""

    number: int
    phase: CoursePhase
    due_on: date
    earliest_on: date
    latest_on: date
    days: tuple[LaidOutDay, ...]

    @property
    def dose_mg(self) -> Fraction:
        return sum((day.dose_mg for day in self.days), Fraction(0))

    @property
    def units(self) -> int:
        return sum(day.units for day in self.days)

    @property
    def chair_minutes(self) -> int:
        return sum(day.chair_minutes for day in self.days)


def lay_out_courses(
    facts: OrderFacts,
    therapy: Therapy,
    *,
    through_on: date,
    patient: PatientFacts = NOTHING_KNOWN,
    given_on: Sequence[date] = (),
) -> tuple[LaidOutCourse, ...]:
    """Every course due up to `through_on`; those in `given_on` are listed always.

    The facts are completed and checked. Raises BadInput naming the field when a dose cannot be divided, no billing
    code is in force on a date, or a day would keep the patient in the chair for more than twelve hours.
    """
    courses = lay_out(
        cadence_of(facts, therapy),
        starts_on=facts.starts_on,
        given_on=given_on,
        ends_on=facts.ends_on,
        course_limit=facts.course_limit,
        through_on=through_on,
    )
    try:
        return _with_days(facts, therapy, patient, courses)
    except BadInput:
        raise
    except Refusal as refusal:
        reason = refusal.reasons[0]
        named = FIELDS.get(reason.field or "", reason.field)
        raise BadInput(reason.code, reason.sentence, field=named or "product") from refusal


def _with_days(
    facts: OrderFacts, therapy: Therapy, patient: PatientFacts, courses: Sequence[PlannedCourse]
) -> tuple[LaidOutCourse, ...]:
    planner = _Planner(facts, therapy, patient.is_at_risk)
    last_given = patient.last_given_on
    done: list[LaidOutCourse] = []
    for course in courses:
        first_on = course.given_on or course.due_on
        days: list[LaidOutDay] = []
        for index, dose_mg in enumerate(planner.doses(course.number, len(course.day_offsets))):
            on = first_on + timedelta(days=course.day_offsets[index])
            days.append(planner.day(index + 1, on, dose_mg, last_given))
            last_given = on
        done.append(
            LaidOutCourse(course.number, course.phase, course.due_on, course.earliest_on, course.latest_on, tuple(days))
        )
    return tuple(done)


@dataclass
class _Planner:
    """Plans days of one order, remembering what it worked out: most days of a regimen are alike."""

    facts: OrderFacts
    therapy: Therapy
    is_at_risk: bool
    _doses: dict[tuple[object, int], tuple[Fraction, ...]] = field(default_factory=dict)
    _vials: dict[Fraction, VialPick] = field(default_factory=dict)
    _times: dict[tuple[Fraction, Profile], ChairTime] = field(default_factory=dict)

    def doses(self, course_number: int, days: int) -> tuple[Fraction, ...]:
        """The dose of each day of a course in mg."""
        amount = self.facts.amount(course_number)
        if (amount, days) not in self._doses:
            rule = DoseRule(DoseBasis(self.facts.dose_basis), Fraction(amount), max_mg=self.therapy.max_mg)
            exact = exact_dose(rule, weight_kg=Fraction(self.facts.dosing_weight_kg)).dose_mg
            self._doses[amount, days] = _rounded_and_split(self.therapy, exact, days)
        return self._doses[amount, days]

    def day(self, number: int, on: date, dose_mg: Fraction, last_given_on: date | None) -> LaidOutDay:
        if dose_mg not in self._vials:
            self._vials[dose_mg] = choose_vials(dose_mg=dose_mg, vial_sizes_mg=self.therapy.vial_sizes_mg)
        vials = self._vials[dose_mg]
        code = self._code(on)
        profile = _profile(self.therapy, on, last_given_on)
        time = self._time(dose_mg, profile)
        billed = billed_units(dose_mg=dose_mg, vial_total_mg=vials.total_mg, unit_mg=code.unit_mg)
        return LaidOutDay(
            day_number=number,
            due_on=on,
            dose_mg=dose_mg,
            vials=vials,
            hcpcs=code.hcpcs,
            units=billed.consumed(counts_wastage=True),
            profile=profile,
            phases=time.phases,
            infusion_minutes=time.infusion_minutes,
            chair_minutes=time.block_minutes,
        )

    def _code(self, on: date) -> BillingCode:
        try:
            return code_on(self.therapy.codes_of(self.facts.hcpcs), on=on)
        except Refusal as refusal:
            raise BadInput(refusal.code, refusal.sentence, field="hcpcs") from refusal

    def _time(self, dose_mg: Fraction, profile: Profile) -> ChairTime:
        if (dose_mg, profile) not in self._times:
            time = _chair_time(self.facts, self.therapy, dose_mg, profile, is_at_risk=self.is_at_risk)
            self._times[dose_mg, profile] = time
        return self._times[dose_mg, profile]


def _rounded_and_split(therapy: Therapy, exact_mg: Fraction, days: int) -> tuple[Fraction, ...]:
    """Immune globulin goes to whole vial steps by the clinic's rule; others stay exact unless their label rounds."""
    increment = None
    if therapy.is_immune_globulin:
        rounded = round_to_vial(exact_mg=exact_mg)
        exact_mg, increment = rounded.rounded_mg, rounded.increment_mg
    elif therapy.rounds_to_mg is not None:
        step = therapy.rounds_to_mg
        exact_mg = round_to_vial(exact_mg=exact_mg, increments_mg=[step], tolerance_pct=Fraction(100)).rounded_mg
        increment = step
    if days == 1:
        return (exact_mg,)
    return split_over_days(total_mg=exact_mg, days=days, increment_mg=increment or _smallest_step(therapy))


def _smallest_step(therapy: Therapy) -> Fraction:
    return ONE_GRAM if therapy.is_immune_globulin else Fraction(1)


def _profile(therapy: Therapy, on: date, last_given_on: date | None) -> Profile:
    gap_limit = CLINICAL_DEFAULTS.first_ramp_after_days if therapy.is_immune_globulin else NEVER_FORGOTTEN
    return profile_for(
        prior_infusions_of_product=0 if last_given_on is None else 1,
        days_since_last=None if last_given_on is None else (on - last_given_on).days,
        gap_threshold_days=gap_limit,
    )


def _chair_time(
    facts: OrderFacts, therapy: Therapy, dose_mg: Fraction, profile: Profile, *, is_at_risk: bool
) -> ChairTime:
    is_at_risk = is_at_risk and therapy.is_immune_globulin
    minutes = phase_minutes(
        is_first=profile is Profile.FIRST,
        has_premed=facts.needs_premedication,
        is_at_risk=is_at_risk,
        observation_minutes=therapy.around[profile].observation,
        premed_minutes=therapy.premed_minutes,
    )
    infusion = _infusion_minutes(facts, therapy, dose_mg, profile, is_at_risk=is_at_risk)
    time = chair_time(infusion_minutes=infusion, minutes=minutes)
    if time.block_minutes > LONGEST_DAY_MINUTES:
        hours = plain(Fraction(time.block_minutes, 60))
        raise BadInput(
            "day_too_long",
            f"One day of this course would take {hours} hours in the chair; the longest is "
            f"{LONGEST_DAY_MINUTES // 60}. Divide it over more days.",
            field="days_per_course",
        )
    return time


def _infusion_minutes(
    facts: OrderFacts, therapy: Therapy, dose_mg: Fraction, profile: Profile, *, is_at_risk: bool
) -> Fraction | int:
    minutes = therapy.around[profile].infusion
    if minutes is not None:
        return minutes
    ramp = choose_ramp(therapy.ramps, indication=facts.indication.id)
    if therapy.mg_per_ml is None:
        raise BadInput("concentration_unknown", f"The concentration of {therapy.name} is not entered.", field="product")
    return infusion_time(
        volume_ml=volume_ml(dose_mg=dose_mg, mg_per_ml=therapy.mg_per_ml),
        weight_kg=Fraction(facts.dosing_weight_kg),
        steps=ramp.steps(profile),
        cap_ml_per_kg_per_hour=lowest_cap(ramp.max_ml_per_kg_per_hour, therapy.at_risk_cap if is_at_risk else None),
    ).exact_minutes
