"""Every page but the board, as the demo clinic fills it: open to everybody, whole on its screen, quiet and light.

The demo is filled once; each page is opened once as the person who uses it, on the larger screen, and looked at there
and on the smaller one. What axe finds, what is cut or hidden, what is too small to press, what is kept in the browser
and what weighs too much are all named together.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db.models import Count
from playwright.sync_api import Browser, Page, expect
from pytest_django import DjangoDbBlocker
from pytest_django.live_server_helper import LiveServer

from accounts.domain.policy import Role
from accounts.models import Membership, User
from authorizations.models import Authorization
from core import clock
from core.actor import system
from patients.models import Patient
from regimens.models import OrderStatus, TreatmentOrder
from regimens.services import catalogue
from scheduling.demo import fill
from scheduling.domain.statuses import VisitStatus
from scheduling.models import MoveRequest, Visit
from tests.browser import eyes
from tests.browser.conftest import DESK, PHONE, SMALL_DESK, SMALL_PHONE, Browsing, session_of, settle
from tests.browser.scenes import set_clock

# `django_db` only so that pytest makes the database: the tests themselves ask the server, never the database.
pytestmark = [pytest.mark.browser, pytest.mark.django_db]

MONDAY = datetime(2026, 11, 23, 16, 30, tzinfo=UTC)
FINGER, POINTER = 44, 24
MOST_SCRIPT, MOST_STYLE = 40_000, 30_000

ADMIN, MANAGER, NURSE, SCHEDULER = Role.AUTHORIZATION_ADMIN, Role.MANAGER, Role.NURSE, Role.SCHEDULER
STAFF_PAGES: dict[str, tuple[Role, str]] = {
    "authorizations": (ADMIN, "/authorizations/"),
    "authorizations at risk": (ADMIN, "/authorizations/?show=at-risk"),
    "no authorization matches": (NURSE, "/authorizations/?show=mine"),
    "authorization": (ADMIN, "/authorizations/{approved}/"),
    "authorization that is pending": (ADMIN, "/authorizations/{pending}/"),
    "denied authorization": (ADMIN, "/authorizations/{denied}/"),
    "new authorization": (ADMIN, "/authorizations/new/"),
    "new authorization for an order": (ADMIN, "/authorizations/new/?order={order}"),
    "send a request": (ADMIN, "/authorizations/{draft_authorization}/submit/"),
    "record an answer": (ADMIN, "/authorizations/{pending}/answer/"),
    "log a call": (ADMIN, "/authorizations/{pending}/call/"),
    "next follow-up": (ADMIN, "/authorizations/{pending}/follow-up/"),
    "owner": (ADMIN, "/authorizations/{pending}/assign/"),
    "move along": (ADMIN, "/authorizations/{pending}/step/"),
    "close": (ADMIN, "/authorizations/{pending}/close/"),
    "start a renewal": (ADMIN, "/authorizations/{approved}/renewal/"),
    "appeal": (ADMIN, "/authorizations/{denied}/appeal/"),
    "cover visits": (ADMIN, "/authorizations/{approved}/cover/"),
    "patients": (SCHEDULER, "/patients/"),
    "patients found": (SCHEDULER, "/patients/?q=ma"),
    "no patient found": (SCHEDULER, "/patients/?q=nobody+at+all"),
    "patient": (NURSE, "/patients/{patient}/"),
    "new patient": (SCHEDULER, "/patients/new/"),
    "change a patient": (SCHEDULER, "/patients/{patient}/edit/"),
    "orders": (SCHEDULER, "/orders/?show=active"),
    "no order found": (SCHEDULER, "/orders/?show=ended"),
    "order": (NURSE, "/orders/{order}/"),
    "draft order": (SCHEDULER, "/orders/{draft_order}/"),
    "new order: whose": (SCHEDULER, "/orders/new/?q=ma"),
    "new order: what for": (SCHEDULER, "/orders/new/?patient={patient}"),
    "new order": (SCHEDULER, "/orders/new/?patient={patient}&product={product}&indication={indication}"),
    "catalogue": (SCHEDULER, "/catalogue/?show=check"),
    "nothing in the catalogue": (SCHEDULER, "/catalogue/?q=nothing+at+all"),
    "product": (MANAGER, "/catalogue/products/gammagard_liquid/"),
    "product with an unchecked label": (NURSE, "/catalogue/products/yimmugo/"),
    "indication": (MANAGER, "/catalogue/indications/CIDP/"),
    "change a number": (MANAGER, "/catalogue/products/privigen/change/rate_steps_first_infusion/"),
    "new billing code": (MANAGER, "/catalogue/products/eculizumab/codes/new/"),
    "set-up": (MANAGER, "/setup/"),
    "set-up: chairs": (MANAGER, "/setup/chairs/"),
    "set-up: new chair": (MANAGER, "/setup/chairs/new/"),
    "set-up: what retiring a chair breaks": (MANAGER, "/setup/chairs/{chair}/retire/"),
    "set-up: chair out of use": (MANAGER, "/setup/chairs/{chair}/out/"),
    "set-up: hours": (MANAGER, "/setup/hours/"),
    "set-up: closures": (MANAGER, "/setup/closures/"),
    "set-up: shifts": (MANAGER, "/setup/shifts/"),
    "set-up: new shift": (MANAGER, "/setup/shifts/new/"),
    "set-up: copy a week": (MANAGER, "/setup/shifts/2026-11-23/copy/"),
    "set-up: skills": (MANAGER, "/setup/skills/"),
    "set-up: nurse need": (MANAGER, "/setup/weights/"),
    "set-up: change a need": (MANAGER, "/setup/weights/ramp/"),
    "set-up: rules": (MANAGER, "/setup/rules/"),
    "week": (SCHEDULER, "/week/2026-11-23/"),
    "week without shifts": (SCHEDULER, "/week/2029-01-01/"),
    "requests": (SCHEDULER, "/requests/"),
    "visit": (NURSE, "/visits/{visit}/"),
    "outbox": (SCHEDULER, "/outbox/"),
    "audit log": (MANAGER, "/audit/"),
    "my settings": (NURSE, "/me/"),
    "two-step sign-in": (NURSE, "/accounts/2fa/"),
    "change password": (NURSE, "/accounts/password/change/"),
    "where I am signed in": (NURSE, "/accounts/sessions/"),
    "confirm it is you": (NURSE, "/accounts/reauthenticate/"),
    "API keys": (MANAGER, "/api/v1/keys/"),
    "not found": (NURSE, "/patients/00000000-0000-7000-8000-000000000000/"),
    "not allowed": (NURSE, "/audit/"),
}
ENTRANCES = {
    "staff sign-in": "/accounts/login/",
    "forgotten password": "/accounts/password/reset/",
    "a link too old": "/accounts/password/reset/key/1-x/",
    "nothing here": "/nothing/here/",
}
PATIENT_PAGES = {
    "home": "/p/",
    "all infusions": "/p/visits/",
    "next infusion": "/p/visits/{next}/",
    "infusion asked to move": "/p/visits/{asked}/",
    "past infusion": "/p/visits/{past}/",
    "ask to move": "/p/visits/{next}/move/",
    "ask to move, more days": "/p/visits/{next}/move/?more=1",
    "cannot come": "/p/visits/{next}/cancel/",
    "asked already": "/p/visits/{asked}/move/",
    "help": "/p/help/",
    "somebody else's infusion": "/p/visits/00000000-0000-7000-8000-000000000000/",
}
PATIENT_ENTRANCES = {"sign-in": "/p/login/", "help for a visitor": "/p/help/"}
REFUSED = {"not found": 404, "not allowed": 403, "nothing here": 404, "somebody else's infusion": 404}
WRONG_FORMS: dict[str, tuple[Role | str, str, str]] = {
    "answer": (ADMIN, "/authorizations/{pending}/answer/", "Save answer"),
    "call": (ADMIN, "/authorizations/{pending}/call/", "Save call"),
    "patient": (SCHEDULER, "/patients/new/", "Register"),
    "order": (SCHEDULER, "/orders/new/?patient={patient}&product={product}&indication={indication}", "Accept"),
    "outage": (MANAGER, "/setup/chairs/{chair}/out/", "Show what it breaks"),
    "shift": (MANAGER, "/setup/shifts/new/", "Show what it breaks"),
    "password": (NURSE, "/accounts/password/change/", "Change password"),
    "staff sign-in": ("nobody", "/accounts/login/", "Sign in"),
    "patient sign-in": ("nobody", "/p/login/", "Send me a code"),
    "ask to move": ("next", "/p/visits/{next}/move/", "Send request"),
}
OPEN_ALL = "for (const each of document.querySelectorAll('main details, header details')) each.open = true"


OpenAs = Callable[[str, dict[str, int]], tuple[Page, list[str]]]


@dataclass
class House:
    """The filled demo behind a server: sessions of people, and an example of each thing in an address."""

    address: str
    staff: dict[Role, str]
    patients: dict[str, str]
    examples: dict[str, str]
    sizes: dict[str, int] = field(default_factory=dict)


@pytest.fixture(scope="module")
def house(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[House]:
    """Committed, because the server has connections of its own; flushed in the end."""
    before = settings.DEMO_CLOCK_OFFSET_SECONDS
    with django_db_blocker.unblock():
        set_clock(MONDAY)
        server = LiveServer("localhost")
        try:
            catalogue.load(by=system("test"))
            people = [each.user for each in fill.fill(now=clock.now())]
            examples = _examples()
            yield House(server.url, _staff(people), _patients(examples), examples)
        finally:
            server.stop()
            settle()
            call_command("flush", verbosity=0, interactive=False)
            settings.DEMO_CLOCK_OFFSET_SECONDS = before


def _staff(people: list[User]) -> dict[Role, str]:
    found = Membership.objects.filter(user__in=people).exclude(role=Role.PATIENT).select_related("user")
    return {Role(membership.role): session_of(membership.user) for membership in found}


def _examples() -> dict[str, str]:
    """The ids that the addresses above ask for."""
    busy = Patient.objects.annotate(visit_count=Count("visits")).order_by("-visit_count", "id")[0]
    order = TreatmentOrder.objects.filter(patient=busy, status=OrderStatus.ACTIVE)[0]
    found: dict[str, object] = {
        "patient": busy.id,
        "order": order.id,
        "product": order.product_id,
        "indication": order.indication_id,
        "draft_order": TreatmentOrder.objects.filter(status=OrderStatus.DRAFT)[0].id,
        "visit": Visit.objects.filter(patient=busy, status=VisitStatus.BOOKED)[0].id,
        "approved": Authorization.objects.filter(status="approved", units_used__gt=0)[0].id,
    }
    for name, status in (("pending", "in_review"), ("denied", "denied"), ("draft_authorization", "draft")):
        found[name] = Authorization.objects.filter(status=status)[0].id
    booked = Visit.objects.filter(status=VisitStatus.BOOKED, period__startswith__gt=clock.now())
    coming = booked.filter(patient__user__isnull=False, requests=None).filter(patient__visits__status="completed")[0]
    found["next"] = coming.id
    found["chair"] = coming.chair_id
    found["past"] = Visit.objects.filter(patient=coming.patient, status=VisitStatus.COMPLETED)[0].id
    asked = MoveRequest.objects.filter(state="open", visit__patient__user__isnull=False)[0]
    found["asked"] = asked.visit_id
    return {name: str(value) for name, value in found.items()}


def _patients(examples: dict[str, str]) -> dict[str, str]:
    owners = {name: User.objects.get(patient__visits__id=examples[name]) for name in ("next", "asked")}
    return {name: session_of(user) for name, user in owners.items()}


@pytest.fixture(scope="module")
def open_as(browser: Browser, house: House) -> Iterator[OpenAs]:
    """A page in the browser of a person; each person has one, and the list of what its pages complain of."""
    known: dict[tuple[str, int], tuple[Page, Browsing]] = {}

    def open_it(session: str, size: dict[str, int]) -> tuple[Page, list[str]]:
        if (session, size["width"]) not in known:
            browsing = Browsing(browser, house.address)
            known[session, size["width"]] = (
                browsing.open(session=session, size=size, reduced_motion="reduce"),
                browsing,
            )
        page, browsing = known[session, size["width"]]
        page.set_viewport_size(size)  # type: ignore[arg-type]
        browsing.problems.clear()
        return page, browsing.problems

    yield open_it
    for _, browsing in known.values():
        browsing.close()


def look(page: Page, house: House, least: int, smaller: dict[str, int]) -> list[str]:
    """Everything wrong with a page, here and on a smaller screen, closed and with everything on it opened."""
    scripts, sheets = eyes.weight(page, house.sizes)
    found = [f"{scripts} bytes of script"] if scripts > MOST_SCRIPT else []
    found += [f"{sheets} bytes of style sheets"] if sheets > MOST_STYLE else []
    found += eyes.barriers(page) + eyes.kept(page)
    for size in (None, smaller):
        if size is not None:
            page.set_viewport_size(size)  # type: ignore[arg-type]
        width = page.viewport_size["width"] if page.viewport_size else 0
        fits = eyes.sideways(page) + eyes.cut_text(page) + eyes.hidden_columns(page) + eyes.small_targets(page, least)
        found += [f"at {width}: {wrong}" for wrong in fits]
    if page.locator("main details, header details").count():
        page.evaluate(OPEN_ALL)
        opened = eyes.barriers(page) + eyes.sideways(page) + eyes.cut_text(page) + eyes.small_targets(page, least)
        found += [f"opened: {wrong}" for wrong in opened]
    return found


def go(page: Page, path: str, *, expected: int = 200) -> None:
    """Open `path`; the page must answer as expected, or what is looked at is not the page."""
    answer = page.goto(path)
    assert answer is not None
    assert answer.status == expected


@pytest.mark.parametrize("name", STAFF_PAGES)
def test_a_staff_page_is_open_to_all_and_whole_on_its_screens(name: str, house: House, open_as: OpenAs) -> None:
    role, path = STAFF_PAGES[name]
    page, problems = open_as(house.staff[role], DESK)
    go(page, path.format(**house.examples), expected=REFUSED.get(name, 200))
    assert look(page, house, POINTER, SMALL_DESK) + problems == []


@pytest.mark.parametrize("name", ENTRANCES)
def test_a_visitors_page_is_open_to_all_on_desks_and_phones(name: str, house: House, open_as: OpenAs) -> None:
    page, problems = open_as("", DESK)
    go(page, ENTRANCES[name], expected=REFUSED.get(name, 200))
    assert look(page, house, POINTER, SMALL_PHONE) + problems == []


@pytest.mark.parametrize("name", PATIENT_PAGES)
def test_a_patients_page_is_open_to_all_and_whole_on_a_small_phone(name: str, house: House, open_as: OpenAs) -> None:
    path = PATIENT_PAGES[name]
    page, problems = open_as(house.patients["asked" if "{asked}" in path else "next"], PHONE)
    go(page, path.format(**house.examples), expected=REFUSED.get(name, 200))
    assert look(page, house, FINGER, SMALL_PHONE) + problems == []


@pytest.mark.parametrize("name", PATIENT_ENTRANCES)
def test_a_patients_way_in_is_open_to_all_and_whole_on_a_small_phone(name: str, house: House, open_as: OpenAs) -> None:
    page, problems = open_as("", PHONE)
    go(page, PATIENT_ENTRANCES[name])
    assert look(page, house, FINGER, SMALL_PHONE) + problems == []


@pytest.mark.parametrize("name", WRONG_FORMS)
def test_a_form_filled_in_wrongly_says_so_to_all(name: str, house: House, open_as: OpenAs) -> None:
    who, path, button = WRONG_FORMS[name]
    is_patient = path.startswith("/p/")
    session = house.staff[who] if isinstance(who, Role) else house.patients.get(who, "")
    page, problems = open_as(session, PHONE if is_patient else DESK)
    go(page, path.format(**house.examples))
    page.locator("main").get_by_role("button", name=button, exact=True).click()
    expect(page.get_by_role("alert").first).to_contain_text("There is a problem")
    least, smaller = (FINGER, SMALL_PHONE) if is_patient else (POINTER, SMALL_DESK)
    assert look(page, house, least, smaller) + problems == []


def test_the_panel_beside_the_queue_is_open_to_all(house: House, open_as: OpenAs) -> None:
    page, problems = open_as(house.staff[ADMIN], DESK)
    go(page, "/authorizations/?show=pending")
    page.locator("tbody th a").first.click()
    expect(page.locator("#panel h2")).to_be_visible()
    assert look(page, house, POINTER, SMALL_DESK) == []
    page.locator("#panel").get_by_role("link", name="Record answer").click()
    expect(page.locator("#panel").get_by_role("button", name="Save answer")).to_be_visible()
    assert look(page, house, POINTER, SMALL_DESK) + problems == []


def test_what_is_wrong_with_a_page_is_seen(browser: Browser, house: House) -> None:
    """The looks above would be worthless if they saw nothing."""
    visitor = Browsing(browser, house.address)
    page = visitor.open("/p/help/", size=SMALL_PHONE)
    page.evaluate(
        """() => { document.querySelector('main').innerHTML = `<img src="/x.png"><button class="btn"
        id="cut">A long word: unquestionably</button><div class="table-wrap"><table><tr><td id="wide">wide</td></tr>
        </table></div><div id="far">far</div><a href="/" class="btn btn-s" id="small">x</a>`;
        for (const [id, name, value] of [['cut', 'width', '3rem'], ['cut', 'overflow', 'hidden'],
          ['cut', 'whiteSpace', 'nowrap'], ['wide', 'minWidth', '60rem'], ['wide', 'display', 'block'],
          ['far', 'width', '50rem'], ['small', 'width', '20px'], ['small', 'minHeight', '10px']])
          document.getElementById(id).style[name] = value;
        localStorage.setItem('patient', 'Ada');
        document.body.insertAdjacentHTML('beforeend', '<p style="color:red">refused</p>'); }"""
    )
    assert any("image-alt" in wrong for wrong in eyes.barriers(page))
    assert eyes.sideways(page)
    assert any("unquestionably" in wrong for wrong in eyes.cut_text(page))
    assert eyes.hidden_columns(page)
    assert any(wrong.startswith("x is 20x") for wrong in eyes.small_targets(page, FINGER))
    assert eyes.kept(page) == ["patient = Ada"]
    assert min(eyes.weight(page, {})) > 1_000
    visitor.close()
    assert any("style-src" in problem for problem in visitor.problems)
    assert eyes.is_strange("http://localhost:9/", house.address)
    assert not eyes.is_strange(f"{house.address}/p/", house.address)
