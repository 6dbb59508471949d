"""What every test has: an empty cache. The servers come from `tests.settings`."""

import os
from collections.abc import Iterator

import pytest
from django.core.cache import cache


@pytest.fixture(autouse=True)
def empty_cache() -> Iterator[None]:
    """Rate counters and heartbeats of one test do not reach the next."""
    yield
    cache.clear()


def pytest_report_header() -> list[str]:
    """Say which servers the suite runs on."""
    return [f"database: {os.environ['DATABASE_URL'].rpartition('@')[2]}"]
