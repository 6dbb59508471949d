"""The shape of the check before an infusion. The gate decides what an answer means; the form only reads."""

from typing import Any

from django import forms

from scheduling.domain.infusion_check import Concern, concern_hint, concern_label


def _label(concern: Concern) -> str:
    hint = concern_hint(concern)
    return f"{concern_label(concern)} ({hint})" if hint else concern_label(concern)


WRONG = ("invalid", "min_value", "max_value", "max_digits", "max_decimal_places", "max_whole_digits")


class InfusionCheckForm(forms.Form):
    """What the nurse asked and found."""

    is_drug_on_hand = forms.BooleanField(required=False, label="The drug is here; lot and expiry are read")
    concerns = forms.MultipleChoiceField(
        required=False,
        label="Tick what the patient says yes to",
        choices=[(concern.value, _label(concern)) for concern in Concern],
        widget=forms.CheckboxSelectMultiple,
    )
    temperature_c = forms.DecimalField(
        required=False,
        min_value=30,
        max_value=45,
        max_digits=3,
        decimal_places=1,
        label="Temperature (°C)",
        error_messages=dict.fromkeys(WRONG, "Enter a temperature between 30 and 45 °C, such as 36.8."),
    )
    weight_kg = forms.DecimalField(
        required=False,
        min_value=1,
        max_value=400,
        max_digits=4,
        decimal_places=1,
        label="Weight today (kg)",
        error_messages=dict.fromkeys(WRONG, "Enter a weight between 1 and 400 kg, such as 72.5."),
    )
    note = forms.CharField(required=False, max_length=300, label="Note")

    is_all_no = False
    """Whether "All no, drug is here" was pressed: nothing may be ticked then, and the drug is taken as here."""

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or self.cleaned_data
        told = [Concern(code) for code in found.get("concerns", ())]
        if self.is_all_no and told:
            words = " and ".join(f"“{concern_label(concern)}”" for concern in told)
            self.add_error("concerns", f"You ticked {words}, so not all is no. Untick it, or save what you found.")
        return found | {"is_drug_on_hand": True} if self.is_all_no else found
