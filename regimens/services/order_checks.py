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

from core.errors import Reason, Refusal
from regimens.domain.dose import band_dose, check_course_limit
from regimens.domain.settings import CARE_DEFAULTS
from regimens.models import DoseBasis, LateDosePolicy
from regimens.queries.patient_facts import NOTHING_KNOWN, PatientFacts
from regimens.queries.therapies import Therapy
from regimens.services import order_care_checks as care
from regimens.services.facts import OrderFacts, bands_of

SHORTEST_INTERVAL, LONGEST_INTERVAL = 7, 182
A_YEAR = 366
MOST_DAYS = 5
MOST_COURSES = 200
MOST_INDUCTION_COURSES = 12
FARTHEST_START = timedelta(days=366)
MOST_VIALS = CARE_DEFAULTS.most_vials
ICD10 = re.compile(r"[A-TV-Z]\d[0-9A-Z](\.[0-9A-Z]{1,4})?")

Reasons = Iterator[Reason]


def check_order(
    facts: OrderFacts, therapy: Therapy, *, today: date, patient: PatientFacts = NOTHING_KNOWN
) -> tuple[Reason, ...]:
    """Every reason against entering the order; the facts are completed (`facts.completed`)."""
    found = [
        *care.patient_may_have_it(facts, therapy, patient),
        *_who_and_why(facts, therapy),
        *care.weight(facts, patient, today),
        *_rhythm(facts),
        *_induction(facts),
        *_window(facts),
        *care.around_the_infusion(facts, therapy),
        *care.tests_required(facts),
        *care.words_and_signature(facts, today),
        *_dates(facts, today),
        *_prior_dose(facts, today),
    ]
    if any(reason.field in {"dosing_weight_kg", "days_per_course", "induction_days"} for reason in found):
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
    elif facts.interval_days is None and (facts.course_limit or 1) > _courses_without_interval(facts):
        yield Reason(
            "courses_without_interval",
            f"{facts.course_limit} courses need an interval between them. Say how often, or leave the number empty.",
            field="interval_days",
        )
    minimum = facts.minimum_interval_days
    if minimum is not None and not 1 <= minimum <= max(facts.interval_days or A_YEAR, 1):
        yield Reason(
            "bad_minimum_interval",
            "The minimum interval must be at least 1 day and not longer than the interval.",
            field="minimum_interval_days",
        )


def _courses_without_interval(facts: OrderFacts) -> int:
    return max(1, len(facts.induction_offsets_days) + (facts.first_maintenance_offset_days is not None))


def _induction(facts: OrderFacts) -> Reasons:
    offsets = facts.induction_offsets_days
    if facts.induction_days is not None and not 1 <= facts.induction_days <= MOST_DAYS:
        yield Reason(
            "bad_induction_days",
            f"A loading course is given over 1 to {MOST_DAYS} days in a row.",
            field="induction_days",
        )
    if not offsets:
        for field in ("induction_doses", "induction_days", "first_maintenance_offset_days"):
            if getattr(facts, field):
                yield Reason("no_induction", "Say on which days induction is given, or leave this empty.", field=field)
        return
    yield from _induction_days(facts, offsets)
    if facts.induction_doses and len(facts.induction_doses) != len(offsets):
        yield Reason(
            "bad_induction_doses", "Give one induction dose for each induction course.", field="induction_doses"
        )
    first = facts.first_maintenance_offset_days
    is_over_by = offsets[-1] + (facts.loading_days if len(offsets) == 1 else facts.days_per_course)
    if first is not None and not is_over_by <= first <= LONGEST_INTERVAL * 2:
        yield Reason(
            "bad_first_maintenance",
            "Maintenance begins after the last induction course and within a year.",
            field="first_maintenance_offset_days",
        )


def _induction_days(facts: OrderFacts, offsets: tuple[int, ...]) -> Reasons:
    """What is wrong with the days on which induction courses begin: only the first thing that is."""
    gaps = [later - earlier for earlier, later in pairwise(offsets)]
    if offsets[0] != 0 or any(gap < 1 for gap in gaps):
        sentence = "Induction days count from the first dose: begin with 0 and rise, such as 0, 14, 42."
        yield Reason("bad_induction", sentence, field="induction_offsets_days")
    elif len(offsets) > MOST_INDUCTION_COURSES or offsets[-1] > LONGEST_INTERVAL * 2:
        sentence = f"Induction has at most {MOST_INDUCTION_COURSES} courses, the last within a year."
        yield Reason("long_induction", sentence, field="induction_offsets_days")
    elif (longest := _days_into_next(facts, gaps)) is not None:
        sentence = f"A course of {longest} days is not over when the next induction course begins."
        yield Reason("courses_overlap", sentence, field="induction_offsets_days")


def _days_into_next(facts: OrderFacts, gaps: list[int]) -> int | None:
    """The days of an induction course that would run into the one after it, if any does."""
    days = [facts.loading_days, *[facts.days_per_course] * len(gaps)]
    return next((each for each, gap in zip(days, gaps, strict=False) if gap < each), None)


def _window(facts: OrderFacts) -> Reasons:
    early, late = facts.window_early_days or 0, facts.window_late_days or 0
    if early < 0 or late < 0:
        field = "window_early_days" if early < 0 else "window_late_days"
        yield Reason("bad_window", "Days of the window cannot be negative.", field=field)
    elif (
        facts.interval_days is not None
        and _longest_stretch(facts, early + late) >= facts.interval_days >= SHORTEST_INTERVAL
    ):
        yield Reason(
            "wide_window",
            "The window is as long as the interval, so two courses could fall on one day. Make it shorter.",
            field="window_late_days",
        )


def _longest_stretch(facts: OrderFacts, window_days: int) -> int:
    """Days between the earliest start of a course and its latest end."""
    return window_days + max(facts.days_per_course, 1) - 1


def _dates(facts: OrderFacts, today: date) -> Reasons:
    if abs(facts.starts_on - today) > FARTHEST_START:
        yield Reason(
            "start_far_away",
            "The first course must be within a year of today. An order is usually valid for 12 months.",
            field="starts_on",
        )
    if facts.ends_on is not None and facts.ends_on < facts.starts_on:
        yield Reason("ends_before_start", "The end date is before the first course.", field="ends_on")


def _prior_dose(facts: OrderFacts, today: date) -> Reasons:
    prior, minimum = facts.prior_dose_on, facts.minimum_interval_days
    if prior is None:
        return
    if prior > today:
        yield Reason("last_given_later", "The last dose cannot have been given in the future.", field="prior_dose_on")
    elif prior > facts.starts_on:
        yield Reason(
            "last_given_after_start",
            "The last dose before this order is after its first course.",
            field="prior_dose_on",
        )
    elif minimum is not None and 0 < (facts.starts_on - prior).days < minimum:
        earliest = prior + timedelta(days=minimum)
        yield Reason(
            "starts_too_soon",
            f"The last dose was on {prior:%-d %B %Y} and the next may come {minimum} days later: "
            f"not before {earliest:%-d %B %Y}.",
            field="starts_on",
        )


def _amounts(facts: OrderFacts, therapy: Therapy) -> list[Reason]:
    """What is wrong with the dose as it is written."""
    if facts.dose_basis not in DoseBasis.values:
        return [Reason("unknown_basis", "Choose how the dose is stated.", field="dose_basis")]
    if facts.dose_basis == DoseBasis.G_PER_KG and not therapy.is_immune_globulin:
        sentence = f"Grams per kilogram are for immune globulins. {therapy.name} is ordered in mg/kg or mg."
        return [Reason("basis_of_other_product", sentence, field="dose_basis")]
    if facts.dose_basis == DoseBasis.WEIGHT_BAND:
        return list(_band(facts, therapy))
    if facts.dose_amount is None:
        return [Reason("dose_missing", "Enter the dose for the whole course.", field="dose_amount")]
    if facts.max_dose_mg is not None and not _is_dose(facts.max_dose_mg, places=2):
        return [Reason("bad_max_dose", "The highest dose must be above zero, in mg.", field="max_dose_mg")]
    return [
        reason for field, amount in _named_amounts(facts) for reason in ([] if _is_dose(amount) else [_bad_dose(field)])
    ]


def _named_amounts(facts: OrderFacts) -> list[tuple[str, Decimal]]:
    maintenance = [] if facts.dose_amount is None else [("dose_amount", facts.dose_amount)]
    return [*maintenance, *(("induction_doses", dose) for dose in facts.induction_doses or ())]


def _band(facts: OrderFacts, therapy: Therapy) -> Reasons:
    """Why the dose cannot be read from the label's weight bands."""
    if therapy.usual_dose is None or not therapy.usual_dose.bands:
        yield Reason(
            "no_bands", f"The catalogue lists no doses of {therapy.name} by weight. State the dose.", field="dose_basis"
        )
        return
    if facts.induction_doses:
        yield Reason("bands_decide", "The weight band decides the induction doses too.", field="induction_doses")
    try:
        for number in (1, MOST_COURSES):
            band_dose(bands_of(facts, therapy, number), weight_kg=Fraction(facts.dosing_weight_kg))
    except Refusal as refusal:
        yield Reason(refusal.code, refusal.sentence, field="dosing_weight_kg")


def _is_dose(amount: Decimal, *, places: int = 3) -> bool:
    if not amount.is_finite() or not 0 < amount < 1_000_000:
        return False
    exponent = amount.normalize().as_tuple().exponent
    return isinstance(exponent, int) and exponent >= -places


def _bad_dose(field: str) -> Reason:
    return Reason("bad_dose", "The dose must be above zero, below a million, with at most three decimals.", field=field)


def _size_of_dose(facts: OrderFacts, therapy: Therapy) -> list[Reason]:
    """Doses above the course limit, and doses so large that a unit must be wrong."""
    found: list[Reason] = []
    if facts.dose_basis == DoseBasis.WEIGHT_BAND:
        return found
    for field, amount, days in _amounts_over_days(facts):
        mg_per_kg = _mg_per_kg(facts, amount)
        if therapy.is_immune_globulin:
            found += [
                Reason(reason.code, reason.sentence, field=field)
                for reason in check_course_limit(per_day_g_per_kg=mg_per_kg / 1000 / days, days=days)
            ]
        largest = max(therapy.vial_sizes_mg, default=None)
        if largest is not None and mg_per_kg * Fraction(facts.dosing_weight_kg) > largest * MOST_VIALS:
            sentence = (
                f"One course would take more than {MOST_VIALS} of the largest vials. Check the dose and its unit."
            )
            found.append(Reason("dose_too_large", sentence, field=field))
    return found


def _amounts_over_days(facts: OrderFacts) -> Iterator[tuple[str, Decimal, int]]:
    """Each amount of the order with the days it is given over."""
    loading = facts.induction_doses or ()
    for index, amount in enumerate(loading):
        yield "induction_doses", amount, facts.days_per_course if index else facts.loading_days
    if facts.dose_amount is not None:
        yield "dose_amount", facts.dose_amount, facts.days_per_course
        if facts.induction_offsets_days and not loading and facts.loading_days != facts.days_per_course:
            yield "dose_amount", facts.dose_amount, facts.loading_days


def _mg_per_kg(facts: OrderFacts, amount: Decimal) -> Fraction:
    exact = Fraction(amount)
    if facts.dose_basis == DoseBasis.G_PER_KG:
        return exact * 1000
    return exact if facts.dose_basis == DoseBasis.MG_PER_KG else exact / Fraction(facts.dosing_weight_kg)
