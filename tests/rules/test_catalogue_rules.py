"""Changes lie on the catalogue's entries without touching them."""

from typing import Any

from regimens.domain.catalogue_fields import indication_fields
from regimens.domain.catalogue_overlay import overlaid, value_at

ENTRY: dict[str, Any] = {
    "window_days": {"early": 3},
    "indication_profiles": [{"indication": "PI", "max": 5}, {"indication": "CIDP", "max": 5.4}],
    "regimens": [{"loading": {"days": 2}}],
}


def test_a_place_is_found_by_key_by_row_and_by_indication() -> None:
    assert value_at(ENTRY, "window_days.early") == 3
    assert value_at(ENTRY, "indication_profiles.CIDP.max") == 5.4
    assert value_at(ENTRY, "regimens.0.loading.days") == 2
    for nowhere in ("window_days.late", "indication_profiles.MG.max", "regimens.1.loading", "window_days.early.x"):
        assert value_at(ENTRY, nowhere) is None


def test_a_change_of_a_row_leaves_the_rows_beside_it_and_the_entry_itself() -> None:
    before = repr(ENTRY)
    changed = overlaid(ENTRY, [("indication_profiles.CIDP.max", 4), ("window_days.late", 7)])
    assert [row["max"] for row in changed["indication_profiles"]] == [5, 4]
    assert changed["window_days"] == {"early": 3, "late": 7}
    assert repr(ENTRY) == before


def test_the_row_of_an_indication_that_has_none_is_added() -> None:
    changed = overlaid(ENTRY, [("indication_profiles.MG.max", 3)])
    assert changed["indication_profiles"][2] == {"indication": "MG", "max": 3}
    assert overlaid({}, [("indication_profiles.MG.max", 3)])["indication_profiles"] == [{"indication": "MG", "max": 3}]


def test_of_two_changes_of_one_place_the_last_counts() -> None:
    assert overlaid(ENTRY, [("window_days.early", 1), ("window_days.early", 2)])["window_days"] == {"early": 2}


def test_a_regimen_shows_the_numbers_it_has() -> None:
    names = [field.name for field in indication_fields(ENTRY)]
    assert names == ["default_tolerance_days", "regimens.0.loading.days"]
    ranged = {"regimens": [{"interval_weeks_range": [3, 4]}]}
    assert indication_fields(ranged)[1].name == "regimens.0.interval_weeks_range"
