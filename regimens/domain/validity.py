"""Until when a prescription counts, and which of its dates lie beyond that.

Source: an order is usually valid for 12 months ("x 1 year", P18); confidence P.
"""

from datetime import date, timedelta

from regimens.domain.settings import CLINICAL_DEFAULTS

VALID_FOR = timedelta(days=CLINICAL_DEFAULTS.order_valid_months * 365 // 12)


def last_valid_on(*, signed_on: date | None, starts_on: date, ends_on: date | None) -> date:
    """The last date on which a prescription counts: its own end, else 12 months from its signature.

    One that still waits for its signature would count from its first course.
    """
    return ends_on or (signed_on or starts_on) + VALID_FOR


def beyond(on: date, *, last_on: date) -> str:
    """What is said of a dose on a date when the prescription no longer counts; empty for one inside it."""
    return f"after the order ends on {last_on:%-d %b %Y}: needs a renewed order" if on > last_on else ""
