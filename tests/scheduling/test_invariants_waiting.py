"""The control twins of what must be true of offers, of those who wait, and of what patients ask for."""

import pytest

from scheduling.models import Visit
from scheduling.services import offers, requests
from tests.scheduling import invariants
from tests.scheduling.conftest import World
from tests.scheduling.machine.ward import patient_actor
from tests.scheduling.storms.scenes import seated
from tests.scheduling.storms.test_offers import entry_of, place
from tests.scheduling.test_invariants import plant

HELD = "id IN (SELECT held_visit_id FROM scheduling_offer)"
ASKED = "id IN (SELECT visit_id FROM scheduling_moverequest)"
MOVING = "id IN (SELECT visit_id FROM scheduling_waitlistentry)"
NEW = "(SELECT entry_id FROM scheduling_offer)"
IN_PLACE = f"(SELECT id FROM scheduling_visit WHERE {ASKED})"

PLANTED: dict[str, str] = {
    "an open offer whose place is not held": f"UPDATE scheduling_visit SET status = 'booked' WHERE {HELD}",
    "a place held for an offer that is over": "UPDATE scheduling_offer SET state = 'expired'",
    "one place offered to two": f"""
        INSERT INTO scheduling_offer
        SELECT (jsonb_populate_record(offer, jsonb_build_object(
                'id', gen_random_uuid(), 'held_visit_id', NULL,
                'entry_id', (SELECT id FROM scheduling_waitlistentry WHERE id <> {NEW})))).*
          FROM scheduling_offer offer""",
    "an open offer to somebody who does not wait": "UPDATE scheduling_waitlistentry SET state = 'withdrawn'",
    "waiting for a place that they have": f"""
        UPDATE scheduling_visit
           SET course_day_id = (SELECT course_day_id FROM scheduling_waitlistentry WHERE id = {NEW})
         WHERE id = {IN_PLACE}""",
    "waiting for a better time of a visit that is over": f"""
        UPDATE scheduling_visit SET status = 'no_show' WHERE {MOVING}""",
    "a request about a visit that can't be moved": f"UPDATE scheduling_visit SET status = 'seated' WHERE {ASKED}",
}


@pytest.fixture
def waiting(world: World) -> list[Visit]:
    """An offer that holds a place, somebody who waits for a better time, and somebody who asked."""
    asked, moving = seated(world, world.chairs[:2])
    entry_of(world, moving)
    offers.make(entry=entry_of(world), place=place(world), by=world.scheduler)
    requests.ask(visit=asked, wish="later", half_days=[], note="", by=patient_actor(asked.patient))
    return [asked, moving]


def test_a_sound_queue_has_no_findings(waiting: list[Visit]) -> None:
    invariants.assert_sound()


@pytest.mark.parametrize("wrong", PLANTED)
def test_what_is_planted_among_those_who_wait_is_found(waiting: list[Visit], wrong: str) -> None:
    plant(PLANTED[wrong])
    assert any(finding.startswith(wrong) for finding in invariants.findings()), invariants.findings()


def test_every_check_of_those_who_wait_has_a_twin() -> None:
    assert set(invariants.WAITING) == set(PLANTED)
