"""The desk's pages: who may open them, what they say, and that a refusal keeps what was typed."""

import html
import re
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.domain.policy import Role
from accounts.models import User
from audit.models import AuditEvent
from authorizations.models import Authorization
from authorizations.urls import urlpatterns
from authorizations.views.reading import ROWS_A_PAGE
from regimens.models import TreatmentOrder
from tests import factories
from tests.authorizations.conftest import NOW, TODAY, Desk

ACTS = ["submit", "answer", "call", "follow-up", "assign", "step", "close", "renewal", "appeal", "cover"]


def page(client: Client, name: str, *args: object, **query: Any) -> str:
    response = client.get(reverse(f"authorizations:{name}", args=args), query)
    assert response.status_code == 200, response.content.decode()
    return str(response.content.decode())


def send(client: Client, name: str, item: Authorization, **data: Any) -> Any:
    item.refresh_from_db()
    data.setdefault("expected_version", item.version)
    return client.post(reverse(f"authorizations:{name}", args=[item.id]), data)


def text_of(response: Any) -> str:
    return str(response.content.decode())


def test_the_queue_shows_rows_chips_and_counts(desk: Desk) -> None:
    item = desk.authorization("Yates", ends_on=TODAY + timedelta(days=6), reference="98-1120", owner=desk.admin)
    desk.book(item.order, date(2026, 11, 27))
    desk.book(desk.order("Quist"), date(2026, 11, 26))
    body = page(desk.client(), "queue")
    assert "Yates, A." in body
    assert "98-1120" in body
    assert "Expiring ≤ 14 d <b>1</b>" in body
    assert "Mine <b>1</b>" in body
    assert ">TA</abbr>" in body
    assert body.index("Quist, A.") < body.index("Yates, A.")
    assert "Start request" in body
    narrowed = page(desk.client(), "queue", show="mine")
    assert "Quist, A." not in narrowed
    assert 'href="/authorizations/?show=mine" aria-current="true"' in narrowed


@pytest.mark.parametrize("role", [Role.SCHEDULER, Role.NURSE, Role.AUTHORIZATION_ADMIN])
def test_a_row_without_an_authorization_leads_where_one_may_go(desk: Desk, role: Role) -> None:
    order = desk.order("Quist")
    desk.book(order, date(2026, 11, 26))
    body = page(desk.client(role), "queue")
    links = re.findall(rf'href="([^"]*{order.id}[^"]*)"', body)
    assert links
    assert {desk.client(role).get(html.unescape(link)).status_code for link in links} == {200}


def test_an_empty_queue_and_an_empty_filter_say_so(desk: Desk) -> None:
    assert "Nothing needs work today." in page(desk.client(), "queue")
    desk.authorization(follow_up_on=TODAY + timedelta(days=1))
    body = page(desk.client(), "queue", show="denied")
    assert "Clear filters" in body
    assert "Next follow-up: Tue 24 Nov." in body
    assert "Quist, A." in page(desk.client(), "queue", show="nonsense", page="9999")


def test_the_queue_page_takes_the_same_statements_however_many_rows(desk: Desk) -> None:
    client = desk.client()

    def statements() -> int:
        with CaptureQueriesContext(connection) as queries:
            page(client, "queue")
        return len(queries)

    desk.authorization("One")
    statements()
    few = statements()
    for number in range(12):
        desk.authorization(f"More{number}", owner=desk.admin, follow_up_on=TODAY)
    assert statements() == few


def test_a_long_queue_has_pages(desk: Desk) -> None:
    order = desk.order()
    for _ in range(ROWS_A_PAGE + 1):
        factories.make_authorization(order, payer=desk.payer, starts_on=TODAY, ends_on=date(2027, 6, 1))
    assert "More" in page(desk.client(), "queue")
    assert "61 to 61 of 61" in page(desk.client(), "queue", page=2)


def test_the_page_of_an_authorization_tells_units_visits_ledger_and_history(desk: Desk) -> None:
    item = desk.authorization("Yates", units_approved=120, ends_on=date(2026, 12, 30))
    for day in (date(2026, 11, 30), date(2026, 12, 14), date(2026, 12, 28), date(2027, 1, 4)):
        desk.book(item.order, day)
    body = page(desk.client(), "authorization", item.id)
    assert body.count("Reserved at booking") == 2
    assert "The visit needs 60 units and 0 are left: 60 short." in body
    assert "The visit on 4 January 2027 is after the authorization ends on 30 December 2026." in body
    assert "120 of 120 units not used" in body
    assert "Mon 30 Nov 09:00" in body


def test_opening_one_is_in_the_audit_log_once_and_the_queue_is_one_event(desk: Desk) -> None:
    item = desk.authorization()
    page(desk.client(), "authorization", item.id)
    (event,) = AuditEvent.objects.filter(action="authorization.view")
    assert (event.patient_id, event.actor_label) == (item.patient_id, "Tess Admin")
    page(desk.client(), "queue")
    (listed,) = AuditEvent.objects.filter(action="authorization.list")
    assert listed.detail == {"patient_ids": [str(item.patient_id)]}


def test_beside_the_queue_only_the_panel_travels(desk: Desk) -> None:
    item = desk.authorization()
    for name in ("authorization", "call", "answer"):
        address = reverse(f"authorizations:{name}", args=[item.id])
        body = text_of(desk.client().get(address, headers={"HX-Request": "true"}))
        assert "<html" not in body
        assert "Quist, A." in body


@pytest.mark.parametrize("name", ACTS)
def test_every_form_opens_and_refuses_an_empty_one_in_words(desk: Desk, name: str) -> None:
    status = {"appeal": "denied", "step": "submitted", "answer": "submitted", "submit": "draft"}.get(name, "approved")
    item = desk.authorization(status=status)
    client = desk.client()
    body = page(client, name, item.id)
    assert "<form" in body
    assert f'name="expected_version" value="{item.version}"' in body
    response = client.post(reverse(f"authorizations:{name}", args=[item.id]), {})
    assert response.status_code == 422
    assert "There is a problem" in text_of(response)
    item.refresh_from_db()
    assert (item.version, item.status) == (1, status)


def test_from_request_to_appeal_on_the_pages(desk: Desk) -> None:
    order, client = desk.order(), desk.client()
    plan = order.patient.coverages.create(payer=desk.payer, member_id="M-7", starts_on=date(2026, 1, 1))
    address = f"{reverse('authorizations:new')}?order={order.id}"
    assert "Bluefield PPO, member M-7" in text_of(client.get(address))
    facts = {"plan": plan.id, "units": 600, "starts_on": "2026-12-01", "ends_on": "2027-05-31"}
    started: Any = client.post(address, facts)
    item = Authorization.objects.get()
    assert started.url == reverse("authorizations:authorization", args=[item.id])
    assert send(client, "submit", item).status_code == 302
    assert send(client, "step", item, to="acknowledged", text="They have it").status_code == 302
    called = send(client, "call", item, person="Kim", text="In review", follow_up_on="2026-11-25")
    assert called.status_code == 302
    answer = {"outcome": "approved_partial", "units": 300, "reference": "R-1", "hcpcs": "j1569"}
    answered = send(client, "answer", item, **answer, starts_on="2026-12-01", ends_on="2027-05-31")
    assert answered.status_code == 302
    assert "Units: asked for 600, got 300." in page(client, "authorization", item.id)
    assert send(client, "follow-up", item, next_step="Renew", follow_up_on="2027-04-01").status_code == 302
    assert send(client, "assign", item, owner=desk.admin.id).status_code == 302
    assert send(client, "renewal", item, units=600).status_code == 302
    renewal = Authorization.objects.get(kind="renewal")
    assert send(client, "submit", renewal, is_urgent="on").status_code == 302
    assert send(client, "answer", renewal, outcome="denied", reason="Criteria").status_code == 302
    assert send(client, "appeal", renewal, text="Because").status_code == 302
    renewal.refresh_from_db()
    assert (renewal.status, renewal.is_urgent, renewal.renews) == ("appeal_1", True, item)
    assert send(client, "close", renewal, to="withdrawn", reason="Moved away").status_code == 302


def test_a_refusal_keeps_the_form_filled_and_stands_beside_its_field(desk: Desk) -> None:
    item = desk.authorization(status="submitted", units_approved=0)
    response = send(
        desk.client(), "answer", item, outcome="approved_partial", units=300, reference="R-1",
        starts_on="2026-12-01", ends_on="2026-11-01",
    )  # fmt: skip
    body = text_of(response)
    assert response.status_code == 422
    assert "The last day, 1 November 2026, is before the first, 1 December 2026." in body
    assert 'value="R-1"' in body
    assert 'value="2026-11-01"' in body
    assert 'aria-invalid="true"' in body


def test_a_second_editor_sees_what_changed_and_may_save_then(desk: Desk) -> None:
    item = desk.authorization()
    client = desk.client()
    send(client, "follow-up", item, next_step="Call", follow_up_on="2026-11-24")
    late = send(client, "follow-up", item, next_step="Fax", follow_up_on="2026-11-30", expected_version=1)
    assert late.status_code == 409
    assert "Tess Admin changed this authorization after you opened it" in text_of(late)
    assert 'name="expected_version" value="2"' in text_of(late)
    assert 'value="Fax"' in text_of(late)
    assert send(client, "follow-up", item, next_step="Fax", follow_up_on="2026-11-30").status_code == 302


@pytest.mark.parametrize(
    "data",
    [
        {"units": "many"}, {"units": "-1"}, {"units": "9" * 40}, {"starts_on": "31 February"},
        {"starts_on": "0001-01-01"}, {"ends_on": "9999-12-31"}, {"reference": "x" * 5000}, {"outcome": "won"},
        {"limit_units": "3"}, {"reference": "\x00"}, {"reference": "حب 🩸"}, {"expected_version": "x"},
        {"expected_version": "9" * 40}, {"hcpcs": "<script>"}, {"follow_up_on": "1999-01-01"},
    ],
)  # fmt: skip
def test_bad_input_is_refused_in_words_and_changes_nothing(desk: Desk, data: dict[str, str]) -> None:
    item = desk.authorization(status="submitted", units_approved=0)
    good = {
        "outcome": "approved_modified", "units": "700", "reference": "R", "starts_on": "2026-12-01",
        "ends_on": "2027-05-31", "expected_version": "1",
    }  # fmt: skip
    response = desk.client().post(reverse("authorizations:answer", args=[item.id]), good | data)
    item.refresh_from_db()
    if data == {"reference": "حب 🩸"}:
        assert (response.status_code, item.reference) == (302, "حب 🩸")
        return
    assert 400 <= response.status_code < 500
    assert (item.status, item.version) == ("submitted", 1)


def test_cover_waiting_visits_from_the_page(desk: Desk) -> None:
    order = desk.order()
    visit = desk.book(order, date(2026, 11, 30))
    item = factories.make_authorization(order, payer=desk.payer, starts_on=TODAY, ends_on=date(2027, 6, 30))
    client = desk.client()
    assert "Cover waiting visits" in page(client, "authorization", item.id)
    assert send(client, "cover", item).status_code == 302
    visit.refresh_from_db()
    assert visit.authorization == item
    assert "Cover waiting visits" not in page(client, "authorization", item.id)


def test_a_new_request_begins_with_finding_the_order(desk: Desk) -> None:
    desk.order("Quist")
    desk.order("Yates")
    body = page(desk.client(), "new", q="yat")
    assert "Yates, Ada" in body
    assert "Quist, Ada" not in body
    assert "No order matches." in page(desk.client(), "new", q="nobody")


def test_what_to_ask_for_is_proposed_from_the_regimen(desk: Desk) -> None:
    order = desk.order()
    order.patient.coverages.create(payer=desk.payer, member_id="M-7", starts_on=date(2026, 1, 1))
    factories.make_course_day(order, TODAY + timedelta(days=7), units=160)
    body = page(desk.client(), "new", order=order.id)
    assert "18 courses of 160 units in 12 months." in body
    assert 'name="units" value="2880"' in body


def test_a_patient_without_a_plan_is_sent_to_add_one(desk: Desk) -> None:
    assert "No insurance plan that asks for authorization is on file." in page(
        desk.client(), "new", order=desk.order().id
    )


@pytest.mark.parametrize("order", ["x", "", "00000000-0000-0000-0000-000000000000"])
def test_an_unknown_order_is_not_found(desk: Desk, order: str) -> None:
    response = desk.client().get(reverse("authorizations:new"), {"order": order})
    assert response.status_code == (404 if order else 200)


def test_a_scheduler_reads_but_changes_nothing(desk: Desk) -> None:
    item = desk.authorization(status="draft", units_approved=0)
    client = desk.client(Role.SCHEDULER)
    assert "Send request" in page(client, "queue"), "the next step is told"
    assert f"/authorizations/{item.id}/submit/" not in page(client, "queue")
    assert f"/authorizations/{item.id}/submit/" not in page(client, "authorization", item.id)
    for name in ACTS:
        assert client.get(reverse(f"authorizations:{name}", args=[item.id])).status_code == 403
        assert send(client, name, item).status_code == 403
    assert client.get(reverse("authorizations:new")).status_code == 403


def _patient(desk: Desk) -> User:
    user = factories.make_patient(desk.clinic, signs_in=True).user
    assert user is not None
    return user


def test_patients_and_visitors_get_nothing(desk: Desk) -> None:
    item = desk.authorization()
    patient = Client()
    patient.force_login(_patient(desk))
    for pattern in urlpatterns:
        args = [item.id] if "authorization_id" in str(pattern.pattern) else []
        address = reverse(f"authorizations:{pattern.name}", args=args)
        assert patient.get(address).status_code == 403, address
        assert patient.post(address).status_code == 403, address
        assert Client().get(address).status_code == 302, address


def test_another_clinics_authorization_does_not_exist_here(desk: Desk) -> None:
    elsewhere: TreatmentOrder = factories.make_order(factories.make_patient(factories.make_clinic()))
    item = factories.make_authorization(elsewhere)
    client = desk.client()
    for name in ("authorization", *ACTS):
        assert client.get(reverse(f"authorizations:{name}", args=[item.id])).status_code == 404
        posted = client.post(reverse(f"authorizations:{name}", args=[item.id]), {"expected_version": 1})
        assert posted.status_code == (405 if name == "authorization" else 404)
    assert client.get(reverse("authorizations:new"), {"order": str(elsewhere.id)}).status_code == 404
    assert "A." not in page(client, "queue").split("<main")[1].split("</main")[0]


def test_pages_hold_to_the_content_policy(desk: Desk) -> None:
    item = desk.authorization(submitted_at=NOW)
    for body in (page(desk.client(), "queue"), page(desk.client(), "authorization", item.id)):
        assert "style=" not in body
        assert "onclick" not in body
        assert "<script>" not in body
