"""A changed plan: the scheduler opens the task, sees what was and what would be, and keeps or follows each visit."""

from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect

from accounts.domain.policy import Role
from accounts.models import User
from scheduling.models import StaffTask
from scheduling.services import booking
from scheduling.services.booking import Override
from tests import factories
from tests.browser import eyes
from tests.browser.conftest import DESK, PHONE, Browsing
from tests.browser.scenes import set_clock
from tests.scheduling.replanning.scenes import Scene, give_late, react, scene

pytestmark = pytest.mark.browser

MONDAY = datetime(2026, 11, 16, 16, 0, tzinfo=UTC)
SCRIPTS = pytest.mark.parametrize("javascript", [True, False], ids=["with script", "without script"])


@pytest.fixture
def late(browsing: Browsing) -> Scene:
    """Course 1 was given late today; courses 2 and 3 are booked."""
    set_clock(MONDAY)
    found = scene(booked=(2, 3))
    give_late(found)
    return found


@pytest.fixture
def slow(browsing: Browsing) -> Scene:
    """After a reaction course 2 is to be slow, and somebody has the chair right after it."""
    set_clock(MONDAY)
    found = scene(booked=(2, 3))
    react(found)
    return found


def scheduler(found: Scene) -> User:
    return factories.make_staff(found.clinic, Role.SCHEDULER, name="K. Marsh")


@SCRIPTS
def test_a_scheduler_follows_one_course_and_keeps_the_other(browsing: Browsing, late: Scene, javascript: bool) -> None:
    page = browsing.open("/requests/", user=scheduler(late), size=DESK, java_script_enabled=javascript)
    page.get_by_role("link", name="Look at the plan").click()
    second = page.get_by_role("article", name="Course 2")
    expect(second).to_contain_text("was given 3 days after its window")
    expect(second.get_by_role("row", name="Due")).to_contain_text("Tue 1 Dec 2026")
    expect(second.get_by_role("row", name="Due")).to_contain_text("Mon 7 Dec 2026")
    second.get_by_role("radio").first.check()
    second.get_by_label("Reason to go ahead").fill("The payer is asked")
    second.get_by_role("button", name="Follow the plan").click()
    expect(page.get_by_text("Course 2 follows the plan now.").first).to_be_visible()
    expect(page.get_by_role("article", name="Course 2")).to_have_count(0)
    third = page.get_by_role("article", name="Course 3")
    third.locator("summary").click()
    third.get_by_label("Why course 3 stays as it is").fill("The patient travels")
    third.get_by_role("button", name="Keep as booked").click()
    expect(page.get_by_text("Nothing to decide")).to_be_visible()
    expect(page.get_by_text("The patient travels")).to_be_visible()
    assert not StaffTask.objects.filter(order=late.order, kind="plan", done_at=None).exists()
    assert late.visit.course_day.due_on.isoformat() == "2026-12-07"


def test_a_visit_that_meets_the_next_one_names_it_and_offers_other_places(browsing: Browsing, slow: Scene) -> None:
    visit = slow.visit
    other = factories.make_order(factories.make_patient(slow.clinic, given_name="Olga", family_name="Adams"))
    booking.book(
        course_day=factories.make_course_day(other, visit.course_day.due_on),
        chair=visit.chair,
        start=visit.period.upper,
        by=slow.by,
        override=Override("a test"),
    )
    page = browsing.open(f"/orders/{slow.order.id}/plan/", user=scheduler(slow), size=DESK)
    second = page.get_by_role("article", name="Course 2")
    expect(second).to_contain_text("a grade 2 reaction on")
    expect(second).to_contain_text("A1 has Adams, O.")
    second.get_by_role("radio").first.check()
    second.get_by_role("button", name="Follow the plan").click()
    expect(page.get_by_text("Course 2 follows the plan now.").first).to_be_visible()


def test_somebody_elses_change_is_told_and_nothing_is_lost(browsing: Browsing, slow: Scene) -> None:
    page = browsing.open(f"/orders/{slow.order.id}/plan/", user=scheduler(slow), size=DESK)
    visit = slow.visit
    booking.move(
        visit=visit,
        chair=slow.chairs[1],
        start=visit.period.lower,
        expected_version=visit.version,
        by=slow.by,
        override=Override("a test"),
    )
    page.get_by_role("button", name="Follow the plan").click()
    expect(page.get_by_text("Nothing was changed.")).to_be_visible()
    page.get_by_role("button", name="Follow the plan").click()
    expect(page.get_by_text("Course 2 follows the plan now.").first).to_be_visible()


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_anybody_can_read_the_page_and_nothing_runs_sideways(
    browsing: Browsing, late: Scene, size: dict[str, int]
) -> None:
    page = browsing.open(f"/orders/{late.order.id}/plan/", user=scheduler(late), size=size)
    expect(page.get_by_role("article", name="Course 3")).to_be_visible()
    assert eyes.barriers(page) == []
    assert eyes.sideways(page) == []
    assert eyes.cut_text(page) == []
