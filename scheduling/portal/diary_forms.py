"""The diary's form: ticks first, details for those who like. It reads; what makes sense is decided elsewhere."""

from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from django import forms

from core import clock
from patients.domain.diary import USUAL, Entry, Lasted, Onset, Symptom, in_celsius
from patients.domain.red_flags import RED_FLAGS, RedFlag

STILL = "still"
FIRST = (*USUAL, Symptom.WELL)
FIELD_OF = {"symptoms": "usual", "duration": "lasted"}
"""Where a reason is shown whose name the form does not know."""
_TEN = [(str(number), str(number)) for number in range(11)]


def _ticks(label: str, codes: list[tuple[str, str]], help_text: str = "") -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=label, choices=codes, required=False, help_text=help_text, widget=forms.CheckboxSelectMultiple
    )


class DiaryForm(forms.Form):
    """How a patient feels."""

    usual = _ticks("How do you feel?", [(symptom.value, symptom.label) for symptom in FIRST])
    more = _ticks("Something else?", [(symptom.value, symptom.label) for symptom in Symptom if symptom not in FIRST])
    flags = _ticks("Do you have any of these?", [(flag.value, flag.label) for flag in RedFlag])
    severity = forms.TypedChoiceField(
        label="How bad is it?",
        help_text="0 is not at all, 10 is as bad as can be.",
        choices=_TEN,
        coerce=int,
        empty_value=None,
        required=False,
        widget=forms.RadioSelect,
    )
    text = forms.CharField(
        label="In your own words", required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 2})
    )
    happened_on = forms.DateField(
        label="Which day?", required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    temperature = forms.CharField(
        label="Temperature",
        required=False,
        max_length=8,
        help_text="If you took it, such as 99.5 °F or 37.5 °C.",
        widget=forms.TextInput(attrs={"inputmode": "decimal", "class": "short"}),
    )
    onset = forms.ChoiceField(
        label="When did it begin?",
        required=False,
        choices=[("", "Choose"), *((onset.value, onset.label) for onset in Onset)],
    )
    lasted = forms.ChoiceField(
        label="How long did it last?",
        required=False,
        choices=[("", "Choose"), (STILL, "It is still there"), *((lasted.value, lasted.label) for lasted in Lasted)],
    )
    treatment = forms.CharField(label="What helped?", required=False, max_length=200)
    function_score = forms.TypedChoiceField(
        label="How well can you do everyday things?",
        help_text="0 is not at all, 10 is as well as ever.",
        required=False,
        coerce=int,
        empty_value=None,
        choices=[("", "Choose"), *_TEN],
    )
    wear_off_days = forms.IntegerField(
        label="Days in which the last infusion wore off",
        help_text="How many days before the next one you felt worse again.",
        required=False,
        min_value=0,
        max_value=60,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "class": "short"}),
    )

    details = ("happened_on", "temperature", "onset", "lasted", "treatment", "function_score", "wear_off_days")

    @property
    def detail_fields(self) -> list[forms.BoundField]:
        """The fields that stand behind "More details"."""
        return [self[name] for name in self.details]

    @property
    def has_detail_errors(self) -> bool:
        return any(name in self.errors for name in self.details)

    @property
    def chosen_flags(self) -> list[str]:
        """The signs that cannot wait among what was sent, whatever else is wrong with the form."""
        sent = self.data.getlist("flags") if hasattr(self.data, "getlist") else []
        return [code for code in sent if code in RED_FLAGS]

    def clean_temperature(self) -> Decimal | None:
        """A number in either scale, as °C; a comma for the point is fine."""
        typed = self.cleaned_data["temperature"].strip().rstrip("°CFcf ").replace(",", ".")
        if not typed:
            return None
        try:
            number = Decimal(typed)
            return in_celsius(number) if abs(number) < 1000 else number
        except InvalidOperation:
            raise forms.ValidationError("Type the temperature as a number, such as 99.5.") from None

    def entry(self, *, now: datetime, zone: ZoneInfo) -> Entry:
        """What was entered, as far as it is right; after `is_valid`."""
        said: dict[str, Any] = self.cleaned_data
        lasted = said.get("lasted") or ""
        return Entry(
            symptoms=(*self.chosen_flags, *said.get("usual", ()), *said.get("more", ())),
            happened_at=_moment(said.get("happened_on"), now, zone),
            severity=said.get("severity"),
            onset=said.get("onset") or "",
            duration_hours=Lasted(lasted).hours if lasted and lasted != STILL else None,
            is_resolved=bool(lasted) and lasted != STILL,
            treatment=said.get("treatment", ""),
            temperature_c=said.get("temperature"),
            function_score=said.get("function_score"),
            wear_off_days=said.get("wear_off_days"),
            text=said.get("text", ""),
        )


def _moment(on: date | None, now: datetime, zone: ZoneInfo) -> datetime:
    """Now for today, and noon of any other day."""
    if on is None or on == now.astimezone(zone).date():
        return now
    return clock.instant(on, time(12), zone)
