"""What the order form shows beside its fields: folded groups with what they hold, and where each number comes from."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms

from regimens.forms import OrderForm, initial_of
from regimens.models import DoseBasis, LateDosePolicy, Titration, TreatmentOrder
from regimens.queries.catalogue import Template
from regimens.services.facts import facts_of
from scheduling.presenters.order_origins import origins
from scheduling.presenters.order_words import UNITS, counted
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
class TemplateChoice:
    """A way to begin an order; `id` is what its button sends."""

    id: str
    title: str
    words: str
    origin: str
    is_current: bool


@dataclass(frozen=True)
class Fold:
    """A group of fields that is closed at first: what it holds in a few words, and whether it is open."""

    words: str
    is_open: bool


def known(start: OrderStart) -> dict[str, Any]:
    """The order's fields as the catalogue and the record suggest them."""
    weights = start.weights
    suggested = dict(vars(start.template.suggestion))
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


def applied(post: Mapping[str, Any], before: OrderStart, now: OrderStart) -> tuple[OrderForm, list[str]]:
    """The form filled from the template of `now`, with everything that somebody typed into the one of `before`.

    Also the labels of what stays as it was typed although the template suggests something else.
    """
    old = OrderForm(initial=initial_of(known(before), before.labs), labs=before.labs)
    initial = initial_of(known(now), now.labs)
    new = OrderForm(initial=initial, labs=now.labs)
    typed: dict[str, str] = {}
    kept: list[str] = []
    for name, field in new.fields.items():
        sent = _sent(field, post, name)
        if name in THERAPY or sent == (_filled(old, name) if name in old.fields else ""):
            continue
        if _filled(new, name) not in {"", sent}:
            kept.append(str(field.label or name))
        typed[name] = sent
    return OrderForm(initial=initial | typed, labs=now.labs), kept


THERAPY = ("product", "indication", "version")


def _sent(field: forms.Field, post: Mapping[str, Any], name: str) -> str:
    value = field.widget.value_from_datadict(post, {}, name)
    return ("yes" if value else "") if isinstance(value, bool) else str(value or "").strip()


def _filled(form: OrderForm, name: str) -> str:
    """What the field of a form that nobody touched sends back."""
    bound = form[name]
    value = bound.value()
    if isinstance(bound.field, forms.BooleanField):
        return "yes" if value else ""
    if isinstance(bound.field.widget, forms.DateInput):
        value = bound.field.widget.format_value(value)
    return "" if value is None else str(value).strip()


def page(form: OrderForm, start: OrderStart | None) -> dict[str, Any]:
    """What `order_new.html` needs beside the form itself."""
    shown = {
        "folds": _folds(form),
        "chosen_basis": str(_value(form, "weight_basis") or "actual"),
        "lab_rows": list(form.lab_rows()),
        "has_more_errors": any(row.has_errors and not row.is_shown for row in form.lab_rows()),
    }
    if start is None:
        return shown
    return shown | {
        "weights": start.weights,
        "product": start.product,
        "indication": start.indication,
        "templates": _template_choices(start),
        "template_code": start.template.id,
        "origins": origins(start),
    }


def _template_choices(start: OrderStart) -> list[TemplateChoice]:
    """The ways to begin, each a click away; one alone is no choice."""
    if len(start.templates) < 2:
        return []
    return [
        TemplateChoice(
            id=each.id,
            title=each.name,
            words=_template_words(each),
            origin=each.why,
            is_current=each.id == start.template.id,
        )
        for each in start.templates
    ]


def _template_words(template: Template) -> str:
    """The doses of a template: "2 g/kg over 5 days, then 1 g/kg"."""
    held = template.suggestion
    unit = UNITS.get(DoseBasis(held.dose_basis), "")
    amount = "by weight band" if held.dose_amount is None else f"{held.dose_amount:f} {unit}"
    days = f" over {counted(held.days_per_course, 'day')}" if held.days_per_course > 1 else ""
    if not held.induction_doses:
        return f"{amount}{days}"
    many = held.induction_days or held.days_per_course
    first = f"{held.induction_doses[0]:f} {unit}" + (f" over {counted(many, 'day')}" if many > 1 else "")
    return f"{first}, then {amount}{days}"


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
