"""No form says what Django would say: every mistake is named in a plain sentence that says what to do."""

import inspect
from collections.abc import Iterator

import pytest
from django import forms
from django.forms import fields, models

NOT_OURS = ("This field", "valid choice", "Ensure this", "Enter a valid", "is not one of the available")
RARE = {"DurationField", "GenericIPAddressField", "SlugField", "URLField", "RegexField", "ImageField", "JSONField"}
RARE |= {"SplitDateTimeField"}


class Sample(forms.Form):
    name = forms.CharField(max_length=3)
    count = forms.IntegerField(min_value=1, max_value=9)
    weight = forms.DecimalField(max_digits=4, decimal_places=1)
    on = forms.DateField()
    at = forms.TimeField()
    kind = forms.ChoiceField(choices=[("a", "A")])
    kinds = forms.MultipleChoiceField(choices=[("a", "A")])
    email = forms.EmailField()
    agrees = forms.BooleanField()


def said(**sent: object) -> dict[str, str]:
    return {name: " ".join(map(str, errors)) for name, errors in Sample(sent).errors.items()}


def test_what_is_missing_is_asked_for() -> None:
    assert said() == {
        "name": "Fill this in.",
        "count": "Enter a number.",
        "weight": "Enter a number.",
        "on": "Enter a date.",
        "at": "Enter a time.",
        "kind": "Choose one.",
        "kinds": "Choose at least one.",
        "email": "Fill this in.",
        "agrees": "Tick this to go on.",
    }


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("name", "abcd", "Use at most 3 letters and signs; these are 4."),
        ("name", "a\x00", "Remove the characters that cannot be shown."),
        ("count", "x", "Enter a whole number."),
        ("count", "0", "Enter 1 or more."),
        ("count", "10", "Enter 9 or less."),
        ("weight", "heavy", "Enter a number, such as 72.5."),
        ("weight", "1.25", "Use at most 1 digits after the point."),
        ("weight", "12345", "Use at most 4 digits in all."),
        ("weight", "1234", "Use at most 3 digits before the point."),
        ("on", "2026-02-30", "Enter a date that exists, such as 2026-11-23."),
        ("at", "25:00", "Enter a time that exists, such as 14:30."),
        ("kind", "z", "Choose one from the list."),
        ("kinds", ["z"], "Choose only from the list."),
        ("email", "nobody", "Enter an e-mail address, such as name@example.org."),
    ],
)
def test_what_is_wrong_is_named_with_what_to_do(field: str, value: object, sentence: str) -> None:
    assert sentence in said(**{field: value})[field]


def words() -> Iterator[tuple[str, str]]:
    for module in (fields, models):
        for name, found in inspect.getmembers(module, inspect.isclass):
            if issubclass(found, forms.Field) and name not in RARE:
                yield from ((name, str(text)) for text in found.default_error_messages.values())


def test_no_kind_of_field_in_use_keeps_the_frameworks_words() -> None:
    assert [(name, text) for name, text in words() if any(part in text for part in NOT_OURS)] == []
