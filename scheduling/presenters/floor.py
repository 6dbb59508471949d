"""The floor as its template wants it: cards in columns, what is due on each, who comes next. No rule, no SQL."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from accounts.domain.policy import Permission
from core.actor import Actor
from core.intervals import floor_quarter
from regimens.domain.quantities import plain
from scheduling.domain.assignment import Stay, best_nurse, carried_by
from scheduling.domain.running import Overrun, next_rate, overrun, rate_now
from scheduling.domain.statuses import FINISHED, IN_CHAIR, VisitStatus
from scheduling.domain.vitals import VitalsDue, next_vitals
from scheduling.models import Assignment, Visit
from scheduling.presenters import bars, board, running, words
from scheduling.presenters.bars import Flag
from scheduling.queries.floor import FloorDay, is_soon, stay_of
from scheduling.queries.running import HERE, following, pumped, run_of

S = VisitStatus
COLUMNS = (
    ("Waiting", "Nobody is waiting.", (S.ARRIVED,)),
    ("In chair", "Nobody is in a chair.", (S.SEATED, S.INFUSING)),
    ("Observation", "Nobody is being watched.", (S.OBSERVING,)),
    ("Leaving", "Nobody left just now.", (S.COMPLETED, S.LEFT_EARLY)),
)


@dataclass(frozen=True, kw_only=True)
class Card:
    """One patient on the floor: what runs, what is due, and the one step that comes next."""

    visit: Visit
    name: str
    drug: str
    chair: str
    starts: str
    status: str
    timer: str
    is_late: bool
    rate: str
    vitals: str
    is_vitals_due: bool
    is_vitals_overdue: bool
    over: str
    flags: tuple[Flag, ...]
    nurse: str
    nurse_left: str
    is_mine: bool
    next_to: str
    next_word: str
    needs_check: bool
    is_unrecorded: bool
    proposed_id: UUID | None = None
    proposed: str = ""

    @property
    def can_extend(self) -> bool:
        """Whether the chair is held longer than booked, so that the block should be made longer."""
        return bool(self.over) and self.status in IN_CHAIR

    @property
    def needs_nurse(self) -> bool:
        """Whether somebody who is here has no nurse, or one who went home."""
        return self.status in HERE and (self.visit.nurse_id is None or bool(self.nurse_left))

    @property
    def is_urgent(self) -> bool:
        return self.is_vitals_overdue or self.is_late or bool(self.over)


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of cards, in a fixed order so that nothing jumps under the hand."""

    title: str
    empty: str
    cards: tuple[Card, ...]


@dataclass(frozen=True, kw_only=True)
class FloorPage:
    """The page. `version` changes whenever the picture should: with every change of the day, and every minute."""

    day: FloorDay
    version: str
    is_mine: bool
    mine: int
    everybody: int
    columns: tuple[Column, ...]
    coming: tuple[Card, ...]
    vitals_due: int
    running_over: int
    without_nurse: int
    can_run: bool
    can_change: bool
    can_record: bool
    can_take: bool


def page(day: FloorDay, by: Actor, *, is_mine: bool, is_nurse: bool) -> FloorPage:
    """The floor as `by` sees it: their own patients and those who wait for a nurse, or everybody."""
    cards = [_card(visit, day, by) for visit in day.visits]
    here = [card for card in cards if card.status in HERE]
    shown = [card for card in cards if not is_mine or card.is_mine or (is_nurse and card.needs_nurse)]
    coming = [card for card in cards if is_soon(card.visit, day.now) and (not is_mine or card.is_mine)]
    return FloorPage(
        day=day,
        version=board.version(day.version, day.now),
        is_mine=is_mine,
        mine=sum(card.is_mine for card in here),
        everybody=len(here),
        columns=tuple(
            Column(title=title, empty=empty, cards=tuple(_in_order([c for c in shown if c.status in statuses])))
            for title, empty, statuses in COLUMNS
        ),
        coming=tuple(coming),
        vitals_due=sum(card.is_vitals_due for card in shown),
        running_over=sum(bool(card.over) for card in shown),
        without_nurse=sum(card.needs_nurse for card in here),
        can_run=by.can(Permission.VISIT_STATUS),
        can_change=by.can(Permission.VISIT_CHANGE),
        can_record=by.can(Permission.ADMINISTRATION_RECORD),
        can_take=is_nurse and by.can(Permission.VISIT_STATUS),
    )


def _in_order(cards: Iterable[Card]) -> list[Card]:
    """Who waits, by how long; everybody else by chair."""

    def place(card: Card) -> tuple[float, int]:
        waits_since = card.visit.arrived_at if card.status == S.ARRIVED else None
        return waits_since.timestamp() if waits_since else 0, card.visit.chair.position

    return sorted(cards, key=place)


def _card(visit: Visit, day: FloorDay, by: Actor) -> Card:
    zone, status = day.clinic.zone, VisitStatus(visit.status)
    timer, is_late = bars.timing(visit, day.now)
    due, over = _vitals(visit, day), _overrun(visit, day)
    after = bars.usual_step(visit)
    proposed_id, proposed = _proposed(visit, day)
    return Card(
        visit=visit,
        name=visit.patient.short_name,
        drug=words.drug(visit.course_day),
        chair=visit.chair.name,
        starts=f"{visit.period.lower.astimezone(zone):%H:%M}",
        status=visit.status,
        timer=_timer(visit, timer, is_late, zone),
        is_late=is_late,
        rate=_rate(visit, day),
        vitals=_vitals_words(due, day.now, zone),
        is_vitals_due=due is not None and due.at <= day.now,
        is_vitals_overdue=due is not None and due.is_overdue,
        over=running.short(over, zone) if over else "",
        flags=(*_open_since(visit, day), *bars.gate_flags(visit)) if status not in FINISHED else (),
        nurse=visit.nurse.name if visit.nurse else "",
        nurse_left=_left_at(visit, day),
        is_mine=visit.nurse_id is not None and visit.nurse_id == by.id,
        next_to=after.value if after else "",
        next_word=bars.STEP_WORDS[after] if after else "",
        needs_check=after is S.INFUSING and not getattr(visit, "has_check", False),
        is_unrecorded=status in FINISHED and getattr(visit, "is_unrecorded", False),
        proposed_id=proposed_id,
        proposed=proposed,
    )


def _timer(visit: Visit, timer: str, is_late: bool, zone: ZoneInfo) -> str:
    if visit.status in FINISHED and visit.ended_at:
        return f"since {visit.ended_at.astimezone(zone):%H:%M}"
    if visit.status == S.SEATED and visit.seated_at:
        return f"seated {visit.seated_at.astimezone(zone):%H:%M}"
    return f"{timer} ▲" if timer and is_late else timer


def _rate(visit: Visit, day: FloorDay) -> str:
    if visit.status != S.INFUSING:
        return ""
    run, zone = run_of(visit, read=pumped(visit)), day.clinic.zone
    if run.held_since is not None:
        return f"Pump held since {run.held_since.astimezone(zone):%H:%M}; the plan waits"
    rate, change = rate_now(run, day.now), next_rate(run, day.now)
    said = [f"Now {plain(rate)} mL/h"] if rate is not None and len(run.steps) > 1 else []
    if change is not None:
        said.append(f"Next step {change.at.astimezone(zone):%H:%M}: {plain(change.ml_per_hour)} mL/h")
    return ". ".join(said)


def _vitals(visit: Visit, day: FloorDay) -> VitalsDue | None:
    if visit.status not in HERE:
        return None
    return next_vitals(run_of(visit, read=pumped(visit)), getattr(visit, "taken", ()), day.now, cadence=day.cadence)


def _vitals_words(due: VitalsDue | None, now: datetime, zone: ZoneInfo) -> str:
    if due is None:
        return ""
    at = f"{due.at.astimezone(zone):%H:%M}"
    if due.is_overdue:
        return f"Vitals overdue since {at} ▲"
    when = "due now" if due.at <= now else at
    return f"Vitals {when}, {due.words}"


def _overrun(visit: Visit, day: FloorDay) -> Overrun | None:
    if visit.status not in HERE:
        return None
    run = run_of(visit, read=pumped(visit))
    found = overrun(run, day.now, following=following(visit, day.visits), need=visit.load_profile, load=day.load)
    return found if running.is_worth_saying(found) else None


def _proposed(visit: Visit, day: FloorDay) -> tuple[UUID | None, str]:
    """The nurse with most room for somebody who has none, where the clinic wants the board to say so."""
    if day.assignment != Assignment.PUSH or visit.status not in HERE or not _needs_nurse(visit, day):
        return None, ""
    stays = [stay_of(other, day.nurses) for other in day.visits if other.nurse_id and other.status not in FINISHED]
    best = best_nurse(_from_now(stay_of(visit, day.nurses), day.now), day.nurses, carried_by(stays))
    return best, next((nurse.name for nurse in day.nurses if nurse.nurse_id == best), "")


def _needs_nurse(visit: Visit, day: FloorDay) -> bool:
    return visit.nurse_id is None or bool(_left_at(visit, day))


def _left_at(visit: Visit, day: FloorDay) -> str:
    """When the nurse of a patient who is still here went home, in words; empty while they work or nobody knows."""
    shift = next((nurse.shift for nurse in day.nurses if nurse.nurse_id == visit.nurse_id), None)
    if shift is None or visit.status not in HERE or shift.end > day.now:
        return ""
    return f"shift ended {shift.end.astimezone(day.clinic.zone):%H:%M}"


def _open_since(visit: Visit, day: FloorDay) -> list[Flag]:
    """That nobody let a patient of an earlier day go."""
    local = visit.period.lower.astimezone(day.clinic.zone)
    if local.date() >= day.on:
        return []
    when = f"{local:%a} {local.day} {local:%b}"
    sentence = "Nobody wrote down how this visit ended. Open it and enter when."
    return [Flag(f"Left open on {when}", "flag-bad", "clock", sentence)]


def _from_now(stay: Stay, now: datetime) -> Stay:
    """A stay as it still lies ahead: nobody is seated before this quarter hour."""
    return replace(stay, starts_at=max(stay.starts_at, floor_quarter(now)))
