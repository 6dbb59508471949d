"""How an order is said in words: its dose, its rhythm, all that was ordered, and why a course is due when it is."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from regimens.domain.cadence import Why
from regimens.domain.quantities import plain
from regimens.models import Course, DoseBasis, LateDosePolicy, Titration, TreatmentOrder

WEEK = 7
UNITS = {DoseBasis.G_PER_KG: "g/kg", DoseBasis.MG_PER_KG: "mg/kg", DoseBasis.FIXED_MG: "mg"}


@dataclass(frozen=True)
class Line:
    """One thing that was ordered."""

    label: str
    text: str


def mass(mg: Decimal | Fraction, *, is_immune_globulin: bool) -> str:
    """A mass as people write it: 40 g of immune globulin, 400 mg of anything else."""
    exact = Fraction(mg)
    return f"{plain(exact / 1000)} g" if is_immune_globulin else f"{plain(exact)} mg"


def vials(rows: Sequence[Mapping[str, float]], *, is_immune_globulin: bool) -> str:
    """Vials as a list: "1 × 30 g, 1 × 10 g"."""
    return ", ".join(
        f"{row['count']} × {mass(Fraction(str(row['mg'])), is_immune_globulin=is_immune_globulin)}" for row in rows
    )


def dose(order: TreatmentOrder) -> str:
    """What is ordered for a course: "1 g/kg for 80 kg, in all, over 2 days"."""
    weight = f" for {_number(order.dosing_weight_kg)} kg"
    if order.dose_amount is None:
        said = f"by weight band{weight}"
    else:
        said = f"{_number(order.dose_amount)} {UNITS[DoseBasis(order.dose_basis)]}"
        said += "" if order.dose_basis == DoseBasis.FIXED_MG else weight
    if order.max_dose_mg is not None:
        most = mass(order.max_dose_mg, is_immune_globulin=order.product.is_immune_globulin)
        said += f", at most {most}"
    return said if order.days_per_course == 1 else f"{said}, in all, over {order.days_per_course} days"


def rhythm(order: TreatmentOrder) -> str:
    """How often: "weeks 0, 2 and 6, then every 8 weeks"."""
    offsets: list[int] = order.induction_offsets_days
    if order.course_limit == 1 or (order.interval_days is None and len(offsets) < 2):
        return "once"
    if order.interval_days is None or (order.course_limit is not None and order.course_limit <= len(offsets)):
        return _at(offsets)
    every = f"every {span(order.interval_days)}"
    return f"{_at(offsets)}, then {every}" if offsets else every


def span(days: int) -> str:
    """Days in the words of a prescription: "3 weeks", "10 days"."""
    number, word = (days // WEEK, "week") if days % WEEK == 0 and days else (days, "day")
    return f"{number} {word}{'' if number == 1 else 's'}"


def once_or_all(parts: Sequence[str]) -> str:
    """What each day gets, equal parts once: "2 days of 40 g", "40 g + 35 g"."""
    return f"{len(parts)} days of {parts[0]}" if len(parts) > 1 and len(set(parts)) == 1 else " + ".join(parts)


def counted(number: int, word: str) -> str:
    """A number with its noun: "1 day", "2 days"."""
    return f"{number} {word}{'' if number == 1 else 's'}"


def ordered(order: TreatmentOrder) -> tuple[tuple[Line, ...], ...]:
    """Everything that was ordered, in two columns: the drug and when, then what goes with it and who signed."""
    drug = [
        Line("Product", f"{order.product.name}{'; the pharmacist may substitute' if order.may_substitute else ''}"),
        Line("Dose", dose(order)),
        Line("Dosing weight", _weight(order)),
        Line("How often", rhythm(order)),
        *_induction(order),
        Line("Window", window(order)),
        Line("After a late dose", order.get_late_dose_policy_display()),
        Line("Runs", _runs(order)),
    ]
    around = [
        Line("Premedication", premedication(order)),
        Line("Hydration", _hydration(order)),
        Line("Observation", _minutes(order.observation_minutes) or "as the catalogue says"),
        Line("Rate", _rate(order)),
        Line("Before a dose", labs(order.labs_required) or "no laboratory tests asked for"),
        *([Line("Instructions", order.instructions)] if order.instructions else []),
        Line("Prescriber", prescriber(order)),
        Line("Billing", f"{order.hcpcs}, {order.indication.name} ({order.icd10})"),
    ]
    return tuple(drug), tuple(around)


def window(order: TreatmentOrder) -> str:
    """The days a course may be early or late, and how close two may never be."""
    said = f"{counted(order.window_early_days, 'day')} early to {counted(order.window_late_days, 'day')} late"
    if order.minimum_interval_days:
        said += f", never sooner than {counted(order.minimum_interval_days, 'day')} after a dose"
    return said


def premedication(order: TreatmentOrder) -> str:
    if order.premedication:
        return order.premedication
    return "yes, as the clinic's protocol says" if order.needs_premedication else "none"


def prescriber(order: TreatmentOrder) -> str:
    npi = f", NPI {order.prescriber_npi}" if order.prescriber_npi else ""
    signed = "not signed yet" if order.signed_on is None else f"signed {order.signed_on:%-d %b %Y}"
    return f"{order.prescriber_name}{npi}, {signed}"


def labs(required: Iterable[Mapping[str, Any]]) -> str:
    """Tests asked for before a dose: "Creatinine (valid 90 days)"."""
    return "; ".join(_lab(lab) for lab in required)


def _lab(lab: Mapping[str, Any]) -> str:
    days, low, high, unit = (lab.get(name) for name in ("valid_days", "low", "high", "unit"))
    limits = [f"at least {low}" if low is not None else "", f"at most {high}" if high is not None else ""]
    between = " and ".join(limit for limit in limits if limit)
    parts = [
        f"{between} {unit or ''}".strip() if between else "",
        f"valid {counted(days, 'day')}" if days else "once",
        "a minor test" if lab.get("is_minor") else "",
    ]
    return f"{lab['name']} ({', '.join(part for part in parts if part)})"


def _weight(order: TreatmentOrder) -> str:
    said = f"{_number(order.dosing_weight_kg)} kg, {order.get_weight_basis_display().lower()}"
    if order.measured_weight_kg is not None:
        said += f"; measured {_number(order.measured_weight_kg)} kg"
    return f"{said} on {order.weighed_on:%-d %b %Y}" if order.weighed_on else said


def _induction(order: TreatmentOrder) -> list[Line]:
    offsets: list[int] = order.induction_offsets_days
    if not offsets:
        return []
    parts = [_at(offsets)]
    if order.induction_days and order.induction_days != order.days_per_course:
        parts.append(f"the first over {counted(order.induction_days, 'day')}")
    if order.induction_doses:
        unit = UNITS.get(DoseBasis(order.dose_basis), "mg")
        parts.append(f"doses {', '.join(_number(Decimal(each)) for each in order.induction_doses)} {unit}")
    if order.first_maintenance_offset_days:
        parts.append(f"maintenance from {_at([order.first_maintenance_offset_days])}")
    return [Line("Induction", "; ".join(parts))]


def _runs(order: TreatmentOrder) -> str:
    said = f"from {order.starts_on:%-d %b %Y}"
    said += f" to {order.ends_on:%-d %b %Y}" if order.ends_on else ""
    said += f", {counted(order.course_limit, 'course')}" if order.course_limit else ""
    return f"{said}; laid out through {order.laid_out_through_on:%-d %b %Y}" if order.laid_out_through_on else said


def _hydration(order: TreatmentOrder) -> str:
    minutes = _minutes(order.hydration_minutes)
    if order.hydration:
        return f"{order.hydration}{f' ({minutes})' if minutes else ''}"
    return minutes or "only for a patient at risk"


def _rate(order: TreatmentOrder) -> str:
    steps = "always the slow first ramp" if order.titration == Titration.FIRST else "first or later ramp by the label"
    if order.max_rate_ml_per_kg_per_hour is None:
        return steps
    return f"{steps}, never above {_number(order.max_rate_ml_per_kg_per_hour)} mL/kg/h for this patient"


def _minutes(minutes: int | None) -> str:
    return "" if minutes is None else counted(minutes, "minute")


def _number(value: Decimal) -> str:
    return plain(Fraction(value))


def _at(offsets: Sequence[int]) -> str:
    in_weeks = all(day % WEEK == 0 for day in offsets)
    numbers = [str(day // WEEK if in_weeks else day) for day in offsets]
    listed = " and ".join([", ".join(numbers[:-1]), numbers[-1]] if len(numbers) > 1 else numbers)
    return f"{'week' if in_weeks else 'day'}{'' if len(numbers) == 1 else 's'} {listed}"


def why_due(order: TreatmentOrder, course: Course, before: Course | None, given_on: date | None) -> str:
    """Why a course is due on its date; `before` is the course before it, given on `given_on` if it was."""
    if before is None:
        return "The first course: the day the order starts."
    counted_from = course.counted_from_on or before.due_on
    planned_on = course.planned_on or course.due_on
    step = span((planned_on - counted_from).days)
    dosed_on = given_on or before.due_on
    match course.why:
        case Why.FROM_GIVEN:
            how = "The order counts from the dose given" if order.late_dose_policy == LateDosePolicy.ACTUAL else ""
            reason = f"{how}: {step} after {_d(counted_from)}." if how else ""
            return reason or f"{_first(step)} after the dose of {_d(counted_from)}, which was outside its window."
        case Why.MINIMUM_INTERVAL:
            gap = counted((course.due_on - dosed_on).days, "day")
            return f"No sooner than {gap} after the dose of {_d(dosed_on)}; the calendar says {_d(planned_on)}."
        case Why.PAYER_INTERVAL:
            gap = counted((course.due_on - dosed_on).days, "day")
            return f"The payer pays no sooner than {gap} after the dose of {_d(dosed_on)}."
    if given_on is not None and given_on not in {before.due_on, counted_from}:
        late = (given_on - before.due_on).days
        how = f"{counted(abs(late), 'day')} {'late' if late > 0 else 'early'}"
        return f"Course {before.number} was given {how}; {_kept(order)} {step} after {_d(counted_from)}."
    said = f"{step} after course {before.number} {'was given' if given_on else 'is due'} ({_d(counted_from)})"
    return f"Induction: {said}." if course.phase == "induction" else f"{_first(said)}."


def _kept(order: TreatmentOrder) -> str:
    if order.late_dose_policy == LateDosePolicy.ORIGINAL:
        return "the original calendar stands:"
    return "inside the window, so the calendar stands:"


def _first(text: str) -> str:
    return text[:1].upper() + text[1:]


def _d(day: date) -> str:
    return f"{day:%a %-d %b}"
