"""Upset days as their shapes want them. No rule, no SQL."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from scheduling.domain.openings import Opening
from scheduling.models import Chair, Disruption, Visit
from scheduling.queries.disruptions import Row
from scheduling.services.disruption_undo import why_not


def line_of(row: Row, chairs: Mapping[UUID, Chair]) -> dict[str, Any]:
    """One visit of a proposal."""
    visit, line = row.visit, row.line

    def place(opening: Opening) -> dict[str, Any]:
        where = {"chair": chairs[opening.chair_id], "start": opening.interval.start, "end": opening.interval.end}
        return where | {"needs_override_for": list(dict.fromkeys(row.needs(opening)))}

    return {
        "visit": visit.id,
        "version": visit.version,
        "patient": visit.patient,
        "chair": visit.chair,
        "start": visit.period.lower,
        "end": visit.period.upper,
        "act": line.act.value,
        "place": place(line.place) if line.place is not None else None,
        "why": line.why,
        "asks": line.asks,
        "others": [place(other) for other in line.others],
    }


def head_of(found: Disruption) -> dict[str, Any]:
    """What happened and when, without the visits."""
    facts = found.facts
    return {
        "id": found.id,
        "kind": found.kind,
        "chair": {"id": facts["chair_id"], "name": facts["chair"]} if "chair_id" in facts else None,
        "nurse": {"id": facts["nurse_id"], "name": facts["nurse"]} if "nurse_id" in facts else None,
        "from": datetime.fromisoformat(facts["starts_at"]),
        "until": datetime.fromisoformat(facts["ends_at"]),
        "reason": facts["reason"],
        "override": facts.get("override", ""),
        "over": [datetime.fromisoformat(moment) for moment in facts.get("over", ())],
        "applied_at": found.applied_at,
        "applied_by": found.applied_by_label,
        "undone_at": found.undone_at,
        "undone_by": found.undone_by_label,
        "why_not_undo": why_not(found),
        "visits": len({change["visit"] for change in found.changes}),
    }


def done_of(found: Disruption, visits: Mapping[UUID, Visit]) -> dict[str, Any]:
    """The same with what became of every visit."""
    return head_of(found) | {"changes": [_change(change, visits[UUID(change["visit"])]) for change in found.changes]}


def _change(change: Mapping[str, Any], visit: Visit) -> dict[str, Any]:
    return {
        "visit": visit.id,
        "patient": visit.patient,
        "do": change["do"],
        "was": _where(change.get("from")),
        "now": _where(change.get("to")),
        "nurse": change.get("nurse"),
        "is_told": change.get("told"),
        "waitlist_entry": change.get("entry"),
    }


def _where(place: Mapping[str, str] | None) -> dict[str, Any] | None:
    if place is None:
        return None
    moments = {name: datetime.fromisoformat(place[name]) for name in ("start", "end")}
    return {"chair": {"id": place["chair_id"], "name": place["chair"]}, **moments}
