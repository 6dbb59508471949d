"""What patients type: shapes only. Services decide."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms

from scheduling.domain.move_wishes import LONGEST_NOTE, MOST_HALF_DAYS, HalfDay, MoveWish


class EmailForm(forms.Form):
    """The first step of signing in."""

    email = forms.EmailField(
        label="Your e-mail address",
        max_length=254,
        error_messages={
            "required": "Type your e-mail address.",
            "invalid": "Type an e-mail address such as ada@example.org.",
        },
        widget=forms.EmailInput(attrs={"autocomplete": "email", "inputmode": "email"}),
    )


def _part(label: str, *, autocomplete: str, most: int, least: int = 1) -> forms.IntegerField:
    return forms.IntegerField(
        label=label,
        min_value=least,
        max_value=most,
        widget=forms.TextInput(
            attrs={"inputmode": "numeric", "autocomplete": autocomplete, "maxlength": "4", "class": "short"}
        ),
        error_messages={
            "required": f"Type the {label.lower()} you were born.",
            "invalid": f"Type the {label.lower()} as a number.",
            "min_value": f"Check the {label.lower()} you were born.",
            "max_value": f"Check the {label.lower()} you were born.",
        },
    )


class CodeForm(forms.Form):
    """The second step: the code and the date of birth, on one page."""

    code = forms.CharField(
        label="The 6 numbers from the e-mail",
        max_length=20,
        error_messages={"required": "Type the 6 numbers from the e-mail."},
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "one-time-code", "spellcheck": "false"}),
    )
    code.css_classes = "is-code"  # type: ignore[attr-defined]
    month = _part("Month", autocomplete="bday-month", most=12)
    day = _part("Day", autocomplete="bday-day", most=31)
    year = _part("Year", autocomplete="bday-year", most=2200, least=1880)

    def clean_code(self) -> str:
        """Six digits; spaces and dashes between them are fine."""
        typed: str = self.cleaned_data["code"]
        code = "".join(letter for letter in typed if letter not in " -\u00a0")
        if len(code) != 6 or not (code.isascii() and code.isdecimal()):
            raise forms.ValidationError("The code has 6 numbers.")
        return code

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if {"month", "day", "year"} <= cleaned.keys():
            try:
                cleaned["birth_date"] = date(cleaned["year"], cleaned["month"], cleaned["day"])
            except ValueError:
                self.add_error("day", "That day does not exist. Check your date of birth.")
        return cleaned


class MoveForm(forms.Form):
    """Ask to move a visit, or to call it off."""

    wish = forms.ChoiceField(
        label="What would you like?",
        choices=[(wish.value, wish.words) for wish in MoveWish],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose what you would like.", "invalid_choice": "Choose what you would like."},
    )
    half_days = forms.MultipleChoiceField(
        label="When suits you?",
        help_text=f"Tick up to {MOST_HALF_DAYS}.",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": "Choose from the days on the list."},
    )
    note = forms.CharField(
        label="Anything we should know?",
        required=False,
        max_length=LONGEST_NOTE,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, offered: Sequence[HalfDay], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(half_day.key, half_day.words) for half_day in offered]
        self.fields["half_days"].choices = choices  # type: ignore[attr-defined]

    def clean_half_days(self) -> list[str]:
        chosen: list[str] = self.cleaned_data["half_days"]
        if len(chosen) > MOST_HALF_DAYS:
            raise forms.ValidationError(f"Tick up to {MOST_HALF_DAYS}.")
        return chosen
