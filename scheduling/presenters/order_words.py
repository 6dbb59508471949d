"""How an order is said in words: its dose, its rhythm, and why each course is due when it is."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction

from regimens.domain.quantities import plain
from regimens.models import Course, DoseBasis, LateDosePolicy, TreatmentOrder

WEEK = 7


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
    """What is ordered for a course: "1 g/kg for 80 kg over 2 days"."""
    if order.dose_amount is None:
        amount = f"by weight band, for {plain(Fraction(order.dosing_weight_kg))} kg"
        return amount if order.days_per_course == 1 else f"{amount}, in all, over {order.days_per_course} days"
    unit = {DoseBasis.G_PER_KG: "g/kg", DoseBasis.MG_PER_KG: "mg/kg", DoseBasis.FIXED_MG: "mg"}
    amount = f"{plain(Fraction(order.dose_amount))} {unit[DoseBasis(order.dose_basis)]}"
    if order.dose_basis != DoseBasis.FIXED_MG:
        amount += f" for {plain(Fraction(order.dosing_weight_kg))} kg"
    return amount if order.days_per_course == 1 else f"{amount}, in all, over {order.days_per_course} days"


def rhythm(order: TreatmentOrder) -> str:
    """How often: "weeks 0, 2 and 6, then every 8 weeks"."""
    offsets: list[int] = order.induction_offsets_days
    if order.interval_days is None:
        return _at(offsets) if len(offsets) > 1 else "once"
    every = f"every {span(order.interval_days)}"
    if order.course_limit is not None and order.course_limit <= max(1, len(offsets)):
        return "once" if order.course_limit == 1 else _at(offsets)
    return f"{_at(offsets)}, then {every}" if offsets else every


def span(days: int) -> str:
    """Days in the words of a prescription: "3 weeks", "10 days"."""
    number, word = (days // WEEK, "week") if days % WEEK == 0 and days else (days, "day")
    return f"{number} {word}{'' if number == 1 else 's'}"


def _at(offsets: Sequence[int]) -> str:
    in_weeks = all(day % WEEK == 0 for day in offsets)
    numbers = [str(day // WEEK if in_weeks else day) for day in offsets]
    listed = " and ".join([", ".join(numbers[:-1]), numbers[-1]] if len(numbers) > 1 else numbers)
    return f"{'week' if in_weeks else 'day'}{'' if len(numbers) == 1 else 's'} {listed}"


def why_due(order: TreatmentOrder, course: Course, before: Course | None, given_on: date | None) -> str:
    """Why a course is due on its date; `before` is the course before it, given on `given_on` if it was."""
    if before is None:
        return "The first course: the day the order starts."
    gap = (course.due_on - before.due_on).days
    if given_on is not None and given_on != before.due_on:
        since_given = (course.due_on - given_on).days
        late = (given_on - before.due_on).days
        how = f"given {abs(late)} {'day' if abs(late) == 1 else 'days'} {'late' if late > 0 else 'early'}"
        if since_given == order.minimum_interval_days:
            return f"Course {before.number} was {how}; no sooner than {span(since_given)} after it."
        if gap != _planned_gap(order, course) and since_given == _planned_gap(order, course):
            return (
                f"Course {before.number} was {how}, so the count began anew: {span(since_given)} after {_d(given_on)}."
            )
        return f"Course {before.number} was {how}; {_kept(order)} {span(gap)} after {_d(before.due_on)}."
    step = f"{span(gap)} after course {before.number} {'was given' if given_on else 'is due'} ({_d(before.due_on)})"
    return f"Induction: {step}." if course.phase == "induction" else f"{step[0].upper()}{step[1:]}."


def _kept(order: TreatmentOrder) -> str:
    if order.late_dose_policy == LateDosePolicy.ORIGINAL:
        return "the original calendar stands:"
    return "inside the window, so the calendar stands:"


def _planned_gap(order: TreatmentOrder, course: Course) -> int | None:
    offsets: list[int] = order.induction_offsets_days
    if course.number <= len(offsets):
        return offsets[course.number - 1] - offsets[course.number - 2]
    if offsets and course.number == len(offsets) + 1 and order.first_maintenance_offset_days:
        return order.first_maintenance_offset_days - offsets[-1]
    return order.interval_days


def _d(day: date) -> str:
    return f"{day:%a %-d %b}"
