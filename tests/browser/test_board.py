"""The day board in a browser: booking, moving and running visits by mouse, by touch, by keys and without any script."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from accounts.models import User
from scheduling.domain.statuses import VisitStatus
from scheduling.models import Visit
from scheduling.services import booking, flow
from tests.browser import eyes, scenes
from tests.browser.conftest import DESK, PHONE, SMALL_DESK, Browsing
from tests.browser.scenes import FRIDAY, Day
from tests.factories import at

pytestmark = pytest.mark.browser

BOARD = f"/board/{FRIDAY}/"


@pytest.fixture
def day(browsing: Browsing) -> Day:
    return scenes.quiet_day()


@pytest.fixture
def board(browsing: Browsing, day: Day) -> Page:
    """The quiet day's board, ready for keys and pointers."""
    return ready(browsing.open(BOARD, user=day.scheduler))


def ready(page: Page) -> Page:
    expect(page.locator("#board [tabindex='0']")).to_have_count(1)
    return page


def bar(page: Page, name: str) -> Locator:
    return page.locator(".visit", has_text=name)


def gap(page: Page, words: str) -> Locator:
    return page.get_by_role("link", name=re.compile(rf": chair {words}"))


def search(page: Page) -> Locator:
    return page.locator("#panel [name=q]")


def toast(page: Page) -> Locator:
    return page.locator(".toast").last


def focused_name(page: Page) -> str:
    """What has focus, as it is read aloud; the name of its element when it has no words."""
    return str(page.evaluate("document.activeElement.textContent.trim() || document.activeElement.tagName"))


def where(visit: Visit) -> str:
    visit.refresh_from_db()
    return f"{visit.chair.name} {visit.period.lower.astimezone(visit.clinic.zone):%H:%M}"


def lane_point(page: Page, chair: str, quarter: float) -> tuple[float, float]:
    """Where a quarter hour of a chair's lane is on the screen."""
    box = page.locator(f'[data-chair-name="{chair}"] .lane').bounding_box()
    assert box is not None
    return box["x"] + box["width"] * quarter / 44, box["y"] + box["height"] / 2


QUARTER = {hour: (hour - 7) * 4 for hour in range(7, 18)}


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


def test_the_board_is_one_stop_for_tab_and_arrows_go_everywhere(board: Page) -> None:
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


def test_a_visit_is_moved_by_clicks_alone(board: Page, day: Day) -> None:
    bar(board, "Soto").click()
    board.get_by_role("link", name="Move…").click()
    expect(board.locator("#panel h2")).to_have_text("Move")
    board.mouse.move(*lane_point(board, "A1", QUARTER[15] + 0.5))
    expect(board.locator(".ghost-note")).to_contain_text("A1 15:00–16:00 free")
    board.mouse.click(*lane_point(board, "A1", QUARTER[15] + 0.5))
    expect(toast(board)).to_contain_text("Soto, P. moved to A1, Fri 20 Nov 15:00.")
    expect(board.locator("#panel h2")).to_have_text("Soto, Paul")
    assert where(day.visit("Soto")) == "A1 15:00"


def test_a_finger_moves_a_visit_by_tapping_and_by_pressing(browsing: Browsing, day: Day) -> None:
    page = ready(browsing.open(f"{BOARD}?view=board", user=day.nurse, size=SMALL_DESK, has_touch=True))
    page.touchscreen.tap(*lane_point(page, "A1", QUARTER[11] + 2))
    expect(page.locator("#panel h2")).to_have_text("Soto, Paul")
    page.get_by_role("link", name="Move…").tap()
    expect(page.locator("#panel h2")).to_have_text("Move")
    page.touchscreen.tap(*lane_point(page, "A1", QUARTER[14] + 0.5))
    expect(toast(page)).to_contain_text("Soto, P. moved to A1, Fri 20 Nov 14:00.")
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


def test_two_browsers_move_the_same_visit_and_the_second_is_told_who_was_quicker(
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


def test_a_booking_is_undone_and_its_gap_is_back(board: Page, day: Day) -> None:
    day.due("Reyes", "Pia")
    board.keyboard.press("f")
    board.locator("#panel").get_by_role("link", name="Reyes, P.").click()
    board.locator("#panel .option").first.click()
    expect(bar(board, "Reyes, P.")).to_be_visible()
    toast(board).get_by_role("button", name="Undo").click()
    expect(bar(board, "Reyes, P.")).to_have_count(0)


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


def test_no_letter_acts_while_somebody_types_or_after_they_were_turned_off(
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


def test_a_server_that_is_gone_is_said_within_a_minute_and_forgotten_when_it_is_back(
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
    page.get_by_role("link", name="List").click()
    expect(page.get_by_role("row", name="Reyes, P.")).to_contain_text("Arrived")


State = Callable[[Page, Day], Any]


def _panel(page: Page, day: Day) -> None:
    bar(page, "Lindqvist").click()
    expect(page.locator("#panel h2")).to_have_text("Lindqvist, Elsa")


def _moving(page: Page, day: Day) -> None:
    bar(page, "Soto").focus()
    page.keyboard.press("m")
    page.keyboard.press("ArrowDown")
    expect(page.locator(".ghost.is-refused")).to_have_count(1)


def _refused(page: Page, day: Day) -> None:
    _moving(page, day)
    page.keyboard.press("Enter")
    expect(page.locator("#panel [role=alert]")).to_be_visible()


def _find(page: Page, day: Day) -> None:
    page.keyboard.press("f")
    page.locator("#panel .lines a", has_text="Sandow").click()
    page.locator("#panel .option").first.focus()
    expect(page.locator(".ghost-note")).to_contain_text("free")


def _asking(page: Page, day: Day) -> None:
    bar(page, "Soto").focus()
    page.keyboard.press("a")
    expect(page.get_by_role("dialog")).to_be_visible()


def _help(page: Page, day: Day) -> None:
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()


def _cancelling(page: Page, day: Day) -> None:
    _panel(page, day)
    page.get_by_role("link", name="Cancel…").click()
    page.get_by_role("button", name="Cancel the visit").click()
    expect(page.locator("#panel .field-error")).to_be_visible()


STATES: dict[str, State] = {
    "at rest": lambda *_: None,
    "panel": _panel,
    "moving": _moving,
    "refused": _refused,
    "find": _find,
    "asking": _asking,
    "help": _help,
    "cancelling": _cancelling,
}


@pytest.mark.parametrize("size", [DESK, SMALL_DESK], ids=["desk", "small"])
def test_a_busy_board_is_open_to_everyone_in_every_state(browsing: Browsing, size: dict[str, int]) -> None:
    day = scenes.busy_day()
    day.due("Sandow", "Eve")
    page = browsing.open(user=day.scheduler, size=size, reduced_motion="reduce")
    wrong = {}
    for name, reach in STATES.items():
        page.goto(BOARD)
        ready(page)
        reach(page, day)
        found = eyes.barriers(page) + eyes.sideways(page) + eyes.cut_text(page) + eyes.small_targets(page, 24)
        wrong |= {name: found} if found else {}
    for path in (f"{BOARD}?view=list", "/find/", f"/visits/{day.visit('Soto').id}/move/"):
        page.goto(path)
        found = eyes.barriers(page) + eyes.sideways(page) + eyes.small_targets(page, 24)
        wrong |= {path: found} if found else {}
    assert wrong == {}
    assert eyes.kept(page) == []


def test_a_busy_board_prints_on_one_landscape_page_with_every_name(browsing: Browsing, tmp_path: Path) -> None:
    day = scenes.busy_day()
    page = ready(browsing.open(BOARD, user=day.scheduler))
    pdf = page.pdf(format="A4", prefer_css_page_size=True, path=tmp_path / "board.pdf")
    assert len(re.findall(rb"/Type\s*/Page\b(?!s)", pdf)) == 1
    width, height = (float(side) for side in re.search(rb"/MediaBox\s*\[0 0 ([\d.]+) ([\d.]+)\]", pdf).groups())  # type: ignore[union-attr]
    assert width > height
    page.emulate_media(media="print")
    cut = page.evaluate(
        "[...document.querySelectorAll('.board .visit-who b')].filter(e => !e.checkVisibility()).map(e => e.innerText)"
    )
    assert cut == []
    expect(page.locator(".print-only").filter(has_text="by K. Marsh")).to_be_visible()


def test_without_colour_each_status_still_has_its_shape_and_word(browsing: Browsing) -> None:
    day = scenes.busy_day()
    page = ready(browsing.open(BOARD, user=day.scheduler, forced_colors="active"))
    seen = page.evaluate(
        """() => Object.fromEntries([...document.querySelectorAll('#board .visit')].map(e => [e.dataset.status,
             [e.querySelector('use').getAttribute('href').split('#')[1], e.textContent]]))"""
    )
    assert len({icon for icon, _ in seen.values()}) == len(seen) == 8
    for status, word in {"observing": "observation", "no_show": "no-show", "completed": "done"}.items():
        assert f", {word}" in seen[status][1]


def test_nothing_moves_for_people_who_ask_for_stillness(browsing: Browsing, day: Day) -> None:
    page = ready(browsing.open(BOARD, user=day.scheduler, reduced_motion="reduce"))
    bar(page, "Soto").click()
    expect(page.locator("#panel h2")).to_be_visible()
    moving = """[...document.querySelectorAll('*')].filter(e => { const s = getComputedStyle(e);
        return [s.transitionDuration, s.animationDuration].some(d => d.split(',').some(x => parseFloat(x) > 0));
        }).length"""
    assert page.evaluate(moving) == 0


def test_the_page_carries_little_script_and_style(browsing: Browsing, day: Day) -> None:
    page = ready(browsing.open(BOARD, user=day.scheduler))
    scripts, sheets = eyes.weight(page, {})
    assert 0 < scripts <= 40_000
    assert 0 < sheets <= 30_000
