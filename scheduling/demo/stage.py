"""What every part of the demo stands on: one moment, one source of chance, and the rows written so far.

Chance comes only from the seeded generator, and ids from it too, so two plans of the same seed and moment are equal.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import models
from django.db.models import NOT_PROVIDED

from core.clock import instant

Row = TypeVar("Row", bound=models.Model)
Choice = TypeVar("Choice")

ZONE = ZoneInfo("America/Chicago")
WEEKS_BEHIND, WEEKS_AHEAD = 12, 12
ROTA_WEEKS_AHEAD = 56
BATCH = 500
Say = Callable[[str], None]


def silent(_line: str) -> None:
    """Say nothing."""


@dataclass
class Rows:
    """Unsaved rows by model. They are written in the order in which their models were first promised."""

    by_model: dict[type[models.Model], list[Any]] = field(default_factory=dict)

    def promise(self, *kinds: type[models.Model]) -> None:
        """Fix the order of writing: what others point at comes first."""
        for kind in kinds:
            self.by_model.setdefault(kind, [])

    def add(self, row: Row) -> Row:
        """Keep a row for writing, and return it."""
        self.by_model[type(row)].append(row)
        return row

    def of(self, kind: type[Row]) -> list[Row]:
        """The rows of one model so far."""
        return self.by_model[kind]

    def save(self, kinds: Sequence[type[models.Model]], *, say: Say = silent) -> None:
        """Write the rows of `kinds` in bulk."""
        for kind in kinds:
            rows = self.by_model.get(kind, [])
            kind._default_manager.bulk_create(rows, batch_size=BATCH)
            say(f"  {len(rows):6} {kind._meta.verbose_name_plural}")

    def facts(self) -> Iterator[tuple[str, tuple[Any, ...]]]:
        """Every row as plain values, for comparing two plans."""
        for kind, rows in self.by_model.items():
            ours = [column for column in kind._meta.concrete_fields if not column.generated]
            names = [column.attname for column in ours if column.db_default is NOT_PROVIDED]
            for row in rows:
                yield kind.__name__, tuple(str(getattr(row, name)) for name in names)


@dataclass
class Stage:
    """The moment, the chance, and the rows."""

    now: datetime
    seed: int
    zone: ZoneInfo = ZONE
    rows: Rows = field(default_factory=Rows)

    def __post_init__(self) -> None:
        self.rng = Random(self.seed)  # noqa: S311 (invented people, not secrets)
        self._ids = 0
        self._first_millisecond = int(self.now.timestamp() * 1000) - 7_200_000

    @property
    def today(self) -> date:
        return self.now.astimezone(self.zone).date()

    @property
    def first_on(self) -> date:
        """The Monday on which the remembered history begins."""
        return self.today - timedelta(days=self.today.weekday(), weeks=WEEKS_BEHIND)

    @property
    def booked_until(self) -> date:
        """The last day up to which visits are booked."""
        return self.today + timedelta(weeks=WEEKS_AHEAD)

    @property
    def rota_until(self) -> date:
        return self.today + timedelta(weeks=ROTA_WEEKS_AHEAD)

    def new_id(self) -> UUID:
        """A version 7 UUID that sorts after the ones before it."""
        self._ids += 1
        milliseconds = self._first_millisecond + self._ids // 4096
        return UUID(int=milliseconds << 80 | 0x7 << 76 | self._ids % 4096 << 64 | 0b10 << 62 | self.rng.getrandbits(62))

    def at(self, day: date, hour: int, minute: int = 0) -> datetime:
        """The instant of a wall-clock time."""
        return instant(day, time(hour, minute), self.zone)

    def office_time(self, day: date) -> datetime:
        """Some moment of office hours on `day`, or on the Friday before a weekend; never later than now."""
        day -= timedelta(days=max(0, day.weekday() - 4))
        moment = self.at(day, self.rng.randint(8, 16), self.rng.randint(0, 59)) + timedelta(
            seconds=self.rng.randint(0, 59)
        )
        return min(moment, self.now - timedelta(minutes=self.rng.randint(3, 90)))

    def pick(self, choices: Sequence[Choice]) -> Choice:
        return self.rng.choice(choices)

    def happens(self, chance: float) -> bool:
        """True in `chance` of the cases."""
        return self.rng.random() < chance


def local_day(moment: datetime, zone: ZoneInfo = ZONE) -> date:
    """The date on the clinic's wall."""
    return moment.astimezone(zone).date()
