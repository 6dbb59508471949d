"""Chairs, shifts, capacity and visits, and the constraints that make double-booking impossible.

- A chair and a patient hold one visit at an instant: partial exclusion constraints over the occupying statuses.
- Nurse load and starts per quarter hour never exceed capacity without a named override: `CapacitySlot` rows with
  CHECKs, locked in order by a BEFORE trigger and counted by an AFTER trigger (docs/adr/0002).
- Only moves in `scheduling.domain.statuses.MOVES` are possible: a trigger generated from that table.
"""

from scheduling.models.capacity import BoardVersion, CapacitySlot, Chair, ChairKind, LoadWeight, Shift
from scheduling.models.clearance import ClearanceOverride, PreInfusionCheck, VisitClearance
from scheduling.models.desk import MoveRequest, PlanDecision, RequestState, StaffTask
from scheduling.models.visits import OCCUPYING_VALUES, Visit, VisitEvent, VisitQuerySet

__all__ = [
    "OCCUPYING_VALUES",
    "BoardVersion",
    "CapacitySlot",
    "Chair",
    "ChairKind",
    "ClearanceOverride",
    "LoadWeight",
    "MoveRequest",
    "PlanDecision",
    "PreInfusionCheck",
    "RequestState",
    "Shift",
    "StaffTask",
    "Visit",
    "VisitClearance",
    "VisitEvent",
    "VisitQuerySet",
]
