"""The filters of the log page: shapes only."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django import forms


class LogFilterForm(forms.Form):
    """Whose record, by whom, what, and when."""

    person = forms.CharField(label="Done by", required=False, max_length=80)
    action = forms.ChoiceField(label="Action", required=False)
    patient = forms.UUIDField(
        label="Patient", required=False, error_messages={"invalid": "Open the log from the patient's page."}
    )
    first_on = forms.DateField(label="From", required=False, widget=forms.DateInput(attrs={"type": "date"}))
    last_on = forms.DateField(label="To", required=False, widget=forms.DateInput(attrs={"type": "date"}))
    before = forms.CharField(required=False, max_length=80, widget=forms.HiddenInput)

    def __init__(self, *args: Any, actions: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [("", "Everything"), *((action, action) for action in actions)]
        asked = str(self.data.get("action", ""))
        if asked and asked not in actions:
            choices.append((asked, asked))
        self.fields["action"].choices = choices  # type: ignore[attr-defined]

    def clean_person(self) -> str:
        person: str = self.cleaned_data["person"]
        return person.strip()

    def clean_before(self) -> tuple[datetime, UUID] | None:
        """The key of the last event on the page before: its time and id."""
        at, _, event_id = self.cleaned_data["before"].partition("~")
        if not at:
            return None
        try:
            moment = datetime.fromisoformat(at)
            if moment.tzinfo is None:
                raise ValueError
            return moment, UUID(event_id)
        except ValueError as problem:
            raise forms.ValidationError("That page of the log does not exist. Start from the newest.") from problem

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        first_on: date | None = cleaned.get("first_on")
        last_on: date | None = cleaned.get("last_on")
        for name, day in (("first_on", first_on), ("last_on", last_on)):
            if day is not None and not 2000 <= day.year <= 9000:
                self.add_error(name, "Choose a year from 2000 on.")
        if first_on and last_on and last_on < first_on:
            self.add_error("last_on", "The last day comes before the first.")
        return cleaned
