"""Holding, waiting and answering offers over the API."""

from scheduling.models import Offer, OfferState, Visit
from tests import factories
from tests.api.conftest import World
from tests.api.working import offered

DAYS = {"earliest_on": "2026-03-03", "latest_on": "2026-03-04"}


def test_a_place_is_held_and_then_booked_by_its_next_status(world: World) -> None:
    held = world.booked(hold=True)
    assert held.data["status"] == "held"
    assert held.data["hold_until"].startswith("2026-03-02T08:10:")
    path = f"visits/{held.data['id']}/status/"
    booked = world.caller.post(path, {"to": "booked"}, etag=held.etag)
    assert (booked.status, booked.data["status"], booked.data["hold_until"]) == (200, "booked", None)


def test_a_course_day_waits_once_and_is_listed(world: World) -> None:
    body = DAYS | {"course_day": str(world.course_day.pk), "parts_of_day": ["morning"]}
    added = world.caller.post("waitlist/", body, key="once")
    assert (added.status, added.data["notice_hours"], added.data["state"]) == (201, 24, "waiting")
    assert world.caller.post("waitlist/", body, key="once").headers["Idempotent-Replayed"] == "true"
    again = world.caller.post("waitlist/", body)
    assert (again.status, again.data["errors"][0]["code"]) == (409, "already_waiting")
    listed = world.caller.get("waitlist/")
    assert [entry["id"] for entry in listed.data["results"]] == [added.data["id"]]
    assert world.caller.get("waitlist/", state="booked").data["results"] == []


def test_days_that_run_backwards_are_refused_at_their_field(world: World) -> None:
    body = {"course_day": str(world.course_day.pk), "earliest_on": "2026-03-05", "latest_on": "2026-03-04"}
    refused = world.caller.post("waitlist/", body)
    assert (refused.status, refused.fields) == (400, {"latest_on"})


def test_an_offer_is_accepted_once(world: World) -> None:
    made = offered(world)
    accepted = world.caller.post(f"offers/{made.pk}/accept/", {}, key="yes")
    assert (accepted.status, accepted.data["status"]) == (200, "booked")
    assert world.caller.post(f"offers/{made.pk}/accept/", {}, key="yes").headers["Idempotent-Replayed"] == "true"
    again = world.caller.post(f"offers/{made.pk}/accept/", {})
    assert (again.status, again.data["errors"][0]["code"]) == (409, "offer_over")
    assert Visit.objects.exclude(status="cancelled").count() == 1


def test_an_offer_that_is_declined_frees_its_place(world: World) -> None:
    made = offered(world)
    declined = world.caller.post(f"offers/{made.pk}/decline/", {})
    assert (declined.status, declined.data["state"]) == (200, "declined")
    assert not Visit.objects.exclude(status="cancelled").exists()


def test_another_clinics_offer_is_not_found(world: World) -> None:
    made = offered(world)
    made.entry.clinic = factories.make_clinic()
    made.entry.save(update_fields=["clinic"])
    assert world.caller.post(f"offers/{made.pk}/accept/", {}).status == 404
    assert Offer.objects.get().state == OfferState.OPEN
