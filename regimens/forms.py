"""The shape of a treatment order as people enter it. Services decide; forms only read."""

import re
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms

from regimens.models import DoseBasis, Indication, LateDosePolicy, Product
from regimens.queries.catalogue import Suggestion
from regimens.services.facts import OrderFacts

DATE = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
BASES = [("g_per_kg", "g per kg"), ("mg_per_kg", "mg per kg"), ("fixed_mg", "mg")]


class TherapyForm(forms.Form):
    """Which product, for what."""

    product = forms.ModelChoiceField(Product.objects.order_by("name"), label="Product", empty_label="Choose a product")
    indication = forms.ModelChoiceField(
        Indication.objects.order_by("name"), label="Indication", empty_label="Choose an indication"
    )


class NumbersField(forms.CharField):
    """Numbers with commas or spaces between them, as a tuple of decimals."""

    def clean(self, value: Any) -> tuple[Decimal, ...]:
        text: str = super().clean(value) or ""
        try:
            numbers = tuple(Decimal(part) for part in re.split(r"[,;\s]+", text.strip()) if part)
        except InvalidOperation:
            raise forms.ValidationError("Enter numbers with commas between them, such as 0, 14, 42.") from None
        if len(numbers) > 20:
            raise forms.ValidationError("Enter at most 20 numbers.")
        return numbers


class DaysField(NumbersField):
    """Whole numbers of days."""

    def clean(self, value: Any) -> tuple[Any, ...]:
        numbers = super().clean(value)
        if not all(number.is_finite() and abs(number) < 10_000 and number == int(number) for number in numbers):
            raise forms.ValidationError("Enter whole days, such as 0, 14, 42.")
        return tuple(int(number) for number in numbers)


class OrderForm(forms.Form):
    """A prescription."""

    product = forms.ModelChoiceField(Product.objects.all(), widget=forms.HiddenInput)
    indication = forms.ModelChoiceField(Indication.objects.all(), widget=forms.HiddenInput)
    icd10 = forms.CharField(max_length=10, label="ICD-10 code")
    hcpcs = forms.CharField(max_length=8, label="Billing code (HCPCS)")
    dose_amount = forms.DecimalField(
        label="Dose for the whole course",
        max_digits=12,
        decimal_places=4,
        help_text="All days of a course together, never the dose of one day.",
    )
    dose_basis = forms.ChoiceField(choices=BASES, label="In")
    dosing_weight_kg = forms.DecimalField(label="Dosing weight in kg", max_digits=7, decimal_places=2)
    days_per_course = forms.IntegerField(label="Days in a row", initial=1)
    interval_days = forms.IntegerField(
        label="Repeat after days",
        help_text="From first day to first day: 3 weeks is 21, 8 weeks is 56.",
    )
    induction_offsets_days = DaysField(
        required=False,
        max_length=80,
        label="Induction on days",
        help_text="Counted from the first dose; weeks 0, 2 and 6 are 0, 14, 42.",
    )
    induction_doses = NumbersField(
        required=False, max_length=120, label="Induction doses", help_text="One for each, if they differ."
    )
    first_maintenance_offset_days = forms.IntegerField(required=False, label="Maintenance from day")
    window_early_days = forms.IntegerField(required=False, label="Days early allowed")
    window_late_days = forms.IntegerField(required=False, label="Days late allowed")
    minimum_interval_days = forms.IntegerField(required=False, label="Never sooner than days")
    late_dose_policy = forms.ChoiceField(choices=LateDosePolicy.choices, label="After a late dose")
    starts_on = forms.DateField(label="First course due", widget=DATE)
    ends_on = forms.DateField(required=False, label="Last date", widget=DATE)
    course_limit = forms.IntegerField(required=False, label="Number of courses")
    needs_premedication = forms.BooleanField(required=False, label="Premedication, and the wait after it")
    last_given_on = forms.DateField(
        required=False,
        label="Last had this product on",
        widget=DATE,
        help_text="Empty: never. Decides how slowly the first infusion begins.",
    )
    prescriber_name = forms.CharField(max_length=120, label="Prescriber")
    signed_on = forms.DateField(label="Signed on", widget=DATE)

    def facts(self) -> OrderFacts:
        """What was entered, as order facts; only after `is_valid`."""
        data = {name: value for name, value in self.cleaned_data.items() if name != "last_given_on"}
        return OrderFacts(**data)


class AcceptForm(forms.Form):
    """What accepting a draft needs to know."""

    last_given_on = forms.DateField(
        required=False,
        label="Last had this product on",
        widget=DATE,
        help_text="Empty: never. Decides how slowly the first infusion begins.",
    )


def initial_of(suggestion: Suggestion, *, weight_kg: Decimal | None, today: date) -> dict[str, Any]:
    """What the order form shows at first: the catalogue's suggestion, to be made the prescriber's."""
    shown = vars(suggestion) | {
        "dose_amount": _written(suggestion.dose_amount),
        "dosing_weight_kg": _written(weight_kg),
        "induction_offsets_days": ", ".join(str(day) for day in suggestion.induction_offsets_days),
        "induction_doses": ", ".join(f"{dose:f}" for dose in suggestion.induction_doses),
        "signed_on": today,
        "starts_on": None,
    }
    assert suggestion.dose_basis in DoseBasis.values  # noqa: S101 (the catalogue is ours)
    return shown


def _written(value: Decimal | None) -> str:
    return "" if value is None else f"{value.normalize():f}"
