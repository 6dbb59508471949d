"""What a person enters about an upset day, and what they decide about each visit. Services decide; here is reading."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from django import forms

from accounts.models import Clinic, User
from core import clock
from core.errors import BadInput
from core.intervals import Interval
from scheduling.models import Chair, DisruptionKind
from scheduling.services.decisions import Decision, Do
from scheduling.services.disruption_facts import Happening
from scheduling.setup_forms import DATE, NO_DATE, WallTime

NOT_READ = "One of the choices can't be read. Look at the proposal again."


class HappeningForm(forms.Form):
    """What happens, from when to when on the clinic's clock. Only the thing of its kind is asked for."""

    chair = forms.ChoiceField(label="Chair", error_messages={"required": "Choose the chair."})
    nurse = forms.ChoiceField(label="Nurse", error_messages={"required": "Choose the nurse."})
    on = forms.DateField(label="Day", widget=DATE, error_messages={"required": NO_DATE})
    starts = WallTime(label="From")
    ends = WallTime(label="Until")
    until_on = forms.DateField(
        label="Last day", widget=DATE, required=False, help_text="Only if it lasts longer than one day."
    )
    reason = forms.CharField(
        max_length=80,
        label="What happened",
        help_text="Shown to colleagues, such as “Pump broken” or “Snow”. No patient’s name.",
        error_messages={"required": "Say what happened: it is shown to everybody."},
    )

    def __init__(
        self,
        *args: Any,
        clinic: Clinic,
        kind: DisruptionKind,
        chairs: Iterable[Chair],
        nurses: Iterable[User],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.clinic, self.kind = clinic, kind
        self.things: dict[str, Chair | User] = {}
        found: Mapping[str, Iterable[Chair | User]] = {"chair": chairs, "nurse": nurses}
        for name, things in found.items():
            if name != kind:
                del self.fields[name]
                continue
            self.things = {str(thing.pk): thing for thing in things}
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)  # noqa: S101 (declared above)
            field.choices = [("", "Choose"), *((key, str(thing.name)) for key, thing in self.things.items())]

    @property
    def rows(self) -> list[list[forms.BoundField]]:
        thing = [[self[self.kind]]] if self.kind in self.fields else []
        return [*thing, [self["on"], self["starts"], self["ends"]], [self["until_on"]], [self["reason"]]]

    def happening(self) -> Happening:
        """What was entered. Raises `BadInput` at the field for times that are no time."""
        entered, zone = self.cleaned_data, self.clinic.zone
        starts_at = clock.instant(entered["on"], entered["starts"], zone, field="starts")
        ends_at = clock.instant(entered["until_on"] or entered["on"], entered["ends"], zone, field="ends")
        if ends_at <= starts_at:
            raise BadInput("reversed", "The end must come after the start.", field="ends")
        chair, nurse = (self.things.get(entered.get(name, "")) for name in ("chair", "nurse"))
        return Happening(
            clinic=self.clinic,
            kind=self.kind,
            away=Interval(starts_at, ends_at),
            reason=entered["reason"],
            chair=chair if isinstance(chair, Chair) else None,
            nurse=nurse if isinstance(nurse, User) else None,
        )


class ChoicesForm(forms.Form):
    """What was decided about the visits of a proposal, and why it goes ahead where a rule asks."""

    override = forms.CharField(max_length=200, required=False, label="Why it goes ahead all the same")
    seen_over = forms.CharField(required=False, widget=forms.HiddenInput)

    def seen(self) -> list[datetime]:
        """The quarter hours that were shown as too full."""
        try:
            return [datetime.fromisoformat(part) for part in self.cleaned_data["seen_over"].split(",") if part]
        except ValueError:
            raise BadInput("unreadable", NOT_READ) from None


def read_decisions(data: Mapping[str, Any]) -> list[Decision]:
    """Each ``do-<visit>`` with its ``version-<visit>``. Raises `BadInput` for what can't be read."""
    try:
        return [_decision(name.removeprefix("do-"), data) for name in data if name.startswith("do-")]
    except (ValueError, KeyError, OverflowError):
        raise BadInput("unreadable", NOT_READ) from None


def _decision(visit_id: str, data: Mapping[str, Any]) -> Decision:
    what, _, codes = str(data[f"do-{visit_id}"]).partition("!")
    do, _, place = what.partition(":")
    chair, _, start = place.partition("@")
    is_move = do == Do.MOVE
    return Decision(
        visit_id=UUID(visit_id),
        version=int(data[f"version-{visit_id}"]),
        do=Do(do),
        chair_id=UUID(chair) if is_move else None,
        start=datetime.fromisoformat(start) if is_move else None,
        accepts=frozenset(code for code in codes.split(",") if code),
    )


def starting_with(clinic: Clinic, today: date, now: datetime, opens: time, closes: time) -> dict[str, Any]:
    """A day as it mostly begins: today, from now or from opening on, until the clinic closes."""
    local = now.astimezone(clinic.zone)
    this_quarter = local.replace(minute=local.minute // 15 * 15, second=0, microsecond=0).time()
    return {"on": today, "starts": max(opens, min(this_quarter, closes)), "ends": closes}
