"""Who hears of a move: the clinic's setting says what happens by itself, a person may decide otherwise each time."""

from datetime import timedelta

import pytest
import time_machine

from accounts.domain.policy import Role
from core.errors import Conflict
from messaging.domain.states import MessageState
from messaging.models import OutboxMessage
from scheduling.models import ClinicRules, Visit
from scheduling.queries import telling as told
from scheduling.queries import visits
from scheduling.queries.telling import Telling
from scheduling.services import booking, requests, telling
from tests import factories
from tests.factories import at
from tests.scheduling.conftest import MONDAY, TUESDAY, World
from tests.scheduling.test_booking import book
from tests.scheduling.test_flow import take_back


def fresh(world: World, visit: Visit) -> Visit:
    return visits.get(world.clinic, visit.id)


def waiting(kind: str = "visit.moved") -> list[OutboxMessage]:
    return list(OutboxMessage.objects.filter(kind=kind, state=MessageState.PENDING))


@pytest.fixture
def known(world: World) -> Visit:
    """A visit whose booking the patient has heard of."""
    visit = book(world)
    OutboxMessage.objects.update(state=MessageState.SENT, attempts=1, settled_at=at(MONDAY, 8))
    return visit


def move(world: World, visit: Visit, hour: int) -> Visit:
    now = fresh(world, visit)
    return booking.move(
        visit=now, chair=world.chairs[1], start=at(TUESDAY, hour), expected_version=now.version, by=world.scheduler
    )


def quiet_clinic(world: World) -> None:
    ClinicRules.objects.update_or_create(clinic=world.clinic, defaults={"tells_patient": False})


def test_by_itself_a_move_is_told_after_a_minute(world: World, known: Visit) -> None:
    move(world, known, 13)
    assert [message.params["time"] for message in waiting()] == ["1:00 pm"]
    assert told.of(fresh(world, known)) is Telling.SOON


def test_a_message_is_kept_back_within_the_minute_and_sent_after_all(world: World, known: Visit) -> None:
    move(world, known, 13)
    telling.keep_quiet(visit=fresh(world, known), by=world.scheduler)
    assert waiting() == []
    assert told.of(fresh(world, known)) is Telling.UNTOLD
    telling.tell(visit=fresh(world, known), by=world.scheduler)
    assert [message.params["time"] for message in waiting()] == ["1:00 pm"]
    with pytest.raises(Conflict, match="they know this time"):
        telling.tell(visit=fresh(world, known), by=world.scheduler)


def test_kept_back_and_sent_twice_is_sent(world: World, known: Visit) -> None:
    move(world, known, 13)
    for _ in range(3):
        telling.keep_quiet(visit=fresh(world, known), by=world.scheduler)
        telling.tell(visit=fresh(world, known), by=world.scheduler)
        assert len(waiting()) == 1


def test_a_message_that_left_is_not_kept_back(world: World, known: Visit) -> None:
    move(world, known, 13)
    OutboxMessage.objects.filter(kind="visit.moved").update(state=MessageState.SENT, attempts=1)
    with pytest.raises(Conflict, match="has left already"):
        telling.keep_quiet(visit=fresh(world, known), by=world.scheduler)


def test_undoing_a_move_nobody_told_of_tells_nobody(world: World, known: Visit) -> None:
    move(world, known, 13)
    telling.keep_quiet(visit=fresh(world, known), by=world.scheduler)
    take_back(world, known)
    assert waiting() == []
    assert told.of(fresh(world, known)) is None


def test_a_second_move_tells_of_both_at_once(world: World, known: Visit) -> None:
    move(world, known, 13)
    telling.keep_quiet(visit=fresh(world, known), by=world.scheduler)
    move(world, known, 15)
    assert [message.params["was"] for message in waiting()] == [int(at(TUESDAY, 9).timestamp()) // 60]


def test_cancelling_names_the_time_the_patient_knows(world: World, known: Visit) -> None:
    move(world, known, 13)
    telling.keep_quiet(visit=fresh(world, known), by=world.scheduler)
    now = fresh(world, known)
    booking.cancel(visit=now, reason="ill", expected_version=now.version, by=world.scheduler)
    assert [message.params["time"] for message in waiting("visit.cancelled")] == ["9:00 am"]


def test_a_clinic_may_leave_telling_to_its_people(world: World, known: Visit) -> None:
    quiet_clinic(world)
    move(world, known, 13)
    assert waiting() == []
    assert told.of(fresh(world, known)) is Telling.UNTOLD
    assert fresh(world, known).events.all()[0].by_label == "Clinic setting"
    telling.tell(visit=fresh(world, known), by=world.scheduler)
    assert len(waiting()) == 1


def test_a_quiet_clinic_still_tells_of_a_booking_that_moved_before_its_news_left(world: World) -> None:
    quiet_clinic(world)
    visit = book(world)
    move(world, visit, 13)
    assert [message.params["time"] for message in waiting("visit.booked")] == ["1:00 pm"]
    assert told.of(fresh(world, visit)) is None


def test_a_chair_alone_is_no_news(world: World, known: Visit) -> None:
    quiet_clinic(world)
    move(world, known, 9)
    assert told.of(fresh(world, known)) is None
    assert known.events.filter(kind="quiet").count() == 0


def test_what_has_begun_is_not_told(world: World, known: Visit) -> None:
    quiet_clinic(world)
    move(world, known, 13)
    with time_machine.travel(at(TUESDAY, 13) + timedelta(minutes=1), tick=True):
        assert told.of(fresh(world, known)) is None


def test_who_asked_for_the_move_is_always_told(world: World, known: Visit) -> None:
    quiet_clinic(world)
    asking = factories.make_staff(world.clinic, Role.PATIENT)
    world.patient.user = asking
    world.patient.save()
    requests.ask(visit=fresh(world, known), wish="later", half_days=(), note="", by=factories.actor(asking))
    move(world, known, 13)
    assert len(waiting()) == 1
