"""A patient's symptom diary: the words to choose from, and why an entry makes no sense.

Source: what patients should note (S2): when they feel better, when side effects happen, how long they last.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from core.errors import Reason
from patients.domain.red_flags import RED_FLAGS, RedFlag

MOST_SEVERE = 10
MOST_WEAR_OFF_DAYS = 60
LONGEST_AGO = timedelta(days=366)
COLDEST_C, HOTTEST_C = Decimal(32), Decimal(43)
COLDEST_F = Decimal(89)


class Symptom(StrEnum):
    """What a patient may tick, the most usual ones first. A red flag is a symptom too; see `red_flags`."""

    HEADACHE = "headache"
    TIRED = "fatigue"
    NAUSEA = "nausea"
    CHILLS = "chills"
    ACHES = "aches"
    FLUSHING = "flushing"
    ITCHING = "itching"
    DIZZY = "dizziness"
    HEARTBEAT = "fast_heartbeat"
    NEEDLE = "needle_site"
    WEAKNESS = "weakness_back"
    INFECTION = "infection"
    BETTER = "better"
    WELL = "well"
    OTHER = "other"

    @property
    def label(self) -> str:
        return _SYMPTOMS[self]


_SYMPTOMS = {
    Symptom.HEADACHE: "Headache",
    Symptom.TIRED: "Very tired",
    Symptom.NAUSEA: "Feeling sick",
    Symptom.CHILLS: "Chills or fever",
    Symptom.ACHES: "Aches in back, muscles or joints",
    Symptom.FLUSHING: "Hot, red face",
    Symptom.ITCHING: "Itching or a few spots",
    Symptom.DIZZY: "Dizzy",
    Symptom.HEARTBEAT: "Fast heartbeat",
    Symptom.NEEDLE: "Sore where the needle was",
    Symptom.WEAKNESS: "My old symptoms are coming back",
    Symptom.INFECTION: "An infection or antibiotics",
    Symptom.BETTER: "I feel better than before",
    Symptom.WELL: "I feel well",
    Symptom.OTHER: "Something else",
}
USUAL = (Symptom.HEADACHE, Symptom.TIRED, Symptom.NAUSEA, Symptom.CHILLS, Symptom.ACHES)
GOOD = frozenset({Symptom.BETTER, Symptom.WELL})


class Onset(StrEnum):
    """When it began, seen from the infusion."""

    DURING = "during"
    SAME_DAY = "after"
    DAYS_1_3 = "day_after"
    LATER = "later"
    BEFORE_NEXT = "before"

    @property
    def label(self) -> str:
        return _ONSETS[self]


_ONSETS = {
    Onset.DURING: "During the infusion",
    Onset.SAME_DAY: "Later the same day",
    Onset.DAYS_1_3: "1 to 3 days after",
    Onset.LATER: "More than 3 days after",
    Onset.BEFORE_NEXT: "Shortly before the next one",
}


class Lasted(StrEnum):
    """How long it lasted."""

    HOUR = "1"
    HOURS = "6"
    DAY = "24"
    DAYS = "60"
    LONGER = "120"

    @property
    def label(self) -> str:
        return _LASTED[self]

    @property
    def hours(self) -> Decimal:
        return Decimal(self.value)


_LASTED = {
    Lasted.HOUR: "About an hour",
    Lasted.HOURS: "Some hours",
    Lasted.DAY: "About a day",
    Lasted.DAYS: "2 or 3 days",
    Lasted.LONGER: "Longer",
}


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What a patient writes. `symptoms` are codes of `Symptom` or `RedFlag`, at least one."""

    symptoms: tuple[str, ...]
    happened_at: datetime
    severity: int | None = None
    onset: str = ""
    duration_hours: Decimal | None = None
    is_resolved: bool = False
    treatment: str = ""
    temperature_c: Decimal | None = None
    function_score: int | None = None
    wear_off_days: int | None = None
    text: str = ""


def symptom_label(code: str) -> str:
    """The words for a symptom or a red flag; an unknown code is shown as it is written."""
    if code in RED_FLAGS:
        return RedFlag(code).label
    return Symptom(code).label if code in set(Symptom) else code.replace("_", " ").capitalize()


def in_celsius(temperature: Decimal) -> Decimal:
    """A body temperature in °C to 0.1: no living body is so cold or so hot that the two scales could be mistaken."""
    celsius = (temperature - 32) * 5 / 9 if temperature >= COLDEST_F else temperature
    return celsius.quantize(Decimal("0.1"), ROUND_HALF_UP)


def check_entry(entry: Entry, *, now: datetime) -> tuple[Reason, ...]:
    """Every reason against an entry, each naming its field, in a patient's words."""
    return (*_what(entry), *_when(entry, now), *_numbers(entry))


def sensible(entry: Entry, *, now: datetime) -> Entry:
    """The entry without what makes no sense in it: a sign that cannot wait is kept and answered all the same."""
    wrong = {reason.field for reason in check_entry(entry, now=now)}
    known = RED_FLAGS | {symptom.value for symptom in Symptom}
    return replace(
        entry,
        symptoms=tuple(symptom for symptom in entry.symptoms if symptom in known),
        happened_at=now if "happened_on" in wrong else entry.happened_at,
        severity=None if "severity" in wrong else entry.severity,
        function_score=None if "function_score" in wrong else entry.function_score,
        wear_off_days=None if "wear_off_days" in wrong else entry.wear_off_days,
        temperature_c=None if "temperature" in wrong else entry.temperature_c,
        duration_hours=None if "duration" in wrong else entry.duration_hours,
        onset="" if "onset" in wrong else entry.onset,
        treatment=entry.treatment[:200],
        text=entry.text[:500],
    )


def _what(entry: Entry) -> Iterator[Reason]:
    known = RED_FLAGS | {symptom.value for symptom in Symptom}
    if not entry.symptoms:
        yield Reason("symptom_missing", "Tick how you feel.", field="symptoms")
    elif not known.issuperset(entry.symptoms):
        yield Reason("symptom_unknown", "Choose from the list.", field="symptoms")
    if entry.onset and entry.onset not in set(Onset):
        yield Reason("onset_unknown", "Choose when it began from the list.", field="onset")
    for field, text, most in (("treatment", entry.treatment, 200), ("text", entry.text, 500)):
        if len(text) > most:
            yield Reason("too_long", f"Please shorten this to {most} letters.", field=field)


def _when(entry: Entry, now: datetime) -> Iterator[Reason]:
    if entry.happened_at > now:
        yield Reason("diary_later", "This day is still to come. Choose today or a day before.", field="happened_on")
    elif entry.happened_at < now - LONGEST_AGO:
        yield Reason("diary_long_ago", "Choose a day of the last 12 months.", field="happened_on")


def _numbers(entry: Entry) -> Iterator[Reason]:
    if entry.severity is not None and not 0 <= entry.severity <= MOST_SEVERE:
        yield Reason("bad_severity", "Choose a number from 0 to 10.", field="severity")
    if entry.function_score is not None and not 0 <= entry.function_score <= MOST_SEVERE:
        yield Reason("bad_function", "Choose a number from 0 to 10.", field="function_score")
    if entry.wear_off_days is not None and not 0 <= entry.wear_off_days <= MOST_WEAR_OFF_DAYS:
        yield Reason("bad_wear_off", f"Enter 0 to {MOST_WEAR_OFF_DAYS} days.", field="wear_off_days")
    warmth = entry.temperature_c
    if warmth is not None and not (warmth.is_finite() and COLDEST_C <= warmth <= HOTTEST_C):
        yield Reason("bad_temperature", "Check the temperature: such as 98.6 °F or 37 °C.", field="temperature")
    hours = entry.duration_hours
    if hours is not None and not (hours.is_finite() and 0 <= hours <= 9999):
        yield Reason("bad_duration", "Choose how long it lasted from the list.", field="duration")
