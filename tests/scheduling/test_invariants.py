"""The control twins of the checker: each wrong thing is planted with the database's guards off, and is reported."""

from datetime import timedelta
from functools import partial

import pytest
from django.db import connection

from core.errors import Busy
from core.transactions import business_act
from scheduling.domain.statuses import VisitStatus
from scheduling.models import Chair, Visit
from scheduling.services import booking, flow, held_places
from tests.factories import at
from tests.scheduling import invariants
from tests.scheduling.conftest import TUESDAY, World
from tests.scheduling.storms.crowd import at_once
from tests.scheduling.test_storm import UNCOVERED

GUARDED = ("scheduling_visit", "scheduling_visitevent", "scheduling_capacityslot", "authorizations_ledgerentry")
HERE = "SELECT id FROM scheduling_visit ORDER BY created_at LIMIT 1"

PLANTED: dict[str, str] = {
    "two visits in a chair": "UPDATE scheduling_visit SET chair_id = (SELECT chair_id FROM first)",
    "a patient in two places": "UPDATE scheduling_visit SET patient_id = (SELECT patient_id FROM first)",
    "a day of a course booked twice": "UPDATE scheduling_visit SET course_day_id = (SELECT course_day_id FROM first)",
    "capacity has drifted": f"UPDATE scheduling_visit SET status = 'cancelled' WHERE id = ({HERE})",
    "more used than capacity and overrides": "UPDATE scheduling_capacityslot SET load_cap = 10, override_load = 0",
    "over capacity without a name: load": "UPDATE scheduling_capacityslot SET load_cap = 10, override_load = 999",
    "over capacity without a name: starts": "UPDATE scheduling_capacityslot SET starts_cap = 1, override_starts = 9",
    "a visit outside all capacity": "DELETE FROM scheduling_capacityslot",
    "a load that does not fit its period": f"""
        UPDATE scheduling_visit SET load_profile = '{{1}}' WHERE id = ({HERE})""",
    "an override that the visit does not name": "UPDATE scheduling_visit SET is_over_capacity = NOT is_over_capacity",
    "a booked visit that is still held": "UPDATE scheduling_visit SET hold_until = now()",
    "a status nobody knows": "UPDATE scheduling_visit SET status = 'lost'",
    "a visit without a history": "DELETE FROM scheduling_visitevent",
    "a history that does not begin with a booking": "UPDATE scheduling_visitevent SET kind = 'move'",
    "a history with a gap": """
        INSERT INTO scheduling_visitevent (id, visit_id, at, kind, by_label, before, after, reason)
        SELECT gen_random_uuid(), id, now() + interval '1 day', 'status', '', '{"status": "confirmed"}',
               '{"status": "booked"}', '' FROM first""",
    "an illegal step": """
        INSERT INTO scheduling_visitevent (id, visit_id, at, kind, by_label, before, after, reason)
        SELECT gen_random_uuid(), id, step.at, 'status', '', '{}', jsonb_build_object('status', step.status), ''
          FROM first CROSS JOIN (VALUES (now() + interval '1 day', 'completed'), (now() + interval '2 day', 'booked'))
            AS step(at, status)""",
    "a status that the history does not tell": "UPDATE scheduling_visit SET status = 'observing'",
    "a place that the history does not tell": """
        UPDATE scheduling_visit SET period = tstzrange(lower(period) + interval '1 h', upper(period) + interval '1 h')
    """,
    "units that the ledger does not add up to": "UPDATE authorizations_authorization SET units_reserved = 1",
    "units kept by a visit that takes none": "UPDATE scheduling_visit SET status = 'no_show'",
    "a visit whose units are not reserved": "DELETE FROM authorizations_ledgerentry",
    "a visit that is over and keeps units reserved": "UPDATE scheduling_visit SET status = 'completed'",
}


@pytest.fixture
def two(world: World) -> list[Visit]:
    """Two visits at the same time in two chairs, the first of them with units."""
    start = at(TUESDAY, 9)
    one = booking.book(course_day=world.course_day, chair=world.chairs[0], start=start, by=world.scheduler)
    other = booking.book(
        course_day=world.another_day(), chair=world.chairs[1], start=start, by=world.scheduler, override=UNCOVERED
    )
    return [one, other]


def plant(sql: str) -> None:
    """Run `sql` with every guard of the tables off. `first` is the visit that was booked first."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in (*GUARDED, "authorizations_authorization"):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(
            """
            SELECT conrelid::regclass, conname FROM pg_constraint
             WHERE contype IN ('c', 'x') AND conrelid IN ('scheduling_visit'::regclass,
                   'scheduling_capacityslot'::regclass)
            """
        )
        for table, name in cursor.fetchall():
            cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        cursor.execute("DROP INDEX visit_course_day_once")
        cursor.execute(f"CREATE TEMPORARY VIEW first AS SELECT * FROM scheduling_visit WHERE id = ({HERE})")
        cursor.execute(sql)


def test_a_sound_day_has_no_findings(two: list[Visit]) -> None:
    assert [visit.status for visit in two] == ["booked", "booked"]
    invariants.assert_sound()


@pytest.mark.parametrize("wrong", PLANTED)
def test_what_is_planted_is_found(two: list[Visit], wrong: str) -> None:
    plant(PLANTED[wrong])
    assert any(finding.startswith(wrong) for finding in invariants.findings()), invariants.findings()


def test_every_check_of_places_history_and_units_has_a_twin() -> None:
    checked = invariants.PLACES | invariants.HISTORY | invariants.UNITS
    assert set(checked) <= set(PLANTED)


def test_too_few_nurses_are_excused_but_no_more_than_they_were(two: list[Visit]) -> None:
    plant("UPDATE scheduling_capacityslot SET load_cap = 10, override_load = 999")
    known = invariants.nameless_excess()
    assert known
    invariants.assert_sound(excused=known)
    fewer = {key: excess - 1 for key, excess in known.items()}
    assert len(invariants.findings(excused=fewer)) == len(known)


def test_a_named_override_speaks_for_the_load(world: World) -> None:
    chairs = Chair.objects.bulk_create(Chair(clinic=world.clinic, name=f"B{n}", position=9 + n) for n in range(6))
    for chair in chairs:
        booking.book(
            course_day=world.another_day(), chair=chair, start=at(TUESDAY, 9), by=world.scheduler, override=UNCOVERED
        )
    assert any(visit.is_over_capacity for visit in Visit.objects.all())
    invariants.assert_sound()
    plant("UPDATE scheduling_visit SET overrides = '[]'")
    assert any(finding.startswith("over capacity without a name") for finding in invariants.findings())


def test_an_end_that_the_day_cut_short_is_sound_and_a_longer_one_is_not(world: World) -> None:
    start = at(TUESDAY.replace(day=2), 8)
    visit = booking.book(
        course_day=world.course_day, chair=world.chairs[0], start=start, by=world.scheduler, override=UNCOVERED
    )
    for step in (VisitStatus.ARRIVED, VisitStatus.SEATED, VisitStatus.LEFT_EARLY):
        visit = flow.advance(visit=visit, to=step, expected_version=visit.version, by=world.scheduler)
    assert visit.period.upper - visit.period.lower == timedelta(minutes=15)
    invariants.assert_sound()
    plant("UPDATE scheduling_visit SET period = tstzrange(lower(period), upper(period) + interval '5 h')")
    assert any(finding.startswith("a place that the history") for finding in invariants.findings())


def test_a_hold_that_ran_out_is_a_dead_one(world: World) -> None:
    held = held_places.hold(
        course_day=world.course_day, chair=world.chairs[0], start=at(TUESDAY, 9), by=world.scheduler
    )
    assert held.hold_until is not None
    invariants.assert_sound()
    assert not invariants.dead_holds(held.hold_until - timedelta(seconds=1))
    assert invariants.dead_holds(held.hold_until)


def test_a_deadlock_is_seen_although_a_retry_hides_it(committed_world: World) -> None:
    visits = [
        booking.book(
            course_day=committed_world.another_day(),
            chair=chair,
            start=at(TUESDAY, 9),
            by=committed_world.scheduler,
            override=UNCOVERED,
        )
        for chair in committed_world.chairs[:2]
    ]

    @business_act
    def in_a_circle(order: list[Visit]) -> None:
        for visit in order:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1 FROM scheduling_visit WHERE id = %s FOR UPDATE", [visit.id])
                cursor.execute("SELECT pg_sleep(0.2)")

    def together() -> None:
        with invariants.no_deadlock():
            ended = at_once(partial(in_a_circle, visits), partial(in_a_circle, visits[::-1]))
            assert all(one is None or isinstance(one, Busy) for one in ended)

    with pytest.raises(AssertionError, match="in a circle"):
        together()
