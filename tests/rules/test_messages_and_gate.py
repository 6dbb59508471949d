"""Messages leave at decent hours and say nothing about health; the gate lists every blocker in one order."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Reason
from messaging.domain.content import check_message
from messaging.domain.quiet_hours import QuietHours, next_allowed
from messaging.domain.reminders import reminder_times, wall_time
from messaging.domain.replies import is_opt_out
from patients.domain.cautions import contraindications, is_at_risk
from patients.domain.labs import LabRule, check_labs, is_valid
from patients.domain.months import add_months
from patients.domain.vaccines import live_vaccine_not_before
from scheduling.domain.clearance import (
    Findings,
    Hold,
    Light,
    check_consent,
    check_eligibility,
    check_weight_age,
    decide,
    decide_findings,
    held,
)
from scheduling.domain.staffing import concurrent_capacity, staggered_starts

CHICAGO = ZoneInfo("America/Chicago")
DAY = date(2026, 11, 24)
zones = st.sampled_from(["America/Chicago", "America/New_York", "Pacific/Honolulu", "America/St_Johns"]).map(ZoneInfo)
instants = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001


@given(instants, zones)
def test_no_message_leaves_in_quiet_hours_and_none_waits_longer_than_a_night(at: datetime, zone: ZoneInfo) -> None:
    sent = next_allowed(at, zone=zone)
    local = sent.astimezone(zone).time()
    assert time(8) <= local < time(21)
    assert timedelta(0) <= sent - at <= timedelta(hours=12)
    assert next_allowed(sent, zone=zone) == sent


def test_quiet_hours_may_lie_within_one_day_or_be_none() -> None:
    noon = datetime(2026, 11, 24, 12, 30, tzinfo=CHICAGO)
    siesta = QuietHours(time(12), time(14))
    assert next_allowed(noon, zone=CHICAGO, quiet=siesta) == noon.replace(hour=14, minute=0)
    assert next_allowed(noon, zone=CHICAGO, quiet=QuietHours(time(0), time(0))) == noon


@given(instants, zones)
def test_every_reminder_is_at_ten_local_and_before_the_visit(starts_at: datetime, zone: ZoneInfo) -> None:
    times = reminder_times(starts_at=starts_at, zone=zone)
    assert [at.astimezone(zone).time() for at in times] == [time(10)] * 3
    assert all(at < starts_at for at in times)
    assert list(times) == sorted(times)


def test_a_reminder_for_the_day_itself_is_left_out_when_the_visit_has_begun() -> None:
    early = datetime(2026, 11, 24, 8, 30, tzinfo=CHICAGO)
    assert len(reminder_times(starts_at=early, zone=CHICAGO, offsets_days=(1, 0))) == 1
    assert len(reminder_times(starts_at=early.replace(hour=11), zone=CHICAGO, offsets_days=(1, 0))) == 2


def test_a_wall_time_that_does_not_exist_moves_past_the_gap_and_one_that_exists_twice_is_the_first() -> None:
    assert wall_time(date(2026, 3, 8), time(2, 30), CHICAGO).astimezone(CHICAGO).time() == time(3, 30)
    assert wall_time(date(2026, 11, 1), time(1, 30), CHICAGO) == datetime(2026, 11, 1, 6, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("reply", "out"), [("Stop!", True), ("opt-out", True), ("please stop calling", False), ("", False)]
)
def test_an_opt_out_word_counts_however_it_is_written(reply: str, out: bool) -> None:
    assert is_opt_out(reply) is out


@pytest.mark.parametrize(
    "body",
    [
        "Your INFUSIONS are booked",
        "Your \uff29\uff36\uff29\uff27 is due",
        "Your in\u200bfusion is due",
        "After your ra visit",
    ],
)
def test_health_is_found_however_it_is_spelled(body: str) -> None:
    reasons = check_message(body, forbidden=["infusion", "ivig", "RA"])
    assert [reason.code for reason in reasons] == ["message_reveals_health"]


def test_a_short_word_inside_another_is_no_reason() -> None:
    assert check_message("Please arrive at ramp B", forbidden=["RA"]) == ()


def test_a_message_of_160_characters_fits_and_one_more_does_not() -> None:
    assert check_message("x" * 160) == ()
    assert [reason.code for reason in check_message("x" * 161)] == ["message_too_long"]
    assert check_message("x" * 500, max_length=None) == ()


def test_a_result_from_after_the_visit_does_not_count_for_it() -> None:
    assert not is_valid(taken_on=DAY + timedelta(days=1), service_on=DAY, valid_days=30)
    assert is_valid(taken_on=DAY - timedelta(days=5000), service_on=DAY, valid_days=None)


def test_each_missing_or_old_result_is_a_reason_of_its_own() -> None:
    rules = [LabRule("creatinine", "Creatinine", 30), LabRule("iga", "IgA", None), LabRule("cbc", "Blood count", 180)]
    taken_on = {"creatinine": DAY - timedelta(days=31), "cbc": DAY}
    reasons = check_labs(rules, taken_on=taken_on, service_on=DAY)
    assert [reason.sentence.split(" ")[0] for reason in reasons] == ["Creatinine", "IgA"]
    assert {reason.code for reason in reasons} == {"labs_expired"}


@pytest.mark.parametrize(("dose", "months"), [(300, 8), (401, 10), (1000, 10), (1001, 11), (5000, 11)])
def test_a_dose_between_two_rows_waits_as_long_as_the_larger(dose: int, months: int) -> None:
    assert live_vaccine_not_before(given_on=DAY, mg_per_kg=dose) == add_months(DAY, months)


def test_months_end_on_their_last_day() -> None:
    assert add_months(date(2026, 12, 31), 2) == date(2027, 2, 28)
    assert add_months(date(2028, 2, 29), 12) == date(2029, 2, 28)


def test_older_than_65_or_a_listed_condition_is_at_risk() -> None:
    assert not is_at_risk(age_years=65, flags=["latex_allergy"])
    assert is_at_risk(age_years=66, flags=[])
    assert is_at_risk(age_years=30, flags=["diabetes"])


def test_a_contraindication_may_belong_to_one_product_only() -> None:
    assert contraindications(product="privigen", flags=["hyperprolinaemia"]) == ("hyperprolinaemia",)
    assert contraindications(product="gamunex_c", flags=["hyperprolinaemia", "iga_deficiency"]) == ()


def test_a_clear_visit_is_green() -> None:
    assert decide_findings(Findings()).light is Light.GREEN


def test_only_amber_reasons_make_amber_and_one_red_makes_red() -> None:
    amber = replace(Findings(), is_eligibility_verified=False, has_recent_weight=False)
    assert decide_findings(amber).light is Light.AMBER
    assert not any(reason.is_hard for reason in decide_findings(amber).reasons)
    assert decide_findings(replace(amber, has_drug=False)).light is Light.RED


def test_a_hard_contraindication_is_hard_and_comes_last() -> None:
    clearance = decide([held(Hold.HARD_CONTRAINDICATION), held(Hold.WEIGHT_OUTDATED), Reason("auth_not_valid", "No.")])
    assert [reason.code for reason in clearance.reasons] == [
        "auth_not_valid",
        "weight_outdated",
        "hard_contraindication",
    ]
    assert clearance.reasons[-1].is_hard


def test_a_code_the_gate_does_not_know_still_stops_the_visit() -> None:
    assert decide([Reason("something_new", "Look at this.")]).light is Light.RED


def test_every_hold_of_the_gate_has_a_sentence() -> None:
    assert all(held(hold).sentence.endswith(".") for hold in Hold)


def test_insurance_verified_last_month_does_not_count_this_month() -> None:
    assert check_eligibility(verified_on=date(2026, 11, 1), service_on=date(2026, 11, 30)) == ()
    assert check_eligibility(verified_on=date(2026, 11, 30), service_on=date(2026, 12, 1)) != ()
    assert check_eligibility(verified_on=None, service_on=DAY) != ()


def test_consent_lasts_a_year() -> None:
    assert check_consent(signed_on=date(2025, 11, 25), service_on=DAY) == ()
    assert check_consent(signed_on=date(2025, 11, 24), service_on=DAY) != ()


@pytest.mark.parametrize(("days", "is_child", "held_back"), [(90, False, False), (91, False, True), (31, True, True)])
def test_a_child_is_weighed_more_often(days: int, is_child: bool, held_back: bool) -> None:
    reasons = check_weight_age(measured_on=DAY - timedelta(days=days), service_on=DAY, is_child=is_child)
    assert bool(reasons) is held_back


def test_lunch_and_first_doses_shrink_what_nurses_can_hold() -> None:
    found = concurrent_capacity(
        nurses=2, patients_per_nurse=4, nurses_at_lunch=1, first_doses=1, others=3, first_dose_weight=2
    )
    assert (found.fits, found.fits_at_lunch) == (True, False)


def test_nobody_is_started_without_a_nurse() -> None:
    with pytest.raises(ValueError, match="at least one nurse"):
        staggered_starts(opens_at=datetime(2026, 11, 24, tzinfo=UTC), patients=3, nurses=0, slot_minutes=15)
