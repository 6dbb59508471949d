"""The board keeps itself fresh: others' changes arrive, polling rests, a lost server is said."""

import re

import pytest
from playwright.sync_api import Page, Route, expect

from scheduling.domain.statuses import VisitStatus
from scheduling.services import booking, flow
from tests.browser.board.hands import BOARD, bar, ready
from tests.browser.conftest import Browsing
from tests.browser.scenes import FRIDAY, Day
from tests.factories import at

pytestmark = pytest.mark.browser


def test_others_changes_arrive_by_themselves_and_leave_focus_and_scroll(board: Page, day: Day) -> None:
    board.clock.install()
    board.goto(BOARD)
    ready(board)
    bar(board, "Soto").focus()
    keller = day.visit("Keller")
    flow.advance(visit=keller, to=VisitStatus.ARRIVED, expected_version=keller.version, by=day.by)
    booking.move(visit=day.visit("Soto"), chair=day.chair("A3"), start=at(FRIDAY, 14), expected_version=1, by=day.by)
    expect(bar(board, "Keller")).to_have_attribute("data-status", "booked")
    board.clock.run_for(11_000)
    expect(bar(board, "Keller")).to_have_attribute("data-status", "arrived")
    expect(board.locator("#waiting")).to_contain_text("Keller, D.")
    expect(board.locator("#figures")).to_contain_text(re.compile(r"Waiting\s*1"))
    expect(board.locator('[data-chair-name="A3"] .visit', has_text="Soto")).to_be_focused()


def test_the_open_panel_follows_the_board(board: Page, day: Day) -> None:
    board.clock.install()
    board.goto(f"{BOARD}?visit={day.visit('Soto').id}")
    expect(board.locator("#panel")).to_contain_text("Booked")
    soto = day.visit("Soto")
    flow.advance(visit=soto, to=VisitStatus.ARRIVED, expected_version=soto.version, by=day.by)
    board.clock.run_for(11_000)
    expect(board.locator("#panel .btn-primary")).to_have_text("Seat")


def test_a_ghost_survives_a_redraw_and_leaves_nothing_painted_behind(board: Page, day: Day) -> None:
    day.due("Reyes", "Pia")
    board.clock.install()
    board.goto(BOARD)
    ready(board)
    board.keyboard.press("f")
    board.locator("#panel").get_by_role("link", name="Reyes, P.").click()
    board.locator("#panel .option").first.focus()
    board.clock.run_for(200)
    expect(board.locator(".heat.is-touched")).to_have_count(4)
    day.book(day.due("Fox", "Al"), "A1", 15)
    board.clock.run_for(11_000)
    expect(bar(board, "Fox")).to_be_visible()
    expect(board.locator(".ghost")).to_have_count(1)
    board.keyboard.press("Escape")
    expect(board.locator(".ghost")).to_have_count(0)
    painted = board.locator("#heat").inner_html()
    board.reload()
    assert board.locator("#heat").inner_html() == painted


def test_polling_is_quick_when_somebody_is_there_slow_when_not_and_rests_while_moving(board: Page, day: Day) -> None:
    asked: list[str] = []
    board.on("request", lambda request: asked.append(request.url) if "/grid/" in request.url else None)
    board.clock.install()
    board.goto(BOARD)
    ready(board)

    def polls(seconds: int) -> int:
        asked.clear()
        for _ in range(seconds // 5):
            board.clock.run_for(5_000)
            board.wait_for_timeout(30)
        return len(asked)

    assert 2 <= polls(30) <= 3
    polls(60)
    assert polls(120) <= 2
    bar(board, "Soto").focus()
    board.keyboard.press("m")
    assert polls(60) <= 1  # the one that waking up began
    board.keyboard.press("Escape")
    assert polls(30) >= 2


def test_bar_9_an_unchanged_board_answers_with_nothing(board: Page, day: Day) -> None:
    live = board.locator("#live-board")
    url, version = live.get_attribute("data-url"), live.get_attribute("data-version")
    unchanged = board.request.get(f"{url}?v={version}")
    assert (unchanged.status, unchanged.body()) == (204, b"")
    sent = sum(len(f"{one['name']}: {one['value']}\r\n") for one in unchanged.headers_array)
    assert sent < 300, unchanged.headers_array
    soto = day.visit("Soto")
    flow.advance(visit=soto, to=VisitStatus.ARRIVED, expected_version=soto.version, by=day.by)
    changed = board.request.get(f"{url}?v={version}")
    assert changed.status == 200
    assert "Soto, P." in changed.text()


def test_bar_16_a_server_that_is_gone_is_said_within_a_minute_and_forgotten_when_it_is_back(
    browsing: Browsing, board: Page
) -> None:
    def fail(route: Route) -> None:
        route.abort()

    board.clock.install()
    board.goto(BOARD)
    ready(board)
    board.route("**/grid/**", fail)
    for _ in range(12):
        board.clock.run_for(5_000)
        board.wait_for_timeout(20)
    expect(board.locator("#stale")).to_contain_text("Not updated since")
    board.unroute("**/grid/**", fail)
    board.clock.run_for(11_000)
    expect(board.locator("#stale")).to_be_hidden()
    browsing.problems[:] = [one for one in browsing.problems if "ERR_FAILED" not in one]


def test_an_ended_session_asks_to_sign_in_and_leaves_the_board(board: Page) -> None:
    board.context.clear_cookies()
    board.evaluate("document.body.dispatchEvent(new Event('board-changed'))")
    expect(board.get_by_role("dialog")).to_contain_text("You have been signed out")
    expect(bar(board, "Soto")).to_be_attached()
    board.keyboard.press("Escape")
    bar(board, "Soto").click()
    expect(board.get_by_role("dialog")).to_contain_text("You have been signed out")
