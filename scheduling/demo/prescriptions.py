"""Treatment orders of the demo: who begins when, and the courses that follow, by the rules that accept any order.

An order of somebody treated for long begins with its first course inside the remembered history, so that every course
has its visits; others have just begun, or begin soon.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from patients.domain.risks import Risk
from patients.models import Patient, Payer
from regimens.domain.given_so_far import GivenSoFar
from regimens.domain.titration import Profile
from regimens.models import Course, CourseDay, Indication, OrderStatus, Product, TreatmentOrder
from regimens.queries.catalogue import suggestion
from regimens.queries.patient_facts import PatientFacts, facts_about
from regimens.queries.therapies import Therapy, therapy
from regimens.services import courses as rows
from regimens.services.facts import OrderFacts, completed
from regimens.services.planning import LaidOutCourse, lay_out_courses
from scheduling.demo.house import House
from scheduling.demo.mix import ENDS_BY_ITSELF, Line
from scheduling.demo.names import NPIS, PRESCRIBERS
from scheduling.demo.stage import WEEKS_BEHIND, Stage
from scheduling.models import Visit

YEAR = timedelta(days=365)
TUESDAY, THURSDAY, FRIDAY = 1, 3, 4


class Since(StrEnum):
    """How long somebody has been treated."""

    LONG = "long"
    LATELY = "lately"
    SOON = "soon"


@dataclass
class Prescription:
    """An order, its courses so far, and the visits planned for them."""

    patient: Patient
    order: TreatmentOrder
    facts: OrderFacts
    therapy: Therapy
    known: PatientFacts
    since: Since
    payer: Payer
    is_due_today: bool
    courses: list[tuple[Course, list[CourseDay]]] = field(default_factory=list)
    visits: list[Visit] = field(default_factory=list)
    has_loose_end: bool = False

    @property
    def usual_infusion_minutes(self) -> int:
        """About how long an infusion takes, for packing a day: the label's minutes, or those of a usual ramp."""
        minutes = self.therapy.around[Profile.SUBSEQUENT].infusion
        return minutes if minutes is not None else int(self.facts.dosing_weight_kg) + 60

    def laid_out(self, given_on: tuple[date, ...], *, given: GivenSoFar, through_on: date) -> tuple[LaidOutCourse, ...]:
        """The courses that follow from the days on which the first ones were given or missed."""
        return lay_out_courses(
            self.facts, self.therapy, through_on=through_on, patient=self.known, given_on=given_on, given=given
        )

    def add_course(self, stage: Stage, planned: LaidOutCourse) -> tuple[Course, list[CourseDay]]:
        """Make rows of a planned course, due on its calendar and not on the day it is given."""
        first_on = planned.days[0].due_on
        shift = planned.due_on - first_on
        due = replace(planned, days=tuple(replace(day, due_on=day.due_on + shift) for day in planned.days))
        courses, days = rows.build(self.order, [due])
        course = courses[0]
        course.id = stage.new_id()
        stage.rows.add(course)
        for day in days:
            day.id, day.course = stage.new_id(), course
            stage.rows.add(day)
        self.courses.append((course, days))
        return course, days

    def lay_out_rest(self, laid_out: Sequence[LaidOutCourse], *, held: Collection[UUID]) -> None:
        """Give the courses that have none of the days `held` the treatment that the rules make of them now."""
        planned = {course.number: course for course in laid_out}
        for course, days in self.courses:
            if course.number in planned and not any(day.id in held for day in days):
                rows.treat(days, planned[course.number].days)


@dataclass(frozen=True)
class Catalogue:
    """The drugs and indications to prescribe."""

    products: dict[str, Product]
    indications: dict[str, Indication]


def load_catalogue() -> Catalogue:
    """The catalogue as the database holds it."""
    return Catalogue(Product.objects.prefetch_related("codes").in_bulk(), Indication.objects.in_bulk())


class Calendar:
    """Spreads due dates: of several possible days each new regimen takes the one that is emptiest so far."""

    def __init__(self, stage: Stage, house: House) -> None:
        self.stage, self.house = stage, house
        self.tally: Counter[date] = Counter()

    def next_due(self, interval_days: int, days_per_course: int) -> date:
        """A weekday for the next course within one interval from tomorrow."""
        last_weekday = FRIDAY if days_per_course == 1 else THURSDAY
        candidates = [self.stage.today + timedelta(days=offset) for offset in range(1, interval_days + 1)]
        open_ = [day for day in candidates if day.weekday() <= last_weekday and day not in self.house.closed_on]
        if not any((day - self.stage.today).days % interval_days for day in open_):
            open_ = candidates
        chosen = min(self.stage.rng.sample(open_, k=min(7, len(open_))), key=lambda day: self._load(day, interval_days))
        self._count(chosen, interval_days, days_per_course)
        return chosen

    def today(self, days_per_course: int, interval_days: int) -> date:
        """Due today: the only day of a course, or either of two."""
        today = self.stage.today
        is_second = days_per_course > 1 and (today.weekday() == FRIDAY or self.stage.happens(0.45))
        due = today - timedelta(days=1) if is_second and today.weekday() > 0 else today
        self._count(due, interval_days, days_per_course)
        return due

    def _load(self, day: date, interval_days: int) -> int:
        weeks = range(-(WEEKS_BEHIND * 7), WEEKS_BEHIND * 7, interval_days)
        return sum(self.tally[day + timedelta(days=offset)] for offset in weeks)

    def _count(self, due: date, interval_days: int, days_per_course: int) -> None:
        for offset in range(-13 * interval_days, 14 * interval_days, interval_days):
            for day in range(days_per_course):
                self.tally[due + timedelta(days=offset + day)] += 1


@dataclass(frozen=True)
class Wish:
    """What to order for a patient of a line of the mix."""

    line: Line
    since: Since
    is_due_today: bool = False


def prescribe(
    stage: Stage,
    house: House,
    catalogue: Catalogue,
    calendar: Calendar,
    *,
    wish: Wish,
    patient: Patient,
    payer: Payer,
    weight_kg: Decimal,
    risks: frozenset[Risk],
) -> Prescription:
    """An accepted order for `patient`, without courses yet."""
    line = wish.line
    product, indication = catalogue.products[stage.pick(line.products)], catalogue.indications[line.indication]
    treatment = therapy(product, indication)
    days, weeks = stage.pick(line.days), stage.pick(line.weeks or (0,))
    base = _ordered(stage, product, indication, line=line, days=days, weeks=weeks, weight_kg=weight_kg)
    if wish.since is Since.LONG:
        base = replace(
            base, induction_offsets_days=(), induction_doses=(), first_maintenance_offset_days=None, course_limit=None
        )
    starts_on = _starts_on(stage, house, calendar, wish, base)
    signed_on = _signed_on(stage, wish, starts_on)
    last_given = starts_on - timedelta(days=base.interval_days or 28) if wish.since is Since.LONG else None
    dated = replace(base, starts_on=starts_on, signed_on=signed_on, ends_on=signed_on + YEAR, prior_dose_on=last_given)
    facts = completed(dated, treatment)
    accepted_on = signed_on + timedelta(days=stage.rng.randint(1, 3))
    order = TreatmentOrder(
        id=stage.new_id(),
        clinic=house.clinic,
        patient=patient,
        status=OrderStatus.ACTIVE,
        accepted_at=stage.office_time(accepted_on),
        accepted_by=house.scheduler if stage.happens(0.5) else stage.pick(house.nurses),
        laid_out_through_on=stage.today + YEAR,
        version=2,
        created_at=stage.office_time(signed_on),
        **rows.order_fields(facts),
    )
    stage.rows.add(order)
    known = facts_about(patient, flags=frozenset(risk.value for risk in risks), last_given_on=last_given)
    return Prescription(patient, order, facts, treatment, known, wish.since, payer, wish.is_due_today)


def _signed_on(stage: Stage, wish: Wish, starts_on: date) -> date:
    """Some days before the first course; of a few so long ago that the prescriber must soon sign again."""
    if wish.since is Since.LONG and starts_on < stage.today and stage.happens(0.12):
        return stage.today - YEAR + timedelta(days=stage.rng.randint(25, 80))
    return min(starts_on, stage.today) - timedelta(days=stage.rng.randint(4, 26))


def _ordered(
    stage: Stage, product: Product, indication: Indication, *, line: Line, days: int, weeks: int, weight_kg: Decimal
) -> OrderFacts:
    usual = suggestion(product, indication, weight_kg=weight_kg, on=stage.today)
    icd10, prescriber = stage.pick(indication.data["icd10"]), stage.pick(PRESCRIBERS)
    facts = OrderFacts(
        product=product,
        indication=indication,
        icd10=icd10,
        hcpcs=usual.hcpcs,
        dose_basis=usual.dose_basis,
        dose_amount=usual.dose_amount or Decimal(1),
        dosing_weight_kg=weight_kg,
        days_per_course=1,
        interval_days=usual.interval_days,
        starts_on=stage.today,
        signed_on=stage.today,
        prescriber_name=prescriber,
        prescriber_npi=NPIS[prescriber],
        induction_offsets_days=usual.induction_offsets_days,
        induction_doses=usual.induction_doses or None,
        first_maintenance_offset_days=usual.first_maintenance_offset_days,
        course_limit=usual.course_limit,
        needs_premedication=usual.needs_premedication,
        premedication=usual.premedication,
        hydration=usual.hydration,
        observation_minutes=usual.observation_minutes,
        labs_required=usual.labs_required,
        weighed_on=stage.today,
        measured_weight_kg=weight_kg,
    )
    if not line.doses:
        return facts
    return replace(
        facts,
        dose_basis="g_per_kg",
        dose_amount=stage.pick(line.amounts),
        days_per_course=days,
        interval_days=weeks * 7,
        needs_premedication=stage.happens(0.3),
    )


def _starts_on(stage: Stage, house: House, calendar: Calendar, wish: Wish, facts: OrderFacts) -> date:
    interval, days = facts.interval_days or 28, facts.days_per_course
    if wish.since is Since.LONG:
        due = calendar.today(days, interval) if wish.is_due_today else calendar.next_due(interval, days)
        return due - timedelta(days=(due - stage.first_on).days // interval * interval)
    if wish.since is Since.SOON:
        reach = [stage.today + timedelta(days=offset) for offset in range(5, 33)]
    else:
        until = 10 if facts.product.id in ENDS_BY_ITSELF else -5
        reach = [
            stage.first_on + timedelta(days=offset) for offset in range((stage.today - stage.first_on).days + until)
        ]
    last_weekday = TUESDAY if facts.product.id == "iron_sucrose" else THURSDAY
    return stage.pick([day for day in reach if day.weekday() <= last_weekday and day not in house.closed_on])
