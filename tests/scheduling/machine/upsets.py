"""Days that are upset: a chair goes down, a nurse is away, the clinic closes, and all of it is taken back.

People look at the proposal and press; not always do they take it as it is.
"""

from datetime import time
from typing import Any
from uuid import UUID

from hypothesis import strategies as st

from core import clock
from core.errors import Conflict
from core.intervals import Interval
from scheduling.domain.upset import Act
from scheduling.models import Disruption, DisruptionKind
from scheduling.queries import disruptions as reading
from scheduling.services import disruption_undo, disruptions
from scheduling.services.decisions import Decision, Do
from scheduling.services.disruption_facts import Happening
from tests.scheduling.disruptions.scenes import decided
from tests.scheduling.invariants import GONE, rows
from tests.scheduling.machine.walk import INDEX, Walk, act, pick
from tests.scheduling.machine.ward import DAYS

HOURS = st.sampled_from([(7, 18), (7, 18), (8, 12), (12, 18)])
HOW = st.sampled_from(["as proposed", "as proposed", "cancelled", "called", "forgotten", "unsaid"])


def has_disruptions(walk: Any) -> bool:
    return Disruption.objects.filter(undone_at=None).exists()


class Upsets(Walk):
    @act(often=1, chair=INDEX, on=INDEX, hours=HOURS, how=HOW)
    def chair_down(self, chair: int, on: int, hours: tuple[int, int], how: str) -> None:
        self._upset("a chair goes down", how, kind=DisruptionKind.CHAIR, away=_hours(self, on, hours), chair=chair)

    @act(often=2, nurse=INDEX, on=INDEX, hours=HOURS, how=HOW)
    def nurse_away(self, nurse: int, on: int, hours: tuple[int, int], how: str) -> None:
        self._upset("a nurse is away", how, kind=DisruptionKind.NURSE, away=_hours(self, on, hours), nurse=nurse)

    @act(often=2, on=INDEX, hours=HOURS, how=HOW)
    def clinic_closes(self, on: int, hours: tuple[int, int], how: str) -> None:
        self._upset("the clinic closes", how, kind=DisruptionKind.CLOSED, away=_hours(self, on, hours))

    @act(often=2, when=has_disruptions, disruption=INDEX)
    def take_back(self, disruption: int) -> None:
        """Undo it; where visits can't return, look at the step, and then leave those where they are."""
        found = pick(
            list(reading.of_clinic(self.ward.clinic).filter(undone_at=None).order_by("-applied_at")), disruption
        )
        stuck: set[UUID] = set()

        def undo() -> Disruption:
            try:
                return disruption_undo.take_back(disruption=found, by=self.ward.scheduler, leaving=stuck)
            except Conflict as conflict:
                stuck.update(UUID(str(one.facts["visit_id"])) for one in conflict.reasons if "visit_id" in one.facts)
                raise

        if self.do("take a disruption back", undo) is None and stuck:
            self.all_holds()
            self.do("take a disruption back in part", undo)

    def _upset(
        self,
        what: str,
        how: str,
        *,
        kind: DisruptionKind,
        away: Interval,
        chair: int | None = None,
        nurse: int | None = None,
    ) -> None:
        happening = Happening(
            clinic=self.ward.clinic,
            kind=kind,
            away=away,
            reason="Out of the blue",
            chair=None if chair is None else self.chair(chair),
            nurse=None if nurse is None else pick(self.ward.nurses, nurse),
        )

        def apply() -> Disruption:
            seen = reading.propose(happening)
            return disruptions.apply(
                happening=happening,
                decisions=_otherwise([decided(row) for row in seen.rows if row.line.act is not Act.BEGUN], how),
                by=self.ward.scheduler,
                reason="" if how == "unsaid" else "Nothing else is possible.",
                seen_over=[over.at for over in seen.repair.over],
            )

        done = self.do(what, apply)
        if done is not None and kind != DisruptionKind.NURSE:
            self._nobody_is_left(happening, {UUID(one["visit"]) for one in done.changes if one["do"] == Do.CALL})

    def _nobody_is_left(self, happening: Happening, called: set[UUID]) -> None:
        """In the time that goes there is nobody but those whom somebody must call."""
        start, end = max(happening.away.start, clock.now()), happening.away.end
        chairs = [happening.chair.id] if happening.chair else [chair.id for chair in self.ward.chairs]
        left = {key for (key,) in rows(_LEFT, chairs, start, end, clock.now())}
        assert left <= called, f"left behind: {left - called}"


def _hours(walk: Walk, on: int, hours: tuple[int, int]) -> Interval:
    """Hours of a day to come, or of today."""
    zone = walk.ward.clinic.zone
    day = pick([one for one in DAYS if one >= clock.today(zone)], on)
    return Interval(clock.instant(day, time(hours[0]), zone), clock.instant(day, time(hours[1]), zone))


def _otherwise(proposed: list[Decision], how: str) -> list[Decision]:
    """What the person makes of the proposal."""
    if how == "forgotten":
        return proposed[1:]
    do = {"cancelled": Do.CANCEL, "called": Do.CALL}.get(how)
    return [
        Decision(visit_id=one.visit_id, version=one.version, do=do) if do and one.do == Do.MOVE else one
        for one in proposed
    ]


_LEFT = f"""
    SELECT id FROM scheduling_visit
     WHERE chair_id = ANY(%s) AND period && tstzrange(%s, %s) AND status NOT IN {GONE}
       AND status NOT IN ('completed', 'left_early')
       AND NOT (status = 'held' AND hold_until <= %s)
"""
"""Who is somewhere in some time; a hold that ran out holds nothing."""
