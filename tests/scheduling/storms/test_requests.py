"""Requests in a crowd: two nurses answer the same one, or different ones with the same place."""

from datetime import timedelta
from functools import partial

from accounts.domain.policy import Role
from core.actor import Actor
from messaging.models import OutboxMessage
from scheduling.models import Chair, MoveRequest, RequestState, Visit
from scheduling.services import requests
from tests import factories
from tests.scheduling.conftest import World
from tests.scheduling.storms.crowd import Act, at_once, winner, winners
from tests.scheduling.storms.scenes import (
    NINE,
    ONE,
    ROUNDS,
    WHY,
    book,
    cancel,
    clear_day,
    covered_day,
    fresh,
    move,
    seated,
    whole,
)


def asked(visit: Visit) -> MoveRequest:
    assert visit.patient.user is not None
    by = factories.actor(visit.patient.user)
    return requests.ask(visit=visit, wish="later", half_days=[], note="", by=by)


def nurses(world: World) -> list[Actor]:
    return [factories.actor(factories.make_staff(world.clinic, Role.NURSE)) for _ in range(2)]


def approve(request: MoveRequest, chair: Chair, by: Actor, *, quarters: int = 0) -> Act:
    start = ONE + timedelta(minutes=15 * quarters)
    return partial(requests.answer_with_move, request=request, chair=chair, start=start, by=by, override=WHY)


def state_of(request: MoveRequest) -> str:
    return MoveRequest.objects.get(pk=request.pk).state


def test_two_nurses_approve_different_requests_with_one_place(stormy: World) -> None:
    staff = nurses(stormy)
    for turn in range(ROUNDS):
        found = seated(stormy, stormy.chairs[1:])
        opened = [asked(visit) for visit in found]
        before = whole(*found)
        results = at_once(
            *[
                approve(request, stormy.chairs[0], staff[number % 2], quarters=turn % 2 * (number % 3))
                for number, request in enumerate(opened)
            ]
        )
        won = winner(results)
        losers = [visit for number, visit in enumerate(found) if number != won]
        assert whole(*losers) == {visit.id: before[visit.id] for visit in losers}
        assert [state_of(request) for request in opened].count(RequestState.OPEN) == len(losers)
        assert state_of(opened[won]) == RequestState.MOVED
        clear_day(stormy)


def test_two_nurses_approve_one_request_with_different_places(stormy: World) -> None:
    staff = nurses(stormy)
    for _ in range(ROUNDS):
        [visit] = seated(stormy, stormy.chairs[:1])
        request = asked(visit)
        OutboxMessage.objects.update(state="sent")
        results = at_once(*[approve(request, stormy.chairs[1 + number], staff[number % 2]) for number in range(8)])
        won = winner(results)
        left = fresh(stormy.clinic, visit)
        assert (left.chair_id, left.period.lower, left.version) == (stormy.chairs[1 + won].id, ONE, visit.version + 1)
        told = OutboxMessage.objects.filter(subject_id=visit.id, kind="visit.moved", state="pending")
        assert told.count() == 1
        clear_day(stormy)


def test_a_request_has_one_answer_whatever_is_answered(stormy: World) -> None:
    one, other = nurses(stormy)
    for _ in range(ROUNDS):
        [visit] = seated(stormy, stormy.chairs[1:2])
        request = asked(visit)
        assert visit.patient.user is not None
        before = whole(visit)
        results = at_once(
            approve(request, stormy.chairs[0], one),
            partial(requests.keep, request=request, answer="All is taken.", by=other),
            partial(requests.cancel_visit, request=request, by=one),
            partial(requests.withdraw, request=request, by=factories.actor(visit.patient.user)),
        )
        won = winner(results)
        assert state_of(request) == ["moved", "kept", "cancelled", "withdrawn"][won]
        assert (whole(visit) == before) is (won in {1, 3})
        clear_day(stormy)


def test_approving_moving_booking_and_cancelling_for_one_place(stormy: World) -> None:
    staff = nurses(stormy)
    for _ in range(ROUNDS):
        one, two = seated(stormy, stormy.chairs[1:3])
        request = asked(one)
        results = at_once(
            approve(request, stormy.chairs[0], staff[0]),
            approve(request, stormy.chairs[0], staff[1], quarters=1),
            move(stormy, two, stormy.chairs[0], ONE),
            book(stormy, covered_day(stormy), stormy.chairs[0], ONE),
            cancel(stormy, one),
        )
        won = winners(results)
        assert len([number for number in won if number < 4]) <= 1  # the place
        assert len([number for number in won if number in {0, 1, 4}]) <= 1  # the visit that was asked about
        assert won
        left = fresh(stormy.clinic, one)
        if not {0, 1, 4} & set(won):
            assert (left.period.lower, state_of(request)) == (NINE, RequestState.OPEN)
        clear_day(stormy)
