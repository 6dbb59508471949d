"""Booking, moving and undoing a whole series through the services: all or nothing."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core import clock
from core.errors import BadInput, Conflict, NeedsReason, NotFound, Stale
from messaging.models import OutboxMessage
from messaging.subjects import Subject, is_current
from regimens.models import OrderEvent
from scheduling.domain.series import Place
from scheduling.domain.statuses import VisitStatus
from scheduling.models import BoardVersion, CapacitySlot, Visit
from scheduling.queries import series as reading
from scheduling.services import booking, flow, series, undo
from scheduling.services.booking import Override
from scheduling.services.booking_many import Move
from scheduling.services.series import Series
from tests import factories
from tests.scheduling.series.scenes import MONDAY, Regimen, local, make_regimen, picks

OVERRIDE = Override("the prescriber agreed")


@pytest.fixture
def morning() -> Iterator[None]:
    with time_machine.travel(datetime(2026, 3, 2, 14, 0, tzinfo=UTC), tick=True):
        yield


@pytest.fixture
def regimen(db: None, morning: None) -> Regimen:
    return make_regimen()


def book_all(regimen: Regimen, **more: object) -> Series:
    return series.book_series(order=regimen.order, picks=picks(regimen.plan()), by=regimen.scheduler, **more)  # type: ignore[arg-type]


def sent_or_waiting() -> list[OutboxMessage]:
    return list(OutboxMessage.objects.exclude(state="cancelled").order_by("created_at"))


def moves_to(visit: Visit, weekday_later: int, *, only_following: bool = True) -> list[Move]:
    together = reading.mates(visit, only_following=only_following, with_exceptions=False)
    target = Place(chair_id=visit.chair_id, start=visit.period.lower + timedelta(days=weekday_later))
    plan = reading.plan_move(visit, together, target)
    return [
        Move(
            visit=row.visit,
            chair=plan.chairs[row.choice.opening.chair_id],
            start=row.choice.opening.interval.start,
            expected_version=row.visit.version,
        )
        for row in plan.rows
        if row.visit is not None and row.choice.opening is not None
    ]


def test_every_course_is_booked_with_one_message_and_one_event_each(regimen: Regimen) -> None:
    booked = book_all(regimen)
    visits = list(Visit.objects.filter(series_id=booked.pk).order_by("period"))
    assert [visit.course_day.course.number for visit in visits] == [1, 2, 3, 4]
    assert [visit.events.count() for visit in visits] == [1, 1, 1, 1]
    assert all(visit.authorization_id is not None for visit in visits)
    (message,) = sent_or_waiting()
    assert message.wording == "visits.booked"
    assert message.params["count"] == "4"
    assert len(message.params["dates"].splitlines()) == 4
    days = {visit.period.lower.astimezone(regimen.clinic.zone).date() for visit in visits}
    assert set(BoardVersion.objects.filter(clinic=regimen.clinic).values_list("on", flat=True)) == days


def test_the_plan_is_read_in_as_many_statements_for_four_courses_as_for_ten(db: None, morning: None) -> None:
    counts = []
    for courses in (4, 10):
        found = make_regimen(courses=courses)
        with CaptureQueriesContext(connection) as captured:
            assert len(found.plan().rows) == courses
        counts.append(len(captured))
    assert counts[0] == counts[1]
    assert counts[0] <= 25


def test_what_the_patient_usually_has_is_proposed(regimen: Regimen) -> None:
    wednesday = MONDAY + timedelta(days=2)
    before = factories.make_course_day(factories.make_order(regimen.patient), wednesday)
    booking.book(
        course_day=before,
        chair=regimen.chairs[1],
        start=factories.at(wednesday, 13),
        by=regimen.scheduler,
        override=OVERRIDE,
    )
    plan = regimen.plan()
    starts = [local(row.choice.opening.interval.start, regimen.clinic) for row in plan.rows if row.choice.opening]
    assert [(start.weekday(), start.time()) for start in starts] == [(2, time(13))] * 4
    assert {row.choice.opening.chair_id for row in plan.rows if row.choice.opening} == {regimen.chairs[1].id}
    regimen.patient.prefers_weekday, regimen.patient.prefers_time = 1, time(9)
    regimen.patient.save()
    starts = [
        local(row.choice.opening.interval.start, regimen.clinic) for row in regimen.plan().rows if row.choice.opening
    ]
    assert [(start.weekday(), start.time()) for start in starts] == [(1, time(9))] * 4


def test_one_place_taken_meanwhile_books_nothing_and_names_the_course(regimen: Regimen) -> None:
    chosen = picks(regimen.plan())
    other = factories.make_course_day(factories.make_order(factories.make_patient(regimen.clinic)), MONDAY)
    booking.book(
        course_day=other, chair=chosen[2].chair, start=chosen[2].start, by=regimen.scheduler, override=OVERRIDE
    )
    with pytest.raises(Conflict) as refused:
        series.book_series(order=regimen.order, picks=chosen, by=regimen.scheduler)
    (reason,) = refused.value.reasons
    assert reason.code == "chair_taken"
    assert reason.sentence.startswith("Course 3: ")
    assert reason.facts["course_day"] == str(chosen[2].course_day.id)
    assert not Visit.objects.filter(patient=regimen.patient).exists()
    assert not OutboxMessage.objects.filter(subject_type="series").exists()
    regimen.order.refresh_from_db()
    authorization = regimen.patient.authorizations.get()
    assert authorization.units_left == authorization.units_approved


def test_units_that_run_out_ask_one_reason_for_all(db: None, morning: None) -> None:
    found = make_regimen(units=130)
    plan = found.plan()
    assert [row.is_soft for row in plan.rows] == [False, False, True, True]
    with pytest.raises(NeedsReason) as refused:
        series.book_series(order=found.order, picks=picks(plan), by=found.scheduler)
    assert {reason.sentence[:9] for reason in refused.value.reasons} == {"Course 3:", "Course 4:"}
    assert not Visit.objects.exists()
    booked = book_all(found, override=OVERRIDE)
    assert [bool(visit.overrides) for visit in booked.visits] == [False, False, True, True]
    assert booked.visits[3].overrides[0]["reason"] == OVERRIDE.reason


def test_a_course_left_out_needs_a_reason_and_keeps_it(regimen: Regimen) -> None:
    chosen = picks(regimen.plan())
    with pytest.raises(BadInput):
        series.book_series(
            order=regimen.order, picks=chosen[1:], skipped={chosen[0].course_day: " "}, by=regimen.scheduler
        )
    series.book_series(
        order=regimen.order, picks=chosen[1:], skipped={chosen[0].course_day: "on holiday"}, by=regimen.scheduler
    )
    event = OrderEvent.objects.get(order=regimen.order, kind="booked")
    assert event.reason == "course 1 left out: on holiday"
    assert Visit.objects.count() == 3


def test_days_of_another_order_or_the_same_day_twice_are_refused(regimen: Regimen) -> None:
    chosen = picks(regimen.plan())
    other = factories.make_order(regimen.patient)
    with pytest.raises(BadInput):
        series.book_series(order=other, picks=chosen, by=regimen.scheduler)
    with pytest.raises(BadInput):
        series.book_series(order=regimen.order, picks=[*chosen, chosen[0]], by=regimen.scheduler)
    with pytest.raises(BadInput):
        series.book_series(order=regimen.order, picks=[], by=regimen.scheduler)
    with pytest.raises(NotFound):
        series.book_series(order=regimen.order, picks=chosen, by=factories.scheduler(factories.make_clinic()))
    assert not Visit.objects.exists()


def test_undoing_the_series_frees_everything_and_the_patient_hears_nothing(regimen: Regimen) -> None:
    booked = book_all(regimen)
    series.undo_series(clinic=regimen.clinic, series_id=booked.pk, by=regimen.scheduler)
    assert set(Visit.objects.values_list("status", flat=True)) == {"cancelled"}
    assert not CapacitySlot.objects.filter(clinic=regimen.clinic, load_used__gt=0).exists()
    authorization = regimen.patient.authorizations.get()
    assert authorization.units_left == authorization.units_approved
    assert sent_or_waiting() == []
    with pytest.raises(Conflict):
        series.undo_series(clinic=regimen.clinic, series_id=booked.pk, by=regimen.scheduler)


def test_undone_after_the_message_left_the_patient_is_told_once(regimen: Regimen) -> None:
    booked = book_all(regimen)
    OutboxMessage.objects.update(state="sent", attempts=1)
    series.undo_series(clinic=regimen.clinic, series_id=booked.pk, by=regimen.scheduler)
    assert [message.wording for message in sent_or_waiting()] == ["visits.booked", "visits.cancelled"]


def test_a_series_that_has_begun_is_not_undone(regimen: Regimen) -> None:
    booked = book_all(regimen)
    first = booked.visits[0]
    with time_machine.travel(first.period.lower, tick=True):
        flow.advance(visit=first, to=VisitStatus.ARRIVED, expected_version=1, by=regimen.scheduler)
        with pytest.raises(Conflict, match="arrived"):
            series.undo_series(clinic=regimen.clinic, series_id=booked.pk, by=regimen.scheduler)
    assert Visit.objects.filter(status="booked").count() == 3


def test_one_visit_moved_by_itself_is_an_exception_and_stays_when_all_move(regimen: Regimen) -> None:
    booked = book_all(regimen)
    second = booked.visits[1]
    moved = booking.move(
        visit=second,
        chair=second.chair,
        start=second.period.lower + timedelta(days=1),
        expected_version=1,
        by=regimen.scheduler,
    )
    assert moved.is_exception
    first = Visit.objects.get(pk=booked.visits[0].pk)
    assert [one.pk for one in reading.mates(first, only_following=False, with_exceptions=False)] == [
        booked.visits[0].pk,
        booked.visits[2].pk,
        booked.visits[3].pk,
    ]
    assert len(reading.mates(first, only_following=False, with_exceptions=True)) == 4
    back = undo.undo(visit=Visit.objects.get(pk=moved.pk), expected_version=2, by=regimen.scheduler)
    assert not back.is_exception


def test_this_and_following_move_by_the_same_shift(regimen: Regimen) -> None:
    booked = book_all(regimen)
    before = {visit.pk: visit.period.lower for visit in booked.visits}
    second = reading.visits_of(regimen.clinic, booked.pk)[1]
    OutboxMessage.objects.update(state="sent", attempts=1)
    series.move_series(moves=moves_to(second, 1), by=regimen.scheduler)
    shifts = [visit.period.lower - before[visit.pk] for visit in reading.visits_of(regimen.clinic, booked.pk)]
    assert shifts == [timedelta(0), *[timedelta(days=1)] * 3]
    assert not Visit.objects.filter(is_exception=True).exists()
    assert [message.wording for message in sent_or_waiting()] == ["visits.booked", "visits.moved"]


def test_days_of_one_course_may_move_onto_each_other(db: None, morning: None) -> None:
    found = make_regimen(courses=2, days=2)
    booked = book_all(found)
    first = reading.visits_of(found.clinic, booked.pk)[0]
    before = {visit.pk: visit.period.lower for visit in booked.visits}
    series.move_series(moves=moves_to(first, 1, only_following=False), by=found.scheduler)
    shifts = {visit.period.lower - before[visit.pk] for visit in reading.visits_of(found.clinic, booked.pk)}
    assert shifts == {timedelta(days=1)}


def test_one_of_the_moves_refused_leaves_all_where_they_were(regimen: Regimen) -> None:
    booked = book_all(regimen)
    second = reading.visits_of(regimen.clinic, booked.pk)[1]
    moves = moves_to(second, 1)
    other = factories.make_course_day(factories.make_order(factories.make_patient(regimen.clinic)), MONDAY)
    booking.book(course_day=other, chair=moves[2].chair, start=moves[2].start, by=regimen.scheduler, override=OVERRIDE)
    before = list(Visit.objects.order_by("id").values_list("id", "period", "version"))
    with pytest.raises(Conflict, match="Course 4: "):
        series.move_series(moves=moves, by=regimen.scheduler)
    assert list(Visit.objects.order_by("id").values_list("id", "period", "version")) == before


def test_a_visit_changed_meanwhile_stops_the_whole_move(regimen: Regimen) -> None:
    booked = book_all(regimen)
    second = reading.visits_of(regimen.clinic, booked.pk)[1]
    moves = moves_to(second, 1)
    last = Visit.objects.get(pk=booked.visits[3].pk)
    booking.cancel(visit=last, reason="ill", expected_version=1, by=regimen.scheduler)
    with pytest.raises(Stale):
        series.move_series(moves=moves, by=regimen.scheduler)
    assert not Visit.objects.filter(events__kind="move").exists()


def test_a_visit_that_changes_before_the_message_left_is_told_in_it(regimen: Regimen) -> None:
    booked = book_all(regimen)
    third = booked.visits[2]
    start = third.period.lower + timedelta(hours=1)
    booking.move(visit=third, chair=third.chair, start=start, expected_version=1, by=regimen.scheduler)
    (message,) = sent_or_waiting()
    when = start.astimezone(regimen.clinic.zone)
    assert f"{when.hour % 12 or 12}:{when:%M}" in message.params["dates"].splitlines()[2]
    assert message.subject_id is not None
    about = Subject(type="series", id=message.subject_id, version=message.subject_version, kind=message.kind)
    assert is_current(about)
    last = Visit.objects.get(pk=booked.visits[3].pk)
    booking.cancel(visit=last, reason="moving away", expected_version=1, by=regimen.scheduler)
    (message,) = sent_or_waiting()
    assert message.params["count"] == "3"
    assert message.due_at <= clock.now() + timedelta(minutes=1)
