"""Which signs cannot wait, and what makes no sense in a diary."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from patients.domain.diary import Entry, Symptom, check_entry, in_celsius, symptom_label
from patients.domain.red_flags import RedFlag, red_flags

NOW = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
ENTRY = Entry(symptoms=("headache",), happened_at=NOW, severity=3)


@pytest.mark.parametrize("flag", list(RedFlag))
def test_each_sign_of_the_list_cannot_wait(flag: RedFlag) -> None:
    assert red_flags(["headache", flag.value]) == (flag,)
    assert symptom_label(flag.value) == flag.label


@pytest.mark.parametrize("symptom", list(Symptom))
def test_no_everyday_symptom_alone_raises_the_alarm(symptom: Symptom) -> None:
    assert red_flags([symptom.value]) == ()


@pytest.mark.parametrize(("degrees", "is_high"), [("38.4", False), ("38.5", True), ("41", True)])
def test_a_high_temperature_cannot_wait_even_if_nothing_was_ticked(degrees: str, is_high: bool) -> None:
    assert red_flags(["fatigue"], temperature_c=Decimal(degrees)) == ((RedFlag.HIGH_FEVER,) if is_high else ())


def test_the_clinic_s_own_fever_counts() -> None:
    assert red_flags([], temperature_c=Decimal("38.0"), high_fever_c=Decimal("38.0")) == (RedFlag.HIGH_FEVER,)


def test_several_signs_are_named_in_the_order_of_the_list() -> None:
    assert red_flags(["dark_urine", "breathing"], temperature_c=Decimal(40)) == (
        RedFlag.BREATHING,
        RedFlag.HIGH_FEVER,
        RedFlag.DARK_URINE,
    )


@pytest.mark.parametrize(("typed", "celsius"), [("98.6", "37.0"), ("101.3", "38.5"), ("38.5", "38.5"), ("104", "40.0")])
def test_either_scale_of_temperature_is_understood(typed: str, celsius: str) -> None:
    assert in_celsius(Decimal(typed)) == Decimal(celsius)


def test_an_ordinary_entry_is_fine() -> None:
    assert check_entry(ENTRY, now=NOW) == ()


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("symptoms", {"symptoms": ()}),
        ("symptoms", {"symptoms": ("headache", "boredom")}),
        ("happened_on", {"happened_at": NOW + timedelta(minutes=1)}),
        ("happened_on", {"happened_at": NOW - timedelta(days=367)}),
        ("severity", {"severity": 11}),
        ("severity", {"severity": -1}),
        ("function_score", {"function_score": 11}),
        ("wear_off_days", {"wear_off_days": 61}),
        ("temperature", {"temperature_c": Decimal(60)}),
        ("temperature", {"temperature_c": Decimal(20)}),
        ("temperature", {"temperature_c": Decimal("NaN")}),
        ("duration", {"duration_hours": Decimal(-1)}),
        ("onset", {"onset": "yesteryear"}),
        ("text", {"text": "x" * 501}),
        ("treatment", {"treatment": "x" * 201}),
    ],
)
def test_what_makes_no_sense_is_said_at_its_field(field: str, changes: dict[str, Any]) -> None:
    assert [reason.field for reason in check_entry(replace(ENTRY, **changes), now=NOW)] == [field]
