"""May we give it on this date? Every blocker is listed, in one fixed order, and decides the light: red, amber, green.

Red cannot start. Amber needs a person with permission and a reason. A hard contraindication is never overridden by the
people who schedule.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, fields
from datetime import date, timedelta
from enum import StrEnum
from typing import Annotated

from core.errors import Reason
from core.sourced import Confidence, Sourced
from patients.domain.months import add_months

K = Confidence.CLINIC


@dataclass(frozen=True)
class ClearanceSettings:
    """What the gate asks for; the clinic signs these before go-live."""

    eligibility_valid_days: Annotated[int, Sourced("usual practice; and in the month of service", K)] = 30
    consent_valid_months: Annotated[int, Sourced("clinic policy", K)] = 12
    weight_valid_days: Annotated[int, Sourced("usual practice", K)] = 90
    child_weight_valid_days: Annotated[int, Sourced("usual practice", K)] = 30
    child_under_years: Annotated[int, Sourced("usual practice", K)] = 18
    fever_from_c: Annotated[str, Sourced("usual practice: 38.0 degrees Celsius", K)] = "38.0"
    course_late_days: Annotated[
        int, Sourced("usual practice: days of a course follow each other, closed days between", K)
    ] = 7
    ages_from_days_before: Annotated[
        int, Sourced("usual practice: what is renewed at each visit is asked about ten days before", K)
    ] = 10


CLEARANCE_DEFAULTS = ClearanceSettings()
SENTENCE_LENGTH = 300
"""What is kept of a sentence that somebody overrode."""


class Hold(StrEnum):
    """What can hold a visit, in the order in which it is reported."""

    ORDER_INACTIVE = "order_inactive"
    ORDER_EXPIRED = "order_expired"
    AUTH_NOT_VALID = "auth_not_valid"
    AUTH_OUTSIDE_DATES = "auth_outside_dates"
    AUTH_UNITS_SHORT = "auth_units_short"
    AUTH_VISITS_SHORT = "auth_visits_short"
    HCPCS_MISMATCH = "hcpcs_mismatch"
    SITE_MISMATCH = "site_mismatch"
    RENDERING_MISMATCH = "rendering_mismatch"
    DX_MISMATCH = "dx_mismatch"
    FREQUENCY_LIMIT = "frequency_limit"
    ELIGIBILITY_NOT_VERIFIED = "eligibility_not_verified"
    CONSENT_MISSING = "consent_missing"
    LABS_EXPIRED = "labs_expired"
    LABS_OUT_OF_RANGE = "labs_out_of_range"
    WEIGHT_OUTDATED = "weight_outdated"
    WEIGHT_CHANGED = "weight_changed"
    DRUG_NOT_AVAILABLE = "drug_not_available"
    REMS_INCOMPLETE = "rems_incomplete"
    TOO_EARLY = "too_early"
    TOO_LATE_REASSESS = "too_late_reassess"
    PLAN_UNDECIDED = "plan_undecided"
    CHECK_MISSING = "check_missing"
    DIARY_UNSEEN = "diary_unseen"
    ACUTE_ILLNESS = "acute_illness"
    OPEN_ADVERSE_EVENT = "open_adverse_event"
    HARD_CONTRAINDICATION = "hard_contraindication"


AMBER = frozenset({Hold.ELIGIBILITY_NOT_VERIFIED, Hold.WEIGHT_OUTDATED, Hold.WEIGHT_CHANGED})
MINOR = frozenset({Hold.LABS_EXPIRED, Hold.LABS_OUT_OF_RANGE})
"""Amber as well where the order calls the test a minor one; the reason is then soft."""
SENTENCES: dict[Hold, str] = {
    Hold.ORDER_INACTIVE: "The order is not active. Ask the prescriber.",
    Hold.ORDER_EXPIRED: "The order ends before this visit. Ask the prescriber to renew it.",
    Hold.AUTH_NOT_VALID: "No valid authorization covers this visit. Ask the authorization desk.",
    Hold.AUTH_OUTSIDE_DATES: "The visit is outside the dates of the authorization. Ask the authorization desk.",
    Hold.AUTH_UNITS_SHORT: "Too few authorized units are left for this visit. Ask the authorization desk.",
    Hold.AUTH_VISITS_SHORT: "No authorized visit is left. Ask the authorization desk.",
    Hold.HCPCS_MISMATCH: "Another drug code was authorized. Ask the authorization desk.",
    Hold.SITE_MISMATCH: "Another site was authorized. Ask the authorization desk.",
    Hold.RENDERING_MISMATCH: "Another treating clinician was authorized. Ask the authorization desk.",
    Hold.DX_MISMATCH: "Another diagnosis was authorized. Ask the authorization desk.",
    Hold.FREQUENCY_LIMIT: "The payer does not pay for it this soon. Choose a later date.",
    Hold.ELIGIBILITY_NOT_VERIFIED: "Insurance was not verified this month. Check it with the payer.",
    Hold.CONSENT_MISSING: "There is no consent from the last year. Have the patient sign one.",
    Hold.LABS_EXPIRED: "A required laboratory result is missing or too old. Order it.",
    Hold.LABS_OUT_OF_RANGE: "A laboratory result is outside the limits of the order. Ask the prescriber.",
    Hold.WEIGHT_OUTDATED: "The weight is too old. Weigh the patient.",
    Hold.WEIGHT_CHANGED: "The weight changed by more than the limit. Ask the prescriber about the dose.",
    Hold.DRUG_NOT_AVAILABLE: "The drug is not on hand. Ask the pharmacy.",
    Hold.REMS_INCOMPLETE: "The drug's safety programme is not complete for this patient. Complete it first.",
    Hold.TOO_EARLY: "It is too soon after the last dose. Choose a day inside the window.",
    Hold.TOO_LATE_REASSESS: "It is long past due. The prescriber must reassess the patient first.",
    Hold.PLAN_UNDECIDED: "The plan of this course changed. Decide about it first.",
    Hold.CHECK_MISSING: "The check before the infusion is not done yet. Do it now.",
    Hold.DIARY_UNSEEN: "A sign in the patient’s diary that cannot wait was not looked at. Look at it first.",
    Hold.ACUTE_ILLNESS: "The patient is unwell today. Ask the prescriber before starting.",
    Hold.OPEN_ADVERSE_EVENT: "A serious reaction is still open. The prescriber must release it.",
    Hold.HARD_CONTRAINDICATION: "The patient must not have this product. Only a prescriber can change the order.",
}


class Light(StrEnum):
    """Whether a visit may start."""

    GREEN = "green"
    AMBER = "amber"
    RED = "red"


class Authority(StrEnum):
    """Who may go ahead against a reason, having said why."""

    NURSE = "nurse"
    MANAGER = "manager"
    PRESCRIBER = "prescriber"
    NOBODY = "nobody"

    @property
    def who(self) -> str:
        return _WHO[self]


_WHO = {
    Authority.NURSE: "A nurse, a prescriber or a manager",
    Authority.MANAGER: "A prescriber or a manager",
    Authority.PRESCRIBER: "A prescriber",
    Authority.NOBODY: "Nobody",
}
CLINICAL = frozenset(
    {
        Hold.LABS_EXPIRED,
        Hold.LABS_OUT_OF_RANGE,
        Hold.TOO_EARLY,
        Hold.TOO_LATE_REASSESS,
        Hold.PLAN_UNDECIDED,
        Hold.DIARY_UNSEEN,
        Hold.ACUTE_ILLNESS,
    }
)
NEVER = frozenset(
    {
        Hold.ORDER_INACTIVE,
        Hold.ORDER_EXPIRED,
        Hold.DRUG_NOT_AVAILABLE,
        Hold.REMS_INCOMPLETE,
        Hold.CHECK_MISSING,
        Hold.OPEN_ADVERSE_EVENT,
        Hold.HARD_CONTRAINDICATION,
    }
)
"""Here the fact has to change: no reason given makes it right."""


@dataclass(frozen=True)
class Overridden:
    """A reason against which a named person went ahead."""

    code: str
    sentence: str
    reason: str
    by: str


@dataclass(frozen=True)
class Clearance:
    """The light of a visit, every reason for it in the fixed order, and what was overridden before that."""

    light: Light
    reasons: tuple[Reason, ...]
    overridden: tuple[Overridden, ...] = field(default=())

    @property
    def is_cleared(self) -> bool:
        return self.light is Light.GREEN


def held(hold: Hold, sentence: str = "") -> Reason:
    """A reason to hold a visit; hard unless the gate calls it amber."""
    return Reason(hold, sentence or SENTENCES[hold], is_hard=hold not in AMBER)


def level(reason: Reason) -> Light:
    """Amber for what a nurse may override with a reason, red for everything else, codes not known among it."""
    is_minor = reason.code in MINOR and not reason.is_hard
    return Light.AMBER if reason.code in AMBER or is_minor else Light.RED


def authority(reason: Reason) -> Authority:
    """Who may go ahead against `reason`: amber a nurse, papers a manager, clinical reds a prescriber, the rest nobody.

    Source: clinic policy, to be settled before go-live; confidence K.
    """
    if level(reason) is Light.AMBER:
        return Authority.NURSE
    if reason.code in CLINICAL:
        return Authority.PRESCRIBER
    is_paper = reason.code in set(Hold) and reason.code not in NEVER
    return Authority.MANAGER if is_paper else Authority.NOBODY


def decide(reasons: Iterable[Reason]) -> Clearance:
    """The light for a visit, from every reason found by the checks; a code the gate does not know is red and last.

    Source: clearance gate; contraindications from product labels (P), the rest K.
    """
    order = {hold.value: place for place, hold in enumerate(Hold)}
    listed = tuple(sorted(reasons, key=lambda reason: order.get(reason.code, len(order))))
    if not listed:
        return Clearance(Light.GREEN, ())
    return Clearance(Light.AMBER if all(level(r) is Light.AMBER for r in listed) else Light.RED, listed)


def decide_with(reasons: Iterable[Reason], overrides: Collection[Overridden]) -> Clearance:
    """The light once named people went ahead against some reasons.

    An override speaks for the very sentence its author read: when the fact behind it gets worse, the visit is held
    anew. What nobody may override is never lifted.

    Source: clearance gate; confidence K.
    """
    given = {(one.code, one.sentence): one for one in overrides}
    lifted: list[Overridden] = []
    left: list[Reason] = []
    for reason in decide(reasons).reasons:
        override = given.get((reason.code, reason.sentence[:SENTENCE_LENGTH]))
        if override is None or authority(reason) is Authority.NOBODY:
            left.append(reason)
        else:
            lifted.append(override)
    found = decide(left)
    return Clearance(found.light, found.reasons, tuple(lifted))


@dataclass(frozen=True)
class Findings:
    """The gate's questions already answered with yes or no, True being the good answer."""

    is_order_active: bool = True
    is_authorized: bool = True
    is_eligibility_verified: bool = True
    has_consent: bool = True
    has_labs: bool = True
    has_recent_weight: bool = True
    has_drug: bool = True
    is_well: bool = True
    is_free_of_contraindication: bool = True


_HOLD_OF = {
    "is_order_active": Hold.ORDER_INACTIVE,
    "is_authorized": Hold.AUTH_NOT_VALID,
    "is_eligibility_verified": Hold.ELIGIBILITY_NOT_VERIFIED,
    "has_consent": Hold.CONSENT_MISSING,
    "has_labs": Hold.LABS_EXPIRED,
    "has_recent_weight": Hold.WEIGHT_OUTDATED,
    "has_drug": Hold.DRUG_NOT_AVAILABLE,
    "is_well": Hold.ACUTE_ILLNESS,
    "is_free_of_contraindication": Hold.HARD_CONTRAINDICATION,
}


def decide_findings(findings: Findings) -> Clearance:
    """The light for a visit from plain answers.

    Source: clearance gate; confidence K.
    """
    return decide(held(_HOLD_OF[item.name]) for item in fields(findings) if not getattr(findings, item.name))


def check_eligibility(
    *, verified_on: date | None, service_on: date, valid_days: int = CLEARANCE_DEFAULTS.eligibility_valid_days
) -> tuple[Reason, ...]:
    """Why insurance counts as unverified: not within 30 days, or not in the month of service.

    Source: plans change on the first of a month; confidence K.
    """
    if verified_on is not None and verified_on <= service_on:
        is_same_month = (verified_on.year, verified_on.month) == (service_on.year, service_on.month)
        if is_same_month and service_on <= verified_on + timedelta(days=valid_days):
            return ()
    when = "is not checked" if verified_on is None else f"was last checked on {_day(verified_on)}"
    sentence = f"Insurance {when}; it must be within {valid_days} days and in the month of the visit. Ask the payer."
    return (held(Hold.ELIGIBILITY_NOT_VERIFIED, sentence),)


def check_consent(
    *, signed_on: date | None, service_on: date, valid_months: int = CLEARANCE_DEFAULTS.consent_valid_months
) -> tuple[Reason, ...]:
    """Why consent is missing: none on file, or signed more than a year before.

    Source: clinic policy; confidence K.
    """
    if signed_on is not None and signed_on <= service_on < add_months(signed_on, valid_months):
        return ()
    if signed_on is None:
        return (held(Hold.CONSENT_MISSING, "No consent is on file. Have the patient sign one."),)
    sentence = f"The consent of {_day(signed_on)} counts for {valid_months} months. Have the patient sign a new one."
    return (held(Hold.CONSENT_MISSING, sentence),)


def check_weight_age(
    *,
    measured_on: date | None,
    service_on: date,
    is_child: bool,
    valid_days: int = CLEARANCE_DEFAULTS.weight_valid_days,
    child_valid_days: int = CLEARANCE_DEFAULTS.child_weight_valid_days,
) -> tuple[Reason, ...]:
    """Why the weight is too old: 90 days, or 30 for a child.

    Source: clinic policy; confidence K.
    """
    days = child_valid_days if is_child else valid_days
    if measured_on is not None and timedelta(0) <= service_on - measured_on <= timedelta(days=days):
        return ()
    if measured_on is None:
        return (held(Hold.WEIGHT_OUTDATED, "No weight is on file. Weigh the patient."),)
    sentence = f"The weight of {_day(measured_on)} counts for {days} days. Weigh the patient."
    return (held(Hold.WEIGHT_OUTDATED, sentence),)


def _day(on: date) -> str:
    return f"{on.day} {on:%b %Y}"
