"""Bars 6, 8 and 14: everything by keyboard alone, in few keys and few clicks, and with the letters turned off."""

import re
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Locator, Page, expect

from accounts.domain.policy import Role
from authorizations.domain.statuses import AuthorizationStatus
from scheduling.domain.statuses import VisitStatus
from tests import factories
from tests.browser.board.hands import BOARD, bar, ready, search, toast, where
from tests.browser.conftest import Browsing
from tests.browser.scenes import FRIDAY, Day, quiet_day, set_clock

pytestmark = pytest.mark.browser

MONDAY = datetime(2026, 11, 16, 16, 0, tzinfo=UTC)
COUNT = """() => {
  window.hands = {clicks: 0, keys: 0};
  addEventListener('pointerdown', () => { hands.clicks += 1; }, true);
  addEventListener('keydown', () => { hands.keys += 1; }, true);
}"""
LETTERS = "nfmcasodu[]t/?+-"


@pytest.fixture
def day(browsing: Browsing) -> Day:
    return quiet_day()


@pytest.fixture
def board(browsing: Browsing, day: Day) -> Page:
    return ready(browsing.open(BOARD, user=day.scheduler))


def tab_to(page: Page, wanted: Locator, *, most: int = 60) -> None:
    """Press Tab until `wanted` has the focus, as somebody without a mouse does."""
    expect(wanted).to_be_visible()
    for _ in range(most):
        if wanted.evaluate("e => e === document.activeElement"):
            return
        page.keyboard.press("Tab")
    focus = page.evaluate("document.activeElement.outerHTML.slice(0, 120)")
    pytest.fail(f"{most} tabs did not reach {wanted}; the focus is on {focus}")


def hands(page: Page) -> dict[str, int]:
    return dict(page.evaluate("hands"))


def test_bar_6_a_day_is_run_by_keyboard_alone(board: Page, day: Day) -> None:
    """Book, meet a conflict and take its way out, undo, and go to Done: the mouse is never touched."""
    day.due("Reyes", "Pia")
    board.evaluate(COUNT)
    tab_to(board, board.locator("#board [tabindex='0']"))
    board.keyboard.press("f")
    expect(search(board)).to_be_focused()
    board.keyboard.press("ArrowDown")
    board.keyboard.press("Enter")
    expect(board.locator("#panel .option").first).to_be_focused()
    board.keyboard.press("Enter")
    expect(toast(board)).to_contain_text("Reyes, P. booked")
    board.keyboard.press("Escape")
    expect(board.locator("#board :focus")).to_have_count(1)
    bar(board, "Soto").focus()
    board.keyboard.press("m")
    board.keyboard.press("ArrowDown")
    expect(board.locator(".ghost.is-refused")).to_have_count(1)
    board.keyboard.press("Enter")
    expect(board.locator("#panel [role=alert]")).to_contain_text("A2 has Keller, D. 11:30–13:30.")
    tab_to(board, board.get_by_role("button", name="Use 13:30"))
    board.keyboard.press("Enter")
    expect(toast(board)).to_contain_text("Soto, P. moved to A2, Fri 20 Nov 13:30.")
    board.keyboard.press("Escape")
    expect(board.locator("#panel")).to_be_empty()
    bar(board, "Soto").focus()
    board.keyboard.press("u")
    expect(toast(board)).to_contain_text("Undone: Soto, P. is booked, A1, Fri 20 Nov 11:15.")
    expect(bar(board, "Soto")).to_contain_text("11:15–12:15, chair A1, booked.", timeout=40_000)
    assert where(day.visit("Soto")) == "A1 11:15"
    _to_done(board, day)
    assert hands(board)["clicks"] == 0


def _to_done(board: Page, day: Day) -> None:
    bar(board, "Soto").focus()
    words = {"a": "arrived", "s": "seated", "o": "observation", "d": "done"}
    for key, word in [("a", words["a"]), ("s", words["s"]), ("s", "infusing"), ("o", words["o"]), ("d", words["d"])]:
        board.keyboard.press(key)
        expect(board.get_by_role("dialog")).to_be_visible()
        board.keyboard.press("Enter")
        expect(bar(board, "Soto")).to_contain_text(f"chair A1, {word}.")
        expect(bar(board, "Soto")).to_be_focused()
    assert day.visit("Soto").status == VisitStatus.COMPLETED


def test_bar_6_a_request_goes_to_the_payer_by_keyboard_alone(browsing: Browsing) -> None:
    """From the queue to the panel and its next step; Escape leads back to the row that opened it."""
    set_clock(MONDAY)
    clinic = factories.make_clinic(chairs=3, name="Lakeside Infusion")
    order = factories.make_order(factories.make_patient(clinic, family_name="Quist"))
    payer = factories.make_payer(clinic, name="Bluefield PPO")
    draft = factories.make_authorization(order, payer=payer, status="ready", units_approved=0, reference="")
    page = browsing.open("/authorizations/", user=factories.make_staff(clinic, Role.AUTHORIZATION_ADMIN))
    panel, row = page.locator("#panel"), page.locator("tbody th a").first
    for key in ("Escape", "Enter"):
        tab_to(page, row)
        page.keyboard.press("Enter")
        expect(panel.locator("h2")).to_be_visible()
        page.keyboard.press("Escape") if key == "Escape" else None
        expect(row if key == "Escape" else panel).to_be_focused()
    tab_to(page, panel.get_by_role("link", name="Send request").first)
    page.keyboard.press("Enter")
    expect(panel.get_by_role("button", name="Mark as sent")).to_be_visible()
    expect(page.locator("#panel:focus, #panel :focus")).to_have_count(1)
    tab_to(page, panel.get_by_role("button", name="Mark as sent"))
    page.keyboard.press("Enter")
    expect(page.locator("h1 .chip")).to_have_text("Submitted")
    draft.refresh_from_db()
    assert draft.status == AuthorizationStatus.SUBMITTED


def test_bar_8_booking_takes_three_clicks_or_eight_keys_at_most(board: Page, day: Day) -> None:
    day.due("Reyes", "Pia")
    day.due("Tamm", "Uno")
    board.evaluate(COUNT)
    board.get_by_role("link", name="Find a slot").click()
    board.locator("#panel").get_by_role("link", name="Reyes, P.").click()
    board.locator("#panel .option").first.click()
    expect(toast(board)).to_contain_text("Reyes, P. booked")
    assert hands(board)["clicks"] <= 3
    bar(board, "Soto").focus()
    board.evaluate("() => { hands.keys = 0; }")
    board.keyboard.press("f")
    expect(search(board)).to_be_focused()
    board.keyboard.type("ta")
    expect(board.locator("#panel .lines a")).to_have_count(1)
    board.keyboard.press("ArrowDown")
    board.keyboard.press("Enter")
    expect(board.locator("#panel .option").first).to_be_focused()
    board.keyboard.press("Enter")
    expect(toast(board)).to_contain_text("Tamm, U. booked")
    assert hands(board)["keys"] <= 8
    assert day.visit("Tamm").period.lower.date() == FRIDAY


def test_bar_14_no_letter_acts_once_they_are_turned_off(browsing: Browsing, day: Day) -> None:
    page = browsing.open("/me/", user=day.nurse)
    page.get_by_label("Letters act on the board").uncheck()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_label("Letters act on the board")).not_to_be_checked()
    for path in (BOARD, f"{BOARD}?view=list", "/floor/?who=all"):
        page.goto(path)
        page.locator("#main a, #main button").first.focus()
        if path == BOARD:
            ready(page)
            bar(page, "Soto").focus()
        for letter in LETTERS:
            page.keyboard.press(letter)
        expect(page).to_have_url(re.compile(re.escape(path) + "$"))
        expect(page.locator("#panel")).to_be_empty()
        expect(page.locator(".ghost, dialog[open]")).to_have_count(0)
    assert day.visit("Soto").version == 1


def test_bar_14_what_is_typed_into_a_field_is_only_typed(board: Page, day: Day) -> None:
    bar(board, "Soto").focus()
    board.keyboard.press("f")
    for field in (search(board), board.locator(".topbar-search input")):
        field.focus()
        board.keyboard.type(LETTERS)
        expect(field).to_have_value(LETTERS)
    expect(board.locator(".ghost, dialog[open]")).to_have_count(0)
    expect(board.locator("h1")).to_have_text("Friday 20 November")
    assert day.visit("Soto").version == 1
