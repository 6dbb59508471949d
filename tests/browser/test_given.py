"""A nurse records what was given and a reaction, at a desk and on a phone, with and without scripts."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from playwright.sync_api import Page, expect

from accounts.domain.policy import Role
from accounts.models import User
from regimens.models import CourseDay, Product, ProductCode
from scheduling.domain.statuses import VisitStatus
from scheduling.models import Chair, Visit
from scheduling.queries import visits
from scheduling.services import booking, flow
from tests import factories
from tests.browser import eyes
from tests.browser.conftest import DESK, PHONE, Browsing
from tests.browser.scenes import set_clock

pytestmark = pytest.mark.browser

FRIDAY = date(2026, 11, 20)
SCRIPTS = pytest.mark.parametrize("javascript", [True, False], ids=["with script", "without script"])
SIZES = pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])


@pytest.fixture
def visit(browsing: Browsing) -> Visit:
    """Joan Reyes, 30 g of immune globulin in A1 from 08:00, infused since 08:31 and done at 11:30."""
    set_clock(factories.at(FRIDAY - timedelta(days=1), 12))
    clinic = factories.make_clinic(chairs=2, name="Lakeside Infusion")
    factories.make_shifts(clinic, FRIDAY, nurses=3)
    product = factories.make_product(data={"concentration_mg_per_ml": 100})
    ProductCode.objects.create(product=product, hcpcs="J1569", unit_mg=Decimal(500), label="Test IG")
    patient = factories.make_patient(clinic, given_name="Joan", family_name="Reyes", record_number="LK000123")
    order = factories.make_order(patient, product=Product.objects.get(pk=product.pk))
    factories.make_authorization(order)
    phases = [
        {"kind": "intake", "minutes": 30},
        {"kind": "infusion", "minutes": 150},
        {"kind": "observation", "minutes": 30},
    ]
    day = factories.make_course_day(order, FRIDAY, phases=phases)
    CourseDay.objects.filter(pk=day.pk).update(
        vials=[{"mg": 20_000, "count": 1}, {"mg": 10_000, "count": 1}],
        volume_ml=Decimal(300),
        profile="first",
        rate_steps=[
            {"starts_at_minute": str(30 * step), "minutes": "30" if step < 4 else None, "ml_per_hour": str(rate)}
            for step, rate in enumerate((38, 75, 113, 150, 225))
        ],
    )
    by = factories.scheduler(clinic)
    day = visits.get_course_day(clinic, day.pk)
    chair = Chair.objects.select_related("clinic").get(clinic=clinic, name="A1")
    booked = booking.book(course_day=day, chair=chair, start=factories.at(FRIDAY, 8), by=by)
    factories.clear(booked)
    for hour, minute, status in ((8, 31, "infusing"), (11, 5, "observing"), (11, 30, "completed")):
        set_clock(factories.at(FRIDAY, hour, minute))
        steps = [VisitStatus.ARRIVED, VisitStatus.SEATED] if status == "infusing" else []
        for to in (*steps, VisitStatus(status)):
            found = visits.get(clinic, booked.id)
            flow.advance(visit=found, to=to, expected_version=found.version, by=by)
    set_clock(factories.at(FRIDAY, 12))
    return visits.get(clinic, booked.id)


@pytest.fixture
def nurse(visit: Visit) -> User:
    return factories.make_staff(visit.clinic, Role.NURSE, name="Dana Okafor")


def check(page: Page) -> None:
    assert eyes.barriers(page) == []
    assert eyes.sideways(page) == []
    assert eyes.cut_text(page) == []


@SCRIPTS
@SIZES
def test_a_nurse_records_what_was_given(
    browsing: Browsing, visit: Visit, nurse: User, javascript: bool, size: dict[str, int]
) -> None:
    page = browsing.open(f"/visits/{visit.id}/", user=nurse, size=size, java_script_enabled=javascript)
    page.get_by_role("link", name="Record what was given").click()
    expect(page.get_by_label("Started")).to_have_value("08:31")
    expect(page.get_by_label("Stopped", exact=True)).to_have_value("11:05")
    if javascript:
        check(page)
    page.get_by_role("button", name="Record", exact=True).last.click()
    expect(page.get_by_role("heading", name="There is a problem")).to_be_visible()
    if javascript:
        check(page)
    for place, lot in enumerate(("LX204A", "LX311C")):
        page.locator(f"#id_lots-{place}-lot_number").fill(lot)
        page.locator(f"#id_lots-{place}-expires_on").fill("2027-08-31")
    page.get_by_role("button", name="Another rate").click()
    expect(page.locator("#id_rates-5-at")).to_be_visible()
    expect(page.locator("#id_lots-0-lot_number")).to_have_value("LX204A")
    page.locator("#id_rates-5-at").fill("11:00")
    page.locator("#id_rates-5-ml_per_hour").fill("0")
    page.get_by_role("button", name="Record", exact=True).last.click()
    expect(page.get_by_text("60 given, none wasted (JZ)")).to_be_visible()
    expect(page.get_by_role("link", name="LX311C")).to_be_visible()
    if javascript:
        check(page)
    page.get_by_role("link", name="LX204A").click()
    expect(page.get_by_text("1 patient, 1 time")).to_be_visible()


@SIZES
def test_a_grave_reaction_holds_the_plan_and_says_so(
    browsing: Browsing, visit: Visit, nurse: User, size: dict[str, int]
) -> None:
    page = browsing.open(f"/visits/{visit.id}/", user=nurse, size=size)
    page.get_by_role("link", name="Record a reaction").click()
    check(page)
    page.get_by_label("What happened").select_option("hypotension")
    page.get_by_text("Grade 3, severe").click()
    page.get_by_label("At", exact=True).fill("10:15")
    page.get_by_label("What was done").fill("Stopped, fluids, restarted at half the rate.")
    page.get_by_role("button", name="Record the reaction").click()
    expect(page.get_by_text("The plan is on hold until a prescriber releases it.").first).to_be_visible()
    expect(page.get_by_text("after the start")).to_be_visible()
    check(page)
