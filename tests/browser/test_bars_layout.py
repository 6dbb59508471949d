"""Bar 20: the eight screens stand where they stood, and the board comes back pixel for pixel when all is closed again.

Pictures of whole pages differ from machine to machine, and every change of a word would need a new one. So what is kept
of each screen (`layouts.json`) is where its landmarks stand, all set in the one font that CI installs; and pixels are
compared between two moments of one run, on one machine. `docs/quality-bars.md` says more. To keep new layouts after a
change that is meant: ``KEEP_LAYOUTS=1 make test ARGS=tests/browser/test_bars_layout.py``.
"""

import base64
import json
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from accounts.domain.policy import Role
from accounts.models import User
from scheduling.models import Visit
from scheduling.services import requests, waitlist
from tests import factories
from tests.browser.board.hands import BOARD, bar, ready, search
from tests.browser.conftest import DESK, PHONE, Browsing
from tests.browser.scenes import FRIDAY, NOW, Day, busy_day, quiet_day, set_clock

pytestmark = pytest.mark.browser

KEPT = Path(__file__).parent / "layouts.json"
FONT = "* { font-family: 'DejaVu Sans' !important; }"
ROOM = 0.05
"""How far a landmark may be off, of the screen's width and height: a line of text more or less on a phone."""
MOST_PIXELS = 0.001
STILL: dict[str, Any] = {"reduced_motion": "reduce", "bypass_csp": True}  # our own font is a style the policy refuses
LANDMARKS: dict[str, list[str]] = {
    "day board": [
        *("header.topbar", "main", ".page-header h1", "#figures", ".actions .btn-primary", ".board-head", "#heat"),
        *("#row-0 .chair-name", "#row-0 .lane", "#row-15 .chair-name", "#row-15 .lane"),
        "#waiting",
    ],
    "find a slot": ["header.topbar", ".board-head", "#panel", "#panel h2", "#panel .option", ".ghost"],
    "visit beside the board": ["header.topbar", "#panel", "#panel h2", "#panel .btn-primary", "#panel .panel-close"],
    "floor": ["header.topbar", "main h1", ".tabs", "#column-1", "#column-2", "#column-3", ".floor-card .btn-primary"],
    "requests": ["header.topbar", "main h1", "main .card", "main .card h2", "main .card .btn"],
    "waitlist": ["header.topbar", "main h1", "main article", "main article .btn"],
    "authorizations": ["header.topbar", "main h1", ".filters", "main thead", "main tbody tr", "main tbody .chip"],
    "a patient's home": ["header.topbar", "main h1", "#visit-card", "#visit-card .btn-primary"],
    "ask to move": ["header.topbar", "main h1", "main fieldset", "main form .btn-primary"],
}
BOXES = """landmarks => Object.fromEntries(landmarks.map(name => {
  const thing = [...document.querySelectorAll(name)].find(e => e.checkVisibility());
  const box = thing?.getBoundingClientRect();
  return [name, box ? [box.x / innerWidth, (box.y + scrollY) / innerHeight, box.width / innerWidth,
    Math.min(box.height, innerHeight) / innerHeight].map(share => Math.round(share * 1000) / 1000) : null];
}))"""
UNLIKE = """async ([one, other]) => {
  const [a, b] = await Promise.all([one, other].map(async data => {
    const picture = new Image();
    picture.src = `data:image/png;base64,${data}`;
    await picture.decode();
    const canvas = Object.assign(document.createElement('canvas'), {width: picture.width, height: picture.height});
    const paint = canvas.getContext('2d');
    paint.drawImage(picture, 0, 0);
    return new Uint32Array(paint.getImageData(0, 0, picture.width, picture.height).data.buffer);
  }));
  return a.length === b.length ? a.filter((pixel, at) => pixel !== b[at]).length / a.length : 1;
}"""


@pytest.fixture
def day(browsing: Browsing) -> Day:
    """The busy Friday; somebody asked for a later time, and somebody waits."""
    day = busy_day()
    set_clock(NOW - timedelta(days=3))
    asks, _ = (_signing_in(day.visit(name)) for name in ("Bello", "Gallo"))
    requests.ask(visit=day.visit("Bello"), wish="later", half_days=(), note="", by=factories.actor(asks))
    waits = day.due("Reyes", "Joan")
    waitlist.add(course_day=waits, earliest_on=FRIDAY, latest_on=FRIDAY, notice_hours=0, by=day.by)
    set_clock(NOW)
    return day


def _signing_in(visit: Visit) -> User:
    user = factories.make_staff(visit.clinic, Role.PATIENT, name=str(visit.patient))
    visit.patient.user = user
    visit.patient.save(update_fields=["user"])
    return user


def screens(browsing: Browsing, day: Day) -> dict[str, Page]:
    """The eight screens of the design, and the waitlist beside the requests."""
    desk = {name: browsing.open(user=day.scheduler, size=DESK, **STILL) for name in list(LANDMARKS)[:7]}
    for name, path in (("floor", "/floor/?who=all"), ("requests", "/requests/"), ("waitlist", "/waitlist/")):
        desk[name].goto(path)
    desk["authorizations"].goto("/authorizations/")
    for name in ("day board", "find a slot", "visit beside the board"):
        desk[name].goto(BOARD)
        ready(desk[name])
    page = desk["find a slot"]
    page.keyboard.press("f")
    page.locator("#panel .lines a", has_text="Reyes").click()
    page.mouse.move(1, 1)
    page.locator("#panel .option").first.focus()
    expect(page.locator(".ghost-note")).to_contain_text("free")
    bar(desk["visit beside the board"], "Lindqvist").click()
    expect(desk["visit beside the board"].locator("#panel h2")).to_have_text("Lindqvist, Elsa")
    visit = day.visit("Gallo")
    ways = {"a patient's home": "/p/", "ask to move": f"/p/visits/{visit.id}/move/"}
    user = User.objects.get(patient=visit.patient)
    return desk | {name: browsing.open(path, user=user, size=PHONE, **STILL) for name, path in ways.items()}


def boxes(page: Page, landmarks: list[str]) -> dict[str, list[float] | None]:
    """Where each landmark stands: x, y, width and height as shares of the screen, set in the one font."""
    page.add_style_tag(content=FONT)
    return dict(page.evaluate(BOXES, landmarks))


def off(kept: dict[str, list[float] | None], seen: dict[str, list[float] | None]) -> list[str]:
    """The landmarks that are gone, came, or stand elsewhere."""
    found = []
    for name in kept.keys() | seen.keys():
        before, now = kept.get(name), seen.get(name)
        is_there = before is not None and now is not None
        if not is_there or any(abs(a - b) > ROOM for a, b in zip(before or [], now or [], strict=True)):
            found.append(f"{name} was at {before}, is at {now}")
    return sorted(found)


def test_bar_20_the_eight_screens_stand_where_they_stood(browsing: Browsing, day: Day) -> None:
    seen = {name: boxes(page, LANDMARKS[name]) for name, page in screens(browsing, day).items()}
    if os.environ.get("KEEP_LAYOUTS") == "1":
        rows = ",\n".join(
            f'  "{name}": {{\n' + ",\n".join(f"    {json.dumps(mark)}: {at}" for mark, at in marks.items()) + "\n  }"
            for name, marks in seen.items()
        )
        KEPT.write_text(f"{{\n{rows}\n}}\n".replace("None", "null"), encoding="utf-8")
    kept = json.loads(KEPT.read_text(encoding="utf-8"))
    assert kept.keys() == LANDMARKS.keys()
    assert {name: wrong for name in kept if (wrong := off(kept[name], seen[name]))} == {}
    assert [name for name, marks in kept.items() if None in marks.values()] == []


def test_bar_20_a_moved_landmark_is_seen() -> None:
    assert off({"#a": [0, 0, 1, 1]}, {"#a": [0, 0, 1, 0.97]}) == []
    assert len(off({"#a": [0, 0, 1, 1]}, {"#a": [0, 0.2, 1, 1]})) == 1
    assert len(off({"#a": [0, 0, 1, 1], "#b": [0, 0, 0, 0]}, {"#a": None})) == 2


def test_bar_20_the_board_comes_back_pixel_for_pixel(browsing: Browsing) -> None:
    """Looked at on the day before, when nothing on it moves with the time: after the panel, a move, a search, help."""
    day = quiet_day()
    day.due("Reyes", "Pia")
    set_clock(NOW - timedelta(days=1))
    page = ready(browsing.open(BOARD, user=day.scheduler, reduced_motion="reduce"))
    bar(page, "Soto").focus()
    before = page.screenshot(animations="disabled")
    for keys in (("Enter",), ("m", "ArrowRight"), ("f",), ("?",)):
        for key in keys:
            page.keyboard.press(key)
        if keys == ("f",):
            expect(search(page)).to_be_focused()
        expect(page.locator("#panel h2, .ghost, dialog[open]").first).to_be_visible()
        during = page.screenshot(animations="disabled")
        page.keyboard.press("Escape")
        expect(page.locator("#panel")).to_be_empty()
        expect(page.locator(".ghost, dialog[open]")).to_have_count(0)
        expect(bar(page, "Soto")).to_be_focused()
        after = page.screenshot(animations="disabled")
        assert unlike(page, before, during) > MOST_PIXELS, keys
        assert unlike(page, before, after) <= MOST_PIXELS, keys


def unlike(page: Page, one: bytes, other: bytes) -> float:
    """The share of pixels that differ between two pictures."""
    return float(page.evaluate(UNLIKE, [base64.b64encode(picture).decode() for picture in (one, other)]))
