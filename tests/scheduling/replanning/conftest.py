"""A fixed Monday morning."""

from collections.abc import Iterator

import pytest
import time_machine

from tests.scheduling.replanning.scenes import MONDAY_MORNING


@pytest.fixture(autouse=True)
def _monday() -> Iterator[None]:
    with time_machine.travel(MONDAY_MORNING, tick=True):
        yield
