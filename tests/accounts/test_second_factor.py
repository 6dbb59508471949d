"""Staff may add a second factor: a code from an app, kept encrypted, asked for at the next sign-in."""

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.test import Client

from accounts.domain.policy import Role
from accounts.models import User
from tests.factories import PASSWORD, make_clinic, make_staff


@pytest.fixture
def nurse(db: None) -> User:
    return make_staff(make_clinic(), Role.AUDITOR)


def code_of(secret: str) -> str:
    return str(format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time())))))


def begin(client: Client, nurse: User) -> str:
    return client.post("/accounts/login/", {"login": nurse.email, "password": PASSWORD}).headers["Location"]


def test_the_seed_is_not_stored_in_clear(nurse: User) -> None:
    secret = generate_totp_secret()
    TOTP.activate(nurse, secret)
    assert secret not in str(Authenticator.objects.values_list("data", flat=True).get())


def test_a_password_alone_no_longer_lets_in(client: Client, nurse: User) -> None:
    TOTP.activate(nurse, generate_totp_secret())
    assert "2fa/authenticate" in begin(client, nurse)
    assert client.get("/audit/").status_code == 302


def test_the_code_of_the_app_lets_in(client: Client, nurse: User) -> None:
    secret = generate_totp_secret()
    TOTP.activate(nurse, secret)
    begin(client, nurse)
    client.post("/accounts/2fa/authenticate/", {"code": code_of(secret)})
    assert client.get("/audit/").status_code == 200


def test_a_recovery_code_lets_in_once(client: Client, nurse: User) -> None:
    TOTP.activate(nurse, generate_totp_secret())
    code = RecoveryCodes.activate(nurse).get_unused_codes()[0]
    begin(client, nurse)
    client.post("/accounts/2fa/authenticate/", {"code": code})
    assert client.get("/audit/").status_code == 200
    other = Client()
    begin(other, nurse)
    other.post("/accounts/2fa/authenticate/", {"code": code})
    assert other.get("/audit/").status_code == 302


def test_the_password_is_asked_for_again_before_a_factor_is_added(client: Client, nurse: User) -> None:
    client.force_login(nurse)
    answer = client.get("/accounts/2fa/totp/activate/")
    assert answer.headers["Location"].startswith("/accounts/reauthenticate/")
    done = client.post(answer.headers["Location"], {"password": PASSWORD})
    assert done.headers["Location"] == "/accounts/2fa/totp/activate/"
    assert client.get("/accounts/2fa/totp/activate/").status_code == 200
