"""What one act at the board costs, with every check and its history, against the bare change in plain SQL."""

from collections.abc import Iterator
from itertools import cycle

from django.db import connection

from bench.rows import Row, compared
from bench.world import World, fill
from scheduling.services import booking

DAY = 25
RAW_MOVE = """
    UPDATE scheduling_visit SET chair_id = %s, period = tstzrange(%s, %s, '[)'), version = version + 1,
           updated_at = now()
     WHERE id = %s
"""


def move(world: World) -> Iterator[Row]:
    """A visit moved to another chair and time of the same day, there and back."""
    day = world.days()[DAY]
    moved, other = fill(world, day, 40)[:2]
    length = moved.period.upper - moved.period.lower
    free = [(world.chairs[12], world.at(day, 20)), (world.chairs[13], world.at(day, 30))]
    spare = [(world.chairs[14], world.at(day, 20)), (world.chairs[15], world.at(day, 30))]
    places, others = cycle(free), cycle(spare)
    current = moved

    def act() -> None:
        nonlocal current
        chair, start = next(places)
        current = booking.move(
            visit=current, chair=chair, start=start, expected_version=current.version, by=world.scheduler
        )

    def change() -> None:
        chair, start = next(others)
        with connection.cursor() as cursor:
            cursor.execute(RAW_MOVE, [chair.id, start, start + length, other.id])

    yield compared("move: one visit", act, change, "")
