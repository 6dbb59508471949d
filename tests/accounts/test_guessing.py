"""Guessing codes and passwords: after a few wrong ones even the right one is not looked at for a while."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.test import Client

from accounts.domain.backoff import PASSWORDS_PER_ACCOUNT
from accounts.domain.policy import Role
from accounts.models import User
from tests.accounts.test_second_factor import begin, code_of
from tests.factories import PASSWORD, make_clinic, make_staff

START = datetime(2026, 3, 2, 15, tzinfo=UTC)
STEP = "/accounts/2fa/authenticate/"
AGAIN = "/accounts/2fa/reauthenticate/"
WAIT = "Too many wrong tries. Wait 5 minutes, then try again."
TOMORROW = "Too many wrong tries at this account today."
HOME, STRANGE = "192.0.2.7", "203.0.113.7"


@pytest.fixture
def nurse(db: None) -> User:
    return make_staff(make_clinic(), Role.AUDITOR)


@pytest.fixture
def now() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


def guess(client: Client, code: str = "no code", *, at: str = STEP) -> str:
    answer = client.post(at, {"code": code})
    return answer.content.decode() if answer.status_code == 200 else ""


def is_in(client: Client) -> bool:
    return client.get("/audit/").status_code == 200


def sign_in(user: User, password: str, *, address: str) -> str:
    client = Client(REMOTE_ADDR=address)
    answer = client.post("/accounts/login/", {"login": user.email, "password": password})
    return "in" if is_in(client) else answer.content.decode()


def test_after_five_wrong_codes_the_right_one_waits_too(
    client: Client, nurse: User, now: time_machine.Traveller
) -> None:
    secret = generate_totp_secret()
    TOTP.activate(nurse, secret)
    begin(client, nurse)
    assert not any("Too many" in guess(client) for _ in range(5))
    assert WAIT in guess(client, code_of(secret))
    assert not is_in(client)
    now.shift(timedelta(minutes=5))
    guess(client, code_of(secret))
    assert is_in(client)


def test_a_new_sign_in_from_elsewhere_does_not_start_the_count_of_codes_afresh(
    nurse: User, now: time_machine.Traveller
) -> None:
    TOTP.activate(nurse, generate_totp_secret())
    recovery = RecoveryCodes.activate(nurse).get_unused_codes()[0]
    for number in range(5):
        other = Client(REMOTE_ADDR=f"198.51.{number}.7")
        begin(other, nurse)
        guess(other)
    client = Client(REMOTE_ADDR=HOME)
    begin(client, nurse)
    assert WAIT in guess(client, recovery)
    assert not is_in(client)


def test_a_right_code_forgets_the_wrong_ones(client: Client, nurse: User, now: time_machine.Traveller) -> None:
    secret = generate_totp_secret()
    TOTP.activate(nurse, secret)
    begin(client, nurse)
    for _ in range(4):
        guess(client)
    guess(client, code_of(secret))
    assert is_in(client)
    other = Client()
    begin(other, nurse)
    assert not any("Too many" in guess(other) for _ in range(5))


def test_wrong_codes_are_counted_too_when_asked_for_again(
    client: Client, nurse: User, now: time_machine.Traveller
) -> None:
    secret = generate_totp_secret()
    TOTP.activate(nurse, secret)
    client.force_login(nurse)
    for _ in range(5):
        assert "Too many" not in guess(client, at=AGAIN)
    assert WAIT in guess(client, code_of(secret), at=AGAIN)


def test_many_networks_together_get_so_many_passwords_a_day(nurse: User, now: time_machine.Traveller) -> None:
    for number in range(PASSWORDS_PER_ACCOUNT):
        assert "Too many" not in sign_in(nurse, "wrong", address=f"198.51.{number}.7")
    assert TOMORROW in sign_in(nurse, PASSWORD, address=STRANGE)
    now.shift(timedelta(days=1))
    assert sign_in(nurse, PASSWORD, address=STRANGE) == "in"


def test_strangers_cannot_lock_somebody_out_of_where_they_signed_in_before(
    nurse: User, now: time_machine.Traveller
) -> None:
    assert sign_in(nurse, PASSWORD, address=HOME) == "in"
    for number in range(PASSWORDS_PER_ACCOUNT):
        assert "Too many" not in sign_in(nurse, "wrong", address=f"198.51.{number}.7")
    assert TOMORROW in sign_in(nurse, PASSWORD, address=STRANGE)
    assert sign_in(nurse, PASSWORD, address=HOME) == "in"
