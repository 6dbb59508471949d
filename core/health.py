"""Whether the clinic can work right now: its database, its migrations, Redis, a worker and beat.

A worker and beat report by leaving a key in Redis that fades; a missing key means that nobody has reported
lately. The answers name what is wrong and nothing else: the page that shows them is public.
"""

from functools import cache as remember

from django.core.cache import cache
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from redis.exceptions import RedisError

FRESH_SECONDS = 45
_WORKER = "health:worker"
_BEAT = "health:beat"


class _MigrationMissingError(Exception):
    pass


def report_worker() -> None:
    """Say that a worker is running tasks."""
    cache.set(_WORKER, True, FRESH_SECONDS)


def report_beat() -> None:
    """Say that a beat is sending ticks."""
    cache.set(_BEAT, True, FRESH_SECONDS)


def problems() -> dict[str, str]:
    """What keeps the clinic from working, by part, each as a sentence; empty when all is well."""
    return _database_problems() | _redis_problems()


def _database_problems() -> dict[str, str]:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        _check_migrations()
    except _MigrationMissingError:
        return {"migrations": "The database lacks migrations of this release; run manage.py migrate."}
    except DatabaseError:
        return {"database": "PostgreSQL does not answer."}
    return {}


def _redis_problems() -> dict[str, str]:
    try:
        seen = cache.get_many([_WORKER, _BEAT])
    except RedisError:
        return {"redis": "Redis does not answer."}
    sentences = {
        "worker": (_WORKER, f"No Celery worker has reported for {FRESH_SECONDS} seconds."),
        "beat": (_BEAT, f"No Celery beat has reported for {FRESH_SECONDS} seconds."),
    }
    return {part: sentence for part, (key, sentence) in sentences.items() if key not in seen}


@remember
def _check_migrations() -> None:
    """Raise unless every migration is applied; only a success is remembered, for the life of the process."""
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise _MigrationMissingError
