"""How long a live vaccine must wait after immune globulin. Inactivated vaccines need not wait."""

from datetime import date

from patients.domain.months import add_months

LIVE_VACCINE_MONTHS: tuple[tuple[int, int], ...] = ((400, 8), (1000, 10), (2000, 11))
"""Doses up to so many mg/kg, and the months to wait after them."""


def live_vaccine_not_before(
    *,
    given_on: date,
    mg_per_kg: int,
    table: tuple[tuple[int, int], ...] = LIVE_VACCINE_MONTHS,
) -> date:
    """The first date for a measles or varicella vaccine; a dose between two rows waits as long as the larger one.

    Source: ACIP antibody table (P34); inactivated vaccines are unaffected (P35); confidence P.
    """
    longest = max(months for _, months in table)
    months = next((months for up_to, months in sorted(table) if mg_per_kg <= up_to), longest)
    return add_months(given_on, months)
