"""A date in an address: ``2026-11-20``. Anything else, or a day that does not exist, is a 404."""

from datetime import date

from django.urls import register_converter


class DateConverter:
    regex = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"

    def to_python(self, value: str) -> date:
        day = date.fromisoformat(value)
        if not 2000 <= day.year < 2100:
            raise ValueError("outside the calendar this clinic keeps")
        return day

    def to_url(self, value: date) -> str:
        return value.isoformat()


def register() -> None:
    """Make ``<date:on>`` known to URL patterns."""
    register_converter(DateConverter, "date")
