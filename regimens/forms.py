"""The shape of a treatment order as people enter it, and of what they do with one. Services decide; forms only read."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms

from regimens.form_fields import DaysField, LabFields, NumbersField, lab_fields, lab_initial, lab_key, labs_chosen
from regimens.models import DoseBasis, Indication, LateDosePolicy, Product, Titration, WeightBasis
from regimens.services.facts import OrderFacts

DATE = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
LONG_TEXT = forms.Textarea(attrs={"rows": 2})
WEEK = 7
UNITS = [("weeks", "weeks"), ("days", "days")]
LARGE_BUT_SANE = 100_000


def _decimal(label: str, places: int = 4, help_text: str = "", *, required: bool = False) -> forms.DecimalField:
    return forms.DecimalField(required=required, max_digits=12, decimal_places=places, label=label, help_text=help_text)


def _days(label: str, help_text: str = "", *, required: bool = False) -> forms.IntegerField:
    return forms.IntegerField(required=required, label=label, help_text=help_text)


class TherapyForm(forms.Form):
    """Which product, for what."""

    product = forms.ModelChoiceField(Product.objects.order_by("name"), label="Product", empty_label="Choose a product")
    indication = forms.ModelChoiceField(
        Indication.objects.order_by("name"), label="Indication", empty_label="Choose an indication"
    )


class OrderForm(forms.Form):
    """A prescription. `labs` are the tests it may ask for, each with what the catalogue says of it."""

    product = forms.ModelChoiceField(Product.objects.all(), widget=forms.HiddenInput)
    indication = forms.ModelChoiceField(Indication.objects.all(), widget=forms.HiddenInput)
    # Drug and dose
    dose_amount = _decimal(
        "Dose for the whole course", help_text="All days of a course together, never the dose of one day."
    )
    dose_basis = forms.ChoiceField(choices=DoseBasis.choices, label="In")
    max_dose_mg = _decimal("At most, mg", 2)
    hcpcs = forms.CharField(max_length=8, label="HCPCS code")
    icd10 = forms.CharField(max_length=10, label="ICD-10 code")
    may_substitute = forms.BooleanField(required=False, label="The pharmacist may give another brand")
    # Dosing weight
    dosing_weight_kg = _decimal("Dosing weight, kg", 2, required=True)
    weight_basis = forms.ChoiceField(choices=WeightBasis.choices, label="Which weight")
    measured_weight_kg = _decimal("Measured, kg", 2)
    weighed_on = forms.DateField(required=False, label="Weighed on", widget=DATE)
    # Phases
    starts_on = forms.DateField(label="First course due", widget=DATE)
    days_per_course = _days("Days in a row", required=True)
    interval_days = _days("Repeat every", "From first day to first day; empty: not repeated.")
    interval_unit = forms.ChoiceField(choices=UNITS, label="Weeks or days")
    induction_offsets_days = DaysField(
        required=False,
        max_length=80,
        label="Induction on days",
        help_text="Counted from the first dose; weeks 0, 2 and 6 are 0, 14, 42.",
    )
    induction_days = _days("Days of the first course", "If it takes more days than the later ones.")
    induction_doses = NumbersField(
        required=False, max_length=120, label="Induction doses", help_text="One for each, if they differ."
    )
    first_maintenance_offset_days = _days("Maintenance from day", "Empty: one interval after induction.")
    # Window and late doses
    window_early_days = _days("Days early allowed")
    window_late_days = _days("Days late allowed")
    minimum_interval_days = _days("Never sooner than days")
    late_dose_policy = forms.ChoiceField(choices=LateDosePolicy.choices, label="After a late dose")
    # Around the infusion
    needs_premedication = forms.BooleanField(required=False, label="Premedication, and the wait after it")
    premedication = forms.CharField(required=False, max_length=300, label="What is given before", widget=LONG_TEXT)
    hydration = forms.CharField(required=False, max_length=300, label="Hydration", widget=LONG_TEXT)
    hydration_minutes = _days("Minutes of hydration", "Empty: the clinic's minutes for a patient at risk.")
    observation_minutes = _days("Minutes of observation", "Empty: as the catalogue or the clinic says.")
    titration = forms.ChoiceField(choices=Titration.choices, label="Rate steps")
    max_rate_ml_per_kg_per_hour = _decimal("Personal maximum rate, mL/kg/h", 2)
    prior_dose_on = forms.DateField(
        required=False,
        label="Last had this product on",
        widget=DATE,
        help_text="Empty: never. Decides how slowly the first infusion begins.",
    )
    instructions = forms.CharField(required=False, max_length=500, label="Instructions", widget=LONG_TEXT)
    # Prescriber
    prescriber_name = forms.CharField(max_length=120, label="Prescriber")
    prescriber_npi = forms.CharField(required=False, max_length=10, label="NPI")
    signed_on = forms.DateField(label="Signed on", widget=DATE)
    # Duration
    ends_on = forms.DateField(required=False, label="Last date", widget=DATE)
    course_limit = _days("Number of courses")
    # Of a draft that is corrected
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, labs: Sequence[Mapping[str, Any]] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.labs = tuple(labs)
        self.fields.update(lab_fields(self.labs))
        self.fields["dose_amount"].required = self["dose_basis"].value() != DoseBasis.WEIGHT_BAND

    def clean(self) -> dict[str, Any]:
        """Weeks become days."""
        data = super().clean() or self.cleaned_data
        interval = data.get("interval_days")
        if interval is not None and abs(interval) < LARGE_BUT_SANE and data.get("interval_unit") == "weeks":
            data["interval_days"] = interval * WEEK
        return data

    def lab_rows(self) -> Iterator[LabFields]:
        """The fields of each test, in order."""
        for lab in self.labs:
            key = lab_key(lab["code"])
            yield LabFields(lab, self[key], self[f"{key}_days"], self[f"{key}_low"], self[f"{key}_high"])

    def facts(self) -> OrderFacts:
        """What was entered, as order facts; only after `is_valid`."""
        data = {name: value for name, value in self.cleaned_data.items() if name in OrderFacts.__dataclass_fields__}
        return OrderFacts(**data, labs_required=labs_chosen(self.labs, self.cleaned_data))

    @property
    def expected_version(self) -> int:
        """The draft's version when it was opened; 0 where none was sent."""
        return self.cleaned_data.get("version") or 0


def initial_of(known: Mapping[str, Any], labs: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """What the order form shows at first, from an order's fields: numbers as people write them, days as weeks."""
    shown = {name: _written(value) for name, value in known.items()}
    interval = known.get("interval_days")
    in_weeks = interval is not None and interval % WEEK == 0
    shown |= {
        "induction_offsets_days": ", ".join(str(day) for day in known.get("induction_offsets_days") or ()),
        "induction_doses": ", ".join(_written(Decimal(dose)) for dose in known.get("induction_doses") or ()),
        "interval_days": interval // WEEK if interval is not None and in_weeks else interval,
        "interval_unit": "weeks" if in_weeks or interval is None else "days",
    }
    return shown | lab_initial(labs, known.get("labs_required") or ())


def _written(value: Any) -> Any:
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return "" if value is None else value


class AcceptForm(forms.Form):
    """What accepting a draft needs to know."""

    last_given_on = forms.DateField(
        required=False,
        label="Last had this product on",
        widget=DATE,
        help_text="Empty: never. Decides how slowly the first infusion begins.",
    )


class HoldForm(forms.Form):
    """Why an order is put on hold."""

    reason = forms.CharField(max_length=300, label="Why is it on hold?", widget=LONG_TEXT)


class ReleaseForm(forms.Form):
    """Why an order may go on."""

    note = forms.CharField(
        max_length=300, label="Why may it go on?", widget=LONG_TEXT, help_text="What was found, and what changes."
    )


class EndForm(forms.Form):
    """From when on an order counts no more, and why."""

    on = forms.DateField(label="Last date", widget=DATE)
    reason = forms.CharField(max_length=300, label="Why does it end?", widget=LONG_TEXT)

    def __init__(self, *args: Any, today: date | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["on"].initial = today
