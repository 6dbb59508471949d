"""The day of a visit: each step forward, any step at all, confirming, and which nurse looks after whom."""

from hypothesis import strategies as st

from core import clock
from scheduling.domain.statuses import VisitStatus, next_step
from scheduling.models import Visit
from scheduling.services import assignment, flow
from tests import factories
from tests.scheduling.machine.walk import INDEX, Walk, act, has_visits, pick
from tests.scheduling.machine.ward import patient_actor

ENDS = st.sampled_from([VisitStatus.NO_SHOW, VisitStatus.NO_SHOW, VisitStatus.LEFT_EARLY, VisitStatus.CANCELLED])
HERE = ("booked", "confirmed", "arrived", "seated", "infusing", "observing")


class Floor(Walk):
    @act(often=4, when=has_visits, visit=INDEX, count=st.integers(1, 3))
    def go_on(self, visit: int, count: int) -> None:
        """The usual next steps of a visit of today."""
        found = self._today(visit)
        for _ in range(count):
            to = next_step(VisitStatus(found.status))
            if to is None or self._advance(f"{to}", found, to) is None:
                return
            self.all_holds()
            found = self.visit(self.ids().index(found.id))

    @act(when=has_visits, visit=INDEX, to=st.sampled_from(VisitStatus))
    def step(self, visit: int, to: VisitStatus) -> None:
        """Any step, sensible or not."""
        self._advance("any step", self._today(visit), to)

    @act(
        often=2,
        when=has_visits,
        visit=INDEX,
        to=ENDS,
    )
    def end(self, visit: int, to: VisitStatus) -> None:
        self._advance(f"{to}", self._today(visit), to)

    @act(when=has_visits, visit=INDEX, is_patient=st.booleans())
    def confirm(self, visit: int, is_patient: bool) -> None:
        found = self.visit(visit, "booked")
        by = patient_actor(found.patient) if is_patient else self.ward.scheduler
        self.do("confirm", lambda: flow.confirm(visit=found, by=by))

    @act(when=has_visits, visit=INDEX, nurse=INDEX)
    def assign(self, visit: int, nurse: int) -> None:
        found = self.visit(visit, *HERE)
        nurse_id = pick([*(one.id for one in self.ward.nurses), None], nurse)
        self.do(
            "assign",
            lambda: assignment.assign(
                visit=found, nurse_id=nurse_id, expected_version=found.version, by=self.ward.scheduler
            ),
        )

    def _today(self, index: int) -> Visit:
        """A visit of today that is not over; any other where there is none."""
        today = clock.today(self.ward.clinic.zone)
        here = [key for key in self.ids(*HERE) if self.watch.sight.visits[key].on == today]
        return self.visit(self.ids().index(pick(here, index)) if here else index)

    def _advance(self, what: str, visit: Visit, to: VisitStatus) -> Visit | None:
        if to is VisitStatus.INFUSING and visit.status == VisitStatus.SEATED:
            factories.clear(visit)
            self.watch.look(was_refused=False)
        return self.do(
            what, lambda: flow.advance(visit=visit, to=to, expected_version=visit.version, by=self.ward.manager)
        )
