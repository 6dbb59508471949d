"""What has ended is thrown away every hour, and nothing else."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.test import Client

from accounts.domain.policy import Role
from accounts.models import TryCount, User
from accounts.services import limits
from accounts.tasks import tidy
from tests.factories import PASSWORD, make_clinic, make_staff

START = datetime(2026, 3, 2, 15, tzinfo=UTC)


def sign_in(user: User) -> str:
    client = Client()
    client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    return str(client.session.session_key)


@pytest.mark.django_db
def test_ended_sessions_go_and_running_ones_stay() -> None:
    clinic = make_clinic()
    with time_machine.travel(START, tick=False) as now:
        sign_in(make_staff(clinic, Role.AUDITOR))
        now.shift(timedelta(days=2))
        running = sign_in(make_staff(clinic, Role.NURSE))
        assert (Session.objects.count(), UserSession.objects.count()) == (2, 2)
        tidy()
        assert list(Session.objects.values_list("session_key", flat=True)) == [running]
        assert list(UserSession.objects.values_list("session_key", flat=True)) == [running]


@pytest.mark.django_db
def test_try_counts_go_when_they_have_ended_and_a_wait_stays_a_wait() -> None:
    with time_machine.travel(START, tick=False) as now:
        limits.claim_try(purpose="p", subject="ada")
        now.shift(timedelta(days=1))
        for _ in range(4):
            limits.claim_try(purpose="p", subject="bea")
        tidy()
        assert TryCount.objects.count() == 1
        assert limits.claim_try(purpose="p", subject="bea") == 1
