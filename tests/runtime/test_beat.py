"""Of any number of beats exactly one acts, and another takes over when it is gone."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import redis
from django.conf import settings
from django.core.cache import cache

from infusion_clinic import beat, celery_app
from infusion_clinic.beat import Lease, SoleScheduler

NOWHERE = "redis://127.0.0.1:1/0"


@pytest.fixture
def leases() -> Iterator[tuple[Lease, Lease]]:
    """Two candidates for the one place."""
    pair = Lease(settings.CELERY_BROKER_URL), Lease(settings.CELERY_BROKER_URL)
    yield pair
    for lease in pair:
        lease.release()


@pytest.fixture
def schedulers() -> Iterator[tuple[SoleScheduler, SoleScheduler]]:
    """Two beats, each with the clinic's own schedule."""
    pair = SoleScheduler(app=celery_app), SoleScheduler(app=celery_app)
    yield pair
    for scheduler in pair:
        scheduler.close()


def test_only_one_holds_the_lease(leases: tuple[Lease, Lease]) -> None:
    one, other = leases
    assert one.hold()
    assert not other.hold()
    assert one.hold()


def test_a_lease_given_back_is_free_at_once(leases: tuple[Lease, Lease]) -> None:
    one, other = leases
    assert one.hold()
    one.release()
    assert other.hold()
    assert not one.hold()


def test_nobody_gives_back_the_lease_of_another(leases: tuple[Lease, Lease]) -> None:
    one, other = leases
    assert one.hold()
    other.release()
    assert one.hold()
    assert not other.hold()


def test_the_lease_of_a_dead_beat_fades(leases: tuple[Lease, Lease]) -> None:
    one, other = leases
    assert one.hold()
    with redis.Redis.from_url(settings.CELERY_BROKER_URL) as store:
        assert 0 < store.pttl(beat.KEY) <= beat.LEASE_SECONDS * 1000
        store.pexpire(beat.KEY, 1)
    assert any(other.hold() for _try in range(1000))
    assert not one.hold()


def test_without_redis_nobody_holds_the_lease() -> None:
    assert not Lease(NOWHERE).hold()


def test_two_beats_send_each_tick_once(schedulers: tuple[SoleScheduler, SoleScheduler]) -> None:
    sent: list[str] = []
    for name, scheduler in zip(("one", "other"), schedulers, strict=True):
        for entry in scheduler.schedule.values():
            entry.last_run_at = datetime(2000, 1, 1, tzinfo=UTC)
        scheduler.apply_async = lambda entry, who=name, **_: sent.append(f"{who} {entry.name}")  # type: ignore[method-assign]
    for _turn in range(len(settings.CELERY_BEAT_SCHEDULE) + 1):
        for scheduler in schedulers:
            scheduler.tick()
    assert sorted(sent) == sorted(f"one {name}" for name in settings.CELERY_BEAT_SCHEDULE)
    assert cache.get("health:beat")


def test_the_second_beat_takes_over_when_the_first_stops(schedulers: tuple[SoleScheduler, SoleScheduler]) -> None:
    one, other = schedulers
    one.tick()
    other.tick()
    assert (one.is_acting, other.is_acting) == (True, False)
    one.close()
    other.tick()
    assert other.is_acting


def test_every_tick_is_a_plain_interval_that_expires() -> None:
    schedule: dict[str, dict[str, Any]] = settings.CELERY_BEAT_SCHEDULE
    for name, entry in schedule.items():
        assert isinstance(entry["schedule"], float), name
        assert entry["options"]["expires"] <= entry["schedule"], name
