"""Visits of a series that were moved or cancelled together go back together, or none of them does."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from accounts.models import Clinic
from core.errors import BadInput, Conflict, Stale
from messaging.models import OutboxMessage
from scheduling.domain.statuses import VisitStatus
from scheduling.models import Visit
from scheduling.queries import series as reading
from scheduling.services import booking, series, series_undo, undo
from scheduling.services.series import Series
from tests import factories
from tests.scheduling.series.scenes import Regimen, make_regimen, picks
from tests.scheduling.series.test_booking_series import OVERRIDE, moves_to, sent_or_waiting


@pytest.fixture
def regimen(db: None) -> Iterator[Regimen]:
    with time_machine.travel(datetime(2026, 3, 2, 14, 0, tzinfo=UTC), tick=True):
        yield make_regimen()


def booked(regimen: Regimen) -> Series:
    return series.book_series(order=regimen.order, picks=picks(regimen.plan()), by=regimen.scheduler)


def places_of(found: Series) -> list[tuple[object, ...]]:
    visits = Visit.objects.filter(series_id=found.pk).order_by("course_day__course__number")
    return [(one.period.lower, one.chair_id, one.status, one.is_exception) for one in visits]


def by_course(found: Series) -> list[Visit]:
    return sorted(reading.visits_of(clinic_of(found), found.pk), key=lambda one: one.course_day.course.number)


def clinic_of(found: Series) -> Clinic:
    return found.visits[0].clinic


def left(kind: str) -> None:
    """Let the messages that wait leave."""
    OutboxMessage.objects.filter(state="pending", kind=kind).update(state="sent", attempts=1)


def test_a_move_of_several_visits_is_undone_for_all_of_them_and_the_patient_hears_nothing(regimen: Regimen) -> None:
    found = booked(regimen)
    before = places_of(found)
    left("visit.booked")
    series.move_series(moves=moves_to(by_course(found)[1], 1), by=regimen.scheduler)
    assert places_of(found) != before
    undone = series_undo.undo_together(clinic=regimen.clinic, series_id=found.pk, by=regimen.scheduler)
    assert len(undone.visits) == 3
    assert places_of(found) == before
    assert [message.kind for message in sent_or_waiting()] == ["visit.booked"]
    with pytest.raises(Conflict):
        series_undo.undo_together(clinic=regimen.clinic, series_id=found.pk, by=regimen.scheduler)


def test_who_heard_of_the_move_is_told_once_that_it_is_undone(regimen: Regimen) -> None:
    found = booked(regimen)
    left("visit.booked")
    series.move_series(moves=moves_to(by_course(found)[1], 1), by=regimen.scheduler)
    left("visit.moved")
    series_undo.undo_together(clinic=regimen.clinic, series_id=found.pk, by=regimen.scheduler)
    (told,) = OutboxMessage.objects.filter(state="pending")
    assert (told.kind, told.params["count"]) == ("visit.moved", "3")


def test_who_never_heard_of_the_booking_is_told_of_the_places_of_the_booking(regimen: Regimen) -> None:
    found = booked(regimen)
    (first,) = sent_or_waiting()
    series.move_series(moves=moves_to(by_course(found)[1], 1), by=regimen.scheduler)
    series_undo.undo_together(clinic=regimen.clinic, series_id=found.pk, by=regimen.scheduler)
    (told,) = OutboxMessage.objects.filter(state="pending")
    assert (told.kind, told.params["dates"]) == ("visit.booked", first.params["dates"])


def test_when_one_old_place_is_taken_none_goes_back_and_the_day_is_named(regimen: Regimen) -> None:
    found = booked(regimen)
    old = by_course(found)[2]
    series.move_series(moves=moves_to(by_course(found)[0], 1), by=regimen.scheduler)
    moved = places_of(found)
    stranger = factories.make_course_day(
        factories.make_order(factories.make_patient(regimen.clinic)), old.period.lower.date()
    )
    booking.book(course_day=stranger, chair=old.chair, start=old.period.lower, by=regimen.scheduler, override=OVERRIDE)
    with pytest.raises(Conflict) as refused:
        series_undo.undo_together(clinic=regimen.clinic, series_id=found.pk, by=regimen.scheduler)
    assert [reason.sentence[:9] for reason in refused.value.reasons] == ["Course 3,"]
    assert places_of(found) == moved


def test_a_visit_that_changed_since_keeps_its_place_when_the_others_go_back(regimen: Regimen) -> None:
    found = booked(regimen)
    before = places_of(found)
    series.move_series(moves=moves_to(by_course(found)[0], 1), by=regimen.scheduler)
    third = by_course(found)[2]
    booking.move(
        visit=third,
        chair=third.chair,
        start=third.period.lower + timedelta(hours=1),
        expected_version=third.version,
        by=regimen.scheduler,
    )
    alone = places_of(found)[2]
    undone = series_undo.undo_together(clinic=regimen.clinic, series_id=found.pk, by=regimen.scheduler)
    assert len(undone.visits) == 3
    assert places_of(found) == [*before[:2], alone, before[3]]


def test_one_visit_of_a_move_together_can_still_be_undone_by_itself(regimen: Regimen) -> None:
    found = booked(regimen)
    before = places_of(found)
    series.move_series(moves=moves_to(by_course(found)[0], 1), by=regimen.scheduler)
    second = by_course(found)[1]
    undo.undo(visit=second, expected_version=second.version, by=regimen.scheduler)
    assert places_of(found)[1] == before[1]


def test_this_and_following_are_cancelled_with_one_message_and_come_back_together(regimen: Regimen) -> None:
    found = booked(regimen)
    before = places_of(found)
    left("visit.booked")
    second = by_course(found)[1]
    gone = series.cancel_series(
        visit=second, only_following=True, reason="moves away", expected_version=second.version, by=regimen.scheduler
    )
    assert len(gone.visits) == 3
    statuses = [one.status for one in by_course(found)]
    assert statuses == [VisitStatus.BOOKED, *[VisitStatus.CANCELLED] * 3]
    (told,) = OutboxMessage.objects.filter(state="pending")
    assert (told.kind, told.params["count"]) == ("visit.cancelled", "3")
    series_undo.undo_together(clinic=regimen.clinic, series_id=found.pk, by=regimen.scheduler)
    assert places_of(found) == before
    assert not OutboxMessage.objects.filter(state="pending").exists()


def test_all_to_come_are_cancelled_with_those_that_were_moved_by_themselves(regimen: Regimen) -> None:
    found = booked(regimen)
    third = by_course(found)[2]
    booking.move(
        visit=third,
        chair=third.chair,
        start=third.period.lower + timedelta(hours=1),
        expected_version=third.version,
        by=regimen.scheduler,
    )
    second = by_course(found)[1]
    series.cancel_series(
        visit=second, only_following=False, reason="moves away", expected_version=second.version, by=regimen.scheduler
    )
    assert {one.status for one in by_course(found)} == {VisitStatus.CANCELLED}


def test_cancelling_together_needs_a_reason_a_series_and_what_was_shown(regimen: Regimen) -> None:
    found = booked(regimen)
    first = by_course(found)[0]
    with pytest.raises(BadInput):
        series.cancel_series(
            visit=first, only_following=True, reason=" ", expected_version=first.version, by=regimen.scheduler
        )
    with pytest.raises(Stale):
        series.cancel_series(
            visit=first, only_following=True, reason="ill", expected_version=first.version + 1, by=regimen.scheduler
        )
    first.series_id = None
    with pytest.raises(BadInput):
        series.cancel_series(
            visit=first, only_following=True, reason="ill", expected_version=first.version, by=regimen.scheduler
        )
    assert {one.status for one in by_course(found)} == {VisitStatus.BOOKED}
