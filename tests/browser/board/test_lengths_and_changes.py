"""At the board: lengths by keys and by the end of a bar, swaps, recent changes, causes of load, signing in again."""

import pytest
from playwright.sync_api import Page, expect

from messaging.models import OutboxMessage
from scheduling.domain.statuses import VisitStatus
from scheduling.services import booking, flow
from tests.browser.board.hands import BOARD, QUARTER, bar, lane_point, ready, toast, where
from tests.browser.conftest import Browsing, session_of
from tests.browser.scenes import FRIDAY, Day
from tests.factories import at

pytestmark = pytest.mark.browser


def minutes(day: Day, name: str) -> int:
    visit = day.visit(name)
    return int((visit.period.upper - visit.period.lower).total_seconds()) // 60


def test_plus_makes_a_visit_longer_by_as_many_quarters_as_it_is_pressed(board: Page, day: Day) -> None:
    bar(board, "Soto").focus()
    board.keyboard.press("+")
    board.keyboard.press("+")
    expect(board.locator(".ghost-note")).to_contain_text("A1 11:15–12:45 free")
    expect(toast(board)).to_contain_text("Soto, P. ends at 12:45 now.")
    expect(bar(board, "Soto")).to_be_focused()
    assert minutes(day, "Soto") == 90
    board.keyboard.press("u")
    expect(toast(board)).to_contain_text("Undone: Soto, P. is booked")
    assert minutes(day, "Soto") == 60


def test_minus_asks_a_reason_for_less_than_the_plan_wants(board: Page, day: Day) -> None:
    bar(board, "Soto").focus()
    board.keyboard.press("-")
    expect(board.get_by_label("Reason to go ahead")).to_be_focused()
    board.keyboard.type("Drug comes ready made")
    board.keyboard.press("Enter")
    expect(toast(board)).to_contain_text("Soto, P. ends at 12:00 now.")
    assert minutes(day, "Soto") == 45


def test_escape_leaves_the_length_as_it_was(board: Page, day: Day) -> None:
    bar(board, "Soto").focus()
    board.keyboard.press("+")
    expect(board.locator(".ghost")).to_have_count(1)
    board.keyboard.press("Escape")
    expect(board.locator(".ghost")).to_have_count(0)
    board.wait_for_timeout(900)
    assert minutes(day, "Soto") == 60


def test_the_end_of_a_bar_is_dragged_with_a_mouse(board: Page, day: Day) -> None:
    box = bar(board, "Soto").bounding_box()
    assert box is not None
    board.mouse.move(box["x"] + box["width"] - 3, box["y"] + box["height"] / 2)
    board.mouse.down()
    board.mouse.move(*lane_point(board, "A1", QUARTER[12] + 3), steps=5)
    expect(board.locator(".ghost-note")).to_contain_text("A1 11:15–12:45 free")
    board.mouse.up()
    expect(toast(board)).to_contain_text("Soto, P. ends at 12:45 now.")
    expect(board.locator("#panel")).to_be_empty()  # the drag was no press
    assert minutes(day, "Soto") == 90
    assert where(day.visit("Soto")) == "A1 11:15"


def test_what_runs_into_another_is_refused_by_name(board: Page, day: Day) -> None:
    day.book(day.due("Fox", "Al"), "A1", 12, 15)
    board.reload()
    ready(board)
    bar(board, "Soto").focus()
    board.keyboard.press("+")
    expect(board.locator("#panel [role=alert]")).to_contain_text("A1 has Fox, A. 12:15–13:15")
    assert minutes(day, "Soto") == 60


def test_two_visits_swap_chairs_by_five_keys(board: Page, day: Day) -> None:
    bar(board, "Soto").focus()
    board.keyboard.press("c")
    board.keyboard.press("ArrowDown")
    expect(board.locator(".ghost-note")).to_contain_text("Place it here to swap with Keller, D.")
    board.keyboard.press("Enter")
    board.get_by_role("button", name="Swap with Keller, D.").press("Enter")
    expect(toast(board)).to_contain_text("Soto, P. in A2, Keller, D. in A1.")
    assert (where(day.visit("Soto")), where(day.visit("Keller"))) == ("A2 11:15", "A1 11:30")
    toast(board).get_by_role("button", name="Undo").click()
    expect(toast(board)).to_contain_text("Undone")
    assert (where(day.visit("Soto")), where(day.visit("Keller"))) == ("A1 11:15", "A2 11:30")


def test_u_goes_back_as_far_as_the_page_remembers_and_the_menu_further(board: Page, day: Day) -> None:
    for later in ("11:30", "11:45"):
        bar(board, "Soto").focus()
        board.keyboard.press("m")
        board.keyboard.press("ArrowRight")
        board.keyboard.press("Enter")
        expect(board.locator(".is-moving")).to_have_count(0)
        expect(bar(board, "Soto")).to_contain_text(later)
    board.keyboard.press("u")
    expect(bar(board, "Soto")).to_contain_text("11:30")
    board.reload()
    ready(board)
    board.get_by_role("link", name="Recent changes").click()
    panel = board.locator("#panel")
    expect(panel).to_contain_text("Undone at 10:31 by K. Marsh.")
    panel.get_by_role("button", name="Undo").click()
    expect(bar(board, "Soto")).to_contain_text("11:15")
    expect(panel.get_by_role("button", name="Undo")).to_have_count(0)
    assert where(day.visit("Soto")) == "A1 11:15"


def test_an_older_toast_says_what_stands_in_its_way(board: Page, day: Day) -> None:
    bar(board, "Soto").focus()
    board.keyboard.press("m")
    board.keyboard.press("ArrowRight")
    board.keyboard.press("Enter")
    expect(toast(board)).to_contain_text("moved to A1, Fri 20 Nov 11:30")
    soto = day.visit("Soto")
    flow.advance(visit=soto, to=VisitStatus.ARRIVED, expected_version=soto.version, by=day.by)
    toast(board).get_by_role("button", name="Undo").click()
    expect(toast(board)).to_contain_text("changed again since (“Arrived” by K. Marsh at 10:31). Undo that first.")


def test_after_a_confirmed_visit_moved_the_toast_asks_whether_the_patient_is_told(board: Page, day: Day) -> None:
    OutboxMessage.objects.update(state="sent", attempts=1)
    flow.confirm(visit=day.visit("Soto"), by=day.by)
    board.reload()
    ready(board)
    bar(board, "Soto").focus()
    board.keyboard.press("m")
    board.keyboard.press("ArrowRight")
    board.keyboard.press("Enter")
    expect(toast(board)).to_contain_text("The patient gets a message in a minute.")
    toast(board).get_by_role("button", name="Don't send").click()
    expect(toast(board)).to_contain_text("Soto, P. is not told of the new time.")
    assert not OutboxMessage.objects.filter(kind="visit.moved", state="pending").exists()


def test_a_quarter_hour_of_the_load_opens_its_causes(board: Page, day: Day) -> None:
    board.locator("#heat .heat").nth(QUARTER[11] + 2).click()
    panel = board.locator("#panel")
    expect(panel.locator("h2")).to_have_text("Nurse load")
    expect(panel).to_contain_text("from 11:30, for 3 visits")
    panel.get_by_role("link", name="Keller, D.").click()
    expect(panel.locator("h2")).to_have_text("Keller, Dora")
    board.locator("#load-table summary").click()
    board.locator("#load-table td a").first.press("Enter")
    expect(panel).to_contain_text("from 07:00")


def test_what_was_typed_outlives_the_session(browsing: Browsing, board: Page, day: Day) -> None:
    bar(board, "Soto").click()
    board.get_by_role("link", name="Cancel…").click()
    board.get_by_label("Reason").fill("Patient is ill")
    board.context.clear_cookies(name="sessionid")
    board.get_by_role("button", name="Cancel the visit").click()
    dialog = board.get_by_role("dialog")
    expect(dialog).to_contain_text("what you typed is still here")
    expect(dialog.get_by_role("link", name="Sign in")).to_have_attribute("target", "_blank")
    dialog.get_by_role("button", name="I have signed in").click()
    expect(dialog).to_be_visible()  # not yet
    board.context.add_cookies([{"name": "sessionid", "value": session_of(day.scheduler), "url": browsing.address}])
    board.evaluate("window.dispatchEvent(new Event('focus'))")
    expect(dialog).to_be_hidden()
    expect(board.get_by_label("Reason")).to_have_value("Patient is ill")
    board.get_by_role("button", name="Cancel the visit").click()
    expect(bar(board, "Soto")).to_have_count(0)
    assert day.visit("Soto").cancel_reason == "Patient is ill"


def test_a_page_that_slept_through_a_new_sign_in_takes_one_more_press(
    browsing: Browsing, board: Page, day: Day
) -> None:
    bar(board, "Soto").click()
    board.get_by_role("link", name="Cancel…").click()
    board.get_by_label("Reason").fill("Patient is ill")
    board.context.clear_cookies(name="csrftoken")
    board.context.add_cookies([{"name": "csrftoken", "value": "b" * 32, "url": browsing.address}])
    board.get_by_role("button", name="Cancel the visit").click()
    expect(toast(board)).to_contain_text("press once more")
    expect(board.get_by_label("Reason")).to_have_value("Patient is ill")
    board.get_by_role("button", name="Cancel the visit").click()
    expect(bar(board, "Soto")).to_have_count(0)
    assert day.visit("Soto").cancel_reason == "Patient is ill"
    browsing.problems.clear()  # the browser's log of the first press


def test_another_person_who_signs_in_starts_afresh(browsing: Browsing, board: Page, day: Day) -> None:
    bar(board, "Soto").click()
    expect(board.locator("#panel h2")).to_be_visible()
    board.context.clear_cookies(name="sessionid")
    board.evaluate("document.body.dispatchEvent(new Event('board-changed'))")
    expect(board.get_by_role("dialog")).to_be_visible()
    board.context.add_cookies([{"name": "sessionid", "value": session_of(day.nurse), "url": browsing.address}])
    board.evaluate("window.dispatchEvent(new Event('focus'))")
    expect(board.get_by_role("dialog")).to_have_count(0)
    ready(board)
    expect(board.locator("#panel")).to_be_empty()


def test_a_visit_that_somebody_else_moved_is_not_resized(board: Page, day: Day) -> None:
    board.route("**/grid/**", lambda route: route.fulfill(status=204))
    soto = day.visit("Soto")
    booking.move(visit=soto, chair=day.chair("A1"), start=at(FRIDAY, 14), expected_version=soto.version, by=day.by)
    bar(board, "Soto").focus()
    board.keyboard.press("+")
    expect(board.locator("#panel [role=alert]")).to_contain_text("K. Marsh changed this visit at 10:31.")
    assert minutes(day, "Soto") == 60


def test_the_board_leads_to_the_day_sheet_and_to_help(board: Page) -> None:
    board.locator("summary", has_text="Print").click()
    board.get_by_role("link", name="Day sheet", exact=True).click()
    expect(board.locator("h1")).to_have_text("Day sheet, Friday 20 November")
    board.goto(BOARD)
    board.locator("summary", has_text="K. Marsh").click()
    board.get_by_role("link", name="Help and keys").click()
    expect(board.locator("#keys")).to_contain_text("15 min longer")
