"""The shape of what nurses enter on the floor. Which numbers can be right, the rules decide; the forms only read."""

from datetime import datetime, time
from typing import Any

from django import forms

from core import clock
from core.errors import BadInput
from scheduling.domain.vitals import BOUNDS, Measured
from scheduling.models import Visit
from scheduling.services.records import local_day

NUMBERS = {"inputmode": "numeric", "autocomplete": "off"}
DECIMALS = {"inputmode": "decimal", "autocomplete": "off"}


def _whole(label: str) -> forms.IntegerField:
    return forms.IntegerField(required=False, label=label, widget=forms.TextInput(attrs=NUMBERS))


def _decimal(label: str, digits: int) -> forms.DecimalField:
    widget = forms.TextInput(attrs=DECIMALS)
    return forms.DecimalField(required=False, label=label, max_digits=digits, decimal_places=1, widget=widget)


class VitalsForm(forms.Form):
    """One set of vital signs. An empty time means now."""

    temperature_c = _decimal("Temperature, °C", 4)
    heart_rate = _whole("Heart rate")
    systolic = _whole("Blood pressure, upper")
    diastolic = _whole("Blood pressure, lower")
    respiratory_rate = _whole("Breaths a minute")
    spo2 = _whole("SpO₂, %")
    ml_per_hour = _decimal("Pump rate, mL/h", 6)
    at = forms.TimeField(
        required=False,
        label="Taken at (empty: now)",
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )
    symptoms = forms.CharField(
        required=False, max_length=200, label="Symptoms", widget=forms.TextInput(attrs={"autocomplete": "off"})
    )

    def __init__(self, *args: Any, visit: Visit, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.visit = visit

    @property
    def measured(self) -> Measured:
        return Measured(**{name: self.cleaned_data[name] for name in BOUNDS})

    @property
    def taken_at(self) -> datetime | None:
        """The instant at which the set was taken; None for now."""
        wall: time | None = self.cleaned_data["at"]
        if wall is None:
            return None
        return clock.instant(local_day(self.visit), wall, self.visit.clinic.zone, field="at")


def moment_typed(visit: Visit, text: str) -> datetime | None:
    """The instant of a time such as "09:40" on the day of `visit`; None for no time. Raises `BadInput` for nonsense."""
    if not text.strip():
        return None
    try:
        wall = time.fromisoformat(text.strip())
    except ValueError:
        raise BadInput("no_time", "Enter the time as 09:40, or leave it empty for now.", field="at") from None
    return clock.instant(local_day(visit), wall.replace(tzinfo=None), visit.clinic.zone, field="at")
