"""No visit is lost at the end of its day: somebody is asked how it went, until they say it."""

from datetime import timedelta

import time_machine

from scheduling.domain.statuses import VisitStatus
from scheduling.models import StaffTask
from scheduling.services import left_open
from tests.factories import at
from tests.scheduling.conftest import TUESDAY, World
from tests.scheduling.test_booking import UNCOVERED, book
from tests.scheduling.test_flow import run

S = VisitStatus
THE_DAY_AFTER = at(TUESDAY, 7) + timedelta(days=1)


def open_tasks() -> list[str]:
    return sorted(StaffTask.objects.filter(kind=left_open.KIND, done_at=None).values_list("text", flat=True))


def test_who_never_came_and_who_was_never_let_go_are_asked_about_once(world: World) -> None:
    stays = book(world)
    book(world, 10, 1, course_day=world.another_day(), override=UNCOVERED)
    with time_machine.travel(at(TUESDAY, 9), tick=False):
        run(world, stays, S.ARRIVED, S.SEATED, S.INFUSING)
    with time_machine.travel(at(TUESDAY, 23), tick=False):
        assert left_open.sweep(clinic=world.clinic) == 0
    with time_machine.travel(THE_DAY_AFTER, tick=False):
        left_open.sweep_all()
        assert left_open.sweep(clinic=world.clinic) == 0
        questions = " ".join(open_tasks())
    assert len(open_tasks()) == 2
    assert "Tue 3 Mar 09:00: still “Infusing”. When did it end?" in questions
    assert "Tue 3 Mar 10:00: did they come?" in questions


def test_saying_it_answers_the_question(world: World) -> None:
    visit = book(world)
    with time_machine.travel(THE_DAY_AFTER, tick=False):
        left_open.sweep(clinic=world.clinic)
        assert len(open_tasks()) == 1
        run(world, visit, S.NO_SHOW)
        left_open.sweep(clinic=world.clinic)
        assert open_tasks() == []
