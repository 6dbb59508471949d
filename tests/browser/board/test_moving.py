"""Moving a visit: by keys, by dragging, by clicks alone, with a finger; what is refused, and undoing it."""

import re

import pytest
from playwright.sync_api import Page, expect

from scheduling.services import booking
from tests.browser.board.hands import BOARD, QUARTER, bar, lane_point, ready, toast, where
from tests.browser.conftest import SMALL_DESK, Browsing
from tests.browser.scenes import FRIDAY, Day
from tests.factories import at

pytestmark = pytest.mark.browser


def test_a_visit_is_moved_by_keys_and_each_place_is_read_out(board: Page, day: Day) -> None:
    bar(board, "Soto").focus()
    board.keyboard.press("m")
    expect(board.locator("#live")).to_contain_text("Moving Soto, P.")
    board.keyboard.press("Shift+ArrowRight")
    expect(board.locator("#live")).to_have_text("A1 12:15 to 13:15, free")
    board.keyboard.press("ArrowRight")
    expect(board.locator("#live")).to_have_text("A1 12:30 to 13:30, free")
    board.keyboard.press("ArrowDown")
    expect(board.locator("#live")).to_contain_text("A2 has Keller, D. 11:30–13:30")
    expect(board.locator(".ghost")).to_have_class(re.compile("is-refused"))
    board.keyboard.press("ArrowDown")
    expect(board.locator("#live")).to_have_text("A3 12:30 to 13:30, free")
    assert where(day.visit("Soto")) == "A1 11:15"
    board.keyboard.press("Enter")
    expect(toast(board)).to_contain_text("Soto, P. moved to A3, Fri 20 Nov 12:30.")
    expect(board.locator('[data-chair-name="A3"] .visit', has_text="Soto")).to_be_focused()
    expect(board.locator("#panel")).to_be_empty()
    assert where(day.visit("Soto")) == "A3 12:30"


def test_escape_keeps_a_visit_where_it_is(board: Page, day: Day) -> None:
    bar(board, "Soto").focus()
    board.keyboard.press("m")
    board.keyboard.press("ArrowRight")
    expect(board.locator(".ghost")).to_have_count(1)
    board.keyboard.press("Escape")
    expect(board.locator(".ghost")).to_have_count(0)
    expect(board.locator(".is-touched")).to_have_count(0)
    expect(bar(board, "Soto")).to_be_focused()
    assert where(day.visit("Soto")) == "A1 11:15"


def test_c_changes_the_chair_and_nothing_else(board: Page, day: Day) -> None:
    bar(board, "Keller").focus()
    board.keyboard.press("c")
    board.keyboard.press("ArrowRight")
    board.keyboard.press("ArrowDown")
    expect(board.locator("#live")).to_contain_text("A3 11:30 to 13:30")
    board.keyboard.press("ArrowUp")
    board.keyboard.press("ArrowUp")
    expect(board.locator("#live")).to_contain_text("A1 has Soto, P.")
    board.keyboard.press("Escape")
    assert where(day.visit("Keller")) == "A2 11:30"


def test_a_refused_place_is_named_with_ways_out(board: Page, day: Day) -> None:
    bar(board, "Soto").focus()
    board.keyboard.press("m")
    board.keyboard.press("ArrowDown")
    board.keyboard.press("Enter")
    alert = board.locator("#panel [role=alert]")
    expect(alert).to_contain_text("Soto, P. can't go to A2 at 11:15: A2 has Keller, D. 11:30–13:30.")
    board.get_by_role("button", name="Use 13:30").click()
    expect(toast(board)).to_contain_text("Soto, P. moved to A2, Fri 20 Nov 13:30.")
    assert where(day.visit("Soto")) == "A2 13:30"


def test_a_visit_is_dragged_and_snaps_to_the_quarter_hour(board: Page, day: Day) -> None:
    x, y = lane_point(board, "A1", QUARTER[11] + 2)
    board.mouse.move(x, y)
    board.mouse.down()
    to_x, to_y = lane_point(board, "A3", QUARTER[14] + 1.3)
    board.mouse.move(x + 3, y)
    expect(board.locator(".ghost")).to_have_count(0)  # under the threshold
    board.mouse.move(x + 40, y, steps=3)
    board.mouse.move(to_x, to_y, steps=5)
    expect(board.locator(".ghost-note")).to_contain_text("A3 14:00–15:00 free")
    expect(bar(board, "Soto")).to_have_class(re.compile("is-moving"))
    board.mouse.up()
    expect(toast(board)).to_contain_text("Soto, P. moved to A3, Fri 20 Nov 14:00.")
    expect(board.locator("#panel")).to_be_empty()  # the click that ends a drag opens nothing
    assert where(day.visit("Soto")) == "A3 14:00"


def test_escape_ends_a_drag(board: Page, day: Day) -> None:
    board.mouse.move(*lane_point(board, "A1", QUARTER[11] + 2))
    board.mouse.down()
    board.mouse.move(*lane_point(board, "A3", QUARTER[14]), steps=4)
    expect(board.locator(".ghost")).to_have_count(1)
    board.keyboard.press("Escape")
    board.mouse.up()
    expect(board.locator(".ghost")).to_have_count(0)
    assert where(day.visit("Soto")) == "A1 11:15"


def test_bar_7_a_visit_is_moved_by_clicks_alone(board: Page, day: Day) -> None:
    bar(board, "Soto").click()
    board.get_by_role("link", name="Move…").click()
    expect(board.locator("#panel h2")).to_have_text("Move")
    board.mouse.move(*lane_point(board, "A1", QUARTER[15] + 0.5))
    expect(board.locator(".ghost-note")).to_contain_text("A1 15:00–16:00 free")
    board.mouse.click(*lane_point(board, "A1", QUARTER[15] + 0.5))
    expect(toast(board)).to_contain_text("Soto, P. moved to A1, Fri 20 Nov 15:00.")
    expect(board.locator("#panel h2")).to_have_text("Soto, Paul")
    assert where(day.visit("Soto")) == "A1 15:00"


def test_bar_7_a_finger_moves_a_visit_by_tapping_and_by_pressing(browsing: Browsing, day: Day) -> None:
    page = ready(browsing.open(f"{BOARD}?view=board", user=day.nurse, size=SMALL_DESK, has_touch=True))
    page.touchscreen.tap(*lane_point(page, "A1", QUARTER[11] + 2))
    expect(page.locator("#panel h2")).to_have_text("Soto, Paul")
    page.get_by_role("link", name="Move…").tap()
    expect(page.locator("#panel h2")).to_have_text("Move")
    page.touchscreen.tap(*lane_point(page, "A1", QUARTER[14] + 0.5))
    expect(toast(page)).to_contain_text("Soto, P. moved to A1, Fri 20 Nov 14:00.")
    expect(bar(page, "Soto")).to_contain_text("14:00")
    page.locator(".panel-close").tap()
    finger = page.context.new_cdp_session(page)

    def touch(kind: str, *at: float) -> None:
        points = [dict(zip("xy", at, strict=True))] if at else []
        finger.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": points})

    touch("Start", *lane_point(page, "A1", QUARTER[14] + 1))
    expect(page.locator(".visit.is-moving")).to_have_count(1)  # after the press
    touch("Move", *lane_point(page, "A3", QUARTER[14] + 1))
    expect(page.locator(".ghost-note")).to_contain_text("A3 14:00–15:00 free")
    touch("End")
    expect(toast(page)).to_contain_text("Soto, P. moved to A3, Fri 20 Nov 14:00.")


def test_bar_10_two_browsers_move_the_same_visit_and_the_second_is_told_who_was_quicker(
    browsing: Browsing, board: Page, day: Day
) -> None:
    other = ready(browsing.open(BOARD, user=day.nurse))
    for page, key in ((board, "ArrowRight"), (other, "ArrowLeft")):
        bar(page, "Soto").focus()
        page.keyboard.press("m")
        page.keyboard.press(key)
        expect(page.locator(".ghost-note")).to_contain_text("free")
    board.keyboard.press("Enter")
    expect(toast(board)).to_contain_text("moved to A1, Fri 20 Nov 11:30")
    other.keyboard.press("Enter")
    alert = other.locator("#panel [role=alert]")
    expect(alert).to_contain_text("K. Marsh changed this visit at 10:31.")
    expect(alert).to_contain_text("It is now booked, Fri 20 Nov 11:30 in A1.")
    assert where(day.visit("Soto")) == "A1 11:30"
    expect(bar(other, "Soto")).to_contain_text("11:30")  # its board has caught up
    other.locator("#panel .option").first.click()  # and it can go on from here
    expect(toast(other)).to_contain_text("Soto, P. moved")


def test_a_move_is_undone_by_the_toast_and_by_u(board: Page, day: Day) -> None:
    for undo in ("button", "key"):
        bar(board, "Soto").focus()
        board.keyboard.press("m")
        board.keyboard.press("ArrowRight")
        board.keyboard.press("Enter")
        expect(toast(board)).to_contain_text("moved to A1, Fri 20 Nov 11:30")
        expect(bar(board, "Soto")).to_contain_text("11:30")
        if undo == "button":
            toast(board).get_by_role("button", name="Undo").click()
        else:
            board.keyboard.press("u")
        expect(toast(board)).to_contain_text("Undone: Soto, P. is booked, A1, Fri 20 Nov 11:15.")
        expect(bar(board, "Soto")).to_contain_text("11:15")
        expect(board.locator(".toast")).to_have_count(1)
        board.locator("[data-close-toast]").click()
    board.keyboard.press("u")
    expect(toast(board)).to_contain_text("Nothing to undo")


def test_dragging_one_visit_while_another_is_being_placed_moves_only_the_one_under_the_hand(
    board: Page, day: Day
) -> None:
    bar(board, "Keller").click()
    board.get_by_role("link", name="Move…").click()
    expect(board.locator("#panel h2")).to_have_text("Move")
    board.mouse.move(*lane_point(board, "A1", QUARTER[11] + 2))
    board.mouse.down()
    board.mouse.move(*lane_point(board, "A3", QUARTER[14] + 1), steps=6)
    expect(board.locator(".ghost-note")).to_contain_text("A3 14:00–15:00 free")
    board.mouse.up()
    expect(toast(board)).to_contain_text("Soto, P. moved to A3, Fri 20 Nov 14:00.")
    assert where(day.visit("Soto")) == "A3 14:00"
    assert where(day.visit("Keller")) == "A2 11:30"


def test_a_press_that_travels_or_lands_on_another_visit_places_nothing(board: Page, day: Day) -> None:
    bar(board, "Keller").click()
    board.get_by_role("link", name="Move…").click()
    expect(board.locator("#panel h2")).to_have_text("Move")
    board.mouse.move(*lane_point(board, "A1", QUARTER[13]))
    board.mouse.down()
    board.mouse.move(*lane_point(board, "A1", QUARTER[15]), steps=4)
    board.mouse.up()
    bar(board, "Soto").click()
    expect(board.locator("#panel h2")).to_have_text("Soto, Paul")
    assert where(day.visit("Keller")) == "A2 11:30"


def test_an_undo_that_somebody_overtook_says_so(board: Page, day: Day) -> None:
    bar(board, "Soto").focus()
    board.keyboard.press("m")
    board.keyboard.press("ArrowRight")
    board.keyboard.press("Enter")
    expect(toast(board)).to_contain_text("moved to A1, Fri 20 Nov 11:30")
    soto = day.visit("Soto")
    booking.move(visit=soto, chair=day.chair("A3"), start=at(FRIDAY, 14), expected_version=soto.version, by=day.by)
    toast(board).get_by_role("button", name="Undo").click()
    expect(board.locator(".toast.toast-bad")).to_contain_text("changed again since (the move by K. Marsh at 10:31)")
    expect(board.locator(".toast form")).to_have_count(0)
    expect(bar(board, "Soto")).to_contain_text("14:00")  # the board has caught up
    assert where(soto) == "A3 14:00"


def test_the_panel_follows_an_undo_of_a_visit_that_is_on_another_day(board: Page, day: Day) -> None:
    bar(board, "Soto").click()
    board.get_by_role("link", name="Move…").click()
    board.locator("#panel [name=chair]").select_option(label="A3")
    board.locator("#panel [name=day]").fill("2026-11-23")
    board.locator("#panel [name=at]").fill("13:00")
    board.locator("#panel").get_by_role("button", name="Move", exact=True).click()
    expect(board.locator("#panel")).to_contain_text("Mon 23 Nov, 13:00")
    expect(bar(board, "Soto")).to_have_count(0)
    soto = day.visit("Soto")
    booking.move(
        visit=soto,
        chair=day.chair("A3"),
        start=at(soto.period.lower.date(), 14),
        expected_version=soto.version,
        by=day.by,
    )
    board.evaluate("document.body.dispatchEvent(new Event('board-changed'))")
    expect(board.locator("#panel")).to_contain_text("Mon 23 Nov, 14:00")
