"""An upset day in a browser: enter it, look, choose, apply, call, undo; with and without scripts, wide and narrow."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from accounts.domain.policy import Role
from accounts.models import Clinic, User
from scheduling.models import Chair, Disruption, StaffTask, Visit
from scheduling.queries import visits
from scheduling.services import booking
from tests import factories
from tests.browser import eyes
from tests.browser.conftest import DESK, PHONE, Browsing
from tests.browser.scenes import FRIDAY, set_clock
from tests.factories import at

pytestmark = pytest.mark.browser

THURSDAY = datetime(2026, 11, 19, 16, 0, tzinfo=UTC)
SIZES = pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
PICTURES = os.environ.get("PICTURES", "")


@pytest.fixture
def clinic(browsing: Browsing) -> Clinic:
    set_clock(THURSDAY)
    clinic = factories.make_clinic(chairs=3, name="Lakeside Infusion")
    factories.make_shifts(clinic, THURSDAY.date(), days=9, nurses=4)
    return clinic


@pytest.fixture
def scheduler(clinic: Clinic) -> User:
    return factories.make_staff(clinic, Role.SCHEDULER, name="K. Marsh")


def booked(clinic: Clinic, family_name: str, *, hour: int = 9, chair: int = 0, window: int = 7) -> Visit:
    """A covered visit on Friday, two hours long."""
    patient = factories.make_patient(clinic, given_name="Amina", family_name=family_name)
    order = factories.make_order(patient)
    factories.make_authorization(order)
    day = visits.get_course_day(clinic, factories.make_course_day(order, FRIDAY, window=window).id)
    chairs = Chair.objects.select_related("clinic").filter(clinic=clinic)
    return booking.book(course_day=day, chair=chairs[chair], start=at(FRIDAY, hour), by=factories.scheduler(clinic))


def where(visit: Visit) -> tuple[str, datetime]:
    fresh = Visit.objects.select_related("chair").get(pk=visit.pk)
    return fresh.chair.name, fresh.period.lower


def enter(page: Page, **fields: str) -> None:
    """Fill the form in and look at the proposal."""
    for label, value in {"Day": str(FRIDAY), "From": "07:00", "Until": "18:00", **fields}.items():
        page.get_by_label(label, exact=True).fill(value)
    page.get_by_role("button", name="Show what it touches").click()


def good(page: Page, name: str) -> None:
    """Nothing that a careful person would notice; a picture of it where one is wanted."""
    if PICTURES:
        page.screenshot(path=str(Path(PICTURES) / f"{name}.png"), full_page=True)
    assert eyes.barriers(page) == []
    assert eyes.sideways(page) == []
    assert eyes.cut_text(page) == []


def width(size: dict[str, int]) -> str:
    return "desk" if size is DESK else "phone"


@SIZES
def test_a_chair_goes_down_and_comes_back(
    browsing: Browsing, clinic: Clinic, scheduler: User, size: dict[str, int]
) -> None:
    first, second = booked(clinic, "Okafor"), booked(clinic, "Lindqvist", hour=12)
    booked(clinic, "Reyes", hour=12, chair=1), booked(clinic, "Castel", hour=12, chair=2)
    page = browsing.open("/disruptions/", user=scheduler, size=size)
    expect(page.get_by_text("Nothing has gone wrong yet")).to_be_visible()
    good(page, f"disruptions-empty-{width(size)}")
    page.get_by_role("link", name="New disruption").first.click()
    page.get_by_label("Chair", exact=True).select_option(label="A1")
    good(page, f"disruption-new-{width(size)}")
    enter(page, **{"What happened": "Pump broken"})
    expect(page.get_by_role("heading", name="2 visits touched: 1 changes chair, 1 changes time")).to_be_visible()
    good(page, f"disruption-chair-{width(size)}")
    page.get_by_role("button", name="Take A1 out of use and rearrange 2 visits").click()
    expect(page.get_by_role("heading", name="2 visits: 2 moved")).to_be_visible()
    good(page, f"disruption-done-{width(size)}")
    assert where(first) == ("A2", at(FRIDAY, 9))
    assert where(second)[1] == at(FRIDAY, 14)
    page.get_by_role("button", name="Undo all of it").click()
    expect(page.get_by_text("Undone Thu 19 Nov")).to_be_visible()
    assert (where(first), where(second)) == (("A1", at(FRIDAY, 9)), ("A1", at(FRIDAY, 12)))
    page.get_by_role("link", name="Disruptions").last.click()
    expect(page.get_by_role("row", name="A1 out of use")).to_be_visible()
    good(page, f"disruptions-{width(size)}")


@SIZES
def test_snow_leaves_calls_to_make(browsing: Browsing, clinic: Clinic, scheduler: User, size: dict[str, int]) -> None:
    stuck, free = booked(clinic, "Okafor", window=0), booked(clinic, "Lindqvist", hour=12)
    page = browsing.open("/board/2026-11-20/", user=scheduler, size=size)
    page.get_by_role("link", name="Rearrange this day").click()
    page.get_by_role("link", name="Clinic closes").click()
    enter(page, **{"What happened": "Snow"})
    expect(page.get_by_role("heading", name="2 visits touched: 1 goes to another day, 1 needs a call")).to_be_visible()
    good(page, f"disruption-snow-{width(size)}")
    page.get_by_role("button", name="Close the clinic and rearrange 2 visits").click()
    calls = page.get_by_role("region", name="Calls to make")
    expect(calls.get_by_text(stuck.patient.phone)).to_be_visible()
    expect(calls.get_by_text(free.patient.family_name)).to_have_count(0)
    good(page, f"disruption-calls-{width(size)}")
    assert StaffTask.objects.get(done_at=None).is_urgent
    assert where(free)[1].date() > FRIDAY


def test_without_a_script_and_by_keyboard_a_rule_is_broken_for_a_reason(
    browsing: Browsing, clinic: Clinic, scheduler: User
) -> None:
    visit = booked(clinic, "Okafor", window=0)
    page = browsing.open("/disruptions/new/?kind=closed", user=scheduler, java_script_enabled=False)
    enter(page, **{"What happened": "Snow"})
    choice = page.get_by_label("What becomes of Okafor, A.")
    choice.focus()
    page.keyboard.press("ArrowDown")
    expect(choice.locator("option:checked")).to_contain_text("needs a reason")
    page.get_by_role("button", name="Close the clinic and rearrange 1 visit").press("Enter")
    expect(page.get_by_role("heading", name="a reason is needed")).to_be_visible()
    assert not Disruption.objects.exists()
    page.get_by_label("Why it goes ahead all the same").fill("Dr. Vance agrees")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="1 visit: 1 moved")).to_be_visible()
    assert where(visit)[1] != at(FRIDAY, 9)


@SIZES
def test_what_was_booked_meanwhile_is_named_and_can_be_mended(
    browsing: Browsing, clinic: Clinic, scheduler: User, size: dict[str, int]
) -> None:
    visit = booked(clinic, "Okafor")
    page = browsing.open("/disruptions/new/", user=scheduler, size=size)
    page.get_by_label("Chair", exact=True).select_option(label="A1")
    enter(page, **{"What happened": "Pump broken"})
    button = page.get_by_role("button", name="Take A1 out of use and rearrange")
    expect(button).to_be_visible()
    booked(clinic, "Lindqvist", chair=1)
    button.click()
    expect(page.get_by_role("heading", name="Nothing has changed", exact=True)).to_be_visible()
    good(page, f"disruption-refused-{width(size)}")
    page.get_by_role("button", name="Take A1 out of use and rearrange").click()
    expect(page.get_by_role("heading", name="1 visit: 1 moved")).to_be_visible()
    assert where(visit) == ("A3", at(FRIDAY, 9))


def test_an_undo_that_can_not_be_whole_offers_the_rest(browsing: Browsing, clinic: Clinic, scheduler: User) -> None:
    moved, other = booked(clinic, "Okafor"), booked(clinic, "Lindqvist", hour=12)
    page = browsing.open("/disruptions/new/", user=scheduler)
    page.get_by_label("Chair", exact=True).select_option(label="A1")
    enter(page, **{"What happened": "Pump broken"})
    page.get_by_role("button", name="Take A1 out of use and rearrange 2 visits").click()
    expect(page.get_by_role("heading", name="2 visits: 2 moved")).to_be_visible()
    now = Visit.objects.select_related("clinic", "chair__clinic").get(pk=moved.pk)
    start = at(FRIDAY, 9) - timedelta(hours=1)
    booking.move(visit=now, chair=now.chair, start=start, expected_version=now.version, by=factories.scheduler(clinic))
    page.get_by_role("button", name="Undo all of it").click()
    expect(page.get_by_role("heading", name="Nothing is undone")).to_be_visible()
    good(page, "disruption-undo-refused")
    page.get_by_role("button", name="Undo the rest").click()
    expect(page.get_by_text("The rest is undone.").first).to_be_visible()
    assert where(moved)[1] == start
    assert where(other) == ("A1", at(FRIDAY, 12))
