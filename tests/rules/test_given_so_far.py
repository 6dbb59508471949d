"""A ramp looks back to what was really infused: a missed course is none, one that may still come is."""

from datetime import date, timedelta

import pytest

from regimens.domain.given_so_far import GivenSoFar, Place

TODAY = date(2026, 11, 25)


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


HISTORY = GivenSoFar({(1, 1): ago(60), (1, 2): ago(58), (3, 1): ago(18)}, TODAY)


@pytest.mark.parametrize(
    ("place", "planned", "infused"),
    [
        ((1, 2), 59, ago(58)),  # given a day later than planned
        ((2, 1), 40, None),  # missed: a later course was given
        ((3, 2), 17, None),  # its window has passed
        ((4, 1), -3, ago(-3)),  # still to come
        ((4, 1), 4, ago(4)),  # late, inside its window
        ((4, 1), 5, ago(5)),  # on the last date of its window
        ((4, 1), 6, None),  # the day after
    ],
)
def test_what_was_given_and_what_may_still_come_counts(place: Place, planned: int, infused: date | None) -> None:
    latest_on = ago(planned) + timedelta(days=5)
    assert HISTORY.infused_on(place, planned_on=ago(planned), latest_on=latest_on) == infused


def test_with_nothing_given_yet_the_plan_to_come_counts() -> None:
    nothing = GivenSoFar({}, TODAY)
    assert nothing.infused_on((1, 1), planned_on=TODAY, latest_on=TODAY) == TODAY
    assert nothing.infused_on((1, 1), planned_on=ago(1), latest_on=ago(1)) is None


def test_a_day_booked_late_looks_back_from_that_date_and_may_still_come() -> None:
    booked = GivenSoFar(HISTORY.days, TODAY, {(4, 1): ago(-9), (5, 1): ago(-1)})
    assert booked.soonest_on((4, 1), planned_on=ago(6)) == ago(-9)
    assert booked.infused_on((4, 1), planned_on=ago(6), latest_on=ago(1)) == ago(-9)
    assert booked.soonest_on((5, 1), planned_on=ago(-3)) == ago(-3)  # booked sooner: the plan's date decides
    assert booked.infused_on((5, 1), planned_on=ago(-3), latest_on=ago(-4)) == ago(-3)


def test_a_day_that_is_overdue_looks_back_from_today() -> None:
    assert HISTORY.soonest_on((3, 1), planned_on=ago(19)) == ago(18)
    assert HISTORY.soonest_on((4, 1), planned_on=ago(2)) == TODAY
    assert HISTORY.soonest_on((4, 1), planned_on=ago(-2)) == ago(-2)
