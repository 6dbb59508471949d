"""Holding, waiting and offering in a browser: a cancelled place finds its next patient, who takes it on a phone."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from accounts.domain.policy import Role
from accounts.models import Clinic, User
from patients.models import Patient
from regimens.models import CourseDay
from scheduling.domain.statuses import VisitStatus
from scheduling.models import Chair, Offer, OfferState, Visit
from scheduling.queries import visits
from scheduling.services import booking, waitlist
from tests import factories
from tests.browser import eyes
from tests.browser.conftest import DESK, PHONE, Browsing
from tests.browser.scenes import FRIDAY, set_clock
from tests.factories import at

pytestmark = pytest.mark.browser

MONDAY = datetime(2026, 11, 16, 16, 0, tzinfo=UTC)
SIZES = pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
SCRIPTS = pytest.mark.parametrize("javascript", [True, False], ids=["with script", "without script"])
PICTURES = os.environ.get("PICTURES", "")


@pytest.fixture
def clinic(browsing: Browsing) -> Clinic:
    set_clock(MONDAY)
    clinic = factories.make_clinic(chairs=3, name="Lakeside Infusion")
    factories.make_shifts(clinic, MONDAY.date(), days=12, nurses=4)
    return clinic


@pytest.fixture
def scheduler(clinic: Clinic) -> User:
    return factories.make_staff(clinic, Role.SCHEDULER, name="K. Marsh")


def due(clinic: Clinic, family_name: str) -> CourseDay:
    """A covered course day of a patient who signs in, due on Friday."""
    patient = factories.make_patient(clinic, signs_in=True, given_name="Amina", family_name=family_name)
    order = factories.make_order(patient)
    factories.make_authorization(order)
    return visits.get_course_day(clinic, factories.make_course_day(order, FRIDAY).id)


def booked(clinic: Clinic, family_name: str, *, hour: int = 9, chair: int = 0) -> Visit:
    chairs = Chair.objects.select_related("clinic").filter(clinic=clinic)
    by = factories.scheduler(clinic)
    return booking.book(course_day=due(clinic, family_name), chair=chairs[chair], start=at(FRIDAY, hour), by=by)


def waits(clinic: Clinic, family_name: str, **fields: object) -> CourseDay:
    day = due(clinic, family_name)
    _wait(clinic, day, **fields)
    return day


def _wait(clinic: Clinic, day: CourseDay, **fields: object) -> None:
    values: dict[str, object] = {"earliest_on": FRIDAY, "latest_on": FRIDAY, "notice_hours": 24}
    waitlist.add(course_day=day, by=factories.scheduler(clinic), **values | fields)  # type: ignore[arg-type]


def user_of(patient: Patient) -> User:
    assert patient.user is not None
    return patient.user


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
def test_the_waitlist_is_a_good_page_full_and_empty(
    browsing: Browsing, clinic: Clinic, scheduler: User, size: dict[str, int]
) -> None:
    page = browsing.open("/waitlist/", user=scheduler, size=size)
    expect(page.get_by_text("Nobody waits for a place.")).to_be_visible()
    good(page, f"waitlist-empty-{width(size)}")
    waits(clinic, "Okafor", note="Works mornings only on Thursdays")
    later = booked(clinic, "Lindqvist")
    _wait(clinic, visits.get_course_day(clinic, later.course_day_id), parts_of_day=["afternoon"])
    waits(clinic, "Reyes", notice_hours=200)
    page.reload()
    expect(page.get_by_role("article")).to_have_count(3)
    good(page, f"waitlist-{width(size)}")
    page.get_by_role("button", name="Offer A").first.click()
    expect(page.get_by_text("waits for an answer until").first).to_be_visible()
    good(page, f"waitlist-offered-{width(size)}")


@SIZES
def test_a_cancelled_place_is_offered_and_taken_on_a_phone(
    browsing: Browsing, clinic: Clinic, scheduler: User, size: dict[str, int]
) -> None:
    visit = booked(clinic, "Gone")
    day = waits(clinic, "Okafor")
    due(clinic, "Tamm")
    waits(clinic, "Reyes", notice_hours=200)
    page = browsing.open(f"/board/2026-11-20/?visit={visit.id}", user=scheduler, size=size)
    page.get_by_role("link", name="Cancel…").click()
    page.get_by_label("Reason").fill("The patient is ill.")
    page.get_by_role("button", name="Cancel the visit").click()
    page.get_by_role("link", name="Offer the place").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Who could take A1")
    good(page, f"backfill-{width(size)}")
    page.get_by_role("button", name="Offer to Okafor").click()
    expect(page.get_by_role("heading", name="Okafor, A. was asked")).to_be_visible()
    good(page, f"backfill-offered-{width(size)}")
    made = Offer.objects.get()
    phone = browsing.open("/p/", user=user_of(day.course.order.patient), size=PHONE)
    good(phone, "portal-home-offer")
    phone.get_by_role("link", name="Look and answer").click()
    good(phone, "portal-offer")
    phone.get_by_role("button", name="Yes, I’ll take it").click()
    expect(phone.get_by_text("Thank you. This time is yours.").first).to_be_visible()
    assert Visit.objects.get(offer=made).status == VisitStatus.BOOKED
    page.reload()
    expect(page.get_by_text("The place is taken again")).to_be_visible()


@SCRIPTS
def test_a_place_is_held_from_the_find_panel_and_then_booked(
    browsing: Browsing, clinic: Clinic, scheduler: User, javascript: bool
) -> None:
    due(clinic, "Okafor")
    page = browsing.open("/board/2026-11-20/", user=scheduler, java_script_enabled=javascript)
    page.get_by_role("link", name="Find a slot").first.click()
    page.get_by_role("link", name="Okafor, A.").first.click()
    expect(page.get_by_role("button", name="Hold 10 min").first).to_be_visible()
    if javascript:
        good(page, "find-hold")
    page.get_by_role("button", name="Hold 10 min").first.click()
    expect(page.get_by_role("button", name="Book the held place")).to_be_visible()
    expect(page.get_by_text("Held by K. Marsh until").first).to_be_attached()
    if javascript:
        good(page, "held")
    page.get_by_role("button", name="Book the held place").click()
    expect(page.locator(".toast", has_text="Okafor, A. is booked").first).to_be_visible()
    assert Visit.objects.get().status == VisitStatus.BOOKED


def test_a_patient_says_no_without_a_script_and_the_next_is_shown(
    browsing: Browsing, clinic: Clinic, scheduler: User
) -> None:
    day = waits(clinic, "Okafor")
    page = browsing.open("/waitlist/", user=scheduler, java_script_enabled=False)
    page.get_by_role("button", name="Offer A").click()
    made = Offer.objects.get()
    phone = browsing.open(
        f"/p/offers/{made.id}/", user=user_of(day.course.order.patient), size=PHONE, java_script_enabled=False
    )
    phone.get_by_role("button", name="No, thank you").click()
    expect(phone.get_by_text("Nothing has changed for you.").first).to_be_visible()
    made.refresh_from_db()
    assert made.state == OfferState.DECLINED
    page.reload()
    expect(page.get_by_role("button", name="Offer A")).to_be_visible()


@SIZES
def test_the_form_of_the_waitlist_names_what_is_wrong(
    browsing: Browsing, clinic: Clinic, scheduler: User, size: dict[str, int]
) -> None:
    day = due(clinic, "Okafor")
    page = browsing.open(f"/waitlist/add/{day.id}/", user=scheduler, size=size)
    good(page, f"waitlist-add-{width(size)}")
    page.get_by_label("To", exact=True).fill("2026-11-02")
    page.get_by_role("button", name="Add to the waitlist").click()
    expect(page.get_by_text("The last day is before the first.").first).to_be_visible()
    good(page, f"waitlist-add-wrong-{width(size)}")
    page.get_by_label("To", exact=True).fill("2026-11-27")
    page.get_by_role("button", name="Add to the waitlist").click()
    expect(page.get_by_role("heading", name="Waitlist", level=1)).to_be_visible()
