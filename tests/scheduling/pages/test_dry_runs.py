"""Dry runs and polls: what the board's script asks, and what it is told."""

import re
from datetime import timedelta

import pytest
from django.test import Client

from scheduling.domain.statuses import VisitStatus
from scheduling.models import Visit
from scheduling.services import flow
from tests.browser import scenes
from tests.browser.scenes import FRIDAY, Day
from tests.factories import at
from tests.scheduling.pages.reading import BOARD, HTMX, move, place, words


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
    run = desk.get("/find/check/", {"course_day": str(fox.id), "place": place(day, "A1", 14)}).json()
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
            run = desk.get("/find/check/", {"course_day": str(eve.id), "place": where}).json()
            answer = desk.post("/find/book/", {"course_day": str(eve.id), "place": where})
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
