"""What one step may do to the tables: nothing is lost, a refusal changes nothing, and every change is told to boards.

It reads in plain SQL before and after each step; `tests.scheduling.invariants` judges the tables as they stand.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from accounts.models import Clinic
from tests.scheduling import invariants
from tests.scheduling.invariants import GONE, rows

CODES = {"load": 0, "starts": 1}


class Row(NamedTuple):
    """A visit as it stands. `on` is its clinic-local day; the last field but the version is all that boards show."""

    on: date
    status: str
    chair_id: UUID
    starts_at: datetime
    ends_at: datetime
    shown: str
    version: int

    @property
    def place(self) -> tuple[UUID, datetime, datetime]:
        return self.chair_id, self.starts_at, self.ends_at

    @property
    def occupies(self) -> bool:
        return self.status not in {"cancelled", "no_show"}


@dataclass(frozen=True)
class Sight:
    """Everything that the watch remembers from one look to the next."""

    visits: dict[UUID, Row]
    boards: dict[date, int]
    caps: dict[datetime, tuple[int, int]]
    used: dict[datetime, tuple[int, int]]
    cap_days: dict[date, str]
    outages: dict[UUID, tuple[date, date, bool]]


@dataclass
class Watch:
    clinic: Clinic
    sight: Sight = field(init=False)
    excused: dict[tuple[UUID, datetime, str], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.sight = self._see()

    def look(self, *, was_refused: bool) -> list[str]:
        """What is wrong after a step."""
        before, after = self.sight, self._see()
        self.sight = after
        self._excuse(before, after)
        found = invariants.findings(excused=self.excused)
        if was_refused and after != before:
            found.append(f"a refusal changed something: {list(_changed(before.visits, after.visits))}")
        found += [f"lost: {key}" for key in before.visits.keys() - after.visits.keys()]
        found += self._versions(before, after)
        found += self._untold(before, after)
        return [*found, *self._badly_placed(before, after)]

    def _excuse(self, before: Sight, after: Sight) -> None:
        """Where nurses left, what was booked there may stay; never more than that, until nurses leave again."""
        total = invariants.excess()
        known = {key: min(count, self.excused.get(key, 0)) for key, count in total.items()}
        for key, count in total.items():
            _, at, kind = key
            was, now = before.caps.get(at, (0, 0)), after.caps.get(at, (0, 0))
            if now[CODES[kind]] < was[CODES[kind]]:
                known[key] = min(count, before.used.get(at, (0, 0))[CODES[kind]] - now[CODES[kind]])
        self.excused = known

    def _versions(self, before: Sight, after: Sight) -> Iterator[str]:
        for key, was in before.visits.items():
            now = after.visits.get(key, was)
            if now.version < was.version or (now.version == was.version and now != was):
                yield f"changed without a new version: {key} {was} {now}"

    def _untold(self, before: Sight, after: Sight) -> list[str]:
        """Days on which something changed and whose boards were not told."""
        days = {day for _, was, now in _changed(before.visits, after.visits) for day in _days(was, now)}
        days |= {day for day, _, _ in _changed(before.cap_days, after.cap_days)}
        for _, was, now in _changed(before.outages, after.outages):
            days |= {day for one in (was, now) if one for day in one[:2]}
        return [f"nobody told the board of {day}" for day in days if after.boards.get(day) == before.boards.get(day)]

    def _badly_placed(self, before: Sight, after: Sight) -> Iterator[str]:
        """Visits that this step put where nobody may be put. Who was there already may stay."""
        for key, was, now in _changed(before.visits, after.visits):
            is_new = was is None or not was.occupies
            stays = was is not None and (was.chair_id, was.starts_at) == (now.chair_id, now.starts_at)
            if now.occupies and (is_new or not stays):
                yield from (f"put {key} where it is {why}" for (why,) in rows(_FORBIDDEN, *[key] * 4))

    def _see(self) -> Sight:
        zone, clinic = self.clinic.time_zone, self.clinic.id
        slots = rows(_CAPS, clinic)
        return Sight(
            visits={key: Row(*values) for key, *values in rows(_VISITS, zone, clinic)},
            boards=dict(rows('SELECT "on", version FROM scheduling_boardversion WHERE clinic_id = %s', clinic)),
            caps={at: (load, starts) for at, load, starts, *_ in slots},
            used={at: (load, starts) for at, *_, load, starts in slots},
            cap_days=dict(rows(_CAP_DAYS, zone, clinic)),
            outages={key: (*days, lifted) for key, *days, lifted in rows(_OUTAGES, zone, zone, clinic)},
        )


def _changed(before: dict[Any, Any], after: dict[Any, Any]) -> Iterator[tuple[Any, Any, Any]]:
    for key in before.keys() | after.keys():
        was, now = before.get(key), after.get(key)
        if was != now and now is not None:
            yield key, was, now


def _days(*found: Row | None) -> Iterable[date]:
    return {one.on for one in found if one is not None}


_VISITS = """
    SELECT id, (lower(period) AT TIME ZONE %s)::date, status, chair_id, lower(period), upper(period),
           md5(ROW(overrides, nurse_id, is_exception, hold_until, confirmed_at)::text), version
      FROM scheduling_visit WHERE clinic_id = %s ORDER BY created_at, id
"""
_CAPS = """
    SELECT starts_at, load_cap, starts_cap, load_used, starts_used FROM scheduling_capacityslot WHERE clinic_id = %s
"""
_CAP_DAYS = """
    SELECT (starts_at AT TIME ZONE %s)::date, string_agg(starts_at || ':' || load_cap, ' ' ORDER BY starts_at)
      FROM scheduling_capacityslot WHERE clinic_id = %s AND load_cap > 0 GROUP BY 1
"""
_OUTAGES = """
    SELECT id, (starts_at AT TIME ZONE %s)::date, ((ends_at - interval '1 us') AT TIME ZONE %s)::date,
           lifted_at IS NOT NULL
      FROM scheduling_chairoutage WHERE clinic_id = %s
"""
_FORBIDDEN = f"""
    SELECT 'retired' FROM scheduling_visit visit JOIN scheduling_chair chair ON chair.id = visit.chair_id
     WHERE visit.id = %s AND NOT chair.is_active
    UNION ALL
    SELECT 'out of use' FROM scheduling_visit visit JOIN scheduling_chairoutage outage USING (chair_id)
     WHERE visit.id = %s AND outage.lifted_at IS NULL
       AND visit.period && tstzrange(outage.starts_at, outage.ends_at)
    UNION ALL
    SELECT 'closed' FROM scheduling_visit visit JOIN scheduling_capacityslot slot
        ON slot.clinic_id = visit.clinic_id AND visit.period @> slot.starts_at
     WHERE visit.id = %s AND slot.load_cap = 0 AND visit.status NOT IN {GONE} GROUP BY visit.id
    UNION ALL
    SELECT 'no private room' FROM scheduling_visit visit JOIN scheduling_chair chair ON chair.id = visit.chair_id
      JOIN patients_patient patient ON patient.id = visit.patient_id
     WHERE visit.id = %s AND patient.needs_private_room AND chair.kind <> 'private_room'
"""
