"""The filters of the outbox: shapes only."""

from django import forms

from messaging.domain.states import MessageState


class OutboxFilterForm(forms.Form):
    """Which messages to show."""

    state = forms.ChoiceField(required=False, choices=[("", "All"), *((s.value, s.value) for s in MessageState)])
    kind = forms.CharField(required=False, max_length=40)
