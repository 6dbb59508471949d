"""Orders over the API: a plan before anything is saved, and holding, releasing, ending, renewing with a history."""

from typing import Any

import pytest

from accounts.domain.policy import Permission, Role
from audit.models import AuditEvent
from core.actor import system
from regimens.models import Course, TreatmentOrder
from regimens.services import catalogue
from scheduling.models import VisitClearance
from tests.api.conftest import Answered, World
from tests.api.working import ORDER, REACTION, begun, working


@pytest.fixture
def _catalogue(world: World) -> None:
    catalogue.load(by=system("test"))


def preview(world: World, **changes: Any) -> Answered:
    return world.caller.post("orders/preview/", ORDER | changes, key=None)


@pytest.mark.usefixtures("_catalogue")
def test_a_preview_is_the_plan_that_accepting_makes_and_saves_nothing(world: World) -> None:
    planned = preview(world, patient=str(world.patient.pk))
    assert planned.status == 200, planned.data
    assert TreatmentOrder.objects.count() == 1
    assert Course.objects.count() == 1
    entered = world.caller.post("orders/", ORDER | {"patient": str(world.patient.pk)})
    world.caller.post(f"orders/{entered.data['id']}/accept/", etag=entered.etag)
    days = world.caller.get("course-days/", order=entered.data["id"], page_size=200).data["results"]
    kept = [(row["course"]["number"], row["day_number"], row["due_on"], row["units"]) for row in days]
    shown = [
        (course["number"], day["day_number"], day["due_on"], day["units"])
        for course in planned.data["courses"]
        for day in course["days"]
    ]
    assert kept == shown
    first, again = days[0], planned.data["courses"][0]["days"][0]
    assert {name: first[name] for name in ("profile", "rate_steps", "phases", "dose_mg", "volume_ml")} == {
        name: again[name] for name in ("profile", "rate_steps", "phases", "dose_mg", "volume_ml")
    }
    assert (first["chair_minutes"], first["wasted_units"]) == (again["block_minutes"], again["jw_units"])
    assert (first["course"]["why"], days[-1]["course"]["why"]) == ("first", "calendar")


@pytest.mark.usefixtures("_catalogue")
def test_a_preview_marks_what_the_order_does_not_reach_and_a_dose_far_from_the_usual(world: World) -> None:
    planned = preview(world).data
    assert planned["valid_until"] == "2026-12-31"
    assert not any(course["needs_renewed_order"] for course in planned["courses"])
    short = preview(world, signed_on="2025-09-01", ends_on=None, course_limit=None).data
    assert short["valid_until"] == "2026-09-01"
    late = [course["needs_renewed_order"] for course in short["courses"]]
    assert late == [course["days"][-1]["due_on"] > "2026-09-01" for course in short["courses"]]
    assert late[0] is not late[-1]
    assert planned["notices"] == []
    assert "below what the catalogue lists" in preview(world, dose_amount="0.1").data["notices"][0]


@pytest.mark.usefixtures("_catalogue")
def test_a_preview_counts_units_course_by_course(world: World) -> None:
    courses = preview(world).data["courses"]
    running = 0
    for course in courses:
        running += course["units"]
        assert course["running_units"] == running
        assert course["earliest_on"] <= course["due_on"] <= course["latest_on"]
    assert preview(world).data["units"] == running
    assert [course["phase"] for course in courses[:3]] == ["induction", "induction", "maintenance"]


@pytest.mark.usefixtures("_catalogue")
def test_a_preview_refuses_nonsense_at_its_field(world: World) -> None:
    for changes, field in (
        ({"dosing_weight_kg": "700"}, "dosing_weight_kg"),
        ({"dose_amount": "-1"}, "dose_amount"),
        ({"interval_days": 0}, "interval_days"),
        ({"ends_on": "2026-03-01"}, "ends_on"),
        ({"product": "moon_dust"}, "product"),
        ({"dose_amount": "10"}, "dose_amount"),
        ({"product": "yimmugo", "hcpcs": "J1553"}, "product"),
        ({"patient": "01936d2e-7c1a-7000-8000-0123456789ab"}, "patient"),
    ):
        refused = preview(world, **changes)
        assert refused.status in {400, 404}, changes
        assert field in refused.fields, (changes, refused.data)


@pytest.mark.usefixtures("_catalogue")
def test_an_order_shows_everything_it_was_entered_with(world: World) -> None:
    entered = world.caller.post("orders/", ORDER | {"patient": str(world.patient.pk)})
    shown = world.caller.get(f"orders/{entered.data['id']}/").data
    for name in ("premedication", "hydration", "titration", "instructions", "prescriber_npi", "prior_dose_on"):
        assert shown[name] == ORDER[name], name
    assert shown["labs_required"] == ORDER["labs_required"]
    assert (shown["max_dose_mg"], shown["induction_days"], shown["weight_basis"]) == ("90000.00", 2, "actual")


def test_an_order_is_held_released_and_ended_with_a_history(world: World) -> None:
    path = f"orders/{world.order.pk}/"
    held = world.caller.post(f"{path}hold/", {"reason": "Waiting for tests."}, etag='"v1"')
    assert (held.status, held.data["status"], held.data["status_reason"]) == (200, "on_hold", "Waiting for tests.")
    released = world.caller.post(f"{path}release/", {"note": "They are normal."}, etag=held.etag)
    assert (released.status, released.data["status"]) == (200, "active")
    ended = world.caller.post(f"{path}end/", {"on": "2026-03-02", "reason": "Moved away."}, etag=released.etag)
    assert (ended.status, ended.data["status"], ended.data["ends_on"]) == (200, "ended", "2026-03-02")
    events = world.caller.get(f"{path}events/").data["results"]
    assert [event["kind"] for event in events] == ["ended", "released", "held"]
    assert events[0]["reason"] == "Moved away."
    assert world.caller.post(f"{path}hold/", {"reason": " "}, etag=ended.etag).fields == {"reason"}


def test_an_end_before_the_start_is_refused_and_one_to_come_leaves_it_active(world: World) -> None:
    path = f"orders/{world.order.pk}/end/"
    refused = world.caller.post(path, {"on": "2025-12-31", "reason": "x"}, etag='"v1"')
    assert (refused.status, refused.fields) == (400, {"on"})
    later = world.caller.post(path, {"on": "2026-06-30", "reason": "Moves away in July."}, etag='"v1"')
    assert (later.status, later.data["status"], later.data["ends_on"]) == (200, "active", "2026-06-30")


def test_a_renewal_is_a_draft_of_its_own_and_made_once(world: World) -> None:
    request = working(world, "orders_renew")
    made = request.send(world)
    assert (made.status, made.data["status"], made.data["renews"]) == (200, "draft", str(world.order.pk))
    again = world.caller.post(request.path, {}, etag='"v1"')
    assert again.status in {409, 412}


def test_an_order_held_for_a_reaction_is_released_by_a_prescriber_alone(world: World) -> None:
    reacted = world.caller.post("reactions/", REACTION | {"visit": begun(world), "grade": 3})
    assert reacted.status == 201, reacted.data
    path = f"orders/{world.order.pk}/"
    held = world.caller.get(path)
    assert held.data["status"] == "on_hold"
    refused = world.caller.post(f"{path}release/", {"note": "Fine."}, etag=held.etag)
    assert refused.status == 403
    prescriber = world.person(Role.PRESCRIBER)
    released = prescriber.post(f"{path}release/", {"note": "Slower, with a steroid."}, etag=held.etag)
    assert (released.status, released.data["status"]) == (200, "active"), released.data
    kept = world.caller.get(f"reactions/{reacted.data['id']}/").data
    assert (kept["release_note"], kept["released_at"] is not None) == ("Slower, with a steroid.", True)


def test_a_prescriber_releases_a_reaction_whatever_became_of_its_order(world: World) -> None:
    reacted = world.caller.post("reactions/", REACTION | {"visit": begun(world), "grade": 4})
    path = f"reactions/{reacted.data['id']}/release/"
    assert world.caller.post(path, {"note": "Another product."}).status == 403
    prescriber = world.person(Role.PRESCRIBER)
    assert prescriber.post(path, {"note": " "}).fields == {"note"}
    released = prescriber.post(path, {"note": "Another product."})
    assert (released.status, released.data["release_note"]) == (200, "Another product."), released.data
    assert prescriber.post(path, {"note": "Again."}).status == 409
    order = world.caller.get(f"orders/{world.order.pk}/")
    blocked = prescriber.post(f"orders/{world.order.pk}/release/", {"note": "Go on."}, etag=order.etag)
    assert (blocked.status, "choose another product" in blocked.data["detail"]) == (409, True), blocked.data


def test_reading_an_order_s_history_is_on_record(world: World) -> None:
    world.caller.get(f"orders/{world.order.pk}/events/")
    assert AuditEvent.objects.filter(action="order.view", patient_id=world.patient.pk).count() == 1
    assert world.program(Permission.VISIT_VIEW).get(f"orders/{world.order.pk}/events/").status == 403


def test_the_gate_looks_again_when_an_order_is_held_released_or_ended(world: World) -> None:
    visit = world.booked(start="2026-03-03T11:00:00-06:00").data["id"]
    path = f"orders/{world.order.pk}/"

    def held_by() -> set[str]:
        return {reason["code"] for reason in VisitClearance.objects.get(visit_id=visit).reasons}

    assert "order_inactive" not in held_by()
    held = world.caller.post(f"{path}hold/", {"reason": "Waiting for tests."}, etag='"v1"')
    assert "order_inactive" in held_by()
    released = world.caller.post(f"{path}release/", {"note": "They are normal."}, etag=held.etag)
    assert "order_inactive" not in held_by()
    world.caller.post(f"{path}end/", {"on": "2026-03-02", "reason": "Moved away."}, etag=released.etag)
    assert "order_inactive" in held_by()
