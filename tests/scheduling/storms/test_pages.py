"""The storms from outside: staff at their pages and patients at theirs press at the same moment."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from accounts.backends import CODE_BACKEND
from accounts.domain.policy import Role
from accounts.models import User
from scheduling.models import Chair, MoveRequest, Offer, OfferState, RequestState, Visit
from scheduling.presenters.finding import place_value
from scheduling.services import offers
from tests import factories
from tests.scheduling.conftest import World
from tests.scheduling.storms.crowd import at_once
from tests.scheduling.storms.scenes import NINE, ONE, fresh, move, seated, whole
from tests.scheduling.storms.test_offers import entry_of, place
from tests.scheduling.storms.test_requests import asked

pytestmark = pytest.mark.slow
ROUNDS = 2
"""No more: each round takes chairs of its own."""


def desks(world: World, count: int, role: Role = Role.SCHEDULER) -> list[Client]:
    """Browsers of staff who are signed in."""
    found = [Client() for _ in range(count)]
    for client in found:
        client.force_login(factories.make_staff(world.clinic, role))
    return found


def home(user: User | None, count: int) -> list[Client]:
    """Browsers in which one patient signed in by code."""
    assert user is not None
    found = [Client() for _ in range(count)]
    for client in found:
        client.force_login(user, backend=CODE_BACKEND)
    return found


def winner(answers: Sequence[Any]) -> int:
    """Whose press was done; everybody else was told why not, on a page."""
    broken = [one for one in answers if not isinstance(one, HttpResponse)]
    assert broken == [], broken
    statuses = [one.status_code for one in answers]
    assert set(statuses) <= {302, 409, 412}, statuses
    assert statuses.count(302) == 1, statuses
    return statuses.index(302)


def value(chair: Chair) -> str:
    return place_value(chair.id, ONE)


def test_eight_schedulers_move_eight_visits_to_one_place(stormy: World) -> None:
    found, clients = seated(stormy, stormy.chairs[1:]), desks(stormy, 8)
    for _ in range(ROUNDS):
        found = [fresh(stormy.clinic, visit) for visit in found]
        before = whole(*found)
        answers = at_once(
            *[
                partial(
                    client.post,
                    reverse("scheduling:visit-move", args=[visit.id]),
                    {"place": value(stormy.chairs[0]), "version": visit.version, "reason": "The only time."},
                )
                for client, visit in zip(clients, found, strict=True)
            ]
        )
        won = winner(answers)
        losers = [visit for number, visit in enumerate(found) if number != won]
        assert whole(*losers) == {visit.id: before[visit.id] for visit in losers}
        move(stormy, fresh(stormy.clinic, found[won]), stormy.chairs[1 + won], NINE)()


@pytest.mark.parametrize("has_visit", [False, True], ids=["held", "moving"])
def test_the_desk_and_the_patient_press_yes_at_once(stormy: World, has_visit: bool) -> None:
    clients = desks(stormy, 3)
    for number in range(ROUNDS):
        visit = seated(stormy, stormy.chairs[1 + number : 2 + number])[0] if has_visit else None
        entry = entry_of(stormy, visit)
        made = offers.make(entry=entry, place=place(stormy), by=stormy.scheduler)
        patient = entry.course_day.course.order.patient
        answers = at_once(
            *[
                partial(client.post, reverse("scheduling:offer-answer", args=[made.id]), {"act": "accept"})
                for client in clients
            ],
            *[
                partial(client.post, reverse("portal:offer", args=[made.id]), {"act": "yes"})
                for client in home(patient.user, 3)
            ],
        )
        winner(answers)
        assert Offer.objects.get(pk=made.pk).state == OfferState.ACCEPTED
        [there] = Visit.objects.filter(chair=stormy.chairs[0], status="booked")
        assert (there.period.lower, there.patient_id, there.version) == (ONE, patient.id, 2)
        move(stormy, fresh(stormy.clinic, there), stormy.chairs[4 + number], NINE)()


def test_two_nurses_approve_two_requests_with_one_place(stormy: World) -> None:
    nurses = desks(stormy, 2, Role.NURSE)
    for number in range(ROUNDS):
        found = seated(stormy, stormy.chairs[1 + 2 * number : 3 + 2 * number])
        opened = [asked(visit) for visit in found]
        before = whole(*found)
        answers = at_once(
            *[
                partial(
                    client.post,
                    reverse("scheduling:request-answer", args=[request.id]),
                    {"act": "move", "place": value(stormy.chairs[0])},
                )
                for client, request in zip(nurses, opened, strict=True)
            ]
        )
        won = winner(answers)
        assert MoveRequest.objects.get(pk=opened[1 - won].pk).state == RequestState.OPEN
        assert whole(found[1 - won]) == {found[1 - won].id: before[found[1 - won].id]}
        move(stormy, fresh(stormy.clinic, found[won]), found[won].chair, NINE)()
