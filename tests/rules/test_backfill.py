"""Who may take a place that became free, and in which order."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from scheduling.domain.backfill import Candidate, FreePlace, check_candidate, rank, suits

ZONE = ZoneInfo("America/Chicago")
DAY = date(2026, 3, 5)
PLACE = FreePlace(start=datetime(2026, 3, 5, 9, 0, tzinfo=ZONE), minutes=150, is_private=False)
NOW = datetime(2026, 3, 3, 9, 0, tzinfo=ZONE)
DUE = Candidate(
    course_day_id=UUID(int=1),
    minutes=120,
    due_on=DAY,
    earliest_on=date(2026, 3, 2),
    latest_on=date(2026, 3, 20),
    uncovered="",
    needs_private_room=False,
    notice_hours=24,
)
WAITS = replace(
    DUE, course_day_id=UUID(int=2), waits_since=date(2026, 3, 1), wants_from=date(2026, 3, 4), wants_to=date(2026, 3, 6)
)


def test_who_may_have_the_place_has_nothing_against_it() -> None:
    assert check_candidate(PLACE, DUE, NOW) == ()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"minutes": 165}, "needs 2 h 45, and 2 h 30 are free"),
        ({"minutes": 180}, "needs 3 h, and 2 h 30 are free"),
        ({"needs_private_room": True}, "needs a private room"),
        ({"earliest_on": date(2026, 3, 6)}, "too early: the window opens on Fri 6 Mar"),
        ({"latest_on": date(2026, 3, 4)}, "too late: the window closed on Wed 4 Mar"),
        ({"notice_hours": 49}, "notice of 49 h can't be kept"),
        ({"uncovered": "No units are left."}, "no units are left"),
        ({"wants_from": date(2026, 3, 6), "wants_to": date(2026, 3, 6)}, "does not want this day or time"),
        (
            {"wants_from": DAY, "wants_to": DAY, "parts_of_day": ("afternoon",)},
            "does not want this day or time",
        ),
        ({"booked_at": PLACE.start}, "has this very time"),
    ],
)
def test_each_thing_against_it_is_said(changed: dict[str, object], said: str) -> None:
    assert check_candidate(PLACE, replace(DUE, **changed), NOW) == (said,)  # type: ignore[arg-type]


def test_limits_are_met_exactly() -> None:
    edge = replace(DUE, minutes=150, earliest_on=DAY, latest_on=DAY, notice_hours=48)
    assert check_candidate(PLACE, edge, NOW) == ()
    assert check_candidate(PLACE, edge, NOW + timedelta(seconds=1)) == ("notice of 48 h can't be kept",)


def test_a_private_room_takes_who_needs_one() -> None:
    assert check_candidate(replace(PLACE, is_private=True), replace(DUE, needs_private_room=True), NOW) == ()


@pytest.mark.parametrize(
    ("hour", "parts", "is_wished"),
    [(11, ("morning",), True), (12, ("morning",), False), (12, ("afternoon",), True), (8, (), True)],
)
def test_noon_parts_the_day(hour: int, parts: tuple[str, ...], is_wished: bool) -> None:
    assert suits(PLACE.start.replace(hour=hour), DAY, DAY, parts) is is_wished


def ranked(*candidates: Candidate) -> list[int]:
    return [one.candidate.course_day_id.int for one in rank(PLACE, candidates, NOW)[0]]


def test_who_waits_comes_before_who_is_merely_due() -> None:
    assert ranked(DUE, WAITS) == [2, 1]


def test_whose_window_ends_comes_before_who_has_time() -> None:
    soon = replace(DUE, course_day_id=UUID(int=3), latest_on=date(2026, 3, 8))
    assert ranked(DUE, soon) == [3, 1]


def test_a_place_that_is_filled_comes_before_one_left_half_empty() -> None:
    short = replace(DUE, course_day_id=UUID(int=0), minutes=60)
    assert ranked(short, DUE) == [1, 0]


def test_the_usual_weekday_and_then_the_longest_waiting_decide_between_equals() -> None:
    usual = replace(WAITS, course_day_id=UUID(int=5), prefers_weekday=3)
    other = replace(WAITS, course_day_id=UUID(int=4), prefers_weekday=4)
    longer = replace(WAITS, course_day_id=UUID(int=9), waits_since=date(2026, 2, 1))
    assert ranked(other, usual) == [5, 4]
    assert ranked(WAITS, longer) == [9, 2]


def test_reasons_say_why_somebody_is_there() -> None:
    whole = replace(
        WAITS,
        minutes=150,
        prefers_weekday=3,
        latest_on=DAY,
        due_on=date(2026, 3, 2),
        booked_at=datetime(2026, 3, 9, 9, 0, tzinfo=ZONE),
    )
    [one] = rank(PLACE, [whole], NOW)[0]
    assert one.reasons == (
        "waits since Sun 1 Mar",
        "4 d sooner than they have",
        "window ends that day",
        "3 d after the due date",
        "fills the place",
        "their usual weekday",
    )
    [two] = rank(PLACE, [replace(DUE, due_on=date(2026, 3, 7), latest_on=date(2026, 3, 7))], NOW)[0]
    assert two.reasons == ("window ends 2 d later", "2 d before the due date", "leaves 30 min free")
    [three] = rank(PLACE, [replace(WAITS, booked_at=PLACE.start.replace(hour=14))], NOW)[0]
    assert three.reasons[1:3] == ("another time on the day they have", "on the due date")
    [four] = rank(PLACE, [replace(WAITS, booked_at=datetime(2026, 3, 4, 9, tzinfo=ZONE))], NOW)[0]
    assert four.reasons[1] == "1 d later than they have"


def test_who_may_not_is_listed_with_every_reason() -> None:
    _, [one] = rank(PLACE, [replace(DUE, minutes=200, needs_private_room=True)], NOW)
    assert one.reasons == ("needs 3 h 20, and 2 h 30 are free", "needs a private room")
