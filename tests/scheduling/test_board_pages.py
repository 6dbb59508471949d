"""The board's pages as a plain browser gets them: forms, redirects and sentences, without any script."""

import gzip
import re
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import quote

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from accounts.domain.policy import Role
from audit.models import AuditEvent
from scheduling.domain.statuses import VisitStatus
from scheduling.models import Visit
from scheduling.services import booking, flow
from tests import factories
from tests.browser import scenes
from tests.browser.scenes import FRIDAY, Day
from tests.factories import at

BOARD = f"/board/{FRIDAY}/"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def moved_clock(db: None, settings: Settings) -> None:
    settings.DEMO_CLOCK_OFFSET_SECONDS = 0  # a scene moves the clock; this moves it back


@pytest.fixture
def day(moved_clock: None) -> Day:
    return scenes.quiet_day()


@pytest.fixture
def desk(day: Day) -> Iterator[Client]:
    client = Client()
    client.force_login(day.scheduler, backend="allauth.account.auth_backends.AuthenticationBackend")
    with timezone.override(day.clinic.zone):
        yield client


def words(response: HttpResponse) -> str:
    """What a person reads on the page."""
    html = re.sub(r"<(script|style)\b.*?</\1>", "", response.content.decode(), flags=re.S)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)).replace("&#x27;", "'")


def place(day: Day, chair: str, hour: int, minute: int = 0) -> str:
    return f"{day.chair(chair).id}@{at(FRIDAY, hour, minute).isoformat()}"


def move(desk: Client, scene: Day, **data: object) -> HttpResponse:
    soto = scene.visit("Soto")
    answer = desk.post(f"/visits/{soto.id}/move/", {"version": soto.version} | data)
    assert isinstance(answer, HttpResponse)
    return answer


def local_start(visit: Visit) -> str:
    visit.refresh_from_db()
    return f"{visit.chair.name} {visit.period.lower.astimezone(visit.clinic.zone):%H:%M}"


def test_the_board_shows_every_visit_with_its_words_and_every_gap_as_a_link(desk: Client, day: Day) -> None:
    html = desk.get(BOARD).content.decode()
    text = words(desk.get(BOARD))
    assert "Soto, P. Abatacept 750 mg 11:15 –12:15 , chair A1, booked." in text
    assert "Olsen, A. Abatacept 750 mg 09:00 –12:00 · 1 h 16 of 2 h 30 , chair A3, infusing." in text
    assert "+ 45 min : chair A1 free 10:30 to 11:15. Book" in text
    assert "chair A1 free 07:00" not in text  # gone by
    assert "tabindex" not in html.split('id="board"')[1].split("<dialog")[0]
    assert AuditEvent.objects.filter(action="board.view").count() == 2


def test_pieces_of_a_row_come_in_order_of_time(desk: Client) -> None:
    row = desk.get(BOARD).content.decode().split('aria-label="Chair A1"')[1].split('role="group"')[0]
    starts = [int(start) for start in re.findall(r'class="(?:visit|gap|past)[^"]* s(\d+) ', row)]
    assert starts == sorted(starts)
    assert len(starts) == 4


def test_names_cannot_bring_markup_onto_the_board(desk: Client, day: Day) -> None:
    day.book(day.due('<b onclick="x">&', "'\"><script>"), "A1", 14)
    html = desk.get(BOARD).content.decode()
    assert "<script>" not in html.split("live-board")[1]
    assert "&lt;b onclick=" in html
    assert 'onclick="x"' not in html


def test_the_list_gives_each_visit_a_line_and_its_next_step(desk: Client, day: Day) -> None:
    page = words(desk.get(BOARD, {"view": "list"}))
    assert re.search(r"09:00–12:00 Olsen, A\..*11:15–12:15 Soto, P\..*11:30–13:30 Keller, D\.", page)
    soto = day.visit("Soto")
    data = {"to": "arrived", "version": soto.version, "view": "list"}
    answer = desk.post(f"/visits/{soto.id}/status/", data, follow=True)
    assert "Soto, P.: arrived." in words(answer)
    assert answer.request["QUERY_STRING"].endswith("view=list")


def test_a_closed_day_says_so(desk: Client) -> None:
    assert "The clinic is closed" in words(desk.get("/board/2026-11-22/"))


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
    answer = desk.post("/find/book/", {"course_day": eve.id, "place": button[1]}, follow=True)
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
    page = desk.get("/find/", {"course_day": eve.id})
    assert "on the due date; nurse load reaches" in words(page)
    best = re.search(r'name="place" value="([^"]+)"', page.content.decode())
    assert best is not None
    desk.post("/find/book/", {"course_day": eve.id, "place": best[1]})
    assert day.visit("Reyes").status == VisitStatus.BOOKED


def test_a_gap_that_is_too_short_says_so_before_anything_is_pressed(desk: Client, day: Day) -> None:
    eve = day.due("Reyes", "Pia", minutes=120)
    page = desk.get("/find/", {"course_day": eve.id, "place": place(day, "A1", 10, 30)})
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
    page = desk.post("/find/book/", {"course_day": eve.id, "place": place(day, "A1", 12)})
    assert page.status_code == 409
    assert "Use 12:15" in words(page)
    assert "A3 at 12:00" in words(page)


def test_soft_reasons_ask_for_a_reason_and_keep_what_was_chosen(desk: Client, day: Day) -> None:
    fox = day.due("Fox", "Al", is_covered=False)
    chosen = {"course_day": fox.id, "chair": day.chair("A1").id, "day": FRIDAY, "at": "14:00"}
    page = desk.post("/find/book/", chosen)
    assert page.status_code == 409
    assert "Book anyway" in words(page)
    assert "Nothing was asked of the patient's insurer" in words(page)
    html = page.content.decode()
    kept = {name: str(re.search(rf'type="hidden" name="{name}" value="([^"]+)"', html)[1]) for name in chosen}  # type: ignore[index]
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
        ({"place": "\x00@\x00"}, "can't be read"),
        ({"chair": "", "day": "2026-13-40", "at": "25:00"}, "Enter a valid date."),
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
    assert sentence in words(page) or "Null characters are not allowed." in words(page)
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


def test_an_undo_takes_the_latest_change_back_once(desk: Client, day: Day) -> None:
    soto = day.visit("Soto")
    move(desk, day, place=place(day, "A1", 14))
    soto.refresh_from_db()
    assert "Undo the move (back to A1, Fri 20 Nov 11:15)" in words(desk.get(f"/visits/{soto.id}/"))
    answer = desk.post(f"/visits/{soto.id}/undo/", {"version": soto.version}, follow=True)
    assert "Undone: Soto, P. is booked, A1, Fri 20 Nov 11:15." in words(answer)
    soto.refresh_from_db()
    again = desk.post(f"/visits/{soto.id}/undo/", {"version": soto.version})
    assert again.status_code == 409
    assert "There is nothing to undo on this visit." in words(again)


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


def test_the_panel_answers_htmx_with_a_toast_and_tells_the_board(desk: Client, day: Day) -> None:
    soto = day.visit("Soto")
    data = {"to": "arrived", "version": soto.version}
    answer = desk.post(f"/visits/{soto.id}/status/", data, headers=HTMX)
    assert answer["HX-Trigger"] == "board-changed"
    assert f'data-visit="{soto.id}"' in answer.content.decode()
    assert 'hx-swap-oob="beforeend:#toasts"' in answer.content.decode()
    quiet = desk.post(f"/visits/{soto.id}/undo/", {"version": soto.version + 1, "quiet": "yes"}, headers=HTMX)
    assert 'data-answer="only"' in quiet.content.decode()
    assert "data-visit" not in quiet.content.decode()
    assert "/undo/" not in quiet.content.decode()


def test_a_dry_run_says_what_a_move_would_meet_and_changes_nothing(desk: Client, day: Day) -> None:
    soto = day.visit("Soto")
    address = f"/visits/{soto.id}/check/"
    free = desk.get(address, {"place": place(day, "A1", 14)}).json()
    assert (free["verdict"], free["said"]) == ("free", "A1 14:00 to 15:00")
    after = {change["at"]: float(change["after"]) - float(change["before"]) for change in free["load"]}
    assert after[at(FRIDAY, 14).isoformat()] > 0 > after[at(FRIDAY, 11, 15).isoformat()]
    taken = desk.get(address, {"place": place(day, "A2", 11, 15)}).json()
    assert taken["verdict"] == "refused"
    assert "A2 has Keller, D. 11:30–13:30" in taken["reasons"][0]
    assert desk.get(address, {"place": place(day, "A1", 11, 30)}).json()["verdict"] == "free"  # over itself
    closed = desk.get(address, {"place": place(day, "A1", 17, 30)}).json()
    assert closed["verdict"] == "refused"
    assert desk.get(address, {"place": "nonsense"}).status_code == 400
    soto.refresh_from_db()
    assert soto.version == 1


def test_a_dry_run_of_a_booking_counts_the_authorization(desk: Client, day: Day) -> None:
    fox = day.due("Fox", "Al", is_covered=False)
    run = desk.get("/find/check/", {"course_day": fox.id, "place": place(day, "A1", 14)}).json()
    assert run["verdict"] == "soft"
    assert "Nothing was asked of the patient's insurer" in run["reasons"][0]
    assert Visit.objects.count() == 3


@pytest.mark.parametrize("name", ["book", "move"])
def test_a_dry_run_agrees_with_the_act(desk: Client, day: Day, name: str) -> None:
    soto, eve = day.visit("Soto"), day.due("Reyes", "Pia", minutes=90)
    for chair, hour in [("A1", 9), ("A1", 11), ("A2", 12), ("A3", 11), ("A3", 13), ("A1", 17)]:
        where = place(day, chair, hour)
        if name == "move":
            run = desk.get(f"/visits/{soto.id}/check/", {"place": where}).json()
            answer = move(desk, day, place=where)
            day.visit("Soto").refresh_from_db()
        else:
            run = desk.get("/find/check/", {"course_day": eve.id, "place": where}).json()
            answer = desk.post("/find/book/", {"course_day": eve.id, "place": where})  # type: ignore[assignment]
        assert (answer.status_code == 302) == (run["verdict"] == "free"), (chair, hour)
        if answer.status_code != 302:
            assert run["reasons"][0] in words(answer)
        elif name == "book":
            break


def test_an_unchanged_board_answers_a_poll_with_nothing(desk: Client, day: Day) -> None:
    shown = re.search(r'data-version="([\d.]+)"', desk.get(BOARD).content.decode())
    assert shown is not None
    unchanged = desk.get(f"{BOARD}grid/", {"v": shown[1]}, headers=HTMX)
    assert (unchanged.status_code, unchanged.content) == (204, b"")
    soto = day.visit("Soto")
    flow.advance(visit=soto, to=VisitStatus.ARRIVED, expected_version=soto.version, by=day.by)
    changed = desk.get(f"{BOARD}grid/", {"v": shown[1]}, headers=HTMX)
    assert changed.status_code == 200
    for part in ('id="live-board"', 'id="figures"', 'id="waiting"'):
        assert changed.content.decode().count(part) == 1


def test_the_board_is_drawn_anew_when_its_clock_moves_on(desk: Client, day: Day) -> None:
    shown = re.search(r'data-version="([\d.]+)"', desk.get(BOARD).content.decode())
    assert shown is not None
    scenes.set_clock(scenes.NOW + timedelta(minutes=2))
    assert desk.get(f"{BOARD}grid/", {"v": shown[1]}, headers=HTMX).status_code == 200


def test_people_who_may_only_look_get_no_ways_to_change(day: Day) -> None:
    auditor = factories.make_staff(day.clinic, Role.AUDITOR)
    client = Client()
    client.force_login(auditor, backend="allauth.account.auth_backends.AuthenticationBackend")
    html = client.get(BOARD).content.decode()
    assert "Soto, P." in html
    for absent in ("/find/", 'class="gap', "data-can-move"):
        assert absent not in html
    visit = client.get(f"/visits/{day.visit('Soto').id}/").content.decode()
    for absent in ("/move/", "/cancel/", "/status/", "/undo/"):
        assert absent not in visit


def test_another_clinics_visit_chair_and_course_are_not_there(desk: Client, day: Day) -> None:
    other = factories.make_clinic(chairs=1)
    stranger = Client()
    stranger.force_login(factories.make_staff(other), backend="allauth.account.auth_backends.AuthenticationBackend")
    soto = day.visit("Soto")
    eve = day.due("Reyes", "Pia")
    for address in ("", "move/", "cancel/", f"check/?place={quote(place(day, 'A1', 14))}"):
        assert stranger.get(f"/visits/{soto.id}/{address}").status_code == 404
    assert stranger.get("/find/", {"course_day": eve.id}).status_code == 404
    assert "Soto" not in stranger.get(BOARD).content.decode()
    theirs = f"{other.chairs.get().id}@{at(FRIDAY, 14).isoformat()}"
    assert move(desk, day, place=theirs).status_code == 422


def test_a_busy_board_takes_at_most_eight_statements_and_little_weight(moved_clock: None) -> None:
    day = scenes.busy_day()
    assert Visit.objects.filter(clinic=day.clinic).count() == 60
    client = Client()
    client.force_login(day.scheduler, backend="allauth.account.auth_backends.AuthenticationBackend")
    client.get(BOARD)  # the session's own first write
    with CaptureQueriesContext(connection) as asked:
        page = client.get(BOARD)
    assert len(asked.captured_queries) <= 8, [query["sql"][:80] for query in asked.captured_queries]
    assert sum('INSERT INTO "audit_auditevent"' in query["sql"] for query in asked.captured_queries) == 1
    assert len(gzip.compress(page.content)) <= 12_000
    with CaptureQueriesContext(connection) as asked:
        client.get(BOARD, {"view": "list"})
    assert len(asked.captured_queries) <= 8
