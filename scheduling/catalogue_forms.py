"""The shape of what a manager enters about the catalogue. Services decide; forms only read."""

import hashlib
from typing import Any

from django import forms

from core.errors import BadInput
from core.sourced import Confidence
from regimens.domain.catalogue_fields import Field, Kind
from regimens.domain.catalogue_values import CHOICES, missing, read
from regimens.services.catalogue_codes import CodeFacts
from regimens.services.catalogue_edits import ChangeFacts

DATE = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
CONFIDENCES = [
    ("", "Choose how sure you are"),
    (Confidence.PUBLISHED.value, "Published (label, policy, form)"),
    (Confidence.ARTICLE.value, "Said in an article"),
    (Confidence.CLINIC.value, "Usual practice, verify"),
]
ANOTHER = "another"
HINTS = {
    Kind.RAMP: "One step on each line: the rate in mL/kg/h and its minutes, such as 0.5 30. On the last line only the "
    "rate: it is held until the infusion is done.",
    Kind.SIZES: "With commas between them, such as 5, 10, 20.",
    Kind.COUNTS: "With commas between them, such as 2, 3, 4, 5.",
    Kind.RANGE: "One number, or the least and the most, such as 3 to 4.",
}
NO_SOURCE = "Say where it comes from, such as the label and its date."
NOT_SURE = "Say how sure you are of it."
SOURCE = "Such as “US label, revised March 2026, section 2.3”."


class _Previewed(forms.Form):
    """A form that is saved only after its consequences were shown: `previewed` names what was shown."""

    previewed = forms.CharField(required=False, widget=forms.HiddenInput)

    def digest(self) -> str:
        """A name for what is entered now."""
        entered = [f"{name}={self.cleaned_data.get(name)}" for name in self.fields if name != "previewed"]
        return hashlib.sha256("\n".join(entered).encode()).hexdigest()[:24]

    @property
    def was_previewed(self) -> bool:
        return bool(self.cleaned_data.get("previewed") == self.digest())


class ChangeForm(_Previewed):
    """One number of the catalogue from a date on."""

    value = forms.CharField(required=False, max_length=600)
    effective_from = forms.DateField(
        label="Counts from",
        widget=DATE,
        error_messages={"required": "Enter the date from which it counts."},
    )
    source = forms.CharField(max_length=200, label="Source", help_text=SOURCE, error_messages={"required": NO_SOURCE})
    confidence = forms.ChoiceField(choices=CONFIDENCES, label="Confidence", error_messages={"required": NOT_SURE})
    reason = forms.CharField(
        max_length=200,
        label="Why it is changed",
        error_messages={"required": "Say in a few words why it is changed."},
    )

    def __init__(self, *args: Any, field: Field, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.field = field
        value = self.fields["value"]
        value.required = not field.is_optional
        value.error_messages["required"] = missing(field)
        unit = f" ({field.unit})" if field.unit else ""
        value.label = f"New value{unit}"
        empty = f" Empty means: {field.silent}." if field.is_optional else ""
        value.help_text = f"{HINTS.get(field.kind, '')}{empty}".strip()
        if field.kind is Kind.RAMP:
            value.widget = forms.Textarea(attrs={"rows": 7, "spellcheck": "false"})
        elif field.kind in CHOICES:
            value.widget = forms.Select(choices=[("", "Choose"), *CHOICES[field.kind].items()])
        else:
            value.widget = forms.TextInput(attrs={"autocomplete": "off", "inputmode": "text"})

    @property
    def rows(self) -> list[list[forms.BoundField]]:
        """Fields that stand side by side."""
        return [
            [self["value"]],
            [self["effective_from"], self["confidence"]],
            [self["source"]],
            [self["reason"]],
        ]

    def clean_value(self) -> str:
        """What was entered, if it says a value: its error stands beside those of the other fields."""
        text: str = self.cleaned_data["value"]
        try:
            read(self.field, text)
        except BadInput as refusal:
            raise forms.ValidationError(refusal.sentence) from refusal
        return text

    def facts(self) -> ChangeFacts:
        """What was entered."""
        entered = self.cleaned_data
        return ChangeFacts(
            field=self.field.name,
            text=entered["value"],
            effective_from=entered["effective_from"],
            source=entered["source"],
            confidence=entered["confidence"],
            reason=entered["reason"],
        )


class CodeForm(_Previewed):
    """A billing code of the organization's own."""

    label = forms.ChoiceField(label="Brand")
    new_label = forms.CharField(required=False, max_length=60, label="Its name, if another brand")
    hcpcs = forms.CharField(
        max_length=8,
        label="Code (HCPCS)",
        help_text="A letter and four digits.",
        error_messages={"required": "Enter the code."},
    )
    unit_mg = forms.DecimalField(
        max_digits=8,
        decimal_places=3,
        label="One unit (mg)",
        help_text="Most immune globulins bill 500 mg, one bills 100 mg.",
        error_messages={"required": "Enter the milligrams in one unit."},
    )
    starts_on = forms.DateField(
        label="First day",
        widget=DATE,
        help_text="The first date of service it bills.",
        error_messages={"required": "Enter the first day it is in force."},
    )
    ends_on = forms.DateField(
        required=False, label="Last day", widget=DATE, help_text="Empty: until another code follows."
    )
    source = forms.CharField(max_length=200, label="Source", error_messages={"required": NO_SOURCE})
    confidence = forms.ChoiceField(choices=CONFIDENCES, label="Confidence", error_messages={"required": NOT_SURE})

    def __init__(self, *args: Any, labels: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        label = self.fields["label"]
        assert isinstance(label, forms.ChoiceField)  # noqa: S101
        label.choices = [*((each, each) for each in labels), (ANOTHER, "Another brand")]

    @property
    def rows(self) -> list[list[forms.BoundField]]:
        """Fields that stand side by side."""
        return [
            [self["label"], self["new_label"]],
            [self["hcpcs"], self["unit_mg"]],
            [self["starts_on"], self["ends_on"]],
            [self["source"], self["confidence"]],
        ]

    def facts(self) -> CodeFacts:
        """What was entered."""
        entered = self.cleaned_data
        is_another = entered["label"] == ANOTHER
        return CodeFacts(
            hcpcs=entered["hcpcs"],
            unit_mg=entered["unit_mg"],
            label=entered["new_label"] if is_another else entered["label"],
            starts_on=entered["starts_on"],
            ends_on=entered["ends_on"],
            source=entered["source"],
            confidence=entered["confidence"],
        )
