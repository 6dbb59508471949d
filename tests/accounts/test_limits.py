"""Counting tries: of many at once, no more are looked at than the rule says."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection

from accounts.domain.backoff import LONGEST_WAIT_SECONDS, network_of, wait_seconds
from accounts.services import limits

START = datetime(2026, 3, 2, 15, tzinfo=UTC)


def at_once(number: int, act: Callable[[], object]) -> list[object]:
    """What `act` gave in each of `number` threads that began together."""
    gate, results = threading.Barrier(number), []

    def run() -> None:
        try:
            gate.wait(10)
            results.append(act())
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    return results


def test_the_first_wrong_passwords_cost_nothing_and_later_ones_ever_more() -> None:
    assert [wait_seconds(tries) for tries in range(1, 8)] == [0, 0, 0, 1, 2, 4, 8]
    assert wait_seconds(50) == LONGEST_WAIT_SECONDS


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.77", "192.0.2.0/24"),
        ("2001:db8:1:2:3::9", "2001:db8:1:2::/64"),
        ("not an address", "not an address"),
    ],
)
def test_a_network_is_a_neighbourhood_of_addresses(address: str, network: str) -> None:
    assert network_of(address) == network


@pytest.mark.django_db
def test_the_wait_grows_with_wrong_tries_and_ends_when_the_password_was_right() -> None:
    with time_machine.travel(START, tick=False) as now:
        for _ in range(4):
            assert limits.claim_try(purpose="p", subject="ada|net") == 0
        assert limits.claim_try(purpose="p", subject="ada|net") == 1
        now.shift(timedelta(seconds=1))
        assert limits.claim_try(purpose="p", subject="ada|net") == 0
        assert limits.claim_try(purpose="p", subject="ada|net") == 2
        limits.forget(purpose="p", subject="ada|net")
        assert limits.claim_try(purpose="p", subject="ada|net") == 0


@pytest.mark.django_db
def test_wrong_tries_at_one_account_or_network_do_not_stop_another() -> None:
    with time_machine.travel(START, tick=False):
        for _ in range(6):
            limits.claim_try(purpose="p", subject="ada|net")
        assert limits.claim_try(purpose="p", subject="ada|net") > 0
        assert limits.claim_try(purpose="p", subject="bea|net") == 0
        assert limits.claim_try(purpose="p", subject="ada|other net") == 0


@pytest.mark.django_db
def test_wrong_tries_are_forgotten_after_a_day() -> None:
    with time_machine.travel(START, tick=False) as now:
        for _ in range(4):
            limits.claim_try(purpose="p", subject="ada|net")
        now.shift(timedelta(days=1, seconds=1))
        assert [limits.claim_try(purpose="p", subject="ada|net") for _ in range(4)] == [0, 0, 0, 0]


@pytest.mark.django_db
def test_a_limit_gives_its_number_and_starts_afresh_when_its_time_is_over() -> None:
    with time_machine.travel(START, tick=False) as now:
        hour = timedelta(hours=1)
        assert [limits.take(purpose="q", subject="s", limit=2, within=hour) for _ in range(3)] == [True, True, False]
        assert limits.is_spent(purpose="q", subject="s", limit=2)
        now.shift(hour)
        assert not limits.is_spent(purpose="q", subject="s", limit=2)
        assert limits.take(purpose="q", subject="s", limit=2, within=hour)


@pytest.mark.django_db(transaction=True)
def test_of_thirty_tries_at_once_exactly_as_many_pass_as_the_limit_allows() -> None:
    passed = at_once(30, lambda: limits.take(purpose="r", subject="s", limit=7, within=timedelta(hours=1)))
    assert (passed.count(True), passed.count(False)) == (7, 23)


@pytest.mark.django_db(transaction=True)
def test_of_thirty_passwords_at_once_no_more_are_looked_at_than_before_the_first_wait() -> None:
    waits = at_once(30, lambda: limits.claim_try(purpose="r", subject="s"))
    assert waits.count(0) == 4
