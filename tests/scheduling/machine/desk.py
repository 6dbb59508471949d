"""What people do at the desk: book, move, swap, make longer, cancel, one visit or a whole series, and undo."""

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from core.errors import Stale
from regimens.models import CourseDay
from scheduling.models import Visit, VisitEvent
from scheduling.queries import series as reading
from scheduling.queries import visits
from scheduling.services import booking, resizing, series, swapping, undo
from scheduling.services.booking import Override
from scheduling.services.booking_many import Move
from scheduling.services.series import Pick
from tests.scheduling.machine.walk import INDEX, WHY, Walk, has_visits, pick
from tests.scheduling.machine.ward import later

TO_COME = ("booked", "confirmed", "held", "arrived")


class Desk(Walk):
    @rule(day=INDEX, chair=INDEX, at=INDEX, why=WHY)
    def book(self, day: int, chair: int, at: int, why: Override | None) -> None:
        self.do(
            "book",
            lambda: booking.book(
                course_day=self.course_day(day),
                chair=self.chair(chair),
                start=pick(self.ward.starts, at),
                by=self.ward.scheduler,
                override=why,
            ),
        )

    @rule(order=INDEX, chair=INDEX, at=INDEX, step=st.integers(1, 9), count=st.integers(2, 3), why=WHY)
    def book_series(self, order: int, chair: int, at: int, step: int, count: int, why: Override | None) -> None:  # noqa: PLR0917
        chosen = pick(self.ward.orders, order)
        days = [day for day in self._days() if day.course.order_id == chosen.id]
        picks = [
            Pick(course_day=day, chair=self.chair(chair), start=pick(self.ward.starts, at + step * number))
            for number, day in enumerate(days[:count])
        ]
        skipped = dict.fromkeys(days[count:], "The patient travels.")
        self.do(
            "book a series",
            lambda: series.book_series(
                order=chosen, picks=picks, by=self.ward.scheduler, override=why, skipped=skipped
            ),
        )

    @precondition(has_visits)
    @rule(visit=INDEX, chair=INDEX, at=INDEX, why=WHY)
    def move(self, visit: int, chair: int, at: int, why: Override | None) -> None:
        found = self.visit(visit, *TO_COME)
        self.do("move", lambda: self._move(found, found.version, chair, at, why))

    @precondition(has_visits)
    @rule(visit=INDEX, chair=INDEX, at=INDEX, why=WHY)
    def move_what_changed_meanwhile(self, visit: int, chair: int, at: int, why: Override | None) -> None:
        found = self.visit(visit)

        def move() -> None:
            try:
                self._move(found, found.version - 1, chair, at, why)
            except Stale:
                raise
            raise AssertionError("a visit was moved by somebody who saw an older one")

        self.do("move too late", move)

    def _move(self, visit: Visit, version: int, chair: int, at: int, why: Override | None) -> None:
        booking.move(
            visit=visit,
            chair=self.chair(chair),
            start=pick(self.ward.starts, at),
            expected_version=version,
            by=self.ward.scheduler,
            override=why,
        )

    @precondition(has_visits)
    @rule(visit=INDEX, chair=INDEX, quarters=st.integers(-8, 8), is_all=st.booleans(), why=WHY)
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

    @precondition(has_visits)
    @rule(visit=INDEX)
    def undo_series(self, visit: int) -> None:
        found = self._of_series(visit)
        key = found.series_id or found.id
        self.do(
            "undo a series",
            lambda: series.undo_series(clinic=self.ward.clinic, series_id=key, by=self.ward.scheduler),
        )

    @precondition(has_visits)
    @rule(visit=INDEX, other=INDEX, why=WHY)
    def swap(self, visit: int, other: int, why: Override | None) -> None:
        one = self.visit(visit, *TO_COME)
        two = self._beside(one, other)
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

    @precondition(has_visits)
    @rule(visit=INDEX, quarters=st.integers(-6, 6), why=WHY)
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

    @precondition(has_visits)
    @rule(visit=INDEX)
    def cancel(self, visit: int) -> None:
        found = self.visit(visit, *TO_COME)
        self.do(
            "cancel",
            lambda: booking.cancel(visit=found, reason="Ill.", expected_version=found.version, by=self.ward.scheduler),
        )

    @precondition(has_visits)
    @rule(visit=INDEX)
    def undo(self, visit: int) -> None:
        found = self.visit(visit)
        self.do("undo", lambda: undo.undo(visit=found, expected_version=found.version, by=self.ward.manager))

    @precondition(has_visits)
    @rule(change=INDEX)
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

    def _beside(self, one: Visit, index: int) -> Visit:
        """Another visit of the same time; any visit where there is none."""
        seen = self.watch.sight.visits
        start, end = seen[one.id].starts_at, seen[one.id].ends_at
        beside = [
            key
            for key in self.ids(*TO_COME)
            if key != one.id and seen[key].starts_at < end and start < seen[key].ends_at
        ]
        return visits.get(self.ward.clinic, pick(beside or self.ids(), index))
