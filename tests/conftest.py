"""What every test has: an empty cache, and the promise that browser tests run where they must.

The servers come from `tests.settings`. A test marked `browser` is skipped, with a line that says so, where there is no
Chromium; with REQUIRE_BROWSER=1 (as in CI) it fails instead, and so does a run without any browser test.
"""

import os
import shutil
from collections.abc import Iterator

import pytest
from django.core.cache import cache

NO_CHROMIUM = "no Chromium here: install Debian's package chromium, or name another one in CHROMIUM"
browser_tests_run: set[str] = set()


def is_browser_required() -> bool:
    """Whether this run must not do without a browser."""
    return os.environ.get("REQUIRE_BROWSER") == "1"


@pytest.fixture(autouse=True)
def empty_cache() -> Iterator[None]:
    """Rate counters and heartbeats of one test do not reach the next."""
    yield
    cache.clear()


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of the browser that tests marked `browser` drive."""
    found = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if found is None and is_browser_required():
        pytest.fail(NO_CHROMIUM)
    if found is None:
        pytest.skip(NO_CHROMIUM)
    return found


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip or fail a browser test before anything costly is set up for it."""
    has_browser = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if item.get_closest_marker("browser") and not has_browser:
        if is_browser_required():
            pytest.fail(NO_CHROMIUM, pytrace=False)
        pytest.skip(NO_CHROMIUM)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Count the browser tests that really ran (with xdist this is the controlling process)."""
    if report.when == "call" and not report.skipped and "browser" in report.keywords:
        browser_tests_run.add(report.nodeid)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a run that must have used a browser and did not."""
    if is_browser_required() and "PYTEST_XDIST_WORKER" not in os.environ and not browser_tests_run:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many browser tests ran, where it matters."""
    if is_browser_required():
        terminalreporter.write_line(f"Browser tests that ran: {len(browser_tests_run)} (at least 1 is required).")


def pytest_report_header() -> list[str]:
    """Say which database the suite runs on."""
    return [f"database: {os.environ['DATABASE_URL'].rpartition('@')[2]}"]
