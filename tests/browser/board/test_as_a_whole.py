"""The busy board as a whole: barriers in every state, print, colours, stillness, weight."""

import re
from collections.abc import Callable
from pathlib import Path
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
    wrong: dict[str, list[str]] = {}
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
