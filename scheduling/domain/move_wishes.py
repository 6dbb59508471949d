"""What a patient may ask for about a visit: earlier, later, other days, or not at all; and when we answer. Pure."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from core.errors import Reason

MOST_HALF_DAYS = 3
LONGEST_NOTE = 300
ANSWER_WITHIN_BUSINESS_DAYS = 2


class MoveWish(StrEnum):
    """What the patient would like."""

    EARLIER = "earlier"
    LATER = "later"
    OTHER_DAYS = "other_days"
    CANCEL = "cancel"

    @property
    def words(self) -> str:
        """How the patient reads it."""
        return _WORDS[self]

    @property
    def label(self) -> str:
        """How a scheduler reads it, after the patient's name."""
        return _LABELS[self]


_WORDS = {
    MoveWish.EARLIER: "An earlier time",
    MoveWish.LATER: "A later time",
    MoveWish.OTHER_DAYS: "Other days",
    MoveWish.CANCEL: "I can’t come at all",
}
_LABELS = {
    MoveWish.EARLIER: "wants an earlier time",
    MoveWish.LATER: "wants a later time",
    MoveWish.OTHER_DAYS: "wants another day",
    MoveWish.CANCEL: "can’t come",
}


class Part(StrEnum):
    """Half of a day: before or after noon on the clinic's wall clock."""

    MORNING = "morning"
    AFTERNOON = "afternoon"


@dataclass(frozen=True)
class HalfDay:
    """A morning or an afternoon that would suit."""

    on: date
    part: Part

    @property
    def key(self) -> str:
        """As stored and as sent by the form: ``2026-11-26 morning``."""
        return f"{self.on.isoformat()} {self.part.value}"

    @property
    def words(self) -> str:
        return f"{self.on:%a} {self.on.day} {self.on:%b}, {self.part.value}"

    @property
    def order(self) -> tuple[date, bool]:
        """Its place among others: by day, the morning first."""
        return self.on, self.part is Part.AFTERNOON


def parse_half_day(key: str) -> HalfDay | None:
    """The half-day that `key` stands for; None when it is none."""
    on, _, part = key.partition(" ")
    try:
        return HalfDay(date.fromisoformat(on), Part(part))
    except ValueError:
        return None


def check_wish(
    wish: str, half_days: Sequence[HalfDay | None], *, note: str, offered: Collection[HalfDay]
) -> list[Reason]:
    """Every reason why this can't be asked."""
    reasons = []
    if wish not in set(MoveWish):
        reasons.append(Reason("wish_unknown", "Choose what you would like.", "wish"))
    if any(half_day is None or half_day not in offered for half_day in half_days):
        reasons.append(Reason("half_day_unknown", "Choose from the days on the list.", "half_days"))
    if len(set(half_days)) > MOST_HALF_DAYS:
        reasons.append(Reason("half_days_too_many", f"Choose up to {MOST_HALF_DAYS} times.", "half_days"))
    if wish == MoveWish.OTHER_DAYS and not half_days:
        reasons.append(Reason("half_days_missing", "Tick at least one time that suits you.", "half_days"))
    if len(note) > LONGEST_NOTE:
        sentence = f"Your note has {len(note)} letters. Use up to {LONGEST_NOTE}."
        reasons.append(Reason("note_too_long", sentence, "note"))
    return reasons


def answer_by(today: date, *, closed: Collection[date], visit_on: date) -> date:
    """The day by which the clinic answers: its second business day from `today`, but never after the visit."""
    day, left = today, ANSWER_WITHIN_BUSINESS_DAYS
    while left:
        day += timedelta(days=1)
        if day.weekday() < 5 and day not in closed:
            left -= 1
    return max(today, min(day, visit_on))


def half_days_of(keys: Iterable[str]) -> list[HalfDay]:
    """Stored half-days, in order; what cannot be read is left out."""
    found = [half_day for key in keys if (half_day := parse_half_day(key)) is not None]
    return sorted(found, key=lambda half_day: half_day.order)
