"""A proposal, and what was done, as the pages show them. No rule, no SQL."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from accounts.models import Clinic
from core import clock
from core.intervals import QUARTER
from scheduling.domain.openings import Opening
from scheduling.domain.relief import Over
from scheduling.domain.upset import Act, Firmness
from scheduling.models import Chair, DisruptionKind, Visit
from scheduling.presenters.finding import SOFT_WORDS, place_value
from scheduling.presenters.words import drug
from scheduling.queries.disruptions import Proposal, Row
from scheduling.services.decisions import Decision, Do
from scheduling.services.disruption_facts import Happening
from scheduling.services.visit_messages import channels

NOT_COVERED = "needs a reason: not covered that day"
WORDS = {
    Act.CHAIR: ("changes chair", "change chair"),
    Act.TIME: ("changes time", "change time"),
    Act.DAY: ("goes to another day", "go to another day"),
    Act.CALL: ("needs a call", "need a call"),
    Act.STAY: ("stays in too full a time", "stay in too full a time"),
    Act.BEGUN: ("is in the chair already", "are in the chair already"),
    Act.LET_GO: ("is only held", "are only held"),
}
TITLES = {
    DisruptionKind.CHAIR: "out of use",
    DisruptionKind.NURSE: "is away",
    DisruptionKind.CLOSED: "The clinic closes",
}
SOON = timedelta(hours=3)
"""Whoever is expected so soon may be on the way: somebody calls as well."""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One thing that can become of a visit. `value` is what the form sends back."""

    value: str
    text: str
    is_chosen: bool


@dataclass(frozen=True, kw_only=True)
class RowView:
    """One visit of a proposal."""

    visit: Visit
    drug: str
    is_confirmed: bool
    choices: tuple[Choice, ...]
    why: str
    told: str
    is_soon: bool
    needs: tuple[str, ...]
    refused: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ProposalView:
    """A proposal. `asks_reason` says whether anything that is proposed needs one; `may_ask` whether a choice might."""

    title: str
    when: str
    reason: str
    summary: str
    rows: tuple[RowView, ...]
    over: tuple[str, ...]
    seen_over: str
    nursed: str
    asks_reason: bool
    may_ask: bool
    button: str


def proposal_view(
    proposal: Proposal,
    *,
    tells: bool,
    chosen: Mapping[UUID, Decision] | None = None,
    refused: Mapping[str, list[str]] | None = None,
) -> ProposalView:
    """The proposal with what was `chosen` so far kept, and what was `refused`, by visit."""
    chosen, refused = chosen or {}, refused or {}
    rows = tuple(_row(row, proposal, tells, chosen.get(row.visit.id), refused) for row in proposal.rows)
    over = proposal.repair.over
    return ProposalView(
        title=title(proposal.happening.kind, _thing(proposal.happening)),
        when=when(proposal.happening.away.start, proposal.happening.away.end, proposal.happening.clinic),
        reason=proposal.happening.reason,
        summary=summary(Counter(row.line.act for row in proposal.rows)),
        rows=rows,
        over=tuple(_over_words(over, proposal.happening.clinic)),
        seen_over=",".join(one.at.isoformat() for one in over),
        nursed=_nursed(proposal),
        asks_reason=bool(over)
        or any(choice.is_chosen and "!" in choice.value for row in rows for choice in row.choices),
        may_ask=bool(over) or any("!" in choice.value for row in rows for choice in row.choices),
        button=_button(proposal),
    )


def title(kind: str, thing: str) -> str:
    """What happened, in a few words: "A1 out of use", "N. Ito is away", "The clinic closes"."""
    words = TITLES[DisruptionKind(kind)]
    return f"{thing} {words}" if thing else words


def when(start: datetime, end: datetime, clinic: Clinic) -> str:
    """From when to when, on the clinic's clock: "Tue 3 Mar 10:00–14:00"."""
    first, last = start.astimezone(clinic.zone), end.astimezone(clinic.zone)
    if first.date() == last.date():
        return f"{first:%a %-d %b %H:%M}–{last:%H:%M}"
    return f"{first:%a %-d %b %H:%M} to {last:%a %-d %b %H:%M}"


def summary(counts: Mapping[Act, int]) -> str:
    """ "7 visits touched: 4 change chair, 2 change time, 1 needs a call"."""
    total = sum(counts.values())
    if not total:
        return "No visit is touched"
    parts = [f"{counts[act]} {WORDS[act][counts[act] != 1]}" for act in WORDS if counts.get(act)]
    return f"{total} visit{'s' if total != 1 else ''} touched: {', '.join(parts)}"


def _thing(happening: Happening) -> str:
    return happening.chair.name if happening.chair else happening.nurse.name if happening.nurse else ""


def _button(proposal: Proposal) -> str:
    happening = proposal.happening
    what = {
        DisruptionKind.CHAIR: f"Take {_thing(happening)} out of use",
        DisruptionKind.NURSE: f"Take {_thing(happening)} off shift",
        DisruptionKind.CLOSED: "Close the clinic",
    }[happening.kind]
    count = len(proposal.rows)
    return what if not count else f"{what} and rearrange {count} visit{'s' if count != 1 else ''}"


def _row(
    row: Row,
    proposal: Proposal,
    tells: bool,
    chosen: Decision | None,
    refused: Mapping[str, list[str]],
) -> RowView:
    visit, line = row.visit, row.line
    choices = list(_choices(row, proposal))
    values = [value for value, _ in choices]
    kept = _value_of(chosen) if chosen is not None else ""
    if kept and kept.partition("!")[0] not in {value.partition("!")[0] for value in values}:
        kept = ""
    picked = next(
        (v for v in values if kept and v.partition("!")[0] == kept.partition("!")[0]), values[0] if values else ""
    )
    return RowView(
        visit=visit,
        drug=drug(visit.course_day),
        is_confirmed=line.upset.firmness is Firmness.CONFIRMED,
        choices=tuple(
            Choice(value=_wider(value, kept) if value == picked else value, text=text, is_chosen=value == picked)
            for value, text in choices
        ),
        why=line.why,
        told=_told(row, tells=tells),
        is_soon=line.act in {Act.TIME, Act.DAY} and visit.period.lower - clock.now() < SOON,
        needs=tuple(dict.fromkeys(_need_words(code) for code in picked.partition("!")[2].split(",") if code)),
        refused=tuple(refused.get(str(visit.id), ())),
    )


def _wider(value: str, kept: str) -> str:
    """The choice with the rules that the person was shown about it meanwhile, too."""
    codes = {code for text in (value, kept) for code in text.partition("!")[2].split(",") if code}
    return _coded(value.partition("!")[0], sorted(codes))


def _value_of(decision: Decision) -> str:
    place = ""
    if decision.chair_id is not None and decision.start is not None:
        place = f":{place_value(decision.chair_id, decision.start)}"
    return _coded(f"{decision.do.value}{place}", sorted(decision.accepts))


def _coded(value: str, codes: Iterable[str]) -> str:
    joined = ",".join(codes)
    return f"{value}!{joined}" if joined else value


def _choices(row: Row, proposal: Proposal) -> Iterator[tuple[str, str]]:
    """What can become of the visit, the proposal first."""
    line, clinic = row.line, proposal.happening.clinic
    if line.act is Act.BEGUN:
        return
    if line.act is Act.LET_GO:
        yield Do.LET_GO.value, "Let the held place go"
        return
    if line.act is Act.STAY:
        yield _coded(Do.STAY.value, line.asks), "Stays, with too few nurses"
    if line.act is Act.CALL:
        yield Do.CALL.value, "Stays for now: call first"
    for opening in (line.place, *line.others):
        if opening is not None:
            needs = row.needs(opening)
            value = f"{Do.MOVE.value}:{place_value(opening.chair_id, opening.interval.start)}"
            yield _coded(value, needs), _place_text(row, opening, needs, proposal.chairs, clinic)
    if line.act is not Act.CALL:
        yield Do.CALL.value, "Stays for now: call first"
    if line.upset.firmness is not Firmness.HERE:
        yield Do.CANCEL.value, "Cancel; onto the waitlist"


def _place_text(row: Row, opening: Opening, needs: Iterable[str], chairs: Mapping[UUID, Chair], clinic: Clinic) -> str:
    start, end = (moment.astimezone(clinic.zone) for moment in (opening.interval.start, opening.interval.end))
    chair = chairs[opening.chair_id].name
    if opening.interval.start == row.line.upset.start:
        text = f"{chair}, same time"
    elif opening.on == row.line.upset.on:
        text = f"{start:%H:%M}–{end:%H:%M}, {chair}"
    else:
        text = f"{start:%a %-d %b %H:%M}–{end:%H:%M}, {chair}"
    words = [_need_words(code) for code in needs]
    return f"{text} ({'; '.join(dict.fromkeys(words))})" if words else text


def _need_words(code: str) -> str:
    return SOFT_WORDS.get(code, NOT_COVERED)


def _told(row: Row, *, tells: bool) -> str:
    """Whether the patient hears of what is proposed, and how."""
    if row.line.act in {Act.CHAIR, Act.STAY, Act.BEGUN, Act.LET_GO}:
        return "Need not be told"
    if row.line.act is Act.CALL:
        return _by_phone(row.visit)
    if not tells:
        return "By your people: this clinic sends no message"
    ways = [
        {"email": "e-mail", "sms": "text message"}.get(channel, channel) for channel, _ in channels(row.visit.patient)
    ]
    return f"By {' and '.join(ways)}" if ways else _by_phone(row.visit)


def _by_phone(visit: Visit) -> str:
    """The number in one piece, however narrow its column is."""
    number = (visit.patient.phone or "no number on file").replace(" ", "\N{NO-BREAK SPACE}")
    return f"By phone: {number}"


def _over_words(over: Iterable[Over], clinic: Clinic) -> Iterator[str]:
    """What stays too full, a line for each run of quarter hours: "Tue 3 Mar 09:00–09:30, up to 1.4 of 1 nurses"."""
    run: list[Over] = []
    for one in [*over, None]:
        if run and (one is None or one.at - run[-1].at != QUARTER):
            worst = max(run, key=lambda slot: (slot.load - slot.load_cap, slot.starts))
            span = when(run[0].at, run[-1].at + QUARTER, clinic)
            if worst.load > worst.load_cap:
                yield f"{span}, up to {worst.load / 100:.1f} of {worst.load_cap / 100:.0f} nurses"
            else:
                yield f"{span}, {worst.starts} starts with {worst.starts_cap} nurses"
            run = []
        if one is not None:
            run.append(one)


def _nursed(proposal: Proposal) -> str:
    gone = {row.visit.id for row in proposal.rows if row.line.place is not None}
    count = sum(visit.id not in gone for visit in proposal.nursed)
    if not count or proposal.happening.nurse is None:
        return ""
    visits, go = (f"{count} visits", "go") if count != 1 else ("1 visit", "goes")
    return f"{visits} of {proposal.happening.nurse.name} {go} to the nurses who are there, balanced by load."
