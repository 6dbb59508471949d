"""The week and the load of a quarter hour name closures and chairs out of use."""

from datetime import timedelta

import pytest
from django.test import Client

from accounts.domain.policy import Role
from core.actor import Actor
from scheduling.services import outages, setup_calendar
from tests import factories
from tests.factories import at
from tests.scheduling.conftest import MONDAY, TUESDAY, World

pytestmark = pytest.mark.django_db


@pytest.fixture
def manager(world: World) -> Actor:
    return factories.actor(factories.make_staff(world.clinic, Role.MANAGER))


@pytest.fixture
def desk(world: World) -> Client:
    client = Client()
    client.force_login(
        factories.make_staff(world.clinic), backend="allauth.account.auth_backends.AuthenticationBackend"
    )
    return client


def out(world: World, manager: Actor, first: int, last: int, *, days: int = 0, chair: int = 0) -> None:
    end = at(TUESDAY + timedelta(days=days), last)
    outages.add(chair=world.chairs[chair], starts_at=at(TUESDAY, first), ends_at=end, reason="pump broken", by=manager)


def test_the_week_says_why_a_day_is_closed(world: World, manager: Actor, desk: Client) -> None:
    setup_calendar.close(clinic=world.clinic, on=TUESDAY, reason="Town Meeting Day", by=manager)
    week = desk.get(f"/week/{TUESDAY}/")
    assert "<b>closed:</b> Town Meeting Day" in week.content.decode()
    assert [day.closed_for for day in week.context["week"].days] == ["", "Town Meeting Day", "", "", "", "", ""]


def test_the_week_names_chairs_out_of_use_on_each_of_their_days(world: World, manager: Actor, desk: Client) -> None:
    out(world, manager, 9, 12)
    out(world, manager, 13, 10, days=2, chair=1)
    week = desk.get(f"/week/{TUESDAY}/").context["week"]
    assert [day.out for day in week.days][:5] == [
        (),
        ("A1 09:00–12:00", "A2 from 13:00"),
        ("A2",),
        ("A2 until 10:00",),
        (),
    ]


def test_a_week_that_is_closed_altogether_says_why(world: World, manager: Actor, desk: Client) -> None:
    for offset in range(5):
        setup_calendar.close(
            clinic=world.clinic, on=MONDAY + timedelta(days=offset), reason="We move house", by=manager
        )
    html = desk.get(f"/week/{TUESDAY}/").content.decode()
    assert "Nothing is open this week" in html
    assert html.count("We move house.") == 5


def test_the_load_of_a_quarter_hour_names_them_too(world: World, manager: Actor, desk: Client) -> None:
    out(world, manager, 9, 12)
    html = desk.get(f"/board/{TUESDAY}/load/?at=09:15").content.decode()
    assert "A1 is out of use then: pump broken." in html
    assert "out of use" not in desk.get(f"/board/{TUESDAY}/load/?at=12:00").content.decode()
    setup_calendar.close(clinic=world.clinic, on=MONDAY + timedelta(days=2), reason="Training", by=manager)
    assert ": Training." in desk.get("/board/2026-03-04/load/?at=09:15").content.decode()


def test_a_manager_comes_from_the_week_to_shifts_and_closures(world: World, desk: Client) -> None:
    boss = Client()
    boss.force_login(
        factories.make_staff(world.clinic, Role.MANAGER),
        backend="allauth.account.auth_backends.AuthenticationBackend",
    )
    for address in (f"/setup/shifts/{MONDAY}/", "/setup/closures/"):
        assert f'href="{address}"' in boss.get(f"/week/{TUESDAY}/").content.decode()
        assert f'href="{address}"' not in desk.get(f"/week/{TUESDAY}/").content.decode()
        assert f'href="/week/{MONDAY}/"' in boss.get(f"/setup/shifts/{MONDAY}/").content.decode()
