"""A quiet day's board, opened by its scheduler."""

import pytest
from playwright.sync_api import Page

from tests.browser import scenes
from tests.browser.board.hands import BOARD, ready
from tests.browser.conftest import Browsing
from tests.browser.scenes import Day


@pytest.fixture
def day(browsing: Browsing) -> Day:
    return scenes.quiet_day()


@pytest.fixture
def board(browsing: Browsing, day: Day) -> Page:
    """The quiet day's board, ready for keys and pointers."""
    return ready(browsing.open(BOARD, user=day.scheduler))
