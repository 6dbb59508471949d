"""What messages say: nothing about health, nothing that can be broken into, and never too long for one text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging import wordings
from messaging.domain.addresses import phone_number
from messaging.domain.content import check_header, check_message
from messaging.domain.kinds import KINDS, kind_of
from messaging.domain.pace import Pace
from messaging.domain.wording import MissingParameterError, fill
from messaging.wordings.en import WORDINGS

LONGEST = {
    "clinic": "C" * wordings.SMS_LENGTHS["clinic"],
    "name": "N" * wordings.SMS_LENGTHS["name"],
    "phone": "5" * wordings.SMS_LENGTHS["phone"],
    "day": "Wednesday 30 September",
    "short_day": "Wed 30 Sep",
    "time": "12:45 pm",
    "link": "https://clinic.some-long-name.example.org/p/",
    "code": "123456",
    "minutes": 10,
}


@pytest.mark.parametrize("key", WORDINGS)
def test_no_wording_speaks_of_health_and_every_text_message_fits_into_one(key: str) -> None:
    wording = WORDINGS[key]
    values = dict.fromkeys(wording.placeholders, "R" * 20) | LONGEST
    assert wording.sms.isascii()
    assert check_message(fill(wording.sms, values)) == ()
    assert check_message(f"{fill(wording.subject, values)} {fill(wording.email, values)}", max_length=None) == ()
    assert check_header(fill(wording.subject, values)) == ()
    assert "{clinic}" in wording.sms


def test_every_kind_has_a_wording() -> None:
    assert set(KINDS) <= set(WORDINGS)


@pytest.mark.parametrize(
    "evil", ["{{ 7*7 }}", "{% load x %}", "{0.__class__}", "{name.__class__}", "%s", "{code}", "$name"]
)
def test_what_looks_like_a_template_stays_text(evil: str) -> None:
    assert fill("Hello {name}: {code}", {"name": evil, "code": "1"}) == f"Hello {evil}: 1"


@given(st.text())
def test_a_value_is_written_as_it_is(value: str) -> None:
    assert fill("<{name}>", {"name": value}) == f"<{value}>"


def test_a_missing_value_is_an_error_and_not_a_hole() -> None:
    with pytest.raises(MissingParameterError):
        fill("{time}", {})


def test_a_language_without_a_wording_falls_back_to_english() -> None:
    assert wordings.find("visit.booked", "es-MX") is WORDINGS["visit.booked"]
    with pytest.raises(wordings.UnknownWordingError):
        wordings.find("visit.unheard_of")


@pytest.mark.parametrize("text", ["a\nb", "a\r\nBcc: x", "a\x00b", "a\u2028b"])
def test_a_control_character_may_not_stand_in_a_header(text: str) -> None:
    assert [reason.code for reason in check_header(text)] == ["bad_header"]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("+1 312 555 0142", "+13125550142"),
        ("(312) 555-0142", "+13125550142"),
        ("1-312-555-0142", "+13125550142"),
        ("+44 20 7946 0958", "+442079460958"),
        ("312 555 0142 ext. 5", None),
        ("112 555 0142", None),
        ("+0 312 555 0142", None),
        ("555 0142", None),
        ("", None),
        ("+1312555014201234567", None),
        ("٣١٢٥٥٥٠١٤٢", None),
    ],
)
def test_a_number_is_plainly_one_or_refused(text: str, number: str | None) -> None:
    assert phone_number(text) == number


@given(st.integers(1, 40), st.floats(0, 1))
def test_a_failed_message_waits_twice_as_long_each_time_up_to_six_hours(attempts: int, jitter: float) -> None:
    pace = Pace()
    planned = min(6 * 3600, 30 * 2 ** (attempts - 1))
    assert planned * 0.5 <= pace.wait_seconds(attempts, jitter=jitter) <= planned * 1.5


def test_a_begun_message_is_held_for_every_step_of_its_conversation_at_its_slowest() -> None:
    pace = Pace()
    assert pace.conversation_seconds >= 16 * pace.provider_timeout_seconds  # SMTP with STARTTLS and a sign-in
    assert 0 < pace.working_seconds < pace.lease_seconds


def test_a_kind_nobody_listed_goes_where_it_was_written_to_and_waits_for_day() -> None:
    kind = kind_of("authorization.follow_up")
    assert (kind.label, kind.needs_consent, kind.waits_for_day) == ("Authorization follow up", False, True)
