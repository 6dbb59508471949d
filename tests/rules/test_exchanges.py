"""A plasma exchange soon after a dose takes it out again."""

from datetime import date, timedelta

from regimens.domain.exchanges import caution, exchange_after

DAY = date(2026, 11, 24)


def test_an_exchange_on_the_day_or_in_the_three_after_it_removes_the_dose() -> None:
    def found(*days: int) -> date | None:
        return exchange_after(DAY, exchanges=[DAY + timedelta(days=n) for n in days])

    assert found(0) == DAY
    assert found(3) == DAY + timedelta(days=3)
    assert found(2, 1) == DAY + timedelta(days=1)
    assert found(-1) is found(4) is found() is None
    assert "on the same day removes" in caution(DAY, DAY)
    assert "on 27 November removes immune globulin given on 24 November 2026" in caution(DAY, DAY + timedelta(days=3))
