"""What the order form shows beside its fields: folded groups with what they hold, and where each number comes from."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms

from regimens.forms import OrderForm
from regimens.models import LateDosePolicy, Titration, TreatmentOrder
from regimens.services.facts import facts_of
from scheduling.presenters.order_words import counted
from scheduling.queries.order_entry import OrderStart

FOLDS: dict[str, tuple[str, ...]] = {
    "phases": (
        "induction_offsets_days",
        "induction_days",
        "induction_doses",
        "first_maintenance_offset_days",
    ),
    "window": ("window_early_days", "window_late_days", "minimum_interval_days", "late_dose_policy"),
    "around": (
        "needs_premedication",
        "premedication",
        "hydration",
        "hydration_minutes",
        "observation_minutes",
        "titration",
        "max_rate_ml_per_kg_per_hour",
        "prior_dose_on",
        "instructions",
    ),
    "weight": ("measured_weight_kg", "weighed_on"),
}


@dataclass(frozen=True)
class Fold:
    """A group of fields that is closed at first: what it holds in a few words, and whether it is open."""

    words: str
    is_open: bool


def known(start: OrderStart) -> dict[str, Any]:
    """The order's fields as the catalogue and the record suggest them."""
    weights = start.weights
    suggested = dict(vars(start.suggestion))
    usual = weights.usual if weights else None
    return suggested | {
        "product": start.product,
        "indication": start.indication,
        "prior_dose_on": start.prior_dose_on,
        "dosing_weight_kg": usual.kg if usual else None,
        "weight_basis": usual.basis.value if usual else "actual",
        "measured_weight_kg": weights.measured_kg if weights else None,
        "weighed_on": weights.measured_on if weights else None,
        "titration": Titration.BY_RULE.value,
    }


def known_of(draft: TreatmentOrder) -> dict[str, Any]:
    """The fields of a draft as it stands."""
    return dict(vars(facts_of(draft))) | {"version": draft.version}


def page(form: OrderForm, start: OrderStart | None) -> dict[str, Any]:
    """What `order_new.html` needs beside the form itself."""
    return {
        "folds": _folds(form),
        "weights": start.weights if start else None,
        "chosen_basis": str(_value(form, "weight_basis") or "actual"),
        "product": start.product if start else None,
        "indication": start.indication if start else None,
        "lab_rows": list(form.lab_rows()),
        "templates": getattr(start, "templates", ()) if start else (),
        "origins": getattr(start, "origins", {}) if start else {},
    }


def missing(form: forms.Form) -> dict[str, Any]:
    """What a form typed so far lacks, said quietly: the fields still empty in one line, then what is wrong."""
    empty = [
        form.fields[name].label or name
        for name, errors in form.errors.items()
        if name in form.fields and any(error.code == "required" for error in errors.as_data())
    ]
    wrong = [
        f"{form.fields[name].label}: {error}" if name in form.fields and form.fields[name].label else str(error)
        for name, errors in form.errors.items()
        for error, data in zip(errors, errors.as_data(), strict=True)
        if data.code != "required"
    ]
    return {"awaited": [str(label) for label in empty], "missing": wrong}


def _folds(form: OrderForm) -> dict[str, Fold]:
    words = {
        "phases": _phases(form),
        "window": _window(form),
        "around": _around(form),
        "weight": "",
        "labs": _labs(form),
    }
    lab_errors = any(row.has_errors for row in form.lab_rows())
    found = {name: Fold(words[name], _has_errors(form, fields)) for name, fields in FOLDS.items()}
    return found | {"labs": Fold(words["labs"], lab_errors)}


def _has_errors(form: forms.Form, names: tuple[str, ...]) -> bool:
    return form.is_bound and any(name in form.errors for name in names)


def _value(form: forms.Form, name: str) -> Any:
    return form[name].value()


def _phases(form: OrderForm) -> str:
    days = _value(form, "induction_offsets_days")
    return f"induction on days {days}" if days else "no induction"


def _window(form: OrderForm) -> str:
    early, late = _value(form, "window_early_days"), _value(form, "window_late_days")
    policies: Mapping[str, str] = dict(LateDosePolicy.choices)
    policy = policies.get(str(_value(form, "late_dose_policy")), "")
    days = f"{_shown(early)} early, {_shown(late)} late"
    return f"{days}. {policy}" if policy else days


def _shown(value: Any) -> str:
    return "as the catalogue says" if value in (None, "") else counted(int(value), "day") if _is_int(value) else "?"


def _is_int(value: Any) -> bool:
    return str(value).strip().lstrip("-").isdecimal()


def _around(form: OrderForm) -> str:
    parts = ["premedication" if _value(form, "needs_premedication") else "no premedication"]
    parts += ["hydration"] if _value(form, "hydration") else []
    if _value(form, "titration") == Titration.FIRST:
        parts.append("always the slow ramp")
    maximum = _value(form, "max_rate_ml_per_kg_per_hour")
    parts += [f"at most {maximum} mL/kg/h"] if maximum else []
    given = _value(form, "prior_dose_on")
    parts.append("had it before" if given else "first time")
    return ", ".join(parts)


def _labs(form: OrderForm) -> str:
    wanted = [row.name for row in form.lab_rows() if row.is_wanted.value()]
    return ", ".join(wanted) if wanted else "none"
