"""A patient asks to move or cancel; the visit keeps its place until the scheduler answers."""

import re
import threading
from datetime import date, timedelta

import pytest
import time_machine
from django.db import connection, transaction
from django.test import Client

from accounts.domain.policy import Role
from audit.models import AuditEvent
from core.errors import BadInput, Conflict, NotFound
from scheduling.domain.move_wishes import answer_by
from scheduling.domain.statuses import VisitStatus
from scheduling.models import Chair, MoveRequest, RequestState
from scheduling.services import booking, requests
from tests import factories
from tests.factories import at
from tests.portal.conftest import FRIDAY, MONDAY, Home, patient_with_visit, signed_in

THURSDAY_MORNING, FRIDAY_AFTERNOON = "2026-03-05 morning", "2026-03-06 afternoon"


def ask(
    home: Home, wish: str = "later", half_days: tuple[str, ...] = (FRIDAY_AFTERNOON,), note: str = ""
) -> MoveRequest:
    return requests.ask(visit=home.fresh(), wish=wish, half_days=half_days, note=note, by=home.actor)


def staff(home: Home, role: Role = Role.SCHEDULER) -> Client:
    client = Client()
    client.force_login(factories.make_staff(home.clinic, role))
    return client


def test_asking_keeps_the_visit_where_it_is_and_says_when_we_answer(home: Home) -> None:
    answer = home.client.post(home.page("move/"), {"wish": "later", "half_days": [FRIDAY_AFTERNOON], "note": "School"})
    assert answer.headers["Location"] == home.page()
    page = re.sub(r"<[^>]+>", "", home.client.get(home.page()).content.decode())
    assert "We’ll answer by Wednesday 4 March, 5 pm. Your current time stays booked until we confirm." in page
    assert (home.fresh().status, home.fresh().period.lower) == (VisitStatus.BOOKED, at(FRIDAY, 9))
    assert MoveRequest.objects.get().note == "School"


@pytest.mark.parametrize(
    ("asked_on", "closed", "visit_on", "by"),
    [
        (date(2026, 3, 2), set(), date(2026, 3, 20), date(2026, 3, 4)),
        (date(2026, 3, 6), set(), date(2026, 3, 20), date(2026, 3, 10)),
        (date(2026, 3, 6), {date(2026, 3, 9)}, date(2026, 3, 20), date(2026, 3, 11)),
        (date(2026, 3, 2), set(), date(2026, 3, 3), date(2026, 3, 3)),
    ],
)
def test_we_answer_within_two_business_days_and_never_after_the_visit(
    asked_on: date, closed: set[date], visit_on: date, by: date
) -> None:
    assert answer_by(asked_on, closed=closed, visit_on=visit_on) == by


def test_the_page_offers_half_days_when_the_clinic_is_open_but_not_the_visits_own(home: Home) -> None:
    page = home.client.get(home.page("move/")).content.decode()
    offered = re.findall(r'value="(2026-\d\d-\d\d \w+)"', page)
    assert offered[0] == "2026-03-03 morning"
    assert "2026-03-06 morning" not in offered
    assert FRIDAY_AFTERNOON in offered
    assert not [key for key in offered if date.fromisoformat(key[:10]).weekday() >= 5]
    more = home.client.get(home.page("move/?more=1")).content.decode()
    assert len(re.findall(r'value="2026-', more)) > len(offered)


def test_cannot_come_is_ticked_on_its_own_page(home: Home) -> None:
    page = home.client.get(home.page("cancel/")).content.decode()
    assert re.search(r'value="cancel"[^>]*checked', page)


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({}, "Choose what you would like."),
        ({"wish": "sooner"}, "Choose what you would like."),
        ({"wish": "later", "half_days": ["2026-03-06 night"]}, "Choose from the days on the list."),
        ({"wish": "later", "half_days": ["2019-01-01 morning"]}, "Choose from the days on the list."),
        ({"wish": "other_days"}, "Tick at least one time that suits you."),
        (
            {"wish": "later", "half_days": [f"2026-03-0{day} morning" for day in (3, 4, 5)] + [FRIDAY_AFTERNOON]},
            "Tick up to 3.",
        ),
        ({"wish": "later", "note": "x" * 301}, "300"),
        ({"wish": "later", "note": "a\x00b"}, "Remove the characters that cannot be shown."),
    ],
)
def test_nonsense_gets_a_sentence_and_asks_nothing(home: Home, sent: dict[str, object], sentence: str) -> None:
    answer = home.client.post(home.page("move/"), sent)
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert not MoveRequest.objects.exists()


def test_the_service_itself_refuses_what_the_form_would(home: Home) -> None:
    with pytest.raises(BadInput) as caught:
        ask(home, "sooner", ("nonsense",))
    assert {reason.field for reason in caught.value.reasons} == {"wish", "half_days"}


def test_one_visit_has_one_open_request(home: Home) -> None:
    ask(home)
    with pytest.raises(Conflict, match="asked about this visit already"):
        ask(home)


def test_a_visit_that_began_or_was_cancelled_cannot_be_asked_about(home: Home) -> None:
    with time_machine.travel(at(FRIDAY, 9, 1), tick=False), pytest.raises(Conflict, match="call us"):
        ask(home, "cancel", ())
    booking.cancel(visit=home.fresh(), reason="Drug not here.", expected_version=1, by=home.scheduler)
    with pytest.raises(Conflict, match="call us"):
        ask(home, "cancel", ())


def test_only_the_patient_asks_and_withdraws(home: Home) -> None:
    other, _ = patient_with_visit(home.clinic, chair=1)
    assert other.user is not None
    with pytest.raises(NotFound):
        requests.ask(visit=home.fresh(), wish="cancel", half_days=(), note="", by=factories.actor(other.user))
    asked = ask(home)
    assert signed_in(other).post(f"/p/requests/{asked.id}/withdraw/").status_code == 404
    asked.refresh_from_db()
    assert asked.state == RequestState.OPEN


def test_a_request_can_be_taken_back_once(home: Home) -> None:
    asked = ask(home)
    for _ in range(2):
        home.client.post(f"/p/requests/{asked.id}/withdraw/")
    asked.refresh_from_db()
    assert asked.state == RequestState.WITHDRAWN
    assert AuditEvent.objects.filter(action="request.withdraw").count() == 1
    ask(home)


def test_the_scheduler_sees_times_that_fit_and_approves_with_one_press(home: Home) -> None:
    ask(home, half_days=(FRIDAY_AFTERNOON,))
    client = staff(home)
    page = client.get("/requests/").content.decode()
    places = re.findall(r'name="place" value="([^"]+)"', page)
    assert places
    asked = MoveRequest.objects.get()
    answer = client.post(f"/requests/{asked.id}/answer/", {"act": "move", "place": places[0]})
    assert answer.headers["Location"] == f"/requests/?left={asked.visit_id}"
    assert "Offer the place" in client.get(answer.headers["Location"]).content.decode()
    asked.refresh_from_db()
    assert asked.state == RequestState.MOVED
    assert at(FRIDAY, 12) <= home.fresh().period.lower < at(FRIDAY, 18)
    assert "Nobody is waiting" in client.get("/requests/").content.decode()


@pytest.mark.parametrize(("wish", "fits"), [("earlier", lambda a, b: a < b), ("later", lambda a, b: a > b)])
def test_times_on_offer_follow_the_wish(home: Home, wish: str, fits: object) -> None:
    ask(home, wish, ())
    page = staff(home).get("/requests/").content.decode()
    starts = re.findall(r'name="place" value="[^@]+@([^"]+)"', page)
    assert starts
    assert callable(fits)
    assert all(fits(start, at(FRIDAY, 9).isoformat()) for start in starts)


def test_a_time_that_was_taken_meanwhile_moves_nothing_and_answers_nothing(home: Home) -> None:
    asked = ask(home)
    patient_with_visit(home.clinic, hour=13, chair=0)
    place = f"{home.chairs[0].id}@{at(FRIDAY, 13).isoformat()}"
    answer = staff(home).post(f"/requests/{asked.id}/answer/", {"act": "move", "place": place})
    assert answer.status_code == 409
    assert "A1" in answer.content.decode()
    asked.refresh_from_db()
    assert (asked.state, home.fresh().period.lower) == (RequestState.OPEN, at(FRIDAY, 9))


def test_keeping_the_time_tells_the_patient_why(home: Home) -> None:
    asked = ask(home)
    staff(home).post(f"/requests/{asked.id}/answer/", {"act": "keep", "answer": "We are full on Friday afternoon."})
    page = home.client.get(home.page()).content.decode()
    assert "We could not move this visit." in page
    assert "We are full on Friday afternoon." in page


@pytest.mark.parametrize(
    "sent", [{"act": "keep", "answer": " "}, {"act": "keep", "answer": "x" * 301}, {"act": "sing"}, {}]
)
def test_an_answer_without_words_is_refused(home: Home, sent: dict[str, str]) -> None:
    asked = ask(home)
    assert staff(home).post(f"/requests/{asked.id}/answer/", sent).status_code == 400
    asked.refresh_from_db()
    assert asked.state == RequestState.OPEN


def test_cancelling_as_asked_cancels_the_visit_and_closes_the_request(home: Home) -> None:
    asked = ask(home, "cancel", ())
    staff(home).post(f"/requests/{asked.id}/answer/", {"act": "cancel"})
    asked.refresh_from_db()
    assert asked.state == RequestState.CANCELLED
    assert home.fresh().status == VisitStatus.CANCELLED


def test_an_answered_request_is_not_answered_again_and_nothing_moves(home: Home) -> None:
    asked = ask(home)
    requests.keep(request=asked, answer="Full.", by=home.scheduler)
    with pytest.raises(Conflict, match="was quicker"), transaction.atomic():
        requests.answer_with_move(request=asked, chair=home.chairs[0], start=at(FRIDAY, 13), by=home.scheduler)
    assert home.fresh().period.lower == at(FRIDAY, 9)


def test_those_who_may_only_look_cannot_answer(home: Home) -> None:
    asked = ask(home)
    auditor = staff(home, Role.AUDITOR)
    assert auditor.get("/requests/").status_code == 200
    assert auditor.post(f"/requests/{asked.id}/answer/", {"act": "cancel"}).status_code == 403


def test_another_clinics_request_does_not_exist(home: Home) -> None:
    asked = ask(home)
    elsewhere = Client()
    elsewhere.force_login(factories.make_staff(factories.make_clinic()))
    assert elsewhere.post(f"/requests/{asked.id}/answer/", {"act": "cancel"}).status_code == 404
    assert str(asked.id) not in elsewhere.get("/requests/").content.decode()


@pytest.mark.django_db(transaction=True)
def test_two_schedulers_at_once_give_one_answer(morning: None) -> None:
    clinic = factories.make_clinic(chairs=3)
    factories.make_shifts(clinic, MONDAY, days=5)
    patient, visit = patient_with_visit(clinic)
    assert patient.user is not None
    asked = requests.ask(
        visit=visit, wish="later", half_days=(FRIDAY_AFTERNOON,), note="", by=factories.actor(patient.user)
    )
    chairs = list(Chair.objects.select_related("clinic").filter(clinic=clinic))
    people = [factories.scheduler(clinic) for _ in range(4)]
    gate, done, refused = threading.Barrier(4), [], []

    def answer(number: int) -> None:
        try:
            gate.wait(10)
            if number % 2:
                requests.keep(request=asked, answer="Full.", by=people[number])
            else:
                start = at(FRIDAY, 13) + timedelta(hours=number / 2)
                requests.answer_with_move(request=asked, chair=chairs[1], start=start, by=people[number])
            done.append(number)
        except Exception as problem:
            refused.append(problem)
        finally:
            connection.close()

    threads = [threading.Thread(target=answer, args=[number]) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(done) == 1
    assert {type(problem).__name__ for problem in refused} <= {"Conflict", "Stale"}
    asked.refresh_from_db()
    visit.refresh_from_db()
    assert (asked.state == RequestState.MOVED) == (visit.period.lower != at(FRIDAY, 9))
