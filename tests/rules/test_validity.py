"""A prescription counts for 12 months unless it says otherwise, and a date beyond that is named as such."""

from datetime import date

from regimens.domain.validity import beyond, last_valid_on

SIGNED, STARTS = date(2026, 3, 2), date(2026, 3, 16)


def test_it_counts_to_its_own_end_else_a_year_from_its_signature() -> None:
    assert last_valid_on(signed_on=SIGNED, starts_on=STARTS, ends_on=date(2026, 9, 1)) == date(2026, 9, 1)
    assert last_valid_on(signed_on=SIGNED, starts_on=STARTS, ends_on=None) == date(2027, 3, 2)


def test_unsigned_it_would_count_from_its_first_course() -> None:
    assert last_valid_on(signed_on=None, starts_on=STARTS, ends_on=None) == date(2027, 3, 16)


def test_the_last_date_is_inside_and_the_day_after_is_not() -> None:
    assert beyond(SIGNED, last_on=SIGNED) == ""
    assert beyond(STARTS, last_on=SIGNED) == "after the order ends on 2 Mar 2026: needs a renewed order"
