"""What hands and eyes do at the board: find a visit, point at a quarter hour, read what has focus."""

import re

from playwright.sync_api import Locator, Page, expect

from scheduling.models import Visit
from tests.browser.scenes import FRIDAY

BOARD = f"/board/{FRIDAY}/"


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
