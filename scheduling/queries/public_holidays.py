"""Public holidays of countries and their parts, as the `holidays` library knows them: the only place that asks it.

No SQL. A clinic chooses from them which days it closes on; nothing here closes anything.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache

import holidays
from holidays.registry import COUNTRIES

ENGLISH = "en_US"
OBSERVED = " (observed)"
SMALL = {"and", "of", "the", "da"}


@dataclass(frozen=True, kw_only=True)
class PublicHoliday:
    """A day that is a public holiday. `is_observed` is a day off for a holiday that falls on another day."""

    on: date
    name: str
    is_observed: bool


@cache
def countries() -> Mapping[str, str]:
    """The countries that the library knows: names by their two letters, in order of the names."""
    found = {codes[1]: _words(module) for module, codes in COUNTRIES.items()}
    return dict(sorted(found.items(), key=lambda item: item[1]))


@cache
def parts(country: str) -> Mapping[str, str]:
    """The states or other parts of `country` with holidays of their own: names by code, in order of the names."""
    known = holidays.country_holidays(country)
    names = {code: name for name, code in known.subdivisions_aliases.items()}
    found = {code: names.get(code, code) for code in known.subdivisions}
    return dict(sorted(found.items(), key=lambda item: item[1]))


@cache
def of_year(*, country: str, part: str, year: int) -> tuple[PublicHoliday, ...]:
    """The public holidays of `year` in order, one for each day; `part` empty means the whole country's.

    A holiday on a weekend stands on its own day and, where it is observed, on that day as well.
    """
    known = holidays.country_holidays(country)
    language = ENGLISH if ENGLISH in known.supported_languages else None
    found = holidays.country_holidays(country, subdiv=part or None, years=year, observed=True, language=language)
    return tuple(_holiday(on, found.get_list(on)) for on in sorted(found) if on.year == year)


def place(country: str, part: str) -> str:
    """Whose holidays are meant, in words: "Illinois, United States"."""
    name = countries().get(country, country)
    return f"{parts(country)[part]}, {name}" if part else name


def _holiday(on: date, names: list[str]) -> PublicHoliday:
    """The names of one day without repeats; a day is observed only if no holiday truly falls on it."""
    plain = list(dict.fromkeys(name.removesuffix(OBSERVED) for name in names))
    return PublicHoliday(
        on=on,
        name=" and ".join(plain).replace("'", "’"),
        is_observed=all(name.endswith(OBSERVED) for name in names),
    )


def _words(module: str) -> str:
    """ "united_states" as people write it."""
    first, *rest = module.split("_")
    return " ".join([first.capitalize(), *(word if word in SMALL else word.capitalize() for word in rest)])
