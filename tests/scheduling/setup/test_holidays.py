"""Public holidays: the library's days in plain words, ticked by hand, previewed, then closed."""

from datetime import date

import pytest
from django.test import Client

from accounts.domain.policy import Role
from accounts.models import Closure
from audit.models import AuditEvent
from core.actor import Actor
from core.errors import BadInput, Conflict, NotAllowed
from scheduling.models import CapacitySlot, ClinicRules, StaffTask
from scheduling.queries import public_holidays
from scheduling.services import booking, setup_holidays
from scheduling.services.setup_holidays import Calendar
from tests import factories
from tests.factories import at
from tests.scheduling.conftest import TUESDAY, World
from tests.scheduling.setup.test_setup_pages import change
from tests.scheduling.test_storm import UNCOVERED

PAGE = "/setup/closures/holidays/"
ILLINOIS = Calendar(country="US", part="IL", year=2026)
CASIMIR = date(2026, 3, 2)
"""A Monday, the day on which the tests stand; a holiday of Illinois alone."""


def days(country: str, part: str, year: int) -> dict[date, str]:
    return {one.on: one.name for one in public_holidays.of_year(country=country, part=part, year=year)}


def test_the_whole_country_and_a_state_have_their_own_days() -> None:
    country, state = days("US", "", 2027), days("US", "IL", 2027)
    assert country[date(2027, 11, 25)] == state[date(2027, 11, 25)] == "Thanksgiving Day"
    assert "Casimir Pulaski Day" in state.values()
    assert "Casimir Pulaski Day" not in country.values()


def test_a_holiday_on_a_weekend_stands_on_its_day_and_on_the_day_it_is_observed() -> None:
    found = {one.on: one for one in public_holidays.of_year(country="US", part="", year=2027)}
    true, day_off = found[date(2027, 12, 25)], found[date(2027, 12, 24)]
    assert (true.name, true.is_observed) == ("Christmas Day", False)
    assert (day_off.name, day_off.is_observed) == ("Christmas Day", True)
    assert found[date(2027, 12, 31)].name == "New Year’s Day"


def test_two_holidays_of_one_day_are_one_line() -> None:
    assert days("US", "CA", 2027)[date(2027, 2, 15)] == "Presidents’ Day and Susan B. Anthony Day"


def test_other_countries_are_there_in_english_where_the_library_has_it() -> None:
    assert days("DE", "BY", 2026)[date(2026, 6, 4)] == "Corpus Christi"
    assert public_holidays.place("DE", "BY") == "Bayern, Germany"
    assert public_holidays.place("US", "") == "United States"
    assert public_holidays.countries()["TT"] == "Trinidad and Tobago"


@pytest.fixture
def manager(world: World) -> Actor:
    return factories.actor(factories.make_staff(world.clinic, Role.MANAGER))


@pytest.fixture
def boss(world: World) -> Client:
    client = Client()
    client.force_login(
        factories.make_staff(world.clinic, Role.MANAGER),
        backend="allauth.account.auth_backends.AuthenticationBackend",
    )
    return client


@pytest.mark.django_db
def test_only_the_days_that_were_ticked_are_closed_and_the_choice_is_remembered(world: World, manager: Actor) -> None:
    memorial, observed = date(2026, 5, 25), date(2026, 7, 3)
    setup_holidays.close_on(clinic=world.clinic, calendar=ILLINOIS, days=[observed, memorial], by=manager)
    assert list(Closure.objects.order_by("on").values_list("on", "reason")) == [
        (memorial, "Memorial Day"),
        (observed, "Independence Day (observed)"),
    ]
    rules = ClinicRules.objects.get(clinic=world.clinic)
    assert (rules.holidays_country, rules.holidays_part, rules.hold_minutes) == ("US", "IL", 10)
    assert setup_holidays.chosen(world.clinic) == ILLINOIS
    event = AuditEvent.objects.get(action="setup.close")
    assert event.detail == {"days": ["2026-05-25", "2026-07-03"]}


@pytest.mark.django_db
def test_days_that_make_no_sense_are_refused(world: World, manager: Actor) -> None:
    for wrong in ([], [date(2026, 5, 26)], [date(2026, 1, 1)]):
        with pytest.raises(BadInput) as refused:
            setup_holidays.close_on(clinic=world.clinic, calendar=ILLINOIS, days=wrong, by=manager)
        assert refused.value.reasons[0].field == "days"
    setup_holidays.close_on(clinic=world.clinic, calendar=ILLINOIS, days=[CASIMIR], by=manager)
    with pytest.raises(Conflict, match="closed on Mon 2 Mar 2026 already"):
        setup_holidays.close_on(clinic=world.clinic, calendar=ILLINOIS, days=[CASIMIR], by=manager)
    with pytest.raises(NotAllowed):
        setup_holidays.close_on(clinic=world.clinic, calendar=ILLINOIS, days=[CASIMIR], by=world.scheduler)


@pytest.mark.django_db
def test_nothing_is_ticked_and_what_can_not_be_chosen_says_why(world: World, boss: Client) -> None:
    Closure.objects.create(clinic=world.clinic, on=date(2026, 5, 25), reason="Memorial Day")
    Closure.objects.create(clinic=world.clinic, on=date(2026, 6, 19), reason="Staff training")
    page = boss.get(f"{PAGE}?country=US&part=&year=2026")
    shown = {row.on: row for row in page.context["holidays"]}
    assert not any(row.is_ticked for row in shown.values())
    assert b"checked" not in page.content
    assert shown[date(2026, 1, 1)].why_not == "Over"
    assert shown[date(2026, 5, 25)].why_not == "Closed already"
    assert shown[date(2026, 6, 19)].why_not == "Closed already: Staff training"
    assert shown[date(2026, 7, 4)].why_not == "Closed on Saturdays anyway"
    assert (shown[date(2026, 7, 3)].why_not, shown[date(2026, 7, 3)].note) == ("", "Observed on this day")


@pytest.mark.django_db
def test_the_page_shows_what_the_ticked_days_break_then_closes_them(world: World, boss: Client) -> None:
    visit = booking.book(
        course_day=world.course_day,
        chair=world.chairs[0],
        start=at(TUESDAY, 9),
        by=world.scheduler,
        override=UNCOVERED,
    )
    sent = {"country": "US", "part": "VT", "year": "2026", "days": [str(TUESDAY)]}
    preview = boss.post(PAGE, sent | {"action": "preview"}).content.decode()
    assert "1 booked visit to move" in preview
    assert f'value="{TUESDAY}" checked' in preview
    assert not Closure.objects.exists()
    assert "Town Meeting Day" in change(boss, PAGE, **sent)
    assert CapacitySlot.objects.get(clinic=world.clinic, starts_at=at(TUESDAY, 9)).load_cap == 0
    assert StaffTask.objects.get(kind="setup").visit_id == visit.id
    assert 'value="VT" selected' in boss.get("/setup/closures/").content.decode()


@pytest.mark.django_db
def test_none_ticked_is_a_sentence_at_the_field_and_nonsense_in_the_address_is_the_clinic_s_own(
    world: World, boss: Client
) -> None:
    answer = boss.post(PAGE, {"country": "US", "part": "", "year": "2026"})
    assert answer.status_code == 422
    assert 'href="#id_days"' in answer.content.decode()
    odd = boss.get(f"{PAGE}?country=XX&part=nowhere&year=1")
    assert odd.status_code == 200
    assert odd.context["whose"] == "United States"
    german = boss.get(f"{PAGE}?country=DE&part=IL&year=2026")
    assert (german.context["whose"], german.context["calendar"].initial["part"]) == ("Germany", "")
