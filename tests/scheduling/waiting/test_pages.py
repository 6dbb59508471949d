"""The pages of holding, waiting and offering, as people press them."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from accounts.backends import CODE_BACKEND
from accounts.domain.policy import Role
from regimens.models import CourseDay
from scheduling.domain.statuses import VisitStatus
from scheduling.models import MoveRequest, Offer, OfferState, RequestState, StaffTask, Visit, WaitlistEntry, WaitState
from scheduling.services import booking, requests
from tests import factories
from tests.factories import at
from tests.scheduling.conftest import TUESDAY, World
from tests.scheduling.waiting.conftest import NINE, book, live, offer, wait, waiting_patient

HTMX = {"HX-Request": "true"}


@pytest.fixture
def desk(world: World) -> Client:
    return as_role(world, Role.SCHEDULER)


def as_role(world: World, role: Role) -> Client:
    client = Client()
    client.force_login(factories.make_staff(world.clinic, role))
    return client


def patient_browser(day: CourseDay) -> Client:
    client = Client()
    user = day.course.order.patient.user
    assert user is not None
    client.force_login(user, backend=CODE_BACKEND)
    return client


def text(answer: object) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())  # type: ignore[attr-defined]


def place(world: World) -> str:
    return f"{world.chairs[0].id}@{NINE.isoformat()}"


def test_find_holds_a_place_and_the_panel_says_who_holds_it_until_when(world: World, desk: Client) -> None:
    day = waiting_patient(world)
    found = desk.get(reverse("scheduling:find"), {"course_day": str(day.id)}, headers=HTMX)
    assert "Hold 10 min:" in text(found)
    held = desk.post(reverse("scheduling:find-hold"), {"course_day": str(day.id), "place": place(world)}, headers=HTMX)
    assert held.status_code == 200
    assert "Book the held place" in text(held)
    assert "Held by Scheduler" in text(held)
    [visit] = live(world)
    board = text(desk.get(reverse("scheduling:board-day", args=[TUESDAY])))
    assert "Held to Mon 08:10" in board
    answer = desk.post(
        reverse("scheduling:held", args=[visit.id]), {"act": "book", "version": visit.version}, headers=HTMX
    )
    assert "is booked" in text(answer)
    visit.refresh_from_db()
    assert visit.status == VisitStatus.BOOKED


def test_a_held_place_is_let_go_without_javascript(world: World, desk: Client) -> None:
    day = waiting_patient(world)
    desk.post(reverse("scheduling:find-hold"), {"course_day": str(day.id), "place": place(world)})
    [visit] = live(world)
    answer = desk.post(reverse("scheduling:held", args=[visit.id]), {"act": "let_go", "version": visit.version})
    assert answer.status_code == 302
    assert live(world) == []


def test_a_place_that_was_taken_meanwhile_is_not_held_and_the_reason_names_it(world: World, desk: Client) -> None:
    book(world, waiting_patient(world, family_name="Rival"), chair=0)
    day = waiting_patient(world)
    answer = desk.post(
        reverse("scheduling:find-hold"), {"course_day": str(day.id), "place": place(world)}, headers=HTMX
    )
    assert answer.status_code == 409
    assert "Rival" in text(answer)


def test_the_board_asks_the_database_no_more_often_because_of_those_who_wait(
    world: World, desk: Client, django_assert_max_num_queries: object
) -> None:
    wait(world)
    assert "Waitlist 1" in text(desk.get(reverse("scheduling:board-day", args=[TUESDAY])))
    with django_assert_max_num_queries(8):  # type: ignore[operator]
        desk.get(reverse("scheduling:board-day", args=[TUESDAY]))


def test_a_patient_is_put_on_the_list_and_taken_off(world: World, desk: Client) -> None:
    day = waiting_patient(world, family_name="Quist")
    url = reverse("scheduling:waitlist-add", args=[day.id])
    assert "Add to the waitlist" in text(desk.get(url))
    wrong = {"earliest_on": "2026-03-05", "latest_on": "2026-03-04", "notice_hours": "24"}
    refused = desk.post(url, wrong)
    assert (refused.status_code, "before the first" in text(refused)) == (422, True)
    added = desk.post(url, wrong | {"latest_on": "2026-03-06", "parts_of_day": ["morning"], "note": "Any day"})
    assert added.headers["Location"] == reverse("scheduling:waitlist")
    page = text(desk.get(reverse("scheduling:waitlist")))
    assert "Quist, A." in page
    assert "Wants Thu 5 Mar to Fri 6 Mar, morning, told 24 h ahead" in page
    assert "Offer A1" in page
    entry = WaitlistEntry.objects.get()
    desk.post(reverse("scheduling:waitlist-withdraw", args=[entry.id]))
    assert "Nobody waits for a place." in text(desk.get(reverse("scheduling:waitlist")))


def test_what_fits_is_offered_in_one_press_and_answered_in_one(world: World, desk: Client) -> None:
    entry = wait(world)
    page = desk.get(reverse("scheduling:waitlist")).content.decode()
    found = re.search(r'name="place" value="([^"]+)"', page)
    assert found is not None
    desk.post(reverse("scheduling:waitlist-offer", args=[entry.id]), {"place": found[1]})
    made = Offer.objects.get()
    assert "Said yes" in text(desk.get(reverse("scheduling:waitlist")))
    desk.post(reverse("scheduling:offer-answer", args=[made.id]), {"act": "accept"})
    made.refresh_from_db()
    assert made.state == OfferState.ACCEPTED
    assert [visit.status for visit in live(world)] == [VisitStatus.BOOKED]


def test_an_answer_that_comes_too_late_is_said_and_changes_nothing(world: World, desk: Client) -> None:
    made = offer(world, wait(world))
    url = reverse("scheduling:offer-answer", args=[made.id])
    desk.post(url, {"act": "withdraw"})
    answer = desk.post(url, {"act": "accept"})
    assert answer.status_code == 409
    assert "answered or ended already" in text(answer)
    assert live(world) == []


def test_cancelling_leads_to_who_could_take_the_place(world: World, desk: Client) -> None:
    visit = book(world, waiting_patient(world, family_name="Gone"), chair=0)
    wait(world, waiting_patient(world, family_name="Hopeful"))
    url = reverse("scheduling:backfill", args=[visit.id])
    toast = desk.post(
        reverse("scheduling:visit-cancel", args=[visit.id]), {"reason": "Ill.", "version": visit.version}, headers=HTMX
    )
    assert url in toast.content.decode()
    assert url in desk.get(reverse("scheduling:requests")).content.decode()
    page = desk.get(url)
    assert "Who could take A1, Tue 3 Mar 15:00?" in text(page)
    assert "Hopeful, A." in text(page)
    first = re.search(r'name="course_day" value="([^"]+)"', page.content.decode())
    assert first is not None
    offered = desk.post(url, {"course_day": first[1]})
    assert offered.headers["Location"] == url
    assert "Hopeful, A. was asked" in text(desk.get(url))


def test_a_visit_that_left_no_place_says_so(world: World, desk: Client) -> None:
    visit = book(world, waiting_patient(world))
    assert "left no place to come" in text(desk.get(reverse("scheduling:backfill", args=[visit.id])))


def test_who_may_only_look_sees_the_list_and_changes_nothing(world: World) -> None:
    entry = wait(world)
    auditor = as_role(world, Role.AUDITOR)
    assert auditor.get(reverse("scheduling:waitlist")).status_code == 200
    assert auditor.post(reverse("scheduling:waitlist-withdraw", args=[entry.id])).status_code == 403
    entry.refresh_from_db()
    assert entry.state == WaitState.WAITING


def test_another_clinics_entries_and_offers_are_not_found(world: World) -> None:
    made = offer(world, wait(world))
    other = Client()
    other.force_login(factories.make_staff(factories.make_clinic(), Role.SCHEDULER))
    for url in (
        reverse("scheduling:waitlist-withdraw", args=[made.entry_id]),
        reverse("scheduling:offer-answer", args=[made.id]),
    ):
        assert other.post(url, {"act": "accept"}).status_code == 404
    made.refresh_from_db()
    assert made.state == OfferState.OPEN


# The patient's own page


def test_a_patient_sees_the_offer_at_home_and_takes_it(world: World) -> None:
    entry = wait(world)
    made = offer(world, entry)
    browser = patient_browser(entry.course_day)
    assert "A place is free for you" in text(browser.get("/p/"))
    page = text(browser.get(f"/p/offers/{made.id}/"))
    assert "Tuesday 3 March" in page
    assert "Please answer by Monday 2 March, 10:00 am" in page
    answer = browser.post(f"/p/offers/{made.id}/", {"act": "yes"})
    assert answer.headers["Location"] == f"/p/visits/{made.held_visit_id}/"
    assert "A place is free for you" not in text(browser.get("/p/"))
    assert "You said yes" in text(browser.get(f"/p/offers/{made.id}/"))


def test_a_patient_who_says_no_keeps_the_visit_they_have(world: World) -> None:
    day = waiting_patient(world)
    visit = book(world, day, start=at(TUESDAY, 9))
    made = offer(world, wait(world, day))
    browser = patient_browser(day)
    assert "You have Tuesday 3 March, 9:00 am" in text(browser.get(f"/p/offers/{made.id}/"))
    browser.post(f"/p/offers/{made.id}/", {"act": "no"})
    assert [one.period for one in live(world)] == [visit.period]
    assert "This offer has ended" in text(browser.get(f"/p/offers/{made.id}/"))


def test_an_offer_of_a_time_that_went_meanwhile_changes_nothing(world: World) -> None:
    day = waiting_patient(world)
    visit = book(world, day, start=at(TUESDAY, 9))
    made = offer(world, wait(world, day))
    book(world, waiting_patient(world), chair=0)
    answer = patient_browser(day).post(f"/p/offers/{made.id}/", {"act": "yes"})
    assert answer.status_code == 409
    assert "We could not book this time" in text(answer)
    assert "said yes to Tue 3 Mar 15:00, but was not booked" in StaffTask.objects.get(kind="offer").text
    assert Visit.objects.get(pk=visit.pk).period == visit.period


def test_a_patient_opens_nobody_elses_offer(world: World) -> None:
    made = offer(world, wait(world))
    stranger = patient_browser(waiting_patient(world))
    assert stranger.get(f"/p/offers/{made.id}/").status_code == 404
    assert stranger.post(f"/p/offers/{made.id}/", {"act": "yes"}).status_code == 404


# Requests


def asked(world: World) -> MoveRequest:
    day = waiting_patient(world)
    visit = book(world, day, start=at(TUESDAY, 9))
    user = day.course.order.patient.user
    assert user is not None
    return requests.ask(visit=visit, wish="later", half_days=(), note="", by=factories.actor(user))


def test_a_request_may_be_answered_by_asking_the_patient_first(world: World, desk: Client) -> None:
    request = asked(world)
    page = desk.get(reverse("scheduling:requests")).content.decode()
    found = re.findall(r'name="offer" value="([^"]+)"', page)
    later = found[-1]
    answer = desk.post(reverse("scheduling:request-answer", args=[request.id]), {"act": "move", "offer": later})
    assert answer.status_code == 302, text(answer)
    made = Offer.objects.get()
    request.refresh_from_db()
    assert request.state == RequestState.OPEN
    patient_browser(made.entry.course_day).post(f"/p/offers/{made.id}/", {"act": "yes"})
    request.refresh_from_db()
    assert request.state == RequestState.MOVED
    assert [visit.period.lower for visit in live(world)] == [made.starts_at]


def test_times_that_are_paid_for_come_first(world: World, desk: Client) -> None:
    request = asked(world)
    authorization = request.visit.authorization
    assert authorization is not None
    authorization.ends_on = TUESDAY + timedelta(days=1)
    authorization.save(update_fields=["ends_on"])
    from scheduling.queries import requests as queries

    times = queries.describe(queries.to_answer(world.clinic), with_times={request.id})[0].times
    assert times is not None
    days = [time.opening.on for time in times]
    assert days[0] <= TUESDAY + timedelta(days=1)
    booking.cancel(visit=request.visit, reason="Over.", expected_version=request.visit.version, by=world.scheduler)
