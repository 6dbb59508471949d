"""A real browser in front of the real clinic: the test database behind a server on this machine.

`browsing` opens pages as anybody; whatever a page complains about (script errors, the content security policy, a
request to another host) fails the test that opened it. The clock is the clinic's own, moved by `scenes.set_clock`.
"""

import os
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, sync_playwright
from pytest_django import DjangoDbBlocker, Settings
from pytest_django.live_server_helper import LiveServer

from accounts.backends import CODE_BACKEND
from accounts.domain.policy import Role
from accounts.models import Membership, User
from tests.browser import eyes

DESK, SMALL_DESK = {"width": 1440, "height": 900}, {"width": 1024, "height": 768}
PHONE, SMALL_PHONE = {"width": 390, "height": 844}, {"width": 320, "height": 640}
ZOOMED = {"width": 720, "height": 450}, {"width": 512, "height": 384}
"""What is left of the two desks at 200 %."""
PATIENCE_MS = 15_000
WATCH = """
addEventListener('securitypolicyviolation', ({effectiveDirective, blockedURI, sourceFile}) =>
  console.error(`securitypolicyviolation: ${effectiveDirective} ${blockedURI} ${sourceFile}`), true);
let hadFocus = false;
const isNowhere = () => !document.activeElement || document.activeElement === document.body;
addEventListener('htmx:beforeSwap', () => { hadFocus = !isNowhere(); }, true);
addEventListener('htmx:afterSettle', ({target}) => setTimeout(() => {
  if (hadFocus && isNowhere() && document.hasFocus()) console.error(`focus fell on body after a swap of #${target.id}`);
  hadFocus = false;
}, 50), true);
"""
"""Runs in every page before its own script: what breaks the content security policy, and what loses the focus."""
REFUSALS = ("403", "404", "409", "412", "422", "429")
"""A refused change is logged by the browser as an error of the network; it is an answer all the same."""


class Browsing:
    """A browser at the address of the clinic. What its pages complain about collects in `problems`."""

    def __init__(self, browser: Browser, address: str) -> None:
        self.browser = browser
        self.address = address
        self.problems: list[str] = []
        self._contexts: list[BrowserContext] = []

    def open(
        self,
        path: str = "",
        *,
        user: User | None = None,
        session: str = "",
        size: dict[str, int] = DESK,
        **options: Any,
    ) -> Page:
        """A page of its own browser profile, at `path` if one is given, signed in as `user` or by a session's key.

        `options` go to Playwright's new_context, such as java_script_enabled=False.
        """
        context = self.browser.new_context(base_url=self.address, viewport=size, **options)  # type: ignore[arg-type]
        context.set_default_timeout(PATIENCE_MS)
        self._contexts.append(context)
        session = session_of(user) if user is not None else session
        if session:
            context.add_cookies([{"name": "sessionid", "value": session, "url": self.address}])
        context.add_init_script(WATCH)
        page = context.new_page()
        page.on("pageerror", lambda error: self.problems.append(f"{page.url}: {error}"))
        page.on("console", lambda said: self._heard(page, said))
        page.on("request", lambda request: self._asked(page, request))
        if path:
            page.goto(path)
        return page

    def close(self) -> None:
        """Close every page, so that none asks the server for anything any more."""
        for context in self._contexts:
            context.close()
        self._contexts.clear()

    def _heard(self, page: Page, said: ConsoleMessage) -> None:
        is_refusal = "Failed to load resource" in said.text and any(f" {code} " in said.text for code in REFUSALS)
        if said.type in {"error", "warning"} and not is_refusal:
            self.problems.append(f"{page.url}: {said.text}")

    def _asked(self, page: Page, request: Request) -> None:
        if eyes.is_strange(request.url, self.address):
            self.problems.append(f"{page.url}: asked {request.url}")


def session_of(user: User) -> str:
    """The key of a session in which `user` is signed in, as the form would have made it."""
    client = Client()
    is_patient = not Membership.objects.filter(user=user).exclude(role=Role.PATIENT).exists()
    client.force_login(
        user, backend=CODE_BACKEND if is_patient else "allauth.account.auth_backends.AuthenticationBackend"
    )
    return str(client.cookies["sessionid"].value)


OTHERS = (
    "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
    "AND backend_type = 'client backend'"
)


def settle() -> None:
    """Wait until no thread of the server is in the middle of a statement or a transaction; cut off who stays there.

    Idle connections are left alone: one of them may be a test's own.
    """
    _wait_for(f"{OTHERS} AND state <> 'idle'")


def leave() -> None:
    """Wait until every other connection is closed; cut off who stays. For the end, when none is a test's own.

    A thread of the server outlives the server, and between two statements of a request its connection looks idle.
    """
    _wait_for(OTHERS)


def _wait_for(them: str) -> None:
    if not _are_gone(them, within_seconds=10):
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT pg_terminate_backend(pid) {them}")
        _are_gone(them, within_seconds=5)  # who is cut off still takes a moment to go


def _are_gone(them: str, *, within_seconds: float) -> bool:
    give_up_at = time.monotonic() + within_seconds
    with connection.cursor() as cursor:
        while time.monotonic() < give_up_at:
            cursor.execute(f"SELECT count(*) {them}")
            if cursor.fetchone() == (0,):
                return True
            time.sleep(0.02)
    return False


@pytest.fixture(scope="session", autouse=True)
def _nobody_left(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Nobody is left in the database when it is dropped: a page closed in the middle may have left a thread behind."""
    yield
    with django_db_blocker.unblock():
        leave()


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """Debian's Chromium. Playwright runs an event loop on this thread, which Django must be told is meant."""
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()
    if before is None:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def browsing(browser: Browser, live_server: LiveServer, settings: Settings) -> Iterator[Browsing]:
    """Pages of a clinic that the test fills; none of them may complain."""
    settings.DEMO_CLOCK_OFFSET_SECONDS = 0  # so that a scene may move the clock, and it is moved back
    pages = Browsing(browser, live_server.url)
    yield pages
    pages.close()
    settle()
    assert pages.problems == []
