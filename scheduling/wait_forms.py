"""The shape of what people say when a patient is put on the waitlist. The service decides."""

from datetime import date
from typing import Any

from django import forms

from scheduling.services.waitlist import MOST_NOTICE_HOURS


class WaitForm(forms.Form):
    """Which days and parts of day would suit, and how early the patient wants to know."""

    earliest_on = forms.DateField(
        label="From", widget=forms.DateInput(attrs={"type": "date"}), error_messages={"required": "Choose a day."}
    )
    latest_on = forms.DateField(
        label="To", widget=forms.DateInput(attrs={"type": "date"}), error_messages={"required": "Choose a day."}
    )
    parts_of_day = forms.MultipleChoiceField(
        choices=[("morning", "Morning"), ("afternoon", "Afternoon")],
        required=False,
        label="Part of day",
        help_text="None means both suit.",
        widget=forms.CheckboxSelectMultiple,
    )
    notice_hours = forms.IntegerField(
        min_value=0,
        max_value=MOST_NOTICE_HOURS,
        label="Hours of notice",
        help_text="How long before a visit the patient wants to be told. 0 means at any time.",
    )
    note = forms.CharField(
        required=False, max_length=200, label="Note", help_text="For staff only; the patient does not see it."
    )

    @property
    def wish(self) -> dict[str, Any]:
        """What the service takes."""
        return dict(self.cleaned_data)


def starting_with(earliest_on: date, latest_on: date, notice_hours: int) -> dict[str, Any]:
    """What the empty form suggests: the order's window and the clinic's notice."""
    return {"earliest_on": earliest_on, "latest_on": latest_on, "notice_hours": notice_hours}
