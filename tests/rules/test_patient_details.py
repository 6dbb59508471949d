"""What is written down about a person makes sense, or each thing that does not is named with its field."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from patients.domain.details import Details, check_details, check_weight
from patients.domain.insurance import LineOfBusiness
from patients.domain.names import ACCENTED_LETTERS, PLAIN_LETTERS, name_words
from patients.domain.risks import Risk, risk_label

TODAY = date(2026, 11, 24)
ADA = Details(record_number="NS-1", given_name="Ada", family_name="Moreno", birth_date=date(1960, 2, 29))


def test_a_person_with_only_a_name_a_number_and_a_birth_date_is_enough() -> None:
    assert check_details(ADA, today=TODAY) == ()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("given_name", " "),
        ("given_name", "A\x00a"),
        ("given_name", "a" * 61),
        ("family_name", ""),
        ("family_name", "m" * 61),
        ("record_number", "9" * 21),
        ("birth_date", date(1899, 12, 31)),
        ("birth_date", TODAY + timedelta(days=1)),
        ("sex", "other"),
        ("height_cm", Decimal("29.9")),
        ("height_cm", Decimal("260.1")),
        ("height_cm", Decimal("NaN")),
        ("email", "ada.example.org"),
        ("email", f"{'a' * 250}@b.org"),
        ("phone", "call me"),
        ("time_zone", "Mars/Olympus"),
        ("language", "English"),
        ("prefers_weekday", 7),
        ("prefers_weekday", -1),
    ],
)
def test_what_makes_no_sense_is_named_with_its_field(field: str, value: Any) -> None:
    assert [reason.field for reason in check_details(replace(ADA, **{field: value}), today=TODAY)] == [field]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("given_name", "a" * 60),
        ("record_number", "9" * 20),
        ("birth_date", date(1900, 1, 1)),
        ("birth_date", TODAY),
        ("height_cm", Decimal(30)),
        ("height_cm", Decimal(260)),
        ("email", "ada@example.org"),
        ("phone", "+1 312 555 0142"),
        ("time_zone", "America/Chicago"),
        ("language", "pt-BR"),
        ("prefers_weekday", 0),
        ("prefers_weekday", 6),
    ],
)
def test_the_widest_that_makes_sense_is_taken(field: str, value: Any) -> None:
    assert check_details(replace(ADA, **{field: value}), today=TODAY) == ()


def test_nobody_agrees_to_a_channel_they_cannot_be_reached_by() -> None:
    asks = replace(ADA, agrees_to_email=True, agrees_to_sms=True)
    assert [reason.code for reason in check_details(asks, today=TODAY)] == ["email_missing", "phone_missing"]
    assert check_details(replace(asks, email="a@b.org", phone="+13125550142"), today=TODAY) == ()


@pytest.mark.parametrize(
    ("kg", "days", "fields"),
    [
        ("1", 0, []),
        ("400", 0, []),
        ("0.9", 0, ["kg"]),
        ("400.1", 0, ["kg"]),
        ("Infinity", 0, ["kg"]),
        ("70", 1, ["measured_on"]),
        ("700", 1, ["kg", "measured_on"]),
    ],
)
def test_a_weight_is_a_person_s_and_was_measured(kg: str, days: int, fields: list[str]) -> None:
    reasons = check_weight(Decimal(kg), TODAY + timedelta(days=days), today=TODAY)
    assert [reason.field for reason in reasons] == fields


def test_names_are_found_however_they_are_written() -> None:
    assert name_words("  Nuñez-O’Brien  JOSÉ ") == ("nunez", "obrien", "jose")
    assert name_words("a b c d e") == ("a", "b", "c", "d")
    assert len(ACCENTED_LETTERS) == len(PLAIN_LETTERS) + 2


def test_every_risk_and_every_line_of_business_has_words() -> None:
    assert all(risk.label[0].isupper() and "_" not in risk.label for risk in Risk)
    assert risk_label("diabetes") == "Diabetes"
    assert risk_label("new_thing") == "New thing"
    assert LineOfBusiness.ERISA.label == "Employer plan (ERISA)"
    assert LineOfBusiness.MEDICAID.label == "Medicaid"
