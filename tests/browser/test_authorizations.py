"""The authorization desk at work: the queue leads to the next step, and units fall when a visit is booked."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from accounts.domain.policy import Role
from accounts.models import Clinic, User
from authorizations.domain.statuses import AuthorizationStatus
from authorizations.models import Authorization, AuthorizationEvent
from patients.models import Coverage, Payer
from regimens.models import ProductCode, TreatmentOrder
from scheduling.models import Chair, Visit
from scheduling.services import booking
from tests import factories
from tests.browser.conftest import DESK, SMALL_DESK, Browsing
from tests.browser.scenes import FRIDAY, set_clock
from tests.factories import at

pytestmark = pytest.mark.browser

MONDAY = datetime(2026, 11, 16, 16, 0, tzinfo=UTC)
SCRIPTS = pytest.mark.parametrize("javascript", [True, False], ids=["with script", "without script"])


@pytest.fixture
def clinic(browsing: Browsing) -> Clinic:
    set_clock(MONDAY)
    clinic = factories.make_clinic(chairs=3, name="Lakeside Infusion")
    factories.make_shifts(clinic, MONDAY.date(), days=12, nurses=4)
    ProductCode.objects.create(product=factories.make_product(), hcpcs="J1569", unit_mg=Decimal(500))
    return clinic


@pytest.fixture
def admin(clinic: Clinic) -> User:
    return factories.make_staff(clinic, Role.AUTHORIZATION_ADMIN, name="Tess Admin")


@pytest.fixture
def payer(clinic: Clinic) -> Payer:
    return factories.make_payer(clinic, name="Bluefield PPO", phone="+1 312 555 0170")


def an_order(clinic: Clinic, family_name: str) -> TreatmentOrder:
    return factories.make_order(factories.make_patient(clinic, family_name=family_name))


def an_authorization(clinic: Clinic, payer: Payer, family_name: str = "Quist", **fields: Any) -> Authorization:
    order = an_order(clinic, family_name)
    values = {"payer": payer, "starts_on": date(2026, 1, 1), "ends_on": date(2027, 6, 30)}
    return factories.make_authorization(order, **(values | fields))


def book(order: TreatmentOrder, *, hour: int = 9, chair: int = 0) -> Visit:
    return booking.book(
        course_day=factories.make_course_day(order, FRIDAY),
        chair=Chair.objects.select_related("clinic").filter(clinic=order.clinic)[chair],
        start=at(FRIDAY, hour),
        by=factories.scheduler(order.clinic),
        override=booking.Override(reason="The payer answers soon"),
    )


def row(page: Page, name: str) -> Locator:
    return page.locator("tbody tr", has=page.get_by_role("link", name=name, exact=True))


@SCRIPTS
def test_the_visit_without_cover_comes_first_and_its_next_step_asks_the_payer(
    browsing: Browsing, clinic: Clinic, admin: User, payer: Payer, javascript: bool
) -> None:
    book(an_authorization(clinic, payer, "Yates").order or an_order(clinic, "Nobody"))
    order = an_order(clinic, "Quist")
    Coverage.objects.create(
        patient=order.patient, payer=payer, member_id="M-7", starts_on=date(2025, 1, 1), verified_on=MONDAY.date()
    )
    book(order, chair=1)
    page = browsing.open("/authorizations/", user=admin, java_script_enabled=javascript)
    expect(page.locator("tbody tr").first).to_contain_text("Quist, A.")
    expect(page.locator("tbody tr").first).to_contain_text("not covered")
    expect(row(page, "Yates, A.")).to_contain_text("covered")
    row(page, "Quist, A.").get_by_role("link", name="Start request").click()
    page.get_by_label("Units to ask for").fill("600")
    page.get_by_label("First day").fill("2026-11-16")
    page.get_by_label("Last day").fill("2027-11-15")
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Quist, Ada")
    page.get_by_role("link", name="Send request").click()
    page.get_by_role("button", name="Mark as sent").click()
    expect(page.locator("h1 .chip")).to_have_text("Submitted")
    assert Authorization.objects.get(order=order).status == AuthorizationStatus.SUBMITTED


@SCRIPTS
def test_a_payers_yes_is_recorded_and_covers_the_visit_that_waited(
    browsing: Browsing, clinic: Clinic, admin: User, payer: Payer, javascript: bool
) -> None:
    pending = an_authorization(
        clinic,
        payer,
        status="submitted",
        reference="",
        units_approved=0,
        starts_on=None,
        ends_on=None,
        submitted_at=MONDAY,
    )
    assert pending.order is not None
    visit = book(pending.order)
    page = browsing.open(f"/authorizations/{pending.id}/", user=admin, size=DESK, java_script_enabled=javascript)
    expect(page.locator("main")).to_contain_text("Not covered")
    page.get_by_role("link", name="Record answer").first.click()
    page.get_by_label("The payer's answer").select_option("approved")
    page.get_by_label("Payer's reference").fill("BF-2201")
    page.get_by_label("Units approved").fill("600")
    page.get_by_label("First day").fill("2026-11-16")
    page.locator("#id_ends_on").fill("2027-05-15")
    page.get_by_role("button", name="Save answer").click()
    expect(page.get_by_text("Visits now covered: 1.").first).to_be_attached()
    expect(page.locator("h1 .chip")).to_contain_text("Approved")
    expect(page.locator("table", has_text="Cover").first).to_contain_text("Covered")
    visit.refresh_from_db()
    assert visit.authorization_id == pending.id


@SCRIPTS
def test_a_denial_needs_its_reason_and_offers_the_appeal(
    browsing: Browsing, clinic: Clinic, admin: User, payer: Payer, javascript: bool
) -> None:
    pending = an_authorization(clinic, payer, status="in_review", units_approved=0, submitted_at=MONDAY)
    page = browsing.open(f"/authorizations/{pending.id}/answer/", user=admin, java_script_enabled=javascript)
    page.get_by_label("The payer's answer").select_option(label="Denied")
    page.get_by_role("button", name="Save answer").click()
    expect(page.get_by_role("alert").first).to_contain_text("There is a problem")
    expect(page.get_by_label("The payer's answer")).to_have_value("denied")
    page.get_by_label("If denied or pended: what the payer said").fill("Step therapy was not tried.")
    page.get_by_role("button", name="Save answer").click()
    expect(page.locator("h1 .chip")).to_have_text("Denied")
    expect(page.locator("main")).to_contain_text("Step therapy was not tried.")
    expect(page.get_by_role("link", name="Appeal").first).to_be_visible()


@SCRIPTS
def test_a_call_is_logged_with_what_comes_next_and_when(
    browsing: Browsing, clinic: Clinic, admin: User, payer: Payer, javascript: bool
) -> None:
    pending = an_authorization(clinic, payer, status="in_review", units_approved=0, submitted_at=MONDAY, owner=admin)
    page = browsing.open("/authorizations/?show=mine", user=admin, java_script_enabled=javascript)
    row(page, "Quist, A.").get_by_role("link", name="Chase payer").click()
    page.get_by_label("Spoke with").fill("Dana at the desk")
    page.get_by_label("Call reference").fill("C-77")
    page.get_by_label("What was said").fill("A nurse looks at it tomorrow.")
    page.get_by_label("Next step").fill("Ask the nurse")
    page.get_by_label("Next follow-up").fill("2026-11-18")
    page.get_by_role("button", name="Save call").click()
    expect(page.get_by_text("The call is logged.").first).to_be_attached()
    history = page.locator(".timeline").last
    expect(history).to_contain_text("A nurse looks at it tomorrow.")
    expect(history).to_contain_text("Call reference C-77.")
    pending.refresh_from_db()
    assert (pending.next_step, pending.follow_up_on) == ("Ask the nurse", date(2026, 11, 18))
    page.goto("/authorizations/?show=mine")
    expect(row(page, "Quist, A.")).to_contain_text("Wed 18 Nov")


@SCRIPTS
def test_the_next_follow_up_is_set_and_a_day_gone_by_is_refused_in_words(
    browsing: Browsing, clinic: Clinic, admin: User, payer: Payer, javascript: bool
) -> None:
    item = an_authorization(clinic, payer)
    page = browsing.open(f"/authorizations/{item.id}/", user=admin, java_script_enabled=javascript)
    page.get_by_role("link", name="Next follow-up").first.click()
    page.get_by_label("What is to be done").fill("Start the renewal")
    page.get_by_label("By", exact=True).fill("2026-11-13")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("alert").first).to_contain_text("There is a problem")
    expect(page.get_by_label("What is to be done")).to_have_value("Start the renewal")
    page.get_by_label("By", exact=True).fill("2026-11-20")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Next follow-up Fri 20 Nov 2026.").first).to_be_attached()
    item.refresh_from_db()
    assert item.follow_up_on == FRIDAY


def test_units_fall_when_a_visit_is_booked_and_come_back_when_it_is_cancelled(
    browsing: Browsing, clinic: Clinic, admin: User, payer: Payer
) -> None:
    item = an_authorization(clinic, payer)
    page = browsing.open(f"/authorizations/{item.id}/", user=admin)
    units = page.locator("section", has=page.get_by_role("heading", name="Units", exact=True))
    expect(units).to_contain_text("Left to book600")
    assert item.order is not None
    visit = book(item.order)
    page.reload()
    expect(units).to_contain_text("Left to book540")
    expect(units).to_contain_text("Reserved60")
    ledger = page.locator("section", has=page.get_by_role("heading", name="Unit ledger"))
    expect(ledger).to_contain_text("+60")
    by = factories.scheduler(clinic)
    booking.cancel(visit=visit, reason="The patient is away", expected_version=visit.version, by=by)
    page.reload()
    expect(units).to_contain_text("Left to book600")
    expect(ledger.locator("tbody tr")).to_have_count(2)


def test_two_admins_cannot_answer_over_each_other(
    browsing: Browsing, clinic: Clinic, admin: User, payer: Payer
) -> None:
    item = an_authorization(clinic, payer)
    page = browsing.open(f"/authorizations/{item.id}/follow-up/", user=admin)
    other = browsing.open(f"/authorizations/{item.id}/follow-up/", user=admin)
    for each, step in ((other, "Theirs"), (page, "Mine")):
        each.get_by_label("What is to be done").fill(step)
        each.get_by_label("By", exact=True).fill("2026-11-20")
        each.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("alert").first).to_be_visible()
    expect(page.get_by_label("What is to be done")).to_have_value("Mine")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Next follow-up Fri 20 Nov 2026.").first).to_be_attached()
    item.refresh_from_db()
    assert item.next_step == "Mine"
    assert AuthorizationEvent.objects.filter(authorization=item).count() == 2


def test_the_panel_opens_beside_the_queue_and_escape_gives_the_focus_back(
    browsing: Browsing, clinic: Clinic, admin: User, payer: Payer
) -> None:
    an_authorization(clinic, payer)
    page = browsing.open("/authorizations/", user=admin, size=SMALL_DESK)
    link = page.get_by_role("link", name="Quist, A.", exact=True)
    link.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#panel h2")).to_have_text("Quist, A.")
    expect(page.locator("#panel")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#panel")).to_be_empty()
    expect(link).to_be_focused()


def test_a_scheduler_reads_the_queue_and_is_offered_nothing_to_change(
    browsing: Browsing, clinic: Clinic, payer: Payer
) -> None:
    item = an_authorization(clinic, payer)
    page = browsing.open("/authorizations/", user=factories.make_staff(clinic, Role.SCHEDULER))
    expect(row(page, "Quist, A.")).to_be_visible()
    expect(page.get_by_role("link", name="New authorization")).to_have_count(0)
    page.goto(f"/authorizations/{item.id}/")
    expect(page.get_by_role("link", name="Record answer")).to_have_count(0)
    assert page.request.get(f"/authorizations/{item.id}/answer/").status == 403
