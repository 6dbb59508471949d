"""The storm again, from outside: half the clients press the page's button, half call the API, all for one place."""

import json
import uuid
from collections import Counter
from collections.abc import Callable

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from accounts.domain.policy import GRANTS, Role
from accounts.services import api_keys
from regimens.models import CourseDay
from scheduling.models import CapacitySlot, Visit
from scheduling.services import booking
from tests import factories
from tests.factories import at
from tests.scheduling.conftest import TUESDAY, World
from tests.scheduling.storms.crowd import rounds
from tests.scheduling.test_storm import CLIENTS, assert_sound, at_once

Press = Callable[[CourseDay, int], HttpResponse]
REASON = "no authorization yet"
ROUNDS = rounds(4)


def page_client(world: World) -> Press:
    """A scheduler in a browser."""
    client = Client()
    client.force_login(factories.make_staff(world.clinic))

    def press(day: CourseDay, quarter: int) -> HttpResponse:
        place = f"{world.chairs[0].id}@{at(TUESDAY, 9, 15 * quarter).isoformat()}"
        form = {"course_day": str(day.id), "place": place, "reason": REASON}
        return client.post(reverse("scheduling:book"), form)  # type: ignore[return-value]

    return press


def api_client(world: World) -> Press:
    """A program with a key."""
    by = factories.actor(factories.make_staff(world.clinic, Role.MANAGER))
    secret = api_keys.issue(clinic=world.clinic, name="storm", permissions=GRANTS[Role.SCHEDULER], by=by).secret
    client = Client()

    def press(day: CourseDay, quarter: int) -> HttpResponse:
        body = {
            "course_day": str(day.id),
            "chair": str(world.chairs[0].id),
            "start": at(TUESDAY, 9, 15 * quarter).isoformat(),
            "override": {"reason": REASON},
        }
        return client.post(  # type: ignore[return-value]
            "/api/v1/visits/",
            json.dumps(body),
            content_type="application/json",
            headers={"Authorization": f"Bearer {secret}", "Idempotency-Key": uuid.uuid4().hex},
        )

    return press


@pytest.mark.slow
@pytest.mark.parametrize("spread", [1, 4], ids=["the same time", "overlapping times"])
def test_pages_and_api_compete_for_one_place(committed_world: World, spread: int) -> None:
    world = committed_world
    CapacitySlot.objects.update(load_cap=10_000, starts_cap=100)
    clients = [page_client(world) for _ in range(CLIENTS // 2)] + [api_client(world) for _ in range(CLIENTS // 2)]
    days = [world.another_day() for _ in clients]
    for _ in range(ROUNDS):
        answers = at_once(
            [
                lambda press=press, day=day, number=number: press(day, number % spread)  # type: ignore[misc]
                for number, (press, day) in enumerate(zip(clients, days, strict=True))
            ]
        )
        statuses = Counter(getattr(answer, "status_code", answer) for answer in answers)
        won = statuses[302] + statuses[201]
        assert won == 1, statuses
        assert statuses[409] == CLIENTS - 1, statuses
        for answer in answers:
            if isinstance(answer, HttpResponse) and answer.status_code == 409:
                assert "A1" in answer.content.decode()
        for visit in Visit.objects.filter(status="booked").select_related("chair__clinic", "clinic", "patient"):
            booking.cancel(visit=visit, reason="next round", expected_version=visit.version, by=world.scheduler)
    assert_sound()
