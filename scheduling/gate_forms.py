"""The shape of the check before an infusion. The gate decides what an answer means; the form only reads."""

from django import forms

from scheduling.domain.infusion_check import Concern, concern_hint, concern_label


def _label(concern: Concern) -> str:
    hint = concern_hint(concern)
    return f"{concern_label(concern)} ({hint})" if hint else concern_label(concern)


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
        required=False, min_value=30, max_value=45, max_digits=3, decimal_places=1, label="Temperature (°C)"
    )
    weight_kg = forms.DecimalField(
        required=False, min_value=1, max_value=400, max_digits=4, decimal_places=1, label="Weight today (kg)"
    )
    note = forms.CharField(required=False, max_length=300, label="Note")
