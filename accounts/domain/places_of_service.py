"""Places of service: the two digits by which payers say what kind of place a treatment is given in."""

from enum import StrEnum


class PlaceOfService(StrEnum):
    """Where infusions are given.

    Source: CMS place of service code set; confidence P.
    """

    OFFICE = "11"
    HOME = "12"
    OFF_CAMPUS_HOSPITAL = "19"
    ON_CAMPUS_HOSPITAL = "22"
    SURGICAL_CENTER = "24"
    INDEPENDENT_CLINIC = "49"
    HEALTH_CENTER = "50"
    RURAL_CLINIC = "72"
    OTHER = "99"

    @property
    def label(self) -> str:
        return _LABELS[self]


S = PlaceOfService
_LABELS = {
    S.OFFICE: "Office",
    S.HOME: "Home",
    S.OFF_CAMPUS_HOSPITAL: "Off-campus outpatient hospital",
    S.ON_CAMPUS_HOSPITAL: "On-campus outpatient hospital",
    S.SURGICAL_CENTER: "Ambulatory surgical center",
    S.INDEPENDENT_CLINIC: "Independent clinic",
    S.HEALTH_CENTER: "Federally qualified health center",
    S.RURAL_CLINIC: "Rural health clinic",
    S.OTHER: "Another place",
}
PLACES: tuple[tuple[str, str], ...] = tuple((place.value, f"{place.value} {place.label}") for place in PlaceOfService)
"""Every code with its words, for a person to choose from."""


def named(code: str) -> str:
    """The code with its words inside a sentence: “22, on-campus outpatient hospital”; a code not known by itself."""
    return f"{code}, {PlaceOfService(code).label.lower()}" if code in set(PlaceOfService) else code
