"""Calendar months, as people count them."""

from calendar import monthrange
from datetime import date


def add_months(on: date, months: int) -> date:
    """The same day of a later month, or that month's last day when it is shorter."""
    year, month = divmod(on.year * 12 + on.month - 1 + months, 12)
    return date(year, month + 1, min(on.day, monthrange(year, month + 1)[1]))
