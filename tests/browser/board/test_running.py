"""Running the day at the board: one tab stop, opening visits, status keys, other days, the list."""

import re

import pytest
from playwright.sync_api import Page, expect

from accounts.models import User
from scheduling.domain.statuses import VisitStatus
from tests.browser import eyes
from tests.browser.board.hands import BOARD, bar, focused_name, ready, search, toast
from tests.browser.conftest import PHONE, Browsing
from tests.browser.scenes import Day

pytestmark = pytest.mark.browser


def test_bar_6_the_board_is_one_stop_for_tab_and_arrows_go_everywhere(board: Page) -> None:
    assert board.locator("#board a:not([tabindex='-1'])").count() == 1
    bar(board, "Soto").focus()
    names = []
    for key in ("ArrowLeft", "ArrowDown", "ArrowDown", "ArrowUp", "End", "Home"):
        board.keyboard.press(key)
        names.append(focused_name(board).split(",")[0])
    assert names == [
        "+ 45 min: chair A1 free 10:30 to 11:15. Book",
        "+ 60 min: chair A2 free 10:30 to 11:30. Book",
        "Olsen",
        "+ 60 min: chair A2 free 10:30 to 11:30. Book",
        "+ 270 min: chair A2 free 13:30 to 18:00. Book",
        "+ 60 min: chair A2 free 10:30 to 11:30. Book",
    ]
    assert board.locator("#board a:not([tabindex='-1'])").count() == 1


def test_enter_opens_a_visit_and_escape_gives_focus_back(board: Page) -> None:
    bar(board, "Soto").focus()
    board.keyboard.press("Enter")
    expect(board.locator("#panel h2")).to_have_text("Soto, Paul")
    expect(bar(board, "Soto")).to_have_class(re.compile("is-selected"))
    board.keyboard.press("Escape")
    expect(bar(board, "Soto")).to_be_focused()
    expect(bar(board, "Soto")).not_to_have_class(re.compile("is-selected"))


def test_a_visit_is_taken_to_done_by_keys_that_ask_first(board: Page, day: Day) -> None:
    soto = day.visit("Soto")
    bar(board, "Soto").focus()
    for key, question, word in [
        ("a", "Soto, P.: arrived?", "arrived"),
        ("s", "Soto, P.: seat?", "seated"),
        ("s", "Soto, P.: start infusion?", "infusing"),
        ("o", "Soto, P.: observe?", "observation"),
        ("d", "Soto, P.: done?", "done"),
    ]:
        board.keyboard.press(key)
        expect(board.get_by_role("dialog")).to_contain_text(question)
        board.keyboard.press("Enter")
        expect(bar(board, "Soto")).to_contain_text(f"chair A1, {word}.")
        expect(bar(board, "Soto")).to_be_focused()
    soto.refresh_from_db()
    assert soto.status == VisitStatus.COMPLETED


def test_a_status_key_does_nothing_when_refused_or_cancelled(board: Page, day: Day) -> None:
    bar(board, "Soto").focus()
    board.keyboard.press("d")
    expect(toast(board)).to_contain_text("Soto, P. can't take that step now.")
    board.keyboard.press("a")
    board.keyboard.press("Escape")
    expect(board.get_by_role("dialog")).to_have_count(0)
    expect(bar(board, "Soto")).to_be_focused()
    board.keyboard.press("m")
    board.keyboard.press("Escape")
    bar(board, "Olsen").focus()
    board.keyboard.press("m")
    expect(toast(board)).to_contain_text("Olsen, A. can't be moved any more")
    assert day.visit("Soto").version == 1


def test_days_are_turned_by_keys_and_help_lists_them(board: Page) -> None:
    board.keyboard.press("?")
    expect(board.get_by_role("dialog")).to_contain_text("undo your last change")
    board.keyboard.press("Escape")
    expect(board.get_by_role("dialog")).to_have_count(0)
    board.keyboard.press("]")
    expect(board.locator("h1")).to_have_text("Saturday 21 November")
    board.keyboard.press("[")
    expect(board.locator("h1")).to_have_text("Friday 20 November")
    board.keyboard.press("[")
    board.keyboard.press("t")
    expect(board.locator("h1")).to_have_text("Friday 20 November")


def test_bar_14_no_letter_acts_while_somebody_types_or_after_they_were_turned_off(
    browsing: Browsing, board: Page, day: Day
) -> None:
    board.keyboard.press("f")
    search(board).fill("")
    board.keyboard.type("fmaust]")
    expect(search(board)).to_have_value("fmaust]")
    expect(board.locator("h1")).to_have_text("Friday 20 November")
    User.objects.filter(pk=day.nurse.pk).update(uses_shortcuts=False)
    still = ready(browsing.open(BOARD, user=day.nurse))
    bar(still, "Soto").focus()
    for key in ("f", "m", "a", "u", "]", "?", "t"):
        still.keyboard.press(key)
    expect(still.locator("#panel")).to_be_empty()
    expect(still.locator(".ghost")).to_have_count(0)
    expect(still.locator("dialog[open]")).to_have_count(0)
    expect(still.locator("h1")).to_have_text("Friday 20 November")
    still.keyboard.press("ArrowLeft")  # arrows are no letters
    assert "chair A1 free" in focused_name(still)


def test_the_list_runs_the_day_too(browsing: Browsing, day: Day) -> None:
    page = browsing.open(f"{BOARD}?view=list", user=day.nurse)
    row = page.get_by_role("row", name="Soto, P.")
    row.get_by_role("button", name="Arrived").click()
    expect(row).to_contain_text("Arrived")
    expect(row.get_by_role("button", name="Seat")).to_be_visible()
    page.get_by_role("link", name="Keller, D.").click()
    expect(page.locator("#panel h2")).to_have_text("Keller, Dora")


def test_a_phone_gets_the_list(browsing: Browsing, day: Day) -> None:
    page = browsing.open(BOARD, user=day.nurse, size=PHONE)
    page.wait_for_url("**/?view=list")
    expect(page.get_by_role("link", name="Soto, P.")).to_be_visible()
    assert eyes.sideways(page) == []
