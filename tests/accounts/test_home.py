"""The start page sends each person to the page they work on; a second clinic is one press away."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.domain.policy import Role
from accounts.models import Clinic, Membership, User
from tests.factories import make_clinic, make_patient, make_staff


@pytest.fixture
def clinic(db: None) -> Clinic:
    return make_clinic(name="Harbor Clinic")


@pytest.mark.parametrize(
    ("role", "page"),
    [
        (Role.SCHEDULER, "/board/"),
        (Role.NURSE, "/floor/"),
        (Role.MANAGER, "/board/"),
        (Role.AUTHORIZATION_ADMIN, "/authorizations/"),
        (Role.AUDITOR, "/audit/"),
    ],
)
def test_staff_land_on_the_page_they_work_on(client: Client, clinic: Clinic, role: Role, page: str) -> None:
    client.force_login(make_staff(clinic, role))
    assert client.get("/").headers["Location"] == page


def test_patients_land_on_their_own_page_and_visitors_at_the_door(client: Client, clinic: Clinic) -> None:
    assert client.get("/").headers["Location"] == "/accounts/login/"
    patient = make_patient(clinic, signs_in=True)
    assert patient.user is not None
    client.force_login(patient.user)
    assert client.get("/").headers["Location"] == "/p/"


def test_somebody_without_a_role_is_told_whom_to_ask(client: Client, clinic: Clinic) -> None:
    client.force_login(User.objects.create_user(email="new@example.org", name="New Person"))
    answer = client.get("/")
    assert answer.status_code == 403
    assert "Ask a manager" in answer.content.decode()


def test_a_person_with_two_clinics_works_at_one_and_can_switch(client: Client, clinic: Clinic) -> None:
    user = make_staff(clinic, Role.AUDITOR)
    other = make_clinic(name="Lakeside Clinic", organization=clinic.organization)
    Membership.objects.create(user=user, clinic=other, role=Role.AUDITOR)
    client.force_login(user)
    assert "Harbor Clinic" in client.get("/audit/").content.decode()
    client.post("/clinic/", {"clinic": str(other.id)})
    page = client.get("/audit/").content.decode()
    assert "Lakeside Clinic" in page
    assert "Harbor Clinic" in client.get("/me/").content.decode()


@pytest.mark.parametrize("chosen", ["", "nonsense", "01890000-0000-7000-8000-000000000000"])
def test_nobody_switches_to_a_clinic_where_they_do_not_work(client: Client, clinic: Clinic, chosen: str) -> None:
    elsewhere = make_clinic()
    client.force_login(make_staff(clinic, Role.AUDITOR))
    for wish in (chosen, str(elsewhere.id)):
        assert client.post("/clinic/", {"clinic": wish}).status_code == 404
    assert client.get("/audit/").context["request"].clinic == clinic


def test_a_role_at_one_clinic_opens_nothing_at_another(client: Client, clinic: Clinic) -> None:
    user = make_staff(clinic, Role.NURSE)
    other = make_clinic(name="Zenith Clinic")
    Membership.objects.create(user=user, clinic=other, role=Role.AUDITOR)
    client.force_login(user)
    assert client.get("/audit/").status_code == 403
    client.post("/clinic/", {"clinic": str(other.id)})
    assert client.get("/audit/").status_code == 200


def test_a_role_taken_away_is_gone_at_the_next_page(client: Client, clinic: Clinic) -> None:
    user = make_staff(clinic, Role.AUDITOR)
    client.force_login(user)
    assert client.get("/audit/").status_code == 200
    user.memberships.all().delete()
    assert client.get("/audit/").status_code == 403


def test_shortcuts_can_be_turned_off_and_on(client: Client, clinic: Clinic) -> None:
    user = make_staff(clinic)
    client.force_login(user)
    client.post("/me/")
    user.refresh_from_db()
    assert user.uses_shortcuts is False
    client.post("/me/", {"uses_shortcuts": "on"})
    user.refresh_from_db()
    assert user.uses_shortcuts is True


def test_knowing_who_acts_costs_four_statements_whatever_the_page(client: Client, clinic: Clinic) -> None:
    """Session, user, places of work; then what waits in the menu (staff) or one's own record (a patient)."""
    client.force_login(make_staff(clinic))
    client.get("/me/")
    with CaptureQueriesContext(connection) as statements:
        client.get("/me/")
    assert len(statements) == 4
    patient = make_patient(clinic, signs_in=True)
    assert patient.user is not None
    client.force_login(patient.user)
    client.get("/")
    with CaptureQueriesContext(connection) as statements:
        client.get("/")
    assert len(statements) == 4
