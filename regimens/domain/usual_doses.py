"""Whether an ordered dose lies far outside what the catalogue lists. It is said, never refused: a prescriber decides.

A range counts as it is listed. One single dose has room around it, since labels and practice vary: half of it to twice
it (`CARE_DEFAULTS.single_dose_spread`). Source: labels by product and indication (P1-P12), the room K.
"""

from dataclasses import dataclass
from fractions import Fraction

from regimens.domain.settings import CARE_DEFAULTS


@dataclass(frozen=True, kw_only=True)
class UsualRange:
    """The doses of one course that the catalogue lists, in mg for one patient.

    `words` are as the catalogue writes them, such as "300 to 800 mg/kg"; `source` and `confidence` are its own.
    """

    low_mg: Fraction
    high_mg: Fraction
    words: str
    source: str
    confidence: str


def outside(dose_mg: Fraction, usual: UsualRange) -> str:
    """ "above" or "below" when a course's dose lies far outside the listed ones, else empty."""
    room = CARE_DEFAULTS.single_dose_spread if usual.low_mg == usual.high_mg else 1
    if dose_mg > usual.high_mg * room:
        return "above"
    return "below" if dose_mg < usual.low_mg / room else ""


def said(dose: str, usual: UsualRange, where: str) -> str:
    """The notice about a dose that is "above" or "below" the usual ones."""
    return (
        f"{dose} for a course is {where} what the catalogue lists: {usual.words}. "
        f"Source: {usual.source or 'not stated'}; confidence: {usual.confidence}. "
        "Ask the prescriber to confirm the dose."
    )
