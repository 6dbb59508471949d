"""An upset day over the API: proposed without a trace, applied all or nothing and once, and taken back."""

from typing import Any

from accounts.domain.policy import Permission, Role
from audit.models import AuditEvent
from scheduling.models import ChairOutage, Disruption, Shift, Visit
from tests.api.conftest import NINE, UNCOVERED, Answered, World

TIMES = {"from": "2026-03-03T07:00:00-06:00", "until": "2026-03-03T18:00:00-06:00"}
SNOW: dict[str, Any] = TIMES | {"kind": "closed", "reason": "Snow"}
WEDNESDAY_NINE = "2026-03-04T09:00:00-06:00"


def down(world: World, chair: int = 0) -> dict[str, Any]:
    return TIMES | {"kind": "chair", "chair": str(world.chairs[chair].pk), "reason": "Pump broken"}


def preview(world: World, body: dict[str, Any]) -> Answered:
    answered = world.caller.post("disruptions/preview/", body, key=None)
    assert answered.status == 200, answered.data
    return answered


def as_proposed(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Every proposal of a move taken as it is."""
    return [
        {
            "visit": line["visit"],
            "version": line["version"],
            "do": "move",
            "chair": line["place"]["chair"]["id"],
            "start": line["place"]["start"],
            "accepts": line["place"]["needs_override_for"],
        }
        for line in lines
    ]


def snowed(world: World) -> Answered:
    """Snow on Tuesday, applied as it is proposed."""
    decisions = as_proposed(preview(world, SNOW).data["lines"])
    return world.caller.post("disruptions/", SNOW | {"decisions": decisions})


def test_a_preview_says_who_is_touched_where_they_could_go_and_why_and_changes_nothing(world: World) -> None:
    visit = world.booked()
    found = preview(world, down(world)).data
    [line] = found["lines"]
    assert (line["visit"], line["version"], line["act"]) == (visit.data["id"], 1, "chair")
    assert (line["place"]["chair"]["name"], line["place"]["start"]) == ("A2", NINE)
    assert (line["why"], line["place"]["needs_override_for"]) == ("The same time in another chair.", [])
    assert line["others"][0].keys() == {"chair", "start", "end", "needs_override_for"}
    assert found["over"] == []
    assert not ChairOutage.objects.exists()
    assert world.caller.get(f"visits/{visit.data['id']}/").data == visit.data
    assert AuditEvent.objects.get(action="disruption.preview").detail == {"visits": [visit.data["id"]]}


def test_a_snow_day_is_applied_once_read_and_undone(world: World) -> None:
    visit = world.booked()
    body = SNOW | {"decisions": as_proposed(preview(world, SNOW).data["lines"])}
    done = world.caller.post("disruptions/", body, key="snow")
    assert done.status == 201, done.data
    path = f"disruptions/{done.data['id']}/"
    assert done.headers["Location"] == f"/api/v1/{path}"
    [change] = done.data["changes"]
    assert (change["visit"], change["do"], change["is_told"]) == (visit.data["id"], "move", True)
    assert (change["was"]["start"], change["now"]["start"]) == (NINE, WEDNESDAY_NINE)
    again = world.caller.post("disruptions/", body, key="snow")
    assert (again.status, again.headers.get("Idempotent-Replayed")) == (201, "true"), again.data
    assert again.data == done.data
    assert world.caller.get(path).data == done.data
    listed = world.caller.get("disruptions/").data["results"]
    assert listed == [{name: value for name, value in done.data.items() if name != "changes"}]
    undone = world.caller.post(f"{path}undo/", {}, key="back")
    assert (undone.status, undone.data["undone_by"]) == (200, done.data["applied_by"]), undone.data
    assert world.caller.get(f"visits/{visit.data['id']}/").data["start"] == NINE
    assert world.caller.post(f"{path}undo/", {}, key="back").headers["Idempotent-Replayed"] == "true"
    twice = world.caller.post(f"{path}undo/", {})
    assert (twice.status, twice.data["errors"][0]["code"]) == (409, "cannot_undo")
    assert Disruption.objects.count() == 1


def decision(visit: Answered, **place: Any) -> dict[str, Any]:
    return {"visit": visit.data["id"], "version": visit.data["version"], "do": "move", "accepts": []} | {
        name: str(value) for name, value in place.items()
    }


def test_a_visit_that_changed_meanwhile_is_named_and_nothing_happens(world: World) -> None:
    visit = world.booked()
    decisions = as_proposed(preview(world, SNOW).data["lines"])
    confirmed = world.caller.post(f"visits/{visit.data['id']}/confirm/", {}, etag=visit.etag)
    refused = world.caller.post("disruptions/", SNOW | {"decisions": decisions})
    assert (refused.status, refused.data["type"]) == (412, "/problems/stale")
    assert [error["visit"] for error in refused.data["errors"]] == [visit.data["id"]]
    assert world.caller.get(f"visits/{visit.data['id']}/").data == confirmed.data
    assert not Disruption.objects.exists()


def test_every_visit_that_cannot_go_where_it_was_sent_is_named(world: World) -> None:
    visits = []
    for number in range(3):
        day = {"course_day": str(world.another_day().pk), "chair": str(world.chairs[number].pk), "start": NINE}
        booked = world.caller.post("visits/", day | {"override": UNCOVERED})
        assert booked.status == 201, booked.data
        visits.append(booked)
    nowhere = [decision(one, chair=world.chairs[0].pk, start="2026-03-03T12:00:00-06:00") for one in visits]
    refused = world.caller.post("disruptions/", SNOW | {"decisions": nowhere})
    assert (refused.status, refused.data["type"]) == (409, "/problems/conflict")
    assert {error["visit"] for error in refused.data["errors"]} == {one.data["id"] for one in visits}
    assert not Disruption.objects.exists()


def test_what_needs_a_reason_is_asked_and_goes_ahead_with_one(world: World) -> None:
    body = {"course_day": str(world.another_day().pk), "chair": str(world.chairs[0].pk), "start": NINE}
    visit = world.caller.post("visits/", body | {"override": UNCOVERED})
    [line] = preview(world, SNOW).data["lines"]
    place = next(one for one in [line["place"], *line["others"]] if one and one["needs_override_for"])
    chosen = decision(visit, chair=place["chair"]["id"], start=place["start"])
    refused = world.caller.post("disruptions/", SNOW | {"decisions": [chosen]})
    assert (refused.status, refused.data["type"]) == (409, "/problems/needs_reason"), refused.data
    assert not refused.data["errors"][0]["is_hard"]
    chosen["accepts"] = place["needs_override_for"]
    done = world.caller.post("disruptions/", SNOW | {"decisions": [chosen], "override": {"reason": "Agreed."}})
    assert (done.status, done.data["override"]) == (201, "Agreed."), done.data


def test_a_nurse_who_is_away_is_named_by_an_id_of_the_list(world: World) -> None:
    shift = Shift.objects.select_related("nurse").filter(clinic=world.clinic).earliest("starts_at", "id")
    nurses = world.caller.get("nurses/").data["results"]
    assert {"id": str(shift.nurse_id), "name": shift.nurse.name} in nurses
    sick = TIMES | {"kind": "nurse", "nurse": str(shift.nurse_id), "reason": "Sick"}
    done = world.caller.post("disruptions/", sick)
    assert (done.status, done.data["nurse"]["name"], done.data["changes"]) == (201, shift.nurse.name, []), done.data


def test_input_that_makes_no_sense_is_named_as_it_was_sent(world: World) -> None:
    visit = world.booked()
    chair = {"chair": str(world.chairs[0].pk)}
    stays = decision(visit) | {"do": "call"}
    for body, field in (
        (SNOW | {"until": TIMES["from"]}, "until"),
        (SNOW | {"from": "2026-03-03T07:05:00-06:00"}, "from"),
        (SNOW | {"from": "2026-04-03T07:00:00-06:00", "until": "2026-04-03T18:00:00-06:00"}, "from"),
        (SNOW | {"until": "2099-03-03T18:00:00-06:00"}, "until"),
        (SNOW | chair, "chair"),
        (down(world) | {"chair": None}, "chair"),
        (SNOW | {"decisions": [decision(visit)]}, "decisions"),
        (SNOW | {"decisions": [stays, stays]}, "decisions"),
        (SNOW | {"decisions": [stays | chair]}, "decisions"),
    ):
        refused = world.caller.post("disruptions/", body)
        assert (refused.status, refused.fields) == (400, {field}), (body, refused.data)
    assert not Disruption.objects.exists()


def test_a_visit_of_another_day_is_none_of_its_business(world: World) -> None:
    visit = world.booked(start=WEDNESDAY_NINE)
    gone = {"visit": visit.data["id"], "version": 1, "do": "cancel"}
    refused = world.caller.post("disruptions/", SNOW | {"decisions": [gone]})
    assert (refused.status, refused.data["errors"][0]["visit"]) == (412, visit.data["id"])
    assert Visit.objects.get().status == "booked"


def test_undoing_names_what_cannot_return_and_leaves_it_when_told_to(world: World) -> None:
    visit = world.booked()
    path = f"disruptions/{snowed(world).data['id']}/undo/"
    moved = world.caller.get(f"visits/{visit.data['id']}/")
    world.caller.post(
        f"visits/{visit.data['id']}/move/",
        {"chair": str(world.chairs[1].pk), "start": WEDNESDAY_NINE},
        etag=moved.etag,
    )
    refused = world.caller.post(path, {})
    assert (refused.status, refused.data["errors"][0]["visit"]) == (409, visit.data["id"])
    assert world.caller.post(path, {"leave": [str(world.patient.pk)]}).fields == {"leave"}
    undone = world.caller.post(path, {"leave": [visit.data["id"]]})
    assert undone.status == 200, undone.data
    assert world.caller.get(f"visits/{visit.data['id']}/").data["start"] == WEDNESDAY_NINE


def test_only_who_may_override_and_change_upsets_a_day(world: World) -> None:
    reader = world.program(Permission.VISIT_VIEW)
    assert reader.get("disruptions/").status == 200
    for caller in (reader, world.person(Role.AUDITOR)):
        for path in ("disruptions/preview/", "disruptions/"):
            assert caller.post(path, SNOW).status == 403
    half = world.program(Permission.VISIT_VIEW, Permission.VISIT_OVERRIDE)
    assert half.post("disruptions/", SNOW).status == 403
    assert not Disruption.objects.exists()


def test_another_clinics_day_chair_and_visits_are_not_here(world: World, elsewhere: World) -> None:
    visit = elsewhere.booked()
    done = snowed(elsewhere)
    path = f"disruptions/{done.data['id']}/"
    assert world.caller.get(path).status == 404
    assert world.caller.post(f"{path}undo/", {}).status == 404
    assert world.caller.get("disruptions/").data["results"] == []
    assert world.caller.post("disruptions/", down(elsewhere)).fields == {"chair"}
    theirs = [decision(visit, chair=world.chairs[0].pk, start=WEDNESDAY_NINE)]
    assert world.caller.post("disruptions/", SNOW | {"decisions": theirs}).status == 412
    assert not Disruption.objects.filter(clinic=world.clinic).exists()
