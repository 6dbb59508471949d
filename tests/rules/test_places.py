"""Where a visit may go: every reason against a place, the load it brings, and the openings in their order."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.intervals import QUARTER, Interval
from scheduling.domain.load import LoadPhase, LoadProfile, profile
from scheduling.domain.openings import NO_NURSE, DayGrid, Opening, Wish, find, one_per_half_hour
from scheduling.domain.placement import Occupant, Placement, Quarter, carried_over, check_placement, still_said
from scheduling.domain.staffing import has_second_nurse

CHICAGO = ZoneInfo("America/Chicago")
EIGHT = datetime(2026, 11, 24, 8, tzinfo=CHICAGO)
DAY = EIGHT.date()
CHAIR, OTHER_CHAIR, ADA, BEN = (UUID(int=n) for n in range(1, 5))
WEIGHTS = {"preparation": 50, "ramp": 100, "running": 20, "finishing": 30, "observation": 25, "turnover": 0}


def test_each_minute_weighs_what_its_phase_does_and_no_need_is_lost() -> None:
    phases = [("intake", 15), ("iv_start", 15), ("premed", 30), ("infusion", 90), ("flush", 5), ("observation", 15)]
    found = profile([*phases, ("turnover", 10)], WEIGHTS)
    assert found.need == (50, 50, 50, 50, 100, 100, 20, 20, 20, 30, 27, 9)
    assert (found.quarters, found.start_quarter) == (12, 1)


def test_a_short_infusion_is_all_ramp_and_a_visit_without_a_start_starts_at_once() -> None:
    assert profile([("infusion", 20)], WEIGHTS) == LoadProfile((100, 34), 0)
    assert profile([("infusion", 40)], WEIGHTS).need == (100, 100, 20)
    with pytest.raises(ValueError, match="at least one phase"):
        profile([], WEIGHTS)


@given(
    st.lists(st.tuples(st.sampled_from([*WEIGHTS, "infusion", "flush", "iv_start"]), st.integers(1, 90)), min_size=1)
)
def test_a_load_lasts_the_whole_visit_and_never_exceeds_the_heaviest_phase(phases: list[tuple[str, int]]) -> None:
    found = profile(phases, WEIGHTS)
    total = sum(minutes for _, minutes in phases)
    assert found.quarters == -(-total // 15)
    assert max(found.need) <= WEIGHTS[LoadPhase.RAMP]
    assert 0 <= found.start_quarter < found.quarters


def quarters(*, load_used: int = 0, load_cap: int = 200, starts_used: int = 0, count: int = 4) -> list[Quarter]:
    return [
        Quarter(at=EIGHT + n * QUARTER, load_used=load_used, load_cap=load_cap, starts_used=starts_used, starts_cap=2)
        for n in range(count)
    ]


WANTED = Placement(
    interval=Interval(EIGHT, EIGHT + 4 * QUARTER),
    zone=CHICAGO,
    chair_id=CHAIR,
    chair_name="Chair 1",
    chair_kind="chair",
    chair_is_active=True,
    patient_id=ADA,
    patient_name="Ada",
    needs_private_room=False,
    profile=LoadProfile((50, 100, 100, 50), 1),
    earliest_on=DAY,
    latest_on=DAY,
)


def at_hours(begins: timedelta) -> Placement:
    return replace(WANTED, interval=Interval(EIGHT + begins, EIGHT + begins + 4 * QUARTER))


def codes(
    wanted: Placement = WANTED,
    *,
    now: datetime = EIGHT,
    capacity: Sequence[Quarter] | None = None,
    occupants: Sequence[Occupant] = (),
) -> list[str]:
    found = quarters() if capacity is None else capacity
    return [reason.code for reason in check_placement(wanted, now=now, quarters=found, occupants=occupants)]


def occupant(*, patient: UUID = BEN, chair: UUID = CHAIR, begins: int = 0) -> Occupant:
    start = EIGHT + begins * QUARTER
    return Occupant(
        visit_id=UUID(int=9),
        patient_id=patient,
        patient_name="Ben",
        chair_id=chair,
        chair_name="Chair 1",
        clinic_name="Northside",
        interval=Interval(start, start + 4 * QUARTER),
    )


def test_a_free_chair_with_enough_nurses_is_fine_up_to_the_last_hundredth() -> None:
    assert codes() == []
    assert codes(capacity=quarters(load_used=100, starts_used=1)) == []


def test_the_grid_the_clock_and_the_opening_hours_are_hard() -> None:
    assert codes(at_hours(timedelta(minutes=5))) == ["off_grid"]
    assert codes(now=EIGHT + timedelta(minutes=14)) == []
    assert codes(now=EIGHT + timedelta(minutes=15)) == ["in_the_past"]
    assert codes(capacity=quarters(count=3)) == ["closed"]
    assert "closed" in codes(capacity=quarters(load_cap=0))
    (reason,) = check_placement(WANTED, now=EIGHT, quarters=quarters(count=3), occupants=())
    assert "at Tue 24 Nov 2026 08:45, and this visit lasts until 09:00" in reason.sentence
    assert reason.is_hard


def test_a_chair_out_of_use_and_a_room_that_is_not_private_are_hard() -> None:
    assert codes(replace(WANTED, chair_is_active=False)) == ["chair_closed"]
    assert codes(replace(WANTED, needs_private_room=True)) == ["private_room_needed"]
    assert codes(replace(WANTED, needs_private_room=True, chair_kind="private_room")) == []


def test_a_chair_and_a_patient_are_in_one_place_at_a_time() -> None:
    assert codes(occupants=[occupant(begins=4)]) == []
    assert codes(occupants=[occupant(begins=3)]) == ["chair_taken"]
    assert codes(occupants=[occupant(chair=OTHER_CHAIR)]) == []
    assert codes(occupants=[occupant(patient=ADA, chair=OTHER_CHAIR)]) == ["patient_busy"]


def test_too_few_nurses_are_soft_and_say_the_worst_quarter() -> None:
    over = quarters(load_used=120)
    (reason,) = check_placement(WANTED, now=EIGHT, quarters=over, occupants=())
    assert (reason.code, reason.is_hard) == ("nurse_load", False)
    assert reason.sentence == "Nurse load would reach 2.2 of 2 nurses on shift at 08:15."
    assert codes(capacity=quarters(starts_used=2)) == ["nurse_starts"]


def test_the_window_is_soft_and_inclusive() -> None:
    early = replace(WANTED, earliest_on=DAY + timedelta(days=1), latest_on=DAY + timedelta(days=2))
    late = replace(WANTED, earliest_on=DAY - timedelta(days=3), latest_on=DAY - timedelta(days=2))
    (reason,) = check_placement(early, now=EIGHT, quarters=quarters(), occupants=())
    assert (reason.code, reason.is_hard) == ("too_early", False)
    assert reason.sentence == "Tue 24 Nov is 1 day before the order's window (25 Nov to 26 Nov 2026)."
    (reason,) = check_placement(late, now=EIGHT, quarters=quarters(), occupants=())
    assert (reason.code, reason.is_hard) == ("too_late", False)
    assert "2 days after" in reason.sentence


@pytest.mark.parametrize(
    ("code", "same_day", "same_start", "is_kept"),
    [
        ("nurse_load", True, True, True),
        ("nurse_load", True, False, False),
        ("too_early", True, False, True),
        ("too_early", False, False, False),
        ("auth_not_valid", True, False, True),
        ("auth_not_valid", False, False, False),
    ],
)
def test_a_reason_speaks_only_for_what_it_was_given_for(
    code: str, same_day: bool, same_start: bool, is_kept: bool
) -> None:
    given_for = {"code": code, "sentence": "s", "reason": "r", "by": "b"}
    found = check_placement(
        replace(WANTED, earliest_on=DAY + timedelta(days=1), latest_on=DAY + timedelta(days=2)),
        now=EIGHT,
        quarters=quarters(load_used=120),
        occupants=(),
    )
    assert carried_over([given_for], found, is_same_day=same_day, is_same_start=same_start) == [given_for] * is_kept
    no_longer = carried_over([given_for], (), is_same_day=True, is_same_start=True)
    assert no_longer == ([given_for] if code == "auth_not_valid" else [])


def test_a_visit_refitted_on_its_day_keeps_what_is_not_about_its_time() -> None:
    overrides = [
        {"code": code, "sentence": "s", "reason": "r", "by": "b"}
        for code in ("nurse_load", "too_late", "auth_not_valid")
    ]
    assert still_said(overrides) == overrides[2:]


GRID = DayGrid(
    on=DAY,
    opens_at=EIGHT,
    load_used=(0,) * 8,
    load_cap=(200,) * 8,
    starts_used=(0,) * 8,
    starts_cap=(2,) * 8,
    taken={},
    patient_taken=0,
)
WISH = Wish(need=(100, 100), start_quarter=0, due_on=DAY, earliest_on=DAY, latest_on=DAY, not_before=EIGHT)


def starts(grid: DayGrid = GRID, wish: Wish = WISH, chairs: Sequence[UUID] = (CHAIR,)) -> list[int]:
    return [int((each.interval.start - EIGHT) / QUARTER) for each in find([grid], chairs, wish)]


def first(grid: DayGrid = GRID, wish: Wish = WISH, chairs: Sequence[UUID] = (CHAIR,)) -> Opening:
    return next(find([grid], chairs, wish))


def test_every_start_that_fits_is_found_and_none_other() -> None:
    assert starts() == [0, 1, 2, 3, 4, 5, 6]
    assert starts(replace(GRID, patient_taken=0b100)) == [0, 3, 4, 5, 6]
    assert starts(replace(GRID, load_cap=(200,) * 4 + (0,) + (200,) * 3)) == [0, 1, 2, 5, 6]
    assert starts(replace(GRID, taken={CHAIR: 0b11110000})) == [0, 1, 2]
    assert starts(wish=replace(WISH, not_before=EIGHT + 5 * QUARTER)) == [5, 6]
    assert starts(wish=replace(WISH, first_quarter=2, last_quarter=3)) == [2, 3]
    assert starts(wish=replace(WISH, need=(1,) * 9)) == []
    assert starts(chairs=()) == []


def test_the_chair_that_leaves_no_short_gap_is_taken_first_and_then_the_first_of_the_list() -> None:
    both = replace(GRID, taken={CHAIR: 0b10000, OTHER_CHAIR: 0b10000})
    found = first(both, replace(WISH, first_quarter=1), (CHAIR, OTHER_CHAIR))
    assert (found.chair_id, found.leftover_minutes) == (CHAIR, 30)
    snug = replace(GRID, taken={CHAIR: 0b10000, OTHER_CHAIR: 0b1001})
    found = first(snug, replace(WISH, first_quarter=1), (CHAIR, OTHER_CHAIR))
    assert (found.chair_id, found.leftover_minutes) == (OTHER_CHAIR, 0)
    assert "leaves 30 min unused beside it" in first(both, replace(WISH, first_quarter=1)).reasons


def test_gaps_of_three_quarters_or_none_are_no_waste() -> None:
    assert first(wish=replace(WISH, first_quarter=3)).leftover_minutes == 0
    assert first(wish=replace(WISH, first_quarter=2)).leftover_minutes == 30
    assert first(wish=replace(WISH, first_quarter=5)).leftover_minutes == 15


def test_soft_rules_are_named_and_ranked_behind() -> None:
    busy = replace(GRID, load_used=(101,) * 8, starts_used=(2,) * 8)
    opening = first(busy)
    assert (opening.soft, opening.peak_percent) == (("nurse_load", "nurse_starts"), 101)
    assert opening.rank[:2] == (2, 1)
    assert first(replace(GRID, load_used=(100,) * 8)).soft == ()
    early = replace(WISH, earliest_on=DAY + timedelta(days=1), latest_on=DAY + timedelta(days=2))
    late = replace(
        WISH, due_on=DAY - timedelta(days=2), earliest_on=DAY - timedelta(days=3), latest_on=DAY - timedelta(1)
    )
    assert (first(wish=early).soft, first(wish=late).soft) == (("too_early",), ("too_late",))


def test_reasons_say_the_day_the_weekday_and_the_load() -> None:
    assert first().reasons == ("on the due date", "nurse load reaches 50 %")
    wish = replace(WISH, due_on=DAY - timedelta(days=1), prefers_weekday=1, latest_on=DAY)
    assert first(wish=wish).reasons[:2] == ("1 day after the due date", "their usual weekday")
    wish = replace(WISH, due_on=DAY + timedelta(days=2), prefers_weekday=2, prefers_minute=90)
    assert first(wish=wish).reasons[0] == "2 days before the due date"
    assert first(wish=wish).rank == (0, 0, 0, 1, 2, 90, 0)


def test_a_quarter_without_a_nurse_is_never_offered_but_said_where_it_is_asked_for() -> None:
    assert starts(replace(GRID, load_cap=(0,) * 8)) == []
    assert NO_NURSE > 100


def test_one_opening_is_shown_for_each_half_hour() -> None:
    ranked = list(
        find([GRID, replace(GRID, on=DAY + timedelta(days=1), opens_at=EIGHT + timedelta(days=1))], [CHAIR], WISH)
    )
    chosen = one_per_half_hour(ranked, 5)
    assert [(each.on, each.interval.start.minute) for each in chosen][:4] == [(DAY, 0), (DAY, 30), (DAY, 0), (DAY, 30)]
    assert chosen[4].on == DAY + timedelta(days=1)
    assert len(one_per_half_hour(ranked, 50)) == 8


def test_a_second_nurse_is_on_the_floor_while_anybody_infuses() -> None:
    assert has_second_nurse(nurses_on_floor=1, infusing=())
    assert not has_second_nurse(nurses_on_floor=1, infusing=[ADA])
    assert has_second_nurse(nurses_on_floor=2, infusing=[ADA])


def test_the_day_of_the_window_is_the_clinic_s_and_not_that_of_utc() -> None:
    evening = datetime(2026, 11, 25, 1, tzinfo=UTC)  # 19:00 on the 24th in Chicago
    late = replace(WANTED, interval=Interval(evening, evening + 4 * QUARTER))
    found = [
        Quarter(at=evening + n * QUARTER, load_used=0, load_cap=200, starts_used=0, starts_cap=2) for n in range(4)
    ]
    assert codes(late, capacity=found) == []
    assert date(2026, 11, 24) == DAY
