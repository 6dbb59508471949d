"""Finding patients, orders, course days and authorizations, and what happens to them."""

from tests import factories
from tests.api.conftest import TUESDAY, UNCOVERED, Answered, World
from tests.api.working import working


def ids(answered: Answered) -> set[str]:
    return {row["id"] for row in answered.data["results"]}


def test_patients_are_found_by_name_number_and_birth_date(world: World) -> None:
    zoe = factories.make_patient(world.clinic, given_name="Zoë", family_name="Łukasz", record_number="ZZ900")
    for text in ("zoe", "lukasz zo", "ZZ9"):
        assert ids(world.caller.get("patients/", q=text)) == {str(zoe.pk)}, text
    assert ids(world.caller.get("patients/", q="1970-05-17")) == {str(zoe.pk), str(world.patient.pk)}
    assert ids(world.caller.get("patients/", q="nobody")) == set()


def test_a_record_number_in_use_is_a_conflict_that_names_it(world: World) -> None:
    person = {"record_number": world.patient.record_number, "given_name": "A", "family_name": "B"}
    refused = world.caller.post("patients/", person | {"birth_date": "1970-01-01"})
    assert (refused.status, refused.fields) == (409, {"record_number"})


def test_what_makes_no_sense_of_a_person_is_said_all_at_once(world: World) -> None:
    request = working(world, "patients_register")
    wrong = {"birth_date": "2031-01-01", "email": "not an address", "time_zone": "Moon/Base"}
    refused = request.send(world, (request.body or {}) | wrong)
    assert (refused.status, refused.fields) == (400, set(wrong))


def test_an_entered_order_is_accepted_into_course_days_that_wait_for_visits(world: World) -> None:
    request = working(world, "orders_accept")
    accepted = request.send(world)
    assert (accepted.status, accepted.data["status"], accepted.etag) == (200, "active", '"v2"')
    waiting = world.caller.get("course-days/", order=accepted.data["id"], page_size=200)
    assert waiting.data["count"] > 10
    first = waiting.data["results"][0]
    assert (first["course"]["number"], first["day_number"], first["due_on"]) == (1, 1, "2026-03-09")
    assert first["chair_minutes"] % 15 == 0
    again = world.caller.post(request.path, etag=accepted.etag)
    assert (again.status, again.data["type"]) == (409, "/problems/conflict")


def test_a_booked_course_day_waits_no_more(world: World) -> None:
    factories.make_course_day(world.order, TUESDAY)
    assert len(ids(world.caller.get("course-days/", order=world.order.pk))) == 2
    world.booked()
    assert str(world.course_day.pk) not in ids(world.caller.get("course-days/", order=world.order.pk))


def test_orders_are_listed_by_patient_and_status(world: World) -> None:
    draft = factories.make_order(factories.make_patient(world.clinic), status="draft", accepted_at=None)
    assert ids(world.caller.get("orders/")) == {str(world.order.pk), str(draft.pk)}
    assert ids(world.caller.get("orders/", status="draft")) == {str(draft.pk)}
    assert ids(world.caller.get("orders/", patient=world.patient.pk)) == {str(world.order.pk)}


def test_authorizations_show_their_units_and_are_listed_by_what_is_due(world: World) -> None:
    world.booked()
    found = world.caller.get("authorizations/", patient=world.patient.pk).data["results"][0]
    assert [found[f"units_{name}"] for name in ("approved", "reserved", "used", "left")] == [600, 60, 0, 540]
    path = f"authorizations/{world.authorization.pk}/follow-up/"
    followed = world.caller.post(path, {"on": "2026-03-09", "next_step": "Call"}, etag='"v1"')
    assert (followed.data["follow_up_on"], followed.data["next_step"]) == ("2026-03-09", "Call")
    assert ids(world.caller.get("authorizations/", follow_up_by="2026-03-08")) == set()
    assert ids(world.caller.get("authorizations/", follow_up_by="2026-03-09")) == {str(world.authorization.pk)}


def test_a_payers_answer_covers_what_was_booked_without(world: World) -> None:
    day = world.another_day()
    payer = factories.make_payer(world.clinic)
    waiting = factories.make_authorization(
        day.course.order, payer=payer, status="in_review", units_approved=0, reference=""
    )
    visit = world.booked(course_day=str(day.pk), override=UNCOVERED)
    assert visit.data["authorization"] is None
    answer = {"outcome": "approved", "units": 600, "reference": "PA-9", "starts_on": "2026-03-01"}
    path = f"authorizations/{waiting.pk}/answer/"
    answered = world.caller.post(path, answer | {"ends_on": "2026-12-31", "hcpcs": "J1569"}, etag='"v1"')
    assert answered.status == 200, answered.data
    assert (answered.data["status"], answered.data["units_left"]) == ("approved", 540)
    assert world.caller.get(f"visits/{visit.data['id']}/").data["authorization"] == str(waiting.pk)
