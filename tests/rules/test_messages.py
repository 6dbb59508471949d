"""What leaves the house: numbers a gateway takes, wordings that cannot be broken, and how long a try waits."""

from datetime import datetime

import pytest

from messaging.domain.addresses import phone_number
from messaging.domain.content import check_header
from messaging.domain.kinds import KINDS, kind_of
from messaging.domain.pace import Pace
from messaging.domain.quiet_hours import next_allowed
from messaging.domain.reminders import reminder_times
from messaging.domain.states import NEEDS_ATTENTION, OPEN, Channel, MessageState
from messaging.domain.wording import MissingParameterError, Wording, fill
from tests.rules.test_messages_and_gate import CHICAGO


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("(312) 555-0142", "+13125550142"),
        ("1 312 555 0142", "+13125550142"),
        ("+44 20 7946 0958", "+442079460958"),
        (" +1 312.555.0142 ", "+13125550142"),
        ("+0 312 555 0142", None),
        ("+1234567", None),
        ("+12345678", "+12345678"),
        ("+123456789012345", "+123456789012345"),
        ("+1234567890123456", None),
        ("112 555 0142", None),
        ("123 555 0142", None),
        ("2 312 555 0142", None),
        ("312 555 014", None),
        ("ask at the desk", None),
        ("", None),
    ],
)
def test_a_number_is_plainly_one_or_refused(text: str, number: str | None) -> None:
    assert phone_number(text) == number


def test_a_line_break_never_becomes_a_header() -> None:
    assert check_header("Your visit – 24 November") == ()
    for text in ("Visit\r\nBcc: x@example.org", "Visit\x00", "Visit\u2028", "Visit\u2029"):
        assert [reason.code for reason in check_header(text)] == ["bad_header"]


def test_a_wording_is_filled_once_and_never_read_again() -> None:
    wording = Wording(subject="{clinic}", email="Hello {first}, {{ first }} {0} %s", sms="{first}")
    assert wording.placeholders == {"clinic", "first"}
    assert fill("Hi {first} {0} {first.x}", {"first": "{clinic}"}) == "Hi {clinic} {0} {first.x}"
    with pytest.raises(MissingParameterError, match="clinic"):
        fill("{clinic}", {"first": "Ana"})


def test_a_code_goes_out_at_night_and_is_never_repeated() -> None:
    code = KINDS["sign_in.code"]
    assert (code.waits_for_day, code.needs_consent, code.may_repeat) == (False, False, False)
    assert kind_of("visit.moved") is KINDS["visit.moved"]
    other = kind_of("something.quite_new")
    assert (other.label, other.waits_for_day, other.needs_consent) == ("Something quite new", True, False)


def test_waits_double_up_to_the_longest_and_are_spread_by_half() -> None:
    pace = Pace()
    assert [pace.wait_seconds(n, jitter=0.5) for n in (1, 2, 3)] == [30, 60, 120]
    assert pace.wait_seconds(99, jitter=0.5) == 6 * 3600
    assert (pace.wait_seconds(1, jitter=0), pace.wait_seconds(1, jitter=1)) == (15, 45)
    assert (pace.working_seconds, pace.conversation_seconds) == (40, 200)


def test_times_without_a_zone_are_errors_and_not_guesses() -> None:
    noon = datetime(2026, 11, 24, 12)  # noqa: DTZ001
    with pytest.raises(ValueError, match="time zone"):
        next_allowed(noon, zone=CHICAGO)
    with pytest.raises(ValueError, match="time zone"):
        reminder_times(starts_at=noon, zone=CHICAGO)


def test_a_message_that_needs_attention_is_not_open_any_more() -> None:
    assert not set(OPEN) & set(NEEDS_ATTENTION)
    assert {state.value for state in MessageState} >= {"pending", "sent", "dead"}
    assert [channel.value for channel in Channel] == ["email", "sms"]
