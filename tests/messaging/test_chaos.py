"""Workers are killed while sending, Redis is wiped and killed, the provider loses answers: all arrives, and once.

Real processes: two Celery workers with two children each, a Redis of the test's own, the suite's PostgreSQL, and a
provider on a port. What is asked at the end is what the provider holds, not what we believe.
"""

import os
import random
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import redis
from django.conf import settings

from core import clock
from infusion_clinic.child import Child
from infusion_clinic.embedded import Redis
from infusion_clinic.environment import ROOT
from messaging.domain.states import OPEN
from messaging.models import OutboxMessage
from messaging.services import outbox, waking
from messaging.services.outbox import Draft
from tests import factories
from tests.messaging.provider import Provider
from tests.runtime.processes import comes_true

MESSAGES = 300
SPREAD_SECONDS = 14
KILL_AT = (3.0, 6.0, 9.0, 12.0)
WIPE_REDIS_AT = 7.5


class ForgetfulProvider(Provider):
    """Takes its time, and in one case of eight accepts without a word or fails."""

    def __init__(self) -> None:
        super().__init__()
        self.dice = random.Random(20260302)  # noqa: S311
        self.losses = 0

    def behave(self) -> str:
        does = self.dice.choices(["accept", "drop", "fail", "busy"], [88, 6, 4, 2])[0]
        self.losses += does == "drop"
        return does

    def think(self) -> None:
        time.sleep(0.12)


class Workers:
    """Two Celery workers that can be killed and started again."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder = folder
        self.environment = environment
        self.children: list[Child] = []

    def start(self) -> None:
        number = len(self.children)
        child = Child(name=f"worker {number}", log=self.folder / f"worker{number}.log", seconds_to_stop=1)
        command = [sys.executable, "-m", "celery", "-A", "infusion_clinic", "worker", "-c", "2", "-l", "WARNING"]
        child.launch([*command, "-n", f"chaos{number}@%h"], environment=self.environment, folder=ROOT)
        self.children.append(child)

    def kill_the_oldest(self) -> None:
        next(child for child in self.children if child.is_running()).kill()

    def stop(self) -> None:
        for child in self.children:
            child.kill()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Redis]:
    server = Redis(tmp_path, is_durable=False)
    server.start()
    yield server
    server.stop()


@contextmanager
def ticking(broker: Redis) -> Iterator[None]:
    """Ask the workers to look, as beat and the pages do; nobody is asked while Redis is gone."""
    from celery import current_app

    was = current_app.conf.broker_url, current_app.conf.broker_write_url
    current_app.conf.update(broker_url=broker.url, broker_write_url=broker.url)
    is_over = threading.Event()

    def tick() -> None:
        publisher = waking._Publisher()
        while not is_over.wait(0.3):
            publisher.silent_until = 0.0
            publisher.publish()

    thread = threading.Thread(target=tick)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()
        current_app.conf.update(broker_url=was[0], broker_write_url=was[1])


def write_messages() -> set[str]:
    """Messages to as many numbers, due over the next seconds, with texts of their own."""
    clinic, now = factories.make_clinic(), clock.now()
    drafts = [
        Draft(
            clinic=clinic,
            kind="sign_in.code",
            channel="sms",
            to=f"+1312555{number:04d}",
            recipient_name="Ada",
            wording="sign_in.code",
            params={"code": f"{number:06d}", "minutes": 10},
            dedupe_key=f"chaos:{number}",
            due_at=now + timedelta(seconds=SPREAD_SECONDS * number / MESSAGES),
        )
        for number in range(MESSAGES)
    ]
    assert outbox.enqueue_all(drafts) == MESSAGES
    return {draft.dedupe_key for draft in drafts}


def wreak_havoc(workers: Workers, broker: Redis) -> None:
    """Kill workers one after the other, each time starting a new one, and once wipe and kill Redis."""
    began = time.monotonic()
    for moment in sorted([*KILL_AT, WIPE_REDIS_AT]):
        time.sleep(max(0, began + moment - time.monotonic()))
        if moment == WIPE_REDIS_AT:
            with suppress(redis.RedisError), redis.Redis.from_url(broker.url) as client:
                client.flushall()
            broker.kill()
            broker.start()
        else:
            workers.kill_the_oldest()
            workers.start()


def is_settled() -> bool:
    return not OutboxMessage.objects.filter(state__in=[state.value for state in OPEN]).exists()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_nothing_is_lost_or_doubled_when_workers_and_redis_die(tmp_path: Path, broker: Redis) -> None:
    with ForgetfulProvider() as provider:
        database = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{settings.DATABASES['default']['NAME']}")
        environment = {
            **os.environ,
            "DATABASE_URL": database.geturl(),
            "REDIS_URL": broker.url,
            "DJANGO_SETTINGS_MODULE": "tests.messaging.chaos_settings",
            "CHAOS_SMS_URL": provider.url,
        }
        workers = Workers(tmp_path, {name: value for name, value in environment.items() if "XDIST" not in name})
        try:
            workers.start()
            workers.start()
            with ticking(broker):
                keys = write_messages()
                assert comes_true(lambda: len(provider.accepted) > 0, seconds=30), workers.children[0].last_words()
                wreak_havoc(workers, broker)
                settled = comes_true(is_settled, seconds=40)
        finally:
            workers.stop()
        copies = provider.copies()
        assert settled, dict(OutboxMessage.objects.values_list("dedupe_key", "last_error"))
        assert keys - copies.keys() == set(), "lost"
        assert [key for key, number in copies.items() if number > 1] == [], "doubled"
        assert set(OutboxMessage.objects.values_list("state", flat=True)) == {"sent"}
        # The harness did what it was for: answers were lost, and what was in doubt was asked about.
        assert provider.losses > 5
        assert provider.asked >= provider.losses
