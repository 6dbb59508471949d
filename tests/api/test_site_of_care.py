"""The site of care and the clinician of an authorization, as the API takes and gives them."""

from tests import factories
from tests.api.conftest import World

RESTRICTED = {
    "site_name": "Harbor Hospital",
    "site_npi": "2000000200",
    "place_of_service": "22",
    "rendering_name": "Dr. Okonedo",
    "rendering_npi": "2000000408",
}
ANSWER = {
    "outcome": "approved",
    "units": 600,
    "reference": "PA-9",
    "starts_on": "2026-03-01",
    "ends_on": "2026-12-31",
}


def test_an_authorization_tells_where_and_by_whom_alone(world: World) -> None:
    day = world.another_day()
    waiting = factories.make_authorization(day.course.order, status="in_review", units_approved=0, reference="")
    path = f"authorizations/{waiting.pk}/"
    before = world.caller.get(path).data
    assert {name: before[name] for name in RESTRICTED} == dict.fromkeys(RESTRICTED, "")
    answered = world.caller.post(f"{path}answer/", ANSWER | RESTRICTED, etag='"v1"')
    assert answered.status == 200, answered.data
    assert {name: world.caller.get(path).data[name] for name in RESTRICTED} == RESTRICTED


def test_nonsense_is_named_at_its_field(world: World) -> None:
    day = world.another_day()
    waiting = factories.make_authorization(day.course.order, status="in_review", units_approved=0, reference="")
    for field in ("site_npi", "place_of_service", "rendering_npi"):
        sent = ANSWER | RESTRICTED | {field: "77"}
        refused = world.caller.post(f"authorizations/{waiting.pk}/answer/", sent, etag='"v1"')
        assert refused.status == 400, refused.data
        assert field in str(refused.data)
