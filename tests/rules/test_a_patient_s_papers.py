"""Laboratory results, consents, risks, therapies elsewhere and incomplete courses: what counts, and what does not."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from patients.domain.diary import Entry, Lasted, Onset, Symptom, check_entry, sensible, symptom_label
from patients.domain.lab_results import (
    LabState,
    LabTest,
    Wanted,
    against,
    check_result,
    state_of,
    valid_until,
    worst,
)
from patients.domain.papers import check_consent_date, consent_until
from patients.domain.red_flags import RedFlag
from patients.domain.risks import KNOWN_TO_RULES, Risk, grouped_choices, must_not_have, slows_immune_globulin
from regimens.domain.elsewhere import Elsewhere, check_elsewhere, days_between
from scheduling.domain.incomplete import DayFate, Fate, is_settled, lost_days, sentence

DAY = date(2026, 11, 24)
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def ago(days: int) -> date:
    return DAY - timedelta(days=days)


TEST = LabTest.read(
    {
        "code": "creatinine",
        "name": "Creatinine",
        "unit": "mg/dL",
        "least": "0.1",
        "most": "20",
        "source": "usual practice",
        "confidence": "K",
    }
)
IN_WORDS = replace(TEST, least=None, most=None)


def wrong(**changes: Any) -> list[tuple[str, str | None]]:
    facts: dict[str, Any] = {
        "code": "creatinine",
        "taken_on": DAY,
        "value": Decimal("1.0"),
        "unit": "",
        "text": "",
        "test": TEST,
        "today": DAY,
    }
    return [(reason.code, reason.field) for reason in check_result(**(facts | changes))]


def test_a_result_that_a_laboratory_can_report_is_kept() -> None:
    assert (
        wrong() == wrong(value=Decimal("0.1")) == wrong(value=Decimal(20)) == wrong(value=Decimal(0), test=None) == []
    )
    assert wrong(value=None, text="negative") == []
    assert wrong(value=Decimal(900), unit="umol/L") == []
    assert wrong(value=Decimal(900), test=IN_WORDS) == []
    assert wrong(taken_on=date(1950, 1, 1)) == wrong(code="x" * 32) == []


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"code": " "}, "lab_code", "code"),
        ({"code": "x" * 33}, "lab_code", "code"),
        ({"code": "a\x00"}, "lab_code", "code"),
        ({"taken_on": ago(-1)}, "lab_later", "taken_on"),
        ({"taken_on": date(1949, 12, 31)}, "lab_long_ago", "taken_on"),
        ({"value": None, "text": " "}, "lab_empty", "value"),
        ({"value": Decimal("NaN")}, "lab_value", "value"),
        ({"value": Decimal(10_000_000)}, "lab_value", "value"),
        ({"value": Decimal("-0.1")}, "lab_negative", "value"),
        ({"value": Decimal("0.09")}, "lab_impossible", "value"),
        ({"value": Decimal("20.1"), "unit": "mg/dL"}, "lab_impossible", "value"),
    ],
)
def test_a_result_that_makes_no_sense_is_said_at_its_field(changes: dict[str, Any], code: str, field: str) -> None:
    assert wrong(**changes) == [(code, field)]


def test_limits_are_included_and_no_limit_says_nothing() -> None:
    low, high = Decimal(1), Decimal(2)
    both = Wanted(low=low, high=high, unit="mg/dL")
    assert against(both, value=low) == against(both, value=high, unit=" mg/dl") == ""
    assert against(Wanted(low=low), value=Decimal("0.9")) == "below the order's limit of 1"
    assert against(Wanted(high=high), value=Decimal("2.1")) == "above the order's limit of 2"
    assert against(both, value=None, text="clotted") == against(Wanted(), value=low, unit="g/L") == ""
    assert valid_until(DAY, None) is None
    assert valid_until(DAY, 30) == DAY + timedelta(days=30)


@pytest.mark.parametrize(
    ("taken", "value", "valid_days", "state"),
    [
        (None, None, 90, LabState.MISSING),
        (ago(91), "1", 90, LabState.EXPIRED),
        (ago(90), "1", 90, LabState.EXPIRES_SOON),
        (ago(76), "1", 90, LabState.EXPIRES_SOON),
        (ago(75), "1", 90, LabState.VALID),
        (ago(75), "9", 90, LabState.OUT_OF_RANGE),
        (ago(9000), "1", None, LabState.VALID),
        (ago(-1), "1", None, LabState.EXPIRED),
    ],
)
def test_how_a_test_stands(taken: date | None, value: str | None, valid_days: int | None, state: LabState) -> None:
    number = None if value is None else Decimal(value)
    is_fine = not against(Wanted(high=Decimal(2)), value=number)
    found = state_of(taken_on=taken, is_as_wanted=is_fine, valid_days=valid_days, on=DAY)
    assert found is state
    assert found.label[0].isupper()


def test_a_number_in_another_unit_is_not_compared_but_looked_at() -> None:
    wanted = Wanted(high=Decimal("1.5"), unit="mg/dL")
    assert against(wanted, value=Decimal(80), unit="µmol/L") == "while the order's limit is in mg/dL"
    assert against(Wanted(high=Decimal(90), unit="µmol/L"), value=Decimal(80), unit="\u03bcmol/l") == ""


@pytest.mark.parametrize(
    ("expects", "text", "is_wanted"),
    [
        ("negative", "Negative", True),
        ("negative", " non-reactive (s/co 0.2)", True),
        ("negative", "not detected", True),
        ("negative", "Positive", False),
        ("negative", "Reactive", False),
        ("negative", "Indeterminate", False),
        ("positive", "POS", True),
        ("positive", "detected", True),
        ("positive", "Not detected", False),
        ("", "Positive", True),
    ],
)
def test_words_that_are_not_clearly_the_wanted_ones_are_for_a_prescriber(
    expects: str, text: str, is_wanted: bool
) -> None:
    said = against(Wanted(expects=expects), value=None, text=text)
    assert said == ("" if is_wanted else f"where the order needs a {expects} result")


def test_the_worst_state_is_acted_on_first() -> None:
    assert worst([LabState.VALID, LabState.EXPIRED, LabState.EXPIRES_SOON]) is LabState.EXPIRED
    assert worst([LabState.EXPIRES_SOON, LabState.OUT_OF_RANGE, LabState.VALID]) is LabState.OUT_OF_RANGE
    assert worst(list(reversed(LabState))) is LabState.MISSING
    assert worst([]) is None


def test_a_consent_was_signed_by_now_and_since_birth_and_counts_for_a_year_less_a_day() -> None:
    born = date(1960, 2, 29)

    def found(signed_on: date) -> list[str]:
        return [each.code for each in check_consent_date(signed_on=signed_on, today=DAY, born_on=born)]

    assert found(DAY) == found(born) == []
    assert found(ago(-1)) == ["consent_later"]
    assert found(date(1960, 2, 28)) == ["consent_early"]
    assert consent_until(DAY) == date(2027, 11, 23)


def test_every_code_that_a_rule_asks_about_can_be_chosen_under_one_heading() -> None:
    groups = dict(grouped_choices())
    codes = [code for choices in groups.values() for code, _ in choices]
    assert sorted(codes) == sorted(Risk)
    assert set(Risk) >= KNOWN_TO_RULES
    assert [code for code, _ in groups["Must not have"]] == [
        "anaphylaxis_to_ig",
        "iga_deficiency_with_antibodies",
        "hyperprolinaemia",
        "fructose_intolerance",
    ]
    assert ("diabetes", "Diabetes") in groups["At risk: slower, with fluids"]
    assert ("iga_deficiency", "IgA deficiency") in groups["To know"]
    assert must_not_have("hyperprolinaemia") == "Privigen"
    assert must_not_have("diabetes") == must_not_have("something new") == ""
    assert slows_immune_globulin("prior_thrombosis")
    assert not slows_immune_globulin("allergy")


SCIG = Elsewhere(kind="scig", name="Hizentra", starts_on=DAY, every_days=7)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"kind": "yoga"}, "kind"),
        ({"name": " "}, "name"),
        ({"name": "a\x00"}, "name"),
        ({"name": "x" * 81}, "name"),
        ({"place": "x" * 81}, "place"),
        ({"note": "x" * 201}, "note"),
        ({"every_days": 0}, "every_days"),
        ({"every_days": 367}, "every_days"),
        ({"starts_on": date(1975, 12, 31)}, "starts_on"),
        ({"starts_on": date(2077, 1, 1)}, "starts_on"),
        ({"ends_on": ago(1)}, "ends_on"),
    ],
)
def test_a_therapy_elsewhere_that_makes_no_sense_is_said_at_its_field(changes: dict[str, Any], field: str) -> None:
    assert [reason.field for reason in check_elsewhere(replace(SCIG, **changes), today=DAY)] == [field]


def test_a_therapy_elsewhere_stands_on_its_days() -> None:
    widest = replace(SCIG, name="x" * 80, place="x" * 80, note="x" * 200, every_days=366, ends_on=DAY)
    assert check_elsewhere(widest, today=DAY) == ()
    assert check_elsewhere(replace(SCIG, every_days=None), today=DAY) == ()

    def days(first: int, last: int, **changes: Any) -> list[int]:
        facts: dict[str, Any] = {"starts_on": DAY, "every_days": 7, "ends_on": None}
        found = days_between(
            first_on=DAY + timedelta(days=first), last_on=DAY + timedelta(days=last), **(facts | changes)
        )
        return [(day - DAY).days for day in found]

    assert days(-10, 14) == [0, 7, 14]
    assert days(1, 20) == [7, 14]
    assert days(7, 7) == [7]
    assert days(8, 13) == []
    assert days(0, 30, ends_on=DAY + timedelta(days=14)) == [0, 7, 14]
    assert days(0, 30, every_days=None) == [0]
    assert days(1, 30, every_days=None) == []


def fates(*each: Fate) -> list[DayFate]:
    return [DayFate(number, fate) for number, fate in enumerate(each, start=1)]


def test_a_course_is_incomplete_when_some_of_it_is_lost_and_some_is_not() -> None:
    assert [day.number for day in lost_days(fates(Fate.GIVEN, Fate.LOST, Fate.OPEN))] == [2]
    assert [day.number for day in lost_days(fates(Fate.BOOKED, Fate.LOST))] == [2]
    assert [day.number for day in lost_days(fates(Fate.PARTLY))] == [1]
    assert lost_days(fates(Fate.LOST, Fate.OPEN)) == ()
    assert lost_days(fates(Fate.GIVEN, Fate.BOOKED, Fate.OPEN)) == ()


def test_nothing_is_left_to_decide_when_all_or_nothing_is_given() -> None:
    assert is_settled(fates(Fate.GIVEN, Fate.GIVEN))
    assert is_settled(fates(Fate.LOST, Fate.OPEN))
    assert is_settled([])
    for fate in (Fate.LOST, Fate.OPEN, Fate.BOOKED, Fate.PARTLY):
        assert not is_settled(fates(Fate.GIVEN, fate))


def test_an_incomplete_course_is_said_day_by_day() -> None:
    lost = lost_days(fates(Fate.GIVEN, Fate.LOST, Fate.PARTLY))
    assert sentence(course_number=3, who="Ada Moreno", days=3, lost=lost) == (
        "Course 3 of Ada Moreno: day 2 of 3 was not given and day 3 of 3 was not given in full. "
        "Decide with the prescriber."
    )
    assert sentence(course_number=3, who="Ada", days=1, lost=fates(Fate.PARTLY)) == (
        "Course 3 of Ada was stopped before the end. Decide with the prescriber."
    )


def test_the_diary_has_words_for_everything_and_takes_its_widest_numbers() -> None:
    assert all(each.label for each in (*Symptom, *Onset, *Lasted, *RedFlag))
    assert symptom_label("headache") == "Headache"
    assert symptom_label("new_thing") == "New thing"
    assert Lasted.DAY.hours == 24
    widest = Entry(
        symptoms=("headache", "breathing"),
        happened_at=NOW - timedelta(days=366),
        severity=10,
        onset="during",
        duration_hours=Decimal(9999),
        treatment="x" * 200,
        temperature_c=Decimal(43),
        function_score=0,
        wear_off_days=60,
        text="x" * 500,
    )
    assert check_entry(widest, now=NOW) == ()
    least = replace(widest, severity=0, duration_hours=Decimal(0), temperature_c=Decimal(32), wear_off_days=0)
    assert check_entry(replace(least, happened_at=NOW, onset=""), now=NOW) == ()


def test_a_sign_that_cannot_wait_is_kept_out_of_an_entry_that_makes_no_sense() -> None:
    nonsense = Entry(
        symptoms=("breathing", "boredom"),
        happened_at=NOW + timedelta(days=1),
        severity=99,
        onset="never",
        duration_hours=Decimal(-1),
        treatment="x" * 900,
        temperature_c=Decimal(99),
        function_score=99,
        wear_off_days=99,
        text="x" * 900,
    )
    kept = sensible(nonsense, now=NOW)
    assert (kept.symptoms, kept.happened_at, check_entry(kept, now=NOW)) == (("breathing",), NOW, ())
    fine = Entry(symptoms=("headache",), happened_at=NOW, severity=3, onset="during", temperature_c=Decimal(37))
    assert sensible(fine, now=NOW) == fine
