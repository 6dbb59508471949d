"""Each question of the clearance gate, at its thresholds; and who may go ahead against which answer."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from core.errors import Reason
from core.sourced import Confidence
from patients.domain.months import add_months
from scheduling.domain.clearance import (
    AMBER,
    NEVER,
    SENTENCE_LENGTH,
    Authority,
    Hold,
    Light,
    Overridden,
    authority,
    check_consent,
    check_eligibility,
    check_weight_age,
    decide,
    decide_with,
    held,
    level,
)
from scheduling.domain.clearance_checks import (
    CheckFacts,
    IntervalFacts,
    LabFact,
    OrderFacts,
    check_contraindications,
    check_diary,
    check_findings,
    check_interval,
    check_order,
    check_plan,
    check_reactions,
    check_rems,
    check_required_labs,
    check_rest_of_course,
    check_same_day,
    check_weight_change,
    ordered_weight,
)
from scheduling.domain.infusion_check import (
    Concern,
    concern_hint,
    concern_label,
    grounds,
    in_words,
    is_readable,
    unreadable,
)

DAY = date(2026, 11, 24)


def ago(days: int) -> date:
    return DAY - timedelta(days=days)


def codes(reasons: tuple[Reason, ...]) -> list[str]:
    return [reason.code for reason in reasons]


ORDER = OrderFacts(
    status="active",
    status_reason="",
    signed_on=ago(10),
    starts_on=ago(10),
    valid_until=DAY,
    course_number=4,
    course_limit=4,
)


@pytest.mark.parametrize(
    ("changes", "expected", "says"),
    [
        ({}, [], ""),
        ({"starts_on": DAY}, [], ""),
        ({"signed_on": DAY + timedelta(days=1)}, ["order_inactive"], "only counts from 25 Nov 2026"),
        ({"starts_on": DAY + timedelta(days=1)}, ["order_inactive"], "only counts from"),
        ({"status": "on_hold", "status_reason": "Reaction."}, ["order_inactive"], "on hold: Reaction. A"),
        ({"status": "on_hold"}, ["order_inactive"], "no reason was written down"),
        ({"status": "draft"}, ["order_inactive"], "still a draft"),
        ({"status": "strange"}, ["order_inactive"], "not active"),
        ({"valid_until": ago(1)}, ["order_expired"], "ended on 23 Nov 2026"),
        ({"course_number": 5}, ["order_expired"], "for 4 courses and this would be number 5"),
        ({"course_number": 5, "course_limit": None}, [], ""),
        ({"status": "ended", "valid_until": ago(1)}, ["order_inactive", "order_expired"], "ended"),
    ],
)
def test_an_order_counts_from_its_start_to_its_last_day_and_course(
    changes: dict[str, Any], expected: list[str], says: str
) -> None:
    reasons = check_order(replace(ORDER, **changes), service_on=DAY)
    assert codes(reasons) == expected
    assert says in " ".join(reason.sentence for reason in reasons)


CREATININE: dict[str, Any] = {"code": "creatinine", "name": "Creatinine", "valid_days": 90, "low": "0.4", "high": "1.5"}


def lab(days: int = 0, value: str | None = "1.0") -> LabFact:
    return LabFact(taken_on=ago(days), value=None if value is None else Decimal(value), unit="mg/dL")


@pytest.mark.parametrize(
    ("latest", "at_risk", "expected"),
    [
        (None, False, "labs_expired"),
        (lab(-1), False, "labs_expired"),
        (lab(90), False, None),
        (lab(91), False, "labs_expired"),
        (lab(30), True, None),
        (lab(31), True, "labs_expired"),
        (lab(value="0.4"), False, None),
        (lab(value="1.5"), False, None),
        (lab(value="0.39"), False, "labs_out_of_range"),
        (lab(value="1.51"), False, "labs_out_of_range"),
        (lab(value=None), False, None),
    ],
)
def test_a_test_is_on_file_in_date_and_in_range(latest: LabFact | None, at_risk: bool, expected: str | None) -> None:
    found = {} if latest is None else {"creatinine": latest}
    reasons = check_required_labs([CREATININE], latest=found, service_on=DAY, is_at_risk=at_risk)
    assert codes(reasons) == ([expected] if expected else [])
    assert all(level(reason) is Light.RED for reason in reasons)


def test_a_minor_test_makes_amber_and_its_limits_may_be_open() -> None:
    minor = CREATININE | {"is_minor": True, "valid_days": None, "low": "", "high": None}
    (reason,) = check_required_labs([minor], latest={}, service_on=DAY, is_at_risk=True)
    assert (level(reason), authority(reason)) == (Light.AMBER, Authority.NURSE)
    old = {"creatinine": lab(4000, "99")}
    assert check_required_labs([minor], latest=old, service_on=DAY, is_at_risk=True) == ()
    unnamed: dict[str, Any] = {"code": "iga"}
    (reason,) = check_required_labs([unnamed], latest={}, service_on=DAY, is_at_risk=False)
    assert reason.sentence.startswith("iga is not on file")
    other = {"code": "igg", "valid_days": 180}
    assert check_required_labs([other], latest={"igg": lab(100)}, service_on=DAY, is_at_risk=True) == ()


def test_a_result_says_its_value_its_unit_and_the_limit_it_breaks() -> None:
    reasons = check_required_labs(
        [CREATININE], latest={"creatinine": LabFact(DAY, Decimal("2.00"), "")}, service_on=DAY, is_at_risk=False
    )
    assert "Creatinine of 24 Nov 2026 is 2, above the order's limit of 1.5." in reasons[0].sentence


def test_a_positive_screen_holds_the_visit_in_its_own_words() -> None:
    screen: dict[str, Any] = {"code": "hbsag", "name": "HBsAg", "valid_days": None}
    positive = LabFact(DAY, None, "", text="Positive", expects="negative")
    (reason,) = check_required_labs([screen], latest={"hbsag": positive}, service_on=DAY, is_at_risk=False)
    assert reason.code == "labs_out_of_range"
    assert "is “Positive”, where the order needs a negative result." in reason.sentence


@pytest.mark.parametrize(
    ("latest", "expected"), [("88", []), ("88.1", ["weight_changed"]), ("71.9", ["weight_changed"])]
)
def test_a_weight_more_than_a_tenth_away_is_looked_at(latest: str, expected: list[str]) -> None:
    assert codes(check_weight_change(ordered_kg=Decimal(80), latest_kg=Decimal(latest))) == expected


def test_a_weight_nobody_knows_did_not_change() -> None:
    assert check_weight_change(ordered_kg=None, latest_kg=Decimal(80)) == ()
    assert check_weight_change(ordered_kg=Decimal(80), latest_kg=None) == ()
    assert "(+12 %)" in check_weight_change(ordered_kg=Decimal(80), latest_kg=Decimal("89.6"))[0].sentence
    assert ordered_weight(measured_kg=Decimal(90), dosing_kg=Decimal(70), is_actual=False) == 90
    assert ordered_weight(measured_kg=None, dosing_kg=Decimal(70), is_actual=True) == 70
    assert ordered_weight(measured_kg=None, dosing_kg=Decimal(70), is_actual=False) is None


COURSE = IntervalFacts(
    earliest_on=DAY,
    latest_on=DAY + timedelta(days=6),
    last_given_on=ago(21),
    minimum_interval_days=21,
    interval_days=21,
    is_immune_globulin=True,
)


@pytest.mark.parametrize(
    ("changes", "service", "expected"),
    [
        ({}, 0, []),
        ({}, -1, ["too_early"]),
        ({"minimum_interval_days": 22}, 0, ["too_early"]),
        ({"minimum_interval_days": 22}, 1, []),
        ({"last_given_on": None}, 0, []),
        ({"last_given_on": None}, -1, ["too_early"]),
        ({}, 21, []),
        ({}, 22, ["too_late_reassess"]),
        ({"interval_days": None, "minimum_interval_days": None}, 35, []),
        ({"interval_days": None, "minimum_interval_days": None}, 36, ["too_late_reassess"]),
        ({"interval_days": None, "is_immune_globulin": False}, 900, []),
    ],
)
def test_a_date_is_neither_too_soon_nor_so_late_that_the_patient_is_reassessed(
    changes: dict[str, Any], service: int, expected: list[str]
) -> None:
    assert codes(check_interval(replace(COURSE, **changes), service_on=DAY + timedelta(days=service))) == expected


def check(*, drug: bool = True, concerns: tuple[str, ...] = (), celsius: str | None = None) -> list[str]:
    warmth = None if celsius is None else Decimal(celsius)
    return codes(check_findings(CheckFacts(drug, concerns, warmth), is_asked=True))


def test_the_nurse_s_check_holds_for_a_missing_drug_a_concern_that_holds_and_fever() -> None:
    assert check() == check(celsius="37.9") == check(concerns=("vaccine", "nonsense")) == []
    assert check(celsius="38.0") == check(concerns=("fever_infection",)) == ["acute_illness"]
    assert check(drug=False, celsius="40") == ["drug_not_available", "acute_illness"]
    unwell = CheckFacts(True, ("pregnancy", "fever_infection"), Decimal("39.5"))
    assert check_findings(unwell, is_asked=True)[0].sentence == (
        "Fever or infection; Pregnant or may be; Temperature 39.5 °C. Ask the prescriber before starting."
    )
    assert codes(check_findings(None, is_asked=True)) == ["check_missing"]
    assert check_findings(None, is_asked=False) == ()
    assert all(concern_label(concern) for concern in Concern)
    assert concern_hint(Concern.DRY) == "hydrate first"
    assert sum(concern.holds for concern in Concern) == 7


def test_every_question_names_the_ground_on_which_it_holds_or_not() -> None:
    found = grounds()
    assert list(found) == list(Concern)
    assert all(setting.source and setting.confidence in set(Confidence) for setting in found.values())
    assert [concern for concern, setting in found.items() if setting.value] == [c for c in Concern if c.holds]


@pytest.mark.parametrize(("celsius", "can_be"), [("29.9", False), ("30", True), ("45", True), ("45.1", False)])
def test_a_temperature_that_no_patient_has_was_misread(celsius: str, can_be: bool) -> None:
    assert is_readable(Decimal(celsius)) is can_be
    assert unreadable() == "Enter a temperature between 30 and 45 °C, such as 36.8."


@pytest.mark.parametrize(
    ("enrolment", "is_complete"),
    [
        (("touch", DAY, DAY), True),
        (("touch", ago(1), None), True),
        (("touch", DAY + timedelta(days=1), None), False),
        (("touch", ago(9), ago(1)), False),
        (("touch prescribing programme", ago(9), None), False),
        (("tyruko", ago(9), None), False),
        (("REMS", ago(9), None), False),
    ],
)
def test_a_safety_programme_needs_an_enrolment_that_counts_that_day(
    enrolment: tuple[str, date, date | None], is_complete: bool
) -> None:
    reasons = check_rems(code="touch", name="TOUCH", enrolments=[enrolment], service_on=DAY)
    assert (reasons == ()) is is_complete


@pytest.mark.parametrize(
    ("name", "grade", "is_released", "expected"),
    [
        ("privigen", 2, False, []),
        ("privigen", 3, False, ["open_adverse_event"]),
        ("privigen", 3, True, []),
        ("privigen", 4, True, ["hard_contraindication"]),
        ("privigen", 4, False, ["open_adverse_event", "hard_contraindication"]),
        ("asceniv", 4, True, []),
        ("asceniv", 3, False, ["open_adverse_event"]),
    ],
)
def test_a_serious_reaction_holds_until_released_and_grade_4_for_good(
    name: str, grade: int, is_released: bool, expected: list[str]
) -> None:
    assert codes(check_reactions([(name, grade, DAY, is_released)], product="privigen")) == expected


def test_each_contraindication_is_a_hard_stop_of_its_own() -> None:
    reasons = check_contraindications(["Anaphylaxis to immune globulin", "Hyperprolinaemia"])
    assert codes(reasons) == ["hard_contraindication"] * 2
    assert reasons[1].sentence == "Hyperprolinaemia: this product must not be given. The order has to change."
    assert all(authority(reason) is Authority.NOBODY for reason in reasons)


@pytest.mark.parametrize(
    ("verified", "service", "is_held"),
    [
        (date(2026, 12, 1), date(2026, 12, 31), False),
        (date(2026, 12, 2), date(2026, 12, 1), True),
        (date(2026, 11, 30), date(2026, 12, 1), True),
        (date(2025, 12, 15), date(2026, 12, 15), True),
        (DAY, DAY, False),
    ],
)
def test_insurance_counts_in_its_month(verified: date, service: date, is_held: bool) -> None:
    assert bool(check_eligibility(verified_on=verified, service_on=service)) is is_held
    assert bool(check_eligibility(verified_on=service, service_on=service, valid_days=0)) is False


def test_insurance_counts_for_so_many_days_within_the_month() -> None:
    early = date(2026, 12, 1)
    assert check_eligibility(verified_on=early, service_on=date(2026, 12, 8), valid_days=7) == ()
    assert check_eligibility(verified_on=early, service_on=date(2026, 12, 9), valid_days=7) != ()


def test_a_consent_counts_from_its_day_until_the_same_day_of_the_next_year() -> None:
    assert check_consent(signed_on=DAY, service_on=DAY) == ()
    assert check_consent(signed_on=DAY, service_on=ago(1)) != ()
    assert check_consent(signed_on=DAY, service_on=add_months(DAY, 12) - timedelta(days=1)) == ()
    assert check_consent(signed_on=DAY, service_on=add_months(DAY, 12)) != ()
    (missing,) = check_consent(signed_on=None, service_on=DAY)
    assert (missing.code, missing.sentence) == (
        "consent_missing",
        "No consent is on file. Have the patient sign one.",
    )
    (old,) = check_consent(signed_on=ago(400), service_on=DAY)
    assert old.code == "consent_missing"
    assert old.sentence.startswith("The consent of 20 Oct 2025 counts for 12 months.")


@pytest.mark.parametrize(("days", "is_child", "is_held"), [(0, False, False), (-1, False, True), (30, True, False)])
def test_a_weight_from_after_the_visit_counts_for_nothing(days: int, is_child: bool, is_held: bool) -> None:
    assert bool(check_weight_age(measured_on=ago(days), service_on=DAY, is_child=is_child)) is is_held
    assert "No weight is on file" in check_weight_age(measured_on=None, service_on=DAY, is_child=is_child)[0].sentence


def test_who_may_go_ahead_against_each_reason() -> None:
    found = {hold: authority(held(hold)) for hold in Hold}
    assert {hold for hold, who in found.items() if who is Authority.NURSE} == AMBER
    assert {hold for hold, who in found.items() if who is Authority.NOBODY} == NEVER
    assert {hold for hold, who in found.items() if who is Authority.PRESCRIBER} == {
        Hold.LABS_EXPIRED,
        Hold.LABS_OUT_OF_RANGE,
        Hold.TOO_EARLY,
        Hold.TOO_LATE_REASSESS,
        Hold.PLAN_UNDECIDED,
        Hold.DIARY_UNSEEN,
        Hold.ACUTE_ILLNESS,
    }
    assert found[Hold.CONSENT_MISSING] is found[Hold.FREQUENCY_LIMIT] is Authority.MANAGER
    assert authority(Reason("something_new", "Look.")) is Authority.NOBODY
    assert all(who.who for who in Authority)


def test_an_override_speaks_for_the_very_sentence_and_never_for_what_nobody_may() -> None:
    early, stop = held(Hold.TOO_EARLY, "x" * 400), held(Hold.HARD_CONTRAINDICATION)
    given = [Overridden(each.code, each.sentence[:SENTENCE_LENGTH], "I saw them", "Dr Ito") for each in (early, stop)]
    found = decide_with([stop, early], given)
    assert (found.light, codes(found.reasons)) == (Light.RED, ["hard_contraindication"])
    assert [one.code for one in found.overridden] == ["too_early"]
    assert decide_with([early], given).is_cleared
    assert codes(decide_with([held(Hold.TOO_EARLY, "Worse now.")], given).reasons) == ["too_early"]
    assert decide_with([early], []) == decide([early])
    assert decide_with([], given).overridden == ()


def test_one_dose_of_a_product_a_day() -> None:
    assert check_same_day(given_on={ago(1), ago(-1)}, service_on=DAY) == ()
    (reason,) = check_same_day(given_on={ago(1), DAY}, service_on=DAY)
    assert (reason.code, reason.sentence.partition(" was")[0]) == ("too_early", "A dose of this product")


@pytest.mark.parametrize(("days", "begun", "is_held"), [(2, 8, False), (2, 9, True), (5, 11, False), (5, 12, True)])
def test_the_rest_of_a_course_follows_its_first_day(days: int, begun: int, is_held: bool) -> None:
    found = check_rest_of_course(begun_on=ago(begun), days=days, service_on=DAY)
    assert codes(found) == (["too_late_reassess"] if is_held else [])
    assert all(f"course of {days} days" in reason.sentence for reason in found)


def test_a_changed_plan_holds_until_somebody_decides() -> None:
    assert check_plan(()) == ()
    (changed,) = check_plan(("a reaction", "an edit"))
    assert (changed.code, "a reaction; an edit." in changed.sentence) == ("plan_undecided", True)
    (stuck,) = check_plan((), stuck="No vials.")
    assert "could not follow what happened: No vials. Ask" in stuck.sentence


def test_each_sign_in_the_diary_that_nobody_saw_holds() -> None:
    assert check_diary(()) == ()
    found = check_diary([("chest pain", ago(2)), ("swollen leg", ago(1))])
    assert codes(found) == ["diary_unseen"] * 2
    assert "chest pain" in found[0].sentence


def test_a_check_is_kept_in_words() -> None:
    assert in_words([], None, "") == "Nothing to report"
    assert in_words(["fever_infection"], Decimal("39.2"), " seen ") == "Fever or infection; 39.2 °C; seen"
