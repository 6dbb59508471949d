"""What a person writes for a number of the catalogue: read exactly, or refused with a sentence."""

from datetime import date
from typing import Any

import pytest

from core.errors import BadInput
from regimens.domain.catalogue_checks import check_code_dates, check_date, check_value, check_words
from regimens.domain.catalogue_fields import CAP, CHECK, Field, Group, Kind, find, indication_fields, product_fields
from regimens.domain.catalogue_sources import (
    code_confidence,
    confidence_words,
    origin,
    references,
)
from regimens.domain.catalogue_values import read, words, written

RAMP = [{"ml_per_kg_per_hour": "0.5", "minutes": 30}, {"ml_per_kg_per_hour": "2", "minutes": None}]
IG: dict[str, Any] = {
    "concentration_mg_per_ml": 100,
    "vial_sizes_g": [5, 10],
    "rate_steps_first_infusion": RAMP,
    "max_rate_ml_per_kg_per_hour": 5.4,
    "labelled_indications": ["PI", "CIDP"],
    "indication_profiles": [{"indication": "PI", "first": RAMP, "subsequent": None, "max": 5.4}],
    "confidence": {"rates": "high", "vials": "medium"},
}
DRUG: dict[str, Any] = {
    "vial_sizes_mg": [100],
    "infusion_minutes_first": 60,
    "maintenance_interval_weeks": 8,
    "window_days": {"early": 3, "late": 7, "source": "P label (plus or minus)"},
    "late_dose_policy": "original",
    "confidence": "high",
}
MMN: dict[str, Any] = {
    "default_tolerance_days": 3,
    "tolerance_note": "3 d K default",
    "evidence": "P label",
    "confidence": "high",
    "regimens": [
        {
            "loading": {"total_g_per_kg": 2, "days": [2, 5]},
            "maintenance": {"g_per_kg_per_month": [0.5, 2.4], "interval_weeks": 4},
            "interval_weeks_range": [2, 4],
        }
    ],
}
TODAY = date(2026, 3, 2)


def field(name: str, entry: dict[str, Any] = IG) -> Field:
    fields = indication_fields(entry) if entry is MMN else product_fields(entry, is_immune_globulin=entry is IG)
    found = find(fields, name)
    assert found is not None, name
    return found


@pytest.mark.parametrize(
    ("name", "entry", "text", "value"),
    [
        ("concentration_mg_per_ml", IG, " 100 ", "100"),
        ("vial_sizes_g", IG, "10, 2.5;1", ["1", "2.5", "10"]),
        ("rate_steps_first_infusion", IG, "0.5 30\n\n2", RAMP),
        ("rate_steps_subsequent_infusion", IG, " ", None),
        ("max_rate_ml_per_kg_per_hour", IG, "4.80", "4.8"),
        ("premed_minutes", IG, "0", 0),
        ("requires_label_check", IG, "checked", False),
        ("requires_label_check", IG, "unchecked", True),
        ("late_dose_policy", DRUG, "actual", "actual"),
        ("dose.max_mg", DRUG, "800", "800"),
        ("regimens.0.loading.days", MMN, "5, 2 2", [2, 5]),
        ("regimens.0.loading.total_g_per_kg", MMN, "1.5", "1.5"),
        ("regimens.0.maintenance.g_per_kg_per_month", MMN, "0.4 to 2", ["0.4", "2"]),
        ("regimens.0.maintenance.interval_weeks", MMN, "3–4", [3, 4]),
        ("regimens.0.interval_weeks_range", MMN, "4", [4, 4]),
    ],
)
def test_a_value_is_read_exactly(name: str, entry: dict[str, Any], text: str, value: object) -> None:
    assert read(field(name, entry), text) == value


@pytest.mark.parametrize(
    ("name", "entry", "text", "said"),
    [
        ("concentration_mg_per_ml", IG, "", "Enter a number of mg/mL."),
        ("concentration_mg_per_ml", IG, "-5", "Negative numbers make no sense"),
        ("concentration_mg_per_ml", IG, "0", "above 0"),
        ("concentration_mg_per_ml", IG, "1e9", "is not a number"),
        ("concentration_mg_per_ml", IG, "900", "at most 500 mg/mL"),
        ("vial_sizes_g", IG, "", "at least one vial size"),
        ("vial_sizes_g", IG, "5, 0", "A vial must be above 0"),
        ("vial_sizes_g", IG, "5, 5.0", "each vial size once"),
        ("vial_sizes_g", IG, ",".join(str(size) for size in range(1, 15)), "at most 12 vial sizes"),
        ("rate_steps_first_infusion", IG, " \n ", "a ramp cannot be empty"),
        ("rate_steps_first_infusion", IG, "-1 30\n2", "Negative numbers"),
        ("rate_steps_first_infusion", IG, "25", "A rate must be above 0 and at most 20 mL/kg/h"),
        ("rate_steps_first_infusion", IG, "1 30\n0.5", "rise from step to step"),
        ("rate_steps_first_infusion", IG, "1\n2", "is not a step"),
        ("rate_steps_first_infusion", IG, "1 30\n2 30", "The last line is a rate alone"),
        ("rate_steps_first_infusion", IG, "1 0\n2", "between 1 and 240 minutes"),
        ("rate_steps_first_infusion", IG, "1 x\n2", "between 1 and 240 minutes"),
        ("rate_steps_first_infusion", IG, "1 5\n" * 12 + "2", "at most 12 steps"),
        ("premed_minutes", IG, "2.5", "is not a whole number of minutes"),
        ("premed_minutes", IG, "٣", "is not a whole number"),
        ("premed_minutes", IG, "500", "between 0 and 240 minutes"),
        ("infusion_minutes_first", DRUG, "0", "between 1 and 600"),
        ("requires_label_check", IG, "perhaps", "Choose one of the answers"),
        ("requires_label_check", IG, "", "whether the rates are checked"),
        ("late_dose_policy", DRUG, "", "what a late dose does"),
        ("regimens.0.loading.days", MMN, "0", "between 1 and 5 days"),
        ("regimens.0.loading.days", MMN, "", "at least one number of days"),
        ("regimens.0.loading.total_g_per_kg", MMN, "2 to 1", "the smaller one"),
        ("regimens.0.loading.total_g_per_kg", MMN, "1 to 2 to 3", "one number, or two"),
        ("regimens.0.loading.total_g_per_kg", MMN, "–", "one number, or two"),
        ("regimens.0.maintenance.interval_weeks", MMN, "0", "at least 1 week"),
    ],
)
def test_nonsense_is_refused_with_a_sentence(name: str, entry: dict[str, Any], text: str, said: str) -> None:
    with pytest.raises(BadInput) as caught:
        read(field(name, entry), text)
    assert said in caught.value.sentence
    assert caught.value.reasons[0].field == "value"


@pytest.mark.parametrize(
    ("name", "entry", "value", "said"),
    [
        ("requires_label_check", IG, True, "Not checked yet"),
        ("requires_label_check", IG, False, "Checked"),
        ("rate_steps_first_infusion", IG, RAMP, "0.5 for 30 min, then 2 mL/kg/h"),
        ("rate_steps_first_infusion", IG, RAMP[1:], "2 mL/kg/h"),
        ("rate_steps_subsequent_infusion", IG, None, "as the first infusion"),
        ("vial_sizes_g", IG, [5, 2.5], "5, 2.5 g"),
        ("min_interval_days", DRUG, 1, "1 day"),
        ("min_interval_days", DRUG, 26, "26 days"),
        ("late_dose_policy", DRUG, "original", "Keep the original calendar"),
        ("regimens.0.maintenance.g_per_kg_per_month", MMN, [0.5, 2.4], "0.5 to 2.4 g/kg"),
        ("regimens.0.interval_weeks_range", MMN, [4, 4], "4 weeks"),
    ],
)
def test_a_value_is_said_with_its_unit(name: str, entry: dict[str, Any], value: object, said: str) -> None:
    assert words(field(name, entry), value) == said


def test_a_form_begins_with_what_stands_there() -> None:
    assert written(field("late_dose_policy", DRUG), "actual") == "actual"
    assert written(CHECK, True) == "unchecked"
    assert written(CHECK, False) == "checked"
    assert written(CAP, None) == ""
    assert written(field("rate_steps_first_infusion"), RAMP) == "0.5 30\n2"


def codes(name: str, value: object, entry: dict[str, Any]) -> list[str]:
    return [reason.code for reason in check_value(field(name, entry if entry in (MMN, DRUG) else IG), value, entry)]


def test_a_value_must_make_sense_beside_the_others() -> None:
    fast = [{"ml_per_kg_per_hour": "9", "minutes": None}]
    assert codes("rate_steps_first_infusion", fast, IG) == ["above_maximum"]
    assert codes("indication_profiles.PI.first", fast, IG) == ["above_maximum"]
    assert codes("rate_steps_first_infusion", fast, {**IG, "max_rate_ml_per_kg_per_hour": None}) == []
    assert codes("rate_steps_subsequent_infusion", None, IG) == []
    assert codes("max_rate_ml_per_kg_per_hour", "0.4", IG) == ["below_ramp"]
    assert codes("indication_profiles.PI.max", "0.4", IG) == ["below_ramp"]
    assert codes("max_rate_ml_per_kg_per_hour", None, IG) == []
    assert codes("max_rate_ml_per_kg_per_hour", "0.5", IG) == []
    assert codes(CAP.name, "6", IG) == ["cap_above_maximum"]
    assert codes(CAP.name, None, IG) == []
    assert codes("requires_label_check", False, {}) == ["no_rates"]
    assert codes("requires_label_check", False, {"indication_profiles": IG["indication_profiles"]}) == []
    assert codes("requires_label_check", True, {}) == []


def test_a_window_is_shorter_than_the_interval() -> None:
    assert codes("window_days.late", 53, DRUG) == ["wide_window"]
    assert codes("window_days.late", 52, DRUG) == []
    assert codes("window_days.early", 11, IG) == ["wide_window"]
    assert codes("default_tolerance_days", 7, MMN) == ["wide_window"]
    assert codes("default_tolerance_days", 6, MMN) == []
    weekly = {**DRUG, "maintenance_interval_weeks": 1}
    assert "an interval of 1 week," in check_value(field("window_days.late", DRUG), 7, weekly)[0].sentence
    assert codes("min_interval_days", 58, DRUG) == ["long_minimum"]
    assert codes("min_interval_days", 57, DRUG) == []
    assert codes("min_interval_days", None, DRUG) == []
    assert codes("min_interval_days", 300, IG) == []


def test_a_change_says_where_from_how_sure_and_why() -> None:
    assert [reason.field for reason in check_words(source=" ", confidence="", reason="x" * 201)] == [
        "source",
        "confidence",
        "reason",
    ]
    assert check_words(source="US label", confidence="P", reason="New label") == ()


def test_a_date_far_away_is_a_slip_of_the_keyboard() -> None:
    assert check_date(date(2025, 3, 1), today=TODAY) == ()
    assert check_date(date(2028, 3, 2), today=TODAY) == ()
    assert [reason.field for reason in check_date(date(2025, 2, 28), today=TODAY)] == ["effective_from"]
    assert check_date(date(2062, 3, 2), today=TODAY)[0].code == "date_far_away"
    assert check_code_dates(date(2010, 1, 1), None, today=TODAY) == ()
    assert [reason.field for reason in check_code_dates(date(1999, 1, 1), date(1998, 1, 1), today=TODAY)] == [
        "starts_on",
        "ends_on",
    ]


def test_an_indication_on_the_label_without_a_ramp_can_get_one() -> None:
    names = [each.name for each in product_fields(IG, is_immune_globulin=True)]
    assert "indication_profiles.PI.max" in names
    assert "indication_profiles.CIDP.first" in names
    assert "indication_profiles.CIDP.max" not in names
    assert find(product_fields({}, is_immune_globulin=True), "vial_sizes_mg") is None


def test_each_number_says_where_it_comes_from() -> None:
    assert origin(field("vial_sizes_g"), IG).confidence == "medium"
    assert origin(field("max_rate_ml_per_kg_per_hour"), IG).value == 5.4
    assert origin(field("vial_sizes_mg", DRUG), DRUG).confidence == "high"
    window = origin(field("window_days.late", DRUG), DRUG)
    assert (window.source, window.confidence) == ("label (plus or minus)", "published")
    setting = origin(field("observation_minutes_first"), IG)
    assert (setting.value, setting.is_setting, setting.confidence) == (30, True, "said in an article")
    assert origin(field("late_dose_policy"), IG).value == "hybrid"
    assert origin(field("min_interval_days"), IG).value is None
    tolerance = origin(field("default_tolerance_days", MMN), MMN)
    assert (tolerance.source, tolerance.confidence) == ("3 d by usual practice", "usual practice, verify")
    assert origin(field("regimens.0.loading.days", MMN), MMN).source == "label"


@pytest.mark.parametrize(
    ("said", "confidence", "source"),
    [
        ("P", {"rates": "high"}, "printed on the label"),
        ("K", {"at_risk": "low"}, "planning default"),
        ("none printed", {}, "none printed; planning default"),
    ],
)
def test_the_cap_for_patients_at_risk_says_who_printed_it(said: str, confidence: Any, source: str) -> None:
    entry = {CAP.name: 2, "at_risk_max_rate_source": said, "confidence": confidence}
    assert origin(CAP, entry).source == source


def test_an_entry_lists_its_sources_once() -> None:
    page = {"tag": "P", "url": "https://www.example.org/label"}
    found = references(
        {"sources": [page, page, {"tag": "K", "note": "from memory"}, {"tag": "P", "url": "no address"}]}
    )
    assert [reference.words for reference in found] == ["example.org/label", "from memory", "no address"]
    assert references({}) == ()
    assert code_confidence({}) == "not stated, verify"
    assert confidence_words("P") == "published"
    assert confidence_words("high") == "high"
    bare = Field(name="window_days.early", label="x", kind=Kind.COUNT, group=Group.DATES, of="window")
    assert origin(bare, {"window_days": {"early": 1}}).confidence == "not stated, verify"
