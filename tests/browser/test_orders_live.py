"""The order form beside the year it makes, as one types; an order held, released and renewed; the plan on paper."""

import re
from datetime import date
from decimal import Decimal

import pytest
from playwright.sync_api import Page, expect

from accounts.domain.policy import Role
from accounts.models import Clinic, User
from core import clock
from patients.models import Patient
from regimens.models import ElsewhereKind, OrderStatus, TreatmentOrder
from regimens.services import holding
from tests import factories
from tests.browser import eyes
from tests.browser.conftest import DESK, PHONE, SMALL_DESK, Browsing
from tests.browser.test_orders import choose_therapy, clinic, fill_order, mia, scheduler
from tests.regimens.scenes import accepted, ivig

__all__ = ["clinic", "mia", "scheduler"]  # fixtures
pytestmark = pytest.mark.browser


def wrong_with(page: Page) -> list[str]:
    return eyes.barriers(page) + eyes.sideways(page) + eyes.cut_text(page) + eyes.hidden_columns(page)


@pytest.fixture
def order(clinic: Clinic, scheduler: User, mia: Patient) -> TreatmentOrder:
    facts = ivig(clinic, dosing_weight_kg=Decimal(60), measured_weight_kg=Decimal(60), starts_on=date(2026, 11, 23))
    return accepted(mia, factories.actor(scheduler), facts)


def test_the_year_appears_beside_the_form_while_one_types(
    browsing: Browsing, clinic: Clinic, scheduler: User, mia: Patient
) -> None:
    page = browsing.open(f"/orders/new/?patient={mia.id}", user=scheduler, size=DESK)
    choose_therapy(page)
    year = page.locator("#year")
    expect(year).to_contain_text("Still to fill in: First course due, Prescriber, Signed on.")
    fill_order(page)
    expect(year).to_contain_text("18 courses, 1350 g in all. Nothing is saved yet.")
    weight = page.get_by_label("Dosing weight, kg")
    weight.fill("700")
    expect(year).to_contain_text("The dosing weight must be between 1 and 400 kg.")
    expect(weight).to_be_focused()
    assert page.get_by_role("alert").count() == 0
    weight.fill("60")
    expect(year).to_contain_text("The actual weight of a patient of 75 kg is 75 kg, not 60 kg.")
    page.get_by_label("Measured, kg").fill("60")
    expect(year).to_contain_text("1080 g in all")
    assert TreatmentOrder.objects.count() == 0
    assert wrong_with(page) == []


def test_a_weight_is_chosen_among_three_and_fills_the_field(
    browsing: Browsing, clinic: Clinic, scheduler: User, mia: Patient
) -> None:
    mia.weights.create(measured_on=date(2026, 11, 12), kg=Decimal(100))
    page = browsing.open(f"/orders/new/?patient={mia.id}", user=scheduler)
    choose_therapy(page)
    expect(page.get_by_text("is above 30, so the adjusted weight is usual.")).to_be_visible()
    expect(page.get_by_label("Dosing weight, kg")).to_have_value("76.9")
    page.get_by_role("radio", name="Actual").check()
    expect(page.get_by_label("Dosing weight, kg")).to_have_value("100.0")
    fill_order(page)
    expect(page.locator("#year")).to_contain_text("100 g")


def test_a_template_and_three_lines_make_an_order(
    browsing: Browsing, clinic: Clinic, scheduler: User, mia: Patient
) -> None:
    page = browsing.open(f"/orders/new/?patient={mia.id}", user=scheduler)
    choose_therapy(page)
    page.get_by_label("Prescriber", exact=True).fill("Dr. Typed First")
    page.get_by_role("button", name="Loading, then every 3 weeks").click()
    expect(page.get_by_label("Days of the first course")).to_have_value("5")
    expect(page.get_by_label("Prescriber", exact=True)).to_have_value("Dr. Typed First")
    fill_order(page)
    first = page.locator("#year tbody tr").first
    expect(first).to_contain_text("5 days of 30 g")
    expect(first).to_contain_text("Slow ramp")
    page.get_by_role("button", name="Accept", exact=True).click()
    expect(page.locator("h1 .chip")).to_have_text("Active")
    order = TreatmentOrder.objects.get(patient=mia)
    assert (order.induction_days, order.days_per_course, len(order.labs_required)) == (5, 1, 4)


@pytest.mark.parametrize("size", [DESK, SMALL_DESK, PHONE], ids=["desk", "small desk", "phone"])
def test_the_form_with_everything_open_is_whole(
    browsing: Browsing, clinic: Clinic, scheduler: User, mia: Patient, size: dict[str, int]
) -> None:
    page = browsing.open(f"/orders/new/?patient={mia.id}", user=scheduler, size=size)
    choose_therapy(page)
    fill_order(page)
    expect(page.locator("#year table")).to_be_visible()
    page.evaluate("for (const each of document.querySelectorAll('main details')) each.open = true")
    assert wrong_with(page) == []


def test_an_order_is_held_released_by_a_prescriber_and_renewed(
    browsing: Browsing, clinic: Clinic, scheduler: User, order: TreatmentOrder
) -> None:
    page = browsing.open(f"/orders/{order.id}/", user=scheduler)
    expect(page.get_by_text("Weight changed by more than 10 %")).to_be_visible()
    page.get_by_text("Put on hold").click()
    page.get_by_label("Why is it on hold?").fill("Kidney values too high")
    page.get_by_role("button", name="Hold", exact=True).click()
    expect(page.locator("h1 .chip")).to_have_text("On hold")
    expect(page.get_by_role("alert")).to_contain_text("Kidney values too high.")
    assert wrong_with(page) == []
    prescriber = browsing.open(f"/orders/{order.id}/", user=factories.make_staff(clinic, Role.PRESCRIBER))
    prescriber.get_by_label("Why may it go on?").fill("Values are normal again")
    prescriber.get_by_role("button", name="Release", exact=True).click()
    expect(prescriber.locator("h1 .chip")).to_have_text("Active")
    prescriber.get_by_role("button", name="Renew").click()
    expect(prescriber.get_by_role("heading", level=1)).to_have_text("Correct this draft")
    expect(prescriber.get_by_label("Signed on")).to_have_value("")
    prescriber.get_by_label("First course due").fill("2026-12-14")
    prescriber.get_by_label("Signed on").fill(f"{clock.today(clinic.zone):%Y-%m-%d}")
    expect(prescriber.locator("#year table")).to_be_visible()
    draft = TreatmentOrder.objects.get(renews=order)
    prescriber.get_by_label("Dosing weight, kg").fill("75")
    prescriber.get_by_label("Measured, kg").fill("75")
    prescriber.get_by_role("button", name="Save as draft").click()
    expect(prescriber.get_by_text("Renews an earlier order.")).to_be_visible()
    draft.refresh_from_db()
    assert (draft.status, draft.dosing_weight_kg) == (OrderStatus.DRAFT, Decimal("75.0"))


def test_the_plan_prints_on_few_pages_without_buttons(
    browsing: Browsing, clinic: Clinic, scheduler: User, mia: Patient, order: TreatmentOrder
) -> None:
    mia.therapies_elsewhere.create(
        kind=ElsewhereKind.PLASMA_EXCHANGE,
        name="Plasma exchange",
        place="County Hospital",
        every_days=14,
        starts_on=date(2026, 11, 10),
        created_at=clock.now(),
        created_by_label="K. Marsh",
    )
    holding.hold(order=order, reason="Fever", by=factories.actor(scheduler))
    page = browsing.open(f"/orders/{order.id}/", user=scheduler)
    page.get_by_role("link", name="Treatment plan").click()
    expect(page.get_by_text("The dates ahead")).to_be_visible()
    assert wrong_with(page) == []
    page.emulate_media(media="print")
    for control in page.locator("button, .btn, summary, input, nav").all():
        expect(control).to_be_hidden()
    for kept in ("Novak, Mia", "Gammagard Liquid", "Given elsewhere", "This sheet does not prescribe", "by K. Marsh"):
        expect(page.get_by_text(kept).locator("visible=true").first).to_be_visible()
    assert len(re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4"))) <= 2
