"""What the system cannot decide is put before a person, once, and stays until somebody looked."""

import pytest
from django.test import Client
from django.urls import reverse

from core.errors import Conflict, NotFound
from scheduling.models import StaffTask
from scheduling.services import staff_tasks
from tests import factories
from tests.scheduling.conftest import World

KEY = "plan:something"


def opened(world: World) -> StaffTask:
    staff_tasks.open_task(clinic=world.clinic, kind="plan", text="Course 3 would now be due earlier.", dedupe_key=KEY)
    return StaffTask.objects.get(dedupe_key=KEY)


def test_the_same_thing_is_asked_once(world: World) -> None:
    opened(world)
    assert opened(world).text == "Course 3 would now be due earlier."


def test_a_task_is_finished_by_one_person(world: World) -> None:
    task = opened(world)
    staff_tasks.finish(clinic=world.clinic, task_id=task.id, by=world.scheduler)
    with pytest.raises(Conflict, match=f"{world.scheduler.label} was quicker"):
        staff_tasks.finish(clinic=world.clinic, task_id=task.id, by=world.scheduler)


def test_another_clinics_task_is_not_there(world: World) -> None:
    with pytest.raises(NotFound):
        staff_tasks.finish(clinic=factories.make_clinic(), task_id=opened(world).id, by=world.scheduler)


def test_tasks_stand_on_the_requests_page_until_done(world: World) -> None:
    task, client = opened(world), Client()
    client.force_login(factories.make_staff(world.clinic))
    assert "would now be due earlier" in client.get(reverse("scheduling:requests")).content.decode()
    client.post(reverse("scheduling:task-done", args=[task.id]))
    assert "would now be due earlier" not in client.get(reverse("scheduling:requests")).content.decode()


def test_the_menu_counts_what_waits(world: World) -> None:
    opened(world)
    client = Client()
    client.force_login(factories.make_staff(world.clinic))
    page = client.get(reverse("scheduling:patients")).content.decode()
    assert '<span class="badge">1<span class="visually-hidden"> to answer</span></span>' in page
