"""A letter about several visits: it leaves only to who still agrees, and is not lost when a visit changes again."""

from datetime import timedelta

import pytest

from core.ids import new_id
from messaging.domain.pace import Pace
from messaging.domain.states import MessageState
from messaging.models import OutboxMessage
from messaging.services.judging import End, Ready, judge
from patients.models import Patient
from scheduling.models import Visit
from scheduling.queries import visits as reading
from scheduling.services import booking, series
from scheduling.services.booking_many import Move
from tests import factories
from tests.scheduling.conftest import TUESDAY, World
from tests.scheduling.disruptions import scenes
from tests.scheduling.disruptions.scenes import apply, closed, messages

pytestmark = pytest.mark.django_db

WEDNESDAY = TUESDAY + timedelta(days=1)


def letter_of(world: World) -> OutboxMessage:
    """The letter about two visits of one patient that a closure moved."""
    day = scenes.covered_day(world)
    later = scenes.fetched(world, factories.make_course_day(day.course.order, WEDNESDAY))
    scenes.book(world, 9, day=day)
    scenes.book(world, 9, on=WEDNESDAY, day=later)
    apply(scenes.longer(closed(world), days=2), world.scheduler)
    (letter,) = messages()
    return letter


def test_who_withdraws_consent_before_a_letter_leaves_does_not_get_it(world: World) -> None:
    letter = letter_of(world)
    Patient.objects.filter(clinic=world.clinic).update(email_consent_at=None, sms_consent_at=None)
    found = judge(letter, Pace())
    assert isinstance(found, End)
    assert found.state == MessageState.CANCELLED


def in_a_series(visit: Visit) -> Visit:
    """The visit, as if it had been booked with others."""
    Visit.objects.filter(pk=visit.pk).update(series_id=new_id())
    return reading.get(visit.clinic, visit.id)


def second_of(letter: OutboxMessage) -> Visit:
    return in_a_series(Visit.objects.filter(patient=letter.patient_id).order_by("-period")[0])


def leaves(message: OutboxMessage) -> bool:
    return isinstance(judge(message, Pace()), Ready)


def test_a_letter_is_not_lost_when_one_of_its_visits_is_cancelled_with_its_series(world: World) -> None:
    visit = second_of(letter_of(world))
    series.cancel_series(
        visit=visit, only_following=True, reason="asked", expected_version=visit.version, by=world.scheduler
    )
    (letter,) = messages()
    assert leaves(letter)
    assert letter.params["changes"].splitlines()[1] == "Wednesday 4 March, 9:00 am: cancelled"


def test_a_letter_is_not_lost_when_one_of_its_visits_moves_with_its_series(world: World) -> None:
    visit = second_of(letter_of(world))
    move = Move(
        visit=visit,
        chair=visit.chair,
        start=visit.period.lower + timedelta(hours=4),
        expected_version=visit.version,
    )
    moved = series.move_series(moves=[move], by=world.scheduler)
    (letter,) = messages()
    assert leaves(letter)
    assert "1:00 pm" in letter.params["changes"].splitlines()[1]
    booking.cancel(
        visit=reading.get(world.clinic, moved.visits[0].id),
        reason="asked",
        expected_version=moved.visits[0].version,
        by=world.scheduler,
    )
    (letter,) = messages()
    assert leaves(letter)
