"""The shape of what people send. Services decide; forms only read."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from django import forms

from accounts.models import Clinic
from core import clock
from core.errors import Refusal
from scheduling.models import Chair
from scheduling.services.booking import Override

PARTS = [("", "Any time"), ("morning", "Morning"), ("afternoon", "Afternoon")]
EARLIEST, LATEST = date(2000, 1, 1), date(2100, 1, 1)


class PlaceForm(forms.Form):
    """A chair and a start: either one value ``place`` from a button, or chair, date and time chosen by hand."""

    place = forms.CharField(required=False, widget=forms.HiddenInput)
    chair = forms.ModelChoiceField(
        Chair.objects.none(),
        label="Chair",
        empty_label="Choose a chair",
        error_messages={"required": "Choose a chair."},
    )
    day = forms.DateField(
        label="Day",
        widget=forms.DateInput(attrs={"type": "date"}),
        error_messages={"required": "Choose a day."},
    )
    at = forms.TimeField(
        label="Time",
        widget=forms.TimeInput(attrs={"type": "time", "step": 900}, format="%H:%M"),
        error_messages={"required": "Choose a time."},
    )
    reason = forms.CharField(
        required=False, max_length=200, label="Reason to go ahead", help_text="Kept on the visit and shown everywhere."
    )

    def __init__(self, *args: Any, clinic: Clinic, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.clinic = clinic
        chairs = self.fields["chair"]
        assert isinstance(chairs, forms.ModelChoiceField)  # noqa: S101 (tells the type checker what line 24 says)
        chairs.queryset = Chair.objects.filter(clinic=clinic, is_active=True).select_related("clinic")

    def clean(self) -> dict[str, Any]:
        """Find `chair` and `start` (an instant) in whichever way they were given."""
        data = super().clean() or {}
        if str(self.data.get("place") or "").strip():
            for name in ("chair", "day", "at"):  # not asked for, and yet not "(optional)" when shown again
                self.errors.pop(name, None)
        if data.get("place"):
            self._read_place(data)
            return data
        if data.get("day") and data.get("at"):
            self._read_wall_clock(data)
        return data

    def _read_place(self, data: dict[str, Any]) -> None:
        chair_id, _, start = data["place"].partition("@")
        try:
            moment = datetime.fromisoformat(start.replace(" ", "+"))
            data["chair"] = self.fields["chair"].queryset.get(pk=UUID(chair_id))  # type: ignore[attr-defined]
            data["start"] = moment.astimezone(UTC)
        except (ValueError, OverflowError, Chair.DoesNotExist):
            self.add_error(None, "That place can't be read. Choose one from the list.")
            return
        if moment.tzinfo is None or not EARLIEST <= moment.date() <= LATEST:
            self.add_error(None, "That time can't be read. Choose one from the list.")

    def _read_wall_clock(self, data: dict[str, Any]) -> None:
        if not EARLIEST <= data["day"] <= LATEST:
            self.add_error("day", "Choose a day in this century.")
            return
        try:
            data["start"] = clock.instant(data["day"], data["at"], self.clinic.zone, field="at")
        except Refusal as refusal:
            self.add_error("at", refusal.sentence)

    @property
    def override(self) -> Override | None:
        """The reason to go ahead against soft rules, if one was given."""
        reason = (self.cleaned_data.get("reason") or "").strip()
        return Override(reason) if reason else None


class CancelForm(forms.Form):
    """Why a visit is cancelled, and whether others of its series with it."""

    scope = forms.ChoiceField(required=False, choices=[(one, one) for one in ("", "this", "following", "all")])

    reason = forms.CharField(
        max_length=120, label="Reason", help_text="For instance: patient is ill; drug did not arrive; moved away."
    )


class FindForm(forms.Form):
    """What to look for: whom, and when."""

    q = forms.CharField(required=False, max_length=80, label="Patient")
    course_day = forms.UUIDField(required=False, widget=forms.HiddenInput)
    first = forms.DateField(required=False, label="From", widget=forms.DateInput(attrs={"type": "date"}))
    last = forms.DateField(required=False, label="To", widget=forms.DateInput(attrs={"type": "date"}))
    part = forms.ChoiceField(required=False, choices=PARTS, label="Part of day")
    place = forms.CharField(required=False, widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        """Refuse a range that runs backwards or is longer than openings are searched (26 weeks)."""
        data = super().clean() or {}
        first, last = data.get("first"), data.get("last")
        for name, day in (("first", first), ("last", last)):
            if day is not None and not EARLIEST <= day <= LATEST:
                self.add_error(name, "Choose a day in this century.")
        if first and last and not self.errors:
            if last < first:
                self.add_error("last", "The last day is before the first.")
            elif (last - first).days > 182:
                self.add_error("last", "Choose at most 26 weeks.")
        return data
