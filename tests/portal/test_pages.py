"""What a patient sees, says yes to, and takes home in a calendar; and that it is only ever their own."""

import re
from datetime import datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from audit.models import AuditEvent
from scheduling.domain.statuses import VisitStatus
from scheduling.models import MoveRequest
from scheduling.services import booking, flow
from tests import factories
from tests.factories import at
from tests.portal.conftest import FRIDAY, Home, patient_with_visit, signed_in

HTMX = {"HX-Request": "true"}


def words(text: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text))


def test_home_says_when_how_long_where_and_whether_insurance_is_in_place(home: Home) -> None:
    page = words(home.client.get("/p/").content.decode())
    for told in (
        "Hello Amina",
        "Friday 6 March",
        "9:00 am",
        "about 1 hour 45 minutes , until around 10:45 am",
        "40 Harbor Road, Chicago",
        "Insurance approval is in place.",
        "Yes, I’ll be there",
        "Ask to move",
        "Add to calendar",
        "Drink plenty of water",
        "call 911",
        "Monday to Friday, 7:00 am to 6:00 pm",
    ):
        assert told in page, told


def test_a_visit_without_approval_says_we_are_working_on_it(home: Home) -> None:
    home.patient.authorizations.update(ends_on=FRIDAY - timedelta(days=1))
    assert "We are working on your insurance approval" in home.client.get("/p/").content.decode()


def test_without_a_visit_home_says_so_and_whom_to_call(home: Home) -> None:
    booking.cancel(visit=home.fresh(), reason="Drug not here.", expected_version=1, by=home.scheduler)
    page = home.client.get("/p/").content.decode()
    assert "No infusion is booked yet" in page
    assert home.clinic.phone in page


def test_times_are_the_clinics_whatever_zone_the_patient_is_in(home: Home) -> None:
    home.patient.time_zone = "Asia/Tokyo"
    home.patient.save()
    assert "9:00 am" in home.client.get("/p/").content.decode()


def test_one_tap_confirms_and_one_takes_it_back(home: Home) -> None:
    home.client.post(home.page("confirm/"), {"back": "home"})
    assert home.fresh().status == VisitStatus.CONFIRMED
    page = words(home.client.get("/p/").content.decode())
    assert "You’re confirmed. See you Friday" in page
    home.client.post(home.page("undo/"), {"version": home.fresh().version})
    assert home.fresh().status == VisitStatus.BOOKED
    assert "Yes, I’ll be there" in home.client.get("/p/").content.decode()


def test_confirming_twice_is_fine(home: Home) -> None:
    for _ in range(2):
        assert home.client.post(home.page("confirm/")).status_code == 302
    assert home.fresh().events.filter(kind="status").count() == 1


def test_with_htmx_the_card_turns_into_its_answer(home: Home) -> None:
    answer = home.client.post(home.page("confirm/"), {"back": "home"}, headers=HTMX)
    body = answer.content.decode()
    assert answer.status_code == 200
    assert body.lstrip().startswith('<section class="card card-hero" id="visit-card"')
    assert "You’re confirmed." in body
    assert "Undo" in body


def test_a_yes_that_staff_recorded_is_not_the_patients_to_undo(home: Home) -> None:
    flow.confirm(visit=home.fresh(), by=home.scheduler)
    assert "Undo" not in home.client.get("/p/").content.decode()
    answer = home.client.post(home.page("undo/"), {"version": home.fresh().version}, headers=HTMX)
    assert answer.status_code == 409
    assert home.fresh().status == VisitStatus.CONFIRMED


def test_a_visit_that_has_begun_cannot_be_confirmed(home: Home) -> None:
    with time_machine.travel(at(FRIDAY, 9, 5), tick=False):
        client = signed_in(home.patient)
        answer = client.post(home.page("confirm/"), headers=HTMX)
    assert answer.status_code == 409
    assert home.fresh().status == VisitStatus.BOOKED


def test_all_infusions_lists_what_is_booked_and_what_is_past(home: Home) -> None:
    with time_machine.travel(at(FRIDAY, 9, 5), tick=False):
        visit = home.fresh()
        factories.clear(visit)
        for step in (VisitStatus.ARRIVED, VisitStatus.SEATED, VisitStatus.INFUSING, VisitStatus.COMPLETED):
            visit = flow.advance(visit=visit, to=step, expected_version=visit.version, by=home.scheduler)
    with time_machine.travel(at(FRIDAY, 15), tick=False):
        page = words(signed_in(home.patient).get("/p/visits/").content.decode())
    assert "Nothing is booked yet" in page
    assert "Friday 6 March 2026 IVIG · Done" in page


@pytest.mark.parametrize("name", ["", ".ics", "confirm/", "undo/", "move/", "cancel/"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_another_patients_visit_does_not_exist(home: Home, name: str, method: str) -> None:
    _, theirs = patient_with_visit(home.clinic, chair=1)
    address = f"/p/visits/{theirs.id}.ics" if name == ".ics" else f"/p/visits/{theirs.id}/{name}"
    answer = getattr(home.client, method)(address, {"wish": "cancel"})
    assert answer.status_code in {404, 405}
    theirs.refresh_from_db()
    assert (theirs.status, theirs.version) == (VisitStatus.BOOKED, 1)
    assert not MoveRequest.objects.exists()


def test_another_patients_visit_and_no_visit_look_the_same(home: Home) -> None:
    _, theirs = patient_with_visit(home.clinic, chair=1)
    unknown = "01890000-0000-7000-8000-000000000000"
    pages = [home.client.get(f"/p/visits/{visit_id}/") for visit_id in (theirs.id, unknown)]
    assert {page.status_code for page in pages} == {404}
    assert len({re.sub(r"csrf-token[^>]*>|value=.[^>]*>", "", page.content.decode()) for page in pages}) == 1


def test_staff_pages_are_closed_to_patients_and_these_to_staff(home: Home) -> None:
    assert home.client.get(f"/visits/{home.visit.id}/").status_code == 403
    staff = Client()
    staff.force_login(factories.make_staff(home.clinic))
    assert staff.get("/p/").status_code == 403


def test_looking_at_a_visit_is_on_record(home: Home) -> None:
    home.client.get(home.page())
    seen = AuditEvent.objects.get(action="visit.view")
    assert (seen.actor_id, seen.patient_id, seen.entity_id) == (home.user.id, home.patient.id, str(home.visit.id))


@pytest.mark.parametrize(("name", "action"), [("visits/", "visits.view"), ("visits/{}.ics", "visit_calendar.view")])
def test_the_list_and_the_calendar_file_are_on_record_too(home: Home, name: str, action: str) -> None:
    assert home.client.get(f"/p/{name.format(home.visit.id)}").status_code == 200
    seen = AuditEvent.objects.get(action=action)
    entity = home.patient.id if action == "visits.view" else home.visit.id
    assert (seen.actor_id, seen.patient_id, seen.entity_id) == (home.user.id, home.patient.id, str(entity))


def test_the_list_costs_the_same_for_one_visit_and_for_many(home: Home) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as found:
            home.client.get("/p/visits/")
        return len(found)

    home.client.get("/p/visits/")
    one = statements()
    order = home.visit.course_day.course.order
    for day in (9, 10, 11):
        due = FRIDAY.replace(day=day)
        booking.book(
            course_day=factories.make_course_day(order, due), chair=home.chairs[0], start=at(due, 9), by=home.scheduler
        )
    assert statements() == one


def calendar(home: Home) -> dict[str, str]:
    answer = home.client.get(f"/p/visits/{home.visit.id}.ics")
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    text = answer.content.decode()
    assert text.endswith("END:VCALENDAR\r\n")
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    unfolded = text.replace("\r\n ", "")
    return dict(
        line.split(":", 1) for line in unfolded.split("\r\n") if ":" in line and not line.startswith(("BEGIN", "END:"))
    )


def test_the_calendar_file_says_when_and_where_and_never_what_for(home: Home) -> None:
    found = calendar(home)
    assert (found["DTSTART"], found["DTEND"]) == ("20260306T150000Z", "20260306T164500Z")
    assert found["SUMMARY"] == "Appointment"
    assert found["LOCATION"] == "Lakeside Clinic\\, 40 Harbor Road\\, Chicago"
    assert not {"IVIG", "infusion", "Amina"} & set(re.findall(r"\w+", str(found)))


def test_a_moved_visit_replaces_itself_in_the_calendar(home: Home) -> None:
    before = calendar(home)
    booking.move(visit=home.fresh(), chair=home.chairs[0], start=at(FRIDAY, 11), expected_version=1, by=home.scheduler)
    after = calendar(home)
    assert after["UID"] == before["UID"]
    assert int(after["SEQUENCE"]) > int(before["SEQUENCE"])
    assert after["DTSTART"] == "20260306T170000Z"


def test_a_cancelled_visit_says_so_in_the_calendar(home: Home) -> None:
    booking.cancel(visit=home.fresh(), reason="Drug not here.", expected_version=1, by=home.scheduler)
    assert calendar(home)["STATUS"] == "CANCELLED"


def test_help_is_there_for_everybody_and_names_no_patient(home: Home) -> None:
    page = Client().get("/p/help/").content.decode()
    assert home.clinic.phone in page
    assert "Amina" not in page


def test_visitors_are_sent_to_the_patients_door_and_back(home: Home) -> None:
    answer = Client().get("/p/visits/")
    assert answer.headers["Location"] == "/p/login/?next=/p/visits/"


def test_pages_are_kept_out_of_caches(home: Home) -> None:
    assert "no-store" in home.client.get("/p/").headers["Cache-Control"]


def test_an_idle_quarter_hour_ends_the_session(home: Home) -> None:
    home.client.get("/p/")
    with time_machine.travel(datetime.fromisoformat("2026-03-02T14:00:00+00:00") + timedelta(minutes=16), tick=False):
        assert home.client.get("/p/").headers["Location"].startswith("/p/login/")
