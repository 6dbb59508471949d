"""Booking and running visits through the API: the same rules as the pages, answered in the same words."""

from django.urls import reverse

from accounts.domain.policy import Permission
from audit.models import AuditEvent
from scheduling.models import Visit
from tests.api.conftest import NINE, UNCOVERED, World


def test_a_program_books_a_visit_and_finds_it_where_it_was_told(world: World) -> None:
    booked = world.booked()
    assert booked.data["start"] == NINE
    assert booked.data["status"] == "booked"
    assert booked.data["patient"]["id"] == str(world.patient.pk)
    assert booked.headers["Location"] == reverse("api:visit", args=[booked.data["id"]])
    found = world.caller.get(f"visits/{booked.data['id']}/")
    assert (found.status, found.etag, found.data) == (200, '"v1"', booked.data)


def test_who_booked_through_the_api_is_on_the_record(world: World) -> None:
    booked = world.booked()
    event = AuditEvent.objects.get(action="visit.book", entity_id=booked.data["id"])
    assert (event.actor_kind, event.actor_label) == ("api_key", "Hospital records (API key)")
    assert f"urn:uuid:{event.request_id[:8]}" in f"urn:uuid:{booked.headers['X-Request-Id']}"


def test_a_taken_chair_is_a_conflict_that_names_who_has_it(world: World) -> None:
    world.booked()
    refused = world.caller.post("visits/", world.book_body(course_day=str(world.another_day().pk), override=UNCOVERED))
    assert (refused.status, refused.data["type"]) == (409, "/problems/conflict")
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert "chair_taken" in {error["code"] for error in refused.data["errors"]}
    assert world.patient.family_name in refused.data["detail"]
    assert Visit.objects.count() == 1


def test_a_soft_rule_says_how_to_go_ahead_and_a_reason_does_it(world: World) -> None:
    body = world.book_body(course_day=str(world.another_day().pk))
    refused = world.caller.post("visits/", body)
    assert (refused.status, refused.data["type"]) == (409, "/problems/needs_reason")
    assert not any(error["is_hard"] for error in refused.data["errors"])
    assert "override" in refused.data["override"]
    booked = world.caller.post("visits/", body | {"override": UNCOVERED})
    assert booked.status == 201
    assert booked.data["overrides"][0]["reason"] == UNCOVERED["reason"]


def test_a_key_without_the_permission_may_not_override(world: World) -> None:
    program = world.program(Permission.VISIT_VIEW, Permission.VISIT_BOOK)
    body = world.book_body(course_day=str(world.another_day().pk), override=UNCOVERED)
    refused = program.post("visits/", body)
    assert (refused.status, refused.data["type"]) == (403, "/problems/not_allowed")
    assert Visit.objects.count() == 0


def test_a_visit_moves_runs_and_is_cancelled(world: World) -> None:
    booked = world.booked()
    path = f"visits/{booked.data['id']}/"
    later = {"chair": str(world.chairs[1].pk), "start": "2026-03-03T11:00:00-06:00"}
    moved = world.caller.post(f"{path}move/", later, etag=booked.etag)
    assert (moved.status, moved.data["chair"]["name"], moved.etag) == (200, "A2", '"v2"')
    confirmed = world.caller.post(f"{path}confirm/", etag=moved.etag)
    assert (confirmed.status, confirmed.data["status"]) == (200, "confirmed")
    cancelled = world.caller.post(f"{path}cancel/", {"reason": "A cold."}, etag=confirmed.etag)
    assert (cancelled.data["status"], cancelled.data["cancel_reason"]) == ("cancelled", "A cold.")


def test_a_step_that_cannot_follow_says_which_can(world: World) -> None:
    booked = world.booked()
    refused = world.caller.post(f"visits/{booked.data['id']}/status/", {"to": "completed"}, etag=booked.etag)
    assert refused.status == 409
    assert "Next can be" in refused.data["detail"]


def test_todays_visit_arrives(world: World) -> None:
    booked = world.booked(start="2026-03-02T09:00:00-06:00")
    arrived = world.caller.post(f"visits/{booked.data['id']}/status/", {"to": "arrived"}, etag=booked.etag)
    assert (arrived.status, arrived.data["status"]) == (200, "arrived")
    assert arrived.data["arrived_at"].endswith("-06:00")


def test_a_step_that_was_not_pressed_is_sent_with_the_time_it_happened(world: World) -> None:
    booked = world.booked(start="2026-03-02T09:00:00-06:00")
    path = f"visits/{booked.data['id']}/status/"
    late = {"to": "arrived", "at": "2026-03-02T07:45:00-06:00"}
    arrived = world.caller.post(path, late, etag=booked.etag)
    assert (arrived.status, arrived.data["arrived_at"]) == (200, "2026-03-02T07:45:00-06:00")
    for at, code in (("2026-03-02T07:30:00-06:00", "before_last_step"), ("2026-03-02T11:00:00-06:00", "in_the_future")):
        refused = world.caller.post(path, {"to": "seated", "at": at}, etag=arrived.etag)
        assert (refused.status, refused.fields) == (400, {"at"})
        assert refused.data["errors"][0]["code"] == code
    seated = world.caller.post(path, {"to": "seated", "at": None}, etag=arrived.etag)
    assert (seated.status, seated.data["status"]) == (200, "seated")


def test_openings_come_best_first_and_one_can_be_booked(world: World) -> None:
    query = {"course_day": str(world.course_day.pk), "from": "2026-03-03", "to": "2026-03-05", "part_of_day": "morning"}
    found = world.caller.get("openings/", **query, limit=4)
    assert (found.status, len(found.data)) == (200, 4)
    best = found.data[0]
    assert best["start"].startswith("2026-03-03")
    assert best["needs_override_for"] == []
    assert world.booked(chair=best["chair"]["id"], start=best["start"]).data["end"] == best["end"]


def test_visits_are_listed_by_date_status_patient_and_chair(world: World) -> None:
    booked = world.booked()
    other = world.caller.post(
        "visits/",
        world.book_body(course_day=str(world.another_day().pk), chair=str(world.chairs[1].pk), override=UNCOVERED),
    )
    ids = {booked.data["id"], other.data["id"]}
    dates = {"from": "2026-03-03", "to": "2026-03-03"}
    shown = [
        {visit["id"] for visit in world.caller.get("visits/", **query).data["results"]}
        for query in (
            {},
            dates,
            {"from": "2026-03-04", "to": "2026-03-05"},
            dates | {"chair": world.chairs[1].pk},
            {"patient": world.patient.pk},
            dates | {"status": "cancelled"},
        )
    ]
    assert shown == [ids, ids, set(), {other.data["id"]}, {booked.data["id"]}, set()]


def test_a_list_of_visits_is_one_event_with_the_ids(world: World) -> None:
    booked = world.booked()
    world.caller.get("visits/")
    assert AuditEvent.objects.get(action="visit.list").detail == {"ids": [booked.data["id"]]}


def test_a_second_of_the_repeated_hour_is_meant_by_its_offset(world: World) -> None:
    first, second = "2026-11-01T01:30:00-05:00", "2026-11-01T01:30:00-06:00"
    said = [world.caller.post("visits/", world.book_body(start=start)).data["detail"] for start in (first, second)]
    assert all("closed" in sentence.lower() or "open" in sentence.lower() for sentence in said)
