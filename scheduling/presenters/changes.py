"""Recent changes as the board's menu lists them: when, what, by whom, and the way back. No SQL."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from accounts.domain.policy import Permission
from core.actor import Actor
from scheduling.models import VisitEvent
from scheduling.presenters.panel import line
from scheduling.queries.changes import Change

STEPS = frozenset({"status", "assign"})


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line. `can_undo` shows the button; else `why_not` says why there is none.

    `series_id` is the series of which others changed together with it.
    """

    event_id: UUID
    visit_id: UUID
    at: datetime
    name: str
    what: str
    who: str
    can_undo: bool
    why_not: str
    is_undone: bool
    series_id: UUID | None


def rows(found: Iterable[Change], by: Actor) -> list[Row]:
    """The lines as `by` sees them."""
    return [_row(change, by) for change in found]


def _row(change: Change, by: Actor) -> Row:
    event = change.event
    may = by.can(Permission.VISIT_STATUS if event.kind in STEPS else Permission.VISIT_CHANGE)
    why_not = change.why_not if may or change.is_undone else "Your role does not change visits."
    return Row(
        event_id=event.pk,
        visit_id=event.visit_id,
        at=event.at,
        name=event.visit.patient.short_name,
        what=_what(event),
        who=event.by_label,
        can_undo=may and not why_not,
        why_not=why_not,
        is_undone=change.is_undone,
        series_id=event.visit.series_id if "together" in event.after else None,
    )


def _what(event: VisitEvent) -> str:
    words = line(event, event.visit).what
    return f"{words} (swapped)" if "swapped_with" in event.after else words
