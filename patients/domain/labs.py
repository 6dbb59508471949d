"""Laboratory results: how long each counts, and which are missing for a date of service."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated

from core.errors import Reason
from core.sourced import Confidence, Sourced

P, K = Confidence.PUBLISHED, Confidence.CLINIC


@dataclass(frozen=True)
class LabValidity:
    """Days for which a result counts, the day it was taken not among them."""

    renal_stable: Annotated[int, Sourced("usual practice", K)] = 90
    renal_at_risk: Annotated[int, Sourced("usual practice", K)] = 30
    renal_for_request: Annotated[int, Sourced("payer policy: within 30 days of the request (P38)", P)] = 30
    liver: Annotated[int, Sourced("usual practice", K)] = 180
    blood_count: Annotated[int, Sourced("usual practice", K)] = 180
    igg_trough: Annotated[int, Sourced("usual practice", K)] = 180
    tuberculosis: Annotated[int, Sourced("drug labels: yearly", K)] = 365
    uric_acid: Annotated[int, Sourced("pegloticase label: before every dose", P)] = 2


LAB_VALIDITY = LabValidity()


def is_valid(*, taken_on: date, service_on: date, valid_days: int | None) -> bool:
    """Whether a result counts on a date of service, the last day included; None never expires.

    Source: payer policy, BUN and creatinine within 30 days (P38); confidence P.
    """
    if taken_on > service_on:
        return False
    return valid_days is None or service_on <= taken_on + timedelta(days=valid_days)


@dataclass(frozen=True)
class LabRule:
    """A test that must be on file, and the days for which its result counts (None: for ever)."""

    code: str
    name: str
    valid_days: int | None


def check_labs(rules: Sequence[LabRule], *, taken_on: Mapping[str, date], service_on: date) -> tuple[Reason, ...]:
    """Every required test that is missing or too old on a date of service. `taken_on` is the latest by code.

    Source: labels and payer policies by drug (P30, P38); the validity periods are settings, confidence K.
    """
    reasons: list[Reason] = []
    for rule in rules:
        taken = taken_on.get(rule.code)
        if taken is None:
            reasons.append(Reason("labs_expired", f"{rule.name} is not on file. Order it before the visit."))
        elif not is_valid(taken_on=taken, service_on=service_on, valid_days=rule.valid_days):
            sentence = (
                f"{rule.name} of {taken.day} {taken:%B %Y} does not count on {service_on.day} {service_on:%B %Y}."
            )
            reasons.append(Reason("labs_expired", f"{sentence} Order a new one."))
    return tuple(reasons)
