"""Why a change of the catalogue makes no sense beside the numbers that stand there, or on its date.

Every reason at once, each at the input at fault. Whether a number is right for a patient is not asked here: the person
who changes it names the source.
"""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from core.errors import Reason
from core.sourced import Confidence
from regimens.domain.catalogue_fields import CAP, CHECK, Field, Kind
from regimens.domain.catalogue_overlay import overlaid, value_at
from regimens.domain.catalogue_values import plain_exact
from regimens.domain.quantities import exact
from regimens.domain.settings import CLINICAL_DEFAULTS

Entry = Mapping[str, Any]
FARTHEST_BACK, FARTHEST_AHEAD = timedelta(days=366), timedelta(days=731)
OLDEST_CODE = date(2000, 1, 1)
SHORTEST_USUAL_WEEKS = 2
WINDOW = ("window_days.early", "window_days.late")


def check_value(field: Field, value: Any, entry: Entry) -> tuple[Reason, ...]:
    """Every reason against `value` in `entry` as it stands on the day of the change."""
    after = overlaid(entry, [(field.name, value)])
    found: list[Reason] = []
    if field.name == CHECK.name and not value and not _has_ramp(after):
        found.append(_at_value("no_rates", "Enter the infusion rates first, from this date or an earlier one."))
    if field.kind is Kind.RAMP and value:
        found += _ramp_above_maximum(field, value, after)
    if field.name.endswith("max") or field.name == "max_rate_ml_per_kg_per_hour":
        found += _maximum_below_ramp(field, value, after)
    if field.name == CAP.name:
        found += _cap_above_maximum(value, after)
    if field.name in {*WINDOW, "default_tolerance_days"}:
        found += _wide_window(after)
    if field.name == "min_interval_days":
        found += _long_minimum(value, after)
    return tuple(found)


def check_words(*, source: str, confidence: str, reason: str) -> tuple[Reason, ...]:
    """Why a change does not say where its number comes from, how sure one is of it, and why it is made."""
    found: list[Reason] = []
    if not 3 <= len(source.strip()) <= 200:
        found.append(
            Reason("source_missing", "Say where the number comes from, such as the label and its date.", "source")
        )
    if confidence not in set(Confidence):
        found.append(Reason("confidence_missing", "Say how sure you are of it.", "confidence"))
    if not 3 <= len(reason.strip()) <= 200:
        found.append(Reason("reason_missing", "Say in a few words why it is changed.", "reason"))
    return tuple(found)


def check_date(effective_from: date, *, today: date) -> tuple[Reason, ...]:
    """Why a change may not count from that date."""
    if today - FARTHEST_BACK <= effective_from <= today + FARTHEST_AHEAD:
        return ()
    sentence = "The date must be at most one year back and two years ahead. Check the year."
    return (Reason("date_far_away", sentence, "effective_from"),)


def check_code_dates(starts_on: date, ends_on: date | None, *, today: date) -> tuple[Reason, ...]:
    """Why a billing code may not be in force between those dates (both inclusive)."""
    found: list[Reason] = []
    if not OLDEST_CODE <= starts_on <= today + FARTHEST_AHEAD:
        sentence = "The first day must be after 1999 and at most two years ahead. Check the year."
        found.append(Reason("date_far_away", sentence, "starts_on"))
    if ends_on is not None and ends_on < starts_on:
        found.append(Reason("ends_before_start", "The last day is before the first.", "ends_on"))
    return tuple(found)


def _has_ramp(entry: Entry) -> bool:
    profiles = entry.get("indication_profiles") or ()
    return bool(entry.get("rate_steps_first_infusion")) or any(row.get("first") for row in profiles)


def _maximum_of(field: Field, entry: Entry) -> Fraction | None:
    """The maximum rate that stands beside a ramp."""
    profile = field.name.rpartition(".")[0]
    held = value_at(entry, f"{profile}.max" if profile else "max_rate_ml_per_kg_per_hour")
    return None if held is None else exact(str(held))


def _ramp_above_maximum(field: Field, value: Any, entry: Entry) -> Iterator[Reason]:
    maximum = _maximum_of(field, entry)
    fastest = max(exact(str(row["ml_per_kg_per_hour"])) for row in value)
    if maximum is not None and fastest > maximum:
        yield _at_value(
            "above_maximum",
            f"{plain_exact(fastest)} is above its maximum of {plain_exact(maximum)} {field.unit}. Lower the step, or "
            "change the maximum first.",
        )


def _maximum_below_ramp(field: Field, value: Any, entry: Entry) -> Iterator[Reason]:
    profile = field.name.rpartition(".")[0]
    steps = value_at(entry, f"{profile}.first" if profile else "rate_steps_first_infusion")
    if value is None or not steps or exact(str(value)) >= exact(str(steps[0]["ml_per_kg_per_hour"])):
        return
    yield _at_value("below_ramp", "The maximum is below the slowest step of the ramp. Change the ramp first.")


def _cap_above_maximum(value: Any, entry: Entry) -> Iterator[Reason]:
    maximum = entry.get("max_rate_ml_per_kg_per_hour")
    if value is None or maximum is None or exact(str(value)) <= exact(str(maximum)):
        return
    yield _at_value("cap_above_maximum", "A cap above the maximum rate would never count. Enter a lower one.")


def _wide_window(entry: Entry) -> Iterator[Reason]:
    """Both ends of the window together must be shorter than the shortest usual interval."""
    tolerance = entry.get("default_tolerance_days")
    early = _or(value_at(entry, WINDOW[0]), _or(tolerance, CLINICAL_DEFAULTS.early_days))
    late = _or(value_at(entry, WINDOW[1]), _or(tolerance, CLINICAL_DEFAULTS.late_days))
    weeks = _shortest_interval_weeks(entry)
    if early + late >= weeks * 7:
        yield _at_value(
            "wide_window",
            f"A window of {early} days early and {late} days late is as long as an interval of {weeks} "
            f"{'week' if weeks == 1 else 'weeks'}, so two courses could fall on one day.",
        )


def _long_minimum(value: Any, entry: Entry) -> Iterator[Reason]:
    weeks = entry.get("maintenance_interval_weeks")
    if value is not None and weeks is not None and value > weeks * 7 + 1:
        yield _at_value("long_minimum", f"It is longer than the usual interval of {weeks} weeks.")


def _shortest_interval_weeks(entry: Entry) -> int:
    weeks = entry.get("maintenance_interval_weeks")
    if weeks is not None:
        return int(weeks)
    ranges = [row["interval_weeks_range"] for row in entry.get("regimens") or () if row.get("interval_weeks_range")]
    return min((int(each[0]) for each in ranges), default=SHORTEST_USUAL_WEEKS)


def _or(value: int | None, otherwise: int) -> int:
    return otherwise if value is None else value


def _at_value(code: str, sentence: str) -> Reason:
    return Reason(code, sentence, "value")
