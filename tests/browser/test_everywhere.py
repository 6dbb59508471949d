"""Every page, as the demo clinic fills it: open to everybody, whole on its screen, quiet and light.

The demo is filled once; each page is opened once as the person who uses it, on the larger screen, and looked at there,
on the smaller one and enlarged to twice its size. What axe finds, what is cut or hidden, what is too small to press,
what moves or jumps, what is kept in the browser and what weighs too much are all named together.
"""

import os
import sys
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.core.management import call_command
from playwright.sync_api import Browser, Page, expect
from pytest_django import DjangoDbBlocker
from pytest_django.live_server_helper import LiveServer

from accounts.domain.policy import Role
from core import clock
from core.actor import system
from regimens.services import catalogue
from scheduling.demo import fill
from tests.browser import eyes
from tests.browser.conftest import DESK, PHONE, SMALL_DESK, SMALL_PHONE, ZOOMED, Browsing, settle
from tests.browser.demo import MONDAY, House, furnish
from tests.browser.pages import (
    ADMIN,
    ENTRANCES,
    NURSE,
    PATIENT_ENTRANCES,
    PATIENT_PAGES,
    REFUSED,
    STAFF_PAGES,
    WRONG_FORMS,
)
from tests.browser.scenes import set_clock

# `django_db` only so that pytest makes the database: the tests themselves ask the server, never the database.
pytestmark = [pytest.mark.browser, pytest.mark.django_db]

FINGER, POINTER = 44, 24
MOST_SCRIPT, MOST_STYLE, MOST_BOARD = 40_000, 30_000, 12_000
MOST_SHIFT = 0.05

OPEN_ALL = "for (const each of document.querySelectorAll('main details')) each.open = true"


OpenAs = Callable[[str, dict[str, int]], tuple[Page, list[str]]]


@pytest.fixture(scope="module")
def house(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[House]:
    """Committed, because the server has connections of its own; flushed in the end."""
    before = settings.DEMO_CLOCK_OFFSET_SECONDS
    with django_db_blocker.unblock():
        set_clock(MONDAY)
        server = LiveServer("localhost")
        try:
            catalogue.load(by=system("test"))
            people = [each.user for each in fill.fill(now=clock.now())]
            house = furnish(server.url, people)
            yield house
            if os.environ.get("PAGE_TIMES") == "1":
                sys.stdout.write(times(house))
        finally:
            server.stop()
            settle()
            call_command("flush", verbosity=0, interactive=False)
            settings.DEMO_CLOCK_OFFSET_SECONDS = before


def times(house: House) -> str:
    """How the pages came up on this machine, the slowest first: for people to read, never to fail on."""
    slowest = sorted(house.paces.items(), key=lambda one: -one[1]["paint"])
    rows = [f"{at['paint']:8.0f} {at['blocking']:8.0f} {at['shift']:7.3f}  {path}" for path, at in slowest]
    return "\n".join(["", "paint ms blocking  shift  page", *rows])


@pytest.fixture(scope="module")
def open_as(browser: Browser, house: House) -> Iterator[OpenAs]:
    """A page in the browser of a person; each person has one, and the list of what its pages complain of."""
    known: dict[tuple[str, int], tuple[Page, Browsing]] = {}

    def open_it(session: str, size: dict[str, int]) -> tuple[Page, list[str]]:
        if (session, size["width"]) not in known:
            browsing = Browsing(browser, house.address)
            known[session, size["width"]] = (
                browsing.open(session=session, size=size, reduced_motion="reduce"),
                browsing,
            )
        page, browsing = known[session, size["width"]]
        page.set_viewport_size(size)  # type: ignore[arg-type]
        browsing.problems.clear()
        return page, browsing.problems

    yield open_it
    for _, browsing in known.values():
        browsing.close()


def look(page: Page, house: House, least: int, *smaller: dict[str, int]) -> list[str]:
    """Everything wrong with a page, here and on smaller screens, closed and with everything on it opened."""
    pace = eyes.pace(page)
    house.paces[urlsplit(page.url).path] = pace
    shift = pace["shift"]
    found = [f"its layout shifts by {shift:.3f} while it comes up"] if shift >= MOST_SHIFT else []
    scripts, sheets = eyes.weight(page, house.sizes)
    found += [f"{scripts} bytes of script"] if scripts > MOST_SCRIPT else []
    found += [f"{sheets} bytes of style sheets"] if sheets > MOST_STYLE else []
    found += eyes.barriers(page) + eyes.kept(page) + eyes.moving(page)
    for size in (None, *smaller):
        if size is not None:
            page.set_viewport_size(size)  # type: ignore[arg-type]
        width = page.viewport_size["width"] if page.viewport_size else 0
        fits = eyes.sideways(page) + eyes.cut_text(page) + eyes.hidden_columns(page) + eyes.small_targets(page, least)
        found += [f"at {width}: {wrong}" for wrong in fits]
    if page.locator("main details").count():
        page.evaluate(OPEN_ALL)
        opened = eyes.barriers(page) + eyes.sideways(page) + eyes.cut_text(page) + eyes.small_targets(page, least)
        found += [f"opened: {wrong}" for wrong in opened]
    return found


def go(page: Page, path: str, *, expected: int = 200) -> None:
    """Open `path`; the page must answer as expected, or what is looked at is not the page."""
    answer = page.goto(path)
    assert answer is not None
    assert answer.status == expected


@pytest.mark.parametrize("name", STAFF_PAGES)
def test_bars_1_2_3_4_5_11_17_18_a_staff_page(name: str, house: House, open_as: OpenAs) -> None:
    """A staff page is open to all and whole on both desks and at 200 %."""
    role, path = STAFF_PAGES[name]
    page, problems = open_as(house.staff[role], DESK)
    go(page, path.format(**house.examples), expected=REFUSED.get(name, 200))
    assert look(page, house, POINTER, *ZOOMED, SMALL_DESK) + problems == []


@pytest.mark.parametrize("name", ENTRANCES)
def test_bars_1_2_3_4_5_11_17_18_a_visitors_page(name: str, house: House, open_as: OpenAs) -> None:
    """Who is not signed in finds the same on a desk and on a phone."""
    page, problems = open_as("", DESK)
    go(page, ENTRANCES[name], expected=REFUSED.get(name, 200))
    assert look(page, house, POINTER, SMALL_PHONE) + problems == []


@pytest.mark.parametrize("name", PATIENT_PAGES)
def test_bars_1_2_3_4_5_11_17_18_a_patients_page(name: str, house: House, open_as: OpenAs) -> None:
    """A patient's page is open to all and whole on a small phone, for a finger."""
    path = PATIENT_PAGES[name]
    who = next((owner for owner in ("asked", "entry") if f"{{{owner}}}" in path), "next")
    page, problems = open_as(house.patients[who], PHONE)
    go(page, path.format(**house.examples), expected=REFUSED.get(name, 200))
    assert look(page, house, FINGER, SMALL_PHONE) + problems == []


@pytest.mark.parametrize("name", PATIENT_ENTRANCES)
def test_bars_1_2_3_4_5_11_17_18_a_patients_way_in(name: str, house: House, open_as: OpenAs) -> None:
    """So are the doors of the patients."""
    page, problems = open_as("", PHONE)
    go(page, PATIENT_ENTRANCES[name])
    assert look(page, house, FINGER, SMALL_PHONE) + problems == []


def test_bars_1_2_5_11_the_code_of_a_patient_is_asked_for_openly(house: House, open_as: OpenAs) -> None:
    page, problems = open_as("", PHONE)
    go(page, "/p/login/")
    page.get_by_label("Your e-mail address").fill("stranger@example.org")
    page.get_by_role("button", name="Send me a code").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Check your e-mail")
    assert look(page, house, FINGER, SMALL_PHONE) + problems == []


@pytest.mark.parametrize("name", WRONG_FORMS)
def test_bars_1_2_5_11_a_form_filled_in_wrongly_says_so_to_all(name: str, house: House, open_as: OpenAs) -> None:
    who, path, button = WRONG_FORMS[name]
    is_patient = path.startswith("/p/")
    session = house.staff[who] if isinstance(who, Role) else house.patients.get(who, "")
    page, problems = open_as(session, PHONE if is_patient else DESK)
    go(page, path.format(**house.examples))
    page.locator("main").get_by_role("button", name=button, exact=True).click()
    expect(page.get_by_role("alert").first).to_contain_text("There is a problem")
    least, smaller = (FINGER, [SMALL_PHONE]) if is_patient else (POINTER, [*ZOOMED, SMALL_DESK])
    assert look(page, house, least, *smaller) + problems == []


def test_bars_1_2_5_11_the_panel_beside_the_queue_is_open_to_all(house: House, open_as: OpenAs) -> None:
    page, problems = open_as(house.staff[ADMIN], DESK)
    go(page, "/authorizations/?show=pending")
    page.locator("tbody th a").first.click()
    expect(page.locator("#panel h2")).to_be_visible()
    assert look(page, house, POINTER, *ZOOMED, SMALL_DESK) == []
    page.locator("#panel").get_by_role("link", name="Record answer").click()
    expect(page.locator("#panel").get_by_role("button", name="Save answer")).to_be_visible()
    assert look(page, house, POINTER, *ZOOMED, SMALL_DESK) + problems == []


@pytest.mark.parametrize("who", ["next", NURSE])
def test_bars_1_2_11_the_menu_of_a_person_is_open_to_all(who: Role | str, house: House, open_as: OpenAs) -> None:
    is_staff = isinstance(who, Role)
    session = house.staff[who] if isinstance(who, Role) else house.patients[who]
    page, problems = open_as(session, DESK if is_staff else PHONE)
    go(page, "/me/" if is_staff else "/p/")
    page.locator("header summary").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    found = eyes.barriers(page) + eyes.sideways(page) + eyes.cut_text(page)
    assert found + eyes.small_targets(page, POINTER if is_staff else FINGER) + problems == []


def test_what_is_wrong_with_a_page_is_seen(browser: Browser, house: House) -> None:
    """The looks above would be worthless if they saw nothing."""
    visitor = Browsing(browser, house.address)
    page = visitor.open("/p/help/", size=SMALL_PHONE)
    page.evaluate(
        """() => { document.querySelector('main').innerHTML = `<img src="/x.png"><button class="btn"
        id="cut">A long word: unquestionably</button><div class="table-wrap"><table><tr><td id="wide">wide</td></tr>
        </table></div><div id="far">far</div><a href="/" class="btn btn-s" id="small">x</a>`;
        for (const [id, name, value] of [['cut', 'width', '3rem'], ['cut', 'overflow', 'hidden'],
          ['cut', 'whiteSpace', 'nowrap'], ['wide', 'minWidth', '60rem'], ['wide', 'display', 'block'],
          ['far', 'width', '50rem'], ['small', 'width', '20px'], ['small', 'minHeight', '10px']])
          document.getElementById(id).style[name] = value;
        localStorage.setItem('patient', 'Ada');
        document.body.insertAdjacentHTML('beforeend', '<p style="color:red">refused</p>'); }"""
    )
    assert any("image-alt" in wrong for wrong in eyes.barriers(page))
    assert eyes.sideways(page)
    assert any("unquestionably" in wrong for wrong in eyes.cut_text(page))
    assert eyes.hidden_columns(page)
    assert any(wrong.startswith("x is 20x") for wrong in eyes.small_targets(page, FINGER))
    assert eyes.kept(page) == ["patient = Ada"]
    assert min(eyes.weight(page, {})) > 1_000
    visitor.close()
    assert any("style-src" in problem for problem in visitor.problems)
    assert eyes.is_strange("http://localhost:9/", house.address)
    assert not eyes.is_strange(f"{house.address}/p/", house.address)
