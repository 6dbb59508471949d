"""A manager makes and revokes keys on a page; nobody else gets there, and the secret shows once."""

import re
from typing import Any

from django.test import Client

from accounts.domain.policy import Role
from accounts.models import ApiKey
from accounts.services.api_keys import LOOKS_LIKE_A_KEY
from tests import factories
from tests.api.conftest import ALLAUTH, Caller, World

WANTED = {"name": "Hospital records", "permissions": ["patient.view", "visit.view"], "days_valid": "30"}


def browser(world: World, role: Role) -> Client:
    client = Client()
    client.force_login(factories.make_staff(world.clinic, role), backend=ALLAUTH)
    return client


def test_a_key_made_on_the_page_works_and_is_never_shown_again(world: World) -> None:
    manager = browser(world, Role.MANAGER)
    made = manager.post("/api/v1/keys/", WANTED)
    found = re.search(LOOKS_LIKE_A_KEY, made.content.decode())
    assert found is not None
    assert "no-store" in made.headers["Cache-Control"]
    assert Caller(Client(), found[0]).get("patients/").status == 200
    assert Caller(Client(), found[0]).get("orders/").status == 403
    assert found[0] not in manager.get("/api/v1/keys/").content.decode()


def test_a_form_with_mistakes_makes_no_key(world: World) -> None:
    manager, before = browser(world, Role.MANAGER), ApiKey.objects.count()
    mistakes: tuple[dict[str, Any], ...] = (
        {"name": ""},
        {"permissions": []},
        {"permissions": ["self.view"]},
        {"days_valid": "366"},
    )
    for wrong in mistakes:
        assert manager.post("/api/v1/keys/", WANTED | wrong).status_code == 422
    assert ApiKey.objects.count() == before


def test_a_revoked_key_is_dead(world: World) -> None:
    key = ApiKey.objects.get(name="Hospital records")
    answer = browser(world, Role.MANAGER).post(f"/api/v1/keys/{key.pk}/revoke/")
    assert (answer.status_code, world.caller.get("patients/").status) == (302, 401)


def test_only_a_manager_of_the_clinic_gets_there(world: World, elsewhere: World) -> None:
    key = ApiKey.objects.filter(clinic=world.clinic).get()
    for role in set(Role) - {Role.MANAGER}:
        assert browser(world, role).get("/api/v1/keys/").status_code == 403
        assert browser(world, role).post(f"/api/v1/keys/{key.pk}/revoke/").status_code == 403
    assert browser(elsewhere, Role.MANAGER).post(f"/api/v1/keys/{key.pk}/revoke/").status_code == 404
    assert ApiKey.objects.get(pk=key.pk).revoked_at is None
