"""The outbox page: each message as its reader gets it, the clinic's own only, and codes shown to nobody but a demo."""

import importlib
from typing import Any

import pytest
from django.test import Client
from django.urls import Resolver404, clear_url_caches, resolve

from accounts.domain.policy import Role
from accounts.models import Clinic
from audit.models import AuditEvent
from messaging import urls, views
from messaging.models import OutboxMessage
from messaging.services import dispatch
from tests import factories
from tests.messaging.conftest import Write, code, write_to
from tests.messaging.provider import Provider


@pytest.fixture
def staff(client: Client, clinic: Clinic) -> Client:
    client.force_login(factories.make_staff(clinic, Role.SCHEDULER))
    return client


def page(client: Client, query: str = "", status: int = 200) -> str:
    response = client.get(f"/outbox/{query}")
    assert response.status_code == status
    return response.content.decode()


def test_messages_are_shown_as_they_are_read_with_a_word_for_their_state(
    staff: Client, write: Write, provider: Provider
) -> None:
    text, letter = write(), write(channel="email", to="ada@example.org")
    html = page(staff)
    assert html.count("Due</span>") == 2
    assert 'class="letter letter-sms">Lakeside Clinic: your visit is booked for Tue 3 Mar, 9:00 am.' in html
    assert "Your visit on Tue 3 Mar" in html
    dispatch.drain()
    html = page(staff)
    assert html.count("Sent</span>") == 2
    assert "Messages needing attention" not in html
    event = AuditEvent.objects.filter(action="message.view").latest("at")
    assert set(event.detail["messages"]) == {str(text.id), str(letter.id)}


def test_what_needs_a_person_comes_first_with_its_reason(staff: Client, write: Write, provider: Provider) -> None:
    provider.plan = ["refuse"]
    write()
    dispatch.drain()
    html = page(staff)
    assert (
        html.index("Messages needing attention")
        < html.index("The gateway refused the number")
        < html.index("All messages")
    )
    assert "Failed</span>" in html


def test_the_list_is_narrowed_by_state_and_kind(staff: Client, write: Write) -> None:
    booked = write()
    write(**code(channel="email", to="ada@example.org"))
    OutboxMessage.objects.filter(id=booked.id).update(state="sent")
    assert "Sign-in code to Ada" not in page(staff, "?state=sent")
    html = page(staff, "?kind=sign_in.code")
    assert "Sign-in code to Ada" in html
    assert "Visit booked to Ada" not in html
    assert "No message matches." in page(staff, "?state=dead")
    page(staff, "?state=%00nonsense", status=422)
    page(staff, "?page=nonsense")


def test_staff_never_see_a_code(staff: Client, write: Write) -> None:
    write(**code(channel="email", to="ada@example.org"))
    assert "123456" not in page(staff)
    dispatch.drain()
    assert "123456" not in page(staff)


def test_another_clinics_messages_are_not_there(staff: Client, write: Write) -> None:
    stranger = factories.make_patient(factories.make_clinic(), given_name="Stranger")
    write_to(stranger, dedupe_key="other")
    assert "Stranger" not in page(staff)


def test_markup_in_a_message_stays_text(staff: Client, write: Write) -> None:
    write(recipient_name="<script>alert(1)</script>", channel="email", to="ada@example.org")
    html = page(staff)
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert(1)" in html


def test_the_page_costs_the_same_for_one_message_and_for_many(
    staff: Client, write: Write, django_assert_max_num_queries: Any
) -> None:
    for _ in range(40):
        write()
    page(staff)
    with django_assert_max_num_queries(12):
        page(staff)


@pytest.mark.parametrize("role", [Role.PATIENT])
def test_patients_do_not_read_the_outbox(client: Client, clinic: Clinic, role: Role) -> None:
    client.force_login(factories.make_staff(clinic, role))
    assert client.get("/outbox/").status_code == 403


def test_there_is_no_public_outbox_outside_a_demo() -> None:
    with pytest.raises(Resolver404):
        resolve("/demo/outbox/")


def test_in_a_demo_anybody_reads_a_code_there(client: Client, write: Write, settings: Any) -> None:
    settings.DEMO = True
    try:
        importlib.reload(urls)
        clear_url_caches()
        importlib.reload(importlib.import_module("infusion_clinic.urls"))
        write(**code(channel="email", to="ada@example.org"))
        assert "123456" in client.get("/demo/outbox/").content.decode()
        dispatch.drain()
        response = client.get("/demo/outbox/")
        assert response.status_code == 200
        assert "123456" in response.content.decode()
        assert views.demo_outbox.public_reason.startswith("Demo only")  # type: ignore[attr-defined]
    finally:
        settings.DEMO = False
        importlib.reload(urls)
        importlib.reload(importlib.import_module("infusion_clinic.urls"))
        clear_url_caches()
