"""Nobody overwrites what they have not seen: If-Match is needed, and out of date is out of luck."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from scheduling.models import Visit
from tests.api.conftest import Answered, World
from tests.api.test_sign_in import PERSON


def changes(world: World, visit_id: str) -> list[tuple[str, dict[str, Any]]]:
    place = {"chair": str(world.chairs[1].pk), "start": "2026-03-03T11:00:00-06:00"}
    return [
        (f"visits/{visit_id}/move/", place),
        (f"visits/{visit_id}/cancel/", {"reason": "A cold."}),
        (f"visits/{visit_id}/status/", {"to": "confirmed"}),
        (f"visits/{visit_id}/confirm/", {}),
        (f"visits/{visit_id}/clearance/check/", {"is_drug_on_hand": True}),
        (f"visits/{visit_id}/clearance/override/", {"code": "consent_missing", "reason": "It is signed."}),
        (f"orders/{world.order.pk}/accept/", {}),
        (f"orders/{world.order.pk}/hold/", {"reason": "Waiting."}),
        (f"orders/{world.order.pk}/release/", {"note": "It came."}),
        (f"orders/{world.order.pk}/end/", {"on": "2026-03-02", "reason": "Another one."}),
        (f"orders/{world.order.pk}/renew/", {}),
        (f"authorizations/{world.authorization.pk}/answer/", {"outcome": "denied", "reason": "no"}),
        (f"authorizations/{world.authorization.pk}/log-call/", {"person": "Rosa", "text": "In review."}),
        (f"authorizations/{world.authorization.pk}/follow-up/", {"on": "2026-03-09", "next_step": "Call"}),
    ]


def test_a_change_without_if_match_is_refused(world: World) -> None:
    visit = world.booked()
    for path, body in changes(world, visit.data["id"]):
        refused = world.caller.post(path, body)
        assert (refused.status, refused.data["type"]) == (428, "/problems/if_match_missing"), path
    assert world.caller.patch(f"patients/{world.patient.pk}/", {"phone": ""}).status == 428


def test_a_change_of_an_old_version_is_refused(world: World) -> None:
    visit = world.booked()
    for path, body in changes(world, visit.data["id"]):
        refused = world.caller.post(path, body, etag='"v7"')
        assert (refused.status, refused.data["type"]) == (412, "/problems/stale"), path
    assert world.caller.patch(f"patients/{world.patient.pk}/", {"phone": ""}, etag='"v7"').status == 412
    assert world.caller.get(f"visits/{visit.data['id']}/").data == visit.data


@pytest.mark.parametrize("etag", ["v1", "1", "*", 'W/"v1"', '"v1", "v2"', '"v-1"', '"v99999999999999"', '"v١"'])
def test_an_if_match_that_is_not_ours_is_refused(world: World, etag: str) -> None:
    visit = world.booked()
    refused = world.caller.post(f"visits/{visit.data['id']}/cancel/", {"reason": "x"}, etag=etag)
    assert (refused.status, refused.fields) == (400, {"If-Match"})


def test_a_patient_changes_one_field_at_a_time(world: World) -> None:
    made = world.caller.post("patients/", PERSON | {"language": "es"})
    path = f"patients/{made.data['id']}/"
    changed = world.caller.patch(path, {"phone": "+1 312 555 0100", "agrees_to_sms": True}, etag=made.etag)
    assert (changed.status, changed.etag) == (200, '"v2"')
    assert changed.data == made.data | {"phone": "+1 312 555 0100", "agrees_to_sms": True, "version": 2}
    assert world.caller.patch(path, {"phone": ""}, etag=made.etag).status == 412


def test_of_eight_movers_with_one_etag_one_wins(committed_world: World) -> None:
    world = committed_world
    visit = world.booked()
    etag = visit.etag
    for number in range(10):
        place = {"chair": str(world.chairs[number % 3].pk), "start": f"2026-03-03T{10 + number % 4}:15:00-06:00"}
        barrier = Barrier(8)

        def move(_: int, place: dict[str, str] = place, etag: str = etag, barrier: Barrier = barrier) -> Answered:
            try:
                barrier.wait()
                return world.caller.post(f"visits/{visit.data['id']}/move/", place, etag=etag)
            finally:
                connection.close()

        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(move, range(8)))
        assert sorted(answer.status for answer in answers) == [200] + [412] * 7
        etag = next(answer.etag for answer in answers if answer.status == 200)
    assert Visit.objects.get().version == 11
