"""The shape of what people enter about a patient. Services decide; forms only read."""

from typing import Any
from zoneinfo import available_timezones

from django import forms

from core.errors import Refusal
from patients.domain.details import Details
from patients.domain.risks import grouped_choices
from patients.models import Payer, Sex
from patients.queries.lab_tests import lab_tests

DATE = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


def put_refusal(form: forms.Form, refusal: Refusal) -> None:
    """Show each reason of a refusal at its field, or on top where the form has no such field."""
    for reason in refusal.reasons:
        field = reason.field if reason.field in form.fields else None
        form.add_error(field, reason.sentence)


class SearchForm(forms.Form):
    """What to look for among patients."""

    q = forms.CharField(
        required=False,
        max_length=80,
        strip=True,
        label="Name, record number or date of birth",
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off", "class": "input"}),
    )


class DetailsForm(forms.Form):
    """A patient's details."""

    given_name = forms.CharField(max_length=60, label="Given name")
    family_name = forms.CharField(max_length=60, label="Family name")
    birth_date = forms.DateField(label="Date of birth", widget=DATE)
    record_number = forms.CharField(max_length=20, label="Record number")
    sex = forms.ChoiceField(
        choices=Sex.choices, label="Sex", help_text="Used only in formulas for the dosing weight.", initial=Sex.UNKNOWN
    )
    height_cm = forms.DecimalField(required=False, label="Height in cm", max_digits=4, decimal_places=1)
    email = forms.CharField(
        required=False, max_length=254, label="E-mail", widget=forms.TextInput(attrs={"inputmode": "email"})
    )
    agrees_to_email = forms.BooleanField(required=False, label="Agreed to reminders by e-mail")
    phone = forms.CharField(
        required=False, max_length=32, label="Telephone", widget=forms.TextInput(attrs={"inputmode": "tel"})
    )
    agrees_to_sms = forms.BooleanField(required=False, label="Agreed to reminders by text message")
    time_zone = forms.ChoiceField(required=False, label="Time zone", help_text="Empty means the clinic's.")
    language = forms.CharField(
        max_length=8, label="Language", help_text="en for English, es for Spanish …", initial="en"
    )
    needs_private_room = forms.BooleanField(required=False, label="Needs a private room")
    needs_interpreter = forms.BooleanField(required=False, label="Needs an interpreter")
    prefers_weekday = forms.TypedChoiceField(
        required=False,
        coerce=int,
        empty_value=None,
        label="Preferred day",
        choices=[("", "Any day"), *enumerate(WEEKDAYS)],
    )
    prefers_time = forms.TimeField(
        required=False, label="Preferred start", widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zones = self.fields["time_zone"]
        assert isinstance(zones, forms.ChoiceField)  # noqa: S101 (tells the type checker what stands above)
        zones.choices = [("", "The clinic's"), *((name, name) for name in sorted(available_timezones()))]

    def details(self) -> Details:
        """The details that were entered; only after `is_valid`."""
        return Details(**self.cleaned_data)


class WeightForm(forms.Form):
    """A measured weight."""

    prefix = "weight"
    kg = forms.DecimalField(label="Weight in kg", max_digits=7, decimal_places=2)
    measured_on = forms.DateField(label="Measured on", widget=DATE)


class LabForm(forms.Form):
    """A laboratory result; a test that is not on the list goes by its own name."""

    prefix = "lab"
    code = forms.ChoiceField(label="Test", required=False)
    other = forms.CharField(required=False, max_length=32, label="Another test", help_text="If it is not on the list.")
    taken_on = forms.DateField(label="Taken on", widget=DATE)
    value = forms.DecimalField(required=False, label="Result", max_digits=10, decimal_places=3)
    unit = forms.CharField(required=False, max_length=20, label="Unit", help_text="Empty means the unit of the list.")
    text = forms.CharField(required=False, max_length=120, label="Result in words", help_text="Such as negative.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice = self.fields["code"]
        assert isinstance(choice, forms.ChoiceField)  # noqa: S101 (tells the type checker what stands above)
        named = [(test.code, f"{test.name}{f', {test.unit}' if test.unit else ''}") for test in lab_tests().values()]
        choice.choices = [("", "Choose a test"), *named]

    def clean(self) -> dict[str, Any]:
        """One code, of the list or of one's own; the list's unit where a number came without one."""
        cleaned = super().clean() or self.cleaned_data
        other = cleaned.pop("other", "").strip()
        cleaned["code"] = cleaned.get("code") or other
        listed = lab_tests().get(cleaned["code"])
        if listed is not None and cleaned.get("value") is not None and not cleaned.get("unit"):
            cleaned["unit"] = listed.unit
        return cleaned


class RiskForm(forms.Form):
    """Something to know before an infusion."""

    prefix = "risk"
    code = forms.ChoiceField(choices=grouped_choices(), label="What")
    note = forms.CharField(required=False, max_length=200, label="Note")
    since_on = forms.DateField(required=False, label="Since", widget=DATE)


class CoverageForm(forms.Form):
    """A membership of an insurer's plan."""

    prefix = "coverage"
    payer = forms.ModelChoiceField(Payer.objects.none(), label="Insurer", empty_label="Choose an insurer")
    member_id = forms.CharField(max_length=40, label="Member number")
    starts_on = forms.DateField(label="From", widget=DATE)
    ends_on = forms.DateField(required=False, label="To", widget=DATE)
    is_verified = forms.BooleanField(required=False, label="Checked with the insurer today")

    def __init__(self, *args: Any, payers: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice = self.fields["payer"]
        assert isinstance(choice, forms.ModelChoiceField)  # noqa: S101 (tells the type checker what stands above)
        choice.queryset = payers


class ConsentForm(forms.Form):
    """A consent to be treated."""

    prefix = "consent"
    signed_on = forms.DateField(label="Signed on", widget=DATE)
