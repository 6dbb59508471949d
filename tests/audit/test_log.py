"""The log page: who saw and did what at this clinic, narrowed and in pages, and only for those who may."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.domain.policy import Role
from accounts.models import Clinic, User
from audit.models import AuditEvent
from audit.services.record import record
from core.ids import new_id
from tests.factories import actor, make_clinic, make_staff

LOG = "/audit/"


@pytest.fixture
def clinic(db: None) -> Clinic:
    return make_clinic()


@pytest.fixture
def nurse(clinic: Clinic) -> User:
    return make_staff(clinic, Role.NURSE, name="Nora Reed")


@pytest.fixture
def reader(client: Client, clinic: Clinic) -> Client:
    client.force_login(make_staff(clinic, Role.AUDITOR))
    return client


def write(user: User, action: str = "visit.book", patient_id: UUID | None = None) -> str:
    entity = str(new_id())
    record(action=action, entity_type="visit", entity_id=entity, by=actor(user), patient_id=patient_id)
    return entity


def shows(reader: Client, entity: str, query: str = "") -> bool:
    return entity in reader.get(LOG + query).content.decode()


def test_the_log_shows_this_clinics_events_and_no_others(reader: Client, nurse: User) -> None:
    ours, theirs = write(nurse), write(make_staff(make_clinic(), Role.NURSE))
    assert shows(reader, ours)
    assert not shows(reader, theirs)


def test_the_log_is_narrowed_by_patient_person_action_and_day(reader: Client, clinic: Clinic, nurse: User) -> None:
    patient_id = new_id()
    entity = write(nurse, "visit.move", patient_id)
    other = write(make_staff(clinic, Role.NURSE, name="Someone Else"))
    for query in (f"?patient={patient_id}", "?person=nora", "?action=visit.move"):
        assert shows(reader, entity, query)
        assert not shows(reader, other, query)


def test_a_day_is_the_clinics_day(reader: Client, nurse: User) -> None:
    with time_machine.travel(datetime(2026, 3, 4, 5, 30, tzinfo=UTC), tick=False):
        entity = write(nurse)
    assert shows(reader, entity, "?first_on=2026-03-03&last_on=2026-03-03")
    assert not shows(reader, entity, "?first_on=2026-03-04")


def test_wrong_passwords_of_nobody_in_particular_have_their_own_action(reader: Client, clinic: Clinic) -> None:
    Client().post("/accounts/login/", {"login": "x@example.org", "password": "wrong"})
    assert "127.0.0.0/24" in reader.get(LOG + "?action=sign_in.fail").content.decode()


def test_pages_follow_each_other_without_gap_or_repeat(reader: Client, nurse: User) -> None:
    with time_machine.travel(datetime(2026, 3, 4, 15, tzinfo=UTC), tick=False):
        written = {write(nurse) for _ in range(120)}
    seen: list[str] = []
    query = "?person=Nora"
    while query:
        page = reader.get(LOG + query)
        seen += [event.entity_id for event in page.context["page"].events]
        query = page.context["older_url"]
    assert len(seen) == 120
    assert set(seen) == written


def test_a_late_page_costs_what_the_first_does(reader: Client, nurse: User) -> None:
    for minutes in range(120):
        with time_machine.travel(datetime(2026, 3, 4, 12, tzinfo=UTC) + timedelta(minutes=minutes), tick=False):
            write(nurse)
    reader.get(LOG)

    def statements(query: str) -> int:
        with CaptureQueriesContext(connection) as found:
            reader.get(LOG + query)
        return len(found)

    older = reader.get(LOG + "?person=Nora").context["older_url"]
    assert statements(older) == statements("?person=Nora")


@pytest.mark.parametrize(
    "query",
    [
        "?first_on=yesterday",
        "?first_on=2026-02-30",
        "?first_on=9999-12-31",
        "?last_on=0001-01-01",
        "?first_on=2026-03-02&last_on=2026-03-01",
        "?patient=nobody",
        "?before=nonsense",
        "?before=2026-03-02T10:00:00~x",
        "?before=2026-03-02T10:00:00~01890000-0000-7000-8000-000000000000",
        "?person=" + "x" * 90,
        "?person=%00",
    ],
)
def test_nonsense_in_the_address_gets_a_sentence(reader: Client, query: str) -> None:
    answer = reader.get(LOG + query)
    assert answer.status_code == 422
    assert "There is a problem" in answer.content.decode()


def test_reading_the_log_is_on_record_too(reader: Client, nurse: User) -> None:
    reader.get(LOG + "?person=nora")
    event = AuditEvent.objects.get(action="audit.view")
    assert event.detail == {"filters": ["person"]}


@pytest.mark.parametrize("role", [Role.SCHEDULER, Role.NURSE, Role.AUTHORIZATION_ADMIN])
def test_those_whose_work_is_not_to_read_it_may_not(client: Client, clinic: Clinic, role: Role) -> None:
    client.force_login(make_staff(clinic, role))
    assert client.get(LOG).status_code == 403
