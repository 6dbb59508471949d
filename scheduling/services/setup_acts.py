"""Changing how a clinic is set up: first what it breaks, then the save in one act.

A preview does the very change, looks, and takes it back, so that it can't tell anything else than the save. The save
does it for good only if it breaks what was shown; visits that then stand badly become tasks of kind "setup".
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from accounts.models import Clinic
from core import clock
from core.actor import Actor
from core.errors import Stale
from core.ids import new_id
from core.intervals import QUARTER
from core.transactions import business_act
from scheduling.models import StaffTask
from scheduling.queries.soft_standing import soft_troubles
from scheduling.queries.standing import Overload, Standing, Trouble, standing
from scheduling.services import staff_tasks

KIND = "setup"
Act = Callable[[], object]


@dataclass(frozen=True, kw_only=True)
class OverSpan:
    """Quarter hours in a row that a change leaves with too few nurses; `worst` is the fullest of them."""

    on: date
    start: datetime
    end: datetime
    worst: Overload

    @property
    def words(self) -> str:
        """What is too much: "4.3 of 3 nurses", or how many infusions start at once."""
        worst = self.worst
        if worst.need > worst.cap:
            return f"{worst.need / 100:.1f} of {worst.cap / 100:.0f} nurses"
        return f"{worst.starts} infusions start at once, with {worst.starts_cap} nurses"


@dataclass(frozen=True, kw_only=True)
class Breaks:
    """What a change breaks, and whose visits it puts right. What is `soft` may stay, and becomes no task."""

    troubles: tuple[Trouble, ...]
    over: tuple[OverSpan, ...]
    mended: frozenset[UUID]
    soft: tuple[Trouble, ...] = ()

    @property
    def is_nothing(self) -> bool:
        return not self.troubles and not self.over

    @property
    def fingerprint(self) -> str:
        """A name for exactly this."""
        found = (*self.troubles, *self.soft)
        lines = [f"{trouble.visit.id}:{trouble.code}:{trouble.visit.period}" for trouble in found]
        lines += [f"{span.start}:{span.end}:{span.words}" for span in self.over]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:24]


class _Rehearsed(Exception):
    """Thrown to take a rehearsed change back."""

    def __init__(self, breaks: Breaks) -> None:
        super().__init__()
        self.breaks = breaks


def preview(*, clinic: Clinic, act: Act) -> Breaks:
    """What `act` would break; nothing stays changed. Raises what `act` raises."""
    try:
        _rehearse(clinic, act)
    except _Rehearsed as done:
        return done.breaks
    raise AssertionError("unreachable")


@business_act
def _rehearse(clinic: Clinic, act: Act) -> None:
    with transaction.atomic():
        raise _Rehearsed(_do(clinic, act))


@business_act
def save(*, clinic: Clinic, act: Act, seen: str, by: Actor) -> Breaks:
    """Do `act` and open a task for whatever it breaks.

    Raises `Stale` when that is not what was shown (`seen`, its fingerprint), and what `act` raises.
    """
    with transaction.atomic():
        breaks = _do(clinic, act)
        if breaks.fingerprint != seen:
            raise Stale("changed_meanwhile", "Bookings changed meanwhile. Look again at what it breaks, then save.")
        _open_tasks(clinic, breaks)
        _close_tasks(clinic, breaks, by)
    return breaks


def _do(clinic: Clinic, act: Act) -> Breaks:
    before, soft_before = standing(clinic), soft_troubles(clinic)
    act()
    breaks = compare(clinic, before, standing(clinic))
    soft = soft_troubles(clinic)
    return replace(breaks, soft=tuple(soft[key] for key in soft if key not in soft_before))


def compare(clinic: Clinic, before: Standing, after: Standing) -> Breaks:
    """What is wrong after a change that was not before."""
    worse = [
        slot for at, slot in sorted(after.over.items()) if at not in before.over or _is_worse(before.over[at], slot)
    ]
    was, now = ({visit_id for visit_id, _ in one.troubles} for one in (before, after))
    return Breaks(
        troubles=tuple(trouble for key, trouble in after.troubles.items() if key not in before.troubles),
        over=tuple(_spans(worse, clinic)),
        mended=frozenset(was - now),
    )


def _is_worse(before: Overload, after: Overload) -> bool:
    return any(now > was for now, was in zip(after.excess, before.excess, strict=True))


def _spans(slots: Iterable[Overload], clinic: Clinic) -> Iterator[OverSpan]:
    row: list[Overload] = []
    for slot in slots:
        if row and slot.at - row[-1].at != QUARTER:
            yield _span(row, clinic)
            row = []
        row.append(slot)
    if row:
        yield _span(row, clinic)


def _span(row: list[Overload], clinic: Clinic) -> OverSpan:
    return OverSpan(
        on=row[0].at.astimezone(clinic.zone).date(),
        start=row[0].at,
        end=row[-1].at + QUARTER,
        worst=max(row, key=lambda slot: slot.excess),
    )


def _open_tasks(clinic: Clinic, breaks: Breaks) -> None:
    act_id = new_id()
    by_visit: dict[UUID, list[Trouble]] = {}
    for trouble in breaks.troubles:
        by_visit.setdefault(trouble.visit.id, []).append(trouble)
    for visit_id, troubles in by_visit.items():
        visit = troubles[0].visit
        local = visit.period.lower.astimezone(clinic.zone)
        why = " ".join(trouble.sentence for trouble in troubles)
        text = f"Move {visit.patient.short_name}, {local:%a %-d %b %H:%M} in {visit.chair.name}: {why}"
        staff_tasks.open_task(clinic=clinic, kind=KIND, text=text, dedupe_key=f"setup:{act_id}:{visit_id}", visit=visit)
    for on in sorted({span.on for span in breaks.over}):
        spans = [span for span in breaks.over if span.on == on]
        times = ", ".join(
            f"{span.start.astimezone(clinic.zone):%H:%M}–{span.end.astimezone(clinic.zone):%H:%M} ({span.words})"
            for span in spans
        )
        text = f"Too few nurses on {on:%a %-d %b}: {times}. Move a visit or add a nurse."
        staff_tasks.open_task(clinic=clinic, kind=KIND, text=text, dedupe_key=f"setup-load:{on}:{act_id}")


def _close_tasks(clinic: Clinic, breaks: Breaks, by: Actor) -> None:
    """Tasks about visits that stand well again."""
    StaffTask.objects.filter(clinic=clinic, kind=KIND, visit_id__in=breaks.mended, done_at=None).update(
        done_at=clock.now(), done_by_label=by.label[:150]
    )
