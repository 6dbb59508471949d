"""Why an order makes no sense, every reason at once, each naming the input at fault.

These are the refusals of order entry: impossible weights, doses, intervals and dates, a billing code that is not the
product's, and the overdose of reading "2 g/kg" as each day's dose. What a prescriber may decide is not refused.
"""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

from core.errors import Reason
from regimens.domain.dose import check_course_limit
from regimens.models import DoseBasis, LateDosePolicy
from regimens.queries.patient_facts import NOTHING_KNOWN, PatientFacts
from regimens.queries.therapies import Therapy
from regimens.services.facts import OrderFacts

LIGHTEST_KG, HEAVIEST_KG = 1, 400
SHORTEST_INTERVAL, LONGEST_INTERVAL = 7, 182
MOST_DAYS = 5
MOST_COURSES = 200
MOST_INDUCTION_COURSES = 12
FARTHEST_START = timedelta(days=366)
MOST_VIALS = 60
ICD10 = re.compile(r"[A-TV-Z]\d[0-9A-Z](\.[0-9A-Z]{1,4})?")

Reasons = Iterator[Reason]


def check_order(
    facts: OrderFacts, therapy: Therapy, *, today: date, patient: PatientFacts = NOTHING_KNOWN
) -> tuple[Reason, ...]:
    """Every reason against entering the order; the facts are completed (`facts.completed`)."""
    found = [
        *_who_and_why(facts, therapy),
        *_weight(facts),
        *_rhythm(facts),
        *_induction(facts),
        *_window(facts),
        *_dates(facts, today),
        *_prior_dose(facts, patient, today),
    ]
    if any(reason.field in {"dosing_weight_kg", "days_per_course"} for reason in found):
        return (*found, *_amounts(facts, therapy))
    return (*found, *(_amounts(facts, therapy) or _size_of_dose(facts, therapy)))


def check_label(therapy: Therapy) -> tuple[Reason, ...]:
    """Why the chair time of a product cannot be calculated yet: nobody has checked its rates against the label."""
    if not therapy.requires_label_check:
        return ()
    return (
        Reason(
            "label_not_checked",
            f"The infusion rates of {therapy.name} have not been checked against its label, so its chair time is not "
            "known. Ask the pharmacist to enter them; the order can wait as a draft.",
            field="product",
        ),
    )


def _who_and_why(facts: OrderFacts, therapy: Therapy) -> Reasons:
    if not facts.prescriber_name:
        yield Reason("prescriber_missing", "Say who prescribed it.", field="prescriber_name")
    if not ICD10.fullmatch(facts.icd10):
        yield Reason("bad_icd10", f"“{facts.icd10[:20]}” is not an ICD-10 code such as G61.81.", field="icd10")
    if facts.late_dose_policy not in LateDosePolicy.values:
        yield Reason("unknown_policy", "Choose what a late dose does to the dates after it.", field="late_dose_policy")
    yield from _billing_code(facts, therapy)


def _billing_code(facts: OrderFacts, therapy: Therapy) -> Reasons:
    codes = therapy.codes_of(facts.hcpcs)
    if not codes:
        if therapy.brands or not facts.hcpcs:
            yield Reason(
                "unknown_hcpcs",
                f"“{facts.hcpcs[:12]}” is not a billing code of {therapy.name}. {_known_codes(facts, therapy)}",
                field="hcpcs",
            )
    elif not any(code.hcpcs == facts.hcpcs and code.holds(facts.starts_on) for code in codes):
        yield Reason(
            "hcpcs_not_in_force",
            f"{facts.hcpcs} is not in force on {facts.starts_on:%-d %B %Y}. {_known_codes(facts, therapy)}",
            field="hcpcs",
        )


def _known_codes(facts: OrderFacts, therapy: Therapy) -> str:
    known = [f"{brand.code.hcpcs} ({brand.label})" for brand in therapy.brands_on(facts.starts_on)]
    return f"Use {' or '.join(known)}." if known else "Enter one for the product first."


def _weight(facts: OrderFacts) -> Reasons:
    weight = facts.dosing_weight_kg
    if not (weight.is_finite() and LIGHTEST_KG <= weight <= HEAVIEST_KG):
        yield Reason(
            "bad_weight",
            f"The dosing weight must be between {LIGHTEST_KG} and {HEAVIEST_KG} kg.",
            field="dosing_weight_kg",
        )


def _rhythm(facts: OrderFacts) -> Reasons:
    if not 1 <= facts.days_per_course <= MOST_DAYS:
        yield Reason("bad_days", f"A course is given over 1 to {MOST_DAYS} days in a row.", field="days_per_course")
    if facts.interval_days is not None and not SHORTEST_INTERVAL <= facts.interval_days <= LONGEST_INTERVAL:
        yield Reason(
            "bad_interval",
            f"The interval must be between {SHORTEST_INTERVAL} and {LONGEST_INTERVAL} days (1 to 26 weeks).",
            field="interval_days",
        )
    if facts.course_limit is not None and not 1 <= facts.course_limit <= MOST_COURSES:
        yield Reason(
            "bad_course_limit", f"The number of courses must be between 1 and {MOST_COURSES}.", field="course_limit"
        )
    minimum = facts.minimum_interval_days
    if minimum is not None and not 1 <= minimum <= max(facts.interval_days or LONGEST_INTERVAL, 1):
        yield Reason(
            "bad_minimum_interval",
            "The minimum interval must be at least 1 day and not longer than the interval.",
            field="minimum_interval_days",
        )


def _induction(facts: OrderFacts) -> Reasons:
    offsets = facts.induction_offsets_days
    if not offsets:
        for field in ("induction_doses", "first_maintenance_offset_days"):
            if getattr(facts, field):
                yield Reason("no_induction", "Say on which days induction is given, or leave this empty.", field=field)
        return
    gaps = [later - earlier for earlier, later in pairwise(offsets)]
    if offsets[0] != 0 or any(gap < 1 for gap in gaps):
        yield Reason(
            "bad_induction",
            "Induction days count from the first dose: begin with 0 and rise, such as 0, 14, 42.",
            field="induction_offsets_days",
        )
    elif len(offsets) > MOST_INDUCTION_COURSES or offsets[-1] > LONGEST_INTERVAL * 2:
        yield Reason(
            "long_induction",
            f"Induction has at most {MOST_INDUCTION_COURSES} courses, the last within a year.",
            field="induction_offsets_days",
        )
    elif any(gap < facts.days_per_course for gap in gaps):
        yield Reason(
            "courses_overlap",
            f"A course of {facts.days_per_course} days is not over when the next induction course begins.",
            field="induction_offsets_days",
        )
    if facts.induction_doses and len(facts.induction_doses) != len(offsets):
        yield Reason(
            "bad_induction_doses", "Give one induction dose for each induction course.", field="induction_doses"
        )
    first = facts.first_maintenance_offset_days
    if first is not None and not offsets[-1] < first <= LONGEST_INTERVAL * 2:
        yield Reason(
            "bad_first_maintenance",
            "Maintenance begins after the last induction course and within a year.",
            field="first_maintenance_offset_days",
        )


def _window(facts: OrderFacts) -> Reasons:
    early, late = facts.window_early_days or 0, facts.window_late_days or 0
    if early < 0 or late < 0:
        field = "window_early_days" if early < 0 else "window_late_days"
        yield Reason("bad_window", "Days of the window cannot be negative.", field=field)
    elif facts.interval_days is not None and early + late >= facts.interval_days >= SHORTEST_INTERVAL:
        yield Reason(
            "wide_window",
            "The window is as long as the interval, so two courses could fall on one day. Make it shorter.",
            field="window_late_days",
        )


def _dates(facts: OrderFacts, today: date) -> Reasons:
    if facts.signed_on > today:
        yield Reason("signed_later", "The order cannot be signed in the future.", field="signed_on")
    if abs(facts.starts_on - today) > FARTHEST_START:
        yield Reason(
            "start_far_away",
            "The first course must be within a year of today. An order is usually valid for 12 months.",
            field="starts_on",
        )
    if facts.ends_on is not None and facts.ends_on < facts.starts_on:
        yield Reason("ends_before_start", "The end date is before the first course.", field="ends_on")


def _prior_dose(facts: OrderFacts, patient: PatientFacts, today: date) -> Reasons:
    prior = facts.prior_dose_on or patient.last_given_on
    if prior is not None and prior > today:
        yield Reason("last_given_later", "The last dose cannot have been given in the future.", field="prior_dose_on")


def _amounts(facts: OrderFacts, therapy: Therapy) -> list[Reason]:
    """What is wrong with the dose as it is written."""
    if facts.dose_basis not in DoseBasis.values:
        return [Reason("unknown_basis", "Choose how the dose is stated.", field="dose_basis")]
    if facts.dose_basis == DoseBasis.G_PER_KG and not therapy.is_immune_globulin:
        sentence = f"Grams per kilogram are for immune globulins. {therapy.name} is ordered in mg/kg or mg."
        return [Reason("basis_of_other_product", sentence, field="dose_basis")]
    if facts.dose_amount is None and facts.dose_basis != DoseBasis.WEIGHT_BAND:
        return [_bad_dose("dose_amount")]
    return [
        reason for field, amount in _named_amounts(facts) for reason in ([] if _is_dose(amount) else [_bad_dose(field)])
    ]


def _named_amounts(facts: OrderFacts) -> list[tuple[str, Decimal]]:
    maintenance = [] if facts.dose_amount is None else [("dose_amount", facts.dose_amount)]
    return [*maintenance, *(("induction_doses", dose) for dose in facts.induction_doses or ())]


def _is_dose(amount: Decimal) -> bool:
    if not amount.is_finite() or not 0 < amount < 1_000_000:
        return False
    exponent = amount.normalize().as_tuple().exponent
    return isinstance(exponent, int) and exponent >= -3


def _bad_dose(field: str) -> Reason:
    return Reason("bad_dose", "The dose must be above zero, below a million, with at most three decimals.", field=field)


def _size_of_dose(facts: OrderFacts, therapy: Therapy) -> list[Reason]:
    """Doses above the course limit, and doses so large that a unit must be wrong."""
    found: list[Reason] = []
    for field, amount in _named_amounts(facts):
        mg_per_kg = _mg_per_kg(facts, amount)
        if therapy.is_immune_globulin:
            per_day = mg_per_kg / 1000 / facts.days_per_course
            found += [
                Reason(reason.code, reason.sentence, field=field)
                for reason in check_course_limit(per_day_g_per_kg=per_day, days=facts.days_per_course)
            ]
        largest = max(therapy.vial_sizes_mg, default=None)
        if largest is not None and mg_per_kg * Fraction(facts.dosing_weight_kg) > largest * MOST_VIALS:
            sentence = (
                f"One course would take more than {MOST_VIALS} of the largest vials. Check the dose and its unit."
            )
            found.append(Reason("dose_too_large", sentence, field=field))
    return found


def _mg_per_kg(facts: OrderFacts, amount: Decimal) -> Fraction:
    exact = Fraction(amount)
    if facts.dose_basis == DoseBasis.G_PER_KG:
        return exact * 1000
    return exact if facts.dose_basis == DoseBasis.MG_PER_KG else exact / Fraction(facts.dosing_weight_kg)
