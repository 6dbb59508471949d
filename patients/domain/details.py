"""What is written down about a person, and why a value makes no sense."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from zoneinfo import available_timezones

from core.errors import Reason

SEXES = frozenset({"female", "male", "unknown"})
OLDEST_BIRTH = date(1900, 1, 1)
LIGHTEST_KG, HEAVIEST_KG = Decimal(1), Decimal(400)
SHORTEST_CM, TALLEST_CM = Decimal(30), Decimal(260)
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
_PHONE = re.compile(r"\+?[0-9][0-9 ().\-/]{5,30}")


@dataclass(frozen=True, kw_only=True)
class Details:
    """A patient's details as a person edits them. Consent is a yes or no here; when it was given is kept elsewhere."""

    record_number: str
    given_name: str
    family_name: str
    birth_date: date
    sex: str = "unknown"
    height_cm: Decimal | None = None
    email: str = ""
    phone: str = ""
    time_zone: str = ""
    language: str = "en"
    needs_private_room: bool = False
    needs_interpreter: bool = False
    prefers_weekday: int | None = None
    prefers_time: time | None = None
    agrees_to_email: bool = False
    agrees_to_sms: bool = False


def check_details(details: Details, *, today: date) -> tuple[Reason, ...]:
    """Every reason against the details, each naming its field."""
    return (*_person(details, today), *_reach(details), *_wishes(details))


def check_weight(kg: Decimal, measured_on: date, *, today: date) -> tuple[Reason, ...]:
    """Why a weight cannot be recorded."""
    found = []
    if not (kg.is_finite() and LIGHTEST_KG <= kg <= HEAVIEST_KG):
        found.append(Reason("bad_weight", "The weight must be between 1 and 400 kg.", field="kg"))
    if measured_on > today:
        found.append(Reason("weight_later", "A weight cannot be measured in the future.", field="measured_on"))
    return tuple(found)


def _person(details: Details, today: date) -> Iterator[Reason]:
    names = {"given_name": "the given name", "family_name": "the family name", "record_number": "the record number"}
    limits = {"given_name": 60, "family_name": 60, "record_number": 20}
    for field, what in names.items():
        value: str = getattr(details, field)
        if not value.strip() or "\x00" in value:
            yield Reason("missing", f"Enter {what}.", field=field)
        elif len(value) > limits[field]:
            yield Reason("too_long", f"Shorten {what} to {limits[field]} letters.", field=field)
    if not OLDEST_BIRTH <= details.birth_date <= today:
        yield Reason("bad_birth_date", "The date of birth must be between 1900 and today.", field="birth_date")
    if details.sex not in SEXES:
        yield Reason("bad_sex", "Choose female, male or not recorded.", field="sex")
    height = details.height_cm
    if height is not None and not (height.is_finite() and SHORTEST_CM <= height <= TALLEST_CM):
        yield Reason("bad_height", "The height must be between 30 and 260 cm.", field="height_cm")


def _reach(details: Details) -> Iterator[Reason]:
    if details.email and (len(details.email) > 254 or not _EMAIL.fullmatch(details.email)):
        yield Reason("bad_email", "Enter an e-mail address such as ada@example.org.", field="email")
    if details.phone and not _PHONE.fullmatch(details.phone):
        yield Reason("bad_phone", "Enter a telephone number such as +1 312 555 0142.", field="phone")
    if details.agrees_to_email and not details.email:
        yield Reason("email_missing", "Enter the e-mail address that the person agreed to.", field="email")
    if details.agrees_to_sms and not details.phone:
        yield Reason("phone_missing", "Enter the telephone number that the person agreed to.", field="phone")


def _wishes(details: Details) -> Iterator[Reason]:
    if details.time_zone and details.time_zone not in available_timezones():
        yield Reason("bad_time_zone", "Choose a time zone such as America/Chicago.", field="time_zone")
    if not re.fullmatch(r"[a-z]{2,3}(-[A-Za-z]{2,4})?", details.language):
        yield Reason("bad_language", "Enter a language code such as en or es.", field="language")
    if details.prefers_weekday is not None and not 0 <= details.prefers_weekday <= 6:
        yield Reason("bad_weekday", "Choose a weekday.", field="prefers_weekday")
