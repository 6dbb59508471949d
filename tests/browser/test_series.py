"""Booking a whole regimen in one screen: proposed, changed, booked at once, undone; by keyboard, plain, and small."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, Route, expect

from accounts.domain.policy import Role
from accounts.models import User
from scheduling.models import Visit
from scheduling.services import booking, series
from scheduling.services.booking import Override
from tests import factories
from tests.browser import eyes
from tests.browser.conftest import DESK, PHONE, Browsing
from tests.browser.scenes import set_clock
from tests.scheduling.series.scenes import MONDAY, Regimen, lay_out, make_regimen, picks

pytestmark = pytest.mark.browser

MORNING = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
SCRIPTS = pytest.mark.parametrize("javascript", [True, False], ids=["with script", "without script"])


@pytest.fixture
def regimen(browsing: Browsing) -> Regimen:
    """Six courses of two days; the nurses' rota ends before the sixth, and units for four."""
    set_clock(MORNING)
    found = make_regimen(courses=5, days=2, interval=14, units=490)
    lay_out(found.order, 6, MONDAY + timedelta(days=160), days=2)
    return found


def scheduler(found: Regimen) -> User:
    return factories.make_staff(found.clinic, Role.SCHEDULER, name="K. Marsh")


def page_of(found: Regimen) -> str:
    return f"/orders/{found.order.id}/series/"


def keeping(held: list[Route]) -> Callable[[Route], None]:
    """Answers nothing: who is asked waits in `held`."""

    def keep(route: Route) -> None:
        held.append(route)

    return keep


def first_of(held: list[Route], page: Page) -> Route:
    for _ in range(200):
        if held:
            break
        page.wait_for_timeout(50)
    return held[0]


def assert_sound(page: Page) -> None:
    assert eyes.barriers(page) == []
    assert eyes.sideways(page) == []
    assert eyes.cut_text(page) == []
    assert eyes.small_targets(page, 24) == []


@SCRIPTS
def test_a_year_is_booked_with_one_press_and_undone_with_another(
    browsing: Browsing, regimen: Regimen, javascript: bool
) -> None:
    page = browsing.open(f"/orders/{regimen.order.id}/", user=scheduler(regimen), java_script_enabled=javascript)
    page.get_by_role("link", name="Book all courses").click()
    expect(page.get_by_role("row", name="Course 1, day 2")).to_contain_text("the day after day 1")
    expect(page.get_by_role("row", name="Course 6, day 1")).to_contain_text("the nurses' rota ends")
    page.get_by_label("Time").fill("10:00")
    page.get_by_role("button", name="Find again").click()
    expect(page.get_by_role("row", name="Course 3, day 1")).to_contain_text("10:00, as asked for")
    expect(page.get_by_text("Not covered from course 5").first).to_be_visible()
    page.get_by_role("button", name="Book all 10 visits").click()
    expect(page.get_by_role("alert")).to_contain_text("a reason is needed")
    page.get_by_label("One reason for all of them").fill("The payer is asked")
    page.get_by_role("button", name="Book all 10 visits").click()
    expect(page.get_by_role("heading", name="10 visits booked together")).to_be_visible()
    assert Visit.objects.filter(patient=regimen.patient, status="booked").count() == 10
    page.get_by_role("button", name="Undo the whole series").click()
    expect(page.get_by_role("button", name="Book all 10 visits")).to_be_visible()
    assert not Visit.objects.filter(patient=regimen.patient, status="booked").exists()


def test_a_place_taken_meanwhile_is_named_and_the_rest_stays(browsing: Browsing, regimen: Regimen) -> None:
    page = browsing.open(page_of(regimen), user=scheduler(regimen))
    third = picks(regimen.plan())[4]
    stranger = factories.make_course_day(factories.make_order(factories.make_patient(regimen.clinic)), MONDAY)
    why = Override("a guest")
    booking.book(course_day=stranger, chair=third.chair, start=third.start, by=regimen.scheduler, override=why)
    page.get_by_label("One reason for all of them").fill("The payer is asked")
    page.get_by_role("button", name="Book all 10 visits").click()
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("Nothing is booked")
    expect(alert.get_by_role("link", name="Course 3, day 1")).to_be_visible()
    row = page.get_by_role("row", name="Course 3, day 1")
    expect(row).to_contain_text("A1 has")
    assert_sound(page)
    row.get_by_role("combobox").select_option(index=1)
    expect(row.get_by_role("checkbox")).to_be_checked()
    page.get_by_role("button", name="Book all").click()
    expect(page.get_by_role("heading", name="10 visits booked together")).to_be_visible()


def test_a_row_is_kept_and_another_left_out_by_keyboard(browsing: Browsing, regimen: Regimen) -> None:
    page = browsing.open(page_of(regimen), user=scheduler(regimen))
    row = page.get_by_role("row", name="Course 2, day 1")
    before = row.get_by_role("combobox").input_value()
    row.get_by_role("checkbox").focus()
    page.keyboard.press("Space")
    out = page.get_by_role("row", name="Course 4, day 1")
    out.locator("summary").focus()
    page.keyboard.press("Enter")
    out.get_by_label("Why").fill("On holiday")
    page.get_by_label("Weekday").select_option("Thursday")
    page.keyboard.press("Tab")
    page.get_by_role("button", name="Find again").press("Enter")
    expect(page.get_by_text("Left out: On holiday")).to_be_visible()
    expect(row.get_by_role("combobox")).to_have_value(before)
    expect(row.get_by_role("checkbox")).to_be_checked()
    expect(page.get_by_role("row", name="Course 3, day 1")).to_contain_text("Thursday 07:00, as asked for")
    expect(page.get_by_role("button", name="Book all 9 visits")).to_be_visible()


def test_what_is_typed_while_the_page_looks_again_stays(browsing: Browsing, regimen: Regimen) -> None:
    page = browsing.open(page_of(regimen), user=scheduler(regimen))
    held: list[Route] = []
    page.route(f"**{page_of(regimen)}", keeping(held))
    row = page.get_by_role("row", name="Course 2, day 1")
    place = row.get_by_role("combobox")
    other = place.locator("option:not(:checked)").last.get_attribute("value")
    with page.expect_request(f"**{page_of(regimen)}"):
        place.select_option(other)
    out = page.get_by_role("row", name="Course 4, day 1")
    out.locator("summary").click()
    out.get_by_label("Why").fill("On holi")
    page.get_by_label("Time").fill("10:00")
    out.get_by_label("Why").focus()
    expect(page.get_by_label("Time")).to_have_value("10:00")
    first_of(held, page).continue_()
    page.unroute(f"**{page_of(regimen)}")
    expect(row.get_by_role("checkbox")).to_be_checked()
    expect(out.get_by_label("Why")).to_have_value("On holi")
    expect(out.get_by_label("Why")).to_be_focused()
    expect(page.get_by_label("Time")).to_have_value("10:00")
    page.keyboard.type("day")
    page.get_by_role("button", name="Find again").click()
    expect(page.get_by_text("Left out: On holiday")).to_be_visible()


def test_while_a_series_is_booked_nothing_in_it_can_be_changed(browsing: Browsing, regimen: Regimen) -> None:
    page = browsing.open(page_of(regimen), user=scheduler(regimen))
    held: list[Route] = []
    page.get_by_label("One reason for all of them").fill("The payer is asked")
    page.route(f"**{page_of(regimen)}", keeping(held))
    button = page.get_by_role("button", name="Book all 10 visits")
    button.click()
    expect(page.locator("#series")).to_have_attribute("inert", "")
    first_of(held, page).abort()
    page.unroute(f"**{page_of(regimen)}")
    expect(page.locator(".toast").last).to_contain_text("Not saved.")
    expect(page.get_by_label("One reason for all of them")).to_have_value("The payer is asked")
    expect(button).to_be_focused()
    browsing.problems.clear()  # the browser's log of the answer that never came
    button.click()
    expect(page.get_by_role("heading", name="10 visits booked together")).to_be_visible()


@SCRIPTS
def test_this_and_following_move_after_a_look(browsing: Browsing, regimen: Regimen, javascript: bool) -> None:
    booked = series.book_series(
        order=regimen.order, picks=picks(regimen.plan()), by=regimen.scheduler, override=Override("asked")
    )
    third = booked.visits[4]
    page = browsing.open(f"/visits/{third.id}/move/", user=scheduler(regimen), java_script_enabled=javascript)
    other = page.locator("form", has=page.get_by_role("heading", name="Another place"))
    other.get_by_label("This and following: 6 visits").check()
    other.get_by_label("Chair").select_option("A2")
    start = third.period.lower.astimezone(regimen.clinic.zone) + timedelta(hours=2)
    other.get_by_label("Day").fill(f"{start:%Y-%m-%d}")
    other.get_by_label("Time").fill(f"{start:%H:%M}")
    other.get_by_role("button", name="Move", exact=True).click()
    expect(page.get_by_role("heading", name="Move visits together")).to_be_visible()
    assert_sound(page) if javascript else None
    page.get_by_label("One reason for all of them").fill("The payer is asked") if page.get_by_label(
        "One reason for all of them"
    ).count() else None
    page.get_by_role("button", name="Move 6 visits").click()
    expect(page.get_by_text("6 visits are moved.").first).to_be_visible()
    starts = [visit.period.lower for visit in Visit.objects.filter(series_id=booked.pk).order_by("period")]
    shifts = [after - before.period.lower for after, before in zip(starts, booked.visits, strict=True)]
    assert shifts == [timedelta(0)] * 4 + [timedelta(hours=2)] * 6


@pytest.mark.parametrize("size", [DESK, PHONE, {"width": 320, "height": 640}], ids=["desk", "phone", "small phone"])
def test_the_pages_have_no_barriers_at_any_width(browsing: Browsing, regimen: Regimen, size: dict[str, int]) -> None:
    page = browsing.open(page_of(regimen), user=scheduler(regimen), size=size)
    assert_sound(page)
    assert eyes.hidden_columns(page) == []
    page.get_by_role("row", name="Course 2, day 1").locator("summary").click()
    page.get_by_role("button", name="Book all 10 visits").click()
    expect(page.get_by_role("alert")).to_be_visible()
    assert_sound(page)
    page.get_by_label("One reason for all of them").fill("The payer is asked")
    page.get_by_role("button", name="Book all 10 visits").click()
    expect(page.get_by_role("heading", name="10 visits booked together")).to_be_visible()
    assert_sound(page)
    visit = Visit.objects.filter(patient=regimen.patient).order_by("period").first()
    assert visit is not None
    later = visit.period.lower + timedelta(hours=3)
    page.goto(f"/visits/{visit.id}/series/?scope=all&place={visit.chair_id}@{later:%Y-%m-%dT%H:%M:%S}Z")
    assert_sound(page)
