"""The gate's questions, one pure check for each point, every answer with a sentence that says what mends it.

The checks for insurance, consent and the age of a weight, and what the answers amount to, are in `clearance`.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from core.errors import Reason
from patients.domain.lab_results import Wanted, against
from patients.domain.labs import LAB_VALIDITY, is_valid
from regimens.domain.due_dates import DueState, standing
from regimens.domain.quantities import exact
from regimens.domain.reactions import BLOCKING, HOLDING
from regimens.domain.settings import CLINICAL_DEFAULTS
from regimens.domain.weight import has_weight_changed
from scheduling.domain.clearance import CLEARANCE_DEFAULTS, Hold, held
from scheduling.domain.infusion_check import Concern, concern_label

RENAL_TESTS = frozenset({"creatinine", "bun"})


@dataclass(frozen=True)
class OrderFacts:
    """An order as the gate looks at it. `valid_until` is the last date on which the prescription counts."""

    status: str
    status_reason: str
    signed_on: date
    starts_on: date
    valid_until: date
    course_number: int
    course_limit: int | None


def check_order(order: OrderFacts, *, service_on: date) -> tuple[Reason, ...]:
    """Why the order allows no infusion on a date: not active, not signed or begun by then, over, or no course left.

    Source: an order counts for 12 months, "x 1 year" (P18), P; the rest usual practice, K.
    """
    found: list[Reason] = []
    if order.status == "on_hold":
        why = order.status_reason.rstrip(".") or "no reason was written down"
        found.append(held(Hold.ORDER_INACTIVE, f"The order is on hold: {why}. A prescriber must release it."))
    elif order.status != "active":
        found.append(held(Hold.ORDER_INACTIVE, f"The order is {_ORDER_WORDS.get(order.status, 'not active')}."))
    elif max(order.signed_on, order.starts_on) > service_on:
        begins = _day(max(order.signed_on, order.starts_on))
        found.append(held(Hold.ORDER_INACTIVE, f"The order only counts from {begins}. Move the visit."))
    if order.valid_until < service_on:
        sentence = f"The order ended on {_day(order.valid_until)}, before this visit. Ask the prescriber to renew it."
        found.append(held(Hold.ORDER_EXPIRED, sentence))
    elif order.course_limit is not None and order.course_number > order.course_limit:
        sentence = f"The order is for {order.course_limit} courses and this would be number {order.course_number}."
        found.append(held(Hold.ORDER_EXPIRED, f"{sentence} Ask the prescriber to renew it."))
    return tuple(found)


_ORDER_WORDS = {
    "draft": "still a draft. Have a prescriber accept it",
    "ended": "ended. Ask the prescriber for a new one",
}


@dataclass(frozen=True)
class LabFact:
    """The latest result of a test; `value` is None for a result in words.

    `expects` is the answer that the test should have, ``negative`` or ``positive``; empty for any.
    """

    taken_on: date
    value: Decimal | None
    unit: str
    text: str = ""
    expects: str = ""


def check_required_labs(
    required: Sequence[Mapping[str, Any]], *, latest: Mapping[str, LabFact], service_on: date, is_at_risk: bool
) -> tuple[Reason, ...]:
    """Every test of the order that is missing, too old or out of the order's range on a date of service.

    A kidney test counts for a shorter time for a patient at risk. A test the order calls minor is a soft reason.

    Source: labels and payer policies by drug (P30, P38), P; the validity periods are settings, K.
    """
    found: list[Reason] = []
    for item in required:
        reason = _lab_reason(item, latest.get(str(item["code"])), service_on, is_at_risk=is_at_risk)
        if reason is not None:
            is_soft = bool(item.get("is_minor"))
            found.append(Reason(reason.code, reason.sentence, is_hard=not is_soft))
    return tuple(found)


def _lab_reason(item: Mapping[str, Any], lab: LabFact | None, service_on: date, *, is_at_risk: bool) -> Reason | None:
    name = str(item.get("name") or item["code"])
    if lab is None or lab.taken_on > service_on:
        return held(Hold.LABS_EXPIRED, f"{name} is not on file. Order it, then record the result.")
    days = item.get("valid_days")
    if days is not None and is_at_risk and item["code"] in RENAL_TESTS:
        days = min(days, LAB_VALIDITY.renal_at_risk)
    if not is_valid(taken_on=lab.taken_on, service_on=service_on, valid_days=days):
        sentence = f"{name} of {_day(lab.taken_on)} counts for {days} days, so not on {_day(service_on)}."
        return held(Hold.LABS_EXPIRED, f"{sentence} Order a new one.")
    wanted = Wanted(
        low=_limit(item.get("low")),
        high=_limit(item.get("high")),
        unit=str(item.get("unit") or ""),
        expects=lab.expects,
    )
    problem = against(wanted, value=lab.value, unit=lab.unit, text=lab.text)
    if problem:
        said = f"“{lab.text}”" if lab.value is None else f"{lab.value.normalize():f} {lab.unit}".strip()
        sentence = f"{name} of {_day(lab.taken_on)} is {said}, {problem}. Ask the prescriber before starting."
        return held(Hold.LABS_OUT_OF_RANGE, sentence)
    return None


def _limit(written: object) -> Decimal | None:
    return None if written in {None, ""} else Decimal(str(written))


def check_weight_change(*, ordered_kg: Decimal | None, latest_kg: Decimal | None) -> tuple[Reason, ...]:
    """Why the dose must be looked at: the weight moved by more than the limit from the one it was ordered for.

    Source: belatacept label (P27), P; as a general rule K.
    """
    if ordered_kg is None or latest_kg is None:
        return ()
    if not has_weight_changed(reference_kg=exact(str(ordered_kg)), current_kg=exact(str(latest_kg))):
        return ()
    change = (latest_kg - ordered_kg) * 100 / ordered_kg
    sentence = (
        f"The weight is {latest_kg:f} kg; the dose was ordered for {ordered_kg:f} kg ({change:+.0f} %). "
        "Ask the prescriber whether the dose still fits."
    )
    return (held(Hold.WEIGHT_CHANGED, sentence),)


@dataclass(frozen=True)
class IntervalFacts:
    """When a course may be given. `last_given_on` is the first day of the course before it, None if there was none."""

    earliest_on: date
    latest_on: date
    last_given_on: date | None
    minimum_interval_days: int | None
    interval_days: int | None
    is_immune_globulin: bool


def check_interval(course: IntervalFacts, *, service_on: date) -> tuple[Reason, ...]:
    """Why a date is too soon after the last dose, or so late that the patient must be reassessed first.

    Source: drug labels for minimum intervals (P25, P27) and for more than 8 weeks without immune globulin (P9), P;
    twice the interval K.
    """
    floor = course.earliest_on
    last = course.last_given_on
    if last is not None and course.minimum_interval_days is not None:
        floor = max(floor, last + timedelta(days=course.minimum_interval_days))
    if service_on < floor:
        since = f"The last dose was on {_day(last)}. " if last is not None else ""
        sentence = f"{since}The earliest date is {_day(floor)}. Move the visit, or ask the prescriber."
        return (held(Hold.TOO_EARLY, sentence),)
    found = standing(
        earliest_on=course.earliest_on,
        latest_on=course.latest_on,
        today=service_on,
        last_given_on=last,
        interval_days=course.interval_days,
        gap_limit_days=CLINICAL_DEFAULTS.reassess_gap_days if course.is_immune_globulin else None,
    )
    if found.state is not DueState.REASSESS or last is None:
        return ()
    sentence = f"The last dose was {(service_on - last).days} days before, on {_day(last)}."
    return (held(Hold.TOO_LATE_REASSESS, f"{sentence} The prescriber must reassess the patient first."),)


def check_same_day(*, given_on: Collection[date], service_on: date) -> tuple[Reason, ...]:
    """Why a second dose of a product is not given on a day: one of another visit was.

    Source: a course's dose is divided over days (labels, P); two days' dose in one is no day's dose; confidence K.
    """
    if service_on not in given_on:
        return ()
    sentence = f"A dose of this product was given on {_day(service_on)} already. Move the visit, or ask the prescriber."
    return (held(Hold.TOO_EARLY, sentence),)


def check_rest_of_course(
    *,
    begun_on: date,
    days: int,
    service_on: date,
    late_days: int = CLEARANCE_DEFAULTS.course_late_days,
) -> tuple[Reason, ...]:
    """Why a later day of a course that began is too late: its days follow each other, closed days between.

    Source: usual practice; confidence K.
    """
    if service_on <= begun_on + timedelta(days=days - 1 + late_days):
        return ()
    sentence = f"This course of {days} days began on {_day(begun_on)}, {(service_on - begun_on).days} days before."
    return (held(Hold.TOO_LATE_REASSESS, f"{sentence} The prescriber must reassess the patient first."),)


def check_plan(causes: Sequence[str], *, stuck: str = "") -> tuple[Reason, ...]:
    """Why a changed plan holds the visit: what the nurse would do differs for these causes and nobody decided, or the
    plan could not follow what happened; `stuck` says why.

    Source: a reaction changes the next infusion, and a booked visit never changes by itself; confidence K.
    """
    if stuck:
        sentence = f"The plan could not follow what happened: {stuck} Ask the prescriber how this one is given."
    elif causes:
        why = "; ".join(causes)
        sentence = f"The plan of this course changed and nobody has decided: {why}. Follow it, or keep the visit."
    else:
        return ()
    return (held(Hold.PLAN_UNDECIDED, sentence),)


def check_diary(signs: Sequence[tuple[str, date]]) -> tuple[Reason, ...]:
    """A hold for every sign of the diary that cannot wait and that no nurse has looked at; each is (words, day).

    Source: red-flag symptoms of immune globulin labels, P; that they hold the next infusion K.
    """
    return tuple(
        held(
            Hold.DIARY_UNSEEN,
            f"The patient’s diary of {_day(on)} says: {words}. A nurse must look at it and mark it as seen.",
        )
        for words, on in signs
    )


@dataclass(frozen=True)
class CheckFacts:
    """What the nurse found before the infusion, on the day."""

    is_drug_on_hand: bool
    concerns: Collection[str]
    temperature_c: Decimal | None


def check_findings(found: CheckFacts | None, *, is_asked: bool) -> tuple[Reason, ...]:
    """What the nurse's check says: nothing yet, no drug, or a patient who is unwell. `is_asked` on the day itself.

    Source: pre-infusion questions of infusion practice (section 5 of the domain rules); confidence K.
    """
    if found is None:
        return (held(Hold.CHECK_MISSING),) if is_asked else ()
    reasons = [] if found.is_drug_on_hand else [held(Hold.DRUG_NOT_AVAILABLE)]
    unwell = [concern_label(concern) for concern in Concern if concern in found.concerns and concern.holds]
    fever = found.temperature_c
    if fever is not None and fever >= Decimal(CLEARANCE_DEFAULTS.fever_from_c):
        unwell.append(f"Temperature {fever:f} °C")
    if unwell:
        words = "; ".join(unwell)
        reasons.append(held(Hold.ACUTE_ILLNESS, f"{words}. Ask the prescriber before starting."))
    return tuple(reasons)


def check_rems(
    *, code: str, name: str, enrolments: Collection[tuple[str, date, date | None]], service_on: date
) -> tuple[Reason, ...]:
    """Why the drug's safety programme is not complete: no enrolment that counts on the date of service.

    An enrolment is (code, from, until), both dates inclusive; no end means until further notice. Only the enrolment in
    this very programme counts: drugs of one kind may have one each.

    Source: drug labels with a REMS; confidence P.
    """
    if any(
        enrolled == code and since <= service_on and (until is None or service_on <= until)
        for enrolled, since, until in enrolments
    ):
        return ()
    sentence = f"Enrolment in {name} is not on file for {_day(service_on)}. Enrol the patient first."
    return (held(Hold.REMS_INCOMPLETE, sentence),)


def check_reactions(reactions: Sequence[tuple[str, int, date, bool]], *, product: str) -> tuple[Reason, ...]:
    """Why earlier reactions hold the visit; each is (product, grade, when, whether a prescriber released it).

    Grade 3 and above hold until released; grade 4 and above block the product for good.

    Source: CTCAE infusion-related reaction (P39), P; what follows from a grade K.
    """
    found: list[Reason] = []
    for name, grade, when, is_released in reactions:
        if grade >= HOLDING and not is_released:
            sentence = f"The grade {grade} reaction of {_day(when)} is still open. A prescriber must release it."
            found.append(held(Hold.OPEN_ADVERSE_EVENT, sentence))
        if name == product and grade >= BLOCKING:
            sentence = f"A grade {grade} reaction to this product on {_day(when)} blocks it. Ask for another product."
            found.append(held(Hold.HARD_CONTRAINDICATION, sentence))
    return tuple(found)


def check_contraindications(labels: Sequence[str]) -> tuple[Reason, ...]:
    """A hard stop for every risk of the patient that forbids the product; `labels` are the risks in words.

    Source: contraindications of product labels (P4-P12, P19b); confidence P.
    """
    return tuple(
        held(Hold.HARD_CONTRAINDICATION, f"{label}: this product must not be given. The order has to change.")
        for label in labels
    )


def ordered_weight(*, measured_kg: Decimal | None, dosing_kg: Decimal, is_actual: bool) -> Decimal | None:
    """The measured weight that an order was written for; None when only a calculated dosing weight is known."""
    if measured_kg is not None:
        return measured_kg
    return dosing_kg if is_actual else None


def _day(on: date) -> str:
    return f"{on.day} {on:%b %Y}"
