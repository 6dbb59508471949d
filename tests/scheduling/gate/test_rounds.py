"""The gate's rounds: lights follow facts that change unsaid, and staff, never patients, hear of visits not clear."""

import time_machine
from pytest_django import DjangoAssertNumQueries

from messaging.models import OutboxMessage
from patients.models import TreatmentConsent
from scheduling import tasks
from scheduling.domain.clearance import Light
from scheduling.models import BoardVersion, StaffTask, VisitClearance
from scheduling.services import gate_rounds, reminders, staff_tasks
from tests import factories
from tests.factories import at
from tests.scheduling.conftest import MONDAY, TUESDAY, World
from tests.scheduling.test_booking import UNCOVERED, book


def open_tasks() -> list[str]:
    return list(StaffTask.objects.filter(kind="not_cleared", done_at=None).values_list("text", flat=True))


def test_a_light_follows_a_fact_that_changed_unsaid_and_the_board_hears_of_it(world: World) -> None:
    factories.make_papers(world.order, TUESDAY)
    visit = book(world)
    assert VisitClearance.objects.get(visit=visit).light == Light.GREEN
    before = BoardVersion.objects.get(on=TUESDAY).version
    TreatmentConsent.objects.all().delete()
    tasks.ask_the_gate_soon()
    assert VisitClearance.objects.get(visit=visit).light == Light.RED
    assert BoardVersion.objects.get(on=TUESDAY).version == before + 1
    tasks.ask_the_gate()
    assert BoardVersion.objects.get(on=TUESDAY).version == before + 1


def test_staff_are_asked_two_business_days_before_and_the_patient_hears_nothing(world: World) -> None:
    visit = book(world)
    assert gate_rounds.sweep(clinic=world.clinic) == 1
    who = world.patient.short_name
    assert open_tasks()[0].startswith(f"{who}, Tue 3 Mar 09:00: not clear. Insurance was last checked on 5 Jan 2026;")
    assert open_tasks()[0].endswith("And 2 more.")
    reminders.sweep(clinic=world.clinic)
    assert not OutboxMessage.objects.filter(kind=reminders.KIND, subject_id=visit.id).exists()
    assert gate_rounds.sweep(clinic=world.clinic) == 0
    factories.make_papers(world.order, TUESDAY)
    gate_rounds.sweep(clinic=world.clinic)
    assert open_tasks() == []


def test_a_visit_further_away_is_not_put_before_staff_yet(world: World) -> None:
    with time_machine.travel(at(MONDAY, 8).replace(month=2, day=20), tick=True):
        book(world)
        assert gate_rounds.sweep(clinic=world.clinic) == 0


def test_what_only_lacks_cover_is_asked_once_by_the_question_about_cover(world: World) -> None:
    day = world.another_day()
    factories.make_papers(day.course.order, TUESDAY)
    factories.make_authorization(day.course.order, status="submitted")
    factories.make_papers(day.course.order, TUESDAY)
    book(world, course_day=day, override=UNCOVERED)
    reminders.sweep(clinic=world.clinic)
    gate_rounds.sweep(clinic=world.clinic)
    assert list(StaffTask.objects.filter(done_at=None).values_list("kind", flat=True)) == ["not_covered"]


def test_once_somebody_has_looked_the_patient_is_reminded(world: World) -> None:
    visit = book(world)
    gate_rounds.sweep(clinic=world.clinic)
    kept = [visit]
    assert gate_rounds.not_reminded(kept) == {visit.id}
    staff_tasks.finish(clinic=world.clinic, task_id=StaffTask.objects.get(kind="not_cleared").id, by=world.scheduler)
    assert gate_rounds.not_reminded(kept) == set()


def test_a_round_costs_the_same_for_one_visit_or_many(
    world: World, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for hour, chair in ((8, 0), (10, 1), (12, 2), (14, 0)):
        book(world, hour, chair, course_day=world.another_day(), override=UNCOVERED)
    gate_rounds.sweep(clinic=world.clinic)
    with django_assert_max_num_queries(24):
        gate_rounds.sweep(clinic=world.clinic)
