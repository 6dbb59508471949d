"""Therapies given somewhere else: on which days they fall, and why one makes no sense."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from core.errors import Reason

KINDS = frozenset({"scig", "plasma_exchange", "injection", "other"})
MOST_DAYS_APART = 366
FARTHEST_YEARS = 5


@dataclass(frozen=True, kw_only=True)
class Elsewhere:
    """A therapy that the clinic knows of but gives no chair to. `every_days` None: once, on `starts_on`."""

    kind: str
    name: str
    starts_on: date
    place: str = ""
    every_days: int | None = None
    ends_on: date | None = None
    note: str = ""


def check_elsewhere(therapy: Elsewhere, *, today: date) -> tuple[Reason, ...]:
    """Every reason against it, each naming its field."""
    return tuple(_reasons(therapy, today))


def _reasons(therapy: Elsewhere, today: date) -> Iterator[Reason]:
    if therapy.kind not in KINDS:
        yield Reason("kind_unknown", "Choose what kind of therapy it is.", field="kind")
    if not therapy.name.strip() or "\x00" in therapy.name:
        yield Reason("missing", "Enter what it is called.", field="name")
    for field, text, most in (("name", therapy.name, 80), ("place", therapy.place, 80), ("note", therapy.note, 200)):
        if len(text) > most:
            yield Reason("too_long", f"Shorten this to {most} letters.", field=field)
    if therapy.every_days is not None and not 1 <= therapy.every_days <= MOST_DAYS_APART:
        yield Reason("bad_interval", f"Enter 1 to {MOST_DAYS_APART} days, or nothing for once.", field="every_days")
    if abs(therapy.starts_on.year - today.year) > 50:
        yield Reason("bad_start", "Check the year in which it begins.", field="starts_on")
    if therapy.ends_on is not None and therapy.ends_on < therapy.starts_on:
        yield Reason("ends_before_start", "The end date is before the start.", field="ends_on")


def days_between(
    *, starts_on: date, every_days: int | None, ends_on: date | None, first_on: date, last_on: date
) -> tuple[date, ...]:
    """The days on which it falls from `first_on` to `last_on`, both included."""
    if every_days is None:
        return (starts_on,) if first_on <= starts_on <= last_on else ()
    until = last_on if ends_on is None else min(last_on, ends_on)
    skipped = max(0, -(-(first_on - starts_on).days // every_days))
    day, found = starts_on + timedelta(days=skipped * every_days), []
    while day <= until:
        found.append(day)
        day += timedelta(days=every_days)
    return tuple(found)
