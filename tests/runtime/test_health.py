"""What a load balancer is told: is the process alive, and can the clinic work."""

import pytest
import redis
from django.conf import settings
from django.db import connection
from django.test import Client
from pytest_django import Settings

from core import health
from core.tasks import heartbeat


@pytest.fixture
def all_report() -> None:
    """A worker and a beat have just reported."""
    heartbeat()
    health.report_beat()


def test_healthz_answers_without_database_or_redis(client: Client) -> None:
    answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok\n")
    assert "no-store" in answer.headers["Cache-Control"]


@pytest.mark.django_db
@pytest.mark.usefixtures("all_report")
def test_readyz_says_yes_when_everything_answers(client: Client) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {"ready": True, "problems": {}}


@pytest.mark.django_db
def test_readyz_misses_a_worker_and_a_beat_that_do_not_report(client: Client) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["problems"] == {
        "worker": "No Celery worker has reported for 45 seconds.",
        "beat": "No Celery beat has reported for 45 seconds.",
    }


@pytest.mark.django_db
def test_a_sign_of_life_fades(client: Client) -> None:
    heartbeat()
    assert "worker" not in client.get("/readyz").json()["problems"]
    with redis.Redis.from_url(settings.CELERY_BROKER_URL) as store:
        remaining = [store.ttl(key) for key in store.keys("*health:worker*")]
    assert len(remaining) == 1
    assert 0 < remaining[0] <= health.FRESH_SECONDS


@pytest.mark.django_db
@pytest.mark.usefixtures("all_report")
def test_readyz_misses_a_migration(client: Client) -> None:
    health._check_migrations.cache_clear()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'sessions'")
    answer = client.get("/readyz")
    health._check_migrations.cache_clear()
    assert answer.status_code == 503
    assert list(answer.json()["problems"]) == ["migrations"]


@pytest.mark.django_db
def test_readyz_says_that_redis_does_not_answer(client: Client, settings: Settings) -> None:
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}}
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["problems"] == {"redis": "Redis does not answer."}


@pytest.mark.django_db
@pytest.mark.usefixtures("all_report")
def test_readyz_says_that_the_database_does_not_answer(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    connection.close()
    monkeypatch.setitem(connection.settings_dict, "HOST", "127.0.0.1")
    monkeypatch.setitem(connection.settings_dict, "PORT", "1")
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["problems"] == {"database": "PostgreSQL does not answer."}
