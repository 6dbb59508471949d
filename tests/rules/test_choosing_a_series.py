"""Choosing places for a whole regimen: the pure rules, tried on invented clinics."""

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.intervals import QUARTER, Interval
from scheduling.domain.openings import DayGrid, Opening, freed, occupied
from scheduling.domain.series import Asked, Choice, House, Liking, Place, Problem, choose

ZONE = ZoneInfo("America/Chicago")
MONDAY = date(2026, 3, 2)
QUARTERS = 24
CHAIRS = {UUID(int=1): "recliner", UUID(int=2): "recliner", UUID(int=3): "private_room"}
FIRST, SECOND, ROOM = CHAIRS


def opening_at(on: date, at: time) -> datetime:
    return datetime.combine(on, at, ZONE).astimezone(UTC)


def grid(on: date, *, taken: dict[UUID, int] | None = None, used: int = 0, cap: int = 400) -> DayGrid:
    return DayGrid(
        on=on,
        opens_at=opening_at(on, time(8)),
        load_used=(used,) * QUARTERS,
        load_cap=(cap,) * QUARTERS,
        starts_used=(0,) * QUARTERS,
        starts_cap=(4,) * QUARTERS,
        taken=taken or {},
        patient_taken=0,
    )


def house(days: list[DayGrid]) -> House:
    return House(zone=ZONE, days={day.on: day for day in days}, chairs=CHAIRS, not_before=opening_at(MONDAY, time(8)))


def weekdays(weeks: int = 14) -> list[date]:
    every = (MONDAY + timedelta(days=n) for n in range(weeks * 7))
    return [day for day in every if day.weekday() < 5]


def asked(course: int, due_on: date, *, day: int = 1, window: int = 3, quarters: int = 8) -> Asked:
    return Asked(
        key=UUID(int=course * 10 + day),
        course=course,
        day_number=day,
        need=(75, *([20] * (quarters - 1))),
        start_quarter=0,
        due_on=due_on,
        earliest_on=due_on - timedelta(days=window),
        latest_on=due_on + timedelta(days=window),
    )


def regimen(courses: int, *, days: int = 1, interval: int = 21) -> list[Asked]:
    starts = [MONDAY + timedelta(days=8 + interval * n) for n in range(courses)]
    return [
        asked(number, start + timedelta(days=day - 1), day=day)
        for number, start in enumerate(starts, 1)
        for day in range(1, days + 1)
    ]


def local(choice: Choice) -> datetime:
    assert choice.opening is not None
    return choice.opening.interval.start.astimezone(ZONE)


def test_every_course_gets_the_weekday_time_and_chair_that_the_patient_likes() -> None:
    found = choose(regimen(4), house([grid(on) for on in weekdays()]), Liking(weekday=2, at=time(10), chair_id=SECOND))
    assert [(local(one).weekday(), local(one).time()) for one in found] == [(2, time(10))] * 4
    assert {one.opening.chair_id for one in found if one.opening} == {SECOND}
    assert "Wednesday 10:00, as usual" in found[0].reasons
    assert "1 day after the due date" in found[0].reasons


def test_without_a_liking_the_first_visit_decides_for_the_rest() -> None:
    days = {on: grid(on) for on in weekdays()}
    first = regimen(1)[0].due_on
    days[first] = grid(first, taken=dict.fromkeys(CHAIRS, (1 << 10) - 1))
    found = choose(regimen(3), house(list(days.values())), Liking())
    assert len({(local(one).weekday(), local(one).time()) for one in found[1:]}) == 1
    assert "like the first visit" in " ".join(found[1].reasons)


def test_days_of_a_course_are_consecutive_and_at_one_time() -> None:
    found = choose(regimen(4, days=2), house([grid(on) for on in weekdays()]), Liking(at=time(9)))
    pairs = list(zip(found[::2], found[1::2], strict=True))
    assert all((local(second).date() - local(first).date()).days == 1 for first, second in pairs)
    assert all(local(first).time() == local(second).time() == time(9) for first, second in pairs)
    assert "the day after day 1" in found[1].reasons


def test_a_course_moves_as_a_whole_when_its_second_day_is_full() -> None:
    due = regimen(1, days=2)[1].due_on
    days = [grid(on, taken=dict.fromkeys(CHAIRS, (1 << QUARTERS) - 1) if on == due else None) for on in weekdays()]
    first, second = choose(regimen(1, days=2), house(days), Liking())
    assert (local(second).date() - local(first).date()).days == 1
    assert due not in {local(first).date(), local(second).date()}


def test_low_nurse_load_comes_before_the_liked_weekday() -> None:
    wednesday = MONDAY + timedelta(days=9)
    days = [grid(on, used=340 if on == wednesday else 0) for on in weekdays()]
    (found,) = choose([asked(1, MONDAY + timedelta(days=8))], house(days), Liking(weekday=2))
    assert local(found).date() != wednesday


def test_a_window_without_room_is_named_and_the_nearest_places_outside_are_offered() -> None:
    due = MONDAY + timedelta(days=15)
    near = {due + timedelta(days=n) for n in range(-3, 4)}
    days = [grid(on, taken=dict.fromkeys(CHAIRS, (1 << QUARTERS) - 1) if on in near else None) for on in weekdays()]
    (found,) = choose([asked(1, due)], house(days), Liking())
    assert found.opening is None
    assert found.problem is Problem.FULL
    assert found.others
    assert all(one.soft[-1] in {"too_early", "too_late"} for one in found.others)
    distance = [abs((one.on - due).days) for one in found.others]
    assert distance == sorted(distance)


def test_a_window_in_which_nobody_works_is_closed() -> None:
    due = weekdays()[-1] + timedelta(days=30)
    (found,) = choose([asked(1, due)], house([grid(on) for on in weekdays()]), Liking())
    assert (found.problem, found.others) == (Problem.CLOSED, ())


def full(on: date) -> DayGrid:
    return grid(on, taken=dict.fromkeys(CHAIRS, (1 << QUARTERS) - 1))


def test_an_induction_course_is_not_put_off_to_the_eve_of_the_next() -> None:
    weeks = [asked(1, MONDAY + timedelta(days=7), window=7), asked(2, MONDAY + timedelta(days=21), window=2)]
    busy = dict.fromkeys(CHAIRS, (1 << 14) - 1)  # the liked time is free on the last day of the window alone
    last = MONDAY + timedelta(days=14)
    days = [grid(on, taken=busy if on < last else None) for on in weekdays()]
    first, second = choose(weeks, house(days), Liking(at=time(9)))
    assert (local(first).date(), local(second).date()) == (MONDAY + timedelta(days=7), MONDAY + timedelta(days=21))
    (alone,) = choose(weeks[:1], house(days), Liking(at=time(9)))
    assert local(alone).date() == last


def test_a_course_comes_not_much_sooner_after_the_last_than_it_is_planned() -> None:
    late = MONDAY + timedelta(days=14)
    weeks = [asked(1, MONDAY + timedelta(days=8), window=7), asked(2, MONDAY + timedelta(days=22), window=7)]
    days = [full(on) if on < late else grid(on) for on in weekdays()]
    first, second = choose(weeks, house(days), Liking(weekday=0, at=time(10)))
    assert local(first).date() == late
    assert (local(second).date() - local(first).date()).days >= 11


def test_where_only_uneven_days_have_room_the_course_is_placed_all_the_same() -> None:
    only = {MONDAY + timedelta(days=14), MONDAY + timedelta(days=21)}
    weeks = [asked(1, MONDAY + timedelta(days=7), window=7), asked(2, MONDAY + timedelta(days=21), window=7)]
    found = choose(weeks, house([grid(on) if on in only else full(on) for on in weekdays()]), Liking())
    assert {local(one).date() for one in found} == only


def test_courses_keep_the_orders_shortest_interval() -> None:
    two = [asked(1, MONDAY + timedelta(days=8)), asked(2, MONDAY + timedelta(days=15))]
    first, second = choose(two, house([grid(on) for on in weekdays()]), Liking(), gap_days=9)
    assert (local(second).date() - local(first).date()).days >= 9
    _, late = choose(two, house([grid(on) for on in weekdays()]), Liking(), gap_days=15)
    assert late.problem is Problem.TOO_SOON


def test_a_kept_place_stays_and_one_that_is_gone_is_named() -> None:
    due = MONDAY + timedelta(days=8)
    place = Place(chair_id=FIRST, start=opening_at(due, time(11, 15)))
    (kept,) = choose([asked(1, due)], house([grid(on) for on in weekdays()]), Liking(), kept={UUID(int=11): place})
    assert kept.is_kept
    assert local(kept).time() == time(11, 15)
    days = [grid(on, taken={FIRST: (1 << QUARTERS) - 1}) for on in weekdays()]
    (gone,) = choose([asked(1, due)], house(days), Liking(), kept={UUID(int=11): place})
    assert (gone.opening, gone.problem) == (None, Problem.TAKEN)
    assert gone.others


def test_a_place_that_is_freed_is_as_it_was_before_it_was_taken() -> None:
    day, need = grid(MONDAY, used=30), (75, 20, 20, 20)
    start = day.opens_at + 3 * QUARTER
    opening = Opening(
        chair_id=FIRST,
        on=MONDAY,
        interval=Interval(start, start + 4 * QUARTER),
        peak_percent=0,
        leftover_minutes=0,
        soft=(),
        reasons=(),
        rank=(),
    )
    taken = occupied(day, opening, need, 1)
    assert (taken.taken[FIRST], taken.patient_taken) == (0b1111000, 0b1111000)
    assert (taken.load_used[3], taken.starts_used[4]) == (105, 1)
    back = freed(taken, FIRST, start, need, 1)
    assert (back.load_used, back.starts_used, back.patient_taken) == (day.load_used, day.starts_used, 0)


masks = st.integers(min_value=0, max_value=(1 << QUARTERS) - 1)
likings = st.builds(
    Liking,
    weekday=st.none() | st.integers(0, 6),
    at=st.none() | st.sampled_from([time(8), time(10, 30), time(13)]),
    chair_id=st.none() | st.sampled_from(list(CHAIRS)),
)


@st.composite
def houses(draw: st.DrawFn) -> House:
    """Clinics with holes: closed days, full chairs, tired nurses."""
    days = []
    for on in weekdays(10):
        if draw(st.integers(0, 9)) == 0:
            continue
        taken = {chair: draw(masks) & draw(masks) for chair in CHAIRS} if draw(st.booleans()) else {}
        days.append(
            grid(on, taken=taken, used=draw(st.sampled_from([0, 150, 390])), cap=draw(st.sampled_from([0, 400])))
        )
    return house(days)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(houses(), likings, st.integers(1, 3), st.integers(1, 3))
def test_proposals_never_collide_stay_inside_their_windows_and_are_the_same_again(
    where: House, liking: Liking, courses: int, days: int
) -> None:
    wanted = regimen(courses, days=days)
    found = choose(wanted, where, liking)
    assert [one.asked.key for one in found] == [one.key for one in wanted]
    placed = [one for one in found if one.opening is not None]
    assert len({local(one).date() for one in placed}) == len(placed)
    for one in placed:
        assert one.opening is not None
        assert one.asked.earliest_on <= one.opening.on <= one.asked.latest_on
        day = where.days[one.opening.on]
        at = (one.opening.interval.start - day.opens_at) // QUARTER
        mask = ((1 << len(one.asked.need)) - 1) << at
        assert not day.taken.get(one.opening.chair_id, 0) & mask
        assert all(day.load_cap[at : at + len(one.asked.need)])
    for one in found:
        assert (one.opening is None) == (one.problem is not None)
        others = {other.on for other in one.others} - ({one.opening.on} if one.opening else set())
        assert not others & {local(mate).date() for mate in placed if mate is not one}
    assert choose(list(reversed(wanted)), where, liking) == found


def test_a_visit_longer_than_what_is_left_of_the_day_takes_only_what_is_there() -> None:
    day = grid(MONDAY)
    start = day.opens_at + (QUARTERS - 2) * QUARTER
    back = freed(day, FIRST, start, (75, 20, 20, 20), 3)
    assert (back.load_used, back.starts_used) == (day.load_used, day.starts_used)
    used = freed(grid(MONDAY, used=100), FIRST, day.opens_at - 2 * QUARTER, (75, 20, 20, 20), 0)
    assert used.load_used[:3] == (80, 80, 100)


def test_a_kept_place_on_a_closed_day_or_in_an_unknown_chair_is_not_there_any_more() -> None:
    due = MONDAY + timedelta(days=8)
    where = house([grid(on) for on in weekdays()])
    for place in (
        Place(chair_id=FIRST, start=opening_at(due + timedelta(days=4), time(9))),
        Place(chair_id=UUID(int=99), start=opening_at(due, time(9))),
        Place(chair_id=FIRST, start=opening_at(due, time(9, 5))),
        Place(chair_id=FIRST, start=opening_at(due, time(7))),
    ):
        (gone,) = choose([asked(1, due)], where, Liking(), kept={UUID(int=11): place})
        assert gone.problem is Problem.TAKEN


def test_the_reasons_say_how_busy_the_nurses_will_be() -> None:
    (found,) = choose([asked(1, MONDAY + timedelta(days=8))], house([grid(on) for on in weekdays()]), Liking())
    assert "nurse load reaches 19 %" in found.reasons


def test_another_time_than_the_liked_one_says_by_how_much() -> None:
    due = MONDAY + timedelta(days=8)
    full = {on: dict.fromkeys(CHAIRS, (1 << 9) - 1) for on in weekdays()}
    where = house([grid(on, taken=full[on]) for on in weekdays()])
    (later,) = choose([asked(1, due)], where, Liking(at=time(9)))
    assert "1 h 15 min later than 09:00" in later.reasons
    (earlier,) = choose([asked(1, due)], house([grid(on) for on in weekdays()]), Liking(at=time(13)))
    assert "1 h earlier than 13:00" in earlier.reasons
