"""A laboratory test and its result: what makes no sense, what is out of range, and how a required test stands today."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any

from core.errors import Reason
from core.sourced import Confidence, Sourced
from patients.domain.labs import is_valid

LONGEST_CODE = 32
OLDEST_SAMPLE = date(1950, 1, 1)


@dataclass(frozen=True)
class LabSettings:
    """When a result that still counts is called expiring."""

    expires_soon_days: Annotated[int, Sourced("two weeks to order a new one; usual practice", Confidence.CLINIC)] = 14


LAB_SETTINGS = LabSettings()


@dataclass(frozen=True, kw_only=True)
class LabTest:
    """A test of the list. `least` and `most` are all a laboratory can report; None where it answers in words.

    `expects` is the answer without which a prescriber has to look: ``negative`` or ``positive``; empty for any.
    """

    code: str
    name: str
    unit: str
    least: Decimal | None
    most: Decimal | None
    source: str
    confidence: str
    expects: str = ""

    @classmethod
    def read(cls, item: Mapping[str, Any]) -> "LabTest":
        """A test as the list writes it down."""
        limits = {name: None if item[name] is None else Decimal(item[name]) for name in ("least", "most")}
        return cls(**{**item, **limits})

    def can_measure(self, value: Decimal) -> bool:
        """Whether a laboratory can report this number for the test, in its usual unit."""
        return self.least is None or self.most is None or self.least <= value <= self.most


class LabState(StrEnum):
    """How a required test stands on a day, from bad to good."""

    MISSING = "missing"
    EXPIRED = "expired"
    OUT_OF_RANGE = "out_of_range"
    EXPIRES_SOON = "expires_soon"
    VALID = "valid"

    @property
    def label(self) -> str:
        return self.value.replace("_", " ").capitalize()


def check_result(
    *,
    code: str,
    taken_on: date,
    value: Decimal | None,
    unit: str,
    text: str,
    test: LabTest | None,
    today: date,
) -> tuple[Reason, ...]:
    """Every reason against a result, each naming its field. `test` is None for a test that is not on the list."""
    return (*_sample(code, taken_on, today), *_number(value, unit, text, test))


def _sample(code: str, taken_on: date, today: date) -> Iterator[Reason]:
    if not code.strip() or len(code) > LONGEST_CODE or "\x00" in code:
        yield Reason("lab_code", "Choose which test it is.", field="code")
    if taken_on > today:
        yield Reason("lab_later", "A sample cannot be taken in the future.", field="taken_on")
    if taken_on < OLDEST_SAMPLE:
        yield Reason("lab_long_ago", "Check the year in which the sample was taken.", field="taken_on")


def _number(value: Decimal | None, unit: str, text: str, test: LabTest | None) -> Iterator[Reason]:
    if value is None:
        if not text.strip():
            yield Reason("lab_empty", "Enter the result, as a number or in words.", field="value")
        return
    if not (value.is_finite() and abs(value) < 10_000_000):
        yield Reason("lab_value", "The result is not a number that can be stored.", field="value")
        return
    if value < 0:
        yield Reason("lab_negative", "A result cannot be below zero.", field="value")
    elif test is not None and unit.strip() in {"", test.unit} and not test.can_measure(value):
        span = f"{test.least} and {test.most} {test.unit}"
        sentence = f"{test.name} is between {span}. Check the number, or give the unit it was measured in."
        yield Reason("lab_impossible", sentence, field="value")


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a result has to be: a number within limits in a unit, or words (``negative`` or ``positive``)."""

    low: Decimal | None = None
    high: Decimal | None = None
    unit: str = ""
    expects: str = ""


def against(wanted: Wanted, *, value: Decimal | None, unit: str = "", text: str = "") -> str:
    """What a result has against it, to follow "is 2 mg/dL, ..."; empty when it is as wanted, limits included.

    A number in another unit can't be compared, and words that are not clearly the wanted ones are for a prescriber.

    Source: limits are the order's; that a test must be negative comes from drug labels, confidence K.
    """
    if value is None:
        is_read = not wanted.expects or _reads(text) == wanted.expects
        return "" if is_read else f"where the order needs a {wanted.expects} result"
    if wanted.low is None and wanted.high is None:
        return ""
    if unit.strip() and wanted.unit.strip() and _plain_unit(unit) != _plain_unit(wanted.unit):
        return f"while the order's limit is in {wanted.unit}"
    if wanted.low is not None and value < wanted.low:
        return f"below the order's limit of {wanted.low:f}"
    if wanted.high is not None and value > wanted.high:
        return f"above the order's limit of {wanted.high:f}"
    return ""


WORDS_FOR = {
    "negative": ("neg", "non-reactive", "nonreactive", "non reactive", "not reactive", "not detected", "none detected"),
    "positive": ("pos", "reactive", "detected"),
}


def _reads(text: str) -> str:
    """``negative``, ``positive``, or empty where the words are not clear."""
    plain = text.strip().casefold()
    return next((meaning for meaning, words in WORDS_FOR.items() if plain.startswith(words)), "")


def _plain_unit(unit: str) -> str:
    return "".join(unit.casefold().split()).replace("\u03bc", "\u00b5")


def valid_until(taken_on: date, valid_days: int | None) -> date | None:
    """The last day on which a result counts; None for ever."""
    return None if valid_days is None else taken_on + timedelta(days=valid_days)


def state_of(
    *,
    taken_on: date | None,
    valid_days: int | None,
    is_as_wanted: bool = True,
    on: date,
    soon_days: int = LAB_SETTINGS.expires_soon_days,
) -> LabState:
    """How a required test stands on a day, by its latest result (`taken_on` None: there is none).

    Source: validity of tests by drug (P30, P38); the periods are settings of the order, confidence K.
    """
    if taken_on is None:
        return LabState.MISSING
    if not is_valid(taken_on=taken_on, service_on=on, valid_days=valid_days):
        return LabState.EXPIRED
    if not is_as_wanted:
        return LabState.OUT_OF_RANGE
    last = valid_until(taken_on, valid_days)
    return LabState.VALID if last is None or last > on + timedelta(days=soon_days) else LabState.EXPIRES_SOON


def worst(states: Sequence[LabState]) -> LabState | None:
    """The state to act on first; None of none."""
    order = list(LabState)
    return min(states, key=order.index, default=None)
