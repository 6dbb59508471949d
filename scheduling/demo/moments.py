"""Lets the demo's clock show another moment for a while, so that the real services write the past as it was."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from django.conf import settings


@contextmanager
def moment(at: datetime) -> Iterator[None]:
    """Within it the clinic's clock runs on from `at`. Only a program that fills or moves on the demo does this."""
    before = settings.DEMO_CLOCK_OFFSET_SECONDS
    settings.DEMO_CLOCK_OFFSET_SECONDS = (at - datetime.now(UTC)).total_seconds()
    try:
        yield
    finally:
        settings.DEMO_CLOCK_OFFSET_SECONDS = before
