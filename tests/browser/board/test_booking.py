"""Booking at the board: from free time, from a search, by keys, and without any script."""

import re

import pytest
from playwright.sync_api import Page, expect

from scheduling.models import Visit
from tests.browser.board.hands import BOARD, QUARTER, bar, focused_name, gap, lane_point, ready, search, toast, where
from tests.browser.conftest import Browsing
from tests.browser.scenes import Day

pytestmark = pytest.mark.browser


def test_a_gap_is_booked_in_three_clicks_at_the_time_that_was_clicked(board: Page, day: Day) -> None:
    day.due("Reyes", "Pia")
    board.mouse.click(*lane_point(board, "A1", QUARTER[14] + 0.5))
    expect(board.locator("#panel")).to_contain_text("A1, Fri 20 Nov 14:00")
    board.locator("#panel").get_by_role("link", name="Reyes, P.").click()
    board.get_by_role("button", name="Book A1, Fri 20 Nov 14:00").click()
    expect(toast(board)).to_contain_text("Reyes, P. booked in A1, Fri 20 Nov 14:00.")
    expect(bar(board, "Reyes, P.")).to_be_visible()
    assert where(day.visit("Reyes")) == "A1 14:00"


def test_somebody_is_found_a_slot_in_three_clicks_and_the_ghost_shows_where(board: Page, day: Day) -> None:
    day.due("Reyes", "Pia")
    board.get_by_role("link", name="Find a slot").click()
    board.locator("#panel").get_by_role("link", name="Reyes, P.").click()
    option = board.locator("#panel .option").first
    option.hover()
    expect(board.locator(".ghost")).to_have_count(1)
    expect(board.locator(".ghost-note")).to_contain_text("free")
    expect(board.locator(".heat.is-touched")).to_have_count(4)
    option.click()
    expect(toast(board)).to_contain_text("Reyes, P. booked")
    expect(board.locator(".ghost")).to_have_count(0)
    assert Visit.objects.count() == 4


def test_booking_by_keyboard_takes_four_keys(board: Page, day: Day) -> None:
    day.due("Reyes", "Pia")
    bar(board, "Soto").focus()
    board.keyboard.press("f")
    expect(search(board)).to_be_focused()
    board.keyboard.press("ArrowDown")
    board.keyboard.press("Enter")
    expect(board.locator("#panel .option").first).to_be_focused()
    board.keyboard.press("Enter")
    expect(toast(board)).to_contain_text("Reyes, P. booked")
    expect(board.locator("#panel")).to_be_focused()
    board.keyboard.press("Escape")
    expect(board.locator("#panel")).to_be_empty()
    expect(board.locator("#board :focus")).to_have_count(1)


def test_a_gap_is_booked_by_keyboard_and_focus_comes_back_to_where_it_was(board: Page, day: Day) -> None:
    day.due("Reyes", "Pia")
    bar(board, "Soto").focus()
    board.keyboard.press("ArrowRight")
    assert "chair A1 free 12:15" in focused_name(board)
    board.keyboard.press("Enter")
    expect(search(board)).to_be_focused()
    board.keyboard.press("ArrowDown")
    board.keyboard.press("Enter")
    expect(board.get_by_role("button", name="Book A1, Fri 20 Nov 12:15")).to_be_focused()
    board.keyboard.press("Enter")
    expect(bar(board, "Reyes, P.")).to_be_visible()
    board.keyboard.press("Escape")
    expect(bar(board, "Reyes, P.")).to_be_focused()


def test_a_soft_rule_asks_for_a_reason_after_a_drop(board: Page, day: Day) -> None:
    bar(board, "Soto").focus()
    day.due("Reyes", "Pia")
    fox = day.due("Fox", "Al", is_covered=False)
    board.goto(f"{BOARD}?visit=")
    ready(board)
    board.keyboard.press("f")
    board.locator("#panel").get_by_role("link", name="Fox, A.").click()
    board.locator("#panel .option").first.click()
    expect(board.get_by_label("Reason to go ahead")).to_be_focused()
    board.keyboard.type("Clinically urgent")
    board.keyboard.press("Enter")
    expect(toast(board)).to_contain_text("Fox, A. booked")
    assert Visit.objects.get(course_day=fox).overrides[0]["reason"] == "Clinically urgent"


def test_a_booking_is_undone_and_its_gap_is_back(board: Page, day: Day) -> None:
    day.due("Reyes", "Pia")
    board.keyboard.press("f")
    board.locator("#panel").get_by_role("link", name="Reyes, P.").click()
    board.locator("#panel .option").first.click()
    expect(bar(board, "Reyes, P.")).to_be_visible()
    toast(board).get_by_role("button", name="Undo").click()
    expect(bar(board, "Reyes, P.")).to_have_count(0)


def test_a_visit_is_booked_and_run_without_javascript(browsing: Browsing, day: Day) -> None:
    day.due("Reyes", "Pia")
    page = browsing.open(BOARD, user=day.nurse, java_script_enabled=False)
    gap(page, "A1 free 12:15").click()
    page.get_by_role("link", name="Reyes, P.").click()
    page.get_by_role("button", name="Book A1, Fri 20 Nov 12:15").click()
    expect(page.locator(".toast")).to_contain_text("Reyes, P. booked in A1, Fri 20 Nov 12:15.")
    expect(bar(page, "Reyes, P.")).to_have_class(re.compile("is-selected"))
    page.get_by_role("button", name="Arrived").click()
    expect(page.locator(".toast")).to_contain_text("Reyes, P.: arrived.")
    page.get_by_role("link", name="List", exact=True).click()
    expect(page.get_by_role("row", name="Reyes, P.")).to_contain_text("Arrived")
