"""Snow closes the clinic for a day with 60 visits: the preview of what becomes of each, and all of it at once."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial

from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.domain.policy import Role
from bench.acts import RAW_MOVE
from bench.rows import Row, row
from bench.timing import Times
from bench.world import World, fill
from core import clock
from core.intervals import Interval
from scheduling.models import DisruptionKind, Visit
from scheduling.queries import disruptions as reading
from scheduling.services.disruption_facts import Happening
from tests import factories
from tests.scheduling.disruptions import scenes

TIMES, WARM_UP = 4, 1


def snow(world: World) -> Iterator[Row]:
    """Both, each time rolled back so that the day is as it was, against bare updates of as many visits."""
    soon = clock.today(world.clinic.zone) + timedelta(days=13)
    day = max(on for on in world.days() if on <= soon)
    visits = fill(world, day, 60)
    closed = Happening(
        clinic=world.clinic,
        kind=DisruptionKind.CLOSED,
        away=Interval(world.at(day, 0), world.at(day, 44)),
        reason="Snow",
    )
    manager = factories.actor(factories.make_staff(world.clinic, Role.MANAGER))
    previewed, applied, plain = Times(), Times(), Times()
    for _ in range(WARM_UP + TIMES):
        proposal = previewed.time(partial(reading.propose, closed))
        with transaction.atomic():
            applied.time(partial(scenes.apply, closed, manager, proposal=proposal, reason="Snow"))
            transaction.set_rollback(True)
        with transaction.atomic():
            plain.time(partial(_change, visits))
            transaction.set_rollback(True)
    with CaptureQueriesContext(connection) as proposing:
        proposal = reading.propose(closed)
    with transaction.atomic(), CaptureQueriesContext(connection) as applying:
        scenes.apply(closed, manager, proposal=proposal, reason="Snow")
        transaction.set_rollback(True)
    counts = len(proposing), len(applying)
    later = [times.after(WARM_UP) for times in (previewed, applied, plain)]
    yield row(f"snow: preview, {len(visits)} visits", later[0], later[2], sql=counts[0])
    yield row(f"snow: applied, {len(visits)} visits", later[1], later[2], sql=counts[1])


def _change(visits: list[Visit]) -> None:
    """The visits in the same chairs a fortnight later, one update each."""
    with connection.cursor() as cursor:
        for visit in visits:
            start, end = (moment + timedelta(days=14) for moment in (visit.period.lower, visit.period.upper))
            cursor.execute(RAW_MOVE, [visit.chair_id, start, end, visit.id])
