"""The floor in a real browser: a nurse's day on a tablet and on a phone, live between two, and without JavaScript."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.domain.policy import Role
from regimens.models import CourseDay
from scheduling.domain.statuses import VisitStatus
from scheduling.models import Shift, Visit, VitalsCheck
from scheduling.services import assignment, flow
from tests import factories
from tests.browser import eyes, scenes
from tests.browser.board.hands import toast
from tests.browser.conftest import DESK, PHONE, SMALL_DESK, Browsing
from tests.browser.scenes import FRIDAY, NOW, Day

pytestmark = pytest.mark.browser

MINE, ALL, ASSIGN = "/floor/", "/floor/?who=all", f"/floor/assign/{FRIDAY}/"
SIZES = {"desk": DESK, "tablet": SMALL_DESK, "phone": PHONE}
STEPS = [
    {"starts_at_minute": "0", "minutes": "100", "ml_per_hour": "99"},
    {"starts_at_minute": "100", "minutes": None, "ml_per_hour": "198"},
]


@pytest.fixture
def day(browsing: Browsing) -> Iterator[Day]:
    """Olsen infuses and is T. Brook's; Reyes waits for a nurse; Keller waits behind Olsen."""
    day = scenes.quiet_day()
    begins, ends = factories.at(FRIDAY, 7), factories.at(FRIDAY, 18)
    Shift.objects.create(clinic=day.clinic, nurse=day.nurse, starts_at=begins, ends_at=ends)
    olsen = day.visit("Olsen")
    CourseDay.objects.filter(pk=olsen.course_day_id).update(rate_steps=STEPS)
    assignment.assign(visit=olsen, nurse_id=day.nurse.id, expected_version=olsen.version, by=day.by)
    reyes = day.book(day.due("Reyes", "Pia"), "A1", 15)
    flow.advance(visit=reyes, to=VisitStatus.ARRIVED, expected_version=reyes.version, by=day.by)
    with timezone.override(day.clinic.zone):
        yield day


def refresh(page: Page) -> None:
    page.evaluate("document.body.dispatchEvent(new CustomEvent('board-changed'))")


@pytest.mark.parametrize("size", SIZES)
def test_the_floor_is_whole_at_every_size(browsing: Browsing, size: str) -> None:
    day = scenes.busy_day()
    page = browsing.open(ALL, user=day.nurse, size=SIZES[size], reduced_motion="reduce")
    expect(page.get_by_role("heading", name="In chair")).to_be_visible()
    assert eyes.barriers(page) == []
    assert eyes.sideways(page) == []
    assert eyes.cut_text(page) == []
    assert eyes.small_targets(page, 24) == []
    page.locator(".floor-card", has_text="Wade").get_by_role("link", name="Vitals").click()
    expect(page.locator("#panel")).to_contain_text("Temperature")
    assert eyes.barriers(page) == []
    assert eyes.sideways(page) == []
    page.goto(ASSIGN)
    expect(page.get_by_role("heading", name="Nurses, Friday 20 November")).to_be_visible()
    assert eyes.barriers(page) == []
    assert eyes.sideways(page) == []
    assert eyes.hidden_columns(page) == []


def test_a_nurse_takes_seats_and_measures_without_leaving_the_floor(browsing: Browsing, day: Day) -> None:
    page = browsing.open("/", user=day.nurse, size=SMALL_DESK, reduced_motion="reduce")
    expect(page).to_have_url(f"{browsing.address}/floor/")
    olsen, reyes = (page.locator(".floor-card", has_text=name) for name in ("Olsen, A.", "Reyes, P."))
    expect(olsen).to_contain_text("Next step 10:55: 198 mL/h planning only, not for the pump")
    expect(olsen).to_contain_text("Vitals overdue since 09:00 ▲")
    reyes.get_by_role("button", name="Take Reyes, P.").click()
    expect(toast(page)).to_contain_text("Reyes, P.: T. Brook.")
    expect(reyes).not_to_contain_text("No nurse yet")
    reyes.get_by_role("button", name="Seat Reyes, P.").click()
    expect(page.locator("#column-2 .floor-card", has_text="Reyes, P.")).to_be_visible()
    olsen.get_by_role("link", name="Vitals of Olsen, A.").click()
    panel = page.locator("#panel")
    panel.get_by_label("Heart rate").fill("720")
    panel.get_by_role("button", name="Save").click()
    expect(panel.get_by_role("alert")).to_contain_text("Enter a number from 20 to 250 beats a minute.")
    assert eyes.barriers(page) == []
    panel.get_by_label("Heart rate").fill("72")
    panel.get_by_role("button", name="Save").click()
    expect(olsen).to_contain_text("Vitals 10:55, with the rate increase")
    assert VitalsCheck.objects.get().heart_rate == 72


def test_the_toast_gives_a_patient_back(browsing: Browsing, day: Day) -> None:
    page = browsing.open(MINE, user=day.nurse)
    page.get_by_role("button", name="Take Reyes, P.").click()
    expect(page.get_by_role("button", name="Take Reyes, P.")).to_have_count(0)
    toast(page).get_by_role("button", name="Undo").click()
    expect(page.get_by_role("button", name="Take Reyes, P.")).to_be_visible()
    assert day.visit("Reyes").nurse is None


def test_two_nurses_see_each_other_s_patients_at_once(browsing: Browsing, day: Day) -> None:
    other = factories.make_staff(day.clinic, Role.NURSE, name="A. Field")
    mine, theirs = browsing.open(ALL, user=day.nurse), browsing.open(ALL, user=other, size=PHONE)
    mine.get_by_role("button", name="Take Reyes, P.").click()
    expect(toast(mine)).to_be_visible()
    refused = theirs.get_by_role("button", name="Take Reyes, P.")
    if refused.count():
        refused.click()
        expect(toast(theirs)).to_contain_text("T. Brook")
    refresh(theirs)
    expect(theirs.locator(".floor-card", has_text="Reyes, P.")).to_contain_text("T. Brook")


def test_running_over_is_seen_on_the_floor_and_on_the_board(browsing: Browsing, day: Day) -> None:
    day.book(day.due("Moss", "Abe"), "A3", 12, 0)
    Visit.objects.filter(patient__family_name="Olsen").update(infusion_started_at=NOW - timedelta(minutes=31))
    page = browsing.open(MINE, user=day.nurse)
    expect(page.locator(".floor-card", has_text="Olsen")).to_contain_text("Ends 45 min late, knocks on Moss, A. 12:00")
    page.goto("/board/")
    expect(page.locator(".visit", has_text="Olsen")).to_contain_text("and knocks on Moss, A. 12:00.")


def test_a_day_is_assigned_without_a_script(browsing: Browsing, day: Day) -> None:
    page = browsing.open(ASSIGN, user=day.nurse, size=PHONE, java_script_enabled=False)
    page.get_by_label("Nurse for Soto, P.").select_option(label="T. Brook")
    page.get_by_role("button", name="Save 4 visits").click()
    expect(page.locator("body")).to_contain_text("visits changed.")
    assert day.visit("Soto").nurse == day.nurse
    page.goto(ALL)
    page.get_by_role("button", name="Seat Reyes, P.").click()
    expect(page).to_have_url(f"{browsing.address}/floor/")
    assert day.visit("Reyes").status == VisitStatus.SEATED


def test_a_double_click_is_one_press(browsing: Browsing, day: Day) -> None:
    page = browsing.open(ALL, user=day.nurse, size=SMALL_DESK, reduced_motion="reduce")
    page.get_by_role("button", name="Seat Reyes, P.").dblclick()
    expect(toast(page)).to_contain_text("Reyes, P.: seated.")
    expect(page.locator("#column-2 .floor-card", has_text="Reyes, P.")).to_contain_text("Seated")
    expect(page.locator(".toast")).to_have_count(1)
    assert Visit.objects.get(patient__family_name="Reyes").events.filter(after__status="seated").count() == 1


def test_an_end_that_was_not_pressed_then_is_entered_beside_the_floor(browsing: Browsing, day: Day) -> None:
    page = browsing.open(ALL, user=day.nurse, size=SMALL_DESK, reduced_motion="reduce")
    page.get_by_role("link", name="Olsen, A.").first.click()
    page.get_by_text("It happened earlier").click()
    page.get_by_label("At", exact=True).fill("05:00")
    assert eyes.barriers(page) == []
    assert eyes.small_targets(page, 24) == []
    page.locator("#panel").get_by_role("button", name="Done").click()
    expect(page.locator("#panel")).to_contain_text("Olsen, A. was infusing at")
    expect(page.get_by_label("At", exact=True)).to_have_value("05:00")
    assert eyes.barriers(page) == []
    page.get_by_label("At", exact=True).fill(f"{NOW.astimezone(day.clinic.zone):%H:%M}")
    page.locator("#panel").get_by_role("button", name="Done").click()
    expect(page.locator("#panel")).to_contain_text("written down later")
