"""One visit as a bar on the board: its place on the grid, its words, its timer, its flags."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.intervals import QUARTER
from core.looks import look_of
from scheduling.domain.statuses import EXPECTED, VisitStatus, next_step
from scheduling.models import Visit
from scheduling.presenters import words
from scheduling.queries.board import BoardDay

S = VisitStatus
EXPIRES_SOON_DAYS = 14
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


@dataclass(frozen=True)
class Strip:
    """A phase as a line under the bar; x in minutes from the visit's start."""

    css: str
    x1: int
    x2: int


@dataclass(frozen=True, kw_only=True)
class Bar:
    visit: Visit
    status: str
    name: str
    drug: str
    offset: int
    width: int
    timer: str
    is_late: bool
    flags: tuple[Flag, ...]
    strips: tuple[Strip, ...]
    minutes: int
    label: str
    next_to: str
    next_word: str


def bar(visit: Visit, board: BoardDay) -> Bar:
    """The bar of `visit` on `board`."""
    zone = board.clinic.zone
    start, end = visit.period.lower, visit.period.upper
    day_start = board.open_time.start if board.open_time else start
    timer, is_late = timing(visit, board.now)
    flags = tuple(visit_flags(visit))
    drug = words.drug(visit.course_day)
    after = next_step(VisitStatus(visit.status))
    parts = [
        str(visit.patient),
        drug,
        f"{start.astimezone(zone):%H:%M} to {end.astimezone(zone):%H:%M}",
        look_of("visit", visit.status).word.lower(),
        timer,
        *(flag.sentence for flag in flags),
    ]
    return Bar(
        visit=visit,
        status=visit.status,
        name=visit.patient.short_name,
        drug=drug,
        offset=max(0, (start - day_start) // QUARTER),
        width=max(1, (end - start) // QUARTER),
        timer=timer,
        is_late=is_late,
        flags=flags,
        strips=tuple(_strips(visit)),
        minutes=int((end - start) / timedelta(minutes=1)),
        label=", ".join(part for part in parts if part),
        next_to=after.value if after else "",
        next_word=STEP_WORDS[after] if after else "",
    )


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
        left = timedelta(minutes=minutes.get("observation", 0)) - (now - visit.observation_started_at)
        return (f"{_span(left)} left", False) if left > timedelta() else ("observation over", True)
    return "", False


def visit_flags(visit: Visit) -> Iterator[Flag]:
    """What stands out: no authorization, one that ends soon, rules that were overridden, a private room."""
    codes = {item["code"]: item for item in visit.overrides}
    capacity = {"nurse_load", "nurse_starts"} & codes.keys()
    window = {"too_early", "too_late"} & codes.keys()
    uncovered = codes.keys() - capacity - window
    if uncovered and visit.authorization is None:
        item = codes[sorted(uncovered)[0]]
        yield Flag("No PA", "flag-bad", "octagon", f"No authorization: {item['sentence']}")
    elif visit.authorization is not None and visit.authorization.ends_on is not None:
        left = (visit.authorization.ends_on - visit.period.lower.date()).days
        if left <= EXPIRES_SOON_DAYS:
            yield Flag(f"PA {left} d", "", "warning", f"The authorization ends {left} days after this visit.")
    if capacity:
        yield Flag("Over load", "", "warning", codes[sorted(capacity)[0]]["sentence"])
    if window:
        yield Flag("Off window", "flag-info", "calendar", codes[sorted(window)[0]]["sentence"])


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
