"""Changing how the clinic is set up: what it breaks is shown first, and the save does exactly that, in one act."""

from collections.abc import Callable, Mapping
from datetime import date, time, timedelta
from typing import Any

import pytest

from accounts.domain.policy import Role
from accounts.models import Clinic, Closure, User
from audit.models import AuditEvent
from core.actor import Actor
from core.errors import BadInput, Conflict, NotAllowed, Refusal, Stale
from scheduling.models import CapacitySlot, Chair, ChairKind, Shift, StaffTask, Visit
from scheduling.queries import board
from scheduling.services import booking, outages, setup_acts, setup_calendar, setup_chairs, setup_shifts
from scheduling.services.setup_acts import Breaks
from scheduling.services.setup_chairs import ChairFacts
from scheduling.services.setup_shifts import ShiftFacts
from tests import factories
from tests.factories import at
from tests.scheduling import invariants
from tests.scheduling.conftest import MONDAY, TUESDAY, World
from tests.scheduling.test_storm import UNCOVERED, assert_sound, at_once

pytestmark = pytest.mark.django_db

WEEKDAYS = {day: (time(7), time(18)) for day in range(5)} | {5: None, 6: None}


@pytest.fixture
def manager(world: World) -> Actor:
    return factories.actor(factories.make_staff(world.clinic, Role.MANAGER))


def book(world: World, hour: int, *, chair: int = 0, day: date = TUESDAY) -> Visit:
    return booking.book(
        course_day=world.course_day,
        chair=world.chairs[chair],
        start=at(day, hour),
        by=world.scheduler,
        override=UNCOVERED,
    )


def saved(world: World, act: Callable[[], object], by: Actor) -> Breaks:
    """Look at a change, then save it."""
    seen = setup_acts.preview(clinic=world.clinic, act=act)
    return setup_acts.save(clinic=world.clinic, act=act, seen=seen.fingerprint, by=by)


def codes(breaks: Breaks) -> list[str]:
    return [trouble.code for trouble in breaks.troubles]


def tasks() -> list[str]:
    return list(StaffTask.objects.filter(kind="setup", done_at=None).order_by("id").values_list("text", flat=True))


def test_a_preview_names_the_visits_and_changes_nothing(world: World, manager: Actor) -> None:
    visit = book(world, 16)
    before = board.version(world.clinic, TUESDAY)
    hours = WEEKDAYS | {1: (time(7), time(16, 30))}
    breaks = setup_acts.preview(
        clinic=world.clinic, act=lambda: setup_calendar.save_hours(clinic=world.clinic, week=hours, by=manager)
    )
    assert [(one.visit.id, one.code) for one in breaks.troubles] == [(visit.id, "closed")]
    assert "16:30" in breaks.troubles[0].sentence
    assert world.clinic.opening_hours.get(weekday=1).closes == time(18)
    assert CapacitySlot.objects.get(clinic=world.clinic, starts_at=at(TUESDAY, 17)).load_cap == 400
    assert board.version(world.clinic, TUESDAY) == before
    assert tasks() == []
    assert not AuditEvent.objects.filter(action="setup.hours").exists()


def test_a_save_changes_rows_capacity_board_and_opens_the_tasks(world: World, manager: Actor) -> None:
    visit = book(world, 16)
    before = board.version(world.clinic, TUESDAY)
    hours = WEEKDAYS | {1: (time(7), time(16, 30))}
    saved(world, lambda: setup_calendar.save_hours(clinic=world.clinic, week=hours, by=manager), manager)
    assert world.clinic.opening_hours.get(weekday=1).closes == time(16, 30)
    assert not CapacitySlot.objects.filter(clinic=world.clinic, starts_at=at(TUESDAY, 18)).exists()
    assert CapacitySlot.objects.get(clinic=world.clinic, starts_at=at(TUESDAY, 17)).load_cap == 0
    assert board.version(world.clinic, TUESDAY) > before
    assert len(tasks()) == 1
    assert visit.patient.short_name in tasks()[0]
    assert AuditEvent.objects.filter(action="setup.hours").count() == 1
    visit.refresh_from_db()
    assert visit.status == "booked"


def test_what_was_wrong_before_is_not_named_again_and_a_change_back_closes_the_task(
    world: World, manager: Actor
) -> None:
    book(world, 16)
    short = WEEKDAYS | {1: (time(7), time(16, 30))}
    saved(world, lambda: setup_calendar.save_hours(clinic=world.clinic, week=short, by=manager), manager)
    shorter = short | {0: (time(7), time(16))}
    again = saved(world, lambda: setup_calendar.save_hours(clinic=world.clinic, week=shorter, by=manager), manager)
    assert again.is_nothing
    assert len(tasks()) == 1
    back = saved(world, lambda: setup_calendar.save_hours(clinic=world.clinic, week=WEEKDAYS, by=manager), manager)
    assert len(back.mended) == 1
    assert tasks() == []


def test_what_was_booked_since_the_preview_is_shown_before_the_save(world: World, manager: Actor) -> None:
    def act() -> object:
        return setup_chairs.retire(chair=world.chairs[0], by=manager)

    seen = setup_acts.preview(clinic=world.clinic, act=act)
    assert seen.is_nothing
    book(world, 9)
    with pytest.raises(Stale):
        setup_acts.save(clinic=world.clinic, act=act, seen=seen.fingerprint, by=manager)
    assert Chair.objects.get(pk=world.chairs[0].pk).is_active
    assert tasks() == []


def test_a_retired_chair_takes_nobody_and_names_who_sits_there(world: World, manager: Actor) -> None:
    book(world, 9)
    breaks = saved(world, lambda: setup_chairs.retire(chair=world.chairs[0], by=manager), manager)
    assert codes(breaks) == ["chair_closed"]
    world.course_day = world.another_day()
    with pytest.raises(Conflict, match="A1 is out of use"):
        book(world, 12)  # with the chair as it was read before it was retired
    back = saved(world, lambda: setup_chairs.bring_back(chair=world.chairs[0], by=manager), manager)
    assert len(back.mended) == 1
    assert book(world, 12)


def test_the_last_chair_stays(world: World, manager: Actor) -> None:
    for chair in world.chairs[:2]:
        setup_chairs.retire(chair=chair, by=manager)
    with pytest.raises(Conflict, match="last chair"):
        setup_chairs.retire(chair=world.chairs[2], by=manager)
    with pytest.raises(Conflict, match="retired already"):
        setup_chairs.retire(chair=world.chairs[0], by=manager)


def test_chairs_are_added_named_and_put_in_order(world: World, manager: Actor) -> None:
    facts = ChairFacts(name=" Bed  1 ", kind=ChairKind.BED, is_isolation=True, position=2)
    setup_chairs.add(clinic=world.clinic, facts=facts, by=manager)
    in_order = Chair.objects.filter(clinic=world.clinic).values_list("name", "position")
    assert list(in_order) == [("A1", 1), ("Bed 1", 2), ("A2", 3), ("A3", 4)]
    for name, field in (("bed 1", "name"), ("   ", "name")):
        with pytest.raises(Refusal) as refused:
            setup_chairs.change(
                chair=world.chairs[0],
                facts=ChairFacts(name=name, kind=ChairKind.RECLINER, is_isolation=False, position=1),
                by=manager,
            )
        assert refused.value.reasons[0].field == field


def test_a_room_that_is_private_no_more_breaks_who_needs_one(world: World, manager: Actor) -> None:
    Chair.objects.filter(pk=world.chairs[0].pk).update(kind=ChairKind.PRIVATE_ROOM)
    world.chairs[0].refresh_from_db()
    world.course_day = world.another_day(needs_private_room=True)
    book(world, 9)
    facts = ChairFacts(name="A1", kind=ChairKind.RECLINER, is_isolation=False, position=1)
    breaks = saved(world, lambda: setup_chairs.change(chair=world.chairs[0], facts=facts, by=manager), manager)
    assert codes(breaks) == ["private_room_needed"]


def test_an_outage_names_who_is_in_the_chair_and_lifting_it_settles_that(world: World, manager: Actor) -> None:
    book(world, 11)

    def act() -> outages.Out:
        return outages.add(
            chair=world.chairs[0],
            starts_at=at(TUESDAY, 10),
            ends_at=at(TUESDAY, 14),
            reason="pump broken",
            by=manager,
        )

    assert codes(saved(world, act, manager)) == ["chair_out"]
    assert "pump broken" in tasks()[0]
    outage = world.chairs[0].outages.get()
    saved(world, lambda: outages.lift(outage=outage, by=manager), manager)
    assert tasks() == []


def test_moving_or_cancelling_the_visit_settles_its_task(world: World, manager: Actor) -> None:
    first = book(world, 9)
    world.course_day = world.another_day()
    second = book(world, 12)
    saved(world, lambda: setup_chairs.retire(chair=world.chairs[0], by=manager), manager)
    assert len(tasks()) == 2
    booking.move(
        visit=first,
        chair=world.chairs[1],
        start=at(TUESDAY, 9),
        expected_version=first.version,
        by=world.scheduler,
        override=UNCOVERED,
    )
    assert [second.patient.short_name in text for text in tasks()] == [True]
    booking.cancel(visit=second, reason="asked", expected_version=second.version, by=world.scheduler)
    assert tasks() == []


def test_a_closed_day_takes_nobody_and_opens_again(world: World, manager: Actor) -> None:
    book(world, 9)

    def act() -> Closure:
        return setup_calendar.close(clinic=world.clinic, on=TUESDAY, reason="Training", by=manager)

    assert codes(saved(world, act, manager)) == ["closed"]
    world.course_day = world.another_day()
    with pytest.raises(Conflict, match="not open"):
        book(world, 12)
    with pytest.raises(Conflict, match="already"):
        act()
    saved(world, lambda: setup_calendar.reopen(closure=Closure.objects.get(), by=manager), manager)
    assert tasks() == []
    assert book(world, 12)
    assert_sound()


@pytest.mark.parametrize(
    ("week", "field"),
    [
        ({0: (time(9), time(8))}, "closes_0"),
        ({0: (time(0), time(23))}, "closes_0"),
        ({3: (time(7, 10), time(18))}, "opens_3"),
        (dict.fromkeys(range(7)), "opens_0"),
    ],
)
def test_absurd_hours_are_refused_at_their_field(
    world: World, manager: Actor, week: dict[int, None], field: str
) -> None:
    with pytest.raises(BadInput) as refused:
        setup_calendar.save_hours(clinic=world.clinic, week=WEEKDAYS | week, by=manager)
    assert refused.value.reasons[0].field == field
    assert world.clinic.opening_hours.count() == 5


def test_days_that_are_over_or_too_far_are_refused(world: World, manager: Actor) -> None:
    for on in (MONDAY - timedelta(days=1), MONDAY + timedelta(days=2000)):
        with pytest.raises(BadInput):
            setup_calendar.close(clinic=world.clinic, on=on, reason="Training", by=manager)


def nurse_of(clinic: Clinic) -> User:
    return factories.make_staff(clinic, Role.NURSE)


def facts(nurse: User, on: date = TUESDAY, times: Mapping[str, time | None] | None = None) -> ShiftFacts:
    """Seven to three with half an hour of lunch, but for `times`."""
    values: dict[str, Any] = {
        "starts": time(7),
        "ends": time(15),
        "lunch_starts": time(11),
        "lunch_ends": time(11, 30),
    }
    return ShiftFacts(nurse_id=nurse.id, on=on, **values | dict(times or {}))


def cap(clinic: Clinic, hour: int, day: date = TUESDAY) -> int:
    return CapacitySlot.objects.get(clinic=clinic, starts_at=at(day, hour)).load_cap


def test_shifts_come_and_go_and_capacity_follows_with_lunch(world: World, manager: Actor) -> None:
    nurse = nurse_of(world.clinic)
    shift = setup_shifts.add(clinic=world.clinic, facts=facts(nurse), by=manager)
    assert (cap(world.clinic, 9), cap(world.clinic, 11), cap(world.clinic, 16)) == (500, 400, 400)
    shift = setup_shifts.change(shift=shift, facts=facts(nurse, times={"ends": time(17)}), by=manager)
    assert cap(world.clinic, 16) == 500
    setup_shifts.remove(shift=shift, by=manager)
    assert cap(world.clinic, 9) == 400


def test_too_few_nurses_are_named_by_day_and_time(world: World, manager: Actor) -> None:
    for chair in range(3):
        book(world, 9, chair=chair)
        world.course_day = world.another_day()
    shifts = list(Shift.objects.filter(clinic=world.clinic, starts_at=at(TUESDAY, 7)).select_related("clinic"))

    def act() -> None:
        for shift in shifts[:3]:
            setup_shifts.remove(shift=shift, by=manager)

    breaks = saved(world, act, manager)
    assert breaks.troubles == ()
    assert breaks.over[0].start == at(TUESDAY, 9)
    assert "nurses" in breaks.over[0].words
    assert len(tasks()) == 1
    assert tasks()[0].startswith("Too few nurses on Tue 3 Mar: 09:00")
    assert_sound(excused=invariants.excess())


@pytest.mark.parametrize(
    ("times", "field"),
    [
        ({"ends": time(6)}, "ends"),
        ({"starts": time(0), "ends": time(23)}, "ends"),
        ({"starts": time(7, 5)}, "starts"),
        ({"lunch_ends": None}, "lunch_ends"),
        ({"lunch_ends": time(10)}, "lunch_ends"),
        ({"lunch_starts": time(14, 45), "lunch_ends": time(15, 15)}, "lunch_starts"),
    ],
)
def test_absurd_shifts_are_refused_at_their_field(
    world: World, manager: Actor, times: dict[str, time | None], field: str
) -> None:
    with pytest.raises(BadInput) as refused:
        setup_shifts.add(clinic=world.clinic, facts=facts(nurse_of(world.clinic), times=times), by=manager)
    assert refused.value.reasons[0].field == field


def test_a_nurse_works_in_one_place_at_a_time(world: World, manager: Actor) -> None:
    nurse = nurse_of(world.clinic)
    setup_shifts.add(clinic=world.clinic, facts=facts(nurse), by=manager)
    with pytest.raises(Conflict, match="works 07:00–15:00 already") as refused:
        setup_shifts.add(
            clinic=world.clinic,
            facts=facts(nurse, times={"starts": time(14), "ends": time(18), "lunch_starts": None, "lunch_ends": None}),
            by=manager,
        )
    assert refused.value.reasons[0].field == "starts"
    with pytest.raises(BadInput, match="nurse of this clinic"):
        setup_shifts.add(clinic=world.clinic, facts=facts(factories.make_staff(world.clinic)), by=manager)
    with pytest.raises(BadInput, match="over"):
        setup_shifts.add(clinic=world.clinic, facts=facts(nurse, on=MONDAY - timedelta(days=3)), by=manager)


def test_a_week_is_copied_without_closed_days_and_only_once(world: World, manager: Actor) -> None:
    Closure.objects.create(clinic=world.clinic, on=TUESDAY + timedelta(days=7), reason="Training")
    week = MONDAY + timedelta(days=7)
    rows = setup_shifts.copy_week(clinic=world.clinic, from_on=TUESDAY, to_on=week, weeks=2, by=manager)
    assert len(rows) == 4 * 9
    assert cap(world.clinic, 9, MONDAY + timedelta(days=14)) == 400
    # The clocks go forward between the two weeks: the wall-clock times stay.
    assert {row.starts_at.astimezone(world.clinic.zone).time() for row in rows} == {time(7)}
    with pytest.raises(Conflict, match="nothing to copy"):
        setup_shifts.copy_week(clinic=world.clinic, from_on=MONDAY, to_on=week, weeks=2, by=manager)
    for to_on, weeks, field in ((TUESDAY, 1, "to_on"), (week, 13, "weeks"), (week + timedelta(days=500), 1, "to_on")):
        with pytest.raises(BadInput) as refused:
            setup_shifts.copy_week(clinic=world.clinic, from_on=MONDAY, to_on=to_on, weeks=weeks, by=manager)
        assert refused.value.reasons[0].field == field


def test_only_a_manager_of_the_clinic_may(world: World) -> None:
    stranger = factories.actor(factories.make_staff(factories.make_clinic(), Role.MANAGER))
    for by in (world.scheduler, stranger):
        with pytest.raises((NotAllowed, Refusal)):
            setup_chairs.retire(chair=world.chairs[0], by=by)
        with pytest.raises((NotAllowed, Refusal)):
            setup_calendar.save_hours(clinic=world.clinic, week=WEEKDAYS, by=by)


@pytest.mark.django_db(transaction=True)
def test_retiring_a_chair_and_booking_it_race_and_only_one_is_first(committed_world: World) -> None:
    world = committed_world
    by = factories.actor(factories.make_staff(world.clinic, Role.MANAGER))
    for _ in range(25):
        day = world.another_day()

        def take(day: object = day) -> Visit:
            return booking.book(
                course_day=day,  # type: ignore[arg-type]
                chair=world.chairs[0],
                start=at(TUESDAY, 11),
                by=world.scheduler,
                override=UNCOVERED,
            )

        def retire() -> Chair:
            return setup_chairs.retire(chair=world.chairs[0], by=by)

        booked, gone = at_once([take, retire])  # type: ignore[list-item]
        assert isinstance(gone, Chair)
        if isinstance(booked, Visit):
            booking.cancel(visit=booked, reason="next", expected_version=booked.version, by=world.scheduler)
        else:
            assert isinstance(booked, Conflict)
            assert booked.code == "chair_closed"
        setup_chairs.bring_back(chair=world.chairs[0], by=by)
    assert_sound()
