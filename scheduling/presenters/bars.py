"""One visit as a bar on the board: its place on the grid, its words, its timer, its flags."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from core.intervals import QUARTER, Interval
from core.looks import look_of
from scheduling.domain.clearance import Light
from scheduling.domain.running import overrun
from scheduling.domain.statuses import EXPECTED, FINISHED, VisitStatus, next_step
from scheduling.models import Chair, Visit, VisitClearance
from scheduling.presenters import running as over_words
from scheduling.presenters import words
from scheduling.queries import running
from scheduling.queries.board import BoardDay
from scheduling.services.booking import MOVABLE
from scheduling.services.gate import TO_START
from scheduling.services.resizing import RESIZABLE

S = VisitStatus
EXPIRES_SOON_DAYS = 14
OWN_WORDS = (("turnover_short", "Short turnover", "clock"), ("too_short", "Shortened", "minus"))
"""Rules whose override has a flag of its own: code, word, icon."""
NOT_TO_COME = frozenset({S.NO_SHOW, S.CANCELLED})
PREPARING = frozenset({"intake", "iv_start", "premed", "hydration"})
WATCHING = frozenset({"observation"})

STEP_WORDS: Mapping[VisitStatus, str] = {
    S.BOOKED: "Book",
    S.CONFIRMED: "Confirmed",
    S.ARRIVED: "Arrived",
    S.SEATED: "Seat",
    S.INFUSING: "Start infusion",
    S.OBSERVING: "Observe",
    S.COMPLETED: "Done",
    S.LEFT_EARLY: "Left early",
    S.NO_SHOW: "No-show",
    S.CANCELLED: "Cancel",
}
"""What the button for each step says."""


@dataclass(frozen=True)
class Flag:
    """Something about a visit that staff must see."""

    word: str
    tone: str
    icon: str
    sentence: str
    is_light: bool = False
    """Drawn small, its word for the ear only: a light stands on many bars."""


@dataclass(frozen=True)
class Strip:
    """A phase as a line under the bar; x in minutes from the visit's start."""

    css: str
    x1: int
    x2: int


@dataclass(frozen=True, kw_only=True)
class Bar:
    """A visit on the board. `offset` and `width` count quarter hours from opening; `starts` and `ends` are clock times.

    `said` is what is read aloud after the words that are seen; `is_movable` whether its status lets it move; `next_to`
    and `next_word` are its usual next step, if any; `needs_check` says that the nurse's check comes before it.
    """

    id: UUID
    url: str
    version: int
    status: str
    name: str
    drug: str
    chair_name: str
    starts: str
    ends: str
    offset: int
    width: int
    minutes: int
    timer: str
    is_late: bool
    is_movable: bool
    is_resizable: bool
    flags: tuple[Flag, ...]
    strips: tuple[Strip, ...]
    said: str
    next_to: str
    next_word: str
    needs_check: bool
    arrived_at: datetime | None


def bar(visit: Visit, chair: Chair, board: BoardDay, url: str) -> Bar:
    """The bar of `visit`, which is in `chair`, on `board`; clipped to the hours that the board shows."""
    zone = board.clinic.zone
    start, end = visit.period.lower, visit.period.upper
    day = board.open_time or Interval(start, end)
    offset = min(max(0, (start - day.start) // QUARTER), day.minutes // 15 - 1)
    timer, is_late = timing(visit, board.now)
    flags = tuple(_flags(visit, board))
    drug = words.drug(visit.course_day)
    is_to_come = visit.status in EXPECTED and board.on > board.now.astimezone(zone).date()
    after = None if is_to_come else usual_step(visit)
    starts, ends = f"{start.astimezone(zone):%H:%M}", f"{end.astimezone(zone):%H:%M}"
    word = look_of("visit", visit.status).word.lower()
    return Bar(
        id=visit.id,
        url=url,
        version=visit.version,
        status=visit.status,
        name=visit.patient.short_name,
        drug=drug,
        chair_name=chair.name,
        starts=starts,
        ends=ends,
        offset=offset,
        width=max(1, (min(end, day.end) - max(start, day.start)) // QUARTER),
        minutes=int((end - start) / timedelta(minutes=1)),
        timer=timer,
        is_late=is_late,
        is_movable=visit.status in MOVABLE,
        is_resizable=visit.status in RESIZABLE,
        flags=flags,
        strips=tuple(_strips(visit)),
        said=" ".join([f"chair {chair.name}, {word}.", *(flag.sentence for flag in flags)]),
        next_to=after.value if after else "",
        next_word=STEP_WORDS[after] if after else "",
        needs_check=after is S.INFUSING and not getattr(visit, "has_check", False),
        arrived_at=visit.arrived_at,
    )


def usual_step(visit: Visit) -> VisitStatus | None:
    """The step that comes next for `visit`: the usual one, but past the observation where none is planned."""
    after = next_step(VisitStatus(visit.status))
    if after is S.OBSERVING and not any(phase["kind"] in WATCHING for phase in visit.course_day.phases):
        return next_step(after)
    return after


def timing(visit: Visit, now: datetime) -> tuple[str, bool]:
    """What the clock says about a visit under way, from its recorded times, and whether it runs late."""
    status = VisitStatus(visit.status)
    minutes = {phase["kind"]: phase["minutes"] for phase in visit.course_day.phases}
    if status in EXPECTED and now > visit.period.lower:
        return f"{_span(now - visit.period.lower)} late", True
    if status is S.ARRIVED and visit.arrived_at:
        return f"waiting {_span(now - visit.arrived_at)}", now - visit.arrived_at > timedelta(minutes=20)
    if status is S.INFUSING and visit.infusion_started_at:
        planned = timedelta(minutes=minutes.get("infusion", 0))
        gone = now - visit.infusion_started_at
        if gone > planned:
            return f"{_span(gone - planned)} over", True
        return f"{_span(gone)} of {_span(planned)}", False
    if status is S.OBSERVING and visit.observation_started_at:
        planned, gone = timedelta(minutes=minutes.get("observation", 0)), now - visit.observation_started_at
        if not planned:
            return f"watched {_span(gone)}", False
        left = planned - gone
        if left <= timedelta():
            return "observation over", True
        return f"{_span(left + timedelta(seconds=59))} left", False
    return "", False


def _flags(visit: Visit, board: BoardDay) -> Iterator[Flag]:
    """Everything that stands out about a visit, the gravest first."""
    yield from gate_flags(visit)
    yield from out_flags(visit, board)
    yield from over_flags(visit, board)
    yield from visit_flags(visit, board.clinic.zone, has_request=getattr(visit, "has_request", False))


def gate_flags(visit: Visit) -> Iterator[Flag]:
    """The clearance gate's light where it is not green, and that somebody went ahead against it."""
    kept: VisitClearance | None = getattr(visit, "clearance", None)
    if kept is None or visit.status in NOT_TO_COME:
        return
    standing = [one["sentence"] for one in kept.reasons if "reason" not in one]
    if visit.status in TO_START and kept.light != Light.GREEN and standing:
        more = f" And {len(standing) - 1} more." if len(standing) > 1 else ""
        is_red = kept.light == Light.RED
        word, tone, icon = ("Not clear", "flag-bad", "no-entry") if is_red else ("To decide", "", "diamond")
        yield Flag(word, tone, icon, f"{word}: {standing[0]}{more}", is_light=True)
    if len(standing) < len(kept.reasons):
        yield Flag("Went ahead", "", "flag", "Somebody went ahead against the clearance gate.", is_light=True)


def out_flags(visit: Visit, board: BoardDay) -> Iterator[Flag]:
    """That the clinic is closed that day, or that the chair is out of use meanwhile: somebody must move the visit."""
    if visit.status in FINISHED:
        return
    if board.closed_for and visit.status not in running.HERE:
        sentence = f"The clinic is closed: {board.closed_for.rstrip('.')}. Move the visit, or call the patient."
        yield Flag("Clinic closed", "flag-bad", "no-entry", sentence)
        return
    for outage in board.outages.get(visit.chair_id, ()):
        if outage.interval.overlaps(Interval(visit.period.lower, visit.period.upper)):
            todo = "Find the patient another." if visit.status in running.HERE else "Move the visit."
            sentence = f"The chair is out of use: {outage.reason.rstrip('.')}. {todo}"
            yield Flag("Chair out", "flag-bad", "no-entry", sentence)
            return


def over_flags(visit: Visit, board: BoardDay) -> Iterator[Flag]:
    """That the visit will outlast its block, and whom in its chair it keeps waiting; small where that is nobody."""
    if visit.status not in running.HERE:
        return
    later = running.following(visit, board.visits.get(visit.chair_id, ()))
    found = overrun(running.run_of(visit, has_steps=False), board.now, following=later)
    if found is not None and found.minutes >= running.NEVER_MIND:
        sentence = over_words.sentence(found, board.clinic.zone)
        tone = "flag-bad" if found.knocks else ""
        yield Flag("Runs over", tone, "clock", sentence, is_light=not found.knocks)


def visit_flags(visit: Visit, zone: ZoneInfo, *, has_request: bool = False) -> Iterator[Flag]:
    """What stands out: a request to move, no authorization, one that ends soon, rules that were overridden."""
    if visit.status == S.HELD and visit.hold_until is not None:
        yield _held(visit, visit.hold_until.astimezone(zone), zone)
    if has_request:
        yield Flag("Asks to move", "flag-info", "message", "The patient asks to move.")
    codes = {item["code"]: item for item in visit.overrides}
    capacity = {"nurse_load", "nurse_starts"} & codes.keys()
    window = {"too_early", "too_late"} & codes.keys()
    uncovered = codes.keys() - capacity - window - {code for code, *_ in OWN_WORDS}
    if uncovered and visit.authorization is None:
        item = codes[sorted(uncovered)[0]]
        yield Flag("No PA", "flag-bad", "octagon", item["sentence"])
    elif visit.authorization is not None and visit.authorization.ends_on is not None:
        left = (visit.authorization.ends_on - visit.period.lower.astimezone(zone).date()).days
        if left < 0:
            yield Flag("PA ends first", "flag-bad", "octagon", "The authorization ends before this visit.")
        elif left <= EXPIRES_SOON_DAYS:
            ends = "on the day of" if left == 0 else f"{left} day{'s' if left != 1 else ''} after"
            yield Flag(f"PA {left} d", "", "warning", f"The authorization ends {ends} this visit.")
    if capacity:
        yield Flag("Over load", "", "people", codes[sorted(capacity)[0]]["sentence"])
    if window:
        yield Flag("Off window", "flag-info", "calendar", codes[sorted(window)[0]]["sentence"])
    yield from (Flag(word, "", icon, codes[code]["sentence"]) for code, word, icon in OWN_WORDS if code in codes)


def _held(visit: Visit, until: datetime, zone: ZoneInfo) -> Flag:
    """Who keeps a held place and until when; the day only where it is not the visit's own."""
    is_same_day = until.date() == visit.period.lower.astimezone(zone).date()
    when = f"{until:%H:%M}" if is_same_day else f"{until:%a} {until:%H:%M}"
    who = visit.held_by_label or "somebody"
    return Flag(f"Held to {when}", "flag-info", "hourglass", f"Held by {who} until {when}.")


def _strips(visit: Visit) -> Iterator[Strip]:
    at = 0
    for phase in visit.course_day.phases:
        end = at + phase["minutes"]
        if phase["kind"] in PREPARING:
            yield Strip("is-prep", at, end)
        elif phase["kind"] in WATCHING:
            yield Strip("is-watch", at, end)
        at = end


def _span(length: timedelta) -> str:
    minutes = max(0, int(length.total_seconds() // 60))
    return f"{minutes // 60} h {minutes % 60:02d}" if minutes >= 60 else f"{minutes} min"
