"""The board and the list as a plain browser gets them: every visit, every gap, few statements, little weight."""

import gzip
import re
from urllib.parse import quote

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.domain.policy import Role
from audit.models import AuditEvent
from scheduling.models import Visit
from tests import factories
from tests.browser import scenes
from tests.browser.scenes import FRIDAY, Day
from tests.factories import at
from tests.scheduling.pages.reading import BOARD, move, place, words


def test_the_board_shows_every_visit_with_its_words_and_every_gap_as_a_link(desk: Client, day: Day) -> None:
    html = desk.get(BOARD).content.decode()
    text = words(desk.get(BOARD))
    assert "Soto, P. Abatacept 750 mg 11:15 –12:15 , chair A1, booked." in text
    assert "Olsen, A. Abatacept 750 mg 09:00 –12:00 · 1 h 16 of 2 h 30 , chair A3, infusing." in text
    assert "+ 45 min : chair A1 free 10:30 to 11:15. Book" in text
    assert "chair A1 free 07:00" not in text  # gone by
    assert "tabindex" not in html.split('id="board"')[1].split("<dialog")[0]
    assert AuditEvent.objects.filter(action="board.view").count() == 2


def test_a_day_of_another_year_says_which(desk: Client) -> None:
    assert "<h1>Friday 20 November</h1>" in desk.get(BOARD).content.decode()
    assert "<h1>Friday 2 April 2027</h1>" in desk.get("/board/2027-04-02/").content.decode()


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


def test_a_closed_day_leads_to_the_next_open_one(desk: Client, day: Day) -> None:
    html = desk.get("/board/2026-11-19/").content.decode()
    assert '<a class="btn" href="/board/2026-11-20/">Next open day: Fri 20 Nov</a>' in html


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
    assert stranger.get("/find/", {"course_day": str(eve.id)}).status_code == 404
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
