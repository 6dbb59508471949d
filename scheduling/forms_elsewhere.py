"""The shape of what people enter about therapies elsewhere and safety programmes. Services decide; forms only read."""

from typing import Any

from django import forms

from patients.forms import DATE
from regimens.domain.elsewhere import Elsewhere
from regimens.models import ElsewhereKind
from regimens.queries.programmes import programmes


class ElsewhereForm(forms.Form):
    """A therapy that the patient has somewhere else."""

    prefix = "elsewhere"
    kind = forms.ChoiceField(choices=ElsewhereKind.choices, label="What kind")
    name = forms.CharField(max_length=80, label="What it is called", help_text="Such as Hizentra 8 g.")
    place = forms.CharField(required=False, max_length=80, label="Where", help_text="At home, another hospital …")
    every_days = forms.IntegerField(
        required=False, label="Every how many days", help_text="Empty means once.", min_value=1, max_value=366
    )
    starts_on = forms.DateField(label="From", widget=DATE)
    ends_on = forms.DateField(required=False, label="To", widget=DATE)
    note = forms.CharField(required=False, max_length=200, label="Note")

    def therapy(self) -> Elsewhere:
        """The therapy that was entered; only after `is_valid`."""
        fields: dict[str, Any] = self.cleaned_data
        return Elsewhere(**fields)


class EnrolmentForm(forms.Form):
    """An enrolment in a drug's safety programme."""

    prefix = "enrolment"
    programme = forms.ChoiceField(label="Programme")
    enrolled_on = forms.DateField(label="Enrolled on", widget=DATE)
    valid_until = forms.DateField(
        required=False, label="Valid until", widget=DATE, help_text="Empty means until further notice."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["programme"].choices = [(each.code, each.name) for each in programmes()]  # type: ignore[attr-defined]
