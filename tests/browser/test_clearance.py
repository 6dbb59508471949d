"""The clearance gate at the board: check and start, go ahead against amber, and what mends a red."""

from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from accounts.domain.policy import Role
from accounts.models import User
from patients.models import TreatmentConsent, WeightMeasurement
from scheduling.domain.statuses import VisitStatus
from scheduling.models import Visit
from scheduling.services import flow, gate
from tests import factories
from tests.browser import eyes, scenes
from tests.browser.board.hands import BOARD, bar, ready, toast
from tests.browser.conftest import PHONE, Browsing
from tests.browser.scenes import Day

pytestmark = pytest.mark.browser


@pytest.fixture
def day(browsing: Browsing) -> Day:
    return scenes.quiet_day()


def seated(day: Day) -> Visit:
    """Reyes, Pia sits in A1 since eight o'clock; nobody has made the check yet."""
    scenes.set_clock(scenes.NOW - timedelta(days=1))
    visit = day.book(day.due("Reyes", "Pia"), "A1", 8, is_checked=False)
    scenes.set_clock(scenes.NOW)
    for step in (VisitStatus.ARRIVED, VisitStatus.SEATED):
        visit = flow.advance(visit=visit, to=step, expected_version=visit.version, by=day.by)
    return visit


def board_of(browsing: Browsing, person: User) -> Page:
    return ready(browsing.open(BOARD, user=person))


def test_a_normal_visit_is_checked_and_started_in_two_presses(browsing: Browsing, day: Day) -> None:
    visit = seated(day)
    board = board_of(browsing, day.nurse)
    bar(board, "Reyes").click()
    panel = board.locator("#panel")
    expect(panel).to_contain_text("Clear to start")
    assert eyes.barriers(board) == []
    panel.get_by_role("link", name="Check and start…").click()
    expect(panel.get_by_role("heading", name="Check before the infusion")).to_be_visible()
    assert eyes.barriers(board) == []
    panel.get_by_role("button", name="All no, drug is here: start the infusion").click()
    expect(toast(board)).to_contain_text("Reyes, P.: infusing.")
    expect(panel).to_contain_text("Checked: nothing to report.")
    visit.refresh_from_db()
    assert visit.status == VisitStatus.INFUSING


def test_the_start_key_opens_the_check_and_enter_starts(browsing: Browsing, day: Day) -> None:
    visit = seated(day)
    board = board_of(browsing, day.nurse)
    bar(board, "Reyes").focus()
    board.keyboard.press("s")
    expect(board.get_by_role("button", name="All no, drug is here: start the infusion")).to_be_focused()
    board.keyboard.press("Enter")
    expect(bar(board, "Reyes")).to_contain_text("chair A1, infusing.")
    visit.refresh_from_db()
    assert visit.status == VisitStatus.INFUSING


def test_a_nurse_goes_ahead_against_amber_with_a_reason_that_stays(browsing: Browsing, day: Day) -> None:
    visit = seated(day)
    WeightMeasurement.objects.filter(patient=visit.patient).delete()
    gate.look([visit])
    board = board_of(browsing, day.nurse)
    expect(bar(board, "Reyes")).to_contain_text("To decide: No weight is on file. Weigh the patient.")
    bar(board, "Reyes").click()
    panel = board.locator("#panel")
    expect(panel).to_contain_text("Needs a decision")
    expect(panel.get_by_role("link", name="Record a weight")).to_be_visible()
    panel.get_by_text("Go ahead anyway…").click()
    assert eyes.barriers(board) == []
    panel.get_by_label("Reason, kept on the visit").fill("In a wheelchair; weighed by family")
    panel.get_by_role("button", name="Go ahead").click()
    expect(panel).to_contain_text("Went ahead: In a wheelchair; weighed by family")
    expect(panel).to_contain_text("Clear to start")
    expect(bar(board, "Reyes")).to_contain_text("Somebody went ahead against the clearance gate.")


def test_a_red_says_what_mends_it_and_who_may_go_ahead(browsing: Browsing, day: Day) -> None:
    visit = seated(day)
    TreatmentConsent.objects.filter(patient=visit.patient).delete()
    gate.look([visit])
    board = board_of(browsing, day.nurse)
    expect(bar(board, "Reyes")).to_contain_text("Not clear: No consent is on file.")
    bar(board, "Reyes").click()
    panel = board.locator("#panel")
    expect(panel).to_contain_text("A prescriber or a manager may go ahead.")
    expect(panel.get_by_text("Go ahead anyway…")).to_have_count(0)
    expect(panel.get_by_role("link", name="Record the consent")).to_have_attribute(
        "href", f"/patients/{visit.patient_id}/#consent-title"
    )
    panel.get_by_role("link", name="Check and start…").click()
    panel.get_by_role("button", name="All no, drug is here: start the infusion").click()
    expect(panel.get_by_role("alert")).to_contain_text("No consent is on file.")
    visit.refresh_from_db()
    assert visit.status == VisitStatus.SEATED


def test_a_concern_holds_the_start_until_a_prescriber_agrees(browsing: Browsing, day: Day) -> None:
    visit = seated(day)
    page = browsing.open(f"/visits/{visit.id}/", user=day.nurse, size=PHONE, java_script_enabled=False)
    page.get_by_role("link", name="Check and start…").click()
    assert eyes.sideways(page) == []
    page.get_by_label("Fever or infection").check()
    page.get_by_label("The drug is here").check()
    page.get_by_role("button", name="Save and start").click()
    expect(page.get_by_role("alert")).to_contain_text("Fever or infection. Ask the prescriber before starting.")
    prescriber = factories.make_staff(day.clinic, Role.PRESCRIBER)
    board = board_of(browsing, prescriber)
    bar(board, "Reyes").click()
    panel = board.locator("#panel")
    panel.get_by_text("Go ahead anyway…").click()
    panel.get_by_label("Reason, kept on the visit").fill("Mild cold, seen by me")
    panel.get_by_role("button", name="Go ahead").click()
    expect(panel).to_contain_text("Went ahead: Mild cold, seen by me")
