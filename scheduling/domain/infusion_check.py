"""What a nurse asks before an infusion, and which answers hold it until a prescriber agrees.

The questions are those of usual infusion practice; which of them hold is a setting of the clinic (K).
"""

from collections.abc import Collection
from decimal import Decimal
from enum import StrEnum


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
        return self in HOLDING


HOLDING = frozenset(
    {
        Concern.FEVER,
        Concern.DIAGNOSIS,
        Concern.HOSPITAL,
        Concern.REACTION,
        Concern.CHEST_LEG,
        Concern.URINE,
        Concern.PREGNANCY,
    }
)
"""Source: warnings of immune globulin labels (clots, kidneys, aseptic meningitis), P; which of them hold is K."""

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


def in_words(concerns: Collection[str], temperature_c: Decimal | None, note: str) -> str:
    """What a check found, for the history of a visit: "Fever or infection; 39.2 °C; seen by Dr. Holm"."""
    found = [concern_label(Concern(code)) for code in concerns] or ["Nothing to report"]
    measured = [] if temperature_c is None else [f"{temperature_c} °C"]
    return "; ".join([*found, *measured, *([note.strip()] if note.strip() else [])])
