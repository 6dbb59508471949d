"""Finding a patient by what a person remembers: the start of names in any order, a record number, a date of birth.

Promises to stay quick at 100,000 patients: every way in has an index (a trigram index for names).
"""

import re
from datetime import date, datetime

from django.db.models import Q, QuerySet

from accounts.models import Clinic
from patients.domain.names import name_words
from patients.models import Patient

DATE_FORMATS = ("%Y-%m-%d", "%m/%d/%Y", "%m/%d/%y", "%d %b %Y", "%d %B %Y", "%b %d %Y", "%B %d %Y")
LONGEST = 80
LIMIT = 20


def search(clinic: Clinic, text: str, *, limit: int = LIMIT) -> list[Patient]:
    """Up to `limit` patients of `clinic` who match, by name; none for an empty text. One SQL statement."""
    if not _clean(text):
        return []
    return list(matching(clinic, text).order_by("family_name", "given_name", "record_number")[:limit])


def matching(clinic: Clinic, text: str) -> QuerySet[Patient]:
    """The patients of `clinic` who match `text`; every patient for an empty text.

    A date matches dates of birth. Otherwise each word must begin a given or family name, or all of it a record number.
    """
    patients = Patient.objects.for_clinic(clinic)
    clean = _clean(text)
    if not clean:
        return patients
    born = _as_date(clean)
    if born is not None:
        return patients.filter(birth_date=born)
    number = Q(record_number__istartswith=clean)
    if re.search(r"\d", clean):
        return patients.filter(number)
    return patients.filter(_names(clean))


def _clean(text: str) -> str:
    """What was typed, without a NUL (PostgreSQL has none) and without more than anybody types."""
    return " ".join(text.replace("\x00", " ").replace(",", " ").split())[:LONGEST].strip()


def _names(clean: str) -> Q:
    """Each word at the beginning of a name."""
    found = Q()
    words = name_words(clean)
    for word in words:
        found &= Q(search_name__contains=f" {word}")
    return found if words else Q(pk__in=[])


def _as_date(clean: str) -> date | None:
    for form in DATE_FORMATS:
        try:
            return datetime.strptime(clean, form).date()  # noqa: DTZ007 (a date of birth has no time zone)
        except ValueError:
            continue
    return None
