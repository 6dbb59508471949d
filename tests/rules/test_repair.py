"""The smallest repair of an upset day: who moves, where, and why."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from core.intervals import Interval
from scheduling.domain.absence import Worked, shut, without
from scheduling.domain.repair import Repair, plan
from scheduling.domain.upset import Act, Firmness, Line
from tests.rules.upset_days import (
    ONE,
    QUARTERS,
    THREE,
    TUESDAY,
    TWO,
    at,
    house,
    visit,
    without_chairs,
    without_nurses,
)


def only(repair: Repair) -> Line:
    (line,) = repair.lines
    return line


def test_another_chair_at_the_same_time_comes_first() -> None:
    mine = visit(1, 4)
    line = only(plan(without_chairs(house(mine), ONE), displaced=[mine]))
    assert (line.act, line.why) == (Act.CHAIR, "The same time in another chair.")
    assert line.place is not None
    assert (line.place.chair_id, line.place.interval) == (TWO, mine.interval)
    assert {other.interval.start for other in line.others} != {mine.start}


def test_then_the_nearest_time_of_the_day() -> None:
    mine = visit(1, 4)
    others = [visit(2, 4, chair=TWO), visit(3, 4, chair=THREE)]
    line = only(plan(without_chairs(house(mine, *others), ONE), displaced=[mine]))
    assert (line.act, line.why) == (Act.TIME, "1 h later is the nearest time that day.")


def test_nobody_comes_earlier_without_notice() -> None:
    mine = visit(1, 28)
    busy = house(mine, visit(2, 28, chair=TWO), visit(3, 28, chair=THREE))
    early = only(plan(without_chairs(busy, ONE), displaced=[mine]))
    assert (early.act, early.why) == (Act.TIME, "1 h earlier is the nearest time that day.")
    late = only(plan(without_chairs(busy, ONE), displaced=[mine], earlier_from=at(TUESDAY, 31)))
    assert late.act is Act.DAY


def test_then_the_nearest_day_on_which_it_may_be() -> None:
    mine = visit(1, 4)
    line = only(plan(without_chairs(house(mine), ONE, TWO, THREE), displaced=[mine]))
    assert (line.act, line.why) == (Act.DAY, "Nothing else is free on Tue 3 Mar; Wed 4 Mar is the nearest day.")
    assert line.place is not None
    assert line.place.interval.start == at(TUESDAY + timedelta(days=1), 4)


def test_a_day_next_to_the_rest_of_the_course_is_nearer_than_a_near_one() -> None:
    friday = TUESDAY + timedelta(days=3)
    mine = visit(
        1, 4, course_days=frozenset({friday}), elsewhere=frozenset({friday}), last_on=TUESDAY + timedelta(days=4)
    )
    line = only(plan(without_chairs(house(mine), ONE, TWO, THREE), displaced=[mine]))
    assert line.place is not None
    assert line.place.on == TUESDAY + timedelta(days=2)
    assert line.why.endswith("is the nearest day, next to the rest of its course.")


def test_two_days_of_a_course_that_both_go_stay_together_on_two_days() -> None:
    wednesday = TUESDAY + timedelta(days=1)
    course, patient = UUID(int=7), UUID(int=8)
    late = TUESDAY + timedelta(days=4)
    first = visit(1, 4, course_id=course, patient_id=patient, last_on=late, latest_on=late)
    second = visit(2, 4, on=wednesday, course_id=course, patient_id=patient)
    gone = without_chairs(without_chairs(house(first, second), ONE, TWO, THREE), ONE, TWO, THREE, on=wednesday)
    lines = plan(gone, displaced=[first, second]).lines
    days = [line.place.on for line in lines if line.place is not None]
    assert len(set(days)) == 2
    assert abs((days[0] - days[1]).days) == 1


def test_without_any_place_a_person_decides_with_places_that_need_a_reason() -> None:
    mine = visit(1, 4, first_on=TUESDAY, last_on=TUESDAY, earliest_on=TUESDAY, latest_on=TUESDAY)
    line = only(plan(without_chairs(house(mine), ONE, TWO, THREE), displaced=[mine]))
    assert (line.act, line.place) == (Act.CALL, None)
    assert line.why == "Nothing is free from Tue 3 Mar to Tue 3 Mar, when it may be."
    assert [(other.on - TUESDAY).days for other in line.others] == [-1, 1, -2]
    assert all(other.soft for other in line.others)


def test_a_visit_that_may_be_on_no_other_day_says_so_and_offers_none() -> None:
    mine = visit(1, 4, first_on=TUESDAY, last_on=TUESDAY - timedelta(days=1), possible=(TUESDAY, TUESDAY))
    line = only(plan(without_chairs(house(mine), ONE, TWO, THREE), displaced=[mine]))
    assert (line.act, line.others) == (Act.CALL, ())
    assert line.why == "There is no other day on which it may be."


def test_a_full_day_is_offered_with_a_reason_on_the_day_itself() -> None:
    mine = visit(1, 4, first_on=TUESDAY, last_on=TUESDAY, possible=(TUESDAY, TUESDAY))
    gone, _ = without_nurses(house(mine, nurses=1), 0)
    full = replace(gone.days[TUESDAY], load_used=(90,) * QUARTERS)
    shut_one = shut(full, [ONE, TWO], Interval(at(TUESDAY, 0), at(TUESDAY, 8)))
    third = replace(shut_one, taken={THREE: 0b11110000})
    line = only(plan(replace(gone, days={TUESDAY: third}), displaced=[mine]))
    assert line.act is Act.CALL
    assert [other.on for other in line.others] == [TUESDAY]
    assert "nurse_load" in line.others[0].soft


def test_a_day_that_is_not_open_any_more_is_left_all_the_same() -> None:
    mine = visit(1, 4)
    gone = house(mine)
    line = only(plan(replace(gone, days={on: day for on, day in gone.days.items() if on != TUESDAY}), displaced=[mine]))
    assert line.act is Act.DAY
    nowhere = only(plan(replace(gone, days={}), displaced=[mine]))
    assert (nowhere.act, nowhere.others) == (Act.CALL, ())


def test_a_day_that_opens_later_has_no_place_at_the_same_time() -> None:
    mine = visit(1, 0)
    gone = house(mine)
    later = replace(gone.days[TUESDAY], opens_at=at(TUESDAY, 4))
    line = only(plan(replace(gone, days={**gone.days, TUESDAY: later}), displaced=[mine]))
    assert line.act is Act.TIME


def test_who_is_here_may_change_chairs_but_not_times() -> None:
    mine = visit(1, 4, firmness=Firmness.HERE)
    now = at(TUESDAY, 5)
    line = only(plan(without_chairs(house(mine, now=now), ONE), displaced=[mine]))
    assert (line.act, line.others) == (Act.CHAIR, ())
    line = only(plan(without_chairs(house(mine), ONE, TWO, THREE), displaced=[mine]))
    assert (line.act, line.why) == (Act.CALL, "Here already, and no other chair is free at this time.")


def test_who_is_in_the_chair_stays_and_a_held_place_is_let_go() -> None:
    begun, held = visit(1, 4, firmness=Firmness.BEGUN), visit(2, 12, firmness=Firmness.HELD)
    lines = plan(without_chairs(house(begun, held), ONE), displaced=[held, begun]).lines
    assert [line.act for line in lines] == [Act.BEGUN, Act.LET_GO]


def test_a_reason_given_before_still_speaks_at_the_same_time_alone() -> None:
    mine = visit(1, 4, spoken_for=frozenset({"nurse_load"}))
    gone = without_chairs(house(mine, nurses=1), ONE)
    crowded = replace(gone.days[TUESDAY], load_used=(120,) * QUARTERS)
    only_today = {TUESDAY: crowded}
    assert only(plan(replace(gone, days=only_today), displaced=[mine])).act is Act.CHAIR
    unspoken = replace(mine, spoken_for=frozenset())
    assert only(plan(replace(gone, days=only_today), displaced=[unspoken])).act is Act.CALL


def test_a_patient_is_never_in_two_places() -> None:
    mine = visit(1, 4, busy=0b1111 << 8)
    others = [visit(2, 4, chair=TWO), visit(3, 4, chair=THREE)]
    line = only(plan(without_chairs(house(mine, *others), ONE), displaced=[mine]))
    assert line.why == "1 h earlier is the nearest time that day."


def test_two_visits_of_one_patient_on_one_day_do_not_meet() -> None:
    patient = UUID(int=9)
    first, second = visit(1, 4, patient_id=patient), visit(2, 8, patient_id=patient)
    busy = [
        visit(number, quarter, chair=chair)
        for number, (quarter, chair) in enumerate([(4, TWO), (4, THREE), (8, TWO), (8, THREE)], 3)
    ]
    lines = plan(without_chairs(house(first, second, *busy), ONE), displaced=[first, second]).lines
    places = [line.place.interval for line in lines if line.place is not None]
    assert len(places) == 2
    assert not places[0].overlaps(places[1])


def test_with_a_nurse_less_only_as_many_go_as_must_and_the_unconfirmed_first() -> None:
    firm, loose = visit(1, 4, firmness=Firmness.CONFIRMED), visit(2, 4, chair=TWO)
    gone, limits = without_nurses(house(firm, loose, nurses=2), 1)
    line = only(plan(gone, displaced=[], crowded=[firm, loose], limits=limits))
    assert (line.upset, line.act) == (loose, Act.TIME)
    assert plan(gone, displaced=[], crowded=[firm, loose], limits=limits).over == ()


def test_with_room_enough_nobody_goes() -> None:
    mine = visit(1, 4)
    gone, limits = without_nurses(house(mine, nurses=2), 1)
    assert plan(gone, displaced=[], crowded=[mine], limits=limits) == Repair(lines=(), over=())


def test_what_was_too_full_before_is_not_mended_now() -> None:
    both = visit(1, 4), visit(2, 4, chair=TWO)
    gone, limits = without_nurses(house(*both, nurses=1), 0)
    limits = {moment: (load, 2) for moment, (load, _) in limits.items()}
    assert plan(gone, displaced=[], crowded=both, limits=limits).lines == ()


def test_who_can_not_be_placed_stays_and_says_what_is_too_much() -> None:
    both = visit(1, 4), visit(2, 4, chair=TWO)
    gone, limits = without_nurses(house(*both, nurses=2), 1)
    there = {TUESDAY: shut(gone.days[TUESDAY], (ONE, TWO, THREE), Interval(at(TUESDAY, 0), at(TUESDAY, 4)))}
    there = {TUESDAY: shut(there[TUESDAY], (ONE, TWO, THREE), Interval(at(TUESDAY, 8), at(TUESDAY, QUARTERS)))}
    repair = plan(replace(gone, days=there), displaced=[], crowded=both, limits=limits, earlier_from=at(TUESDAY, 8))
    assert [line.act for line in repair.lines] == [Act.STAY, Act.STAY]
    assert repair.lines[0].asks == ("nurse_load", "nurse_starts")
    assert [(one.at, one.load, one.load_cap) for one in repair.over] == [
        (at(TUESDAY, 4), 120, 100),
        (at(TUESDAY, 5), 120, 100),
    ]


def test_starts_alone_can_be_too_many() -> None:
    need = (10, 10, 10, 10)
    both = visit(1, 4, need=need), visit(2, 4, chair=TWO, need=need)
    gone, limits = without_nurses(house(*both, nurses=2), 1)
    line = only(plan(gone, displaced=[], crowded=both, limits=limits))
    assert line.act is Act.TIME
    full = {TUESDAY: replace(gone.days[TUESDAY], starts_used=(0,) * 5 + (2,) * 27)}
    stuck = plan(replace(gone, days=full), displaced=[], crowded=both, limits=limits, earlier_from=at(TUESDAY, 20))
    assert {line.asks for line in stuck.lines} == {("nurse_starts",)}


def test_a_move_that_others_made_needless_is_taken_back() -> None:
    """A long crowd: the first to go solves half of it; the one who goes after solves all, so the first stays."""
    small = visit(1, 4, need=(50, 0, 0, 0), start_quarter=3, chair=ONE)
    large = visit(2, 4, need=(70, 70, 70, 70), start_quarter=2, chair=TWO, firmness=Firmness.CONFIRMED)
    third = visit(3, 5, need=(50, 50, 50, 50), start_quarter=0, chair=THREE, firmness=Firmness.HERE)
    gone, limits = without_nurses(house(small, large, third, nurses=2), 1)
    lines = plan(gone, displaced=[], crowded=[small, large, third], limits=limits).lines
    assert [line.upset for line in lines] == [large]


def test_an_absence_leaves_what_lies_before_and_after_it() -> None:
    def hours(first: int, last: int) -> Interval:
        return Interval(at(TUESDAY, 4 * first), at(TUESDAY, 4 * last))

    shift = Worked(interval=hours(0, 8), lunch=hours(4, 5))
    assert without(shift, hours(-2, 0)) == (shift,)
    assert without(shift, hours(0, 8)) == ()
    assert without(shift, hours(5, 9)) == (Worked(interval=hours(0, 5), lunch=hours(4, 5)),)
    assert without(shift, hours(2, 3)) == (
        Worked(interval=hours(0, 2)),
        Worked(interval=hours(3, 8), lunch=hours(4, 5)),
    )
    assert without(Worked(interval=hours(0, 8)), hours(-1, 4)) == (Worked(interval=hours(4, 8)),)
