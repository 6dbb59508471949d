"""Which nurse takes which visit: balanced by load, nobody started during a nurse's lunch, skills where asked for. Pure.

The same visits and nurses always get the same answer, in whatever order they come.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from core.intervals import QUARTER, Interval

WHOLE = 100
"""All of one nurse, in the unit of loads."""


@dataclass(frozen=True, kw_only=True)
class NurseDay:
    """A nurse on shift. `skills` are what they may do that not every nurse may."""

    nurse_id: UUID
    name: str
    shift: Interval
    lunch: Interval | None = None
    skills: frozenset[str] = frozenset()

    def is_here(self, moment: datetime) -> bool:
        """Whether the nurse works, and is not at lunch, at `moment`."""
        return self.shift.contains(moment) and not (self.lunch is not None and self.lunch.contains(moment))


@dataclass(frozen=True, kw_only=True)
class Stay:
    """A visit to be looked after: its need per quarter hour from `starts_at`, in hundredths of a nurse.

    `hands_on_at` are the moments for which its own nurse must be there: seating and the start of the infusion.
    """

    visit_id: UUID
    starts_at: datetime
    need: tuple[int, ...]
    start_quarter: int = 0
    skills: frozenset[str] = frozenset()
    nurse_id: UUID | None = None

    @property
    def weight(self) -> int:
        """The whole load of the stay: its acuity, in hundredths of a nurse's quarter hours."""
        return sum(self.need)

    @property
    def hands_on_at(self) -> tuple[datetime, datetime]:
        return self.starts_at, self.starts_at + self.start_quarter * QUARTER

    @property
    def ends_at(self) -> datetime:
        return self.starts_at + len(self.need) * QUARTER


@dataclass
class Carried:
    """What a nurse carries so far."""

    weight: int = 0
    visits: int = 0
    by_quarter: dict[datetime, int] = field(default_factory=dict)

    def add(self, stay: Stay) -> None:
        """Carry `stay` as well."""
        self.weight += stay.weight
        self.visits += 1
        for place, need in enumerate(stay.need):
            at = stay.starts_at + place * QUARTER
            self.by_quarter[at] = self.by_quarter.get(at, 0) + need

    def too_much_with(self, stay: Stay) -> int:
        """By how much the worst quarter hour of `stay` would be more than one nurse can do; 0 when it fits."""
        worst = max(
            (self.by_quarter.get(stay.starts_at + place * QUARTER, 0) + need for place, need in enumerate(stay.need)),
            default=0,
        )
        return max(0, worst - WHOLE)

    @property
    def peak(self) -> int:
        """The most that is asked of the nurse in one quarter hour."""
        return max(self.by_quarter.values(), default=0)


def may_take(nurse: NurseDay, stay: Stay) -> bool:
    """Whether a nurse is there when the patient is seated and started, and has the skills that the visit asks for."""
    return all(nurse.is_here(moment) for moment in stay.hands_on_at) and stay.skills <= nurse.skills


def asked_skills(wanted: Collection[str], nurses: Iterable[NurseDay]) -> frozenset[str]:
    """Of the skills a visit wants, those that the clinic keeps a list of: where nobody is listed, everybody may."""
    listed = frozenset[str]().union(*(nurse.skills for nurse in nurses))
    return listed.intersection(wanted)


def carried_by(stays: Iterable[Stay]) -> dict[UUID, Carried]:
    """What each nurse carries of the visits that have one."""
    found: dict[UUID, Carried] = {}
    for stay in stays:
        if stay.nurse_id is not None:
            found.setdefault(stay.nurse_id, Carried()).add(stay)
    return found


def best_nurse(stay: Stay, nurses: Sequence[NurseDay], carried: Mapping[UUID, Carried]) -> UUID | None:
    """The nurse for one visit: who may take it, is not asked too much by it, stays to its end, and carries least."""

    def rank(nurse: NurseDay) -> tuple[int, bool, int, str, str]:
        has = carried.get(nurse.nurse_id) or Carried()
        leaves_before = nurse.shift.end < stay.ends_at
        return has.too_much_with(stay), leaves_before, has.weight, nurse.name, str(nurse.nurse_id)

    able = [nurse for nurse in nurses if may_take(nurse, stay)]
    return min(able, key=rank).nurse_id if able else None


def propose(stays: Iterable[Stay], nurses: Sequence[NurseDay]) -> dict[UUID, UUID | None]:
    """A nurse for every visit: those who have one keep theirs, the heaviest of the others choose first.

    None where nobody may take a visit.
    """
    everything = sorted(stays, key=lambda stay: (-stay.weight, stay.starts_at, str(stay.visit_id)))
    carried = carried_by(everything)
    found: dict[UUID, UUID | None] = {}
    for stay in everything:
        nurse_id = stay.nurse_id or best_nurse(stay, nurses, carried)
        found[stay.visit_id] = nurse_id
        if nurse_id is not None and stay.nurse_id is None:
            carried.setdefault(nurse_id, Carried()).add(stay)
    return found
