"""A repeat does nothing twice, however many arrive at once; a key is for one request only."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
import time_machine
from django.db import connection

from accounts.models import IdempotentRequest
from accounts.services import idempotency
from accounts.services.idempotency import Answer
from core import clock
from core.errors import Conflict
from scheduling.models import Visit
from tests.api.conftest import Answered, World
from tests.api.test_sign_in import PERSON


def test_a_repeat_finds_the_same_visit_and_says_so(world: World) -> None:
    first = world.caller.post("visits/", world.book_body(), key="once")
    again = world.caller.post("visits/", world.book_body(), key="once")
    assert (again.status, again.data, again.etag) == (201, first.data, first.etag)
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.headers["Location"] == first.headers["Location"]
    assert Visit.objects.count() == 1


def test_a_repeated_change_is_not_out_of_date(world: World) -> None:
    visit = world.booked()
    path = f"visits/{visit.data['id']}/cancel/"
    first, again = (world.caller.post(path, {"reason": "A cold."}, etag=visit.etag, key="c") for _ in range(2))
    assert (first.status, again.status, again.data) == (200, 200, first.data)
    assert again.headers["Idempotent-Replayed"] == "true"


def test_the_same_key_for_another_request_is_refused(world: World) -> None:
    world.caller.post("visits/", world.book_body(), key="once")
    other = world.caller.post("visits/", world.book_body(start="2026-03-03T13:00:00-06:00"), key="once")
    assert (other.status, other.data["type"], other.fields) == (
        422,
        "/problems/idempotency_key_reused",
        {"Idempotency-Key"},
    )
    assert world.caller.post("patients/", PERSON, key="once").status == 422


def test_the_same_key_of_another_program_is_another_key(world: World, elsewhere: World) -> None:
    first = world.caller.post("patients/", PERSON, key="once")
    other = elsewhere.caller.post("patients/", PERSON, key="once")
    assert (first.status, other.status) == (201, 201)
    assert first.data["id"] != other.data["id"]


def test_a_post_without_a_key_is_refused_and_does_nothing(world: World) -> None:
    refused = world.caller.post("visits/", world.book_body(), key=None)
    assert (refused.status, refused.data["type"]) == (400, "/problems/idempotency_key_missing")
    assert Visit.objects.count() == 0


@pytest.mark.parametrize("key", ["", " ", "a b", "é", "x" * 129])
def test_a_key_that_is_no_key_is_refused(world: World, key: str) -> None:
    refused = world.caller.post("visits/", world.book_body(), key=key)
    assert (refused.status, refused.fields) == (400, {"Idempotency-Key"})
    assert Visit.objects.count() == 0


def test_a_refused_request_may_be_tried_again_with_its_key(world: World) -> None:
    blocking = world.booked()
    body = world.book_body(course_day=str(world.another_day().pk), override={"reason": "On its way."})
    assert world.caller.post("visits/", body, key="again").status == 409
    world.caller.post(f"visits/{blocking.data['id']}/cancel/", {"reason": "A cold."}, etag=blocking.etag)
    assert world.caller.post("visits/", body, key="again").status == 201


def test_what_is_kept_of_an_answer_holds_no_patients_data(world: World) -> None:
    booked = world.booked()
    assert IdempotentRequest.objects.get().body == {"id": booked.data["id"]}


def test_eight_repeats_at_once_make_one_visit(committed_world: World) -> None:
    world = committed_world
    for number in range(12):
        barrier = Barrier(8)

        def book(_: int, number: int = number, barrier: Barrier = barrier) -> Answered:
            try:
                barrier.wait()
                return world.caller.post("visits/", world.book_body(), key=f"round {number}".replace(" ", "-"))
            finally:
                connection.close()

        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(book, range(8)))
        assert {answer.status for answer in answers} == {201}
        assert len({answer.data["id"] for answer in answers}) == 1
        assert sum("Idempotent-Replayed" in answer.headers for answer in answers) == 7
        assert Visit.objects.exclude(status="cancelled").count() == 1
        path = f"visits/{answers[0].data['id']}/cancel/"
        assert world.caller.post(path, {"reason": "next round"}, etag='"v1"').status == 200


def test_of_eight_at_once_that_are_aborted_at_first_one_acts(committed_world: World) -> None:
    acts: list[int] = []
    barrier = Barrier(8)

    def ask(number: int) -> Answer | None:
        def act() -> Answer:
            acts.append(number)
            if len(acts) < 4:
                raise Conflict("not_yet", "Not yet.")
            return Answer(status=201, body={"id": str(number)})

        try:
            barrier.wait()
            return idempotency.once(actor_key="person:a", key="k", fingerprint="f", act=act)
        except Conflict:
            return None
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(8)))
    assert len(acts) == 4
    assert answers.count(None) == 3
    assert {answer.body["id"] for answer in answers if answer} == {str(acts[-1])}
    assert [answer.was_replayed for answer in answers if answer].count(False) == 1


def test_keys_are_forgotten_after_two_days(world: World) -> None:
    world.booked()
    assert idempotency.forget_old() == 0
    with time_machine.travel(clock.now() + timedelta(days=2, minutes=1), tick=False):
        assert idempotency.forget_old() == 1
    assert not IdempotentRequest.objects.exists()
