"""The shape of what nurses write about an infusion and about a reaction. Rules and services decide; forms only read.

Times are the clinic's wall clock on the day of the infusion; masses are grams of immune globulin, milligrams of others.
"""

import re
from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from datetime import date, time
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from django import forms

from core import clock
from core.errors import Reason, Refusal
from regimens.domain.administration import GivenFacts, GivenLot, GivenRate
from regimens.domain.reactions import LEVELS, MEANINGS
from regimens.domain.settings import CARE_DEFAULTS

MOST_ROWS = 30
MG_PER_G = 1000
COMPLETE = [("yes", "Yes"), ("no", "No, stopped before the end")]
TIME_TYPED = re.compile(r"[0-2]\d:[0-5]\d(:[0-5]\d)?", re.ASCII)
TIME = forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
DATE = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
Row = MutableMapping[str, Any]
NAMES = {"dose_mg": "dose", "vial_mg": "vial", "wasted_mg": "wasted"}
"""Fields that the rules name by their unit; the form's hold grams or milligrams."""


def _amount(label: str, *, places: int = 3, required: bool = True) -> forms.DecimalField:
    widget = forms.TextInput(attrs={"inputmode": "decimal", "class": "short", "autocomplete": "off"})
    return forms.DecimalField(max_digits=10, decimal_places=places, label=label, required=required, widget=widget)


class GivenForm(forms.Form):
    """The infusion as a whole; its lots and rates are rows of their own."""

    product = forms.ChoiceField(
        required=False, label="Product given", help_text="The order lets the pharmacist give another brand."
    )
    started_at = forms.TimeField(label="Started", widget=TIME, error_messages={"required": "Enter when it started."})
    stopped_at = forms.TimeField(
        label="Stopped",
        widget=TIME,
        error_messages={"required": "Enter when it stopped. While it runs there is nothing to record yet."},
    )
    dose = _amount("Dose given")
    volume_ml = _amount("Volume, mL", places=2, required=False)
    is_complete = forms.ChoiceField(
        label="Did all of the planned dose go in?",
        choices=COMPLETE,
        widget=forms.RadioSelect,
        error_messages={"required": "Say whether all of it went in."},
    )
    stop_reason = forms.CharField(
        required=False,
        max_length=200,
        label="Why it was stopped, or differs from the plan",
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    note = forms.CharField(required=False, max_length=500, label="Note", widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args: Any, products: Sequence[tuple[str, str]] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if len(products) > 1:
            self.fields["product"].choices = list(products)  # type: ignore[attr-defined]
        else:
            del self.fields["product"]


class LotForm(forms.Form):
    """Vials of one lot."""

    lot_number = forms.CharField(
        max_length=40, label="Lot number", error_messages={"required": "Enter the lot number on the vial."}
    )
    expires_on = forms.DateField(
        label="Expires on", widget=DATE, error_messages={"required": "Enter the expiry date on the vial."}
    )
    vials = forms.IntegerField(
        label="Vials", widget=forms.TextInput(attrs={"inputmode": "numeric", "class": "short", "autocomplete": "off"})
    )
    vial = _amount("Vial size")
    wasted = _amount("Wasted", required=False)
    ndc = forms.CharField(required=False, max_length=14, label="NDC")
    witness = forms.CharField(required=False, max_length=120, label="Witness")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("lot_number", "ndc"):
            self.fields[name].widget.attrs |= {"autocomplete": "off", "autocapitalize": "characters"}


class RateForm(forms.Form):
    """A pump rate set at a time."""

    at = forms.TimeField(label="From", widget=TIME)
    ml_per_hour = _amount("mL/h", places=2)


@dataclass(frozen=True, kw_only=True)
class Day:
    """What turns wall-clock times into instants and the product's unit into milligrams."""

    on: date
    zone: ZoneInfo
    is_immune_globulin: bool
    products: tuple[tuple[str, str], ...] = ()

    @property
    def unit(self) -> str:
        return "g" if self.is_immune_globulin else "mg"

    def mg(self, amount: Decimal | None) -> Fraction:
        return Fraction(amount or 0) * (MG_PER_G if self.is_immune_globulin else 1)

    def amount(self, mg: Decimal | Fraction | int | float) -> str:
        """A mass in the product's unit, as a person writes it."""
        value = Decimal(str(mg)) if not isinstance(mg, Fraction) else Decimal(mg.numerator) / mg.denominator
        return f"{(value / MG_PER_G if self.is_immune_globulin else value).normalize():f}"


@dataclass
class Entry:
    """The whole record as entered: the infusion, its lots and its rates."""

    day: Day
    main: GivenForm
    lots: list[LotForm]
    rates: list[RateForm]
    reasons: list[Reason] = field(default_factory=list)
    is_refused: bool = False

    @classmethod
    def posted(cls, post: Mapping[str, str], day: Day, planned: Sequence[Row] = ()) -> "Entry":
        """What was sent, to be read; rows that are empty altogether are left out.

        So are steps of the plan, as they are in `planned`, that nobody touched and that begin when the infusion had
        stopped: they did not happen.
        """
        lots = [row for row in rows_of(post, "lots", LotForm) if any(row.values())]
        stopped = post.get("stopped_at", "").strip()
        undone = [row for row in planned if TIME_TYPED.fullmatch(stopped) and row["at"] >= stopped[:5]]
        rates = [row for row in rows_of(post, "rates", RateForm) if any(row.values()) and row not in undone]
        return cls(
            day,
            GivenForm(post, products=day.products),
            [LotForm(_prefixed(row, f"lots-{place}"), prefix=f"lots-{place}") for place, row in enumerate(lots)],
            [RateForm(_prefixed(row, f"rates-{place}"), prefix=f"rates-{place}") for place, row in enumerate(rates)],
        )

    @classmethod
    def shown(cls, day: Day, main: dict[str, Any], lots: Iterable[Row], rates: Iterable[Row]) -> "Entry":
        """What is known already, to be changed."""
        return cls(
            day,
            GivenForm(initial=main, products=day.products),
            [LotForm(initial=row, prefix=f"lots-{place}") for place, row in enumerate(lots)],
            [RateForm(initial=row, prefix=f"rates-{place}") for place, row in enumerate(rates)],
        )

    @property
    def parts(self) -> list[forms.Form]:
        return [self.main, *self.lots, *self.rates]

    def facts(self) -> GivenFacts | None:
        """What was entered; None when a field can't be read."""
        if not all(form.is_valid() for form in self.parts):
            return None
        times = {"main": self._at(self.main, "started_at"), "stop": self._at(self.main, "stopped_at")}
        rates = [(self._at(row, "at"), Fraction(row.cleaned_data["ml_per_hour"])) for row in self.rates]
        started_at, stopped_at = times["main"], times["stop"]
        set_rates = tuple(GivenRate(at=at, ml_per_hour=rate) for at, rate in rates if at is not None)
        if started_at is None or stopped_at is None or len(set_rates) < len(rates):
            return None
        known = self.main.cleaned_data
        return GivenFacts(
            dose_mg=self.day.mg(known["dose"]),
            volume_ml=None if known["volume_ml"] is None else Fraction(known["volume_ml"]),
            started_at=started_at,
            stopped_at=stopped_at,
            is_complete=known["is_complete"] == "yes",
            stop_reason=known["stop_reason"],
            note=known["note"],
            product_id=known.get("product", ""),
            lots=tuple(self._lot(row.cleaned_data) for row in self.lots),
            rates=set_rates,
        )

    def refuse(self, refusal: Refusal) -> None:
        """Put each reason at its field; what has none stands on top."""
        self.is_refused = True
        for reason in refusal.reasons:
            form, name = self._place(reason.field or "")
            if form is None or name not in form.fields:
                self.reasons.append(reason)
                if name == "lot_number":
                    self.lots.append(LotForm(prefix=f"lots-{len(self.lots)}"))
            elif not form.has_error(name):
                form.add_error(name, reason.sentence)

    @property
    def problems(self) -> list[tuple[str, str]]:
        """Every error with the id of its field, in the order of the page; a row's says which row it is."""
        named: list[tuple[forms.Form, str]] = [
            (self.main, ""),
            *((row, f"Lot {place}") for place, row in enumerate(self.lots, start=1)),
            *((row, f"Rate {place}") for place, row in enumerate(self.rates, start=1)),
        ]
        return [
            (bound.id_for_label or bound.auto_id, f"{name or bound.label}: {error}")
            for form, name in named
            for bound in form
            for error in bound.errors
        ]

    def _place(self, named: str) -> tuple[forms.Form | None, str]:
        prefix, _, rest = named.partition("-")
        place, _, name = rest.partition("-")
        if not rest:
            return self.main, NAMES.get(named, named)
        rows: list[Any] = self.lots if prefix == "lots" else self.rates
        if not place.isdigit() or int(place) >= len(rows):
            return None, name
        return rows[int(place)], NAMES.get(name, name)

    def _at(self, form: forms.Form, name: str) -> Any:
        wall: time = form.cleaned_data[name]
        try:
            return clock.instant(self.day.on, wall, self.day.zone, field=name)
        except Refusal as refusal:
            form.add_error(name, refusal.sentence)
            return None

    def _lot(self, known: Mapping[str, Any]) -> GivenLot:
        return GivenLot(
            lot_number=known["lot_number"],
            expires_on=known["expires_on"],
            vial_mg=self.day.mg(known["vial"]),
            vials=known["vials"],
            ndc=known["ndc"],
            wasted_mg=self.day.mg(known["wasted"]),
            witness=known["witness"],
        )


def rows_of(post: Mapping[str, str], name: str, form: type[forms.Form]) -> list[Row]:
    """The rows called `name` as they were sent, in order."""
    text = post.get(f"{name}-count", "")
    count = min(int(text), MOST_ROWS) if text.isascii() and text.isdigit() and len(text) < 4 else 0
    return [{key: post.get(f"{name}-{place}-{key}", "").strip() for key in form.base_fields} for place in range(count)]


def _prefixed(row: Mapping[str, Any], prefix: str) -> dict[str, str]:
    return {f"{prefix}-{key}": value for key, value in row.items()}


class ReactionForm(forms.Form):
    """A reaction as a nurse saw it."""

    kind = forms.ChoiceField(label="What happened", error_messages={"required": "Choose what happened."})
    grade = forms.TypedChoiceField(
        label="How bad was it?",
        help_text="CTCAE grade of an infusion reaction.",
        coerce=int,
        choices=[(grade, f"Grade {grade}, {LEVELS[grade]}") for grade in MEANINGS],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose a grade."},
    )
    on = forms.DateField(
        label="Began on",
        widget=DATE,
        help_text=f"Within {CARE_DEFAULTS.latest_onset_days} days of the infusion (usual practice, verify).",
        error_messages={"required": "Enter the day."},
    )
    at = forms.TimeField(label="At", widget=TIME, error_messages={"required": "Enter the time."})
    description = forms.CharField(
        required=False, max_length=500, label="What was seen", widget=forms.Textarea(attrs={"rows": 2})
    )
    treatment = forms.CharField(
        required=False,
        max_length=300,
        label="What was done",
        help_text="For instance: stopped, restarted at half the rate; 25 mg diphenhydramine.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    is_over = forms.BooleanField(required=False, label="It is over")

    def __init__(self, *args: Any, kinds: Iterable[str], zone: ZoneInfo, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone = zone
        chosen = self.fields["kind"]
        assert isinstance(chosen, forms.ChoiceField)  # noqa: S101 (tells the type checker what the class says)
        chosen.choices = [("", "Choose"), *((kind, f"{kind[:1].upper()}{kind[1:]}") for kind in kinds)]

    def clean(self) -> dict[str, Any]:
        """Find the instant `occurred_at` of day and time."""
        data = super().clean() or self.cleaned_data
        if data.get("on") and data.get("at"):
            try:
                data["occurred_at"] = clock.instant(data["on"], data["at"], self.zone, field="at")
            except Refusal as refusal:
                self.add_error("at", refusal.sentence)
            except OverflowError:
                self.add_error("on", "Choose a day in this century.")
        return data

    def refuse(self, refusal: Refusal) -> None:
        """Put each reason at its field."""
        names = {"occurred_at": "at"}
        for reason in refusal.reasons:
            name = names.get(reason.field or "", reason.field)
            self.add_error(name if name in self.fields else None, reason.sentence)


class VoidForm(forms.Form):
    """Why a reaction counts for nothing."""

    reason = forms.CharField(max_length=200, label="Why was it a mistake?")


class LotSearchForm(forms.Form):
    """A lot to look for."""

    q = forms.CharField(required=False, max_length=40, label="Lot number")
