"""Reminders: seven, three and one days before at 9:00 on the clinic's wall, only of visits that are sure to happen."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pgtrigger
import pytest
import time_machine
from django.db import connection
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import Clinic
from core.actor import system
from messaging.models import OutboxMessage
from messaging.services import dispatch
from patients.models import Patient
from regimens.domain.open_days import MONDAY_TO_FRIDAY, OpenDays
from scheduling import tasks
from scheduling.domain.reminders import all_reminders, reminders_to_write, review_on
from scheduling.domain.statuses import VisitStatus
from scheduling.models import Chair, StaffTask, Visit
from scheduling.services import booking, flow, holds, reminders
from scheduling.services.booking import Override
from tests import factories
from tests.factories import at
from tests.messaging.provider import Provider

CHICAGO = ZoneInfo("America/Chicago")
MONDAY = date(2026, 3, 2)
zones = st.sampled_from(["America/Chicago", "America/New_York", "America/Phoenix", "America/St_Johns"]).map(ZoneInfo)
starts = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001

Book = Callable[..., Visit]


def local(on: date, hour: int, minute: int = 0) -> datetime:
    return at(on, hour, minute)


# The rule


@given(starts, zones)
def test_reminders_are_at_nine_on_the_wall_on_three_dates_before_the_visit(starts_at: datetime, zone: ZoneInfo) -> None:
    found = all_reminders(starts_at=starts_at, zone=zone)
    visit_on = starts_at.astimezone(zone).date()
    assert [(r.due_at.astimezone(zone).date() - visit_on).days for r in found] == [-7, -3, -1]
    assert {r.due_at.astimezone(zone).time() for r in found} == {time(9)}
    assert [r.asks_to_confirm for r in found] == [False, True, False]


@pytest.mark.parametrize(
    ("visit_on", "hours"),
    [(date(2026, 3, 8), 23), (date(2026, 11, 1), 25), (date(2026, 6, 10), 24)],
)
def test_the_day_before_is_a_date_and_not_24_hours(visit_on: date, hours: int) -> None:
    nine = datetime.combine(visit_on, time(9), tzinfo=CHICAGO).astimezone(UTC)
    day_before = all_reminders(starts_at=nine, zone=CHICAGO)[-1]
    assert nine - day_before.due_at == timedelta(hours=hours)


@given(starts, zones, st.timedeltas(timedelta(0), timedelta(days=30)), st.timedeltas(timedelta(0), timedelta(days=30)))
def test_a_reminder_is_written_near_its_hour_after_the_booking_and_before_the_visit(
    starts_at: datetime, zone: ZoneInfo, booked_before: timedelta, now_before: timedelta
) -> None:
    placed_at, now = starts_at - booked_before, starts_at - now_before
    for reminder in reminders_to_write(starts_at=starts_at, placed_at=placed_at, now=now, zone=zone):
        assert placed_at < reminder.due_at < starts_at - timedelta(minutes=30)
        assert now - timedelta(hours=6) <= reminder.due_at <= now + timedelta(days=2)


def test_staff_are_asked_two_business_days_before() -> None:
    week = OpenDays(MONDAY_TO_FRIDAY)
    assert review_on(date(2026, 3, 5), week) == date(2026, 3, 3)
    assert review_on(date(2026, 3, 9), week) == date(2026, 3, 5)  # over a weekend
    assert review_on(date(2026, 3, 9), replace(week, closed={date(2026, 3, 6)})) == date(2026, 3, 4)
    assert review_on(date(2026, 3, 9), OpenDays(frozenset())) < date(2026, 3, 9)


# The sweep


@pytest.fixture
def monday(db: None) -> "object":
    with time_machine.travel(local(MONDAY, 8), tick=True) as traveller:
        yield traveller


@pytest.fixture
def clinic(monday: object) -> Clinic:
    clinic = factories.make_clinic(chairs=3)
    factories.make_shifts(clinic, MONDAY, days=19, nurses=4)
    return clinic


@pytest.fixture
def patient(clinic: Clinic) -> Patient:
    return factories.make_patient(clinic, sms_consent_at=datetime(2026, 1, 1, tzinfo=UTC))


@pytest.fixture
def book(clinic: Clinic, patient: Patient) -> Book:
    """Books the patient, with an authorization unless told otherwise."""

    def book_at(on: date, hour: int = 10, *, covered: bool = True, who: Patient | None = None) -> Visit:
        order = factories.make_order(who or patient)
        factories.make_papers(order, on)
        if covered:
            factories.make_authorization(order)
        return booking.book(
            course_day=factories.make_course_day(order, on),
            chair=Chair.objects.select_related("clinic").get(clinic=clinic, name="A1"),
            start=local(on, hour),
            by=factories.scheduler(clinic),
            override=None if covered else Override("asked the payer"),
        )

    return book_at


def written(visit: Visit, *states: str) -> dict[tuple[str, str], str]:
    """The visit's reminders by local due hour and channel, with their wording."""
    found = OutboxMessage.objects.filter(subject_id=visit.id, kind="visit.reminder", state__in=states or ("pending",))
    return {(f"{m.due_at.astimezone(CHICAGO):%d %H:%M}", m.channel): m.wording for m in found}


def cancel(visit: Visit) -> Visit:
    return booking.cancel(
        visit=visit, reason="unwell", expected_version=visit.version, by=factories.scheduler(visit.clinic)
    )


def test_reminders_are_written_two_days_ahead_by_each_channel_agreed_to(book: Book) -> None:
    visit = book(date(2026, 3, 10))
    tasks.visit_reminders()
    assert written(visit) == {("03 09:00", "email"): "visit.reminder", ("03 09:00", "sms"): "visit.reminder"}


def test_the_one_three_days_before_asks_to_confirm_unless_that_was_done(
    book: Book, monday: time_machine.Traveller
) -> None:
    visit = book(date(2026, 3, 6))
    reminders.sweep(clinic=visit.clinic)
    confirm = "visit.reminder.confirm"
    assert written(visit) == {("03 09:00", "email"): confirm, ("03 09:00", "sms"): confirm}
    flow.confirm(visit=visit, by=factories.scheduler(visit.clinic))
    assert reminders.sweep(clinic=visit.clinic).updated == 2
    assert set(written(visit).values()) == {"visit.reminder"}


def test_a_late_booking_skips_the_reminders_that_have_passed(book: Book, monday: time_machine.Traveller) -> None:
    monday.move_to(local(MONDAY, 11))
    three_days_ahead, tomorrow = book(date(2026, 3, 5)), book(date(2026, 3, 3), 15)
    reminders.sweep(clinic=tomorrow.clinic)
    assert set(written(three_days_ahead)) == {("04 09:00", "email"), ("04 09:00", "sms")}
    assert written(tomorrow) == {}


def test_over_the_spring_night_the_reminder_stays_at_nine(book: Book, monday: time_machine.Traveller) -> None:
    visit = book(date(2026, 3, 9))
    monday.move_to(local(date(2026, 3, 7), 12))
    reminders.sweep(clinic=visit.clinic)
    (due_at,) = set(OutboxMessage.objects.filter(kind="visit.reminder").values_list("due_at", flat=True))
    assert due_at == datetime(2026, 3, 8, 14, 0, tzinfo=UTC)


def test_sweeping_again_changes_nothing_and_costs_the_same_for_many_visits(book: Book, clinic: Clinic) -> None:
    book(date(2026, 3, 10))
    reminders.sweep(clinic=clinic)
    before = list(OutboxMessage.objects.order_by("id").values())
    with CaptureQueriesContext(connection) as one:
        assert reminders.sweep(clinic=clinic) == reminders.Swept(written=0, updated=0, cancelled=0, reviews=0)
    assert list(OutboxMessage.objects.order_by("id").values()) == before
    for hour in (7, 12, 14):
        book(date(2026, 3, 5), hour, who=factories.make_patient(clinic))
    reminders.sweep(clinic=clinic)
    with CaptureQueriesContext(connection) as many:
        reminders.sweep(clinic=clinic)
    assert len(many) == len(one) <= 12


def test_reminders_deleted_by_hand_come_back_even_a_little_late(book: Book, monday: time_machine.Traveller) -> None:
    visit = book(date(2026, 3, 10))
    reminders.sweep(clinic=visit.clinic)
    OutboxMessage.objects.filter(kind="visit.reminder").delete()
    monday.move_to(local(date(2026, 3, 3), 11))
    assert reminders.sweep(clinic=visit.clinic).written == 2
    OutboxMessage.objects.filter(kind="visit.reminder").delete()
    monday.move_to(local(date(2026, 3, 3), 16))
    assert reminders.sweep(clinic=visit.clinic).written == 0


def test_a_moved_visit_gets_new_reminders_and_the_old_ones_are_cancelled(book: Book) -> None:
    visit = book(date(2026, 3, 10))
    reminders.sweep(clinic=visit.clinic)
    scheduler = factories.scheduler(visit.clinic)
    moved = booking.move(
        visit=visit, chair=visit.chair, start=local(date(2026, 3, 9), 14), expected_version=1, by=scheduler
    )
    assert written(visit) == {}
    reminders.sweep(clinic=visit.clinic)
    assert set(written(visit)) == {("02 09:00", "email"), ("02 09:00", "sms")}
    booking.move(visit=moved, chair=visit.chair, start=local(date(2026, 3, 10), 10), expected_version=2, by=scheduler)
    reminders.sweep(clinic=visit.clinic)
    assert set(written(visit)) == {("03 09:00", "email"), ("03 09:00", "sms")}


def test_a_cancelled_visit_gets_none_and_one_that_is_back_gets_them_again(
    book: Book, monday: time_machine.Traveller
) -> None:
    visit = book(date(2026, 3, 10))
    reminders.sweep(clinic=visit.clinic)
    cancel(visit)
    reminders.sweep(clinic=visit.clinic)
    assert written(visit) == {}
    visit.refresh_from_db()
    from scheduling.services.undo import undo

    undo(visit=visit, expected_version=visit.version, by=factories.scheduler(visit.clinic))
    reminders.sweep(clinic=visit.clinic)
    assert len(written(visit)) == 2


def test_a_reminder_that_slipped_through_does_not_leave_for_a_visit_that_is_gone(
    book: Book, monday: time_machine.Traveller, settings: object
) -> None:
    visit = book(date(2026, 3, 10))
    reminders.sweep(clinic=visit.clinic)
    with Provider() as provider:
        settings.SMS = provider.settings  # type: ignore[attr-defined]
        Visit.objects.filter(id=visit.id).update(status=VisitStatus.CANCELLED)  # behind everybody's back
        monday.move_to(local(date(2026, 3, 3), 9, 1))
        dispatch.drain()
        assert not any("reminder" in form["Body"] for form in provider.accepted)
    assert set(written(visit, "cancelled")) == {("03 09:00", "email"), ("03 09:00", "sms")}


def test_nobody_is_reminded_without_consent(book: Book, patient: Patient) -> None:
    visit = book(date(2026, 3, 10))
    Patient.objects.filter(id=patient.id).update(email_consent_at=None)
    reminders.sweep(clinic=visit.clinic)
    assert set(written(visit)) == {("03 09:00", "sms")}
    Patient.objects.filter(id=patient.id).update(sms_consent_at=None)
    assert reminders.sweep(clinic=visit.clinic).cancelled == 1
    assert written(visit) == {}


def test_a_held_visit_is_not_reminded_of(book: Book, clinic: Clinic) -> None:
    hold(book(date(2026, 3, 10)), until=local(MONDAY, 20))
    reminders.sweep(clinic=clinic)
    assert not OutboxMessage.objects.filter(kind="visit.reminder").exists()


def test_a_visit_without_cover_is_shown_to_staff_and_its_patient_not_reminded(
    book: Book, clinic: Clinic, monday: time_machine.Traveller
) -> None:
    visit = book(date(2026, 3, 5), covered=False)
    assert reminders.sweep(clinic=clinic).reviews == 0
    monday.move_to(local(date(2026, 3, 3), 8))
    assert reminders.sweep(clinic=clinic).reviews == 1
    assert reminders.sweep(clinic=clinic).reviews == 0
    task = StaffTask.objects.get()
    assert (task.visit, task.kind, task.done_at) == (visit, "not_covered", None)
    assert task.text.startswith(
        f"{visit.patient.short_name}, Thu 5 Mar 10:00: not covered, so the patient is not reminded."
    )
    assert written(visit) == {}


def test_once_a_person_reviewed_it_the_patient_is_reminded_after_all(
    book: Book, clinic: Clinic, monday: time_machine.Traveller
) -> None:
    visit = book(date(2026, 3, 5), covered=False)
    monday.move_to(local(date(2026, 3, 3), 8))
    reminders.sweep(clinic=clinic)
    StaffTask.objects.update(done_at=local(date(2026, 3, 3), 9), done_by_label="T. Bell")
    reminders.sweep(clinic=clinic)
    assert set(written(visit)) == {("04 09:00", "email"), ("04 09:00", "sms")}
    assert StaffTask.objects.get().done_by_label == "T. Bell"


def test_the_question_to_staff_goes_when_the_visit_is_covered_and_returns_when_it_is_not(
    book: Book, clinic: Clinic, monday: time_machine.Traveller
) -> None:
    visit = book(date(2026, 3, 5))
    monday.move_to(local(date(2026, 3, 3), 8))
    assert reminders.sweep(clinic=clinic).reviews == 0
    held = visit.authorization
    assert held is not None
    type(held).objects.update(status="expired")
    assert reminders.sweep(clinic=clinic).reviews == 1
    assert written(visit) == {}
    type(held).objects.update(status="approved")
    reminders.sweep(clinic=clinic)
    assert StaffTask.objects.get().done_at is not None
    assert len(written(visit)) == 2
    type(held).objects.update(status="expired")
    assert reminders.sweep(clinic=clinic).reviews == 1
    assert StaffTask.objects.get().done_at is None


def test_one_clinic_that_fails_does_not_stop_the_others(
    book: Book, clinic: Clinic, caplog: pytest.LogCaptureFixture
) -> None:
    visit = book(date(2026, 3, 10))
    broken = factories.make_clinic()
    Clinic.objects.filter(id=broken.id).update(time_zone="Nowhere/Land")
    reminders.sweep_all()
    assert len(written(visit)) == 2
    assert str(broken.id) in caplog.text


# Holds


def hold(visit: Visit, *, until: datetime) -> Visit:
    """Turn a booked visit into a held one (no page holds visits yet)."""
    with pgtrigger.ignore("scheduling.Visit:status_moves"):
        Visit.objects.filter(id=visit.id).update(status=VisitStatus.HELD, hold_until=until)
    visit.refresh_from_db()
    return visit


def test_a_hold_that_ran_out_frees_everything_and_tells_nobody(
    book: Book, clinic: Clinic, monday: time_machine.Traveller
) -> None:
    over, still = book(date(2026, 3, 10)), book(date(2026, 3, 11), 12)
    OutboxMessage.objects.all().delete()
    hold(over, until=local(MONDAY, 9))
    hold(still, until=local(MONDAY, 12))
    monday.move_to(local(MONDAY, 10))
    assert holds.expire(by=system("holds")) == 1
    assert holds.expire(by=system("holds")) == 0
    over.refresh_from_db()
    still.refresh_from_db()
    assert (over.status, over.cancel_reason) == (VisitStatus.CANCELLED, "The hold ran out.")
    assert still.status == VisitStatus.HELD
    assert over.authorization is not None
    over.authorization.refresh_from_db()
    assert over.authorization.units_reserved == 0
    assert over.period == DateTimeTZRange(local(date(2026, 3, 10), 10), local(date(2026, 3, 10), 12), "[)")
    assert OutboxMessage.objects.count() == 0
