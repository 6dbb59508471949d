"""The demo clinic wakes at mid-morning on a working day, whatever the hour or weekday outside."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infusion_clinic.demo import clock

instants = st.datetimes(datetime(2024, 1, 1), datetime(2032, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


def local(text: str) -> datetime:
    """A clinic wall-clock time as an instant."""
    return datetime.fromisoformat(text).replace(tzinfo=clock.ZONE).astimezone(UTC)


@pytest.mark.parametrize(
    ("outside", "wakes"),
    [
        ("2026-11-18T03:00", "2026-11-18T10:30"),  # Wednesday, in the night
        ("2026-11-18T23:59", "2026-11-18T10:30"),
        ("2026-11-21T12:00", "2026-11-23T10:30"),  # Saturday
        ("2026-11-22T12:00", "2026-11-23T10:30"),  # Sunday
        ("2026-03-07T12:00", "2026-03-09T10:30"),  # the clocks go forward in between
        ("2026-10-31T12:00", "2026-11-02T10:30"),  # and back
    ],
)
def test_a_new_clinic_wakes_today_or_on_the_coming_monday(outside: str, wakes: str) -> None:
    waking = clock.wake(real_now=local(outside), last_seen=None)
    assert waking.at == local(wakes)
    assert not waking.must_catch_up


def test_midnight_in_utc_is_still_yesterday_in_the_clinic() -> None:
    waking = clock.wake(real_now=datetime(2026, 11, 19, 2, 0, tzinfo=UTC), last_seen=None)
    assert waking.at == local("2026-11-18T10:30")


def test_a_clinic_stopped_during_the_day_goes_on_where_it_was() -> None:
    seen = local("2026-11-18T14:59")
    waking = clock.wake(real_now=local("2026-12-24T20:00"), last_seen=seen)
    assert waking == clock.Waking(at=seen, must_catch_up=False)


@pytest.mark.parametrize(
    ("seen", "wakes"),
    [
        ("2026-11-18T15:00", "2026-11-19T10:30"),
        ("2026-11-18T23:00", "2026-11-19T10:30"),
        ("2026-11-20T15:01", "2026-11-23T10:30"),  # Friday afternoon
        ("2026-11-21T09:00", "2026-11-23T10:30"),  # left running into Saturday
        ("2026-03-06T16:00", "2026-03-09T10:30"),
    ],
)
def test_a_clinic_whose_day_was_done_wakes_on_the_next_working_morning(seen: str, wakes: str) -> None:
    waking = clock.wake(real_now=local("2026-11-18T12:00"), last_seen=local(seen))
    assert waking.at == local(wakes)
    assert waking.must_catch_up


def test_the_offset_leads_from_the_real_time_to_the_clinics() -> None:
    real = local("2026-11-21T22:30")
    assert clock.wake(real_now=real, last_seen=None).offset_seconds(real) == 36 * 3600


@given(real=instants, seen=st.none() | instants)
def test_the_clinic_always_wakes_on_a_working_day_and_never_in_its_past(real: datetime, seen: datetime | None) -> None:
    waking = clock.wake(real_now=real, last_seen=seen)
    wall = waking.at.astimezone(clock.ZONE)
    assert wall.isoweekday() <= 5
    assert wall.time() < clock.WORK_IS_DONE
    if seen is not None:
        assert waking.at >= seen
        assert clock.wake(real_now=real, last_seen=waking.at) == clock.Waking(at=waking.at, must_catch_up=False)
