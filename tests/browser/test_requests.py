"""A scheduler answers what patients asked: another time, the same time, or none; and the patient sees the answer."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail
from playwright.sync_api import Page, expect

from accounts.domain.policy import Role
from accounts.models import Clinic, User
from core import clock
from messaging.services import dispatch
from patients.models import Patient
from scheduling.domain.statuses import VisitStatus
from scheduling.models import Chair, MoveRequest, RequestState, Visit
from scheduling.services import booking, requests
from tests import factories
from tests.browser.conftest import DESK, PHONE, Browsing
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
    return clinic


@pytest.fixture
def scheduler(clinic: Clinic) -> User:
    return factories.make_staff(clinic, Role.SCHEDULER, name="K. Marsh")


def asked(clinic: Clinic, wish: str, *half_days: str, family_name: str = "Farouk", hour: int = 9) -> MoveRequest:
    """A patient with an infusion on Friday at 9 who asked for something else."""
    patient = factories.make_patient(clinic, signs_in=True, given_name="Amina", family_name=family_name)
    order = factories.make_order(patient)
    factories.make_authorization(order)
    visit = booking.book(
        course_day=factories.make_course_day(order, FRIDAY),
        chair=Chair.objects.select_related("clinic").filter(clinic=clinic)[0],
        start=at(FRIDAY, hour),
        by=factories.scheduler(clinic),
    )
    user = patient.user
    assert user is not None
    by = factories.actor(user)
    return requests.ask(visit=visit, wish=wish, half_days=half_days, note="After noon, please.", by=by)


def letters_to(patient: Patient) -> list[str]:
    """What the patient has in the mail once the minute is over in which staff may still undo."""
    set_clock(clock.now() + timedelta(minutes=2))
    dispatch.drain()
    return [str(letter.body) for letter in mail.outbox if letter.to == [patient.email]]


def home_of(browsing: Browsing, patient: Patient) -> Page:
    assert patient.user is not None
    return browsing.open("/p/", user=patient.user, size=PHONE)


@SCRIPTS
def test_one_press_moves_the_visit_and_the_patient_is_told(
    browsing: Browsing, clinic: Clinic, scheduler: User, javascript: bool
) -> None:
    request = asked(clinic, "later", "2026-11-20 afternoon")
    page = browsing.open("/requests/", user=scheduler, size=DESK, java_script_enabled=javascript)
    card = page.locator("article", has_text="Farouk, A.")
    expect(card).to_contain_text("Fri 20 Nov 09:00")
    expect(card).to_contain_text("“After noon, please.”")
    offered = card.locator("button.option").first
    expect(offered).to_contain_text("Fri 20 Nov 12:00")
    offered.click()
    expect(page.locator(".toast").first).to_contain_text("Farouk, A. is moved. The patient is told.")
    expect(page.get_by_text("Nobody is waiting for an answer.")).to_be_visible()
    visit = Visit.objects.get(pk=request.visit_id)
    assert visit.period.lower == at(FRIDAY, 12)
    assert any("12:00 pm" in letter for letter in letters_to(visit.patient))
    expect(home_of(browsing, visit.patient).locator("#visit-card")).to_contain_text("12:00 pm")


@SCRIPTS
def test_a_no_carries_a_line_that_the_patient_reads(
    browsing: Browsing, clinic: Clinic, scheduler: User, javascript: bool
) -> None:
    request = asked(clinic, "other_days", "2026-11-19 morning")
    page = browsing.open("/requests/", user=scheduler, java_script_enabled=javascript)
    card = page.locator("article", has_text="Farouk, A.")
    card.get_by_text("Keep the time…").click()
    card.get_by_label("What the patient reads").fill("All chairs are taken that morning.")
    card.get_by_role("button", name="Keep the time", exact=True).click()
    expect(page.locator(".toast").first).to_contain_text("Farouk, A. keeps the time.")
    request.refresh_from_db()
    assert request.state == RequestState.KEPT
    patient_card = home_of(browsing, request.visit.patient).locator("#visit-card")
    expect(patient_card).to_contain_text("We could not move this visit. All chairs are taken that morning.")
    expect(patient_card.get_by_role("link", name="Ask to move")).to_be_visible()


def test_who_cannot_come_is_cancelled_in_one_press(browsing: Browsing, clinic: Clinic, scheduler: User) -> None:
    request = asked(clinic, "cancel")
    page = browsing.open("/requests/", user=scheduler)
    page.get_by_role("button", name="Cancel the visit").click()
    expect(page.locator(".toast").first).to_contain_text("Cancelled Farouk, A.’s visit.")
    assert Visit.objects.get(pk=request.visit_id).status == VisitStatus.CANCELLED
    expect(home_of(browsing, request.visit.patient).get_by_text("No infusion is booked yet")).to_be_visible()


def test_a_time_that_was_taken_meanwhile_is_refused_in_words_and_the_request_stays(
    browsing: Browsing, clinic: Clinic, scheduler: User
) -> None:
    request = asked(clinic, "later", "2026-11-20 afternoon")
    page = browsing.open("/requests/", user=scheduler)
    card = page.locator("article", has_text="Farouk, A.")
    chair, start = str(card.locator("button.option").first.get_attribute("value")).split("@")
    rival = factories.make_order(factories.make_patient(clinic, family_name="Rival"))
    factories.make_authorization(rival)
    booking.book(
        course_day=factories.make_course_day(rival, FRIDAY),
        chair=Chair.objects.select_related("clinic").get(pk=chair),
        start=datetime.fromisoformat(start),
        by=factories.actor(scheduler),
    )
    card.locator("button.option").first.click()
    expect(page.get_by_role("alert")).to_contain_text("Rival, A.")
    expect(page.locator("article", has_text="Farouk, A.")).to_be_visible()
    request.refresh_from_db()
    assert request.state == RequestState.OPEN
    assert Visit.objects.get(pk=request.visit_id).period.lower == at(FRIDAY, 9)


def test_the_menu_counts_who_waits_for_an_answer(browsing: Browsing, clinic: Clinic, scheduler: User) -> None:
    asked(clinic, "later", "2026-11-20 afternoon")
    asked(clinic, "cancel", family_name="Second", hour=13)
    page = browsing.open("/patients/", user=scheduler)
    expect(page.get_by_role("link", name="Requests 2 to answer")).to_be_visible()
