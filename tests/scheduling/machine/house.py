"""What changes under the visits: chairs out of use or retired, nurses who come and leave, closed days, and time."""

from collections.abc import Callable
from datetime import date, time, timedelta
from typing import Any

from hypothesis import strategies as st

from accounts.models import Closure
from core import clock
from scheduling.models import ChairOutage, Shift
from scheduling.services import backfill, outages, setup_acts, setup_calendar, setup_chairs, setup_shifts
from scheduling.services.setup_shifts import ShiftFacts
from tests.scheduling import invariants
from tests.scheduling.machine.walk import INDEX, Thing, Walk, act, pick
from tests.scheduling.machine.ward import DAYS, later

ON = st.sampled_from(DAYS)
CHANGES = [
    "retire a chair",
    "bring a chair back",
    "bring a chair back",
    "one more shift",
    "one more shift",
    "change a shift",
    "cancel a shift",
    "close",
    "reopen",
    "reopen",
]
"""What breaks things comes less often than what mends them: else the clinic soon stands empty."""
SPANS = st.sampled_from([(time(7), time(18)), (time(7), time(12)), (time(11), time(18))])


def has_outages(walk: Any) -> bool:
    return ChairOutage.objects.filter(lifted_at=None).exists()


class House(Walk):
    @act(chair=INDEX, at=INDEX, quarters=st.integers(1, 20))
    def take_a_chair_out(self, chair: int, at: int, quarters: int) -> None:
        start = pick(self.ward.starts, at)
        self.do(
            "take a chair out",
            lambda: outages.add(
                chair=self.chair(chair),
                starts_at=start,
                ends_at=later(start, quarters),
                reason="Broken.",
                by=self.ward.scheduler,
            ),
        )

    @act(when=has_outages, outage=INDEX)
    def give_a_chair_back(self, outage: int) -> None:
        found = ChairOutage.objects.select_related("chair__clinic", "clinic").filter(lifted_at=None)
        one = pick(list(found.order_by("created_at", "id")), outage)
        self.do("give a chair back", lambda: outages.lift(outage=one, by=self.ward.scheduler))

    @act(often=5, what=st.sampled_from(CHANGES), index=INDEX, other=INDEX, on=ON, span=SPANS)
    def set_up(self, what: str, index: int, other: int, on: date, span: tuple[time, time]) -> None:
        """As the pages do it: look at what it breaks, then save exactly that."""
        clinic, by = self.ward.clinic, self.ward.manager
        act = self._act(what, index, self._facts(other, on, span))
        if act is None:
            return

        def save() -> object:
            seen = setup_acts.preview(clinic=clinic, act=act)
            return setup_acts.save(clinic=clinic, act=act, seen=seen.fingerprint, by=by)

        self.do(what, save)

    @act(what=st.sampled_from(CHANGES), index=INDEX, on=ON, span=SPANS)
    def only_look(self, what: str, index: int, on: date, span: tuple[time, time]) -> None:
        """A preview changes nothing, just as a refusal."""
        if (act := self._act(what, index, self._facts(index, on, span))) is not None:
            self.do("preview", lambda: setup_acts.preview(clinic=self.ward.clinic, act=act))
            self.was_refused = True

    @act(often=2, quarters=st.sampled_from([0, 1, 3, 8, None]))
    def time_passes(self, quarters: int | None) -> None:
        """Some of the day, or all of it: then it is eight on the next one."""
        today = clock.today(self.ward.clinic.zone)
        coming = [on for on in DAYS if on > today]
        if quarters is not None:
            self.clock.shift(timedelta(minutes=15 * quarters))
        elif coming:
            self.clock.move_to(clock.instant(coming[0], time(8), self.ward.clinic.zone))
        if quarters != 1:
            self._sweep()

    def _sweep(self) -> None:
        """What Celery does every minute: afterwards nothing is held or offered beyond its time."""
        self.do("sweep", backfill.sweep_all)
        now = clock.now()
        assert invariants.dead_holds(now) == []
        late = "SELECT id FROM scheduling_offer WHERE state = 'open' AND expires_at <= %s"
        assert invariants.rows(late, now) == []

    def _act(self, what: str, index: int, facts: ShiftFacts) -> Callable[[], object] | None:
        """The change that `what` names; None where there is nothing to change."""
        clinic, by, chair = self.ward.clinic, self.ward.manager, self.chair(index)
        closed, shift = Closure.objects.select_related("clinic").order_by("on").first(), self._shift(index)
        if (what == "reopen" and closed is None) or ("a shift" in what and shift is None):
            return None
        acts: dict[str, Callable[[], object]] = {
            "retire a chair": lambda: setup_chairs.retire(chair=chair, by=by),
            "bring a chair back": lambda: setup_chairs.bring_back(chair=chair, by=by),
            "one more shift": lambda: setup_shifts.add(clinic=clinic, facts=facts, by=by),
            "change a shift": lambda: setup_shifts.change(shift=_sure(shift), facts=facts, by=by),
            "cancel a shift": lambda: setup_shifts.remove(shift=_sure(shift), by=by),
            "close": lambda: setup_calendar.close(clinic=clinic, on=facts.on, reason="Snow.", by=by),
            "reopen": lambda: setup_calendar.reopen(closure=_sure(closed), by=by),
        }
        return acts[what]

    def _shift(self, index: int) -> Shift | None:
        found = list(Shift.objects.select_related("clinic", "nurse").order_by("starts_at", "nurse_id"))
        coming = [one for one in found if one.starts_at.astimezone(self.ward.clinic.zone).date() in DAYS]
        return pick(coming, index) if coming else None

    def _facts(self, nurse: int, on: date, span: tuple[time, time]) -> ShiftFacts:
        person = pick(self.ward.nurses, nurse)
        return ShiftFacts(nurse_id=person.id, on=on, starts=span[0], ends=span[1], lunch_starts=None, lunch_ends=None)


def _sure(thing: Thing | None) -> Thing:
    assert thing is not None
    return thing
