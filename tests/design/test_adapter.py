"""The scripts every page carries, driven in a real browser against a small server that gives fixed answers."""

from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from django import forms
from django.conf import settings
from django.template import engines
from django.template.loader import render_to_string
from playwright.sync_api import Browser, Page, expect, sync_playwright

pytestmark = pytest.mark.browser

ROOT = Path(__file__).resolve().parents[2]
AXE = (ROOT / "tests/browser/vendor/axe-core-4.14.1/axe.min.js").read_text()
AXE_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
CSP = "; ".join(
    f"{name} {' '.join(sources)}" for name, sources in settings.CONTENT_SECURITY_POLICY["DIRECTIVES"].items()
)
TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".png": "image/png"}
Answer = tuple[int, str, dict[str, str]]
Answers = dict[str, Answer | Callable[[BaseHTTPRequestHandler], Answer]]

BODY = """
{% extends "base_staff.html" %}
{% block content %}
  <form method="post" action="/save/" hx-post="/save/" hx-target="#result">
    {% csrf_token %}<button class="btn">Save</button>
  </form>
  <a class="btn" id="opener" href="/details/" hx-get="/details/" hx-target="#panel">Details</a>
  <button class="btn" id="poll" hx-get="/poll/" hx-trigger="click" hx-target="#result" data-live>Poll</button>
  <div id="result">before</div>
{% endblock %}
"""


class SampleForm(forms.Form):
    """One field of every kind, for the gallery."""

    patient = forms.CharField()
    reason = forms.ChoiceField(choices=[("", "Choose")], help_text="The patient does not see this.")
    suits = forms.ChoiceField(widget=forms.RadioSelect, choices=[("e", "Earlier"), ("l", "Later")], required=False)
    days = forms.MultipleChoiceField(widget=forms.CheckboxSelectMultiple, choices=[("t", "Thu"), ("f", "Fri")])
    note = forms.CharField(widget=forms.Textarea, required=False)
    tell = forms.BooleanField(label="Tell the patient", help_text="By text message", required=False)


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture
def site() -> Iterator[tuple[str, Answers]]:
    """A server on this machine: its address, and the answers it gives by path. Static files come from the project."""
    answers: Answers = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.split("?")[0]
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if path.startswith("/static/"):
                file = ROOT / path.lstrip("/")
                self._send(200, file.read_bytes(), {"Content-Type": TYPES.get(file.suffix, "application/json")})
                return
            answer = answers.get(path, (404, "", {}))
            status, body, headers = answer(self) if callable(answer) else answer
            self._send(status, body.encode(), {"Content-Type": "text/html; charset=utf-8", **headers})

        def do_POST(self) -> None:
            self.do_GET()

        def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in {"Content-Security-Policy": CSP, **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Keep the test's output to what failed."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", answers
    server.shutdown()
    server.server_close()


@pytest.fixture
def open_page(browser: Browser, site: tuple[str, Answers]) -> Iterator[Callable[..., Page]]:
    """Opens a page made of `html`, on a site that gives `answers`; script and policy errors fail the test."""
    problems: list[str] = []
    contexts = []
    address, known = site

    def open_it(html: str, answers: Answers | None = None, **context: Any) -> Page:
        known.update({"/": (200, html, {}), **(answers or {})})
        contexts.append(browser.new_context(**context))
        page = contexts[-1].new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda said: problems.append(said.text) if "Content Security" in said.text else None)
        page.goto(f"{address}/")
        return page

    yield open_it
    for context in contexts:
        context.close()
    assert problems == []


def sample(**context: object) -> str:
    return str(engines["django"].from_string(BODY).render({"csrf_token": "token-of-the-page", **context}))


def toast(**context: object) -> str:
    return render_to_string("_components/toast.html", {"oob": True, **context})


def test_a_change_carries_the_security_token_and_shows_a_refusal_where_it_belongs(
    open_page: Callable[..., Page],
) -> None:
    seen: list[str] = []

    def refuse(request: BaseHTTPRequestHandler) -> Answer:
        seen.append(request.headers["X-CSRFToken"])
        return 409, "A2 has Keller, D. 11:30–13:30.", {}

    page = open_page(sample(), {"/save/": refuse})
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#result")).to_have_text("A2 has Keller, D. 11:30–13:30.")
    assert seen == ["token-of-the-page"]


def test_bad_input_is_shown_where_it_belongs(open_page: Callable[..., Page]) -> None:
    page = open_page(sample(), {"/save/": (422, "Enter a day.", {})})
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#result")).to_have_text("Enter a day.")


def test_a_failure_changes_nothing_and_says_so(open_page: Callable[..., Page]) -> None:
    page = open_page(sample(), {"/save/": (500, "traceback", {})})
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".toast")).to_contain_text("Not saved.")
    expect(page.locator("#result")).to_have_text("before")


def test_an_answer_that_is_only_a_toast_leaves_the_page_alone(open_page: Callable[..., Page]) -> None:
    page = open_page(sample(), {"/save/": (409, toast(text="Not moved.", tone="error", only=True), {})})
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".toast")).to_contain_text("Not moved.")
    expect(page.locator("#result")).to_have_text("before")


def test_a_toast_is_read_out_waits_while_it_is_hovered_and_then_leaves(open_page: Callable[..., Page]) -> None:
    answer = toast(text="Moved to A2.", undo_url="/undo/")
    page = open_page(sample(), {"/save/": (200, "done" + answer, {})})
    page.clock.install()
    page.get_by_role("button", name="Save").click()
    shown = page.locator(".toast")
    expect(shown).to_have_count(1)
    page.clock.run_for(500)
    expect(page.locator("#live")).to_have_text("Moved to A2.")
    shown.hover()
    page.clock.run_for(60_000)
    expect(shown).to_have_count(1)
    page.mouse.move(5, 5)
    page.clock.run_for(25_000)
    expect(shown).to_have_count(0)


def test_undo_is_one_press_and_takes_its_toast_away(open_page: Callable[..., Page]) -> None:
    pressed: list[str] = []

    def undo(request: BaseHTTPRequestHandler) -> Answer:
        pressed.append(request.command)
        return 200, toast(text="Move undone."), {}

    page = open_page(sample(), {"/save/": (200, toast(text="Moved.", undo_url="/undo/"), {}), "/undo/": undo})
    page.get_by_role("button", name="Save").click()
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".toast")).to_have_text("Move undone.")
    assert pressed == ["POST"]


def test_a_message_says_what_happened_without_javascript(open_page: Callable[..., Page]) -> None:
    page = open_page(sample(messages=["Booked."]), java_script_enabled=False)
    expect(page.locator(".toast")).to_contain_text("Booked.")
    expect(page.locator("[data-close-toast]")).to_be_hidden()


def test_the_panel_takes_focus_and_gives_it_back(open_page: Callable[..., Page]) -> None:
    page = open_page(sample(), {"/details/": (200, "<h2>Lindqvist, E.</h2>", {})})
    page.locator("#opener").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#panel")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#panel")).to_be_empty()
    expect(page.locator("#opener")).to_be_focused()


def test_an_ended_session_asks_to_sign_in_and_keeps_the_page(open_page: Callable[..., Page]) -> None:
    page = open_page(
        sample(),
        {
            "/poll/": (302, "", {"Location": "/accounts/login/"}),
            "/accounts/login/": (200, "<h1>Sign in</h1>", {}),
        },
    )
    page.locator("#poll").click()
    expect(page.get_by_role("dialog")).to_contain_text("You have been signed out")
    expect(page.get_by_role("link", name="Sign in")).to_have_attribute("href", "/accounts/login/?next=%2F")
    expect(page.locator("#result")).to_have_text("before")


def test_old_data_is_called_old_and_the_bar_leaves_by_itself(open_page: Callable[..., Page]) -> None:
    is_down = True

    def poll(_request: BaseHTTPRequestHandler) -> Answer:
        return (503, "", {}) if is_down else (204, "", {})

    page = open_page(sample(), {"/poll/": poll})
    page.clock.install()
    page.locator("#poll").click()
    expect(page.locator("#stale")).to_be_hidden()
    page.clock.run_for(50_000)
    page.locator("#poll").click()
    expect(page.locator("#stale")).to_contain_text("Not updated since")
    is_down = False
    page.locator("#poll").click()
    expect(page.locator("#stale")).to_be_hidden()


@pytest.mark.parametrize(("width", "density"), [(1440, "staff"), (1024, "staff"), (390, "patient"), (320, "patient")])
def test_every_piece_is_accessible_and_fits_the_screen(
    open_page: Callable[..., Page], width: int, density: str
) -> None:
    html: str = render_to_string("gallery.html", {"form": SampleForm({}), "messages": ["Booked."]})
    html = html.replace('data-density="staff"', f'data-density="{density}"')
    page = open_page(html, viewport={"width": width, "height": 900})
    session = page.context.new_cdp_session(page)
    session.send("Runtime.evaluate", {"expression": AXE})
    found = page.evaluate("rules => axe.run({runOnly: {type: 'tag', values: rules}})", AXE_RULES)["violations"]
    assert [(rule["id"], rule["nodes"][0]["target"]) for rule in found] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    clipped = (
        "[...document.querySelectorAll('.btn, .chip, .filter')].filter(e => e.scrollWidth > e.clientWidth + 1).length"
    )
    assert page.evaluate(clipped) == 0


def test_nothing_moves_for_people_who_ask_for_stillness(open_page: Callable[..., Page]) -> None:
    page = open_page(render_to_string("gallery.html", {}), reduced_motion="reduce")
    moving = """[...document.querySelectorAll('*')].filter(e => {
        const s = getComputedStyle(e);
        return [s.transitionDuration, s.animationDuration].some(d => d.split(',').some(x => parseFloat(x) > 0));
    }).length"""
    assert page.evaluate(moving) == 0
