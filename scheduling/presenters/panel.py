"""One visit as its panel and page show it: status, what can be done next, what happened."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from accounts.domain.policy import Permission
from authorizations.queries.coverage import COVERAGE_CODES
from core import clock
from core.actor import Actor
from core.looks import look_of
from scheduling.domain.statuses import EXPECTED, FORWARD, VisitStatus
from scheduling.models import Visit, VisitEvent
from scheduling.presenters import bars, words
from scheduling.queries.history import History
from scheduling.services import booking, resizing
from scheduling.services.records import local_day
from scheduling.services.stamps import can_be_earlier


@dataclass(frozen=True)
class Line:
    """One line of a visit's history."""

    what: str
    at: datetime
    who: str
    why: str


def visit_panel(visit: Visit, history: History, by: Actor) -> dict[str, Any]:
    """What the panel of `visit` shows to `by`."""
    status = VisitStatus(visit.status)
    timer, is_late = bars.timing(visit, clock.now())
    can_run, can_change = by.can(Permission.VISIT_STATUS), by.can(Permission.VISIT_CHANGE)
    later = _not_yet(visit) if status in EXPECTED else frozenset()
    usual = bars.usual_step(visit)
    following = usual if can_run and usual not in later else None
    hidden = later | {following, VisitStatus.CANCELLED}
    others = [step for step in FORWARD[status] if step not in hidden] if can_run else []
    return {
        "visit": visit,
        "day": local_day(visit),
        "today": clock.today(visit.clinic.zone),
        "drug": words.drug(visit.course_day),
        "timer": timer,
        "is_late": is_late,
        "flags": tuple(bars.visit_flags(visit, visit.clinic.zone)),
        "next_step": (following, bars.STEP_WORDS[following]) if following else None,
        "can_be_earlier": any(can_be_earlier(step) for step in (following, *others) if step is not None),
        "other_steps": [(step, bars.STEP_WORDS[step]) for step in others],
        "can_move": status in booking.MOVABLE and can_change,
        "is_uncovered": any(item["code"] in COVERAGE_CODES for item in visit.overrides),
        "can_wait": status in EXPECTED and visit.period.lower > clock.now() and by.can(Permission.VISIT_BOOK),
        "can_cancel": status in EXPECTED and can_change,
        "can_resize": status in resizing.RESIZABLE and can_change,
        "can_shorten": status not in resizing.RUNNING,
        "history": [line(event, visit) for event in history.events],
        "undo_words": _undo_words(history.undoable, visit) if history.undoable and can_run else "",
        "open_request": history.open_request,
        "can_answer": by.can(Permission.REQUEST_ANSWER),
    }


def _not_yet(visit: Visit) -> frozenset[VisitStatus]:
    """Steps that an expected visit can't take yet: nobody arrives before the day, or is missed before the hour."""
    if local_day(visit) > clock.today(visit.clinic.zone):
        return frozenset({VisitStatus.ARRIVED, VisitStatus.NO_SHOW})
    return frozenset({VisitStatus.NO_SHOW} if clock.now() < visit.period.lower else ())


def line(event: VisitEvent, visit: Visit) -> Line:
    """One line of the history of `visit`: what, when, who and why."""
    word = look_of("visit", str(event.after.get("status", ""))).word
    if "at" in event.after:
        word = f"{word} at {_clock(event.after['at'], visit)}, written down later"
    what = {
        "book": f"Booked: {_place(event.after, visit)}",
        "hold": f"Held: {_place(event.after, visit)}",
        "let_go": "Held no longer",
        "move": f"Moved to {_place(event.after, visit)}",
        "resize": f"{_length_words(event)} to end at {_clock(event.after.get('end'), visit)}",
        "cancel": "Cancelled",
        "assign": f"Nurse: {event.after.get('nurse') or 'none yet'}",
        "check": "Checked before the infusion",
        "clearance": f"Went ahead against: {event.after.get('sentence', '')}",
        "undo": _undone_words(event, visit),
        "quiet": "Patient not told of the move",
        "told": "Patient told of the move",
        "kept": "Kept its place although nurses are too few",
    }.get(event.kind, word)
    return Line(what, event.at, event.by_label, event.reason)


def _undo_words(event: VisitEvent, visit: Visit) -> str:
    word = look_of("visit", str(event.after.get("status", ""))).word
    return {
        "book": "Undo the booking",
        "move": f"Undo the move (back to {_place(event.before, visit)})",
        "cancel": "Undo the cancellation",
        "assign": f"Undo the nurse (back to {event.before.get('nurse') or 'none yet'})",
        "resize": f"Undo the new length (back to {_clock(event.before.get('end'), visit)})",
    }.get(event.kind, f"Undo “{word}”")


def _undone_words(event: VisitEvent, visit: Visit) -> str:
    """A place that came back says where and until when; a status says which."""
    if "start" in event.after:
        return f"Undone; again {_place(event.after, visit)}–{_clock(event.after.get('end'), visit)}"
    return f"Undone; {look_of('visit', str(event.after.get('status', ''))).word.lower()} again"


def _length_words(event: VisitEvent) -> str:
    return "Made longer" if str(event.after.get("end", "")) > str(event.before.get("end", "")) else "Made shorter"


def _clock(moment: str | None, visit: Visit) -> str:
    return f"{datetime.fromisoformat(moment).astimezone(visit.clinic.zone):%H:%M}" if moment else ""


def _place(place: dict[str, Any], visit: Visit) -> str:
    try:
        start = datetime.fromisoformat(place["start"]).astimezone(visit.clinic.zone)
    except (KeyError, ValueError):
        return str(place.get("chair", ""))
    return f"{place.get('chair', '')}, {start:%a} {start.day} {start:%b %H:%M}"
