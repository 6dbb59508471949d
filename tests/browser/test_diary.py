"""The symptom diary on a phone: half a minute for a headache, and no waiting for what cannot wait."""

from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, expect

from accounts.domain.policy import Role
from accounts.models import Clinic
from patients.models import DiaryEntry, Patient
from scheduling.models import StaffTask
from tests import factories
from tests.browser import eyes
from tests.browser.conftest import PHONE, SMALL_PHONE, Browsing
from tests.browser.scenes import set_clock

pytestmark = pytest.mark.browser

MONDAY = datetime(2026, 11, 16, 16, 0, tzinfo=UTC)
SCRIPTS = pytest.mark.parametrize("javascript", [True, False], ids=["with script", "without script"])


@pytest.fixture
def clinic(browsing: Browsing) -> Clinic:
    set_clock(MONDAY)
    return factories.make_clinic(chairs=3, name="Lakeside Infusion")


@pytest.fixture
def amina(clinic: Clinic) -> Patient:
    return factories.make_patient(clinic, signs_in=True, given_name="Amina", family_name="Farouk")


def writing(browsing: Browsing, patient: Patient, *, javascript: bool = True) -> Page:
    page = browsing.open("/p/", user=patient.user, size=PHONE, java_script_enabled=javascript)
    page.get_by_role("link", name="Symptom diary").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("How do you feel?")
    return page


@SCRIPTS
def test_two_ticks_and_a_number_make_an_entry(browsing: Browsing, amina: Patient, javascript: bool) -> None:
    page = writing(browsing, amina, javascript=javascript)
    page.get_by_label("Headache", exact=True).check()
    page.get_by_label("Very tired").check()
    page.get_by_label("4", exact=True).check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Symptom diary")
    expect(page.locator("main")).to_contain_text("Headache, Very tired")
    expect(page.locator("main")).to_contain_text("Not watched live")
    entry = DiaryEntry.objects.get()
    assert (entry.severity, entry.is_red_flag) == (4, False)


@SCRIPTS
def test_whom_to_call_shows_as_soon_as_a_sign_that_cannot_wait_is_ticked(
    browsing: Browsing, amina: Patient, javascript: bool
) -> None:
    page = writing(browsing, amina, javascript=javascript)
    call = page.get_by_role("link", name="Call 911 now").first
    expect(call).to_have_count(0)
    page.get_by_role("group", name="Do you have any of these?").evaluate("list => list.scrollIntoView()")
    page.get_by_label("Chest pain or tightness").check()
    expect(call).to_be_in_viewport()
    expect(page.get_by_role("alert")).to_contain_text("Get help now")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Get help now")
    expect(call).to_be_in_viewport()
    assert call.get_attribute("href") == "tel:911"
    expect(page.locator("main")).to_contain_text("You told us: Chest pain or tightness.")
    task = StaffTask.objects.get()
    assert (task.kind, task.is_urgent, task.patient) == ("red_flag", True, amina)


def test_a_high_temperature_is_answered_in_the_same_way(browsing: Browsing, amina: Patient) -> None:
    page = writing(browsing, amina)
    page.get_by_label("Chills or fever").check()
    page.get_by_text("More details, if you like").click()
    page.get_by_label("Temperature").fill("103")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Get help now")


def test_the_nurse_finds_it_on_top_and_marks_it_seen(browsing: Browsing, clinic: Clinic, amina: Patient) -> None:
    page = writing(browsing, amina)
    page.get_by_label("Trouble breathing").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Get help now")
    desk = browsing.open("/requests/", user=factories.make_staff(clinic, Role.NURSE))
    urgent = desk.get_by_role("region", name="Urgent")
    expect(urgent).to_contain_text("Call Farouk, Amina on +1 312 555 0142 now.")
    urgent.get_by_role("link", name="Farouk, A.").click()
    desk.get_by_role("button", name="Seen Trouble breathing").click()
    expect(desk.get_by_role("button", name="Seen Trouble breathing")).to_have_count(0)
    desk.goto("/requests/")
    expect(desk.get_by_role("region", name="Urgent")).to_have_count(0)


@pytest.mark.parametrize("size", [PHONE, SMALL_PHONE], ids=["phone", "small phone"])
def test_every_page_of_the_diary_fits_a_phone_and_bars_nobody(
    browsing: Browsing, amina: Patient, size: dict[str, int]
) -> None:
    page = browsing.open("/p/diary/", user=amina.user, size=size, reduced_motion="reduce")
    looked_at(page)
    page.goto("/p/diary/new/")
    for summary in page.locator("main summary").all():
        summary.click()
    looked_at(page)
    page.get_by_label("A bad rash, or one that gets worse").check()
    looked_at(page)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Get help now")
    looked_at(page)
    page.goto("/p/diary/new/")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert").first).to_contain_text("Tick how you feel.")
    looked_at(page)
    for severity in ("2", "7"):
        page.goto("/p/diary/new/")
        page.get_by_label("Headache", exact=True).check()
        page.get_by_label(severity, exact=True).check()
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Symptom diary")
    looked_at(page)


def looked_at(page: Page) -> None:
    """No barrier, nothing wider than the page, no target too small for a thumb."""
    page.evaluate("scrollTo(0, 0)")  # a control that is half under the bar is not a small one
    assert eyes.barriers(page) == []
    assert eyes.sideways(page) == []
    assert eyes.small_targets(page, 44) == []
