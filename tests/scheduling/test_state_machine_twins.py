"""The control twins of the machine: with one promise broken on purpose, the next look at the tables says so."""

from collections.abc import Iterator

import pytest

from core.errors import Conflict
from scheduling.queries import visits
from scheduling.services import boards, booking, coverage, outages, places
from tests.scheduling.machine.ward import later
from tests.scheduling.storms.scenes import WHY
from tests.scheduling.test_state_machine import ClinicDays


@pytest.fixture
def walk(transactional_db: None) -> Iterator[ClinicDays]:
    """The clinic as every walk begins it."""
    found = ClinicDays()
    found.all_holds()
    yield found
    found.teardown()


def move(walk: ClinicDays) -> None:
    """The second visit of the series goes from A1 to A3, at its time."""
    visit = walk.visit(1)
    chair = visits.get_chair(walk.ward.clinic, walk.ward.chairs[2].id)
    walk.do(
        "move",
        lambda: booking.move(
            visit=visit,
            chair=chair,
            start=later(visit.period.lower, 8),
            expected_version=visit.version,
            by=walk.ward.scheduler,
            override=WHY,
        ),
    )


def test_a_move_as_it_should_be_is_fine(walk: ClinicDays) -> None:
    before = walk.visit(1).chair_id
    move(walk)
    walk.all_holds()
    assert walk.visit(1).chair_id != before


def test_a_board_that_nobody_tells_is_seen(walk: ClinicDays, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boards, "bump", lambda _clinic, _days: None)
    move(walk)
    with pytest.raises(AssertionError, match="nobody told the board of 2026-03-03"):
        walk.all_holds()


def test_a_chair_that_is_out_of_use_is_seen(walk: ClinicDays, monkeypatch: pytest.MonkeyPatch) -> None:
    start = walk.visit(1).period.lower
    chair = visits.get_chair(walk.ward.clinic, walk.ward.chairs[2].id)
    outages.add(chair=chair, starts_at=start, ends_at=later(start, 20), reason="Broken.", by=walk.ward.scheduler)
    walk.all_holds()
    monkeypatch.setattr(places, "check_placement", lambda *_, **__: ())
    move(walk)
    with pytest.raises(AssertionError, match="out of use"):
        walk.all_holds()


def test_units_that_are_not_given_back_are_seen(walk: ClinicDays, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coverage, "release", lambda _visit, _by: None)
    visit = walk.visit(0)
    walk.do(
        "cancel",
        lambda: booking.cancel(visit=visit, reason="Ill.", expected_version=visit.version, by=walk.ward.scheduler),
    )
    with pytest.raises(AssertionError, match="units kept by a visit that takes none"):
        walk.all_holds()


def test_a_refusal_that_changed_something_is_seen(walk: ClinicDays) -> None:
    def halfway() -> None:
        move(walk)
        raise Conflict("too_late", "Said no after it was done.")

    walk.do("a bad act", halfway)
    with pytest.raises(AssertionError, match="a refusal changed something"):
        walk.all_holds()
