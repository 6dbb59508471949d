"""What a person decides about the visits of an upset day."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class Do(StrEnum):
    """What a person decides about one visit."""

    MOVE = "move"
    STAY = "stay"
    CALL = "call"
    CANCEL = "cancel"
    LET_GO = "let_go"


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What becomes of a visit, at the version that was shown; `chair_id` and `start` for a move.

    `accepts` are the rules whose breaking was shown: only against those it goes ahead.
    """

    visit_id: UUID
    version: int
    do: Do
    chair_id: UUID | None = None
    start: datetime | None = None
    accepts: frozenset[str] = frozenset()


def accepting(decision: Decision, codes: Iterable[str]) -> Decision:
    """The same decision against these rules, too."""
    return replace(decision, accepts=decision.accepts.union(codes))
