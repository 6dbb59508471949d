"""From a patient's name to the first booked course: search, order, preview, accept, book; and the order on paper."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from playwright.sync_api import Page, expect

from accounts.domain.policy import Role
from accounts.models import Clinic, User
from core.actor import system
from patients.models import Patient
from regimens.models import OrderStatus, TreatmentOrder
from regimens.services import catalogue
from scheduling.models import Visit
from tests import factories
from tests.browser.conftest import DESK, Browsing
from tests.browser.scenes import set_clock

pytestmark = pytest.mark.browser

MONDAY = datetime(2026, 11, 16, 16, 0, tzinfo=UTC)
SCRIPTS = pytest.mark.parametrize("javascript", [True, False], ids=["with script", "without script"])


@pytest.fixture
def clinic(browsing: Browsing) -> Clinic:
    set_clock(MONDAY)
    catalogue.load(by=system("test"))
    clinic = factories.make_clinic(chairs=3, name="Lakeside Infusion")
    factories.make_shifts(clinic, MONDAY.date(), days=26, nurses=4)
    return clinic


@pytest.fixture
def scheduler(clinic: Clinic) -> User:
    return factories.make_staff(clinic, Role.SCHEDULER, name="K. Marsh")


@pytest.fixture
def mia(clinic: Clinic) -> Patient:
    """Mia Novak, 75 kg."""
    patient = factories.make_patient(
        clinic, given_name="Mia", family_name="Novak", sex="female", height_cm=Decimal(170), record_number="LK000777"
    )
    patient.weights.create(measured_on=date(2026, 11, 2), kg=Decimal(75))
    return patient


def fill_order(page: Page) -> None:
    """What the catalogue cannot know: who signed, and when the first course is due."""
    page.get_by_label("First course due").fill("2026-11-23")
    page.get_by_label("Prescriber", exact=True).fill("Dr. Invented")
    page.get_by_label("Signed on").fill("2026-11-13")


def choose_therapy(page: Page) -> None:
    page.get_by_label("Product").select_option("gammagard_liquid")
    page.get_by_label("Indication").select_option("CIDP")
    page.get_by_role("button", name="Go on").click()


@SCRIPTS
def test_an_order_goes_from_the_patients_name_to_the_first_booked_course(
    browsing: Browsing, clinic: Clinic, scheduler: User, mia: Patient, javascript: bool
) -> None:
    page = browsing.open("/orders/", user=scheduler, size=DESK, java_script_enabled=javascript)
    page.get_by_role("link", name="New order").click()
    page.locator("main").get_by_label("Name, record number or date of birth").fill("nov")
    page.get_by_role("button", name="Find the patient").click()
    page.get_by_role("link", name="Novak, Mia").click()
    choose_therapy(page)
    expect(page.get_by_text("Last weighed 2 Nov 2026: 75")).to_be_visible()
    expect(page.get_by_label("Dosing weight, kg")).not_to_have_value("")
    expect(page.get_by_label("ICD-10 code")).to_have_value("G61.81")
    fill_order(page)
    page.get_by_role("button", name="Preview the year").click()
    preview = page.locator("table", has_text="Nothing is saved yet.")
    expect(preview.locator("tbody tr").first).to_contain_text("Mon 23 Nov")
    assert TreatmentOrder.objects.count() == 0
    page.get_by_role("button", name="Accept", exact=True).click()
    expect(page.get_by_text("The order is accepted.").first).to_be_attached()
    order = TreatmentOrder.objects.get(patient=mia)
    courses = page.locator("table", has_text="Courses")
    expect(courses.locator("tbody tr").first).to_contain_text("23 Nov 2026")
    expect(courses.locator("tbody tr").first).to_contain_text("Not booked")
    assert order.status == OrderStatus.ACTIVE
    courses.get_by_role("link", name="Book Mon 23 Nov").click()
    page.locator("button.option").first.click()
    page.get_by_label("Reason to go ahead").fill(
        "Authorization expected before the visit"
    )  # nobody has asked the payer
    page.get_by_role("button", name="Book anyway").click()
    expect(page.locator(".toast").first).to_contain_text("Novak, M. booked in A")
    booked = Visit.objects.get(patient=mia)
    assert booked.course_day.course.number == 1
    page.goto(f"/orders/{order.id}/")
    expect(page.locator("tbody tr").first).to_contain_text("Booked")
    expect(page.locator("tbody tr").first).to_contain_text(booked.chair.name)


@SCRIPTS
def test_what_an_order_lacks_is_said_beside_the_field_and_the_rest_stays(
    browsing: Browsing, clinic: Clinic, scheduler: User, mia: Patient, javascript: bool
) -> None:
    page = browsing.open(f"/orders/new/?patient={mia.id}", user=scheduler, java_script_enabled=javascript)
    choose_therapy(page)
    fill_order(page)
    page.get_by_label("Dose for the whole course").fill("90")
    page.get_by_role("button", name="Accept", exact=True).click()
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("There is a problem")
    expect(page.get_by_label("Prescriber", exact=True)).to_have_value("Dr. Invented")
    expect(page.get_by_label("Dose for the whole course")).to_have_value("90")
    alert.get_by_role("link").first.click()
    expect(page.get_by_label("Dose for the whole course")).to_be_focused()
    assert TreatmentOrder.objects.count() == 0


def test_a_draft_shows_its_year_and_is_accepted_later(
    browsing: Browsing, clinic: Clinic, scheduler: User, mia: Patient
) -> None:
    page = browsing.open(f"/orders/new/?patient={mia.id}", user=scheduler)
    choose_therapy(page)
    fill_order(page)
    page.get_by_role("button", name="Save as draft").click()
    expect(page.locator("h1 .chip")).to_have_text("Draft")
    expect(page.get_by_text("Nothing is laid out yet.")).to_be_visible()
    page.goto("/orders/")
    expect(page.get_by_role("link", name="To accept 1")).to_have_attribute("aria-current", "true")
    page.get_by_role("link", name="Gammagard Liquid").click()
    page.get_by_role("button", name="Accept", exact=True).click()
    expect(page.locator("h1 .chip")).to_have_text("Active")
    page.get_by_text("Why this date").first.click()
    expect(page.locator("details[open]").first).to_contain_text("The first course")


def test_patients_are_found_as_one_types_by_name_number_or_birthday(
    browsing: Browsing, clinic: Clinic, scheduler: User, mia: Patient
) -> None:
    for number in range(3):
        factories.make_patient(clinic, given_name="Otto", family_name=f"Other{number}", birth_date=date(1960, 1, 2))
    page = browsing.open("/patients/", user=scheduler)
    search = page.locator("main").get_by_label("Name, record number or date of birth")
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(4)
    for text in ("nov", "mia", "LK000777", "1970-05-17"):
        search.fill(text)
        expect(rows).to_have_count(1)
        expect(rows.first).to_contain_text("Novak, Mia")
    search.fill("zzz")
    expect(page.get_by_text("Nobody matches")).to_be_visible()
    search.fill("")
    expect(rows).to_have_count(4)


@SCRIPTS
def test_the_search_in_the_bar_leads_from_any_page_to_the_record(
    browsing: Browsing, clinic: Clinic, scheduler: User, mia: Patient, javascript: bool
) -> None:
    page = browsing.open("/outbox/", user=scheduler, java_script_enabled=javascript)
    page.get_by_placeholder("Find a patient").fill("novak")
    page.get_by_placeholder("Find a patient").press("Enter")
    page.get_by_role("link", name="Novak, Mia").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Novak, Mia")
    page.get_by_text("Record a weight").click()
    page.get_by_label("Weight in kg").fill("81.5")
    page.locator("form", has=page.get_by_label("Weight in kg")).get_by_role("button", name="Save").click()
    expect(page.get_by_text("Weight recorded.").first).to_be_attached()
    assert mia.weights.filter(kg=Decimal("81.5")).exists()


def test_two_people_cannot_change_a_record_over_each_other(
    browsing: Browsing, clinic: Clinic, scheduler: User, mia: Patient
) -> None:
    mine = browsing.open(f"/patients/{mia.id}/edit/", user=scheduler)
    theirs = browsing.open(f"/patients/{mia.id}/edit/", user=scheduler)
    for page, phone in ((theirs, "+1 312 555 0171"), (mine, "+1 312 555 0172")):
        page.get_by_label("Telephone").fill(phone)
        page.get_by_role("button", name="Save").click()
    expect(theirs.get_by_role("heading", level=1)).to_have_text("Novak, Mia")
    expect(mine.get_by_role("alert")).to_be_visible()
    expect(mine.get_by_label("Telephone")).to_have_value("+1 312 555 0172")
    mia.refresh_from_db()
    assert mia.phone == "+1 312 555 0171"


def test_an_order_prints_on_paper_without_buttons(
    browsing: Browsing, clinic: Clinic, scheduler: User, mia: Patient
) -> None:
    page = browsing.open(f"/orders/new/?patient={mia.id}", user=scheduler)
    choose_therapy(page)
    fill_order(page)
    page.get_by_role("button", name="Accept", exact=True).click()
    expect(page.locator("h1 .chip")).to_have_text("Active")
    page.locator("[data-close-toast]").click()
    page.emulate_media(media="print")
    for kept in ("Gammagard Liquid", "Dr. Invented", "23 Nov 2026", "Novak, Mia"):
        expect(page.get_by_text(kept).locator("visible=true").first).to_be_visible()
    for button in page.locator("button, .btn, summary, input, nav").all():
        expect(button).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert len(re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4"))) <= 2
