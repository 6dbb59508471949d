"""A plasma exchange on the day of immune globulin or just after it removes what was given."""

from datetime import date, timedelta

import pytest

from regimens.domain.exchanges import caution, exchange_after

DAY = date(2026, 11, 20)


@pytest.mark.parametrize(
    ("days_after", "is_removed"), [(-1, False), (0, True), (1, True), (3, True), (4, False), (60, False)]
)
def test_an_exchange_on_the_day_or_just_after_removes_a_dose(days_after: int, is_removed: bool) -> None:
    exchange = DAY + timedelta(days=days_after)
    assert exchange_after(DAY, exchanges=[exchange]) == (exchange if is_removed else None)


def test_the_first_of_several_exchanges_is_named_and_the_days_are_a_setting() -> None:
    exchanges = [DAY + timedelta(days=n) for n in (5, 2, 3)]
    assert exchange_after(DAY, exchanges=exchanges) == DAY + timedelta(days=2)
    assert exchange_after(DAY, exchanges=exchanges, within_days=1) is None
    assert exchange_after(DAY, exchanges=[]) is None


def test_the_caution_names_both_days() -> None:
    assert caution(DAY, DAY).startswith("A plasma exchange on the same day removes immune globulin given on 20 Nov")
    assert "on 22 November removes" in caution(DAY, DAY + timedelta(days=2))
