"""Where somebody wants to go: mostly where there is room, sometimes where somebody is or nurses are short, or anywhere.

Random places alone would nearly all be refused, and a walk of refusals proves little. What is free is asked in plain
SQL, never of the code that is being tested.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from hypothesis import strategies as st

from core import clock
from core.intervals import floor_quarter
from regimens.models import CourseDay
from scheduling.models import Chair, Visit
from scheduling.queries import visits
from tests.scheduling.invariants import GONE, rows
from tests.scheduling.machine.walk import INDEX, Walk, pick


class Aim(StrEnum):
    FREE = "free"
    CROWDED = "crowded"
    TAKEN = "taken"
    ANY = "any"


@dataclass(frozen=True)
class Where:
    """One of the places that fit the aim; any place at all where none does."""

    aim: Aim
    index: int


WHERE = st.builds(Where, st.sampled_from([Aim.TAKEN, *[Aim.FREE] * 4, Aim.CROWDED, Aim.TAKEN, Aim.ANY]), INDEX)
Place = tuple[Chair, datetime]


class Aiming(Walk):
    """Walks whose people look before they ask."""

    def place(self, where: Where, day: CourseDay, moving: Visit | None = None, *, on: int | None = None) -> Place:
        """A place for `day`, or for the visit `moving` that leaves its own; on the day of that number, if one is said.

        No place is better than one of the fitting aim; without any, the place is any.
        """
        starts = [at for at in self.ward.starts if on is None or at.date() == self.ward.starts[7 * on].date()]
        found = self._fitting(where.aim, day, moving, starts)
        every = [(chair.id, at) for at in starts for chair in self.ward.chairs]
        chair_id, start = pick(found or every, where.index)
        return visits.get_chair(self.ward.clinic, chair_id), start

    def _fitting(
        self, aim: Aim, day: CourseDay, moving: Visit | None, starts: list[datetime]
    ) -> list[tuple[UUID, datetime]]:
        if aim is Aim.ANY:
            return []
        patient = day.course.order.patient
        length = moving.period.upper - moving.period.lower if moving else f"{day.chair_minutes} min"
        shift = day.due_on - day.course.due_on
        window = day.course.earliest_on + shift, day.course.latest_on + shift
        known = {
            "clinic": self.ward.clinic.id,
            "starts": starts,
            "length": length,
            "patient": patient.id,
            "moving": moving.id if moving else UUID(int=0),
            "now": floor_quarter(clock.now()),
            "needs_room": patient.needs_private_room,
        }
        found = rows(_PLACES, known)
        zone = self.ward.clinic.zone
        taken = [(chair, at) for chair, at, is_open, is_taken, _ in found if is_open and is_taken]
        free = [(chair, at, is_crowded) for chair, at, is_open, is_taken, is_crowded in found if is_open > is_taken]
        due = [one for one in free if window[0] <= one[1].astimezone(zone).date() <= window[1]]
        crowded = [(chair, at) for chair, at, is_crowded in due or free if is_crowded]
        calm = [(chair, at) for chair, at, is_crowded in due if not is_crowded]
        wanted = {Aim.TAKEN: taken, Aim.CROWDED: crowded, Aim.FREE: calm}[aim]
        return wanted or [(chair, at) for chair, at, _ in free]


_PLACES = f"""
    WITH wish AS (SELECT at, tstzrange(at, at + %(length)s::interval) AS time FROM unnest(%(starts)s) AS at),
         visit AS (SELECT * FROM scheduling_visit
                    WHERE clinic_id = %(clinic)s AND status NOT IN {GONE} AND id <> %(moving)s)
    SELECT chair.id, wish.at,
           wish.at >= %(now)s AND chair.is_active AND (chair.kind = 'private_room' OR NOT %(needs_room)s)
           AND NOT EXISTS (SELECT FROM visit WHERE patient_id = %(patient)s AND period && wish.time)
           AND NOT EXISTS (SELECT FROM scheduling_chairoutage WHERE chair_id = chair.id AND lifted_at IS NULL
                              AND tstzrange(starts_at, ends_at) && wish.time)
           AND (SELECT count(*) * interval '15 min' >= %(length)s::interval FROM scheduling_capacityslot
                 WHERE clinic_id = %(clinic)s AND load_cap > 0 AND starts_at <@ wish.time) AS is_open,
           EXISTS (SELECT FROM visit WHERE chair_id = chair.id AND period && wish.time) AS is_taken,
           EXISTS (SELECT FROM scheduling_capacityslot WHERE clinic_id = %(clinic)s AND starts_at <@ wish.time
                      AND (load_used + 100 > load_cap OR starts_used >= starts_cap)) AS is_crowded
      FROM wish CROSS JOIN scheduling_chair chair WHERE chair.clinic_id = %(clinic)s
     ORDER BY wish.at, chair.position
"""
