"""The diary in the words of a patient, and how bad things were as bars drawn by the server."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from patients.domain.diary import GOOD, Lasted, Onset, symptom_label
from patients.domain.red_flags import red_flags
from patients.models import DiaryEntry

WIDTH, HEIGHT, LEFT, BOTTOM = 320, 96, 24, 20
MOST_BARS, WIDEST_BAR = 14, 28


@dataclass(frozen=True, kw_only=True)
class EntryLine:
    """One entry. `details` are lines of the form label and value."""

    entry: DiaryEntry
    symptoms: tuple[str, ...]
    signs: tuple[str, ...]
    is_good: bool
    details: tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True)
class Bar:
    x: float
    y: float
    width: float
    height: float
    is_red: bool
    says: str


@dataclass(frozen=True, kw_only=True)
class SeverityBars:
    """The latest entries that have a number, the oldest first. `title` says what they show."""

    title: str
    bars: tuple[Bar, ...]
    first_at: datetime
    last_at: datetime


def line(entry: DiaryEntry) -> EntryLine:
    """An entry as it is shown to the patient and to the clinic."""
    return EntryLine(
        entry=entry,
        symptoms=tuple(symptom_label(code) for code in entry.symptoms),
        signs=tuple(flag.label for flag in red_flags(entry.symptoms, temperature_c=entry.temperature_c)),
        is_good=set(entry.symptoms) <= GOOD,
        details=_details(entry),
    )


def severity_bars(entries: Sequence[DiaryEntry]) -> SeverityBars | None:
    """The bars of at least two entries with a number, newest first in `entries`; None for fewer."""
    found = [entry for entry in entries if entry.severity is not None][:MOST_BARS][::-1]
    if len(found) < 2:
        return None
    step = (WIDTH - LEFT - 8) / len(found)
    width = min(step - 4, WIDEST_BAR)
    bars = tuple(_bar(entry, LEFT + 4 + place * step + (step - width) / 2, width) for place, entry in enumerate(found))
    worst = max(entry.severity or 0 for entry in found)
    title = f"How bad it was, the last {len(found)} times: at most {worst} of 10"
    return SeverityBars(title=title, bars=bars, first_at=found[0].happened_at, last_at=found[-1].happened_at)


def _bar(entry: DiaryEntry, x: float, width: float) -> Bar:
    most = HEIGHT - BOTTOM - 10
    severity = entry.severity or 0
    height = max(2.0, most * severity / 10)
    says = f"{entry.happened_at:%-d %b}: {severity} of 10"
    return Bar(
        x=round(x, 1),
        y=round(HEIGHT - BOTTOM - height, 1),
        width=round(width, 1),
        height=round(height, 1),
        is_red=entry.is_red_flag,
        says=says,
    )


def _details(entry: DiaryEntry) -> tuple[tuple[str, str], ...]:
    lasted = next((each.label for each in Lasted if each.hours == entry.duration_hours), "")
    found = [
        ("Began", Onset(entry.onset).label if entry.onset in set(Onset) else entry.onset),
        ("Lasted", lasted or _hours(entry.duration_hours)),
        ("Temperature", _temperature(entry.temperature_c)),
        ("Helped", entry.treatment),
        ("Everyday things", "" if entry.function_score is None else f"{entry.function_score} of 10"),
        ("Wore off", "" if entry.wear_off_days is None else f"{entry.wear_off_days} days before the next one"),
    ]
    return tuple((label, value) for label, value in found if value)


def _hours(hours: Decimal | None) -> str:
    return "" if hours is None else f"{hours.normalize():f} hours"


def _temperature(celsius: Decimal | None) -> str:
    return "" if celsius is None else f"{celsius:f} °C, {(celsius * 9 / 5 + 32).quantize(Decimal('0.1')):f} °F"
