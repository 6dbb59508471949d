"""Does this authorization cover this visit? Every reason why not, each in a sentence of its own.

The reasons are soft: a visit may be booked while the payer decides. The clearance gate is what stops the start.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from accounts.domain.places_of_service import named
from authorizations.domain.frequency import FrequencyLimit, earliest_within_limit, units_in_fullest_window
from authorizations.domain.statuses import COVERING, AuthorizationStatus
from core.errors import Reason


@dataclass(frozen=True)
class VisitFacts:
    """What a visit asks of an authorization. An empty or missing fact is not compared.

    `site` is the NPI of the facility and `place` its place of service, `rendering` the NPI of the order's clinician.
    """

    service_on: date
    hcpcs: str
    units: int
    visits: int = 1
    site: str | None = None
    rendering: str | None = None
    icd10: str | None = None
    place: str | None = None
    site_name: str = ""
    rendering_name: str = ""


@dataclass(frozen=True)
class AuthorizationFacts:
    """What an authorization grants. `units_left`, `visits_left` and `doses` leave this visit's own reserve out.

    An empty `site`, `place` or `rendering` restricts nothing; the names beside them are for sentences only.
    """

    status: AuthorizationStatus
    starts_on: date | None
    ends_on: date | None
    hcpcs: str
    units_left: int
    visits_left: int | None = None
    limit: FrequencyLimit | None = None
    doses: Sequence[tuple[date, int]] = ()
    site: str | None = None
    rendering: str | None = None
    icd10: str | None = None
    reference: str = ""
    place: str | None = None
    site_name: str = ""
    rendering_name: str = ""


def check_coverage(visit: VisitFacts, authorization: AuthorizationFacts | None) -> tuple[Reason, ...]:
    """Every reason why the visit is not covered, in the order of the clearance gate; none when it is.

    Source: payer policies for quantity and frequency (P13, P49), claim adjustment codes 197 and 198 (P51); P.
    """
    if authorization is None:
        return (_soft("auth_not_valid", "No authorization is on file for this drug. Request one from the payer."),)
    if authorization.status is AuthorizationStatus.NOT_REQUIRED:
        return ()
    return (
        *check_status(authorization),
        *check_dates(visit.service_on, authorization.starts_on, authorization.ends_on),
        *check_match(visit, authorization),
        *_check_units(visit, authorization),
        *_check_visits(visit, authorization),
        *_check_frequency(visit, authorization),
    )


def less(authorization: AuthorizationFacts, doses: Sequence[tuple[date, int]]) -> AuthorizationFacts:
    """What an authorization grants once visits took `doses` (day and units) of it as well."""
    left = authorization.visits_left
    return replace(
        authorization,
        units_left=authorization.units_left - sum(units for _, units in doses),
        visits_left=None if left is None else max(0, left - len(doses)),
        doses=(*authorization.doses, *doses),
    )


def check_status(authorization: AuthorizationFacts) -> tuple[Reason, ...]:
    """Why the status covers nothing.

    Source: claim adjustment code 197, authorization absent (P51); confidence P.
    """
    if authorization.status in COVERING:
        return ()
    sentence = f"{_name(authorization)} is “{authorization.status.label}”, so it covers nothing yet or any more."
    return (_soft("auth_not_valid", sentence, field="status"),)


def check_dates(service_on: date, starts_on: date | None, ends_on: date | None) -> tuple[Reason, ...]:
    """Why a date of service is outside the authorization; both its dates are inclusive.

    Source: payer approval letters; confidence K.
    """
    if starts_on is not None and service_on < starts_on:
        sentence = f"The visit on {_day(service_on)} is before the authorization starts on {_day(starts_on)}."
        return (_soft("auth_outside_dates", sentence, field="service_on"),)
    if ends_on is not None and service_on > ends_on:
        sentence = f"The visit on {_day(service_on)} is after the authorization ends on {_day(ends_on)}."
        return (_soft("auth_outside_dates", sentence, field="service_on"),)
    return ()


def check_match(visit: VisitFacts, authorization: AuthorizationFacts) -> tuple[Reason, ...]:
    """Every way in which the visit is not what was authorized: code, site, clinician, diagnosis.

    Source: change triggers that need a new or updated authorization; confidence K.
    """
    return (
        *_check_same("hcpcs_mismatch", "drug code", visit.hcpcs, authorization.hcpcs),
        *check_site(visit, authorization),
        *check_rendering(visit, authorization),
        *_check_same("dx_mismatch", "diagnosis", visit.icd10, authorization.icd10),
    )


def check_site(visit: VisitFacts, authorization: AuthorizationFacts) -> tuple[Reason, ...]:
    """Why the visit is not where the payer wants it: another facility, or another kind of place.

    Source: payers may require a cheaper site of care (P19); a change of site needs a new authorization; K.
    """
    if _is_other(visit.site, authorization.site):
        granted, asked = _who(authorization.site_name, authorization.site), _who(visit.site_name, visit.site)
    elif _is_other(visit.place, authorization.place):
        granted, asked = f"place of service {named(authorization.place or '')}", named(visit.place or "")
    else:
        return ()
    sentence = f"The payer authorized {granted}; this visit is at {asked}. Ask it to change the site, or treat there."
    return (_soft("site_mismatch", sentence),)


def check_rendering(visit: VisitFacts, authorization: AuthorizationFacts) -> tuple[Reason, ...]:
    """Why the clinician is not the one the payer named; it may name the facility itself instead of a person.

    Source: a change of the rendering provider needs a new or updated authorization; confidence K.
    """
    if authorization.rendering == visit.site or not _is_other(visit.rendering, authorization.rendering):
        return ()
    granted = _who(authorization.rendering_name, authorization.rendering)
    asked = _who(visit.rendering_name, visit.rendering)
    sentence = f"The payer authorized {granted}, but the order is from {asked}. Ask it to change the clinician."
    return (_soft("rendering_mismatch", sentence),)


def _check_same(code: str, what: str, asked: str | None, granted: str | None) -> tuple[Reason, ...]:
    if not _is_other(asked, granted):
        return ()
    return (_soft(code, f"The {what} is {asked}, but {granted} was authorized. Ask the payer to update it."),)


def _is_other(asked: str | None, granted: str | None) -> bool:
    """Whether both are known and they differ."""
    return bool(asked and granted) and asked != granted


def _who(name: str, npi: str | None) -> str:
    return f"{name} (NPI {npi})" if name else f"NPI {npi}"


def _check_units(visit: VisitFacts, authorization: AuthorizationFacts) -> tuple[Reason, ...]:
    short = visit.units - authorization.units_left
    if short <= 0:
        return ()
    sentence = f"The visit needs {visit.units} units and {authorization.units_left} are left: {short} short."
    return (_soft("auth_units_short", sentence, field="units"),)


def _check_visits(visit: VisitFacts, authorization: AuthorizationFacts) -> tuple[Reason, ...]:
    if authorization.visits_left is None or visit.visits <= authorization.visits_left:
        return ()
    left = authorization.visits_left
    return (_soft("auth_visits_short", f"No authorized visit is left for it ({visit.visits} needed, {left} left)."),)


def _check_frequency(visit: VisitFacts, authorization: AuthorizationFacts) -> tuple[Reason, ...]:
    limit, doses = authorization.limit, authorization.doses
    if limit is None:
        return ()
    most = units_in_fullest_window(limit=limit, doses=doses, service_on=visit.service_on, units=visit.units)
    if most <= limit.units:
        return ()
    sentence = f"It makes {most} units within {limit.days} days; the payer allows {limit.units}."
    free = earliest_within_limit(limit=limit, doses=doses, not_before=visit.service_on, units=visit.units)
    if free is not None:
        sentence += f" From {_day(free)} it fits."
    return (_soft("frequency_limit", sentence, field="service_on"),)


def _soft(code: str, sentence: str, *, field: str | None = None) -> Reason:
    return Reason(code, sentence, field, is_hard=False)


def _name(authorization: AuthorizationFacts) -> str:
    return f"Authorization {authorization.reference}".rstrip()


def _day(on: date) -> str:
    return f"{on.day} {on:%B %Y}"
