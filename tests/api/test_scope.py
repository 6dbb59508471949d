"""What belongs to another clinic does not exist here: reading, changing, naming it in a body or a filter."""

import pytest

from audit.models import AuditEvent
from patients.models import Patient
from scheduling.models import Visit
from tests.api.conftest import World


def paths_of(world: World, visit_id: str) -> list[str]:
    return [
        f"patients/{world.patient.pk}/",
        f"orders/{world.order.pk}/",
        f"visits/{visit_id}/",
        f"authorizations/{world.authorization.pk}/",
    ]


def test_reading_elsewhere_finds_nothing(world: World, elsewhere: World) -> None:
    visit = elsewhere.booked()
    for path in paths_of(elsewhere, visit.data["id"]):
        assert elsewhere.caller.get(path).status == 200
        assert world.caller.get(path).status == 404, path


def test_changing_elsewhere_finds_nothing(world: World, elsewhere: World) -> None:
    visit = elsewhere.booked()
    path = f"visits/{visit.data['id']}/"
    place = {"chair": str(world.chairs[0].pk), "start": "2026-03-03T11:00:00-06:00"}
    attempts = [
        (f"{path}move/", place),
        (f"{path}cancel/", {"reason": "mine now"}),
        (f"{path}status/", {"to": "arrived"}),
        (f"{path}confirm/", {}),
        (f"{path}clearance/check/", {"is_drug_on_hand": True}),
        (f"{path}clearance/override/", {"code": "consent_missing", "reason": "mine now"}),
        (f"orders/{elsewhere.order.pk}/accept/", {}),
        (f"orders/{elsewhere.order.pk}/hold/", {"reason": "mine now"}),
        (f"orders/{elsewhere.order.pk}/release/", {"note": "mine now"}),
        (f"orders/{elsewhere.order.pk}/end/", {"on": "2026-03-02", "reason": "mine now"}),
        (f"orders/{elsewhere.order.pk}/renew/", {}),
        (f"authorizations/{elsewhere.authorization.pk}/answer/", {"outcome": "denied", "reason": "x"}),
        (f"authorizations/{elsewhere.authorization.pk}/log-call/", {"person": "x", "text": "y"}),
        (f"authorizations/{elsewhere.authorization.pk}/follow-up/", {"on": "2026-03-09", "next_step": "x"}),
    ]
    for attempt, body in attempts:
        assert world.caller.post(attempt, body, etag='"v1"').status == 404, attempt
    assert world.caller.patch(f"patients/{elsewhere.patient.pk}/", {"phone": ""}, etag='"v1"').status == 404
    assert elsewhere.caller.get(path).data == visit.data
    assert Patient.objects.get(pk=elsewhere.patient.pk).version == 1


@pytest.mark.parametrize("field", ["course_day", "chair"])
def test_a_body_that_names_another_clinics_thing_is_told_which(world: World, elsewhere: World, field: str) -> None:
    refused = world.caller.post("visits/", world.book_body(**{field: elsewhere.book_body()[field]}))
    assert (refused.status, refused.fields) == (404, {field})
    assert field.replace("_", " ") in refused.data["detail"]
    assert Visit.objects.count() == 0


def test_a_filter_that_names_another_clinics_thing_is_told_which(world: World, elsewhere: World) -> None:
    for path, query in (
        ("visits/", {"patient": elsewhere.patient.pk}),
        ("visits/", {"chair": elsewhere.chairs[0].pk}),
        ("orders/", {"patient": elsewhere.patient.pk}),
        ("authorizations/", {"patient": elsewhere.patient.pk}),
        ("administrations/", {"patient": elsewhere.patient.pk}),
        ("administrations/", {"order": elsewhere.order.pk}),
        ("reactions/", {"patient": elsewhere.patient.pk}),
        ("course-days/", {"order": elsewhere.order.pk}),
        ("openings/", {"course_day": elsewhere.course_day.pk}),
    ):
        refused = world.caller.get(path, **query)
        assert (refused.status, refused.fields) == (404, set(query)), path


def test_lists_hold_only_this_clinics_things(world: World, elsewhere: World) -> None:
    world.booked()
    elsewhere.booked()
    for path in ("patients/", "orders/", "visits/", "authorizations/", "chairs/"):
        mine, theirs = world.caller.get(path).data["results"], elsewhere.caller.get(path).data["results"]
        assert mine, path
        assert not {row["id"] for row in mine} & {row["id"] for row in theirs}, path


def test_opening_a_record_is_on_the_patients_record(world: World) -> None:
    visit = world.booked()
    for path in paths_of(world, visit.data["id"]):
        world.caller.get(path)
    seen = AuditEvent.objects.filter(action__endswith=".view").values_list("action", "patient_id")
    assert set(seen) == {(f"{what}.view", world.patient.pk) for what in ("patient", "order", "visit", "authorization")}
