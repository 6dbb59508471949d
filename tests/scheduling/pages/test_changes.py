"""Booking, moving, cancelling and running a visit by forms: redirects and sentences, without any script."""

import re
from datetime import timedelta

import pytest
from django.test import Client

from scheduling.domain.statuses import VisitStatus
from scheduling.services import booking
from tests.browser.scenes import FRIDAY, Day
from tests.factories import at
from tests.scheduling.pages.reading import BOARD, HTMX, local_start, move, place, words

"""The board's pages as a plain browser gets them: forms, redirects and sentences, without any script."""


def test_a_gap_leads_to_a_booking_in_two_more_presses(desk: Client, day: Day) -> None:
    eve = day.due("Reyes", "Pia")
    html = desk.get(BOARD).content.decode()
    gap = re.search(r'href="(/find/\?place=[^"]+)">(?:<[^>]+>|[^<:])*: chair A1 free 12:15', html)
    assert gap is not None
    whom = desk.get(gap[1])
    assert "A1, Fri 20 Nov 12:15" in words(whom)
    person = re.search(rf'href="(/find/\?course_day={eve.id}&amp;place=[^"]+)"', whom.content.decode())
    assert person is not None
    where = desk.get(person[1].replace("&amp;", "&"))
    button = re.search(r'name="place" value="([^"]+)"[^>]*>Book A1, Fri 20 Nov 12:15<', where.content.decode())
    assert button is not None
    answer = desk.post("/find/book/", {"course_day": str(eve.id), "place": button[1]}, follow=True)
    assert "Reyes, P. booked in A1, Fri 20 Nov 12:15." in words(answer)
    assert "Undo the booking" in words(answer)
    assert local_start(day.visit("Reyes")) == "A1 12:15"


def test_a_person_is_found_by_name_and_booked_into_the_best_place(desk: Client, day: Day) -> None:
    eve = day.due("Reyes", "Pia")
    day.due("Sand", "Eve")
    found = words(desk.get("/find/", {"q": "rey"}))
    assert "Reyes, P." in found
    assert "Sand, E." not in found
    assert "Nobody whose name begins with “Nobody”" in words(desk.get("/find/", {"q": "Nobody"}))
    page = desk.get("/find/", {"course_day": str(eve.id)})
    assert "on the due date; nurse load reaches" in words(page)
    best = re.search(r'name="place" value="([^"]+)"', page.content.decode())
    assert best is not None
    desk.post("/find/book/", {"course_day": str(eve.id), "place": best[1]})
    assert day.visit("Reyes").status == VisitStatus.BOOKED


def test_a_gap_that_is_too_short_says_so_before_anything_is_pressed(desk: Client, day: Day) -> None:
    eve = day.due("Reyes", "Pia", minutes=120)
    page = desk.get("/find/", {"course_day": str(eve.id), "place": place(day, "A1", 10, 30)})
    assert "Reyes, P. can't go to A1 at 10:30: A1 has Soto, P. 11:15–12:15." in words(page)
    assert "Book A1, Fri 20 Nov 10:30" not in words(page)


def test_a_taken_chair_is_refused_by_name_with_ways_out(desk: Client, day: Day) -> None:
    page = move(desk, day, place=place(day, "A2", 11, 15))
    assert page.status_code == 409
    text = words(page)
    assert "Not moved" in text
    assert "Soto, P. can't go to A2 at 11:15: A2 has Keller, D. 11:30–13:30." in text
    assert "Use 13:30" in text
    assert "A1 at 11:15" not in text  # it is there already
    way = re.search(r'value="([^"]+)">Use 13:30<', page.content.decode())
    assert way is not None
    assert move(desk, day, place=way[1]).status_code == 302
    assert local_start(day.visit("Soto")) == "A2 13:30"


def test_a_booking_that_is_refused_offers_another_chair_at_that_time(desk: Client, day: Day) -> None:
    eve = day.due("Reyes", "Pia")
    page = desk.post("/find/book/", {"course_day": str(eve.id), "place": place(day, "A1", 12)})
    assert page.status_code == 409
    assert "Use 12:15" in words(page)
    assert "A3 at 12:00" in words(page)


def test_soft_reasons_ask_for_a_reason_and_keep_what_was_chosen(desk: Client, day: Day) -> None:
    fox = day.due("Fox", "Al", is_covered=False)
    chosen = {"course_day": str(fox.id), "chair": day.chair("A1").id, "day": FRIDAY, "at": "14:00"}
    page = desk.post("/find/book/", chosen)
    assert page.status_code == 409
    assert "Book anyway" in words(page)
    assert "Nothing was asked of the patient's insurer" in words(page)
    html = page.content.decode()
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]+)"', html.split("Book anyway")[0]))
    kept = {name: hidden[name] for name in chosen}
    answer = desk.post("/find/book/", kept | {"reason": "Clinically urgent"}, follow=True)
    assert "Fox, A. booked in A1, Fri 20 Nov 14:00." in words(answer)
    assert "Went ahead: Clinically urgent" in words(answer)


def test_a_visit_is_moved_by_chair_day_and_time(desk: Client, day: Day) -> None:
    form = words(desk.get(f"/visits/{day.visit('Soto').id}/move/"))
    assert "Now Fri 20 Nov 11:15–12:15 in A1." in form
    answer = move(desk, day, chair=day.chair("A3").id, day=FRIDAY, at="14:30")
    assert answer.status_code == 302
    assert local_start(day.visit("Soto")) == "A3 14:30"


def test_a_visit_is_moved_to_a_place_from_the_list(desk: Client, day: Day) -> None:
    html = desk.get(f"/visits/{day.visit('Soto').id}/move/").content.decode()
    best = re.search(r'name="place" value="([^"]+)"', html)
    assert best is not None
    assert move(desk, day, place=best[1]).status_code == 302


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"place": "nonsense"}, "That place can't be read."),
        ({"place": "\x00@\x00"}, "Remove the characters that cannot be shown."),
        ({"chair": "", "day": "2026-13-40", "at": "25:00"}, "Enter a date that exists"),
        ({"day": "1066-10-14", "at": "09:00"}, "Choose a day in this century."),
        ({}, "Choose a chair."),
        ({"place": "  "}, "Choose a time."),
    ],
)
def test_a_place_that_makes_no_sense_is_refused_beside_its_field(
    desk: Client, day: Day, data: dict[str, str], sentence: str
) -> None:
    page = move(desk, day, **data)
    assert page.status_code == 422
    assert sentence in words(page)
    assert local_start(day.visit("Soto")) == "A1 11:15"


def test_a_cancelled_visit_needs_a_reason_and_can_be_brought_back(desk: Client, day: Day) -> None:
    soto = day.visit("Soto")
    address = f"/visits/{soto.id}/cancel/"
    assert desk.post(address, {"version": soto.version, "reason": " "}).status_code == 422
    answer = desk.post(address, {"version": soto.version, "reason": "Patient is ill"}, follow=True)
    assert "Soto, P.'s visit is cancelled." in words(answer)
    soto.refresh_from_db()
    assert soto.status == VisitStatus.CANCELLED
    assert "Patient is ill" in words(desk.get(f"/visits/{soto.id}/"))
    desk.post(f"/visits/{soto.id}/undo/", {"version": soto.version})
    assert local_start(soto) == "A1 11:15"
    assert soto.status == VisitStatus.BOOKED


def test_a_visit_goes_through_its_day_step_by_step(desk: Client, day: Day) -> None:
    soto = day.visit("Soto")
    for step, button in [
        ("confirmed", "Arrived"),
        ("arrived", "Seat"),
        ("seated", "Start infusion"),
        ("infusing", "Observe"),
        ("observing", "Done"),
        ("completed", ""),
    ]:
        soto.refresh_from_db()
        answer = desk.post(f"/visits/{soto.id}/status/", {"to": step, "version": soto.version}, follow=True)
        assert answer.status_code == 200
        page = desk.get(f"/visits/{soto.id}/").content.decode()
        first = re.search(r'class="btn btn-primary" name="to"[^>]*>.*?</svg>(.*?)</button>', page)
        assert (first[1] if first else "") == button
    soto.refresh_from_db()
    assert soto.status == VisitStatus.COMPLETED


def test_a_step_that_is_not_legal_is_refused_in_words(desk: Client, day: Day) -> None:
    soto = day.visit("Soto")
    page = desk.post(f"/visits/{soto.id}/status/", {"to": "completed", "version": soto.version})
    assert page.status_code == 409
    assert "Soto, P. is booked and can't become done from there." in words(page)
    assert desk.post(f"/visits/{soto.id}/status/", {"to": "flying", "version": soto.version}).status_code == 400


def test_an_undo_takes_the_latest_change_back_and_then_the_one_before(desk: Client, day: Day) -> None:
    soto = day.visit("Soto")
    move(desk, day, place=place(day, "A1", 14))
    soto.refresh_from_db()
    assert "Undo the move (back to A1, Fri 20 Nov 11:15)" in words(desk.get(f"/visits/{soto.id}/"))
    answer = desk.post(f"/visits/{soto.id}/undo/", {"version": soto.version}, follow=True)
    assert "Undone: Soto, P. is booked, A1, Fri 20 Nov 11:15." in words(answer)
    soto.refresh_from_db()
    again = desk.post(f"/visits/{soto.id}/undo/", {"version": soto.version})
    assert again.status_code == 302  # the panel shows the change before: the booking
    soto.refresh_from_db()
    assert soto.status == VisitStatus.CANCELLED
    nothing = desk.post(f"/visits/{soto.id}/undo/", {"version": soto.version})
    assert nothing.status_code == 409
    assert "There is nothing to undo on this visit." in words(nothing)


def test_a_page_that_is_out_of_date_names_who_was_quicker_and_lets_one_go_on(desk: Client, day: Day) -> None:
    soto = day.visit("Soto")
    booking.move(visit=soto, chair=day.chair("A1"), start=at(FRIDAY, 14), expected_version=soto.version, by=day.by)
    page = desk.post(f"/visits/{soto.id}/move/", {"version": 1, "place": place(day, "A1", 15)})
    assert page.status_code == 409
    assert "K. Marsh changed this visit at 10:31." in words(page)
    assert "It is now booked, Fri 20 Nov 14:00 in A1." in words(page)
    newest = re.search(r'name="version" value="(\d+)"', page.content.decode())
    assert newest is not None
    again = desk.post(f"/visits/{soto.id}/move/", {"version": newest[1], "place": place(day, "A1", 15)})
    assert again.status_code == 302
    assert local_start(soto) == "A1 15:00"


@pytest.mark.parametrize("version", ["", "x", "-1", "９", "9" * 12])
def test_a_form_without_its_version_changes_nothing(desk: Client, day: Day, version: str) -> None:
    soto = day.visit("Soto")
    for address in ("status/", "undo/", "cancel/"):
        data = {"version": version, "to": "arrived", "reason": "ill"}
        assert desk.post(f"/visits/{soto.id}/{address}", data).status_code in {400, 422}
    soto.refresh_from_db()
    assert soto.version == 1


def test_a_gap_lists_those_who_fit_before_those_who_take_too_long(desk: Client, day: Day) -> None:
    day.due("Aaron", "Long", minutes=120)
    day.due("Reyes", "Pia", minutes=45)
    text = words(desk.get("/find/", {"place": place(day, "A1", 10, 30)}))
    assert text.index("Reyes, P.") < text.index("Aaron, L.") < text.index("too long for this gap")
    assert text.count("too long for this gap") == 1
    assert "too long for this gap" not in words(desk.get("/find/"))


def test_a_refused_undo_is_a_toast_alone_when_the_board_asked_quietly(desk: Client, day: Day) -> None:
    soto = day.visit("Soto")
    booking.move(visit=soto, chair=day.chair("A3"), start=at(FRIDAY, 14), expected_version=1, by=day.by)
    answer = desk.post(f"/visits/{soto.id}/undo/", {"version": "1", "quiet": "yes"}, headers=HTMX)
    assert answer.status_code == 409
    assert answer["HX-Trigger"] == "board-changed"
    html = answer.content.decode()
    assert "toast-bad" in html
    assert 'data-answer="only"' in html
    assert "data-visit=" not in html


def test_a_full_page_answers_itself_and_a_panel_the_panel(desk: Client, day: Day) -> None:
    eve, soto = day.due("Reyes", "Pia"), day.visit("Soto")
    for address in (
        "/find/",
        f"/find/?course_day={eve.id}",
        f"/visits/{soto.id}/",
        f"/visits/{soto.id}/move/",
        f"/visits/{soto.id}/cancel/",
    ):
        assert 'hx-target="#panel"' not in desk.get(address).content.decode(), address
        assert 'hx-target="#panel"' in desk.get(address, headers=HTMX).content.decode(), address
    assert 'hx-target="#panel"' in desk.get(f"{BOARD}?visit={soto.id}").content.decode().split('id="panel"')[1]


def test_a_refused_place_leaves_its_fields_required(desk: Client, day: Day) -> None:
    page = move(desk, day, place=place(day, "A2", 11, 15))
    assert page.status_code == 409
    assert "(optional)" not in words(page).split("Another place")[1]


def test_a_visit_to_come_offers_no_step_that_must_wait_for_its_day(desk: Client, day: Day) -> None:
    soto = day.visit("Soto")
    assert ">Arrived<" in re.sub(r"<svg.*?</svg>", "", desk.get(f"/visits/{soto.id}/").content.decode(), flags=re.S)
    monday = FRIDAY + timedelta(days=3)
    booking.move(visit=soto, chair=day.chair("A3"), start=at(monday, 14), expected_version=1, by=day.by)
    form = desk.get(f"/visits/{soto.id}/").content.decode().split("<dl")[0]
    assert 'value="confirmed"' in form
    assert 'value="arrived"' not in form
    assert 'value="no_show"' not in form
    assert 'value="arrived"' not in desk.get(f"/board/{monday}/?view=list").content.decode()
