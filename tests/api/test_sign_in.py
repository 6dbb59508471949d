"""Who may call: keys that are hashed, end and can be revoked; sessions with a CSRF token; nobody else."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client

from accounts.domain.policy import Permission, Role
from accounts.models import ApiKey
from accounts.services import api_keys
from core.errors import BadInput, NotAllowed, NotFound
from patients.models import Patient
from tests import factories
from tests.api.conftest import ALLAUTH, Caller, World

READ = [Permission.PATIENT_VIEW]
PERSON = {"record_number": "MR9", "given_name": "Bo", "family_name": "Ash", "birth_date": "1980-01-02"}


def issue(world: World, **changes: object) -> api_keys.IssuedKey:
    facts = {"clinic": world.clinic, "name": "Lab", "permissions": READ, "by": world.manager} | changes
    return api_keys.issue(**facts)  # type: ignore[arg-type]


def test_a_key_is_shown_once_and_only_its_hash_is_kept(world: World) -> None:
    issued = issue(world)
    assert api_keys.LOOKS_LIKE_A_KEY.fullmatch(issued.secret)
    stored = ApiKey.objects.values().get(pk=issued.key.pk)
    assert issued.secret[13:] not in str(stored)
    assert issued.secret.startswith(stored["prefix"])


@pytest.mark.parametrize("secret", ["", "inf_short", "inf_abcdefgh_" + "x" * 43, "inf_abcdefgh_" + "é" * 43, "\x00"])
def test_a_key_that_does_not_exist_opens_nothing(world: World, secret: str) -> None:
    refused = Caller(Client(), secret).get("chairs/")
    assert (refused.status, refused.data["type"]) == (401, "/problems/not_signed_in")
    assert refused.headers["WWW-Authenticate"].startswith("Bearer")


def test_nobody_is_told_how_to_sign_in(world: World) -> None:
    refused = Caller(Client()).get("patients/")
    assert (refused.status, refused.data["type"]) == (401, "/problems/not_signed_in")
    assert "Authorization" in refused.data["detail"]


def test_another_scheme_is_refused(world: World) -> None:
    caller = Caller(Client())
    caller.headers = {"Authorization": "Basic YTpi"}
    assert caller.get("chairs/").status == 401


def test_a_revoked_key_is_refused_at_once(world: World) -> None:
    issued = issue(world)
    caller = Caller(Client(), issued.secret)
    assert caller.get("patients/").status == 200
    api_keys.revoke(key_id=issued.key.pk, by=world.manager)
    refused = caller.get("patients/")
    assert (refused.status, "revoked" in refused.data["detail"]) == (401, True)


def test_a_key_ends_on_its_day(world: World) -> None:
    issued = issue(world, days_valid=1)
    with time_machine.travel(datetime.now(UTC) + timedelta(days=1, seconds=1), tick=False):
        refused = Caller(Client(), issued.secret).get("patients/")
    assert (refused.status, "ended on 3 March 2026" in refused.data["detail"]) == (401, True)


def test_when_a_key_was_last_used_is_noted_but_not_for_each_request(world: World) -> None:
    issued = issue(world)
    caller = Caller(Client(), issued.secret)
    caller.get("patients/")
    first = ApiKey.objects.get(pk=issued.key.pk).last_used_at
    caller.get("patients/")
    assert first is not None
    assert ApiKey.objects.get(pk=issued.key.pk).last_used_at == first
    with time_machine.travel(first + timedelta(minutes=6), tick=False):
        caller.get("patients/")
    assert ApiKey.objects.get(pk=issued.key.pk).last_used_at == first + timedelta(minutes=6)


def test_a_key_gets_no_more_than_its_maker_may_do(world: World) -> None:
    nurse = factories.actor(factories.make_staff(world.clinic, Role.NURSE))
    with pytest.raises(NotAllowed):
        issue(world, by=nurse)
    with pytest.raises(BadInput) as refused:
        issue(world, permissions=[Permission.API_KEY_MANAGE])
    assert refused.value.reasons[0].field == "permissions"


def test_a_manager_makes_and_revokes_keys_of_their_own_clinic_only(world: World, elsewhere: World) -> None:
    with pytest.raises(NotFound):
        issue(world, by=elsewhere.manager)
    with pytest.raises(NotFound):
        api_keys.revoke(key_id=issue(world).key.pk, by=elsewhere.manager)


def test_a_key_does_only_what_it_says(world: World) -> None:
    program = world.program(Permission.PATIENT_VIEW)
    assert program.get("patients/").status == 200
    refused = program.post("patients/", PERSON)
    assert (refused.status, refused.data["type"]) == (403, "/problems/not_allowed")
    assert "patient.change" in refused.data["detail"]
    assert not Patient.objects.filter(record_number="MR9").exists()


def test_a_browsers_session_needs_a_csrf_token_to_change(world: World) -> None:
    person = world.person(Role.SCHEDULER, enforce_csrf_checks=True)
    assert person.get("patients/").status == 200
    refused = person.post("patients/", PERSON)
    assert (refused.status, refused.data["type"]) == (403, "/problems/csrf")
    assert not Patient.objects.filter(record_number="MR9").exists()


def test_a_browsers_session_with_its_token_changes(world: World) -> None:
    token = "a" * 32
    person = world.person(Role.SCHEDULER, enforce_csrf_checks=True)
    person.client.cookies["csrftoken"] = token
    assert person.post("patients/", PERSON, **{"X-CSRFToken": token}).status == 201


def test_a_patient_reaches_nothing_here(world: World) -> None:
    patient = factories.make_patient(world.clinic, signs_in=True)
    browser = Client()
    assert patient.user is not None
    browser.force_login(patient.user, backend=ALLAUTH)
    caller = Caller(browser)
    for path in ("patients/", f"patients/{patient.pk}/", "visits/", "chairs/", "orders/", "authorizations/"):
        assert caller.get(path).status == 403
    assert caller.post("visits/", world.book_body()).status == 403


def test_an_auditor_reads_and_never_writes(world: World) -> None:
    auditor = world.person(Role.AUDITOR)
    visit = world.booked()
    assert auditor.get(f"visits/{visit.data['id']}/").status == 200
    assert auditor.get("patients/").status == 200
    writes = [
        ("patients/", PERSON),
        ("visits/", world.book_body()),
        (f"visits/{visit.data['id']}/move/", {"chair": str(world.chairs[1].pk), "start": "2026-03-03T11:00:00-06:00"}),
        (f"visits/{visit.data['id']}/cancel/", {"reason": "no"}),
        (f"visits/{visit.data['id']}/status/", {"to": "arrived"}),
        (f"visits/{visit.data['id']}/confirm/", {}),
        (f"orders/{world.order.pk}/accept/", {}),
        (f"authorizations/{world.authorization.pk}/follow-up/", {"on": "2026-03-09", "next_step": "Call"}),
    ]
    for path, body in writes:
        assert auditor.post(path, body, etag='"v1"').status == 403, path
    assert auditor.patch(f"patients/{world.patient.pk}/", {"phone": ""}, etag='"v1"').status == 403


def test_answers_are_kept_out_of_caches(world: World) -> None:
    assert "no-store" in world.caller.get("patients/").headers["Cache-Control"]
