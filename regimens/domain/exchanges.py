"""Immune globulin and plasma exchange: what an exchange takes out again. A caution in words; nothing is forbidden."""

from collections.abc import Collection
from datetime import date

from regimens.domain.settings import CLINICAL_DEFAULTS


def exchange_after(
    given_on: date,
    *,
    exchanges: Collection[date],
    within_days: int = CLINICAL_DEFAULTS.exchange_removes_days,
) -> date | None:
    """The first plasma exchange on the day of a dose or at most `within_days` after it, or None.

    An exchange before the dose does no harm: immune globulin is usually given after it.

    Source: usual practice; confidence K, the days are a setting.
    """
    return min((day for day in exchanges if 0 <= (day - given_on).days <= within_days), default=None)


def caution(given_on: date, exchange_on: date) -> str:
    """What to say about a dose that an exchange would remove."""
    when = "the same day" if exchange_on == given_on else f"{exchange_on.day} {exchange_on:%B}"
    return (
        f"A plasma exchange on {when} removes immune globulin given on {given_on.day} {given_on:%B %Y}. "
        "Give it after the exchange, or ask the prescriber."
    )
