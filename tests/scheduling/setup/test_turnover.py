"""Too little time to make a chair ready asks a reason, where the clinic says how much is needed."""

import pytest

from core.errors import NeedsReason
from scheduling.models import ClinicRules, Visit
from scheduling.presenters.bars import visit_flags
from scheduling.queries import openings
from scheduling.services import booking
from scheduling.services.booking import Override
from tests import factories
from tests.factories import at
from tests.scheduling.conftest import TUESDAY, World

pytestmark = pytest.mark.django_db
READY = Override("B. makes it ready meanwhile")


def covered(world: World) -> World:
    """Another patient with cover, due on Tuesday."""
    world.order = factories.make_order(factories.make_patient(world.clinic))
    factories.make_authorization(world.order)
    world.course_day = factories.make_course_day(world.order, TUESDAY)
    return world


def book(world: World, hour: int, minute: int = 0, *, chair: int = 0, override: Override | None = None) -> Visit:
    start = at(TUESDAY, hour, minute)
    return booking.book(
        course_day=world.course_day, chair=world.chairs[chair], start=start, by=world.scheduler, override=override
    )


@pytest.fixture
def strict(world: World) -> World:
    """A clinic that takes 20 minutes to make a chair ready; A1 is taken 9:00 to 11:00."""
    ClinicRules.objects.create(clinic=world.clinic, turnover_minutes=20)
    book(world, 9)
    return covered(world)


@pytest.mark.parametrize(("hour", "minute"), [(11, 0), (11, 15), (7, 0)])
def test_less_than_the_turnover_beside_another_visit_asks_a_reason(strict: World, hour: int, minute: int) -> None:
    with pytest.raises(NeedsReason) as asked:
        book(strict, hour, minute)
    assert [reason.code for reason in asked.value.reasons] == ["turnover_short"]
    assert f"Only {minute} min between this visit and" in asked.value.sentence


def test_the_reason_is_kept_and_shown_on_the_bar(strict: World) -> None:
    visit = book(strict, 11, override=READY)
    assert [(item["code"], item["reason"]) for item in visit.overrides] == [("turnover_short", READY.reason)]
    assert not visit.is_over_capacity
    words = [flag.word for flag in visit_flags(visit, strict.clinic.zone)]
    assert "Short turnover" in words
    assert "No PA" not in words


def test_enough_time_another_chair_or_no_rule_ask_nothing(strict: World) -> None:
    assert book(strict, 11, 30).overrides == []
    assert book(covered(strict), 11, 0, chair=1).overrides == []
    ClinicRules.objects.all().delete()
    assert book(covered(strict), 13, 30).overrides == []


def test_a_reason_for_one_chair_does_not_speak_for_another(strict: World) -> None:
    visit = book(strict, 11, override=READY)
    book(covered(strict), 9, chair=1)
    with pytest.raises(NeedsReason, match="A2"):
        booking.move(
            visit=visit,
            chair=strict.chairs[1],
            start=at(TUESDAY, 11),
            expected_version=visit.version,
            by=strict.scheduler,
        )
    moved = booking.move(
        visit=visit,
        chair=strict.chairs[2],
        start=at(TUESDAY, 11),
        expected_version=visit.version,
        by=strict.scheduler,
    )
    assert moved.overrides == []


def test_openings_name_short_turnover_and_prefer_a_chair_without(strict: World) -> None:
    found = openings.find(
        clinic=strict.clinic, course_day=strict.course_day, first_on=TUESDAY, last_on=TUESDAY, limit=None
    )
    at_eleven = next(one for one in found if one.opening.interval.start == at(TUESDAY, 11))
    assert at_eleven.chair.name != "A1"
    assert at_eleven.opening.soft == ()
    for number in (1, 2):
        book(covered(strict), 9, chair=number)
    covered(strict)
    found = openings.find(
        clinic=strict.clinic, course_day=strict.course_day, first_on=TUESDAY, last_on=TUESDAY, limit=None
    )
    soft = {one.opening.interval.start: one.opening.soft for one in found}
    assert "turnover_short" in soft[at(TUESDAY, 11, 15)]
    assert "turnover_short" not in soft[at(TUESDAY, 11, 30)]


def test_an_isolation_chair_is_named_where_it_comes_up(strict: World) -> None:
    strict.clinic.chairs.update(is_isolation=True)
    found = openings.find(clinic=strict.clinic, course_day=strict.course_day, limit=1)
    assert "an isolation chair" in found[0].opening.reasons
