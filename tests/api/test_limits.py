"""How often and how much: the count is exact, a fallen Redis stops nobody's work, and pages are bounded."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier

import pytest
import time_machine
from django.core.cache import cache
from django.db import connection
from django.test import override_settings
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.domain.policy import Permission
from scheduling.models import Chair
from tests import factories
from tests.api.conftest import World

FIXED = datetime(2026, 3, 2, 14, 0, 5, tzinfo=UTC)
NO_REDIS = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": "redis://127.0.0.1:1/0",
        "OPTIONS": {"socket_timeout": 1, "socket_connect_timeout": 1},
    }
}


def test_a_burst_gets_exactly_the_limit(committed_world: World, settings: Settings) -> None:
    settings.API_REQUESTS_PER_MINUTE = 10
    caller, barrier = committed_world.caller, Barrier(8)

    def burst(_: int) -> list[int]:
        try:
            barrier.wait()
            return [caller.get("chairs/").status for _ in range(6)]
        finally:
            connection.close()

    with time_machine.travel(FIXED, tick=False), ThreadPoolExecutor(8) as pool:
        statuses = Counter(status for found in pool.map(burst, range(8)) for status in found)
    assert statuses == {200: 10, 429: 38}


def test_too_many_requests_are_told_how_long_to_wait(world: World, settings: Settings) -> None:
    settings.API_REQUESTS_PER_MINUTE = 1
    with time_machine.travel(FIXED, tick=False):
        world.caller.get("chairs/")
        refused = world.caller.get("chairs/")
    assert (refused.status, refused.data["type"]) == (429, "/problems/throttled")
    assert refused.headers["Retry-After"] == "55"
    assert refused.headers["Content-Type"] == "application/problem+json"
    with time_machine.travel(datetime(2026, 3, 2, 14, 1, 0, tzinfo=UTC), tick=False):
        assert world.caller.get("chairs/").status == 200


def test_each_key_has_a_limit_of_its_own(world: World, settings: Settings) -> None:
    settings.API_REQUESTS_PER_MINUTE = 1
    other = world.program(Permission.BOARD_VIEW)
    with time_machine.travel(FIXED, tick=False):
        assert [world.caller.get("chairs/").status, other.get("chairs/").status] == [200, 200]
        assert [world.caller.get("chairs/").status, other.get("chairs/").status] == [429, 429]


def test_without_redis_reading_goes_on_and_writing_is_still_counted(world: World, settings: Settings) -> None:
    settings.API_REQUESTS_PER_MINUTE = 2
    with override_settings(CACHES=NO_REDIS), time_machine.travel(FIXED, tick=False):
        assert {world.caller.get("chairs/").status for _ in range(4)} == {200}
        statuses = [world.caller.post("visits/", world.book_body(), key=f"k{number}").status for number in range(3)]
    assert statuses == [201, 409, 429]
    cache.clear()


def test_a_page_holds_at_most_200(world: World) -> None:
    Chair.objects.bulk_create(Chair(clinic=world.clinic, name=f"B{n}", position=10 + n) for n in range(250))
    first = world.caller.get("chairs/", page_size=200)
    assert (len(first.data["results"]), first.data["count"], first.data["previous"]) == (200, 253, None)
    last = world.caller.get(first.data["next"].removeprefix("/api/v1/"))
    assert (len(last.data["results"]), last.data["next"]) == (53, None)
    assert last.data["previous"] == "/api/v1/chairs/?page_size=200"
    assert len(world.caller.get("chairs/").data["results"]) == 50


@pytest.mark.parametrize(
    "query", [{"page_size": "201"}, {"page_size": "0"}, {"page": "-1"}, {"page": "999"}, {"page": "x"}]
)
def test_a_page_that_is_not_there_is_refused(world: World, query: dict[str, str]) -> None:
    refused = world.caller.get("chairs/", **query)
    assert (refused.status, refused.fields) == (400, set(query))


def test_a_long_list_costs_no_more_statements_than_a_short_one(
    world: World, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(12):
        order = factories.make_order(factories.make_patient(world.clinic))
        factories.make_authorization(order, reference=f"N{number}")
    for path in ("patients/", "orders/", "authorizations/"):
        with django_assert_max_num_queries(8):
            assert len(world.caller.get(path).data["results"]) == 13
