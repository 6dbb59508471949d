"""Which numbers of the catalogue an organization may change: each with its name, its unit and its bounds.

What an entry holds decides the list: a drug with a fixed infusion time has no ramp, an indication has its own regimens.
The bounds refuse slips of the keyboard; they are no statement about what is safe.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Any

from regimens.domain.catalogue_overlay import value_at

Entry = Mapping[str, Any]


class Kind(StrEnum):
    """How a value is written and what it is kept as."""

    NUMBER = "number"  # above zero, kept as text so that it stays exact
    COUNT = "count"  # a whole number
    SIZES = "sizes"  # several numbers
    RAMP = "ramp"  # rates and how long each is held
    POLICY = "policy"  # one of the late-dose policies
    CHECK = "check"  # whether the label must be checked
    RANGE = "range"  # one number, or the least and the most
    COUNTS = "counts"  # several whole numbers


class Reach(StrEnum):
    """What a change of the field changes."""

    DAYS = "days"  # course days planned on or after its date
    ORDERS = "orders"  # orders entered from then on; an accepted order keeps what it was given
    NOBODY = "nobody"  # dates and doses stay; what may be accepted changes


class Group(StrEnum):
    """The part of the page a number stands in."""

    CHECK = "Check against the label"
    STRENGTH = "Strength, vials and dose"
    RATES = "Infusion rates"
    TIME = "Minutes in the chair"
    DATES = "Dates"
    REGIMENS = "Usual regimens"


@dataclass(frozen=True, kw_only=True)
class Field:
    """One number that can be changed. `name` is its place in the entry; see `catalogue_overlay`.

    `of` names the entry's own confidence it comes under. Where the entry says nothing, the clinic's `setting` counts,
    or `silent` says in words what does.
    """

    name: str
    label: str
    kind: Kind
    group: Group
    unit: str = ""
    least: Fraction = Fraction(0)
    most: Fraction = Fraction(10_000)
    is_optional: bool = False
    reach: Reach = Reach.DAYS
    of: str = ""
    setting: str = ""
    silent: str = "none"


RATE = "mL/kg/h"
FASTEST = Fraction(20)
CAP = Field(
    name="at_risk_planning_default_ml_per_kg_per_hour",
    label="Cap for patients at risk",
    kind=Kind.NUMBER,
    group=Group.RATES,
    unit=RATE,
    most=FASTEST,
    is_optional=True,
    of="at_risk",
)
CHECK = Field(
    name="requires_label_check",
    label="Rates checked against the label",
    kind=Kind.CHECK,
    group=Group.CHECK,
    reach=Reach.NOBODY,
    of="rates",
)


def product_fields(entry: Entry, *, is_immune_globulin: bool) -> tuple[Field, ...]:
    """What can be changed of a product, in the order of its page."""
    own = _of_immune_globulin(entry) if is_immune_globulin else _of_other_drug()
    around = _around(is_immune_globulin=is_immune_globulin)
    return (*own, *around, *_dates(is_immune_globulin=is_immune_globulin))


def indication_fields(entry: Entry) -> tuple[Field, ...]:
    """What can be changed of an indication: the tolerance, and each number of its usual regimens."""
    tolerance = Field(
        name="default_tolerance_days",
        label="Tolerance before and after the due date",
        kind=Kind.COUNT,
        group=Group.DATES,
        unit="days",
        most=Fraction(60),
        reach=Reach.ORDERS,
        of="tolerance",
    )
    return (tolerance, *(each for index, row in enumerate(_regimens(entry)) for each in _of_regimen(index, row)))


def find(fields: tuple[Field, ...], name: str) -> Field | None:
    """The field of that name, if the entry has it."""
    return next((field for field in fields if field.name == name), None)


def _of_immune_globulin(entry: Entry) -> tuple[Field, ...]:
    concentration = Field(
        name="concentration_mg_per_ml",
        label="Concentration",
        kind=Kind.NUMBER,
        group=Group.STRENGTH,
        unit="mg/mL",
        most=Fraction(500),
        of="vials",
    )
    vials = Field(
        name="vial_sizes_g",
        label="Vial sizes",
        kind=Kind.SIZES,
        group=Group.STRENGTH,
        unit="g",
        most=Fraction(100),
        of="vials",
    )
    general = (
        _ramp("rate_steps_first_infusion", "First infusion"),
        _ramp("rate_steps_subsequent_infusion", "Later infusions", is_optional=True),
        _maximum("max_rate_ml_per_kg_per_hour", "Maximum rate"),
    )
    return (CHECK, concentration, vials, *general, CAP, *_profiles(entry))


def _profiles(entry: Entry) -> list[Field]:
    """Ramps of single indications: those there are, and a first one for each other indication on the label."""
    there = [row["indication"] for row in entry.get("indication_profiles") or () if row.get("first")]
    found: list[Field] = []
    for indication in there:
        place = f"indication_profiles.{indication}"
        found += [
            _ramp(f"{place}.first", f"{indication}: first infusion"),
            _ramp(f"{place}.subsequent", f"{indication}: later infusions", is_optional=True),
            _maximum(f"{place}.max", f"{indication}: maximum rate"),
        ]
    for indication in entry.get("labelled_indications") or ():
        if indication not in there:
            found.append(_ramp(f"indication_profiles.{indication}.first", f"{indication}: first infusion"))
    return found


def _of_other_drug() -> tuple[Field, ...]:
    return (
        Field(
            name="vial_sizes_mg",
            label="Vial sizes",
            kind=Kind.SIZES,
            group=Group.STRENGTH,
            unit="mg",
            most=Fraction(20_000),
        ),
        Field(
            name="dose.max_mg",
            label="Highest dose of one course",
            kind=Kind.NUMBER,
            group=Group.STRENGTH,
            unit="mg",
            most=Fraction(100_000),
            is_optional=True,
        ),
        _minutes("infusion_minutes_first", "Infusion, the first", least=1),
        _minutes("infusion_minutes_subsequent", "Infusion, later ones", least=1),
    )


def _around(*, is_immune_globulin: bool) -> tuple[Field, ...]:
    return (
        _minutes("premed_minutes", "Wait after premedication", most=240, setting="premed_wait"),
        _minutes(
            "observation_minutes_first",
            "Observation after the first infusion",
            most=480,
            setting="observation_first" if is_immune_globulin else "",
        ),
        _minutes(
            "observation_minutes_subsequent",
            "Observation after later infusions",
            most=480,
            setting="observation_later" if is_immune_globulin else "",
        ),
    )


def _dates(*, is_immune_globulin: bool) -> tuple[Field, ...]:
    """For immune globulin without a window of its own the indication's tolerance counts."""
    early, late = ("", "") if is_immune_globulin else ("early_days", "late_days")
    silent = "as the indication says"
    return (
        _days("window_days.early", "May be given early by", 60, of="window", setting=early, silent=silent),
        _days("window_days.late", "May be given late by", 60, of="window", setting=late, silent=silent),
        Field(
            name="late_dose_policy",
            label="After a late dose",
            kind=Kind.POLICY,
            group=Group.DATES,
            reach=Reach.ORDERS,
        ),
        _days("min_interval_days", "Never sooner after a dose than", 400, least=1, is_optional=True),
    )


def _of_regimen(index: int, row: Entry) -> list[Field]:
    """Each number that stands in a regimen; amounts may be a range, days a choice of numbers."""
    found: list[Field] = []
    alone = f"Regimen {index + 1}: "
    for part, word in (("loading", "loading"), ("maintenance", "maintenance")):
        for key, (label, unit, kind, most) in REGIMEN.items():
            place = f"regimens.{index}.{part}.{key}"
            if value_at({"regimens": [*[{}] * index, row]}, place) is not None:
                found.append(_regimen(place, f"{alone}{word} {label}", unit, kind, most))
    if row.get("interval_weeks_range"):
        place = f"regimens.{index}.interval_weeks_range"
        found.append(_regimen(place, f"{alone}usual range of intervals", "weeks", Kind.RANGE, 52))
    return found


REGIMEN: dict[str, tuple[str, str, Kind, int]] = {
    "total_g_per_kg": ("dose, all days together", "g/kg", Kind.RANGE, 5),
    "per_day_g_per_kg": ("dose of one day", "g/kg", Kind.RANGE, 5),
    "g_per_kg": ("dose, all days together", "g/kg", Kind.RANGE, 5),
    "g_per_kg_per_month": ("dose in a month", "g/kg", Kind.RANGE, 5),
    "mg_per_kg": ("dose", "mg/kg", Kind.RANGE, 5000),
    "days": ("days, any of", "days", Kind.COUNTS, 5),
    "interval_weeks": ("interval", "weeks", Kind.RANGE, 52),
}


def _regimens(entry: Entry) -> list[Entry]:
    return list(entry.get("regimens") or ())


def _regimen(name: str, label: str, unit: str, kind: Kind, most: int) -> Field:
    return Field(
        name=name,
        label=label,
        kind=kind,
        group=Group.REGIMENS,
        unit=unit,
        most=Fraction(most),
        reach=Reach.ORDERS,
        of="regimens",
    )


def _ramp(name: str, label: str, *, is_optional: bool = False) -> Field:
    """A ramp; one that may be left out, of later infusions, is then the first one's."""
    return Field(
        name=name,
        label=label,
        kind=Kind.RAMP,
        group=Group.RATES,
        unit=RATE,
        most=FASTEST,
        is_optional=is_optional,
        of="rates",
        silent="as the first infusion" if is_optional else "not entered",
    )


def _maximum(name: str, label: str) -> Field:
    return Field(
        name=name,
        label=label,
        kind=Kind.NUMBER,
        group=Group.RATES,
        unit=RATE,
        most=FASTEST,
        is_optional=True,
        of="rates",
    )


def _minutes(name: str, label: str, *, least: int = 0, most: int = 600, setting: str = "") -> Field:
    return Field(
        name=name,
        label=label,
        kind=Kind.COUNT,
        group=Group.TIME,
        unit="min",
        least=Fraction(least),
        most=Fraction(most),
        setting=setting,
    )


def _days(
    name: str,
    label: str,
    most: int,
    *,
    least: int = 0,
    is_optional: bool = False,
    of: str = "",
    setting: str = "",
    silent: str = "none",
) -> Field:
    return Field(
        name=name,
        label=label,
        kind=Kind.COUNT,
        group=Group.DATES,
        unit="days",
        least=Fraction(least),
        most=Fraction(most),
        is_optional=is_optional,
        reach=Reach.ORDERS,
        of=of,
        setting=setting,
        silent=silent,
    )
