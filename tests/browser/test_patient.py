"""A patient on a phone: in by code and date of birth, yes and undo, a wish to move, the calendar, and out again."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core import mail
from playwright.sync_api import Page, expect

from accounts.domain.policy import Role
from accounts.models import Clinic, User
from messaging.models import OutboxMessage
from messaging.services import dispatch
from patients.models import Patient
from scheduling.domain.statuses import VisitStatus
from scheduling.models import Chair, MoveRequest, RequestState, Visit
from scheduling.services import booking
from tests import factories
from tests.browser.conftest import PHONE, SMALL_PHONE, Browsing
from tests.browser.scenes import FRIDAY, set_clock
from tests.factories import at

pytestmark = pytest.mark.browser

MONDAY = datetime(2026, 11, 16, 16, 0, tzinfo=UTC)
SCRIPTS = pytest.mark.parametrize("javascript", [True, False], ids=["with script", "without script"])


@pytest.fixture
def clinic(browsing: Browsing) -> Clinic:
    """Monday, 10:00, at a clinic with four nurses all week."""
    set_clock(MONDAY)
    clinic = factories.make_clinic(chairs=3, name="Lakeside Infusion")
    factories.make_shifts(clinic, MONDAY.date(), days=12, nurses=4)
    return clinic


@pytest.fixture
def amina(clinic: Clinic) -> Patient:
    """Born on 17 May 1970; an infusion is booked on Friday at 9."""
    return a_patient(clinic, "Amina", "Farouk", hour=9)


def a_patient(clinic: Clinic, given: str, family: str, *, hour: int) -> Patient:
    patient = factories.make_patient(clinic, signs_in=True, given_name=given, family_name=family)
    order = factories.make_order(patient)
    factories.make_authorization(order)
    booking.book(
        course_day=factories.make_course_day(order, FRIDAY),
        chair=Chair.objects.select_related("clinic").filter(clinic=clinic)[0],
        start=at(FRIDAY, hour),
        by=factories.scheduler(clinic),
    )
    return patient


def their_visit(patient: Patient) -> Visit:
    return Visit.objects.get(patient=patient)


def code_from_outbox(browsing: Browsing, patient: Patient) -> str:
    """The six digits of the newest code, as they stand in the e-mail that was sent."""
    dispatch.drain()
    letters = [letter for letter in mail.outbox if letter.to == [patient.email]]
    found = re.search(r"\b\d{6}\b", str(letters[-1].body))
    assert found is not None
    return found.group()


def sign_in(browsing: Browsing, patient: Patient, **options: Any) -> Page:
    page = browsing.open("/p/", size=PHONE, **options)
    page.get_by_label("Your e-mail address").fill(patient.email)
    page.get_by_role("button", name="Send me a code").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Check your e-mail")
    page.get_by_label("The 6 numbers from the e-mail").fill(code_from_outbox(browsing, patient))
    born = patient.birth_date
    for label, value in (("Month", born.month), ("Day", born.day), ("Year", born.year)):
        page.get_by_label(label, exact=True).fill(str(value))
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Hello {patient.given_name}")
    return page


@SCRIPTS
def test_a_patient_signs_in_with_a_code_and_a_date_of_birth_and_sees_the_next_infusion(
    browsing: Browsing, amina: Patient, javascript: bool
) -> None:
    page = sign_in(browsing, amina, java_script_enabled=javascript)
    card = page.locator("#visit-card")
    expect(card).to_contain_text("Friday 20 November")
    expect(card).to_contain_text("9:00 am")
    expect(card).to_contain_text("Plan to be here about 1 hour 45 minutes, until around 10:45 am")
    expect(card).to_contain_text("Insurance approval is in place.")
    assert amina.email not in page.url


@SCRIPTS
def test_a_yes_is_one_tap_and_can_be_taken_back(browsing: Browsing, amina: Patient, javascript: bool) -> None:
    page = sign_in(browsing, amina, java_script_enabled=javascript)
    page.get_by_role("button", name="Yes, I’ll be there").click()
    expect(page.locator("#visit-card")).to_contain_text("You’re confirmed. See you Friday.")
    assert their_visit(amina).status == VisitStatus.CONFIRMED
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("button", name="Yes, I’ll be there")).to_be_visible()
    assert their_visit(amina).status == VisitStatus.BOOKED


@SCRIPTS
def test_a_wish_to_move_is_sent_kept_in_sight_and_taken_back(
    browsing: Browsing, amina: Patient, javascript: bool
) -> None:
    page = sign_in(browsing, amina, java_script_enabled=javascript)
    page.get_by_role("link", name="Ask to move").click()
    page.get_by_label("Other days").check()
    page.get_by_label("Thu 19 Nov am").check()
    page.get_by_label("Mon 23 Nov pm").check()
    page.get_by_label("Anything we should know?").fill("My mother’s birthday.")
    page.get_by_role("button", name="Send request").click()
    card = page.locator("#visit-card")
    expect(card).to_contain_text("You asked: Other days. Thu 19 Nov, morning; Mon 23 Nov, afternoon.")
    expect(card).to_contain_text("Your current time stays booked until we confirm.")
    expect(page.get_by_text("We got your request.").first).to_be_attached()
    asked = MoveRequest.objects.get(visit__patient=amina)
    assert (asked.state, asked.note) == (RequestState.OPEN, "My mother’s birthday.")
    page.get_by_role("button", name="Take the request back").click()
    expect(page.get_by_role("link", name="Ask to move")).to_be_visible()
    asked.refresh_from_db()
    assert asked.state == RequestState.WITHDRAWN


def test_asking_for_too_many_half_days_keeps_what_was_ticked(browsing: Browsing, amina: Patient) -> None:
    page = sign_in(browsing, amina)
    page.get_by_role("link", name="Ask to move").click()
    page.get_by_label("A later time").check()
    for tick in page.get_by_role("checkbox").all()[:4]:
        tick.check()
    page.get_by_role("button", name="Send request").click()
    expect(page.get_by_role("alert")).to_contain_text("Tick up to 3.")
    expect(page.get_by_role("alert")).to_be_focused()
    expect(page.locator("input:checked[type=checkbox]")).to_have_count(4)
    expect(page.get_by_label("A later time")).to_be_checked()


def test_somebody_who_cannot_come_says_so_in_two_taps(browsing: Browsing, amina: Patient) -> None:
    page = sign_in(browsing, amina)
    page.goto(f"/p/visits/{their_visit(amina).id}/")
    page.get_by_role("link", name="I can’t come at all").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Tell us you can’t come")
    page.get_by_role("button", name="Send request").click()
    expect(page.locator("#visit-card")).to_contain_text("You asked: I can’t come at all.")


@SCRIPTS
def test_the_calendar_file_names_the_time_and_place_and_not_the_treatment(
    browsing: Browsing, amina: Patient, javascript: bool
) -> None:
    page = sign_in(browsing, amina, java_script_enabled=javascript)
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Add to calendar").click()
    text = waiting.value.path().read_bytes().decode()
    assert waiting.value.suggested_filename.endswith(".ics")
    lines = re.sub(r"\r\n[ \t]", "", text).split("\r\n")
    facts = dict(line.split(":", 1) for line in lines if line)
    visit = their_visit(amina)
    assert (lines[0], lines[-2], lines[-1]) == ("BEGIN:VCALENDAR", "END:VCALENDAR", "")
    assert facts["DTSTART"] == "20261120T150000Z"
    assert facts["DTEND"] == "20261120T164500Z"
    assert facts["UID"].startswith(str(visit.id))
    assert facts["SUMMARY"] == "Appointment"
    assert facts["LOCATION"] == "Lakeside Clinic\\, 40 Harbor Road\\, Chicago"
    assert "IVIG" not in text
    assert "Infusion" not in text.replace("Infusion Clinic//Appointments", "")


@SCRIPTS
def test_all_infusions_are_a_tap_away_and_nobody_elses(browsing: Browsing, amina: Patient, javascript: bool) -> None:
    stranger = a_patient(amina.clinic, "Bo", "Other", hour=12)
    page = sign_in(browsing, amina, java_script_enabled=javascript)
    page.get_by_role("link", name="All your infusions").last.click()
    expect(page.locator("main .lines li")).to_have_count(1)
    page.get_by_role("link", name="Friday 20 November").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your infusion")
    for name in ("", "move/", ".ics"):
        path = f"/p/visits/{their_visit(stranger).id}"
        answer = page.request.get(path + (name if name == ".ics" else f"/{name}"))
        assert answer.status == 404, name
    assert page.request.get(f"/patients/{amina.id}/").status == 403


def test_signing_out_closes_the_way_back(browsing: Browsing, amina: Patient) -> None:
    page = sign_in(browsing, amina)
    page.get_by_text("Menu").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("See your infusions")
    page.go_back()
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("See your infusions")


@SCRIPTS
def test_a_wrong_date_of_birth_is_answered_in_words_and_what_was_typed_stays(
    browsing: Browsing, amina: Patient, javascript: bool
) -> None:
    page = browsing.open("/p/login/", size=SMALL_PHONE, java_script_enabled=javascript)
    page.get_by_label("Your e-mail address").fill(amina.email)
    page.get_by_role("button", name="Send me a code").click()
    page.get_by_label("The 6 numbers from the e-mail").fill(code_from_outbox(browsing, amina))
    for label, value in (("Month", "5"), ("Day", "18"), ("Year", "1970")):
        page.get_by_label(label, exact=True).fill(value)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("The code or the date of birth is not right.")
    expect(page.get_by_label("Day", exact=True)).to_have_value("18")
    page.get_by_label("Day", exact=True).fill("17")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Hello Amina")


def test_an_unknown_address_is_answered_like_a_known_one(browsing: Browsing, amina: Patient) -> None:
    page = browsing.open("/p/login/", size=PHONE)
    page.get_by_label("Your e-mail address").fill("stranger@example.org")
    page.get_by_role("button", name="Send me a code").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Check your e-mail")
    assert not OutboxMessage.objects.filter(to="stranger@example.org").exists()


def test_two_phones_agree_on_what_was_said(browsing: Browsing, amina: Patient) -> None:
    """A page opened before the visit was moved does not confirm what it no longer shows as it is."""
    page = sign_in(browsing, amina)
    visit = Visit.objects.select_related("chair__clinic", "clinic", "patient").get(patient=amina)
    by = factories.actor(User.objects.filter(memberships__role=Role.SCHEDULER)[0])
    booking.cancel(visit=visit, reason="The prescriber stopped the treatment", expected_version=visit.version, by=by)
    page.get_by_role("button", name="Yes, I’ll be there").click()
    expect(page.locator("#visit-card")).to_contain_text("Called off")
    assert their_visit(amina).status == VisitStatus.CANCELLED


def test_the_infusion_prints_without_buttons(browsing: Browsing, amina: Patient) -> None:
    page = sign_in(browsing, amina)
    page.goto(f"/p/visits/{their_visit(amina).id}/")
    page.emulate_media(media="print")
    for kept in ("Friday 20 November", "9:00 am", "Lakeside Infusion", "Get ready", "+1 312 555 0100"):
        expect(page.get_by_text(kept).locator("visible=true").first).to_be_visible()
    for name in ("Yes, I’ll be there", "Menu"):
        expect(page.get_by_text(name, exact=True)).to_be_hidden()
    expect(page.get_by_role("link", name="Ask to move")).to_be_hidden()
    expect(page.get_by_role("link", name="Add to calendar")).to_be_hidden()
    assert pages_of(page.pdf(format="A4")) == 1


def pages_of(pdf: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", pdf))
