"""The busy board as a whole: barriers in every state, stillness, weight."""

import gzip
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser import eyes, scenes
from tests.browser.board.hands import BOARD, bar, ready
from tests.browser.conftest import DESK, SMALL_DESK, Browsing
from tests.browser.scenes import Day

pytestmark = pytest.mark.browser


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


def _toast(page: Page, day: Day) -> None:
    bar(page, "Marsh").focus()
    page.keyboard.press("a")
    page.keyboard.press("Enter")
    expect(page.locator(".toast").last.get_by_role("button", name="Undo")).to_be_visible()


def _lengthening(page: Page, day: Day) -> None:
    bar(page, "Hollis").focus()
    page.keyboard.press("+")
    expect(page.locator(".ghost")).to_have_count(1)


def _load(page: Page, day: Day) -> None:
    page.locator("#heat .heat-5, #heat .heat-4").first.click()
    expect(page.locator("#panel h2")).to_have_text("Nurse load")


def _signed_out(page: Page, day: Day) -> None:
    page.evaluate("document.dispatchEvent(new CustomEvent('clinic:signed-out', {detail: '/accounts/login/'}))")
    expect(page.get_by_role("dialog")).to_contain_text("signed out")


def _stale(page: Page, day: Day) -> None:
    page.locator("#stale").evaluate("bar => { bar.textContent = 'Not updated since 10:31.'; bar.hidden = false; }")


STATES: dict[str, State] = {
    "at rest": lambda *_: None,
    "panel": _panel,
    "moving": _moving,
    "refused": _refused,
    "find": _find,
    "asking": _asking,
    "help": _help,
    "cancelling": _cancelling,
    "toast": _toast,
    "lengthening": _lengthening,
    "load": _load,
    "stale": _stale,
    "signed out": _signed_out,
}


@pytest.mark.parametrize("size", [DESK, SMALL_DESK], ids=["desk", "small"])
def test_bars_1_2_3_4_11_17_a_busy_board_is_open_to_everyone_in_every_state(
    browsing: Browsing, size: dict[str, int]
) -> None:
    day = scenes.busy_day()
    day.due("Sandow", "Eve")
    page = browsing.open(user=day.scheduler, size=size, reduced_motion="reduce")
    page.goto(BOARD)
    wrong = {"coming up": _heavy(ready(page))}
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
    assert {name: found for name, found in wrong.items() if found} == {}
    assert eyes.kept(page) == []


def _heavy(page: Page) -> list[str]:
    """What of a busy board weighs too much, or jumps while it comes up."""
    scripts, sheets = eyes.weight(page, {})
    html = len(gzip.compress(page.request.get(BOARD).body()))
    assert min(scripts, sheets, html) > 1_000
    most = {"script": (scripts, 40_000), "style": (sheets, 30_000), "page": (html, 12_000)}
    found = [f"{name}: {size} bytes" for name, (size, limit) in most.items() if size > limit]
    shift = eyes.pace(page)["shift"]
    return [*found, f"its layout shifts by {shift}"] if shift >= 0.05 else found


def test_bar_18_nothing_moves_for_people_who_ask_for_stillness(browsing: Browsing, day: Day) -> None:
    page = ready(browsing.open(BOARD, user=day.scheduler, reduced_motion="reduce"))
    bar(page, "Soto").click()
    expect(page.locator("#panel h2")).to_be_visible()
    assert eyes.moving(page) == []
