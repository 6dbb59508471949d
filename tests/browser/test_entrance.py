"""Staff at the door: password, second factor, what a wrong one is told; and the log that remembers who came in."""

import pytest
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from playwright.sync_api import Page, expect

from accounts.domain.policy import Role
from accounts.models import Clinic, User
from tests import factories
from tests.browser.conftest import DESK, Browsing
from tests.factories import PASSWORD

pytestmark = pytest.mark.browser
SCRIPTS = pytest.mark.parametrize("javascript", [True, False], ids=["with script", "without script"])


@pytest.fixture
def clinic(browsing: Browsing) -> Clinic:
    return factories.make_clinic(name="Lakeside Infusion")


def code_of(secret: str) -> str:
    """What an authenticator app shows now."""
    return str(format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time())))))


def knock(page: Page, user: User, password: str = PASSWORD) -> None:
    page.get_by_label("E-mail address").fill(user.email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()


@SCRIPTS
@pytest.mark.parametrize(
    ("role", "heading"),
    [
        (Role.SCHEDULER, "Board"),
        (Role.AUTHORIZATION_ADMIN, "Authorizations to work on"),
        (Role.AUDITOR, "Audit log"),
    ],
)
def test_a_password_leads_each_role_to_its_first_page(
    browsing: Browsing, clinic: Clinic, role: Role, heading: str, javascript: bool
) -> None:
    page = browsing.open("/", java_script_enabled=javascript)
    knock(page, factories.make_staff(clinic, role))
    current = page.locator("nav[aria-label=Main] [aria-current=page]")
    expect(current).to_have_text(heading.split(maxsplit=1)[0])
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_the_page_that_was_wanted_comes_after_signing_in(browsing: Browsing, clinic: Clinic) -> None:
    page = browsing.open("/patients/?q=ma")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    knock(page, factories.make_staff(clinic, Role.NURSE))
    expect(page.get_by_role("heading", level=1)).to_have_text("Patients")
    expect(page.locator("main").get_by_label("Name, record number or date of birth")).to_have_value("ma")


@SCRIPTS
def test_a_wrong_password_is_told_without_saying_whether_the_address_is_known(
    browsing: Browsing, clinic: Clinic, javascript: bool
) -> None:
    nurse = factories.make_staff(clinic, Role.NURSE)
    told = []
    for email in (nurse.email, "nobody@example.org"):
        page = browsing.open("/accounts/login/", java_script_enabled=javascript)
        page.get_by_label("E-mail address").fill(email)
        page.get_by_label("Password").fill("not the passphrase")
        page.get_by_role("button", name="Sign in", exact=True).click()
        expect(page.get_by_role("alert")).to_contain_text("There is a problem")
        expect(page.get_by_label("E-mail address")).to_have_value(email)
        expect(page.get_by_label("Password")).to_have_value("")
        told.append(page.get_by_role("alert").inner_text())
    assert told[0] == told[1]


def test_many_wrong_passwords_mean_a_wait_told_in_words(browsing: Browsing, clinic: Clinic) -> None:
    nurse = factories.make_staff(clinic, Role.NURSE)
    page = browsing.open("/accounts/login/")
    for _ in range(12):
        knock(page, nurse, "not the passphrase")
        expect(page.get_by_role("alert")).to_be_visible()
        if "Too many wrong tries." in page.get_by_role("alert").inner_text():
            break
    expect(page.get_by_role("alert")).to_contain_text("Too many wrong tries. Wait ")


@SCRIPTS
def test_a_second_factor_is_asked_for_and_a_wrong_code_does_not_open(
    browsing: Browsing, clinic: Clinic, javascript: bool
) -> None:
    nurse, secret = factories.make_staff(clinic, Role.NURSE), generate_totp_secret()
    TOTP.activate(nurse, secret)
    page = browsing.open("/patients/", java_script_enabled=javascript)
    knock(page, nurse)
    expect(page.get_by_role("heading", level=1)).to_have_text("Enter your code")
    page.goto("/patients/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Enter your code")
    right = code_of(secret)
    page.get_by_label("Code").fill(str((int(right) + 1) % 1_000_000).zfill(6))
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("Incorrect code")
    page.get_by_label("Code").fill(code_of(secret))
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Patients")


def test_a_second_factor_is_set_up_from_the_menu_and_its_codes_shown_once(browsing: Browsing, clinic: Clinic) -> None:
    page = browsing.open("/", size=DESK)
    knock(page, factories.make_staff(clinic, Role.NURSE, name="T. Brook"))
    page.locator("header summary").click()
    page.get_by_role("link", name="Two-step sign-in").click()
    expect(page.get_by_text("Off", exact=True)).to_be_visible()
    page.get_by_role("link", name="Set up").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Confirm it is you")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    secret = page.locator("main code").inner_text()
    expect(page.get_by_alt_text("Code to scan.")).to_be_visible()
    page.locator("main input[name=code]").fill(code_of(secret))
    page.get_by_role("button", name="Turn on").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Recovery codes")
    expect(page.locator("ul.codes li")).to_have_count(10)
    page.get_by_role("link", name="Two-step sign-in").first.click()
    expect(page.get_by_text("On", exact=True)).to_be_visible()


def test_signing_out_asks_for_the_password_again(browsing: Browsing, clinic: Clinic) -> None:
    page = browsing.open("/patients/", user=factories.make_staff(clinic, Role.NURSE))
    page.locator("header summary").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    page.goto("/patients/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")


def test_single_key_shortcuts_are_turned_off_in_the_settings(browsing: Browsing, clinic: Clinic) -> None:
    nurse = factories.make_staff(clinic, Role.NURSE)
    page = browsing.open("/me/", user=nurse)
    page.get_by_label("Letters act on the board").uncheck()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_label("Letters act on the board")).not_to_be_checked()
    nurse.refresh_from_db()
    assert nurse.uses_shortcuts is False


@SCRIPTS
def test_a_manager_sees_in_the_log_who_opened_whose_record(
    browsing: Browsing, clinic: Clinic, javascript: bool
) -> None:
    ada, bo = factories.make_patient(clinic, family_name="Quist"), factories.make_patient(clinic, family_name="Otter")
    nurse = factories.make_staff(clinic, Role.NURSE, name="T. Brook")
    for patient in (ada, bo):
        browsing.open(f"/patients/{patient.id}/", user=nurse)
    page = browsing.open("/audit/", user=factories.make_staff(clinic, Role.MANAGER), java_script_enabled=javascript)
    rows = page.locator("tbody tr", has_text="patient.view")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("T. Brook")
    rows.first.get_by_role("link", name="Only this patient").click()
    expect(page.locator("caption")).to_have_text("One patient's record")
    expect(page.locator("tbody tr", has_text="patient.view")).to_have_count(1)
    page.get_by_role("link", name="Clear filters").click()
    page.get_by_label("Done by").fill("Brook")
    page.get_by_role("button", name="Show").click()
    expect(page.locator("tbody tr", has_text="patient.view")).to_have_count(2)
    page.get_by_label("Done by").fill("Nobody Here")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_text("Nothing matches these filters.")).to_be_visible()


def test_a_nurse_who_asks_for_the_log_is_told_no_in_words(browsing: Browsing, clinic: Clinic) -> None:
    page = browsing.open(user=factories.make_staff(clinic, Role.NURSE))
    answer = page.goto("/audit/")
    assert answer is not None
    assert answer.status == 403
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.get_by_role("link", name="Go to the start page")).to_be_visible()
