"""Sessions end when nobody is there, and a code never opens what a password guards."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.contrib.auth import BACKEND_SESSION_KEY
from django.test import Client

from accounts.backends import CODE_BACKEND
from accounts.domain.policy import Role
from accounts.domain.sessions import PATIENT, STAFF, check_session
from accounts.models import Clinic, Membership, User
from audit.models import AuditEvent
from tests.factories import PASSWORD, make_clinic, make_patient, make_staff

START = datetime(2026, 3, 2, 15, tzinfo=UTC)
LOG = "/audit/"


@pytest.fixture
def clinic(db: None) -> Clinic:
    return make_clinic()


def is_in(client: Client, **headers: str) -> bool:
    return client.get(LOG, headers=headers).status_code == 200


def sign_in(client: Client, email: str, password: str) -> int:
    return client.post("/accounts/login/", {"login": email, "password": password}).status_code


def test_the_limits_are_those_written_down() -> None:
    assert check_session(began=0, active=0, now=899, limits=STAFF) is None
    assert "nothing happened for 15 minutes" in (check_session(began=0, active=0, now=900, limits=STAFF) or "")
    assert check_session(began=0, active=43_000, now=43_199, limits=STAFF) is None
    assert "12 hours" in (check_session(began=0, active=43_000, now=43_200, limits=STAFF) or "")
    assert "1 hour passed" in (check_session(began=0, active=3_500, now=3_600, limits=PATIENT) or "")


def test_fifteen_idle_minutes_end_a_session_and_say_so(client: Client, clinic: Clinic) -> None:
    with time_machine.travel(START, tick=False) as now:
        client.force_login(make_staff(clinic, Role.AUDITOR))
        assert is_in(client)
        now.shift(timedelta(minutes=14))
        assert is_in(client)
        now.shift(timedelta(minutes=14))
        assert is_in(client)
        now.shift(timedelta(minutes=15))
        answer = client.get(LOG, follow=True)
    assert answer.redirect_chain[0][0].startswith("/accounts/login/")
    assert "nothing happened for 15 minutes" in answer.content.decode()


def test_a_page_that_refreshes_itself_does_not_keep_a_session_alive(client: Client, clinic: Clinic) -> None:
    with time_machine.travel(START, tick=False) as now:
        client.force_login(make_staff(clinic, Role.AUDITOR))
        assert is_in(client)
        for _ in range(2):
            now.shift(timedelta(minutes=7))
            assert is_in(client, **{"X-Unattended": "yes"})
        now.shift(timedelta(minutes=1))
        assert not is_in(client)


def test_twelve_busy_hours_end_a_session_too(client: Client, clinic: Clinic) -> None:
    with time_machine.travel(START, tick=False) as now:
        client.force_login(make_staff(clinic, Role.AUDITOR))
        for _ in range(72):
            assert is_in(client)
            now.shift(timedelta(minutes=10))
        assert not is_in(client)


def test_a_session_begun_by_code_has_only_the_patients_role(client: Client, clinic: Clinic) -> None:
    """A nurse who is also treated here signs in by code: the nurse's work stays behind the password."""
    user = make_staff(clinic, Role.MANAGER)
    Membership.objects.create(user=user, clinic=clinic, role=Role.PATIENT)
    client.force_login(user, backend=CODE_BACKEND)
    assert client.get(LOG).status_code == 403
    client.force_login(user)
    assert client.get(LOG).status_code == 200


@pytest.mark.parametrize(
    "page", ["/accounts/email/", "/accounts/password/set/", "/accounts/2fa/", "/accounts/sessions/"]
)
def test_a_session_begun_by_code_cannot_reach_passwords_or_second_factors(
    client: Client, clinic: Clinic, page: str
) -> None:
    client.force_login(_user(make_patient(clinic, signs_in=True).user), backend=CODE_BACKEND)
    assert client.get(page).status_code == 404


def test_a_patient_cannot_sign_in_by_password_even_with_one(client: Client, clinic: Clinic) -> None:
    user = _user(make_patient(clinic, signs_in=True).user)
    user.set_password(PASSWORD)
    user.save()
    sign_in(client, user.email, PASSWORD)
    assert BACKEND_SESSION_KEY not in client.session


def test_staff_sign_in_by_password_and_it_is_on_record(client: Client, clinic: Clinic) -> None:
    user = make_staff(clinic, Role.AUDITOR)
    assert sign_in(client, user.email.upper(), PASSWORD) == 302
    assert is_in(client)
    assert AuditEvent.objects.filter(action="sign_in.succeed", actor_id=user.id, clinic_id=clinic.id).count() == 1


def test_signing_in_gives_the_session_a_new_key(client: Client, clinic: Clinic) -> None:
    user = make_staff(clinic, Role.AUDITOR)
    session = client.session
    session["before"] = True
    session.save()
    before = session.session_key
    sign_in(client, user.email, PASSWORD)
    assert client.session.session_key != before


def test_wrong_passwords_slow_down_one_account_from_one_network_and_nobody_else(client: Client, clinic: Clinic) -> None:
    ada, bea = make_staff(clinic, Role.AUDITOR), make_staff(clinic, Role.NURSE)
    with time_machine.travel(START, tick=False) as now:
        for _ in range(4):
            sign_in(client, ada.email, "wrong")
        answer = client.post("/accounts/login/", {"login": ada.email, "password": PASSWORD})
        assert "Wait 1 second" in answer.content.decode()
        assert sign_in(Client(), bea.email, PASSWORD) == 302
        assert sign_in(Client(REMOTE_ADDR="203.0.113.9"), ada.email, PASSWORD) == 302
        now.shift(timedelta(seconds=1))
        assert sign_in(client, ada.email, PASSWORD) == 302
    failures = AuditEvent.objects.filter(action="sign_in.fail")
    assert failures.count() == 4
    assert ada.email not in str(list(failures.values()))


def test_nobody_signs_themselves_up(client: Client, clinic: Clinic) -> None:
    client.post(
        "/accounts/signup/",
        {"email": "eve@example.org", "password1": PASSWORD, "password2": PASSWORD},
    )
    assert not User.objects.filter(email="eve@example.org").exists()


def _user(user: User | None) -> User:
    assert user is not None
    return user
