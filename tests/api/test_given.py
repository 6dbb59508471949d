"""What was given, reactions and the clearance gate over the API."""

from typing import Any

import pytest
import time_machine

from accounts.domain.policy import Permission
from audit.models import AuditEvent
from regimens.models import Administration, ProductCode
from scheduling.models import Visit
from tests import factories
from tests.api.conftest import Answered, World
from tests.api.working import CHECK, GIVEN, REACTION, begun

LOTS = [
    {"lot_number": "lx204a", "expires_on": "2027-08-31", "vial_mg": "10000", "vials": 3},
    {"lot_number": "LX300B", "expires_on": "2027-08-31", "vial_mg": "5000", "vials": 1, "wasted_mg": "4000"},
]


def record(world: World, visit_id: str, *, etag: str = '"v1"', **changes: Any) -> Answered:
    return world.caller.put(f"visits/{visit_id}/administration/", GIVEN | changes, etag=etag)


def test_what_was_given_is_recorded_read_and_corrected(world: World) -> None:
    ProductCode.objects.create(product=world.order.product, hcpcs=world.order.hcpcs, unit_mg=500, label="Test brand")
    visit_id = begun(world)
    before = world.caller.get(f"visits/{visit_id}/administration/")
    assert (before.status, before.data["dose_mg"], before.etag) == (200, None, '"v1"')
    recorded = record(world, visit_id, dose_mg="31000", lots=LOTS)
    assert (recorded.status, recorded.etag) == (200, '"v2"'), recorded.data
    assert [lot["lot_number"] for lot in recorded.data["lots"]] == ["LX204A", "LX300B"]
    assert (recorded.data["units"], recorded.data["dose_mg"]) == (62, "31000.00")
    assert recorded.data["recorded_by"] == "Hospital records (API key)"
    corrected = record(world, visit_id, etag=recorded.etag, dose_mg="30000", lots=LOTS[:1], rates=[])
    assert [lot["lot_number"] for lot in corrected.data["lots"]] == ["LX204A"]
    assert (corrected.data["rates"], corrected.etag) == ([], '"v3"')


def test_nobody_overwrites_a_record_they_have_not_seen(world: World) -> None:
    visit_id = begun(world)
    assert record(world, visit_id).status == 200
    stale = record(world, visit_id)
    assert (stale.status, stale.data["type"]) == (412, "/problems/stale")
    assert "recorded this at" in stale.data["detail"]
    assert world.caller.put(f"visits/{visit_id}/administration/", GIVEN).status == 428


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"dose_mg": "-1"}, "dose_mg"),
        ({"dose_mg": "0"}, "dose_mg"),
        ({"stopped_at": "2026-03-02T05:00:00-06:00"}, "stopped_at"),
        ({"started_at": "2026-03-01T06:00:00-06:00"}, "started_at"),
        ({"lots": []}, "lots-0-lot_number"),
        ({"lots": [{**LOTS[0], "expires_on": "2026-01-31", "vials": 4}]}, "lots-0-expires_on"),
        ({"dose_mg": "50000"}, "dose_mg"),
        ({"rates": [{"at": "2026-03-02T06:00:00-06:00", "ml_per_hour": "9000"}]}, "rates-0-ml_per_hour"),
        ({"stop_reason": ""}, "stop_reason"),
    ],
)
def test_a_record_that_makes_no_sense_is_refused_at_its_field(
    world: World, changes: dict[str, Any], field: str
) -> None:
    visit_id = begun(world)
    refused = record(world, visit_id, **changes)
    assert (refused.status, field in refused.fields) == (400, True), refused.data
    assert Administration.objects.get().recorded_at is None


def test_nothing_is_recorded_where_no_infusion_began(world: World) -> None:
    visit_id = world.booked().data["id"]
    assert world.caller.get(f"visits/{visit_id}/administration/").status == 404
    assert record(world, visit_id).status == 409


def test_everybody_who_had_vials_of_a_lot_is_found(world: World, elsewhere: World) -> None:
    record(world, begun(world), dose_mg="31000", lots=LOTS)
    record(elsewhere, begun(elsewhere), dose_mg="31000", lots=LOTS)
    found = world.caller.get("administrations/", lot=" lx300b ")
    assert [row["patient"]["id"] for row in found.data["results"]] == [str(world.patient.pk)]
    assert world.caller.get("administrations/", lot="LX3").data["count"] == 0
    assert world.caller.get("administrations/", patient=str(world.patient.pk)).data["count"] == 1
    assert world.caller.get("administrations/", order=str(world.order.pk)).data["count"] == 1
    assert AuditEvent.objects.filter(action="administration.list").exists()


def test_a_reaction_is_graded_kept_and_listed(world: World) -> None:
    visit_id = begun(world)
    made = world.caller.post("reactions/", REACTION | {"visit": visit_id})
    assert (made.status, made.data["onset_minutes"], made.data["grade"]) == (201, 30, 1), made.data
    assert world.caller.get(made.headers["Location"].removeprefix("/api/v1/")).data == made.data
    listed = world.caller.get("reactions/", order=str(world.order.pk))
    assert [row["id"] for row in listed.data["results"]] == [made.data["id"]]
    for changes, field in (
        ({"kind": "boredom"}, "kind"),
        ({"grade": 6}, "grade"),
        ({"occurred_at": "2026-03-02T05:00:00-06:00"}, "occurred_at"),
        ({"occurred_at": "2026-03-09T05:00:00-06:00"}, "occurred_at"),
        ({"kind": "other", "description": ""}, "description"),
    ):
        refused = world.caller.post("reactions/", REACTION | {"visit": visit_id} | changes)
        assert (refused.status, refused.fields) == (400, {field}), refused.data


def test_a_reaction_is_recorded_once_for_a_key(world: World) -> None:
    body = REACTION | {"visit": begun(world)}
    first = world.caller.post("reactions/", body, key="reaction-1")
    again = world.caller.post("reactions/", body, key="reaction-1")
    assert (again.status, again.data["id"]) == (201, first.data["id"])
    assert again.headers["Idempotent-Replayed"] == "true"


def test_the_gate_answers_with_every_reason_and_who_may_go_ahead(world: World) -> None:
    visit_id = world.booked().data["id"]
    found = world.caller.get(f"visits/{visit_id}/clearance/")
    assert (found.status, found.data["light"], found.data["is_cleared"]) == (200, "red", False)
    reasons = {reason["code"]: reason for reason in found.data["reasons"]}
    consent = reasons["consent_missing"]
    assert (consent["level"], consent["who_may_override"], consent["may_override"]) == ("red", "manager", True)
    assert (reasons["weight_outdated"]["level"], reasons["weight_outdated"]["who_may_override"]) == ("amber", "nurse")
    assert found.data["service_on"] == "2026-03-03"
    assert AuditEvent.objects.filter(action="clearance.view", patient_id=world.patient.pk).count() == 1


def test_going_ahead_needs_the_permission_the_reason_asks_for_and_a_reason(world: World) -> None:
    booked = world.booked()
    path = f"visits/{booked.data['id']}/clearance/"
    body = {"code": "consent_missing", "reason": "It is signed and on its way."}
    nurse = world.program(Permission.VISIT_VIEW, Permission.ADMINISTRATION_RECORD)
    assert nurse.post(f"{path}override/", body, etag=booked.etag).status == 403
    assert world.caller.post(f"{path}override/", body | {"reason": " "}, etag=booked.etag).fields == {"reason"}
    done = world.caller.post(f"{path}override/", body, etag=booked.etag)
    assert (done.status, [one["code"] for one in done.data["overridden"]]) == (200, ["consent_missing"]), done.data
    assert "consent_missing" not in {reason["code"] for reason in done.data["reasons"]}
    assert done.etag == world.caller.get(f"visits/{booked.data['id']}/").etag
    gone = world.caller.post(f"{path}override/", body, etag=done.etag)
    assert (gone.status, gone.data["errors"][0]["code"]) == (409, "not_held")


def test_the_nurse_s_check_is_of_the_day_and_shows_in_the_answer(world: World) -> None:
    tomorrow = world.booked()
    refused = world.caller.post(f"visits/{tomorrow.data['id']}/clearance/check/", CHECK, etag=tomorrow.etag)
    assert (refused.status, refused.data["errors"][0]["code"]) == (409, "not_today")
    with time_machine.travel("2026-03-03T14:00:00+00:00"):
        done = world.caller.post(
            f"visits/{tomorrow.data['id']}/clearance/check/",
            CHECK | {"concerns": ["fever_infection"]},
            etag=tomorrow.etag,
        )
        assert done.status == 200, done.data
        assert done.data["check"]["concerns"] == ["fever_infection"]
        assert "acute_illness" in {reason["code"] for reason in done.data["reasons"]}
        assert "check_missing" not in {reason["code"] for reason in done.data["reasons"]}
        wrong = world.caller.post(
            f"visits/{tomorrow.data['id']}/clearance/check/", CHECK | {"concerns": ["boredom"]}, etag=done.etag
        )
        assert (wrong.status, wrong.fields) == (400, {"concerns.0"})


def test_a_visit_that_is_not_clear_is_not_started_over_the_api_and_a_clear_one_is(world: World) -> None:
    booked = world.booked()
    path = f"visits/{booked.data['id']}/status/"
    with time_machine.travel("2026-03-03T15:00:00+00:00"):
        seen = booked.etag
        for step in ("arrived", "seated"):
            seen = world.caller.post(path, {"to": step}, etag=seen).etag
        refused = world.caller.post(path, {"to": "infusing"}, etag=seen)
        assert refused.status == 409
        assert "consent_missing" in {error["code"] for error in refused.data["errors"]}
        factories.clear(Visit.objects.get(pk=booked.data["id"]))
        started = world.caller.post(path, {"to": "infusing"}, etag=seen)
        assert (started.status, started.data["status"]) == (200, "infusing"), started.data
        assert world.caller.get(f"visits/{booked.data['id']}/administration/").status == 200
