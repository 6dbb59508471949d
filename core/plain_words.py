"""What every form says when something is wrong with a field, in plain sentences. The one place where that is decided.

Django's own words ("This field is required.", "Select a valid choice.") are replaced once, when the program starts, so
that no form has to repeat them. A form that knows better says it in its own `error_messages`.
"""

from collections.abc import Mapping

from django import forms
from django.core import validators

CHOOSE = "Choose one from the list."
FIELDS: Mapping[type[forms.Field], Mapping[str, str]] = {
    forms.Field: {"required": "Fill this in."},
    forms.IntegerField: {"required": "Enter a number.", "invalid": "Enter a whole number."},
    forms.FloatField: {"required": "Enter a number.", "invalid": "Enter a number."},
    forms.DecimalField: {"required": "Enter a number.", "invalid": "Enter a number, such as 72.5."},
    forms.DateField: {"required": "Enter a date.", "invalid": "Enter a date that exists, such as 2026-11-23."},
    forms.TimeField: {"required": "Enter a time.", "invalid": "Enter a time that exists, such as 14:30."},
    forms.DateTimeField: {"required": "Enter a date and a time.", "invalid": "Enter a date and a time that exist."},
    forms.BooleanField: {"required": "Tick this to go on."},
    forms.ChoiceField: {"required": "Choose one.", "invalid_choice": CHOOSE},
    forms.MultipleChoiceField: {
        "required": "Choose at least one.",
        "invalid_choice": "Choose only from the list.",
        "invalid_list": "Choose only from the list.",
    },
    forms.ModelChoiceField: {"required": "Choose one.", "invalid_choice": CHOOSE},
    forms.ModelMultipleChoiceField: {
        "required": "Choose at least one.",
        "invalid_choice": "Choose only from the list.",
        "invalid_list": "Choose only from the list.",
        "invalid_pk_value": "Choose only from the list.",
    },
    forms.UUIDField: {"invalid": "This can't be read. Reload the page, then try again."},
    forms.FileField: {"required": "Choose a file.", "missing": "Choose a file.", "empty": "This file is empty."},
}
VALIDATORS: Mapping[type, str] = {
    validators.MaxLengthValidator: "Use at most %(limit_value)d letters and signs; these are %(show_value)d.",
    validators.MinLengthValidator: "Use at least %(limit_value)d letters and signs.",
    validators.MinValueValidator: "Enter %(limit_value)s or more.",
    validators.MaxValueValidator: "Enter %(limit_value)s or less.",
    validators.EmailValidator: "Enter an e-mail address, such as name@example.org.",
    validators.ProhibitNullCharactersValidator: "Remove the characters that cannot be shown.",
}
DECIMALS = {
    "invalid": "Enter a number, such as 72.5.",
    "max_digits": "Use at most %(max)s digits in all.",
    "max_decimal_places": "Use at most %(max)s digits after the point.",
    "max_whole_digits": "Use at most %(max)s digits before the point.",
}


def speak_plainly() -> None:
    """Give every form field and validator these words. Doing it twice is once."""
    for field, words in FIELDS.items():
        field.default_error_messages = {**vars(field).get("default_error_messages", {}), **words}
    for validator, sentence in VALIDATORS.items():
        setattr(validator, "message", sentence)  # noqa: B010 (each class declares it with a type of its own)
    validators.DecimalValidator.messages = {**validators.DecimalValidator.messages, **DECIMALS}
