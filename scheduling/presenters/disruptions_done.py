"""What was done about an upset day, as the pages show it: the list, each visit, and whom to call. No rule, no SQL."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from accounts.models import Clinic
from core import clock
from scheduling.domain.statuses import EXPECTED, VisitStatus
from scheduling.models import Disruption, Visit
from scheduling.presenters.disruptions import SOON, title, when
from scheduling.presenters.words import drug
from scheduling.services.decisions import Do
from scheduling.services.disruption_undo import why_not


@dataclass(frozen=True, kw_only=True)
class DoneRow:
    """What became of one visit."""

    visit: Visit
    drug: str
    was: str
    now: str
    told: str
    calls: str


@dataclass(frozen=True, kw_only=True)
class DoneView:
    """A disruption that was applied."""

    disruption: Disruption
    title: str
    when: str
    reason: str
    summary: str
    rows: tuple[DoneRow, ...]
    calls: tuple[DoneRow, ...]
    why_not: str
    override: str


DONE = {
    Do.MOVE: ("moved", "moved"),
    Do.STAY: ("stayed in too full a time", "stayed in too full a time"),
    Do.CALL: ("stays for now", "stay for now"),
    Do.CANCEL: ("cancelled", "cancelled"),
    Do.LET_GO: ("let go", "let go"),
    "nurse": ("got another nurse", "got another nurse"),
}


NOW = {
    Do.STAY: "Stays, with too few nurses",
    Do.CALL: "Stays until somebody has called",
    Do.CANCEL: "Cancelled, on the waitlist",
    Do.LET_GO: "Held no longer",
}


HERE = "Stays: the patient is here already"
UNDONE = {"nurse": "Nurse as before", Do.LET_GO: "Held no longer"}


def done_view(disruption: Disruption, visits: Mapping[UUID, Visit]) -> DoneView:
    """What was done, and who is to be called."""
    facts, clinic = disruption.facts, disruption.clinic
    row = _done if disruption.undone_at is None else _undone
    rows = tuple(
        row(change, visits[UUID(change["visit"])], clinic)
        for change in sorted(disruption.changes, key=lambda one: (one.get("from", {}).get("start", "~"), one["visit"]))
    )
    return DoneView(
        disruption=disruption,
        title=title(disruption.kind, facts.get("chair") or facts.get("nurse") or ""),
        when=when(datetime.fromisoformat(facts["starts_at"]), datetime.fromisoformat(facts["ends_at"]), clinic),
        reason=facts["reason"],
        summary=done_summary(disruption),
        rows=rows,
        calls=tuple(row for row in rows if row.calls),
        why_not=why_not(disruption),
        override=facts.get("override", ""),
    )


def done_summary(disruption: Disruption) -> str:
    """ "7 visits: 6 moved, 1 stays for now"."""
    counts = Counter(change["do"] for change in disruption.changes)
    if not counts:
        return "No visit was touched"
    total = sum(counts.values())
    parts = [f"{counts[do]} {words[counts[do] != 1]}" for do, words in DONE.items() if counts.get(do)]
    return f"{total} visit{'s' if total != 1 else ''}: {', '.join(parts)}"


def _done(change: Mapping[str, Any], visit: Visit, clinic: Clinic) -> DoneRow:
    was = _place(change["from"], clinic) if "from" in change else ""
    now = _now(change, clinic)
    told = "Told by message" if change.get("told") else "Need not be told"
    calls = ""
    if change["do"] == Do.CALL and visit.status not in EXPECTED:
        now, told = HERE, "At the chair"
    elif change["do"] == Do.CALL:
        calls, told = "Find another place together.", "To be called"
    elif change.get("told") is False:
        calls, told = f"Tell them: {now}.", "To be called"
    elif change.get("told") and _was_soon(change, visit):
        calls = f"Expected soon, may be on the way. Tell them: {now}."
    return DoneRow(visit=visit, drug=drug(visit.course_day), was=was, now=now, told=told, calls=calls)


def _undone(change: Mapping[str, Any], visit: Visit, clinic: Clinic) -> DoneRow:
    """One visit after the undo: back where it was, or where it stays; and whom a call may have told otherwise."""
    before = _done(change, visit, clinic)
    now, told, calls = UNDONE.get(change["do"], "Stays where it was"), "Need not be told", ""
    if change["do"] in {Do.MOVE, Do.CANCEL}:
        start = visit.period.lower
        is_back = visit.status != VisitStatus.CANCELLED and start == datetime.fromisoformat(change["from"]["start"])
        stays = {"chair": visit.chair.name, "start": start.isoformat()}
        now = "Back where it was" if is_back else "Still cancelled"
        if not is_back and visit.status != VisitStatus.CANCELLED:
            now = f"Left at {_place(stays, clinic)}"
        if is_back and "told" in change:
            told = "By message, if the first had left" if change["told"] else "To be called"
            calls = f"If they were called before: it is {before.was} after all." if before.calls else ""
    elif before.calls:
        told, calls = "To be called", f"If they were called before: it stays {before.was}."
    return DoneRow(visit=visit, drug=before.drug, was=before.was, now=now, told=told, calls=calls)


def _now(change: Mapping[str, Any], clinic: Clinic) -> str:
    if change["do"] == Do.MOVE:
        return _place(change["to"], clinic, beside=change["from"])
    if change["do"] == "nurse":
        return f"Nurse: {change.get('nurse') or 'none yet'}"
    return NOW[Do(change["do"])]


def _was_soon(change: Mapping[str, Any], visit: Visit) -> bool:
    return datetime.fromisoformat(change["from"]["start"]) - visit.updated_at < SOON


def _place(place: Mapping[str, str], clinic: Clinic, *, beside: Mapping[str, str] | None = None) -> str:
    start = datetime.fromisoformat(place["start"]).astimezone(clinic.zone)
    if beside is not None and beside["start"] == place["start"]:
        return f"{place['chair']}, same time"
    return f"{start:%a %-d %b %H:%M}, {place['chair']}"


@dataclass(frozen=True, kw_only=True)
class ListRow:
    """One disruption in the list."""

    disruption: Disruption
    title: str
    when: str
    reason: str
    summary: str
    state: str
    tone: str
    icon: str


def list_rows(disruptions: Iterable[Disruption]) -> list[ListRow]:
    """The list, the latest first."""
    return [_list_row(one) for one in disruptions]


def _list_row(one: Disruption) -> ListRow:
    facts = one.facts
    start, end = (datetime.fromisoformat(facts[name]) for name in ("starts_at", "ends_at"))
    state, tone, icon = ("Over", "plain", "clock") if end <= clock.now() else ("In force", "warn", "warning")
    if one.undone_at is not None:
        state, tone, icon = "Undone", "plain", "undo"
    return ListRow(
        disruption=one,
        title=title(one.kind, facts.get("chair") or facts.get("nurse") or ""),
        when=when(start, end, one.clinic),
        reason=facts["reason"],
        summary=done_summary(one),
        state=state,
        tone=tone,
        icon=icon,
    )


def days_of(disruption: Disruption) -> date:
    """The first day that it is about, for a link to its board."""
    return datetime.fromisoformat(disruption.facts["starts_at"]).astimezone(disruption.clinic.zone).date()
