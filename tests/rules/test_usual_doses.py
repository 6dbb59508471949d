"""A dose far outside the listed ones is named with its source; inside them, and near a single one, nothing is said."""

from fractions import Fraction

import pytest

from regimens.domain.catalogue_sources import NOT_STATED, dose_confidence
from regimens.domain.usual_doses import UsualRange, outside, said


def usual(low: int, high: int) -> UsualRange:
    return UsualRange(
        low_mg=Fraction(low), high_mg=Fraction(high), words="300 to 800 mg/kg", source="labels", confidence="high"
    )


@pytest.mark.parametrize(
    ("dose", "where"), [(20_999, "below"), (21_000, ""), (56_000, ""), (56_001, "above"), (140_000, "above")]
)
def test_a_range_counts_as_it_is_listed(dose: int, where: str) -> None:
    assert outside(Fraction(dose), usual(21_000, 56_000)) == where


@pytest.mark.parametrize(("dose", "where"), [(149, "below"), (150, ""), (300, ""), (600, ""), (601, "above")])
def test_a_single_dose_has_room_from_half_to_twice(dose: int, where: str) -> None:
    assert outside(Fraction(dose), usual(300, 300)) == where


def test_an_entry_says_how_sure_it_is_of_its_dose() -> None:
    assert dose_confidence({"confidence": "medium"}) == "medium"
    assert dose_confidence({"confidence": {"dose": "high", "rates": "low"}}) == "high"
    assert dose_confidence({}) == NOT_STATED


def test_the_notice_names_dose_range_source_and_confidence() -> None:
    assert said("2 g/kg", usual(1, 2), "above") == (
        "2 g/kg for a course is above what the catalogue lists: 300 to 800 mg/kg. Source: labels; confidence: high. "
        "Ask the prescriber to confirm the dose."
    )
