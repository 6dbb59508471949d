"""From an order's facts to its courses: dates and windows, the dose of each day, vials, units, phases and chair time.

Saves nothing and asks no clock, so a preview, an accepted order and a recalculation agree by construction.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

from core.errors import BadInput, Refusal
from regimens.domain.cadence import CoursePhase, PlannedCourse, Why, lay_out
from regimens.domain.chair_time import ChairTime, Phase, chair_time, phase_minutes
from regimens.domain.dose import DoseBasis, DoseRule, exact_dose, split_over_days
from regimens.domain.given_so_far import GivenSoFar
from regimens.domain.quantities import plain
from regimens.domain.reactions import SLOWING
from regimens.domain.settings import CARE_DEFAULTS, CLINICAL_DEFAULTS
from regimens.domain.titration import Profile, RateSegment, choose_ramp, infusion_time, lowest_cap, profile_for
from regimens.domain.units import BillingCode, billed_units, code_on, volume_ml
from regimens.domain.vials import VialPick, choose_vials, round_to_vial
from regimens.models import Titration
from regimens.queries.patient_facts import NOTHING_KNOWN, PatientFacts
from regimens.queries.therapies import Therapy, TherapyBook
from regimens.services.facts import OrderFacts, bands_of, cadence_of

LONGEST_DAY_MINUTES = CARE_DEFAULTS.longest_day_minutes
ONE_GRAM = Fraction(1000)
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
    """One day of a course. `units` are what the day takes from an authorization, `wasted_units` of them as waste."""

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
    wasted_units: int = 0
    volume_ml: Fraction | None = None
    rate_steps: tuple[RateSegment, ...] = ()


@dataclass(frozen=True)
class LaidOutCourse:
    """One due event: its dates, why it is due then, and its days.

    `exact_mg` is the dose before rounding and before a maximum cut it (`is_capped`).
    """

    number: int
    phase: CoursePhase
    due_on: date
    earliest_on: date
    latest_on: date
    days: tuple[LaidOutDay, ...]
    planned_on: date | None = None
    why: Why | None = None
    counted_from_on: date | None = None
    exact_mg: Fraction | None = None
    is_capped: bool = False

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
    therapy: Therapy | TherapyBook,
    *,
    through_on: date,
    patient: PatientFacts = NOTHING_KNOWN,
    given_on: Sequence[date] = (),
    given: GivenSoFar | None = None,
) -> tuple[LaidOutCourse, ...]:
    """Every course due up to `through_on`; those in `given_on` are listed always.

    Dates count from `given_on`. Ramps look back to what was really infused, `given`; without it every course counts
    as infused when it was planned. The facts are completed and checked. Each day is planned by the therapy in force
    on its date; the rhythm is the order's own. Raises BadInput naming the field when a dose cannot be divided, no
    billing code is in force on a date, or a day would keep the patient in the chair for more than twelve hours.
    """
    book = therapy if isinstance(therapy, TherapyBook) else TherapyBook(((date.min, therapy),))
    courses = lay_out(
        cadence_of(facts, book.on(facts.starts_on)),
        starts_on=facts.starts_on,
        given_on=given_on,
        ends_on=facts.ends_on,
        course_limit=1 if facts.is_single else facts.course_limit,
        through_on=through_on,
    )
    try:
        return _with_days(facts, book, patient, courses, given)
    except BadInput:
        raise
    except Refusal as refusal:
        reason = refusal.reasons[0]
        named = FIELDS.get(reason.field or "", reason.field)
        raise BadInput(reason.code, reason.sentence, field=named or "product") from refusal


def _with_days(
    facts: OrderFacts,
    book: TherapyBook,
    patient: PatientFacts,
    courses: Sequence[PlannedCourse],
    given: GivenSoFar | None,
) -> tuple[LaidOutCourse, ...]:
    planner = _Planner(facts, book, patient)
    last_given = facts.prior_dose_on or patient.last_given_on
    done: list[LaidOutCourse] = []
    for course in courses:
        first_on = course.given_on or course.due_on
        dose = planner.dose(course.number, len(course.day_offsets), first_on)
        days: list[LaidOutDay] = []
        for index, dose_mg in enumerate(dose.days_mg):
            on = first_on + timedelta(days=course.day_offsets[index])
            is_loading = planner.is_loading(course.number)
            back = _looking_back(course, index, on, last_given, given)
            days.append(planner.day(index + 1, on, dose_mg, back=back, is_loading=is_loading))
            last_given = back.infused_on or last_given
        done.append(
            LaidOutCourse(
                course.number,
                course.phase,
                course.due_on,
                course.earliest_on,
                course.latest_on,
                tuple(days),
                planned_on=course.planned_on,
                why=course.why,
                counted_from_on=course.counted_from_on,
                exact_mg=dose.exact_mg,
                is_capped=dose.is_capped,
            )
        )
    return tuple(done)


@dataclass(frozen=True)
class _Back:
    """From where a day looks back to the infusion before it, and when it is infused itself (None: it was missed)."""

    from_on: date
    last_given_on: date | None
    infused_on: date | None


def _looking_back(
    course: PlannedCourse, index: int, on: date, last_given_on: date | None, given: GivenSoFar | None
) -> _Back:
    if given is None:
        return _Back(on, last_given_on, on)
    place = (course.number, index + 1)
    latest_on = max(course.latest_on, course.given_on or course.latest_on) + timedelta(days=course.day_offsets[index])
    infused_on = given.infused_on(place, planned_on=on, latest_on=latest_on)
    return _Back(given.soonest_on(place, planned_on=on), last_given_on, infused_on)


@dataclass(frozen=True)
class _CourseDose:
    exact_mg: Fraction
    is_capped: bool
    days_mg: tuple[Fraction, ...]


@dataclass(frozen=True)
class _Manner:
    """How a day's infusion is given: what its chair time depends on besides the dose."""

    profile: Profile
    is_at_risk: bool
    has_premed: bool
    is_loading: bool


@dataclass(frozen=True)
class _DayTime:
    """The chair time of a day, with the volume and the rates it comes from (none where the label gives minutes)."""

    chair: ChairTime
    volume_ml: Fraction | None
    rate_steps: tuple[RateSegment, ...]


@dataclass
class _Planner:
    """Plans days of one order, remembering what it worked out: most days of a regimen are alike."""

    facts: OrderFacts
    book: TherapyBook
    patient: PatientFacts
    _doses: dict[tuple[object, ...], _CourseDose] = field(default_factory=dict)
    _times: dict[tuple[int, Fraction, _Manner], _DayTime] = field(default_factory=dict)

    def dose(self, course_number: int, days: int, on: date) -> _CourseDose:
        """The dose of a course and of each of its days in mg."""
        therapy = self.book.on(on)
        amount, bands = self.facts.amount(course_number), bands_of(self.facts, therapy, course_number)
        key = (id(therapy), amount, bands, days)
        if key not in self._doses:
            maximum = lowest_cap(therapy.max_mg, _exact(self.facts.max_dose_mg))
            rule = DoseRule(DoseBasis(self.facts.dose_basis), _exact(amount), bands, max_mg=maximum)
            exact = exact_dose(rule, weight_kg=Fraction(self.facts.dosing_weight_kg))
            days_mg = _rounded_and_split(therapy, exact.dose_mg, days, maximum)
            self._doses[key] = _CourseDose(exact.exact_mg, exact.is_capped, days_mg)
        return self._doses[key]

    def is_loading(self, course_number: int) -> bool:
        """Whether the course has a dose of its own that maintenance does not have."""
        return self.facts.amount(course_number) != self.facts.dose_amount

    def day(self, number: int, on: date, dose_mg: Fraction, *, back: _Back, is_loading: bool) -> LaidOutDay:
        therapy = self.book.on(on)
        vials = _vials(dose_mg, therapy.vial_sizes_mg)
        code = self._code(therapy, on)
        manner = replace(self._manner(therapy, on, back), is_loading=is_loading)
        time = self._time(therapy, dose_mg, manner)
        billed = billed_units(dose_mg=dose_mg, vial_total_mg=vials.total_mg, unit_mg=code.unit_mg)
        return LaidOutDay(
            day_number=number,
            due_on=on,
            dose_mg=dose_mg,
            vials=vials,
            hcpcs=code.hcpcs,
            units=billed.consumed(counts_wastage=True),
            profile=manner.profile,
            phases=time.chair.phases,
            infusion_minutes=time.chair.infusion_minutes,
            chair_minutes=time.chair.block_minutes,
            wasted_units=billed.jw_units,
            volume_ml=time.volume_ml,
            rate_steps=time.rate_steps,
        )

    def _code(self, therapy: Therapy, on: date) -> BillingCode:
        try:
            return code_on(therapy.codes_of(self.facts.hcpcs), on=on)
        except Refusal as refusal:
            raise BadInput(refusal.code, refusal.sentence, field="hcpcs") from refusal

    def _manner(self, therapy: Therapy, on: date, back: _Back) -> _Manner:
        slow_after, last_given_on = self.patient.slow_after, back.last_given_on
        is_after_reaction = slow_after is not None and back.from_on > slow_after >= (last_given_on or date.min)
        gap_limit = CLINICAL_DEFAULTS.first_ramp_after_days if therapy.is_immune_globulin else NEVER_FORGOTTEN
        profile = profile_for(
            prior_infusions_of_product=0 if last_given_on is None else 1,
            days_since_last=None if last_given_on is None else (back.from_on - last_given_on).days,
            gap_threshold_days=gap_limit,
            last_reaction_grade=SLOWING if is_after_reaction else 0,
        )
        if self.facts.titration == Titration.FIRST:
            profile = Profile.FIRST
        return _Manner(
            profile,
            is_at_risk=therapy.is_immune_globulin and self.patient.is_at_risk_on(on),
            has_premed=self.facts.needs_premedication or is_after_reaction,
            is_loading=False,
        )

    def _time(self, therapy: Therapy, dose_mg: Fraction, manner: _Manner) -> _DayTime:
        key = (id(therapy), dose_mg, manner)
        if key not in self._times:
            self._times[key] = _day_time(self.facts, therapy, dose_mg, manner)
        return self._times[key]


@lru_cache(maxsize=4096)
def _vials(dose_mg: Fraction, sizes_mg: tuple[Fraction, ...]) -> VialPick:
    return choose_vials(dose_mg=dose_mg, vial_sizes_mg=sizes_mg)


def _exact(amount: Decimal | None) -> Fraction | None:
    return None if amount is None else Fraction(amount)


def _rounded_and_split(
    therapy: Therapy, exact_mg: Fraction, days: int, maximum_mg: Fraction | None
) -> tuple[Fraction, ...]:
    """Immune globulin goes to whole vial steps by the clinic's rule; others stay exact unless their label rounds.

    Rounding never lifts a dose above its maximum.
    """
    increment = None
    if therapy.is_immune_globulin:
        rounded = round_to_vial(exact_mg=exact_mg)
        exact_mg, increment = _not_above(maximum_mg, exact_mg, rounded.rounded_mg, rounded.increment_mg)
    elif therapy.rounds_to_mg is not None:
        step = therapy.rounds_to_mg
        rounded = round_to_vial(exact_mg=exact_mg, increments_mg=[step], tolerance_pct=Fraction(100))
        exact_mg, increment = _not_above(maximum_mg, exact_mg, rounded.rounded_mg, step)
    if days == 1:
        return (exact_mg,)
    return split_over_days(total_mg=exact_mg, days=days, increment_mg=increment or _smallest_step(therapy))


def _not_above(
    maximum_mg: Fraction | None, exact_mg: Fraction, rounded_mg: Fraction, increment_mg: Fraction | None
) -> tuple[Fraction, Fraction | None]:
    """The rounded dose, one step lower where that would pass the maximum, or the exact dose where no step is left."""
    if maximum_mg is None or rounded_mg <= maximum_mg or increment_mg is None:
        return rounded_mg, increment_mg
    lower = rounded_mg - increment_mg
    return (lower, increment_mg) if lower > 0 else (exact_mg, None)


def _smallest_step(therapy: Therapy) -> Fraction:
    return ONE_GRAM if therapy.is_immune_globulin else Fraction(1)


def _day_time(facts: OrderFacts, therapy: Therapy, dose_mg: Fraction, manner: _Manner) -> _DayTime:
    watched = therapy.around[manner.profile].observation
    minutes = phase_minutes(
        is_first=manner.profile is Profile.FIRST,
        has_premed=manner.has_premed,
        is_at_risk=manner.is_at_risk,
        observation_minutes=watched if facts.observation_minutes is None else facts.observation_minutes,
        premed_minutes=therapy.premed_minutes,
    )
    if facts.hydration_minutes is not None:
        minutes = replace(minutes, hydration=facts.hydration_minutes)
    volume = None if therapy.mg_per_ml is None else volume_ml(dose_mg=dose_mg, mg_per_ml=therapy.mg_per_ml)
    infusion, steps = _infusion(facts, therapy, volume, manner)
    time = chair_time(infusion_minutes=infusion, minutes=minutes)
    if time.block_minutes > LONGEST_DAY_MINUTES:
        hours = plain(Fraction(time.block_minutes, 60))
        raise BadInput(
            "day_too_long",
            f"One day of this course would take {hours} hours in the chair; the longest is "
            f"{LONGEST_DAY_MINUTES // 60}. Divide it over more days.",
            field="days_per_course",
        )
    return _DayTime(time, volume, steps)


def _infusion(
    facts: OrderFacts, therapy: Therapy, volume: Fraction | None, manner: _Manner
) -> tuple[Fraction | int, tuple[RateSegment, ...]]:
    """Minutes of the infusion, and its rates where a ramp decides them.

    A label's minutes for the first infusion are those of its starting dose: each half dose of ocrelizumab takes them.
    """
    minutes = therapy.around[Profile.FIRST if manner.is_loading else manner.profile].infusion
    if minutes is not None:
        return minutes, ()
    ramp = choose_ramp(therapy.ramps, indication=facts.indication.id)
    if volume is None:
        raise BadInput("concentration_unknown", f"The concentration of {therapy.name} is not entered.", field="product")
    time = infusion_time(
        volume_ml=volume,
        weight_kg=Fraction(facts.dosing_weight_kg),
        steps=ramp.steps(manner.profile),
        cap_ml_per_kg_per_hour=lowest_cap(
            ramp.max_ml_per_kg_per_hour,
            therapy.at_risk_cap if manner.is_at_risk else None,
            _exact(facts.max_rate_ml_per_kg_per_hour),
        ),
        pump_cap_ml_per_hour=_exact(facts.pump_cap_ml_per_hour),
    )
    return time.exact_minutes, time.segments
