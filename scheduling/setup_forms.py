"""The shape of what a manager enters about the clinic. Services decide; forms only read."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import date, time
from typing import Any, Self, cast
from uuid import UUID

from django import forms

from accounts.domain.places_of_service import PLACES
from accounts.models import User
from core.sourced import Confidence
from scheduling.catalogue_forms import CONFIDENCES, NO_SOURCE, NOT_SURE
from scheduling.domain.skills import Skill
from scheduling.domain.vitals import CADENCE, VitalsCadence
from scheduling.models import Assignment, ChairKind
from scheduling.queries import public_holidays
from scheduling.services.setup_calendar import WORDS, Hours
from scheduling.services.setup_chairs import ChairFacts
from scheduling.services.setup_holidays import Calendar
from scheduling.services.setup_rules import RuleFacts
from scheduling.services.setup_shifts import ShiftFacts

DATE = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
TIME_ATTRS = {"type": "time", "step": "900"}
NO_DATE = "Enter a date."
NO_TIME = "Enter a time, such as 07:30."


def whole(label: str, help_text: str = "") -> forms.IntegerField:
    """A whole number; the service knows its limits."""
    errors = {"required": "Enter a whole number.", "invalid": "Enter a whole number."}
    return forms.IntegerField(label=label, help_text=help_text, error_messages=errors)


class WallTime(forms.TimeField):
    """A time on the clinic's clock."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.TimeInput(attrs=dict(TIME_ATTRS), format="%H:%M"))
        kwargs.setdefault("error_messages", {"required": NO_TIME, "invalid": NO_TIME})
        super().__init__(**kwargs)


class SetupForm(forms.Form):
    """A form whose change is previewed before it is saved. `rows` are fields that stand side by side."""

    @property
    def rows(self) -> list[list[forms.BoundField]]:
        return [[field] for field in self.visible_fields()]

    def digest(self) -> str:
        """What is entered now, as text."""
        return "\n".join(f"{name}={self.cleaned_data.get(name)}" for name in self.fields)


class SureForm(SetupForm):
    """Nothing to enter: a change that only wants to be looked at and confirmed."""


class ChairForm(SetupForm):
    """A chair."""

    name = forms.CharField(
        max_length=12,
        label="Name",
        help_text="Short, as it stands on the board: A1, Bed 2.",
        error_messages={"required": "Give the chair a short name, such as A1."},
    )
    kind = forms.ChoiceField(choices=ChairKind.choices, label="Kind")
    position = forms.IntegerField(
        min_value=1,
        label="Place on the board",
        help_text="1 is on top.",
        error_messages={"required": "Enter a number."},
    )
    is_isolation = forms.BooleanField(
        required=False, label="Isolation chair", help_text="Named where a time in it is suggested."
    )

    @property
    def rows(self) -> list[list[forms.BoundField]]:
        return [[self["name"], self["kind"], self["position"]], [self["is_isolation"]]]

    def facts(self) -> ChairFacts:
        entered = self.cleaned_data
        return ChairFacts(
            name=entered["name"],
            kind=ChairKind(entered["kind"]),
            is_isolation=entered["is_isolation"],
            position=entered["position"],
        )


class OutageForm(SetupForm):
    """When a chair is out of use, on the clinic's clock."""

    starts_on = forms.DateField(label="From", widget=DATE, error_messages={"required": NO_DATE})
    starts = WallTime(label="At")
    ends_on = forms.DateField(label="Until", widget=DATE, error_messages={"required": NO_DATE})
    ends = WallTime(label="At")
    reason = forms.CharField(
        max_length=120,
        label="Why",
        help_text="Shown on the board, such as “pump broken”.",
        error_messages={"required": "Say why the chair is out of use: it is shown on the board."},
    )

    @property
    def rows(self) -> list[list[forms.BoundField]]:
        return [[self["starts_on"], self["starts"]], [self["ends_on"], self["ends"]], [self["reason"]]]


class HoursForm(SetupForm):
    """The week: each weekday open from and until; both empty means closed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for weekday, word in enumerate(WORDS):
            self.fields[f"opens_{weekday}"] = WallTime(required=False, label=f"{word} opens")
            self.fields[f"closes_{weekday}"] = WallTime(required=False, label=f"{word} closes")

    @property
    def days(self) -> list[tuple[str, list[forms.BoundField]]]:
        """Each weekday with the fields for its two times."""
        return [
            (word, [self[f"{edge}_{weekday}"] for edge in ("opens", "closes")]) for weekday, word in enumerate(WORDS)
        ]

    def clean(self) -> None:
        """A day with only one of its times says so at the other."""
        for weekday in range(7):
            opens, closes = self._times(weekday)
            bad = f"opens_{weekday}" in self.errors or f"closes_{weekday}" in self.errors
            if not bad and (opens is None) != (closes is None):
                name = "opens" if opens is None else "closes"
                self.add_error(f"{name}_{weekday}", "Enter both times, or none for a closed day.")

    def week(self) -> dict[int, Hours]:
        """The hours that were entered."""
        week: dict[int, Hours] = {}
        for weekday in range(7):
            opens, closes = self._times(weekday)
            week[weekday] = None if opens is None or closes is None else (opens, closes)
        return week

    def _times(self, weekday: int) -> tuple[time | None, time | None]:
        return self.cleaned_data.get(f"opens_{weekday}"), self.cleaned_data.get(f"closes_{weekday}")


class ClosureForm(SetupForm):
    """A day on which the clinic is closed."""

    on = forms.DateField(label="Closed on", widget=DATE, error_messages={"required": NO_DATE})
    reason = forms.CharField(
        max_length=80, label="Why", error_messages={"required": "Say why, such as Staff training."}
    )

    @property
    def rows(self) -> list[list[forms.BoundField]]:
        return [[self["on"], self["reason"]]]


class CalendarForm(SetupForm):
    """Whose public holidays, and of which year. Asking changes nothing, so it is sent in the address."""

    country = forms.ChoiceField(label="Country")
    part = forms.ChoiceField(label="State or part", required=False)
    year = forms.TypedChoiceField(coerce=int, label="Year")

    @classmethod
    def of(cls, sent: Mapping[str, Any], *, start: Calendar, this_year: int) -> Self:
        """What was sent, as far as it makes sense; `start` for the rest."""
        known, years = public_holidays.countries(), range(this_year, this_year + 3)
        country = sent.get("country", start.country)
        country = country if country in known else start.country
        parts = public_holidays.parts(country)
        part = sent.get("part", start.part)
        year = sent.get("year", "")
        form = cls(
            initial={
                "country": country,
                "part": part if part in parts else "",
                "year": int(year) if year in map(str, years) else start.year,
            }
        )
        choices: dict[str, Iterable[tuple[Any, str]]] = {
            "country": known.items(),
            "part": [("", "The whole country’s only" if parts else "None to choose from"), *parts.items()],
            "year": [(one, str(one)) for one in years],
        }
        for name, found in choices.items():
            cast(forms.ChoiceField, form.fields[name]).choices = list(found)
        return form

    @property
    def rows(self) -> list[list[forms.BoundField]]:
        return [[self["country"], self["part"], self["year"]]]

    def calendar(self) -> Calendar:
        return Calendar(**self.initial)


class HolidaysForm(SetupForm):
    """The holidays on which the clinic closes: none but those that are ticked."""

    country = forms.CharField(widget=forms.HiddenInput)
    part = forms.CharField(widget=forms.HiddenInput, required=False)
    year = forms.CharField(widget=forms.HiddenInput)
    days = forms.MultipleChoiceField(
        label="Holidays",
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": "Tick at least one day to close on.",
            "invalid_choice": "Choose holidays from the list.",
        },
    )

    def __init__(self, data: Mapping[str, Any] | None = None, *, days: Iterable[date], calendar: Calendar) -> None:
        super().__init__(data, initial=asdict(calendar))
        cast(forms.ChoiceField, self.fields["days"]).choices = [(day.isoformat(), f"{day}") for day in days]

    def chosen(self) -> list[date]:
        return [date.fromisoformat(day) for day in self.cleaned_data["days"]]


class ShiftForm(SetupForm):
    """A nurse's shift."""

    nurse = forms.ChoiceField(label="Nurse", error_messages={"required": "Choose a nurse."})
    on = forms.DateField(label="On", widget=DATE, error_messages={"required": NO_DATE})
    starts = WallTime(label="From")
    ends = WallTime(label="Until")
    lunch_starts = WallTime(required=False, label="Lunch from")
    lunch_ends = WallTime(required=False, label="Lunch until")

    def __init__(self, *args: Any, nurses: Iterable[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["nurse"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101
        field.choices = [("", "Choose"), *((str(nurse.id), nurse.name) for nurse in nurses)]

    @property
    def rows(self) -> list[list[forms.BoundField]]:
        return [
            [self["nurse"], self["on"]],
            [self["starts"], self["ends"]],
            [self["lunch_starts"], self["lunch_ends"]],
        ]

    def facts(self) -> ShiftFacts:
        entered = self.cleaned_data
        times = {name: entered[name] for name in ("on", "starts", "ends", "lunch_starts", "lunch_ends")}
        return ShiftFacts(nurse_id=UUID(entered["nurse"]), **times)


class CopyForm(SetupForm):
    """Where a week of shifts is repeated."""

    to_on = forms.DateField(
        label="To the week of", widget=DATE, help_text="Any day of it.", error_messages={"required": NO_DATE}
    )
    weeks = forms.IntegerField(
        label="For how many weeks", initial=1, error_messages={"required": "Enter a number of weeks."}
    )

    @property
    def rows(self) -> list[list[forms.BoundField]]:
        return [[self["to_on"], self["weeks"]]]


class SkillsForm(SetupForm):
    """What a nurse may do."""

    skills = forms.MultipleChoiceField(
        required=False,
        label="May do",
        choices=[(skill.value, skill.label) for skill in Skill],
        widget=forms.CheckboxSelectMultiple,
    )

    def chosen(self) -> list[Skill]:
        return [Skill(code) for code in self.cleaned_data["skills"]]


class WeightForm(SetupForm):
    """The nurse need of one phase."""

    hundredths = forms.IntegerField(
        label="Hundredths of a nurse",
        help_text="75 means that one nurse looks after four patients in three such quarter hours.",
        error_messages={"required": "Enter a whole number, such as 75."},
    )
    source = forms.CharField(
        max_length=200,
        label="Source",
        help_text="Such as “timed here in October 2026”.",
        error_messages={"required": NO_SOURCE},
    )
    confidence = forms.ChoiceField(choices=CONFIDENCES, label="Confidence", error_messages={"required": NOT_SURE})

    @property
    def rows(self) -> list[list[forms.BoundField]]:
        return [[self["hundredths"], self["confidence"]], [self["source"]]]

    def sure(self) -> Confidence:
        return Confidence(self.cleaned_data["confidence"])


class RulesForm(SetupForm):
    """The settings of the day."""

    assignment = forms.ChoiceField(choices=Assignment.choices, label="How a visit comes to its nurse")
    turnover_minutes = whole("Minutes to make a chair ready", "Less between two visits asks a reason. 0 asks none.")
    hold_minutes = whole("Minutes a place is held", "While somebody decides.")
    offer_minutes = whole("Minutes an offer stands", "Then the next patient is asked.")
    notice_hours = whole("Hours of notice", "An offered time is at least so far ahead.")
    passes_offers_on = forms.BooleanField(
        required=False,
        label="Offer a place that was not taken to the next who waits",
        help_text="By itself. Otherwise a task asks somebody to.",
    )
    tells_patient = forms.BooleanField(required=False, label="Tell patients when their visit is moved")

    def facts(self) -> RuleFacts:
        entered = dict(self.cleaned_data)
        return RuleFacts(assignment=Assignment(entered.pop("assignment")), **entered)

    @property
    def rows(self) -> list[list[forms.BoundField]]:
        return [
            [self["assignment"]],
            [self["turnover_minutes"], self["hold_minutes"]],
            [self["offer_minutes"], self["notice_hours"]],
            [self["passes_offers_on"]],
            [self["tells_patient"]],
        ]


class SiteForm(SetupForm):
    """How payers know the clinic."""

    npi = forms.CharField(
        required=False,
        max_length=10,
        label="Facility NPI",
        help_text="Ten digits. Empty: the facility of an authorization is not compared.",
    )
    place_of_service = forms.ChoiceField(
        required=False,
        choices=[("", "Not compared"), *PLACES],
        label="Place of service",
        help_text="The code that stands on this clinic’s claims.",
    )


class CadenceForm(SetupForm):
    """When vital signs are due."""

    after_start = whole("Minutes after the start of the infusion")
    at_maximum_every = whole("Minutes between sets at the full rate")
    early = whole("Minutes early", "A set taken so shortly before its time counts.")
    late = whole("Minutes late", "Then a set is overdue.")
    source = forms.CharField(
        max_length=200,
        label="Source",
        help_text="Such as “our policy of March 2026”.",
        error_messages={"required": NO_SOURCE},
    )
    confidence = forms.ChoiceField(choices=CONFIDENCES, label="Confidence", error_messages={"required": NOT_SURE})

    @property
    def rows(self) -> list[list[forms.BoundField]]:
        return [
            [self["after_start"], self["at_maximum_every"]],
            [self["early"], self["late"]],
            [self["source"]],
            [self["confidence"]],
        ]

    def cadence(self) -> VitalsCadence:
        return VitalsCadence(**{name: self.cleaned_data[name] for name in vars(CADENCE)})

    def sure(self) -> Confidence:
        return Confidence(self.cleaned_data["confidence"])


def shift_initial(nurse: str, on: date | None) -> dict[str, Any]:
    """What a new shift starts from."""
    return {"nurse": nurse, "on": on, "starts": time(7), "ends": time(15, 30)}
