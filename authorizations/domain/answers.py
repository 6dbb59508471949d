"""A payer's answer: whether it makes sense, and how it differs from what was asked.

"Approved" can hide fewer units, other dates or another code. Every field is compared, and every difference is a
sentence that stays with the authorization.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from accounts.domain.places_of_service import PlaceOfService, named
from authorizations.domain.statuses import AuthorizationStatus
from core.errors import Reason
from core.npi import why_no_npi

MOST_UNITS = 100_000
MOST_VISITS = 999
FIRST_YEAR, LAST_YEAR = 2000, 2100
LONGEST = timedelta(days=3 * 366)


class Outcome(StrEnum):
    """What a payer can say."""

    APPROVED = "approved"
    PARTIAL = "approved_partial"
    MODIFIED = "approved_modified"
    DENIED = "denied"
    PENDED = "pended_info_needed"
    OVERTURNED = "overturned"
    UPHELD = "upheld"

    @property
    def status(self) -> AuthorizationStatus:
        return AuthorizationStatus(self.value)

    @property
    def label(self) -> str:
        """The outcome as a person picks it."""
        return _LABELS[self]

    @property
    def grants(self) -> bool:
        """Whether it gives units and dates."""
        return self in GRANTS


GRANTS = frozenset({Outcome.APPROVED, Outcome.PARTIAL, Outcome.MODIFIED, Outcome.OVERTURNED})
_LABELS = {
    Outcome.APPROVED: "Approved in full",
    Outcome.PARTIAL: "Approved in part",
    Outcome.MODIFIED: "Approved with changes",
    Outcome.DENIED: "Denied",
    Outcome.PENDED: "Information needed",
    Outcome.OVERTURNED: "Denial overturned",
    Outcome.UPHELD: "Denial upheld",
}


@dataclass(frozen=True, kw_only=True)
class Requested:
    """What the payer was asked for. Dates are inclusive."""

    units: int
    hcpcs: str
    starts_on: date | None = None
    ends_on: date | None = None
    visits: int | None = None


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the payer said. A granting outcome needs units, dates and a reference; the others need a reason in words.

    A site of care or a clinician left empty restricts nothing.
    """

    outcome: Outcome
    units: int | None = None
    visits: int | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    reference: str = ""
    hcpcs: str = ""
    limit_units: int | None = None
    limit_days: int | None = None
    reason: str = ""
    appeal_due_on: date | None = None
    site_name: str = ""
    site_npi: str = ""
    place_of_service: str = ""
    rendering_name: str = ""
    rendering_npi: str = ""

    @property
    def only_for(self) -> str:
        """Where and by whom alone it may be given, in a sentence; empty where the payer restricts neither."""
        site = _called(self.site_name, self.site_npi)
        place = f"place of service {named(self.place_of_service)}" if self.place_of_service else ""
        clinician = _called(self.rendering_name, self.rendering_npi)
        said = [site and f"at {site}", place, clinician and f"by {clinician}"]
        words = "; ".join(part for part in said if part)
        return f"Only {words}." if words else ""


@dataclass(frozen=True)
class Difference:
    """One field in which the answer is not what was asked; `is_less` when it gives less."""

    field: str
    asked: str
    granted: str
    is_less: bool

    @property
    def sentence(self) -> str:
        return f"{self.field}: asked for {self.asked}, got {self.granted}."


def compare(answer: Answer, asked: Requested) -> tuple[Difference, ...]:
    """Every field in which a granting answer differs from the request; a field the payer left out is not compared."""
    found = [
        _number("Units", asked.units, answer.units),
        _number("Visits", asked.visits, answer.visits),
        _date("First day", asked.starts_on, answer.starts_on, later_is_less=True),
        _date("Last day", asked.ends_on, answer.ends_on, later_is_less=False),
    ]
    if answer.hcpcs and answer.hcpcs != asked.hcpcs:
        found.append(Difference("Drug code", asked.hcpcs, answer.hcpcs, is_less=True))
    if answer.limit_units and answer.limit_days:
        limit = f"at most {answer.limit_units} units in {answer.limit_days} days"
        found.append(Difference("How often", "no limit", limit, is_less=True))
    return tuple(difference for difference in found if difference is not None)


def check_answer(answer: Answer, asked: Requested, *, units_taken: int) -> tuple[Reason, ...]:
    """Everything in an answer that makes no sense; `units_taken` are already reserved or used."""
    if not answer.outcome.grants:
        return _check_words(answer)
    found = [
        *check_units(answer.units, field="units"),
        *check_visits(answer.visits, field="visits"),
        *check_dates(answer.starts_on, answer.ends_on),
        *_check_limit(answer),
        *check_providers(answer),
    ]
    if not answer.reference.strip():
        found.append(Reason("reference_missing", "Write the payer's reference: claims need it.", "reference"))
    if answer.units is not None and 0 < answer.units < units_taken:
        sentence = (
            f"{units_taken} units are already reserved or used, so it can't be {answer.units}. "
            "Move or cancel visits first, or check the number."
        )
        found.append(Reason("units_taken", sentence, "units"))
    if not found and answer.outcome is Outcome.APPROVED:
        found += _check_is_full(answer, asked)
    return tuple(found)


def check_units(units: int | None, *, field: str) -> tuple[Reason, ...]:
    """Why a number of units makes no sense."""
    if units is None or units < 1:
        return (Reason("units", "Write how many units: at least 1.", field),)
    if units > MOST_UNITS:
        return (Reason("units", f"{units} units is more than anybody gives; check the number.", field),)
    return ()


def check_visits(visits: int | None, *, field: str) -> tuple[Reason, ...]:
    """Why a number of visits makes no sense; none given is fine."""
    if visits is None or 1 <= visits <= MOST_VISITS:
        return ()
    return (Reason("visits", f"Visits are from 1 to {MOST_VISITS}, or left empty where the payer counts none.", field),)


def check_dates(starts_on: date | None, ends_on: date | None) -> tuple[Reason, ...]:
    """Why a first and a last day make no sense; both count."""
    if starts_on is None:
        return (Reason("starts_on", "Write the first day it is valid.", "starts_on"),)
    if ends_on is None:
        return (Reason("ends_on", "Write the last day it is valid.", "ends_on"),)
    if ends_on < starts_on:
        sentence = f"The last day, {_day(ends_on)}, is before the first, {_day(starts_on)}."
        return (Reason("ends_before_start", sentence, "ends_on"),)
    if not (is_sensible(starts_on) and is_sensible(ends_on)):
        return (Reason("year", "Check the years: they are from 2000 to 2100.", "ends_on"),)
    if ends_on - starts_on > LONGEST:
        return (Reason("too_long", "That is more than 3 years. Check the years.", "ends_on"),)
    return ()


def check_providers(answer: Answer) -> tuple[Reason, ...]:
    """Why a site of care or a clinician makes no sense: a number that is no NPI, or a place nobody knows.

    Source: CMS NPI check digit rule and place of service codes; confidence P.
    """
    numbers = {"site_npi": answer.site_npi, "rendering_npi": answer.rendering_npi}
    wrong = {field: why_no_npi(number.strip()) for field, number in numbers.items()}
    found = [Reason("bad_npi", sentence, field) for field, sentence in wrong.items() if sentence]
    if answer.place_of_service and answer.place_of_service not in set(PlaceOfService):
        found.append(Reason("place_of_service", "Choose a place of service from the list.", "place_of_service"))
    return tuple(found)


def is_sensible(on: date) -> bool:
    """Whether a date is one that somebody can have meant."""
    return FIRST_YEAR <= on.year <= LAST_YEAR


def _check_words(answer: Answer) -> tuple[Reason, ...]:
    if answer.appeal_due_on is not None and not is_sensible(answer.appeal_due_on):
        return (Reason("year", "Check the year: it is from 2000 to 2100.", "appeal_due_on"),)
    if answer.reason.strip():
        return ()
    asked = "what the payer needs" if answer.outcome is Outcome.PENDED else "the payer's reason"
    return (Reason("reason_missing", f"Write {asked}.", "reason"),)


def _check_limit(answer: Answer) -> tuple[Reason, ...]:
    if answer.limit_units is None and answer.limit_days is None:
        return ()
    if not answer.limit_units or not answer.limit_days:
        field = "limit_days" if answer.limit_units else "limit_units"
        return (Reason("limit", "A limit needs both: how many units, in how many days.", field),)
    if not 1 <= answer.limit_days <= 366 or not 1 <= answer.limit_units <= MOST_UNITS:
        return (Reason("limit", "A limit is of 1 to 366 days and at least 1 unit.", "limit_days"),)
    return ()


def _check_is_full(answer: Answer, asked: Requested) -> list[Reason]:
    less = [difference.sentence for difference in compare(answer, asked) if difference.is_less]
    if not less:
        return []
    sentence = f"This gives less than was asked. {' '.join(less)} Choose “in part” or “with changes”."
    return [Reason("not_in_full", sentence, "outcome")]


def _called(name: str, npi: str) -> str:
    return f"{name} (NPI {npi})" if name and npi else name or (npi and f"NPI {npi}")


def _number(field: str, asked: int | None, granted: int | None) -> Difference | None:
    if asked is None or granted is None or asked == granted:
        return None
    return Difference(field, str(asked), str(granted), is_less=granted < asked)


def _date(field: str, asked: date | None, granted: date | None, *, later_is_less: bool) -> Difference | None:
    if asked is None or granted is None or asked == granted:
        return None
    return Difference(field, _day(asked), _day(granted), is_less=(granted > asked) is later_is_less)


def _day(on: date) -> str:
    return f"{on.day} {on:%B %Y}"
