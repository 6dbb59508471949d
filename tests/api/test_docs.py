"""The API describes itself, for programs and for people, and its description is the committed one."""

import json
from pathlib import Path

import pytest
import yaml
from django.test import Client
from django.utils.html import escape
from drf_spectacular.validation import validate_schema

from accounts.domain.policy import Role
from api.presenters import described, documentation
from api.problems import KINDS
from api.urls import urlpatterns
from tests import factories
from tests.api.conftest import ALLAUTH, Caller, World
from tests.api.working import OPERATIONS

PAGES = {"schema/", "docs/", "docs/<slug:name>/", "keys/", "keys/<uuid:key_id>/revoke/", ""}
CALCULATIONS = {"orders_preview", "estimates_visit", "disruptions_preview"}
"""They save nothing, so a repeat is harmless."""
VERSIONS_IN_BODY = {"disruptions_apply"}
"""They change many things, each at the version that the body names."""
SNAPSHOT = Path(__file__).resolve().parents[2] / "docs" / "openapi.yaml"


@pytest.fixture
def browser(world: World) -> Client:
    client = Client()
    client.force_login(factories.make_staff(world.clinic, Role.SCHEDULER), backend=ALLAUTH)
    return client


def test_the_committed_description_is_what_the_code_says() -> None:
    committed = yaml.safe_load(SNAPSHOT.read_text())
    assert committed == json.loads(json.dumps(described(), default=str)), (
        "The API changed. Look at the difference, then: python manage.py spectacular --file docs/openapi.yaml"
    )


def test_the_description_is_valid_openapi_3_1() -> None:
    assert described()["openapi"] == "3.1.0"
    validate_schema(json.loads(json.dumps(described(), default=str)))  # type: ignore[no-untyped-call]


def test_every_address_of_the_api_is_described() -> None:
    addresses = {str(each.pattern) for each in urlpatterns} - PAGES
    assert len(described()["paths"]) == len(addresses)


def test_every_operation_says_how_it_refuses() -> None:
    for name, (method, _, found) in OPERATIONS.items():
        statuses = set(found["responses"])
        assert {"400", "401", "403", "429"} <= statuses, name
        takes = {each["name"] for each in found.get("parameters", [])}
        assert ("Idempotency-Key" in takes) == (method == "POST" and name not in CALCULATIONS), name
        assert ("If-Match" in takes) == ("428" in statuses), name
        assert ("If-Match" in takes or name in VERSIONS_IN_BODY) == ("412" in statuses), name


def test_whoever_is_signed_in_gets_the_description(world: World, browser: Client) -> None:
    assert browser.get("/api/v1/schema/?format=json").json()["info"]["title"] == "Infusion Clinic API"
    assert world.caller.get("schema/", format="json").data["openapi"] == "3.1.0"
    assert browser.get("/api/v1/schema/").headers["Content-Type"].startswith("application/vnd.oai.openapi")
    refused = Caller(Client()).get("schema/")
    assert (refused.status, refused.data["type"]) == (401, "/problems/not_signed_in")


def test_the_pages_list_every_operation_with_its_fields(browser: Client) -> None:
    page = browser.get("/api/v1/docs/").content.decode()
    for name, (_, path, found) in OPERATIONS.items():
        assert escape(found["summary"]) in page
        assert path in page
        one = browser.get(f"/api/v1/docs/{name}/").content.decode()
        for body in found.get("requestBody", {}).get("content", {}).values():
            for fields in body["schema"].values():
                shape = described()["components"]["schemas"][fields.rpartition("/")[2]]
                assert all(f"<code>{field}</code>" in one for field in shape.get("properties", {})), name
    assert browser.get("/api/v1/docs/nonsense/").status_code == 404


def test_the_pages_have_no_script_or_style_of_their_own(browser: Client) -> None:
    for path in ("/api/v1/docs/", "/api/v1/docs/visits_book/", "/problems/", "/problems/conflict"):
        page = browser.get(path).content.decode()
        assert "style=" not in page
        assert "<script>" not in page
        assert "http://" not in page.replace("http://testserver", "")
        assert "https://" not in page


def test_visitors_are_sent_to_sign_in(db: None) -> None:
    for path in ("/api/v1/docs/", "/api/v1/docs/visits_book/"):
        assert Client().get(path).status_code == 302


@pytest.mark.parametrize("code", sorted(KINDS))
def test_every_type_of_problem_leads_to_its_explanation(db: None, code: str) -> None:
    page = Client().get(f"/problems/{code}").content.decode()
    assert escape(KINDS[code].title) in page
    assert Client().get("/problems/nonsense").status_code == 404


def test_every_operation_is_on_one_page_only() -> None:
    names = [page.name for group in documentation().groups for page in group.operations]
    assert sorted(names) == sorted(OPERATIONS)
