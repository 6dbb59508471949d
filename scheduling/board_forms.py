"""The shape of what people send from the board about a visit's length and about swaps. Services decide."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django import forms

from core import clock
from core.errors import Refusal
from scheduling.forms import EARLIEST, LATEST
from scheduling.models import Visit
from scheduling.services.booking import Override

VERSION_MISSING = {"required": "The form did not say which version it shows. Reload the page."}


class ReasonForm(forms.Form):
    """A version of a visit, and perhaps a reason to go ahead against soft rules."""

    version = forms.IntegerField(
        widget=forms.HiddenInput, min_value=0, max_value=99_999_999, error_messages=VERSION_MISSING
    )
    reason = forms.CharField(required=False, max_length=200)

    @property
    def override(self) -> Override | None:
        """The reason to go ahead against soft rules, if one was given."""
        reason = (self.cleaned_data.get("reason") or "").strip()
        return Override(reason) if reason else None


class ResizeForm(ReasonForm):
    """When a visit ends: minutes more or less than now, a time on its day, or an instant from the board's script."""

    minutes = forms.IntegerField(required=False, min_value=-600, max_value=600)
    end_at = forms.CharField(required=False, max_length=40)
    at = forms.TimeField(
        required=False,
        label="Ends at",
        widget=forms.TimeInput(attrs={"type": "time", "step": 900}, format="%H:%M"),
    )

    def __init__(self, *args: Any, visit: Visit, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.visit = visit

    def clean(self) -> dict[str, Any]:
        """Find `end` (an instant) in whichever way it was given."""
        data = super().clean() or {}
        ends = self.visit.period.upper
        if data.get("minutes"):
            data["end"] = ends + timedelta(minutes=data["minutes"])
        elif data.get("end_at"):
            self._read_instant(data)
        elif data.get("at"):
            self._read_wall_clock(data)
        elif not self.errors:
            self.add_error("at", "Choose when the visit ends.")
        return data

    def _read_instant(self, data: dict[str, Any]) -> None:
        try:
            moment = datetime.fromisoformat(data["end_at"].replace(" ", "+"))
            data["end"] = moment.astimezone(UTC)
        except (ValueError, OverflowError):
            moment = None
        if moment is None or moment.tzinfo is None or not EARLIEST <= moment.date() <= LATEST:
            self.add_error("at", "That time can't be read. Choose when the visit ends.")

    def _read_wall_clock(self, data: dict[str, Any]) -> None:
        zone = self.visit.clinic.zone
        try:
            data["end"] = clock.instant(self.visit.period.lower.astimezone(zone).date(), data["at"], zone, field="at")
        except Refusal as refusal:
            self.add_error("at", refusal.sentence)


class SwapForm(ReasonForm):
    """With whom a visit swaps chairs, at the versions that were shown."""

    other = forms.UUIDField(error_messages={"required": "Choose two visits to swap.", "invalid": "Unknown visit."})
    other_version = forms.IntegerField(min_value=0, max_value=99_999_999, error_messages=VERSION_MISSING)
