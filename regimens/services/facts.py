"""The facts of a treatment order as they were entered, before anything is saved.

A form, the API, the demo and a saved order all become `OrderFacts`, so they are checked and laid out by the same rules.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from itertools import takewhile
from typing import Any, TypeVar

from regimens.domain.cadence import Cadence
from regimens.domain.dose import WeightBand
from regimens.domain.due_dates import LatePolicy
from regimens.models import DoseBasis, Indication, Product, Titration, TreatmentOrder, WeightBasis
from regimens.queries.therapies import Therapy

T = TypeVar("T")
NEVER_REACHED_DAYS = 366  # a single course has no second one; a cadence asks for some interval
LabRequirement = Mapping[str, Any]
"""A test asked for before a dose: code, name, valid_days, low, high, unit, is_minor, source, confidence."""


@dataclass(frozen=True, kw_only=True)
class OrderFacts:
    """What a prescriber signed. `dose_amount` is for the whole course, all its days together, and never for each day.

    None in a window, the policy, the minimum interval, the induction doses or the first maintenance offset means: as
    the catalogue says. `induction_doses` are amounts in the order's own basis, one for each induction course.
    A dose by weight band has no amount; an order without an interval ends after induction, or after its one course.
    `prior_dose_on` is when the patient last had this product before the order (None: never, as far as is known).
    """

    product: Product
    indication: Indication
    icd10: str
    hcpcs: str
    dose_basis: str
    dose_amount: Decimal | None
    dosing_weight_kg: Decimal
    days_per_course: int
    interval_days: int | None
    starts_on: date
    signed_on: date | None
    prescriber_name: str
    induction_offsets_days: tuple[int, ...] = ()
    induction_doses: tuple[Decimal, ...] | None = None
    first_maintenance_offset_days: int | None = None
    window_early_days: int | None = None
    window_late_days: int | None = None
    minimum_interval_days: int | None = None
    late_dose_policy: str | None = None
    ends_on: date | None = None
    course_limit: int | None = None
    needs_premedication: bool = False
    may_substitute: bool = False
    max_dose_mg: Decimal | None = None
    weight_basis: str = WeightBasis.ACTUAL.value
    measured_weight_kg: Decimal | None = None
    weighed_on: date | None = None
    induction_days: int | None = None
    premedication: str = ""
    hydration: str = ""
    hydration_minutes: int | None = None
    observation_minutes: int | None = None
    titration: str = Titration.BY_RULE.value
    max_rate_ml_per_kg_per_hour: Decimal | None = None
    labs_required: tuple[LabRequirement, ...] = ()
    instructions: str = ""
    prior_dose_on: date | None = None
    prescriber_npi: str = ""
    pump_cap_ml_per_hour: Decimal | None = None  # of a pump, for estimates: no order keeps it

    @property
    def is_single(self) -> bool:
        """Whether the order is for one course and no more: it has neither induction nor an interval."""
        return self.interval_days is None and not self.induction_offsets_days

    @property
    def loading_days(self) -> int:
        """Days of the first induction course."""
        return self.days_per_course if self.induction_days is None else self.induction_days

    def amount(self, course_number: int) -> Decimal | None:
        """The amount ordered for a course, counted from 1; None where a weight band decides."""
        doses = self.induction_doses or ()
        return doses[course_number - 1] if course_number <= len(doses) else self.dose_amount


SAME_ON_THE_ORDER = (
    "may_substitute",
    "max_dose_mg",
    "weight_basis",
    "measured_weight_kg",
    "weighed_on",
    "induction_days",
    "premedication",
    "hydration",
    "hydration_minutes",
    "observation_minutes",
    "titration",
    "max_rate_ml_per_kg_per_hour",
    "instructions",
    "prior_dose_on",
    "prescriber_npi",
)
"""Fields that an order keeps exactly as they were entered."""


def completed(facts: OrderFacts, therapy: Therapy) -> OrderFacts:
    """The facts with the catalogue's answer wherever the order says nothing. Dosing weight is kept to 0.1 kg."""
    weight = facts.dosing_weight_kg
    return replace(
        facts,
        dosing_weight_kg=weight.quantize(Decimal("0.1"), ROUND_HALF_UP) if _is_plain(weight) else weight,
        dose_amount=None if facts.dose_basis == DoseBasis.WEIGHT_BAND else facts.dose_amount,
        icd10=facts.icd10.strip().upper(),
        hcpcs=facts.hcpcs.strip().upper(),
        prescriber_name=facts.prescriber_name.strip(),
        prescriber_npi=facts.prescriber_npi.strip(),
        premedication=facts.premedication.strip(),
        needs_premedication=facts.needs_premedication or bool(facts.premedication.strip()),
        hydration=facts.hydration.strip(),
        instructions=facts.instructions.strip(),
        induction_offsets_days=tuple(facts.induction_offsets_days),
        labs_required=tuple(facts.labs_required),
        induction_doses=_induction_doses(facts, therapy),
        first_maintenance_offset_days=_first_maintenance(facts, therapy),
        window_early_days=_or_else(facts.window_early_days, therapy.early_days),
        window_late_days=_or_else(facts.window_late_days, therapy.late_days),
        minimum_interval_days=_or_else(facts.minimum_interval_days, _minimum(facts, therapy)),
        late_dose_policy=facts.late_dose_policy or therapy.late_policy.value,
    )


def facts_of(order: TreatmentOrder) -> OrderFacts:
    """A saved order's facts."""
    return OrderFacts(
        product=order.product,
        indication=order.indication,
        icd10=order.icd10,
        hcpcs=order.hcpcs,
        dose_basis=order.dose_basis,
        dose_amount=order.dose_amount,
        dosing_weight_kg=order.dosing_weight_kg,
        days_per_course=order.days_per_course,
        interval_days=order.interval_days,
        starts_on=order.starts_on,
        signed_on=order.signed_on,
        prescriber_name=order.prescriber_name,
        induction_offsets_days=tuple(order.induction_offsets_days),
        induction_doses=tuple(Decimal(dose) for dose in order.induction_doses),
        first_maintenance_offset_days=order.first_maintenance_offset_days,
        window_early_days=order.window_early_days,
        window_late_days=order.window_late_days,
        minimum_interval_days=order.minimum_interval_days,
        late_dose_policy=order.late_dose_policy,
        ends_on=order.ends_on,
        course_limit=order.course_limit,
        needs_premedication=order.needs_premedication,
        labs_required=tuple(order.labs_required),
        **{name: getattr(order, name) for name in SAME_ON_THE_ORDER},
    )


def cadence_of(facts: OrderFacts, therapy: Therapy) -> Cadence:
    """How often the order is given. The facts are completed and have passed `check_order`."""
    return Cadence(
        interval_days=NEVER_REACHED_DAYS if facts.is_single else facts.interval_days,
        induction_offsets_days=facts.induction_offsets_days,
        first_maintenance_offset_days=facts.first_maintenance_offset_days,
        loading_days=facts.loading_days,
        days_per_course=facts.days_per_course,
        early_days=_or_else(facts.window_early_days, therapy.early_days),
        late_days=_or_else(facts.window_late_days, therapy.late_days),
        late_policy=LatePolicy(facts.late_dose_policy or therapy.late_policy),
        min_interval_days=facts.minimum_interval_days,
        has_exact_first_maintenance=therapy.has_exact_first_maintenance,
        loading_courses=_loading_courses(facts),
    )


def _loading_courses(facts: OrderFacts) -> int:
    """How many courses have a dose that maintenance does not have; a loading dose by weight band is one."""
    doses = facts.induction_doses or ()
    return sum(1 for _ in takewhile(lambda dose: dose != facts.dose_amount, doses)) if doses else 1


def bands_of(facts: OrderFacts, therapy: Therapy, course_number: int) -> tuple[WeightBand, ...]:
    """The weight bands of a course: the label's loading bands for the first induction course, where it has them."""
    usual = therapy.usual_dose
    if facts.dose_basis != DoseBasis.WEIGHT_BAND or usual is None:
        return ()
    is_first_induction = course_number == 1 and bool(facts.induction_offsets_days)
    return usual.loading_bands if is_first_induction and usual.loading_bands else usual.bands


def _is_plain(number: Decimal) -> bool:
    return number.is_finite() and abs(number) < 100_000


def _or_else(value: T | None, otherwise: T) -> T:
    return otherwise if value is None else value


def _induction_doses(facts: OrderFacts, therapy: Therapy) -> tuple[Decimal, ...]:
    """The catalogue's loading doses when the order follows the catalogue's dose and number of induction courses."""
    if facts.induction_doses is not None:
        return tuple(facts.induction_doses)
    usual = therapy.usual_dose
    if usual is None or len(usual.loading_amounts) != len(facts.induction_offsets_days):
        return ()
    if facts.dose_amount is None or not _is_plain(facts.dose_amount):
        return ()
    is_usual = usual.basis == facts.dose_basis and usual.amount == Fraction(facts.dose_amount)
    return tuple(_decimal(amount) for amount in usual.loading_amounts) if is_usual else ()


def _first_maintenance(facts: OrderFacts, therapy: Therapy) -> int | None:
    if facts.first_maintenance_offset_days is not None:
        return facts.first_maintenance_offset_days
    is_usual = (facts.induction_offsets_days, facts.interval_days) == (
        therapy.induction_offsets_days,
        therapy.interval_days,
    )
    return therapy.first_maintenance_offset_days if is_usual else None


def _minimum(facts: OrderFacts, therapy: Therapy) -> int | None:
    """The catalogue's minimum interval, unless the prescriber ordered a shorter interval on purpose."""
    minimum = therapy.min_interval_days
    interval = facts.interval_days
    return minimum if minimum is not None and (interval is None or minimum <= interval) else None


def _decimal(value: Fraction) -> Decimal:
    return Decimal(value.numerator) / Decimal(value.denominator)
