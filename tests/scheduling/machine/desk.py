"""What people do at the desk: book, move, swap, make longer, cancel, one visit or a whole series, and undo."""

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from core.errors import Stale
from regimens.models import CourseDay
from scheduling.models import OCCUPYING_VALUES, Visit, VisitEvent
from scheduling.queries import series as reading
from scheduling.queries import visits
from scheduling.services import booking, resizing, series, swapping, undo
from scheduling.services.booking import Override
from scheduling.services.booking_many import Move
from scheduling.services.series import Pick
from tests.scheduling.machine.aims import WHERE, Aim, Aiming, Where
from tests.scheduling.machine.walk import INDEX, WHY, act, has_visits, pick
from tests.scheduling.machine.ward import DAYS, later

QUARTERS = st.sampled_from([0, 0, -4, -1, 1, 4, 8])
TO_COME = ("booked", "confirmed", "held", "arrived")


def has_free_days(walk: Any) -> bool:
    return len(walk.ids(*OCCUPYING_VALUES)) < len(walk.ward.days)


class Desk(Aiming):
    @act(often=2, when=has_free_days, day=INDEX, where=WHERE, why=WHY)
    def book(self, day: int, where: Where, why: Override | None) -> None:
        wanted = self.course_day(day)
        chair, start = self.place(where, wanted)
        self.do(
            "book",
            lambda: booking.book(course_day=wanted, chair=chair, start=start, by=self.ward.scheduler, override=why),
        )

    @act(often=2, order=INDEX, where=WHERE, count=st.integers(2, 3), why=WHY)
    def book_series(self, order: int, where: Where, count: int, why: Override | None) -> None:
        """What is not booked yet of an order, mostly one of which at least two days are left; each on its own day."""
        placed = set(Visit.objects.filter(status__in=OCCUPYING_VALUES).values_list("course_day_id", flat=True))
        days_of = {
            one: [day for day in self._days() if day.course.order_id == one.id and day.id not in placed]
            for one in self.ward.orders
        }
        chosen = pick([one for one, days in days_of.items() if len(days) > 1] or self.ward.orders, order)
        days = days_of[chosen] if where.aim is not Aim.TAKEN else self._days()[:3]
        places = [self.place(where, day, on=DAYS.index(day.due_on)) for day in days[:count]]
        picks = [
            Pick(course_day=day, chair=chair, start=start)
            for day, (chair, start) in zip(days[:count], places, strict=True)
        ]
        skipped = dict.fromkeys(days[count:], "The patient travels.")
        self.do(
            "book a series",
            lambda: series.book_series(
                order=chosen, picks=picks, by=self.ward.scheduler, override=why, skipped=skipped
            ),
        )

    @act(when=has_visits, visit=INDEX, where=WHERE, why=WHY)
    def move(self, visit: int, where: Where, why: Override | None) -> None:
        found = self.visit(visit, *TO_COME)
        self.do("move", self._moving(found, found.version, where, why))

    @act(when=has_visits, visit=INDEX, where=WHERE, why=WHY)
    def move_what_changed_meanwhile(self, visit: int, where: Where, why: Override | None) -> None:
        found = self.visit(visit, *TO_COME)
        late = self._moving(found, found.version - 1, where, why)

        def move() -> None:
            try:
                late()
            except Stale:
                raise
            raise AssertionError("a visit was moved by somebody who saw an older one")

        self.do("move too late", move)

    def _moving(self, visit: Visit, version: int, where: Where, why: Override | None) -> Callable[[], Visit]:
        chair, start = self.place(where, visit.course_day, visit)
        return lambda: booking.move(
            visit=visit,
            chair=chair,
            start=start,
            expected_version=version,
            by=self.ward.scheduler,
            override=why,
        )

    @act(
        often=2,
        when=has_visits,
        visit=INDEX,
        chair=INDEX,
        quarters=QUARTERS,
        is_all=st.booleans(),
        why=WHY,
    )
    def move_series(self, visit: int, chair: int, quarters: int, is_all: bool, why: Override | None) -> None:
        first = self._of_series(visit)
        moves = [
            Move(
                visit=one,
                chair=self.chair(chair),
                start=later(one.period.lower, quarters),
                expected_version=one.version,
            )
            for one in reading.mates(first, only_following=not is_all, with_exceptions=is_all)
        ]
        self.do("move a series", lambda: series.move_series(moves=moves, by=self.ward.scheduler, override=why))

    @act(when=has_visits, visit=INDEX)
    def undo_series(self, visit: int) -> None:
        found = self._of_series(visit)
        key = found.series_id or found.id
        self.do(
            "undo a series",
            lambda: series.undo_series(clinic=self.ward.clinic, series_id=key, by=self.ward.scheduler),
        )

    @act(often=3, when=has_visits, visit=INDEX, other=INDEX, why=WHY)
    def swap(self, visit: int, other: int, why: Override | None) -> None:
        one, two = self._beside(visit, other)
        self.do(
            "swap",
            lambda: swapping.swap(
                visit=one,
                other=two,
                expected_version=one.version,
                other_version=two.version,
                by=self.ward.scheduler,
                override=why,
            ),
        )

    @act(often=2, when=has_visits, visit=INDEX, quarters=st.integers(-6, 6), why=WHY)
    def resize(self, visit: int, quarters: int, why: Override | None) -> None:
        found = self.visit(visit)
        self.do(
            "resize",
            lambda: resizing.resize(
                visit=found,
                end=later(found.period.upper, quarters),
                expected_version=found.version,
                by=self.ward.scheduler,
                override=why,
            ),
        )

    @act(when=has_visits, visit=INDEX)
    def cancel(self, visit: int) -> None:
        found = self.visit(visit, *TO_COME)
        self.do(
            "cancel",
            lambda: booking.cancel(visit=found, reason="Ill.", expected_version=found.version, by=self.ward.scheduler),
        )

    @act(often=2, when=has_visits, visit=INDEX)
    def undo(self, visit: int) -> None:
        found = self.visit(visit)
        self.do("undo", lambda: undo.undo(visit=found, expected_version=found.version, by=self.ward.manager))

    @act(often=2, when=has_visits, change=INDEX)
    def undo_from_recent_changes(self, change: int) -> None:
        event = pick(list(VisitEvent.objects.order_by("-at", "-id")[:8]), change)
        found = self.visit(self.ids().index(event.visit_id))
        self.do("undo a change", lambda: undo.undo(visit=found, event_id=event.id, by=self.ward.manager))

    def _days(self) -> list[CourseDay]:
        return [visits.get_course_day(self.ward.clinic, key) for key in self.ward.days]

    def _of_series(self, index: int) -> Visit:
        """A visit that was booked with others; the clinic began with three of them."""
        keys = Visit.objects.exclude(series_id=None).order_by("created_at", "id").values_list("id", flat=True)
        return visits.get(self.ward.clinic, pick(list(keys), index))

    def _beside(self, one: int, other: int) -> tuple[Visit, Visit]:
        """Two visits of the same time; any two where there are none, and now and then."""
        seen, keys = self.watch.sight.visits, self.ids(*TO_COME)
        pairs = [
            (a, b)
            for a in keys
            for b in keys
            if a != b and seen[a].starts_at < seen[b].ends_at and seen[b].starts_at < seen[a].ends_at
        ]
        either = pick(pairs, one) if pairs and other % 6 else (pick(self.ids(), one), pick(self.ids(), other))
        return visits.get(self.ward.clinic, either[0]), visits.get(self.ward.clinic, either[1])
