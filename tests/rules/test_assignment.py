"""Which nurse takes which visit."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from core.intervals import QUARTER, Interval
from scheduling.domain.assignment import (
    WHOLE,
    Carried,
    NurseDay,
    Stay,
    asked_skills,
    best_nurse,
    carried_by,
    may_take,
    propose,
)

SEVEN = datetime(2026, 3, 2, 7, tzinfo=UTC)


def at(quarter: int) -> datetime:
    return SEVEN + quarter * QUARTER


def nurse(number: int, *, begins: int = 0, ends: int = 40, lunch: int | None = None, **fields: object) -> NurseDay:
    away = None if lunch is None else Interval(at(lunch), at(lunch + 2))
    return NurseDay(
        nurse_id=UUID(int=number),
        name=f"Nurse {number}",
        shift=Interval(at(begins), at(ends)),
        lunch=away,
        **fields,  # type: ignore[arg-type]
    )


def stay(number: int, starts: int = 4, need: tuple[int, ...] = (50, 40, 20), **fields: object) -> Stay:
    return Stay(visit_id=UUID(int=1000 + number), starts_at=at(starts), need=need, **fields)  # type: ignore[arg-type]


def test_a_nurse_must_be_there_when_the_patient_is_seated_and_started() -> None:
    assert may_take(nurse(1), stay(1))
    assert not may_take(nurse(1, begins=5), stay(1))
    assert not may_take(nurse(1, ends=4), stay(1))
    assert not may_take(nurse(1, lunch=4), stay(1))
    assert may_take(nurse(1, lunch=2), stay(1))
    assert may_take(nurse(1, lunch=5), stay(1))
    assert not may_take(nurse(1, lunch=5), stay(1, start_quarter=1))


def test_skills_count_only_where_the_clinic_lists_them() -> None:
    listed = [nurse(1, skills=frozenset({"port"})), nurse(2)]
    assert asked_skills({"port", "first_dose"}, listed) == {"port"}
    assert asked_skills({"port"}, [nurse(2)]) == frozenset()
    wanting = stay(1, skills=frozenset({"port"}))
    assert [may_take(one, wanting) for one in listed] == [True, False]
    assert best_nurse(wanting, [nurse(2)], {}) is None


def test_who_carries_least_is_best_and_names_break_ties() -> None:
    two = [nurse(2), nurse(1)]
    assert best_nurse(stay(1), two, {}) == UUID(int=1)
    carried = carried_by([stay(9, starts=20, nurse_id=UUID(int=1))])
    assert best_nurse(stay(1), two, carried) == UUID(int=2)


def test_nobody_is_asked_for_more_than_one_nurse_while_another_has_room() -> None:
    carried = carried_by(
        [stay(8, need=(80,), nurse_id=UUID(int=1)), stay(9, starts=20, need=(90, 90), nurse_id=UUID(int=2))]
    )
    assert best_nurse(stay(1), [nurse(1), nurse(2)], carried) == UUID(int=2)


def test_who_stays_to_the_end_goes_before_who_leaves() -> None:
    carried = carried_by([stay(9, starts=20, nurse_id=UUID(int=2))])
    assert best_nurse(stay(1), [nurse(1, ends=6), nurse(2)], carried) == UUID(int=2)
    assert best_nurse(stay(1), [nurse(1, ends=7), nurse(2)], carried) == UUID(int=1)


def test_what_is_carried_adds_up() -> None:
    both = carried_by([stay(1, nurse_id=UUID(int=1)), stay(2, starts=5, nurse_id=UUID(int=1)), stay(3)])
    assert set(both) == {UUID(int=1)}
    carried = both[UUID(int=1)]
    assert (carried.weight, carried.visits, carried.peak) == (220, 2, 90)
    assert (Carried().peak, Carried().too_much_with(stay(1, need=()))) == (0, 0)
    assert carried.too_much_with(stay(4, starts=5, need=(10,))) == 0
    assert carried.too_much_with(stay(4, starts=5, need=(11,))) == 1


def test_who_has_a_nurse_keeps_them_and_nobody_may_mean_nobody() -> None:
    kept = stay(1, nurse_id=UUID(int=77))
    early = stay(2, starts=-4)
    assert propose([kept, early], [nurse(1)]) == {kept.visit_id: UUID(int=77), early.visit_id: None}


nurses = st.lists(
    st.tuples(
        st.integers(0, 12),
        st.integers(16, 40),
        st.one_of(st.none(), st.integers(8, 24)),
        st.frozensets(st.sampled_from(["port", "first_dose"])),
    ),
    min_size=1,
    max_size=5,
).map(
    lambda rows: [
        nurse(number, begins=begins, ends=ends, lunch=lunch, skills=skills)
        for number, (begins, ends, lunch, skills) in enumerate(rows)
    ]
)
stays = st.lists(
    st.tuples(
        st.integers(0, 30),
        st.lists(st.integers(1, WHOLE), min_size=1, max_size=12),
        st.integers(0, 3),
        st.frozensets(st.sampled_from(["port", "first_dose"]), max_size=1),
    ),
    max_size=20,
).map(
    lambda rows: [
        stay(number, starts, tuple(need), start_quarter=min(start, len(need) - 1), skills=skills)
        for number, (starts, need, start, skills) in enumerate(rows)
    ]
)


@given(stays, nurses, st.randoms(use_true_random=False))
def test_everybody_has_a_nurse_who_may_in_whatever_order_they_come(
    visits: list[Stay], team: list[NurseDay], chance: object
) -> None:
    found = propose(visits, team)
    shuffled, other_team = list(visits), list(team)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    chance.shuffle(other_team)  # type: ignore[attr-defined]
    assert propose(shuffled, other_team) == found
    by_id = {one.nurse_id: one for one in team}
    for visit in visits:
        chosen = found[visit.visit_id]
        able = [one for one in team if may_take(one, visit)]
        assert (chosen is None) == (not able)
        if chosen is not None:
            assert by_id[chosen] in able
            lunch = by_id[chosen].lunch
            assert lunch is None or not any(lunch.contains(moment) for moment in visit.hands_on_at)


@given(st.lists(st.integers(1, 30), max_size=20), st.integers(1, 5))
def test_loads_that_never_meet_differ_by_no_more_than_the_heaviest(sizes: list[int], count: int) -> None:
    """With room for all, nobody carries more than another by more than one visit."""
    visits = [stay(number, need=(size,) * 2) for number, size in enumerate(sizes)]
    team = [nurse(number) for number in range(count)]
    spread = [stay_at(visit, place) for place, visit in enumerate(visits)]
    found = propose(spread, team)
    totals = {one.nurse_id: 0 for one in team}
    for visit in spread:
        chosen = found[visit.visit_id]
        assert chosen is not None
        totals[chosen] += visit.weight
    assert max(totals.values()) - min(totals.values()) <= max((visit.weight for visit in spread), default=0)


def stay_at(visit: Stay, place: int) -> Stay:
    """The same load at a time of its own, so that no two meet."""
    return Stay(visit_id=visit.visit_id, starts_at=SEVEN + timedelta(minutes=30 * place), need=visit.need)
