"""The shape of the check before an infusion. The gate decides what an answer means; the form only reads."""

from dataclasses import dataclass
from typing import Any

from django import forms

from core.sourced import sourced_settings
from regimens.domain.catalogue_sources import confidence_words
from scheduling.domain.clearance import CLEARANCE_DEFAULTS
from scheduling.domain.infusion_check import (
    CHECK_DEFAULTS,
    Concern,
    concern_hint,
    concern_label,
    grounds,
    unreadable,
)


def _label(concern: Concern) -> str:
    hint = concern_hint(concern)
    return f"{concern_label(concern)} ({hint})" if hint else concern_label(concern)


@dataclass(frozen=True, kw_only=True)
class Ground:
    """Whether yes to a question holds the infusion, and on what ground."""

    label: str
    holds: bool
    source: str
    confidence: str


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
        min_value=CHECK_DEFAULTS.coldest_c,
        max_value=CHECK_DEFAULTS.hottest_c,
        max_digits=3,
        decimal_places=1,
        label="Temperature (°C)",
        error_messages=dict.fromkeys(WRONG, unreadable()),
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

    @property
    def grounds(self) -> list[Ground]:
        """Every question and its ground, in the order in which they are asked; the fever last."""
        rows = [
            Ground(
                label=concern_label(concern),
                holds=concern.holds,
                source=setting.source,
                confidence=confidence_words(setting.confidence),
            )
            for concern, setting in grounds().items()
        ]
        named = {setting.name: setting for setting in sourced_settings(CLEARANCE_DEFAULTS)}
        fever = named["fever_from_c"]
        words = f"Temperature from {fever.value} °C"
        return [
            *rows,
            Ground(label=words, holds=True, source=fever.source, confidence=confidence_words(fever.confidence)),
        ]

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or self.cleaned_data
        told = [Concern(code) for code in found.get("concerns", ())]
        if self.is_all_no and told:
            words = " and ".join(f"“{concern_label(concern)}”" for concern in told)
            self.add_error("concerns", f"You ticked {words}, so not all is no. Untick it, or save what you found.")
        return found | {"is_drug_on_hand": True} if self.is_all_no else found
