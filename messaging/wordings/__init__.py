"""What messages say, by language. A language without a wording falls back to English, never to silence."""

from collections.abc import Mapping

from messaging.domain.wording import Wording
from messaging.wordings import en

LANGUAGES: dict[str, Mapping[str, Wording]] = {"en": en.WORDINGS}
FALLBACK = "en"

ALWAYS = frozenset({"clinic", "phone", "name"})
"""Values that every message has: the clinic's neutral name and telephone number, and whom it is for."""

SMS_LENGTHS = {"clinic": 30, "name": 20, "phone": 17}
"""Longer values are cut in a text message, so that it fits into one."""


class UnknownWordingError(KeyError):
    """No language knows this wording."""


def find(key: str, language: str = FALLBACK) -> Wording:
    """The wording `key` in `language` (``es-MX`` tries ``es`` too), else in English. Raises `UnknownWordingError`."""
    for name in (language, language.partition("-")[0], FALLBACK):
        wording = LANGUAGES.get(name, {}).get(key)
        if wording is not None:
            return wording
    raise UnknownWordingError(key)
