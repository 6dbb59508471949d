"""A clinic with room for a crowd, and what every storm must leave behind: sound tables, and no deadlock on the way."""

from collections.abc import Iterator

import pytest

from scheduling.models import CapacitySlot, Chair
from scheduling.queries import visits
from tests.scheduling import invariants
from tests.scheduling.conftest import World


@pytest.fixture
def stormy(committed_world: World) -> Iterator[World]:
    """Nine chairs: A1 to A3, which people fight for, and B1 to B6, where they come from. Nurses enough for all."""
    world = committed_world
    CapacitySlot.objects.update(load_cap=10_000, starts_cap=100)
    Chair.objects.bulk_create(
        Chair(clinic=world.clinic, name=f"B{number}", position=10 + number) for number in range(1, 7)
    )
    by_name = {chair.name: chair for chair in visits.chairs_by_id(world.clinic).values()}
    world.chairs = [by_name[name] for name in sorted(by_name)]
    with invariants.no_deadlock():
        yield world
    invariants.assert_sound()
