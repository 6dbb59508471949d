"""Bars 12, 13, 16 and 19: told apart without colour, whole on paper, honest when stale, and every chart as numbers."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Page, Route, expect

from core import looks
from patients.models import DiaryEntry, WeightMeasurement
from scheduling.models import Visit
from tests import factories
from tests.browser.board.hands import BOARD, ready
from tests.browser.conftest import PHONE, Browsing
from tests.browser.paper import Paper
from tests.browser.scenes import FRIDAY, NOW, busy_day, quiet_day, set_clock

pytestmark = pytest.mark.browser

SHAPES = """things => things.map(thing => {
  const icon = thing.querySelector('svg use'), box = icon?.closest('svg').getBoundingClientRect();
  const style = icon && getComputedStyle(icon.closest('svg'));
  return {shape: icon?.getAttribute('href').split('#')[1], words: thing.textContent.toLowerCase(), ink: style?.color,
    size: Math.min(box?.width ?? 0, box?.height ?? 0), ground: getComputedStyle(thing).backgroundColor};
})"""
WEIGHT_DOTS = """() => {
  const chart = document.querySelector('section[aria-labelledby=weights-title] svg.chart');
  const lines = [...chart.querySelectorAll('line.axis')];
  const [top, low] = lines.map(line => Number(line.getAttribute('y1')));
  const [high, least] = [...chart.querySelectorAll('text')].slice(0, 2).map(text => Number(text.textContent));
  return [...chart.querySelectorAll('circle')].map(dot =>
    least + (high - least) * (low - Number(dot.getAttribute('cy'))) / (low - top));
}"""


def told(page: Page, where: str) -> list[dict[str, object]]:
    """What each thing at `where` shows besides its colour."""
    return list(page.locator(where).evaluate_all(SHAPES))


def unlike(seen: list[dict[str, object]], looks_of: dict[str, looks.Look]) -> list[dict[str, object]]:
    """Those whose shape and word are no status, or that cannot be seen in two colours."""
    known = {(look.icon, look.word.lower()) for look in looks_of.values()}
    return [
        one
        for one in seen
        if not any(one["shape"] == icon and word in str(one["words"]) for icon, word in known)
        or float(str(one["size"])) < 10
        or one["ink"] == one["ground"]
    ]


def test_bar_12_a_status_has_one_shape_and_one_word() -> None:
    for kind in (looks.VISIT, looks.AUTHORIZATION, looks.MESSAGE, looks.REQUEST):
        assert all(look.icon and look.word for look in kind.values())
        told_by = {(look.icon, look.word) for look in kind.values()}
        assert len({word for _, word in told_by}) == len(told_by), "one word has one shape"
    shapes = [look.icon for look in looks.VISIT.values()]
    assert len(set(shapes)) == len(shapes), "on the board the shape alone tells"


def test_bar_12_every_status_is_a_shape_and_a_word_in_two_colours(browsing: Browsing) -> None:
    day = busy_day()
    page = ready(browsing.open(BOARD, user=day.nurse, forced_colors="active"))
    bars = told(page, "#board .visit")
    assert len(bars) == 60
    assert len({one["shape"] for one in bars}) == 8
    assert unlike(bars, looks.VISIT) == []
    for path, where, kind in (
        (f"{BOARD}?view=list", "td[data-label=Status] .chip", looks.VISIT),
        ("/floor/?who=all", ".floor-card .chip", looks.VISIT),
        ("/authorizations/", "tbody td:first-child .chip", looks.AUTHORIZATION),
    ):
        page.goto(path)
        seen = told(page, where)
        assert seen, path
        assert unlike(seen, kind) == [], path


def test_bars_13_19_the_board_prints_on_one_page_and_its_strip_of_load_is_a_table_too(browsing: Browsing) -> None:
    """The paper has every name in its text layer; the table under the board has the numbers of the strip above it."""
    day = busy_day()
    page = ready(browsing.open(BOARD, user=day.scheduler))
    paper = Paper(page.pdf(format="A4", prefer_css_page_size=True))
    assert len(paper.pages) == 1
    assert paper.size[0] > paper.size[1]
    words = paper.words()
    there = Visit.objects.filter(clinic=day.clinic).select_related("patient")
    assert len(there) == 60
    assert [visit.patient.short_name for visit in there if visit.patient.short_name not in words] == []
    assert {"A1", "A8", "B6", "P2"} <= {line.strip() for line in words.split("\n")}
    assert "by K. Marsh." in words
    page.emulate_media(media="print")
    names = page.locator("#board .visit-who b").evaluate_all("all => all.filter(e => !e.checkVisibility()).length")
    assert names == 0
    page.emulate_media(media="screen")
    strip = page.locator("#heat .heat").evaluate_all(
        "cells => cells.filter(e => e.querySelector('b')).map(e => [e.querySelector('b').textContent.trim(),"
        " e.querySelector('small').textContent.replace('▲', '').trim()])"
    )
    page.locator("#load-table summary").click()
    table = page.locator("#load-table tbody td").evaluate_all("cells => cells.map(e => e.textContent.trim())")
    numbers = [re.findall(r"[\d.]+", cell) for cell in table]
    assert [row for row in numbers if len(row) == 2] == [list(row) for row in strip]
    assert len(strip) > 20


def test_bar_16_a_floor_without_news_says_so_within_a_minute_and_forgets_it(browsing: Browsing) -> None:
    day = quiet_day()
    page = browsing.open(user=day.nurse)
    page.clock.install()
    page.goto("/floor/?who=all")
    expect(page.get_by_role("heading", name="In chair")).to_be_visible()

    def fail(route: Route) -> None:
        route.abort()

    page.route("**/floor/live/**", fail)
    for _ in range(12):
        page.clock.run_for(5_000)
        page.wait_for_timeout(20)
    expect(page.locator("#stale")).to_contain_text("Not updated since")
    page.unroute("**/floor/live/**", fail)
    page.clock.run_for(11_000)
    expect(page.locator("#stale")).to_be_hidden()
    browsing.problems[:] = [one for one in browsing.problems if "ERR_FAILED" not in one]


def test_bar_19_the_line_of_weights_says_what_its_table_says(browsing: Browsing) -> None:
    day = quiet_day()
    patient = day.visit("Soto").patient
    for months, kg in enumerate((71.5, 73.0, 78.2)):
        on = FRIDAY - timedelta(days=90 - 30 * months)
        WeightMeasurement.objects.create(patient=patient, kg=kg, measured_on=on)
    page = browsing.open(f"/patients/{patient.id}/", user=day.nurse)
    drawn = page.evaluate(WEIGHT_DOTS)
    written = page.locator("section[aria-labelledby=weights-title] td.num").all_text_contents()
    kilos = [float(kg) for kg in written][::-1]
    assert {71.5, 73.0, 78.2} < set(kilos)
    assert all(abs(kg - dot) < 0.7 for kg, dot in zip(kilos, drawn, strict=True)), "the axis has whole kilos"


def test_bar_19_the_bars_of_the_diary_say_what_its_entries_say(browsing: Browsing) -> None:
    day = quiet_day()
    patient = factories.make_patient(day.clinic, signs_in=True, given_name="Amina", family_name="Farouk")
    worst = [2, 7, 4]
    for days, severity in enumerate(worst):
        at = NOW - timedelta(days=9 - days)
        DiaryEntry.objects.create(patient=patient, happened_at=at, symptom="headache", severity=severity, created_at=at)
    set_clock(NOW)
    page = browsing.open("/p/diary/", user=patient.user, size=PHONE)
    bars = page.locator("svg.chart rect").evaluate_all("bars => bars.map(e => Number(e.getAttribute('height')))")
    titles = page.locator("svg.chart rect title").all_text_contents()
    assert [int(title.split(": ")[1].split()[0]) for title in titles] == worst
    assert [round(height / bars[1] * 7) for height in bars] == worst
    entries = page.locator("main .lines b.num").all_text_contents()
    assert [int(entry.split()[0]) for entry in entries] == worst[::-1]
