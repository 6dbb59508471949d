"""Where each number of the order form comes from: the catalogue's own words about its source, and how sure it is."""

from collections.abc import Mapping, Sequence
from typing import Any

from core.sourced import sourced_settings
from regimens.domain.catalogue_sources import confidence_words, references
from regimens.domain.settings import CLINICAL_DEFAULTS
from regimens.queries.catalogue_pages import Number
from scheduling.queries.order_entry import OrderStart

HOSTS_SHOWN = 1
DOSES = ("total_g_per_kg", "g_per_kg", "g_per_kg_per_month", "mg_per_kg")
DOSE_UNITS = dict(zip(DOSES, ("g/kg in all", "g/kg", "g/kg a month", "mg/kg"), strict=True))


def origins(start: OrderStart) -> dict[str, str]:
    """A sentence for each field that the catalogue or a setting fills: the number, its source, its confidence."""
    found = _of_numbers(start) | (_of_regimens(start) if start.product.is_immune_globulin else _of_drug(start))
    found["hcpcs"] = _entry_words("Billing code", start.product_page.entry, "hcpcs")
    found["dosing_weight_kg"] = _setting("adjusted_weight_factor")
    return {name: words for name, words in found.items() if words}


def _of_numbers(start: OrderStart) -> dict[str, str]:
    """Windows, policy, minutes and rates of the product; the indication's tolerance where the product has none."""
    numbers = {number.field.name: number for number in start.product_page.numbers}
    tolerance = next((one for one in start.indication_page.numbers if one.field.name == "default_tolerance_days"), None)
    entry = start.product_page.entry
    early, late = (_first(numbers.get(name), tolerance) for name in ("window_days.early", "window_days.late"))
    said = {
        "window_early_days": (early, "days"),
        "window_late_days": (late, "days"),
        "minimum_interval_days": (numbers.get("min_interval_days"), "days"),
        "late_dose_policy": (numbers.get("late_dose_policy"), ""),
        "observation_minutes": (numbers.get("observation_minutes_first"), "minutes after a first infusion"),
        "max_rate_ml_per_kg_per_hour": (_maximum(start, numbers), "mL/kg/h"),
        "max_dose_mg": (numbers.get("dose.max_mg"), "mg"),
    }
    return {name: _words(number, unit, entry) for name, (number, unit) in said.items() if number is not None} | {
        "hydration_minutes": _setting("hydration_at_risk")
    }


def _maximum(start: OrderStart, numbers: Mapping[str, Number]) -> Number | None:
    own = numbers.get(f"indication_profiles.{start.indication.id}.max")
    return _first(own, numbers.get("max_rate_ml_per_kg_per_hour"))


def _of_regimens(start: OrderStart) -> dict[str, str]:
    """Doses, days and interval of immune globulin, from the indication's usual regimens."""
    page = start.indication_page
    found: dict[str, str] = {}
    for number in page.numbers:
        parts = number.field.name.split(".")
        if len(parts) < 4 or parts[0] != "regimens":
            continue
        phase, what = parts[2], parts[3]
        if what in DOSES:
            field = "induction_doses" if phase == "loading" else "dose_amount"
            found.setdefault(field, _words(number, DOSE_UNITS[what], page.entry))
        elif what == "days":
            field = "induction_days" if phase == "loading" else "days_per_course"
            found.setdefault(field, _words(number, "days", page.entry))
        elif what == "interval_weeks":
            found.setdefault("interval_days", _words(number, "weeks", page.entry))
    return {"dose_amount": found.get("induction_doses", "")} | found


def _of_drug(start: OrderStart) -> dict[str, str]:
    """Dose and rhythm of another drug: the product's own, with its list of sources."""
    entry = start.product_page.entry
    dose: Mapping[str, Any] = entry.get("dose") or {}
    notes = f"Catalogue: {dose['note']}" if dose.get("note") else ""
    interval = entry.get("maintenance_interval_weeks")
    return {
        "dose_amount": _entry_words(notes, entry),
        "interval_days": _entry_words(f"Catalogue: {interval} weeks" if interval else "", entry),
        "induction_offsets_days": _entry_words("", entry) if entry.get("induction_offsets_days") else "",
    }


def _first(*numbers: Number | None) -> Number | None:
    return next((number for number in numbers if number is not None and number.value is not None), None)


def _words(number: Number, unit: str, entry: Mapping[str, Any]) -> str:
    """ "Catalogue: 3 weeks. Labels; confidence high."."""
    if number.value is None:
        return ""
    source = number.source or _hosts(entry)
    return (
        f"Catalogue: {_shown(number.value)} {unit}".rstrip()
        + f". {_first_up(source)}; confidence: {number.confidence}."
    )


def _entry_words(said: str, entry: Mapping[str, Any], group: str = "") -> str:
    held = entry.get("confidence")
    sure = held.get(group) if isinstance(held, Mapping) else held
    start = said.rstrip(".") or "Catalogue"
    return f"{start}. {_first_up(_hosts(entry))}; confidence: {sure or 'not stated, verify'}."


def _setting(name: str) -> str:
    found = next(each for each in sourced_settings(CLINICAL_DEFAULTS) if each.name == name)
    return f"Clinic's setting. {_first_up(found.source)}; confidence: {confidence_words(found.confidence)}."


def _hosts(entry: Mapping[str, Any]) -> str:
    words: Sequence[str] = list(dict.fromkeys(one.words for one in references(entry)))
    return ", ".join(words[:HOSTS_SHOWN]) or "not stated"


def _shown(value: Any) -> str:
    return " to ".join(str(each) for each in (value[0], value[-1])) if isinstance(value, list) and value else str(value)


def _first_up(text: str) -> str:
    """A sentence begins with a capital; an address does not."""
    is_address = "." in text.split(" ", 1)[0]
    return text if is_address else text[:1].upper() + text[1:]
