"""Reading the page of a series: what is wished for all, and what was decided row by row. Services decide."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from typing import Any
from uuid import UUID

from django import forms

from core.errors import BadInput
from scheduling.domain.series import Liking, Place
from scheduling.queries.series import Range

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
ANY_DAY = "any"
MOST_ROWS = 260
"""More days than any order lays out in a year."""


class SeriesForm(forms.Form):
    """What is wished for the whole series. Empty fields mean: as the patient prefers, and all courses."""

    weekday = forms.ChoiceField(
        required=False,
        label="Weekday",
        choices=[("", "As usual"), (ANY_DAY, "Any day"), *((str(n), name) for n, name in enumerate(WEEKDAYS))],
    )
    at = forms.TimeField(
        required=False,
        label="Time",
        widget=forms.TimeInput(attrs={"type": "time", "step": 900}, format="%H:%M"),
    )
    from_course = forms.IntegerField(required=False, min_value=1, max_value=999, widget=forms.HiddenInput)
    courses = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=60,
        label="How many courses",
        error_messages=dict.fromkeys(
            ("invalid", "min_value", "max_value"), "Write a number from 1 to 60, or leave it empty for all courses."
        ),
    )
    until = forms.DateField(required=False, label="Due until", widget=forms.DateInput(attrs={"type": "date"}))
    reason = forms.CharField(required=False, max_length=200)

    @property
    def within(self) -> Range:
        """How much of the order is booked."""
        return Range(courses=self.cleaned_data.get("courses"), until=self.cleaned_data.get("until"))

    def liking(self, usual: Liking) -> Liking:
        """What was asked for, over what is `usual`."""
        weekday, at = self.cleaned_data.get("weekday"), self.cleaned_data.get("at")
        if not weekday and at is None:
            return usual
        return Liking(
            weekday=usual.weekday if not weekday else None if weekday == ANY_DAY else int(weekday),
            at=usual.at if at is None else _on_grid(at),
            chair_id=usual.chair_id,
            said="as asked for",
        )


@dataclass(frozen=True, kw_only=True)
class RowsRead:
    """What a person decided: the place of each course day, which stay for good, which are left out and why."""

    chosen: Mapping[UUID, Place] = field(default_factory=dict)
    locked: frozenset[UUID] = frozenset()
    skipped: Mapping[UUID, str] = field(default_factory=dict)
    versions: Mapping[UUID, int] = field(default_factory=dict)

    @property
    def kept(self) -> dict[UUID, Place]:
        """The places that finding again must not touch."""
        return {key: place for key, place in self.chosen.items() if key in self.locked}


def read_rows(data: Mapping[str, Any]) -> RowsRead:
    """The rows of the form; a place that was changed by hand counts as locked. Raises `BadInput` for nonsense."""
    if len(data) > 6 * MOST_ROWS:
        raise BadInput("too_many", "That is more than one order can have. Choose fewer courses.")
    chosen: dict[UUID, Place] = {}
    locked: set[UUID] = set()
    skipped: dict[UUID, str] = {}
    versions: dict[UUID, int] = {}
    for name, value in data.items():
        kind, dash, rest = name.partition("-")
        if not dash or kind not in {"place", "lock", "why", "version"}:
            continue
        key, text = _uuid(rest), str(value).strip()
        if kind == "place" and text:
            chosen[key] = read_place(text)
            if text != str(data.get(f"was-{rest}", text)):
                locked.add(key)
        elif kind == "lock":
            locked.add(key)
        elif kind == "why" and text:
            skipped[key] = text[:200]
        elif kind == "version" and text.isascii() and text.isdigit() and len(text) < 9:
            versions[key] = int(text)
    return RowsRead(chosen=chosen, locked=frozenset(locked), skipped=skipped, versions=versions)


def read_place(text: str) -> Place:
    """A chair and a start as a button or an option gives them back. Raises `BadInput`."""
    chair_id, _, start = text.partition("@")
    try:
        moment = datetime.fromisoformat(start.replace(" ", "+"))
        if moment.tzinfo is None or not 2000 <= moment.year <= 2100:
            raise ValueError
        return Place(chair_id=UUID(chair_id), start=moment.astimezone(UTC))
    except (ValueError, OverflowError):
        raise BadInput("unknown_place", "A place can't be read. Choose one from the list.", field="place") from None


def _on_grid(at: time) -> time:
    return at.replace(minute=at.minute // 15 * 15, second=0, microsecond=0)


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise BadInput("unknown_course_day", "A row can't be read. Reload the page.") from None
