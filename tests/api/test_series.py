"""A whole regimen over the API: proposed without a trace, booked all or none, and once."""

from datetime import date

from scheduling.models import Visit
from tests import factories
from tests.api.conftest import UNCOVERED, World

TUESDAYS = (date(2026, 3, 10), date(2026, 3, 17))


def more_courses(world: World) -> str:
    for due_on in TUESDAYS:
        factories.make_course_day(world.order, due_on, window=2)
    factories.make_shifts(world.clinic, date(2026, 3, 6), days=16)
    return f"orders/{world.order.pk}/series/"


def test_a_dry_run_proposes_every_course_and_changes_nothing(world: World) -> None:
    path = more_courses(world)
    found = world.caller.post(path, {"dry_run": True, "weekday": 1, "time": "10:00"}, key=None)
    assert found.status == 200, found.data
    assert found.data["id"] is None
    assert [row["start"] for row in found.data["visits"]] == [
        "2026-03-03T10:00:00-06:00",
        "2026-03-10T10:00:00-05:00",
        "2026-03-17T10:00:00-05:00",
    ]
    first = found.data["visits"][0]
    assert (first["visit"], first["problem"], first["is_covered"]) == (None, None, True)
    assert "on the due date" in first["reasons"]
    assert first["others"]
    assert not Visit.objects.exists()


def test_all_that_is_proposed_is_booked_and_a_repeat_books_nothing_more(world: World) -> None:
    path = more_courses(world)
    booked = world.caller.post(path, {"time": "09:00"}, key="once")
    assert booked.status == 200, booked.data
    assert Visit.objects.filter(series_id=booked.data["id"]).count() == 3
    again = world.caller.post(path, {"time": "09:00"}, key="once")
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.data == booked.data
    assert Visit.objects.count() == 3


def test_one_chosen_place_that_is_taken_books_none_and_names_the_course(world: World) -> None:
    path = more_courses(world)
    plan = world.caller.post(path, {"dry_run": True}).data["visits"]
    taken = plan[1]
    stranger = factories.make_course_day(factories.make_order(factories.make_patient(world.clinic)), TUESDAYS[0])
    place = {"course_day": str(stranger.pk), "chair": taken["chair"]["id"], "start": taken["start"]}
    assert world.caller.post("visits/", place | {"override": UNCOVERED}).status == 201
    chosen = [{"course_day": row["course_day"], "chair": row["chair"]["id"], "start": row["start"]} for row in plan]
    refused = world.caller.post(path, {"visits": chosen})
    assert refused.status == 409
    assert refused.data["errors"][0]["sentence"].startswith("Course 2: ")
    assert Visit.objects.count() == 1


def test_booking_needs_a_key_and_an_order_of_this_clinic(world: World) -> None:
    path = more_courses(world)
    assert world.caller.post(path, {}, key=None).status == 400
    other = factories.make_order(factories.make_patient(factories.make_clinic()))
    assert world.caller.post(f"orders/{other.pk}/series/", {"dry_run": True}).status == 404
    assert not Visit.objects.exists()
