"""A record of an infusion makes sense, or names what does not; a reaction is graded and its grade has its effects."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest

from regimens.domain.administration import (
    GivenFacts,
    GivenLot,
    GivenRate,
    Planned,
    actual_minutes,
    check_given,
    last_few,
    unaccounted_mg,
)
from regimens.domain.reactions import (
    WORDS,
    Effect,
    ReactionFacts,
    check_reaction,
    effects,
    forbids_immune_globulin,
    gained,
    onset_minutes,
    said,
)

START = datetime(2026, 11, 24, 15, tzinfo=UTC)
STOP = START + timedelta(hours=3)
NOW = STOP + timedelta(hours=1)
DAY = START.date()
GRAM = Fraction(1000)
LOT = GivenLot(lot_number="L1", expires_on=DAY, vial_mg=10 * GRAM, vials=3, ndc="00944-2700-05")
PLANNED = Planned(dose_mg=30 * GRAM, on=DAY, started_on=DAY, is_immune_globulin=True, mg_per_ml=Fraction(100))
FACTS = GivenFacts(
    dose_mg=30 * GRAM,
    started_at=START,
    stopped_at=STOP,
    is_complete=True,
    volume_ml=Fraction(300),
    lots=(LOT,),
    rates=(GivenRate(at=START, ml_per_hour=Fraction(35)), GivenRate(at=STOP, ml_per_hour=Fraction(2000))),
)


def found(facts: GivenFacts = FACTS, planned: Planned = PLANNED) -> list[tuple[str, str | None]]:
    return [(reason.code, reason.field) for reason in check_given(facts, planned, now=NOW)]


def lots(**changes: Any) -> GivenFacts:
    return replace(FACTS, lots=(replace(LOT, **changes),))


def rates(*pairs: tuple[int, int]) -> GivenFacts:
    made = (GivenRate(at=START + timedelta(minutes=at), ml_per_hour=Fraction(rate)) for at, rate in pairs)
    return replace(FACTS, rates=tuple(made))


def test_an_infusion_as_it_was_planned_is_kept() -> None:
    assert found() == []
    assert found(replace(FACTS, volume_ml=None, rates=())) == []
    assert found(replace(FACTS, stopped_at=START + timedelta(hours=24), rates=()), PLANNED)[0][0] == "stop_in_future"


@pytest.mark.parametrize(
    ("facts", "code", "field"),
    [
        (
            replace(FACTS, stopped_at=None, started_at=NOW + timedelta(minutes=1), rates=()),
            "start_in_future",
            "started_at",
        ),
        (replace(FACTS, stopped_at=None), "stop_missing", "stopped_at"),
        (replace(FACTS, stopped_at=START, rates=()), "stop_before_start", "stopped_at"),
        (replace(FACTS, stopped_at=NOW + timedelta(seconds=1)), "stop_in_future", "stopped_at"),
        (replace(FACTS, dose_mg=Fraction(-1), volume_ml=None), "bad_dose", "dose_mg"),
        (replace(FACTS, dose_mg=Fraction(0), volume_ml=None), "bad_dose", "dose_mg"),
        (replace(FACTS, lots=()), "lot_missing", "lots-0-lot_number"),
        (lots(lot_number=" "), "lot_missing", "lots-0-lot_number"),
        (lots(expires_on=None), "expiry_missing", "lots-0-expires_on"),
        (lots(expires_on=DAY - timedelta(days=1)), "lot_expired", "lots-0-expires_on"),
        (lots(expires_on=date(2037, 1, 1)), "expiry_too_far", "lots-0-expires_on"),
        (lots(vials=201), "bad_vials", "lots-0-vials"),
        (lots(wasted_mg=Fraction(-1)), "bad_waste", "lots-0-wasted_mg"),
        (lots(ndc="123"), "bad_ndc", "lots-0-ndc"),
        (lots(ndc="0094-270-05"), "bad_ndc", "lots-0-ndc"),
        (lots(vials=2), "dose_above_vials", "dose_mg"),
        (lots(vials=4, wasted_mg=Fraction(10_001)), "waste_above_vials", "lots-0-wasted_mg"),
        (lots(vials=4, wasted_mg=Fraction(40_001)), "waste_above_vials", "lots-0-wasted_mg"),
        (replace(FACTS, volume_ml=Fraction(0)), "bad_volume", "volume_ml"),
        (replace(FACTS, volume_ml=Fraction(-1)), "bad_volume", "volume_ml"),
        (replace(FACTS, volume_ml=Fraction(331)), "volume_mismatch", "volume_ml"),
        (replace(FACTS, volume_ml=Fraction(269)), "volume_mismatch", "volume_ml"),
        (rates((0, -1)), "bad_rate", "rates-0-ml_per_hour"),
        (rates((0, 2001)), "bad_rate", "rates-0-ml_per_hour"),
        (rates((-1, 10)), "rate_outside", "rates-0-at"),
        (rates((0, 10), (181, 10)), "rate_outside", "rates-1-at"),
        (rates((10, 10), (10, 20)), "rate_order", "rates-1-at"),
    ],
)
def test_what_cannot_be_right_is_said_at_its_field(facts: GivenFacts, code: str, field: str) -> None:
    assert [each for each in found(facts) if each != ("stop_missing", "stopped_at") or code == each[0]] == [
        (code, field)
    ]


def test_a_day_s_record_is_of_that_day_and_lasts_a_day_at_most() -> None:
    assert found(planned=replace(PLANNED, started_on=DAY - timedelta(days=1))) == [("start_other_day", "started_at")]
    long = replace(FACTS, started_at=NOW - timedelta(hours=24, seconds=1), stopped_at=NOW, rates=())
    assert found(long) == [("too_long", "stopped_at")]
    assert found(replace(long, started_at=NOW - timedelta(hours=24))) == []
    assert [code for code, _ in found(lots(vials=0))] == ["bad_vials"]
    assert [code for code, _ in found(lots(vial_mg=Fraction(0)))] == ["bad_vial"]


@pytest.mark.parametrize(
    ("facts", "is_allowed"),
    [
        (lots(expires_on=date(2036, 12, 31)), True),
        (lots(vials=3, ndc=""), True),
        (lots(vials=4, wasted_mg=Fraction(10_000)), True),
        (replace(FACTS, volume_ml=Fraction(330)), True),
        (replace(FACTS, volume_ml=Fraction(270)), True),
        (rates((0, 0), (180, 2000)), True),
        (lots(ndc="0944270005"), True),
    ],
)
def test_the_last_that_makes_sense_is_kept(facts: GivenFacts, is_allowed: bool) -> None:
    assert (found(facts) == []) is is_allowed


def test_a_dose_a_tenth_away_is_taken_and_more_wants_a_reason() -> None:
    def dose(grams: str, **changes: Any) -> list[str]:
        changed = replace(FACTS, dose_mg=Fraction(grams) * GRAM, volume_ml=None, lots=(replace(LOT, vials=9),))
        return [code for code, _ in found(replace(changed, **changes))]

    assert dose("33") == dose("27") == []
    assert dose("33.01") == ["dose_above_plan"]
    assert dose("33.01", stop_reason="Ordered by Dr Ito") == []
    assert dose("26.99") == ["dose_below_plan"]
    assert dose("26.99", stop_reason="A vial broke") == []
    assert dose("10", is_complete=False) == ["stop_reason_missing"]
    assert dose("10", is_complete=False, stop_reason="Chills") == []
    assert dose("0", is_complete=False, stop_reason="No vein", lots=()) == []
    (reason,) = check_given(
        replace(FACTS, dose_mg=40 * GRAM, volume_ml=None, lots=(replace(LOT, vials=4),)), PLANNED, now=NOW
    )
    assert not reason.is_hard
    assert "40 g is 33.33 % more than the planned 30 g" in reason.sentence


def test_other_drugs_are_said_in_milligrams_and_their_bag_is_left_alone() -> None:
    other = replace(PLANNED, is_immune_globulin=False)
    assert other.mass(GRAM) == "1000 mg"
    assert found(replace(FACTS, volume_ml=Fraction(9000)), other) == []
    assert found(replace(FACTS, volume_ml=Fraction(9000)), replace(PLANNED, mg_per_ml=None)) == []
    unplanned = replace(PLANNED, dose_mg=Fraction(0))
    assert found(planned=unplanned) == []


def test_what_nobody_gave_or_threw_away_is_counted() -> None:
    dose = 30 * GRAM
    assert unaccounted_mg(vials_mg=dose, dose_mg=dose, wasted_mg=Fraction(0)) == 0
    assert unaccounted_mg(vials_mg=40 * GRAM, dose_mg=dose, wasted_mg=4 * GRAM) == 6 * GRAM
    assert unaccounted_mg(vials_mg=Fraction(0), dose_mg=dose, wasted_mg=Fraction(0)) == 0
    assert actual_minutes(START, START + timedelta(seconds=90)) == 2
    assert actual_minutes(START, START + timedelta(seconds=89)) == 1
    assert last_few([1, 2, 3, 4, 5, 6]) == (1, 2, 3, 4, 5)


@pytest.mark.parametrize(
    ("grade", "expected"),
    [
        (1, {"noted"}),
        (2, {"noted", "prescriber_told", "slow_next"}),
        (3, {"noted", "prescriber_told", "slow_next", "held", "reported"}),
        (4, set(Effect)),
        (5, set(Effect)),
    ],
)
def test_each_grade_does_what_the_one_below_does_and_more(grade: int, expected: set[str]) -> None:
    assert effects(grade) == expected
    assert said(grade).endswith(".")
    assert ("on hold" in said(grade)) is (grade >= 3)
    assert ("blocked" in said(grade)) is (grade >= 4)


def test_each_grade_says_what_it_brings_beyond_the_one_below() -> None:
    assert gained(1) == WORDS[Effect.NOTED]
    assert gained(2) == f"{WORDS[Effect.PRESCRIBER_TOLD]} {WORDS[Effect.SLOW_NEXT]}"
    assert gained(3) == f"As grade 2. {WORDS[Effect.HELD]} {WORDS[Effect.REPORTED]}"
    assert gained(4) == f"As grade 3. {WORDS[Effect.BLOCKED]}"
    assert gained(5) == "As grade 4."
    assert said(1) == WORDS[Effect.NOTED]
    assert said(2) == gained(2)
    assert said(4) == f"{WORDS[Effect.HELD]} {WORDS[Effect.BLOCKED]}"


@pytest.mark.parametrize("grade", [0, 6, -1])
def test_there_is_no_other_grade(grade: int) -> None:
    with pytest.raises(ValueError, match="1 to 5"):
        effects(grade)


KINDS = ("headache", "other")
REACTION = ReactionFacts(kind="headache", grade=2, occurred_at=START + timedelta(minutes=40))


@pytest.mark.parametrize(
    ("changes", "code", "sentence"),
    [
        ({"kind": "boredom"}, "unknown_reaction", "Choose what happened from the list."),
        ({"grade": 0}, "bad_grade", "Choose a grade from 1 to 5."),
        ({"occurred_at": NOW + timedelta(1)}, "reaction_in_future", "It can't have begun in the future."),
        (
            {"occurred_at": START - timedelta(1)},
            "reaction_before_infusion",
            "It began before the infusion did. Check day and time.",
        ),
        ({"kind": "other"}, "reaction_unnamed", "Say what happened."),
    ],
)
def test_what_cannot_be_a_reaction_is_said_in_words(changes: dict[str, Any], code: str, sentence: str) -> None:
    (reason,) = check_reaction(replace(REACTION, **changes), kinds=KINDS, started_at=START, now=NOW)
    assert (reason.code, reason.sentence) == (code, sentence)


def wrong(started_at: datetime | None = START, **changes: Any) -> list[str | None]:
    reasons = check_reaction(replace(REACTION, **changes), kinds=KINDS, started_at=started_at, now=NOW)
    return [reason.field for reason in reasons]


def test_a_reaction_is_of_the_list_graded_and_after_the_start() -> None:
    assert wrong() == wrong(occurred_at=START) == wrong(occurred_at=NOW) == []
    assert wrong(kind="boredom", grade=6) == ["kind", "grade"]
    assert wrong(occurred_at=NOW + timedelta(seconds=1)) == ["occurred_at"]
    assert wrong(occurred_at=START - timedelta(seconds=1)) == ["occurred_at"]
    assert wrong(None, occurred_at=START - timedelta(days=900)) == []
    assert wrong(kind="other", description=" ") == ["description"]
    assert wrong(kind="other", description="Hiccups") == []


def test_a_reaction_two_months_later_is_no_longer_one_of_this_infusion() -> None:
    later = START + timedelta(days=60)
    for day, expected in ((later, []), (later + timedelta(seconds=1), ["reaction_too_late"])):
        facts = replace(REACTION, occurred_at=day)
        reasons = check_reaction(facts, kinds=KINDS, started_at=START, now=day)
        assert [reason.code for reason in reasons] == expected
        assert all("more than 60 days after the infusion" in reason.sentence for reason in reasons)


def test_the_onset_is_whole_minutes_from_the_start() -> None:
    assert onset_minutes(started_at=START, occurred_at=START + timedelta(seconds=119)) == 1
    assert onset_minutes(started_at=START, occurred_at=START - timedelta(minutes=5)) == 0
    assert onset_minutes(started_at=None, occurred_at=START) is None


@pytest.mark.parametrize(("grade", "is_fine"), [(1, False), (2, False), (3, True), (4, True)])
def test_there_is_no_mild_anaphylaxis(grade: int, is_fine: bool) -> None:
    facts = ReactionFacts(kind="anaphylaxis", grade=grade, occurred_at=START)
    reasons = check_reaction(facts, kinds=("anaphylaxis",), started_at=START, now=NOW)
    assert [reason.code for reason in reasons] == ([] if is_fine else ["grade_too_low"])


@pytest.mark.parametrize(
    ("kind", "is_immune_globulin", "is_forbidden"),
    [("anaphylaxis", True, True), ("headache", True, False), ("anaphylaxis", False, False)],
)
def test_anaphylaxis_to_one_immune_globulin_forbids_all(
    kind: str, is_immune_globulin: bool, is_forbidden: bool
) -> None:
    assert forbids_immune_globulin(kind=kind, is_immune_globulin=is_immune_globulin) is is_forbidden
