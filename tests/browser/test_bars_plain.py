"""Bar 15: without JavaScript somebody signs in, reads the day, books, and a patient confirms; all by plain forms."""

import re

import pytest
from playwright.sync_api import expect

from scheduling.domain.statuses import VisitStatus
from tests import factories
from tests.browser.board.hands import BOARD, gap
from tests.browser.conftest import PHONE, Browsing
from tests.browser.scenes import quiet_day, set_clock
from tests.browser.test_entrance import knock
from tests.browser.test_patient import MONDAY, a_patient, sign_in, their_visit

pytestmark = pytest.mark.browser


def test_bar_15_without_script_staff_sign_in_read_the_list_and_book(browsing: Browsing) -> None:
    day = quiet_day()
    day.due("Reyes", "Pia")
    page = browsing.open(f"{BOARD}?view=list", java_script_enabled=False)
    knock(page, day.scheduler)
    expect(page.get_by_role("row", name="Soto, P.")).to_contain_text("Booked")
    expect(page.locator("tbody tr")).to_have_count(3)
    page.get_by_role("link", name="Board", exact=True).last.click()
    gap(page, "A1 free 12:15").click()
    page.get_by_role("link", name="Reyes, P.").click()
    page.get_by_role("button", name="Book A1, Fri 20 Nov 12:15").click()
    expect(page.locator(".toast")).to_contain_text("Reyes, P. booked in A1, Fri 20 Nov 12:15.")
    page.get_by_role("link", name="List", exact=True).click()
    expect(page.get_by_role("row", name=re.compile("Reyes, P."))).to_contain_text("12:15")
    assert day.visit("Reyes").status == VisitStatus.BOOKED


def test_bar_15_without_script_a_patient_signs_in_and_confirms(browsing: Browsing) -> None:
    set_clock(MONDAY)
    clinic = factories.make_clinic(chairs=3, name="Lakeside Infusion")
    factories.make_shifts(clinic, MONDAY.date(), days=12, nurses=4)
    amina = a_patient(clinic, "Amina", "Farouk", hour=9)
    page = sign_in(browsing, amina, java_script_enabled=False)
    page.get_by_role("button", name="Yes, I’ll be there").click()
    expect(page.locator("#visit-card")).to_contain_text("You’re confirmed. See you Friday.")
    assert page.viewport_size == PHONE
    assert their_visit(amina).status == VisitStatus.CONFIRMED
