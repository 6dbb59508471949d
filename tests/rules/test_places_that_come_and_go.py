"""Chairs out of use, time to make a chair ready, and isolation chairs: the pure rules."""

from dataclasses import replace
from uuid import UUID

import pytest

from core.intervals import QUARTER, Interval
from scheduling.domain.openings import DayGrid, Opening, Wish, find
from scheduling.domain.placement import Occupant, Outage, carried_over, check_placement, still_said
from scheduling.domain.skills import Skill
from tests.rules.test_places import ADA, BEN, CHAIR, DAY, EIGHT, OTHER_CHAIR, WANTED, quarters


def codes(*occupants: Occupant, turnover: int = 0, outages: tuple[Outage, ...] = ()) -> list[str]:
    wanted = replace(WANTED, turnover_minutes=turnover)
    found = check_placement(wanted, now=EIGHT, quarters=quarters(), occupants=occupants, outages=outages)
    return [reason.code for reason in found]


def out(start: int, end: int, *, chair: UUID = CHAIR, reason: str = "pump broken") -> Outage:
    return Outage(chair_id=chair, interval=Interval(EIGHT + start * QUARTER, EIGHT + end * QUARTER), reason=reason)


def occupant(start: int, end: int, *, chair: UUID = CHAIR) -> Occupant:
    return Occupant(
        visit_id=UUID(int=9),
        patient_id=BEN,
        patient_name="Ben Q.",
        chair_id=chair,
        chair_name="A1",
        clinic_name="Here",
        interval=Interval(EIGHT + start * QUARTER, EIGHT + end * QUARTER),
    )


def test_a_chair_out_of_use_is_a_hard_reason_with_its_time_and_cause() -> None:
    (reason,) = check_placement(WANTED, now=EIGHT, quarters=quarters(), occupants=[], outages=[out(3, 20)])
    assert (reason.code, reason.is_hard, reason.field) == ("chair_out", True, "chair")
    assert "is out of use 08:45–13:00: pump broken. Choose another" in reason.sentence
    assert reason.facts["until"] == (EIGHT + 20 * QUARTER).isoformat()


def test_an_outage_that_lasts_overnight_names_its_days() -> None:
    (reason,) = check_placement(WANTED, now=EIGHT, quarters=quarters(), occupants=[], outages=[out(0, 96)])
    assert "Tue 24 Nov 08:00 to Wed 25 Nov 08:00" in reason.sentence


@pytest.mark.parametrize("outage", [out(4, 8), out(-4, 0), out(0, 4, chair=OTHER_CHAIR)])
def test_an_outage_beside_the_time_or_of_another_chair_is_no_reason(outage: Outage) -> None:
    assert codes(outages=(outage,)) == []


@pytest.mark.parametrize(
    ("start", "end", "turnover", "expected"),
    [
        (4, 8, 0, []),
        (4, 8, 15, ["turnover_short"]),
        (5, 8, 15, []),
        (5, 8, 16, ["turnover_short"]),
        (-4, 0, 15, ["turnover_short"]),
        (-4, -1, 15, []),
        (3, 8, 15, ["chair_taken"]),
    ],
)
def test_less_than_the_turnover_beside_a_visit_asks_a_reason(
    start: int, end: int, turnover: int, expected: list[str]
) -> None:
    assert codes(occupant(start, end), turnover=turnover) == expected
    assert codes(occupant(start, end, chair=OTHER_CHAIR), turnover=turnover) == []


def test_the_shorter_of_two_turnovers_is_named() -> None:
    wanted = replace(WANTED, turnover_minutes=30)
    near, nearer = occupant(5, 8), replace(occupant(-4, 0), patient_name="Cy R.")
    (reason,) = check_placement(wanted, now=EIGHT, quarters=quarters(), occupants=[near, nearer])
    assert not reason.is_hard
    assert reason.sentence.startswith("Only 0 min between this visit and Cy R. in")
    assert reason.sentence.endswith("(07:00–08:00); making the chair ready takes 30 min.")


@pytest.mark.parametrize(
    ("same_start", "same_chair", "is_found", "expected"),
    [(True, True, True, 1), (False, True, True, 0), (True, False, True, 0), (True, True, False, 0)],
)
def test_a_reason_for_short_turnover_speaks_for_that_time_in_that_chair(
    same_start: bool,
    same_chair: bool,
    is_found: bool,
    expected: int,
) -> None:
    kept = {"code": "turnover_short", "sentence": "", "reason": "", "by": ""}
    wanted = replace(WANTED, turnover_minutes=15)
    found = check_placement(wanted, now=EIGHT, quarters=quarters(), occupants=[occupant(4, 8)] if is_found else [])
    carried = carried_over([kept], found, is_same_day=True, is_same_start=same_start, is_same_chair=same_chair)
    assert len(carried) == expected
    assert still_said([kept]) == []


def day(*, taken: dict[UUID, int] | None = None, out: dict[UUID, int] | None = None) -> DayGrid:
    return DayGrid(
        on=DAY,
        opens_at=EIGHT,
        load_used=(0,) * 12,
        load_cap=(400,) * 12,
        starts_used=(0,) * 12,
        starts_cap=(4,) * 12,
        patient_taken=0,
        taken=taken or {},
        out=out or {},
    )


def wish(**fields: object) -> Wish:
    values: dict[str, object] = {
        "need": (50,) * 4,
        "start_quarter": 0,
        "due_on": DAY,
        "earliest_on": DAY,
        "latest_on": DAY,
        "not_before": EIGHT,
    }
    return Wish(**values | fields)  # type: ignore[arg-type]


def by_start(grid: DayGrid, wanted: Wish, chairs: tuple[UUID, ...] = (CHAIR,)) -> dict[int, Opening]:
    return {(one.interval.start - EIGHT) // QUARTER: one for one in find([grid], chairs, wanted)}


def test_no_opening_lies_in_an_outage_and_none_beside_it_is_short() -> None:
    found = by_start(day(out={CHAIR: 0b1111_0000}), wish(turnover_quarters=2))
    assert set(found) == {0, 8}
    assert all(one.soft == () for one in found.values())


def test_openings_too_near_a_visit_need_a_reason() -> None:
    found = by_start(day(taken={CHAIR: 0b11_0000}), wish(turnover_quarters=2))
    assert {at for at, one in found.items() if "turnover_short" in one.soft} == {0, 6, 7}
    assert {at for at, one in found.items() if not one.soft} == {8}


def test_a_chair_with_time_to_make_it_ready_goes_before_one_that_fits_exactly() -> None:
    grid = day(taken={CHAIR: 0b1111 << 4})
    assert by_start(grid, wish(turnover_quarters=1), (CHAIR, OTHER_CHAIR))[8].chair_id == OTHER_CHAIR
    assert by_start(grid, wish(), (CHAIR, OTHER_CHAIR))[8].chair_id == CHAIR


def test_an_isolation_chair_is_named() -> None:
    assert "an isolation chair" in by_start(day(), wish(isolation_chairs=frozenset({CHAIR})))[0].reasons
    assert "an isolation chair" not in by_start(day(), wish(isolation_chairs=frozenset({ADA})))[0].reasons


def test_every_skill_has_words() -> None:
    assert all(skill.label and skill.label[0].isupper() for skill in Skill)
