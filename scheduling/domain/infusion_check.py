"""What a nurse asks before an infusion, and which answers hold it until a prescriber agrees.

The questions are those of usual infusion practice; which of them hold is a setting of the clinic, each with its source
and how sure we are of it (`CheckSettings`).
"""

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from core.sourced import Confidence, Sourced, SourcedSetting, sourced_settings

K = Confidence.CLINIC
LABELS, PRACTICE = "warnings of immune globulin labels", "usual infusion practice"


class Concern(StrEnum):
    """A question that was answered with yes, in the order in which they are asked."""

    FEVER = "fever_infection"
    DIAGNOSIS = "new_diagnosis"
    HOSPITAL = "hospital_stay"
    REACTION = "reaction_last_dose"
    CHEST_LEG = "chest_pain_leg_swelling"
    URINE = "little_urine"
    PREGNANCY = "pregnancy"
    MEDICINES = "new_medicines"
    VACCINE = "vaccine"
    DRY = "not_hydrated"
    ACCESS = "difficult_access"

    @property
    def holds(self) -> bool:
        """Whether this answer holds the infusion; the others are noted and shown."""
        return bool(getattr(CHECK_DEFAULTS, self.value))


@dataclass(frozen=True)
class CheckSettings:
    """Whether yes to a question, named by its `Concern`, holds the infusion; and which temperatures can be read."""

    fever_infection: Annotated[bool, Sourced(f"{LABELS}: acute illness", K)] = True
    new_diagnosis: Annotated[bool, Sourced(f"{PRACTICE}: it may be a new risk for kidneys or clots", K)] = True
    hospital_stay: Annotated[bool, Sourced(f"{PRACTICE}: what brought the patient there may be a new risk", K)] = True
    reaction_last_dose: Annotated[bool, Sourced(f"{LABELS}: aseptic meningitis, reactions", K)] = True
    chest_pain_leg_swelling: Annotated[bool, Sourced(f"{LABELS}: clots", K)] = True
    little_urine: Annotated[bool, Sourced(f"{LABELS}: kidney failure, haemolysis", K)] = True
    pregnancy: Annotated[bool, Sourced(f"{PRACTICE}: the prescriber weighs the benefit", K)] = True
    new_medicines: Annotated[bool, Sourced(f"{PRACTICE}: noted and shown", K)] = False
    vaccine: Annotated[bool, Sourced(f"{PRACTICE}: noted and shown; live vaccines wait on their own", K)] = False
    not_hydrated: Annotated[bool, Sourced(f"{PRACTICE}: hydrate first, then start", K)] = False
    difficult_access: Annotated[bool, Sourced(f"{PRACTICE}: noted and shown", K)] = False
    coldest_c: Annotated[int, Sourced("below this a clinical thermometer was misread", K)] = 30
    hottest_c: Annotated[int, Sourced("above this a clinical thermometer was misread", K)] = 45


CHECK_DEFAULTS = CheckSettings()

_WORDS: dict[Concern, tuple[str, str]] = {
    Concern.FEVER: ("Fever or infection", "in the last days"),
    Concern.DIAGNOSIS: ("New diagnosis", "since the last infusion"),
    Concern.HOSPITAL: ("Hospital stay", "since the last infusion"),
    Concern.REACTION: ("Headache or reaction after the last dose", ""),
    Concern.CHEST_LEG: ("Chest pain, or a swollen or painful leg", ""),
    Concern.URINE: ("Little or dark urine", ""),
    Concern.PREGNANCY: ("Pregnant or may be", ""),
    Concern.MEDICINES: ("New medicines", "anti-inflammatories too"),
    Concern.VACCINE: ("Vaccine", "in the last four weeks, or planned"),
    Concern.DRY: ("Has not drunk enough", "hydrate first"),
    Concern.ACCESS: ("Veins or port are difficult", ""),
}


def concern_label(concern: Concern) -> str:
    """The concern in words."""
    return _WORDS[concern][0]


def concern_hint(concern: Concern) -> str:
    """What to say besides its words; often nothing."""
    return _WORDS[concern][1]


def grounds() -> dict[Concern, SourcedSetting]:
    """For each question whether it holds, on what ground, and how sure we are of it; in the order they are asked."""
    named = {setting.name: setting for setting in sourced_settings(CHECK_DEFAULTS)}
    return {concern: named[concern.value] for concern in Concern}


def is_readable(temperature_c: Decimal) -> bool:
    """Whether a temperature can be one of a patient."""
    return CHECK_DEFAULTS.coldest_c <= temperature_c <= CHECK_DEFAULTS.hottest_c


def unreadable() -> str:
    """What is said of a temperature that cannot be a patient's."""
    return f"Enter a temperature between {CHECK_DEFAULTS.coldest_c} and {CHECK_DEFAULTS.hottest_c} °C, such as 36.8."


def in_words(concerns: Collection[str], temperature_c: Decimal | None, note: str) -> str:
    """What a check found, for the history of a visit: "Fever or infection; 39.2 °C; seen by Dr. Holm"."""
    found = [concern_label(Concern(code)) for code in concerns] or ["Nothing to report"]
    measured = [] if temperature_c is None else [f"{temperature_c} °C"]
    return "; ".join([*found, *measured, *([note.strip()] if note.strip() else [])])
