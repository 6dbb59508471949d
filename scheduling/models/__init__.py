"""Chairs, shifts, capacity and visits, and the constraints that make double-booking impossible.

- A chair and a patient hold one visit at an instant: partial exclusion constraints over the occupying statuses.
- Nurse load and starts per quarter hour never exceed capacity without a named override: `CapacitySlot` rows with
  CHECKs, locked in order by a BEFORE trigger and counted by an AFTER trigger (docs/adr/0002).
- Only moves in `scheduling.domain.statuses.MOVES` are possible: a trigger generated from that table.
"""

from scheduling.models.capacity import (
    Assignment,
    BoardVersion,
    CapacitySlot,
    Chair,
    ChairKind,
    ChairOutage,
    ClinicRules,
    LoadWeight,
    NurseSkill,
    Shift,
)
from scheduling.models.clearance import ClearanceOverride, PreInfusionCheck, VisitClearance
from scheduling.models.desk import MoveRequest, PlanDecision, RequestState, StaffTask
from scheduling.models.floor import VitalsCheck
from scheduling.models.visits import OCCUPYING_VALUES, Visit, VisitEvent, VisitQuerySet
from scheduling.models.waiting import Disruption, DisruptionKind, Offer, OfferState, WaitlistEntry, WaitState

__all__ = [
    "OCCUPYING_VALUES",
    "Assignment",
    "BoardVersion",
    "CapacitySlot",
    "Chair",
    "ChairKind",
    "ChairOutage",
    "ClearanceOverride",
    "ClinicRules",
    "Disruption",
    "DisruptionKind",
    "LoadWeight",
    "MoveRequest",
    "NurseSkill",
    "Offer",
    "OfferState",
    "PlanDecision",
    "PreInfusionCheck",
    "RequestState",
    "Shift",
    "StaffTask",
    "Visit",
    "VisitClearance",
    "VisitEvent",
    "VisitQuerySet",
    "VitalsCheck",
    "WaitState",
    "WaitlistEntry",
]
