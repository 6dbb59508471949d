"""The set-up pages and the week's load as a plain browser gets them."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.domain.policy import Role
from accounts.models import Closure
from audit.models import AuditEvent
from scheduling.models import Chair, ClinicRules, LoadWeight, NurseSkill, Shift, StaffTask
from scheduling.services import booking, setup_calendar
from tests import factories
from tests.factories import at
from tests.scheduling.conftest import MONDAY, TUESDAY, World
from tests.scheduling.test_storm import UNCOVERED

pytestmark = pytest.mark.django_db

PAGES = [
    "",
    "chairs/",
    "chairs/new/",
    "hours/",
    "closures/",
    "closures/new/",
    "closures/holidays/",
    "shifts/",
    f"shifts/{MONDAY}/",
    f"shifts/{MONDAY}/copy/",
    "shifts/new/",
    "site/",
    "skills/",
    "weights/",
    "weights/ramp/",
    "rules/",
]


@pytest.fixture
def boss(world: World) -> Client:
    client = Client()
    client.force_login(
        factories.make_staff(world.clinic, Role.MANAGER),
        backend="allauth.account.auth_backends.AuthenticationBackend",
    )
    return client


def book(world: World, hour: int, chair: int = 0) -> str:
    visit = booking.book(
        course_day=world.course_day,
        chair=world.chairs[chair],
        start=at(TUESDAY, hour),
        by=world.scheduler,
        override=UNCOVERED,
    )
    return str(visit.id)


def shown(html: str) -> str:
    """What a previewing page remembers."""
    found = re.search(r'name="previewed" value="([^"]*)"', html)
    assert found
    return found.group(1)


def change(client: Client, address: str, **data: object) -> str:
    """Fill a form in, look at what it breaks, save; the page that follows."""
    preview = client.post(address, {"action": "preview"} | data)
    assert preview.status_code == 200, preview.content.decode()
    seen = shown(preview.content.decode())
    assert seen
    done = client.post(address, {"action": "save", "previewed": seen} | data, follow=True)
    assert done.redirect_chain, done.content.decode()
    return done.content.decode()


@pytest.mark.parametrize("page", PAGES)
def test_a_manager_opens_every_page_and_a_scheduler_none(world: World, boss: Client, page: str) -> None:
    assert boss.get(f"/setup/{page}").status_code == 200
    desk = Client()
    desk.force_login(factories.make_staff(world.clinic))
    assert desk.get(f"/setup/{page}").status_code == 403
    assert desk.post(f"/setup/{page}").status_code == 403


def test_nothing_is_saved_before_what_it_breaks_was_shown(world: World, boss: Client) -> None:
    book(world, 16)
    hours = {f"{edge}_{day}": wall for day in range(5) for edge, wall in (("opens", "07:00"), ("closes", "16:30"))}
    preview = boss.post("/setup/hours/", {"action": "save"} | hours).content.decode()
    assert "1 booked visit to move" in preview
    assert "The clinic is closed, or has no nurse, at 16:30." in preview
    assert world.clinic.opening_hours.get(weekday=1).closes.hour == 18
    assert AuditEvent.objects.filter(action="setup.preview").count() == 1
    page = change(boss, "/setup/hours/", **hours)
    assert "1 booked visit to move: see Requests." in page
    assert world.clinic.opening_hours.get(weekday=1).closes.hour == 16
    assert StaffTask.objects.filter(kind="setup").count() == 1
    assert "Move" in boss.get("/requests/").content.decode()


def test_another_entry_than_the_one_that_was_shown_is_shown_first(world: World, boss: Client) -> None:
    data = {"name": "B9", "kind": "bed", "position": "1"}
    seen = shown(boss.post("/setup/chairs/new/", data).content.decode())
    answer = boss.post("/setup/chairs/new/", data | {"name": "B8", "action": "save", "previewed": seen})
    assert answer.status_code == 200
    assert "It breaks nothing" in answer.content.decode()
    assert not Chair.objects.filter(name__in=["B8", "B9"]).exists()


def test_what_was_booked_meanwhile_is_shown_before_the_save(world: World, boss: Client) -> None:
    address = f"/setup/chairs/{world.chairs[0].id}/retire/"
    seen = shown(boss.get(address).content.decode())
    book(world, 9)
    answer = boss.post(address, {"action": "save", "previewed": seen})
    assert answer.status_code == 409
    assert "Bookings changed meanwhile" in answer.content.decode()
    assert "1 booked visit to move" in answer.content.decode()
    assert boss.post(address, {"action": "save", "previewed": shown(answer.content.decode())}).status_code == 302
    world.chairs[0].refresh_from_db()
    assert not world.chairs[0].is_active


def test_chairs_are_added_changed_retired_and_brought_back(world: World, boss: Client) -> None:
    assert "Bed 1" in change(boss, "/setup/chairs/new/", name="Bed 1", kind="bed", position="9", is_isolation="on")
    chair = Chair.objects.get(name="Bed 1")
    assert (chair.kind, chair.is_isolation, chair.position) == ("bed", True, 4)
    change(boss, f"/setup/chairs/{chair.id}/", name="Bed 2", kind="bed", position="1")
    chair.refresh_from_db()
    assert (chair.name, chair.is_isolation, chair.position) == ("Bed 2", False, 1)
    assert "Retired" in change(boss, f"/setup/chairs/{chair.id}/retire/")
    change(boss, f"/setup/chairs/{chair.id}/back/")
    taken = boss.post("/setup/chairs/new/", {"name": "A1", "kind": "bed", "position": "1"})
    assert taken.status_code == 409
    assert "There is a chair A1 already." in taken.content.decode()


def test_a_chair_goes_out_of_use_and_comes_back(world: World, boss: Client) -> None:
    address = f"/setup/chairs/{world.chairs[0].id}/out/"
    times = {"starts_on": TUESDAY, "starts": "10:00", "ends_on": TUESDAY, "ends": "14:00", "reason": "pump broken"}
    wrong = boss.post(address, times | {"ends": "09:00"})
    assert wrong.status_code == 422
    assert "The end must come after the start." in wrong.content.decode()
    page = change(boss, address, **times)
    assert "Tue 3 Mar 10:00–14:00" in page
    outage = world.chairs[0].outages.get()
    assert "pump broken" not in change(boss, f"/setup/outages/{outage.id}/lift/")


def test_closures_are_entered_and_taken_back(world: World, boss: Client) -> None:
    book(world, 9)
    page = change(boss, "/setup/closures/new/", on=TUESDAY, reason="Staff training")
    assert "Staff training" in page
    closure = Closure.objects.get(on=TUESDAY)
    assert "Staff training" not in change(boss, f"/setup/closures/{closure.pk}/reopen/")
    wrong = boss.post("/setup/closures/new/", {"on": MONDAY - timedelta(days=5), "reason": "x"})
    assert "This day is over." in wrong.content.decode()


def test_shifts_are_added_changed_removed_and_copied(world: World, boss: Client) -> None:
    nurse = factories.make_staff(world.clinic, Role.NURSE, name="Ida Vale")
    week = boss.get(f"/setup/shifts/{TUESDAY}/").content.decode()
    assert f"nurse={nurse.id}&amp;on={TUESDAY}" in week
    times = {"nurse": nurse.id, "on": TUESDAY, "starts": "07:00", "ends": "15:00"}
    change(boss, "/setup/shifts/new/", **times, lunch_starts="11:00", lunch_ends="11:30")
    shift = Shift.objects.get(nurse=nurse)
    assert "lunch 11:00–11:30" in boss.get(f"/setup/shifts/{TUESDAY}/").content.decode()
    change(boss, f"/setup/shifts/{shift.pk}/", **times | {"ends": "16:00"})
    again = boss.post("/setup/shifts/new/", times)
    assert again.status_code == 409
    assert "works 07:00–16:00 already" in again.content.decode()
    change(boss, f"/setup/shifts/{MONDAY}/copy/", to_on=MONDAY + timedelta(days=7), weeks="1")
    assert Shift.objects.filter(nurse=nurse).count() == 2
    change(boss, f"/setup/shifts/{shift.pk}/remove/")
    assert Shift.objects.filter(nurse=nurse).count() == 1


def test_skills_weights_and_rules_are_kept(world: World, boss: Client) -> None:
    nurse = factories.make_staff(world.clinic, Role.NURSE)
    assert "Uses ports" in change(boss, f"/setup/skills/{nurse.id}/", skills=["port", "first_dose"])
    change(boss, f"/setup/skills/{nurse.id}/", skills=["picc"])
    assert [row.skill for row in NurseSkill.objects.all()] == ["picc"]
    page = change(boss, "/setup/weights/ramp/", hundredths="55", source="timed here", confidence="K")
    assert "timed here" in page
    assert LoadWeight.objects.get(clinic=world.clinic, phase="ramp").hundredths == 55
    rules = {
        "assignment": "push",
        "turnover_minutes": "15",
        "hold_minutes": "10",
        "offer_minutes": "90",
        "notice_hours": "24",
    }
    change(boss, "/setup/rules/", **rules)
    assert ClinicRules.objects.get().turnover_minutes == 15
    wrong = boss.post("/setup/rules/", rules | {"turnover_minutes": "500"})
    assert wrong.status_code == 422
    assert "Enter a whole number from 0 to 120." in wrong.content.decode()
    assert boss.get("/setup/weights/nothing/").status_code == 404


def test_half_a_day_of_hours_and_no_time_are_refused_at_their_field(boss: Client) -> None:
    answer = boss.post("/setup/hours/", {"opens_0": "07:00", "opens_1": "late"})
    assert answer.status_code == 422
    html = answer.content.decode()
    assert 'href="#id_closes_0"' in html
    assert "Enter a time, such as 07:30." in html


def test_empty_pages_say_what_to_do(boss: Client, world: World) -> None:
    Chair.objects.filter(clinic=world.clinic).delete()
    Shift.objects.all().delete()
    world.clinic.memberships.filter(role="nurse").delete()
    assert "No chairs yet" in boss.get("/setup/chairs/").content.decode()
    assert "No closures to come" in boss.get("/setup/closures/").content.decode()
    assert "No nurses yet" in boss.get("/setup/shifts/").content.decode()
    assert "No nurses yet" in boss.get("/setup/skills/").content.decode()


def test_the_week_shows_numbers_and_marks_the_lightest_day(world: World, boss: Client) -> None:
    boss.get("/week/2026-03-03/")  # the session's own first write
    with CaptureQueriesContext(connection) as empty:
        boss.get(f"/week/{TUESDAY}/")
    for chair in range(3):
        book(world, 9, chair)
        world.course_day = world.another_day()
    with CaptureQueriesContext(connection) as full:
        html = boss.get(f"/week/{TUESDAY}/").content.decode()
    assert len(full.captured_queries) == len(empty.captured_queries) <= 9
    assert 'href="/board/2026-03-03/"' in html
    assert "3 visits" in html
    assert re.search(r"<b>2\.2/4</b><small>100 %</small>", html)
    assert html.count(">Lightest<") == 1
    assert html.index(">Lightest<") < html.index("3 Mar<")  # Monday, without visits
    assert "closed" in html


def test_a_week_without_shifts_says_so(boss: Client) -> None:
    assert "Nothing is open this week" in boss.get("/week/2026-06-01/").content.decode()
    assert boss.get("/week/").status_code == 302


def test_a_closed_day_with_visits_left_says_so_and_offers_no_free_time(world: World, boss: Client) -> None:
    book(world, 9)
    board = f"/board/{TUESDAY}/"
    assert "Book</span>" in boss.get(board).content.decode()
    manager = factories.actor(factories.make_staff(world.clinic, Role.MANAGER))
    setup_calendar.close(clinic=world.clinic, on=TUESDAY, reason="Snow", by=manager)
    html = boss.get(board).content.decode()
    assert "The clinic is closed: Snow." in html
    assert "Clinic closed" in html  # at the visit
    assert "Book</span>" not in html
    week = boss.get(f"/week/{TUESDAY}/").content.decode()
    assert "closed: Snow" in week
    assert week.index(">Lightest<") < week.index("3 Mar<")  # Monday; a day without nurses is no light day
