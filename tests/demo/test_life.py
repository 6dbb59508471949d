"""Something goes on everywhere in the demo: people wait, a place is offered, one is held, a chair is out of use."""

from datetime import timedelta

import pytest
from django.test import Client

from core import clock
from core.intervals import Interval
from scheduling.models import ChairOutage, NurseSkill, Offer, OfferState, StaffTask, Visit, WaitlistEntry, WaitState
from scheduling.queries import week
from tests.demo.conftest import Demo

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("demo_clinic")]


def client(demo: Demo, role: str) -> Client:
    found = Client()
    user = next(sign_in.user for sign_in in demo.sign_ins if sign_in.role == role)
    found.force_login(user, "allauth.account.auth_backends.AuthenticationBackend")
    return found


def test_some_wait_for_a_place_and_some_for_a_better_time(demo: Demo) -> None:
    waits = WaitlistEntry.objects.filter(clinic=demo.clinic, state=WaitState.WAITING)
    assert waits.filter(visit=None).count() >= 2
    assert waits.exclude(visit=None).count() >= 2
    assert all(entry.latest_on >= clock.today(demo.clinic.zone) for entry in waits)
    assert len({entry.created_at for entry in waits}) == waits.count()
    assert waits.exclude(note="").exists()


def test_one_offer_is_open_and_one_place_is_held(demo: Demo) -> None:
    offer = Offer.objects.get(state=OfferState.OPEN)
    assert offer.expires_at > clock.now() + timedelta(minutes=30)
    assert offer.starts_at > clock.now() + timedelta(days=1)
    held = Visit.objects.filter(clinic=demo.clinic, status="held", hold_until__gt=clock.now())
    assert set(held.values_list("pk", flat=True)) > {offer.held_visit_id}
    assert held.count() == 2


def test_a_place_is_free_again_and_somebody_could_take_it(demo: Demo) -> None:
    (task,) = StaffTask.objects.filter(kind="backfill", done_at=None)
    assert "is free on" in task.text
    assert task.visit is not None
    page = client(demo, "Scheduler").get(f"/waitlist/backfill/{task.visit_id}/")
    assert page.status_code == 200
    assert page.context["fit"] or page.context["unfit"]


def test_a_chair_is_out_of_use_today_and_nobody_is_booked_in_it(demo: Demo) -> None:
    outage = ChairOutage.objects.get(clinic=demo.clinic, lifted_at=None)
    assert outage.starts_at >= clock.now() - timedelta(hours=1)
    out = Interval(outage.starts_at, outage.ends_at)
    here = Visit.objects.filter(chair=outage.chair).occupying()
    assert not here.filter(period__overlap=(out.start, out.end)).exists()
    today = next(day for day in week.week_load(demo.clinic, clock.today(demo.clinic.zone)).days if day.out)
    assert today.on == clock.today(demo.clinic.zone)


def test_nurses_have_skills_and_some_lack_them(demo: Demo) -> None:
    skilled = NurseSkill.objects.filter(clinic=demo.clinic).values("nurse").distinct().count()
    assert 3 <= skilled < 7


@pytest.mark.parametrize(
    ("role", "path"),
    [
        ("Scheduler", "/waitlist/"),
        ("Scheduler", "/requests/"),
        ("Manager", "/setup/"),
        ("Manager", "/setup/closures/holidays/"),
        ("Manager", "/setup/vitals/"),
        ("Manager", "/week/2026-11-25/"),
    ],
)
def test_the_pages_show_it(demo: Demo, role: str, path: str) -> None:
    page = client(demo, role).get(path)
    assert page.status_code == 200
    assert "Nobody waits" not in page.content.decode()


def test_the_week_names_the_holiday_and_the_chair(demo: Demo) -> None:
    html = client(demo, "Manager").get("/week/2026-11-25/").content.decode()
    assert "Thanksgiving Day" in html
    outage = ChairOutage.objects.select_related("chair").get(clinic=demo.clinic)
    assert f"{outage.chair.name} " in html
