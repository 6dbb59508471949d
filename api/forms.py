"""The shape of what a manager sends to make a key. The service decides."""

from typing import Any

from django import forms

from accounts.domain.policy import Permission
from accounts.services.api_keys import LONGEST_DAYS, NOT_FOR_KEYS
from core.actor import Actor


class KeyForm(forms.Form):
    """A name, what the key may do, and for how long; only permissions that its maker has are offered."""

    name = forms.CharField(max_length=80, label="Name", help_text="What uses it, such as “Hospital records”.")
    permissions = forms.MultipleChoiceField(
        label="What it may do",
        widget=forms.CheckboxSelectMultiple,
        help_text="As little as it needs. It can never do more than you.",
    )
    days_valid = forms.IntegerField(
        min_value=1, max_value=LONGEST_DAYS, initial=90, label="Days until it ends", help_text=f"1 to {LONGEST_DAYS}."
    )

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = [permission for permission in Permission if actor.can(permission) and permission not in NOT_FOR_KEYS]
        field = self.fields["permissions"]
        assert isinstance(field, forms.MultipleChoiceField)  # noqa: S101 (tells the type checker what is written above)
        field.choices = [(each.value, each.value) for each in offered]

    @property
    def chosen(self) -> list[Permission]:
        """The permissions that were ticked."""
        return [Permission(value) for value in self.cleaned_data["permissions"]]
