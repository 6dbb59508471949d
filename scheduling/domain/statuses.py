"""The statuses of a visit and the one table of legal moves between them.

The table feeds the service, the database trigger, the buttons on the page and the diagram in `docs/states.md`.
FHIR R4 names (Appointment.status, Encounter.status) are in `FHIR_APPOINTMENT`.
"""

from enum import StrEnum


class VisitStatus(StrEnum):
    HELD = "held"
    BOOKED = "booked"
    CONFIRMED = "confirmed"
    ARRIVED = "arrived"
    SEATED = "seated"
    INFUSING = "infusing"
    OBSERVING = "observing"
    COMPLETED = "completed"
    LEFT_EARLY = "left_early"
    NO_SHOW = "no_show"
    CANCELLED = "cancelled"

    @property
    def label(self) -> str:
        return _LABELS.get(self, self.value.replace("_", " ").capitalize())


S = VisitStatus
_LABELS = {S.COMPLETED: "Done", S.OBSERVING: "Observation", S.NO_SHOW: "No-show", S.HELD: "On hold"}

OCCUPYING = frozenset(S) - {S.NO_SHOW, S.CANCELLED}
"""Statuses in which the visit holds its chair, its patient and its nurses' time (a finished one, until it ended)."""

EXPECTED = frozenset({S.BOOKED, S.CONFIRMED})
"""Booked and not yet here: it can be moved, cancelled, reminded."""

IN_CHAIR = frozenset({S.SEATED, S.INFUSING, S.OBSERVING})
FINISHED = frozenset({S.COMPLETED, S.LEFT_EARLY, S.NO_SHOW, S.CANCELLED})

FORWARD: dict[VisitStatus, tuple[VisitStatus, ...]] = {
    S.HELD: (S.BOOKED, S.CANCELLED),
    S.BOOKED: (S.CONFIRMED, S.ARRIVED, S.NO_SHOW, S.CANCELLED),
    S.CONFIRMED: (S.ARRIVED, S.NO_SHOW, S.CANCELLED),
    S.ARRIVED: (S.SEATED, S.LEFT_EARLY, S.CANCELLED),
    S.SEATED: (S.INFUSING, S.LEFT_EARLY),
    S.INFUSING: (S.OBSERVING, S.COMPLETED, S.LEFT_EARLY),
    S.OBSERVING: (S.COMPLETED, S.LEFT_EARLY),
    S.COMPLETED: (),
    S.LEFT_EARLY: (),
    S.NO_SHOW: (),
    S.CANCELLED: (),
}
"""What people do. The first entry is the usual next step."""

UNDO: dict[VisitStatus, tuple[VisitStatus, ...]] = {
    after: tuple(before for before, moves in FORWARD.items() if after in moves and before is not S.HELD)
    for after in VisitStatus
}
"""What undoing may lead back to: each forward move, reversed."""

MOVES: frozenset[tuple[VisitStatus, VisitStatus]] = frozenset(
    (before, after) for table in (FORWARD, UNDO) for before, afters in table.items() for after in afters
)
"""Every legal pair, forwards and back."""

FHIR_APPOINTMENT: dict[VisitStatus, str] = {
    S.HELD: "pending",
    S.BOOKED: "booked",
    S.CONFIRMED: "booked",
    S.ARRIVED: "arrived",
    S.SEATED: "checked-in",
    S.INFUSING: "checked-in",
    S.OBSERVING: "checked-in",
    S.COMPLETED: "fulfilled",
    S.LEFT_EARLY: "fulfilled",
    S.NO_SHOW: "noshow",
    S.CANCELLED: "cancelled",
}


def next_step(status: VisitStatus) -> VisitStatus | None:
    """The usual next status, shown as the one button; None when finished."""
    if status is S.BOOKED:
        return S.ARRIVED
    moves = FORWARD[status]
    return moves[0] if moves else None
