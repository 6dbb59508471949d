"""A chair that is out of use takes no visit, gives no opening and is hatched on the board; who is in it stays."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from accounts.domain.policy import Permission, Role
from accounts.services import api_keys
from audit.models import AuditEvent
from core.actor import system
from core.errors import BadInput, Conflict, NotAllowed
from scheduling.models import ChairOutage, Visit
from scheduling.queries import board, dry_run, openings
from scheduling.services import booking, outages, undo
from scheduling.services.booking import Override
from tests import factories
from tests.factories import at
from tests.scheduling.conftest import MONDAY, TUESDAY, World
from tests.scheduling.test_storm import UNCOVERED, assert_sound, at_once

pytestmark = pytest.mark.django_db
PUMP = "pump broken"


def break_pump(world: World, *, hours: tuple[int, int] = (10, 14), chair: int = 0) -> outages.Out:
    return outages.add(
        chair=world.chairs[chair],
        starts_at=at(TUESDAY, hours[0]),
        ends_at=at(TUESDAY, hours[1]),
        reason=PUMP,
        by=world.scheduler,
    )


def book(world: World, hour: int, *, chair: int = 0, minute: int = 0) -> Visit:
    return booking.book(
        course_day=world.course_day,
        chair=world.chairs[chair],
        start=at(TUESDAY, hour, minute),
        by=world.scheduler,
        override=UNCOVERED,
    )


def test_nobody_is_booked_into_a_chair_that_is_out(world: World) -> None:
    break_pump(world)
    with pytest.raises(Conflict) as refused:
        book(world, 9)
    assert refused.value.code == "chair_out"
    assert refused.value.sentence == "A1 is out of use 10:00–14:00: pump broken. Choose another chair or time."
    assert not Visit.objects.exists()


def test_an_outage_does_not_bar_the_time_beside_it_nor_other_chairs(world: World) -> None:
    break_pump(world)
    assert book(world, 8).period.upper == at(TUESDAY, 10)
    world.course_day = world.another_day()
    assert book(world, 14)
    world.course_day = world.another_day()
    assert book(world, 11, chair=1)


def test_a_chair_that_is_out_comes_up_in_no_opening(world: World) -> None:
    for number in range(3):
        break_pump(world, hours=(7, 12), chair=number)
    found = openings.find(
        clinic=world.clinic, course_day=world.course_day, first_on=TUESDAY, last_on=TUESDAY, limit=None
    )
    assert min(one.opening.interval.start for one in found) == at(TUESDAY, 12)


def test_a_dry_run_says_the_same_and_offers_a_way_out(world: World) -> None:
    break_pump(world)
    run = dry_run.book(course_day=world.course_day, chair=world.chairs[0], start=at(TUESDAY, 11))
    assert [reason.code for reason in run.reasons if reason.is_hard] == ["chair_out"]
    ways = dry_run.ways_out(course_day=world.course_day, chair=world.chairs[0], start=at(TUESDAY, 11))
    assert (ways[0].chair.name, ways[0].start) == ("A1", at(TUESDAY, 14))
    assert {way.chair.name for way in ways[1:]} == {"A2", "A3"}


def test_who_is_there_already_stays_and_is_listed(world: World) -> None:
    visit = book(world, 11)
    out = break_pump(world)
    assert [one.id for one in out.visits] == [visit.id]
    visit.refresh_from_db()
    assert visit.status == "booked"
    with pytest.raises(Conflict, match="out of use"):
        booking.move(
            visit=visit,
            chair=world.chairs[0],
            start=at(TUESDAY, 12),
            expected_version=visit.version,
            by=world.scheduler,
            override=UNCOVERED,
        )


def test_a_cancelled_visit_does_not_come_back_into_a_chair_that_went_out(world: World) -> None:
    visit = book(world, 11)
    booking.cancel(visit=visit, reason="asked", expected_version=visit.version, by=world.scheduler)
    break_pump(world)
    visit.refresh_from_db()
    with pytest.raises(Conflict, match="out of use"):
        undo.undo(visit=visit, expected_version=visit.version, by=world.scheduler)


def test_a_lifted_outage_counts_no_more(world: World) -> None:
    out = break_pump(world)
    before = board.version(world.clinic, TUESDAY)
    outages.lift(outage=out.outage, by=world.scheduler)
    assert book(world, 11)
    assert board.version(world.clinic, TUESDAY) > before
    assert set(AuditEvent.objects.filter(action__startswith="chair.").values_list("action", flat=True)) == {
        "chair.out",
        "chair.back",
    }
    with pytest.raises(Conflict, match="given back already"):
        outages.lift(outage=out.outage, by=world.scheduler)


def test_senseless_outages_are_refused_at_their_field(world: World) -> None:
    now = datetime(2026, 3, 2, 14, tzinfo=UTC)
    for starts_at, ends_at, reason, field in (
        (at(TUESDAY, 12), at(TUESDAY, 10), PUMP, "ends"),
        (now - timedelta(hours=3), now - timedelta(hours=1), PUMP, "ends"),
        (at(TUESDAY, 10), at(TUESDAY, 10) + timedelta(days=400), PUMP, "ends"),
        (at(TUESDAY, 10), at(TUESDAY, 12), "  ", "reason"),
    ):
        with pytest.raises(BadInput) as refused:
            outages.add(chair=world.chairs[0], starts_at=starts_at, ends_at=ends_at, reason=reason, by=world.scheduler)
        assert refused.value.reasons[0].field == field
    break_pump(world)
    with pytest.raises(Conflict, match="out of use already"):
        break_pump(world, hours=(13, 15))
    assert ChairOutage.objects.count() == 1


def test_who_may_not_override_takes_no_chair_out(world: World) -> None:
    prescriber = factories.actor(factories.make_staff(world.clinic, Role.PRESCRIBER))
    with pytest.raises(NotAllowed):
        outages.add(
            chair=world.chairs[0], starts_at=at(TUESDAY, 10), ends_at=at(TUESDAY, 12), reason=PUMP, by=prescriber
        )


def test_the_board_hatches_the_time_and_offers_none_of_it(world: World, client: Client) -> None:
    book(world, 9, minute=15)
    break_pump(world)
    client.force_login(factories.make_staff(world.clinic))
    page = client.get(f"/board/{TUESDAY}/").content.decode()
    assert "Out of use until 14:00: pump broken" in page
    assert "The chair is out of use: pump broken. Move the visit." in page
    assert "chair A1 free 07:00 to 09:15" in page
    assert "chair A1 free 14:00 to 18:00" in page
    assert "chair A1 free 11" not in page


def test_the_api_names_the_outages_of_each_chair(world: World, client: Client) -> None:
    break_pump(world)
    issued = api_keys.issue(clinic=world.clinic, name="Test", permissions=[Permission.BOARD_VIEW], by=system("test"))
    answer = client.get("/api/v1/chairs/", headers={"Authorization": f"Bearer {issued.secret}"}).json()
    chairs = {chair["name"]: chair["outages"] for chair in answer["results"]}
    assert [one["reason"] for one in chairs["A1"]] == [PUMP]
    assert chairs["A2"] == []


def test_an_outage_from_noon_to_noon_is_seen_on_both_days(world: World) -> None:
    outages.add(
        chair=world.chairs[0],
        starts_at=at(MONDAY, 12),
        ends_at=at(TUESDAY, 12),
        reason=PUMP,
        by=world.scheduler,
    )
    assert all(board.day_board(world.clinic, day).outages for day in (MONDAY, TUESDAY))
    with pytest.raises(Conflict, match=r"out of use Mon 2 Mar 12:00 to Tue 3 Mar 12:00"):
        book(world, 9)


@pytest.mark.django_db(transaction=True)
def test_an_outage_and_a_booking_race_and_only_one_is_first(committed_world: World) -> None:
    world, first = committed_world, {"booking": 0, "outage": 0}
    for _ in range(25):
        day = world.another_day()

        def take(day: object = day) -> Visit:
            return booking.book(
                course_day=day,  # type: ignore[arg-type]
                chair=world.chairs[0],
                start=at(TUESDAY, 11),
                by=world.scheduler,
                override=Override("no authorization yet"),
            )

        booked, out = at_once([take, lambda: break_pump(world)])  # type: ignore[list-item,return-value]
        assert isinstance(out, outages.Out), out
        if isinstance(booked, Visit):
            first["booking"] += 1
            assert [visit.id for visit in out.visits] == [booked.id]
            booking.cancel(visit=booked, reason="next", expected_version=booked.version, by=world.scheduler)
        else:
            first["outage"] += 1
            assert isinstance(booked, Conflict)
            assert booked.code == "chair_out"
            assert out.visits == ()
        outages.lift(outage=out.outage, by=world.scheduler)
    assert_sound()
