"""Signs after an infusion that cannot wait. Whoever reports one is told at once to call, before anybody reads it.

Source: reference.red_flags of the catalogue: the first six are printed in the article S3, the others are the serious
reactions of immune globulin labels (thrombosis, kidney, haemolysis; K). Clinics sign the list off before go-live.
"""

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from core.sourced import Confidence, Sourced


@dataclass(frozen=True)
class RedFlagSettings:
    """From which temperature fever is called high."""

    high_fever_c: Annotated[Decimal, Sourced("S3 says high fever; the number is usual practice", Confidence.CLINIC)] = (
        Decimal("38.5")
    )


RED_FLAG_SETTINGS = RedFlagSettings()


class RedFlag(StrEnum):
    """A sign that cannot wait, in the words of a patient."""

    BREATHING = "breathing"
    CHEST = "chest"
    STIFF_NECK = "stiff_neck"
    HIGH_FEVER = "high_fever"
    RASH = "severe_rash"
    VOMITING = "vomiting"
    ONE_SIDED = "one_sided"
    LIMB = "limb_swelling"
    KIDNEYS = "little_urine"
    DARK_URINE = "dark_urine"

    @property
    def label(self) -> str:
        return _LABELS[self]


_LABELS = {
    RedFlag.BREATHING: "Trouble breathing",
    RedFlag.CHEST: "Chest pain or tightness",
    RedFlag.STIFF_NECK: "Very bad headache with a stiff neck",
    RedFlag.HIGH_FEVER: "High fever",
    RedFlag.RASH: "A bad rash, or one that gets worse",
    RedFlag.VOMITING: "I keep throwing up",
    RedFlag.ONE_SIDED: "Weak or numb on one side",
    RedFlag.LIMB: "A painful, swollen or warm leg or arm",
    RedFlag.KIDNEYS: "Little or no urine, or sudden swelling",
    RedFlag.DARK_URINE: "Dark urine or yellow skin",
}
RED_FLAGS = frozenset(flag.value for flag in RedFlag)


def red_flags(
    symptoms: Collection[str],
    *,
    temperature_c: Decimal | None = None,
    high_fever_c: Decimal = RED_FLAG_SETTINGS.high_fever_c,
) -> tuple[RedFlag, ...]:
    """Every sign among the symptoms that cannot wait, a high temperature among them, in the order of the list.

    Source: S3 and immune globulin labels, see above; the temperature is a setting (K).
    """
    is_high = temperature_c is not None and temperature_c >= high_fever_c
    return tuple(flag for flag in RedFlag if flag in symptoms or (flag is RedFlag.HIGH_FEVER and is_high))
