"""What changes under the visits: chairs out of use or retired, nurses who come and leave, closed days, and time."""

from collections.abc import Callable
from datetime import date, time, timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from accounts.models import Closure
from core import clock
from scheduling.models import ChairOutage, Shift
from scheduling.services import backfill, outages, setup_acts, setup_calendar, setup_chairs, setup_shifts
from scheduling.services.setup_shifts import ShiftFacts
from tests.scheduling import invariants
from tests.scheduling.machine.walk import INDEX, Walk, pick
from tests.scheduling.machine.ward import DAYS, later

ON = st.sampled_from(DAYS)
SPANS = st.sampled_from([(time(7), time(18)), (time(7), time(12)), (time(11), time(18))])


def has_outages(walk: Any) -> bool:
    return ChairOutage.objects.filter(lifted_at=None).exists()


def has_closures(walk: Any) -> bool:
    return Closure.objects.exists()


class House(Walk):
    @rule(chair=INDEX, at=INDEX, quarters=st.integers(1, 20))
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

    @precondition(has_outages)
    @rule(outage=INDEX)
    def give_a_chair_back(self, outage: int) -> None:
        found = ChairOutage.objects.select_related("chair__clinic", "clinic").filter(lifted_at=None)
        one = pick(list(found.order_by("created_at", "id")), outage)
        self.do("give a chair back", lambda: outages.lift(outage=one, by=self.ward.scheduler))

    @rule(chair=INDEX, is_back=st.booleans())
    def retire_a_chair(self, chair: int, is_back: bool) -> None:
        found, act = self.chair(chair), setup_chairs.bring_back if is_back else setup_chairs.retire
        self._set_up("chair back" if is_back else "retire a chair", lambda: act(chair=found, by=self.ward.manager))

    @rule(nurse=INDEX, on=ON, span=SPANS)
    def add_a_shift(self, nurse: int, on: date, span: tuple[time, time]) -> None:
        facts = self._facts(nurse, on, span)
        self._set_up(
            "add a shift",
            lambda: setup_shifts.add(clinic=self.ward.clinic, facts=facts, by=self.ward.manager),
        )

    @rule(shift=INDEX, nurse=INDEX, on=ON, span=SPANS)
    def change_a_shift(self, shift: int, nurse: int, on: date, span: tuple[time, time]) -> None:
        if (found := self._shift(shift)) is None:
            return
        facts = self._facts(nurse, on, span)
        self._set_up("change a shift", lambda: setup_shifts.change(shift=found, facts=facts, by=self.ward.manager))

    @rule(shift=INDEX)
    def send_a_nurse_home(self, shift: int) -> None:
        if (found := self._shift(shift)) is None:
            return
        self._set_up("remove a shift", lambda: setup_shifts.remove(shift=found, by=self.ward.manager))

    @rule(on=ON)
    def close(self, on: date) -> None:
        self._set_up(
            "close",
            lambda: setup_calendar.close(clinic=self.ward.clinic, on=on, reason="Snow.", by=self.ward.manager),
        )

    @precondition(has_closures)
    @rule(closure=INDEX)
    def reopen(self, closure: int) -> None:
        found = pick(list(Closure.objects.select_related("clinic").order_by("on")), closure)
        self._set_up("reopen", lambda: setup_calendar.reopen(closure=found, by=self.ward.manager))

    @rule(on=ON)
    def look_at_what_closing_breaks(self, on: date) -> None:
        """A preview changes nothing, just as a refusal."""

        def act() -> object:
            return setup_calendar.close(clinic=self.ward.clinic, on=on, reason="Snow.", by=self.ward.manager)

        self.do("preview", lambda: setup_acts.preview(clinic=self.ward.clinic, act=act))
        self.was_refused = True

    @rule(quarters=st.sampled_from([1, 3, 8]))
    def time_passes(self, quarters: int) -> None:
        self.pass_time(timedelta(minutes=15 * quarters))

    @rule()
    def the_next_morning(self) -> None:
        today = clock.today(self.ward.clinic.zone)
        coming = [on for on in DAYS if on > today]
        if coming:
            self.clock.move_to(clock.instant(coming[0], time(8), self.ward.clinic.zone))

    @rule()
    def sweep(self) -> None:
        """What Celery does every minute: afterwards nothing is held or offered beyond its time."""
        self.do("sweep", backfill.sweep_all)
        now = clock.now()
        assert invariants.dead_holds(now) == []
        late = "SELECT id FROM scheduling_offer WHERE state = 'open' AND expires_at <= %s"
        assert invariants.rows(late, now) == []

    def _set_up(self, what: str, act: Callable[[], object]) -> None:
        """As the pages do it: look at what it breaks, then save exactly that."""
        clinic, by = self.ward.clinic, self.ward.manager

        def save() -> object:
            seen = setup_acts.preview(clinic=clinic, act=act)
            return setup_acts.save(clinic=clinic, act=act, seen=seen.fingerprint, by=by)

        self.do(what, save)

    def _shift(self, index: int) -> Shift | None:
        found = list(Shift.objects.select_related("clinic", "nurse").order_by("starts_at", "nurse_id"))
        coming = [one for one in found if one.starts_at.astimezone(self.ward.clinic.zone).date() in DAYS]
        return pick(coming, index) if coming else None

    def _facts(self, nurse: int, on: date, span: tuple[time, time]) -> ShiftFacts:
        person = pick(self.ward.nurses, nurse)
        return ShiftFacts(nurse_id=person.id, on=on, starts=span[0], ends=span[1], lunch_starts=None, lunch_ends=None)
