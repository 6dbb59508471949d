"""The quality bars are kept honest: every bar names tests that exist, and every page of the site is looked at."""

import ast
import re
from pathlib import Path

import pytest
from django.test import Client
from django.urls import Resolver404, resolve

from tests.browser import pages
from tests.house import source
from tests.house.addresses import Address, addresses
from tests.house.public import ALLAUTH, Door
from tests.house.test_doors import World, url, world  # noqa: F401 (a fixture)

DOCUMENT = Path("docs/quality-bars.md")
ROW = re.compile(r"^\| (\d+) \|[^|]*\|([^|]*)\|", re.MULTILINE)
NAMED = re.compile(r"`((?:[\w/]+/)?test_\w+)\.py::(\w+)`")
NOT_PAGES = {
    "healthz": "words for a machine",
    "readyz": "words for a machine",
    "home": "leads on to somebody's first page",
    "account_logout": "acts on POST; a GET leads on",
    "account_set_password": "leads on: everybody has a password",
    "account_reset_password_from_key": "leads on to the form, looked at as a link too old",
    "mfa_authenticate": "test_a_second_factor_is_asked_for_and_a_wrong_code_does_not_open opens it",
    "mfa_reauthenticate": "the same form as the second step of signing in",
    "mfa_deactivate_totp": "one sentence and one button, only with a second step",
    "mfa_view_recovery_codes": "a list of codes, only with a second step",
    "mfa_generate_recovery_codes": "one sentence and one button, only with a second step",
    "mfa_download_recovery_codes": "a text file",
    "portal:visit-calendar": "a calendar file",
    "scheduling:board-grid": "a part of the board",
    "scheduling:find-check": "facts for the ghost, no page",
    "scheduling:visit-check": "facts for the ghost, no page",
    "scheduling:visit-resize-check": "facts for the ghost, no page",
    "scheduling:floor-live": "a part of the floor",
    "scheduling:board": "the board of today, opened by its date",
    "scheduling:week-now": "this week, opened by its date",
    **dict.fromkeys(
        (
            *("portal:request-withdraw", "portal:visit-confirm", "portal:visit-undo", "scheduling:offer-answer"),
            *("scheduling:request-answer", "scheduling:task-done", "scheduling:waitlist-withdraw"),
            *("scheduling:waitlist-offer", "scheduling:disruption-undo"),
        ),
        "acts on POST and asks who it is first",
    ),
}
"""Addresses that answer a GET with something else than a page of their own, and what that is."""


def named_tests() -> dict[int, set[tuple[str, str]]]:
    """By bar: the file and the function of every test that the document names."""
    rows = ROW.findall(source.text(DOCUMENT))
    return {int(bar): set(NAMED.findall(tests)) for bar, tests in rows}


def real_tests() -> set[tuple[str, str]]:
    """Every test of the browser suite, by file without its ending and by name."""
    found = set()
    for path in source.python(tests=True):
        if path.parts[:2] == ("tests", "browser") and path.stem.startswith("test_"):
            file = str(path.relative_to("tests/browser").with_suffix(""))
            nodes = ast.walk(source.tree(path))
            found |= {(file, node.name) for node in nodes if isinstance(node, ast.FunctionDef)}
    return {(file, name) for file, name in found if name.startswith("test_")}


def bars_of(name: str) -> set[int]:
    """The bars that a test's name claims: 1 and 2 for ``test_bars_1_2_a_page``."""
    claimed = re.match(r"test_bars?((?:_\d+)+)_", name)
    return {int(bar) for bar in claimed[1].split("_") if bar} if claimed else set()


def test_every_quality_bar_names_tests_that_exist() -> None:
    named, real = named_tests(), real_tests()
    found = [f"bar {bar} names no test" for bar in range(1, 21) if not named.get(bar)]
    found += [f"bar {bar}: {file}::{name}" for bar, tests in named.items() for file, name in tests - real]
    source.verdict(
        found,
        rule=f"{DOCUMENT} names, for each of the 20 bars, tests that exist.",
        why="A bar that nothing holds up falls quietly.",
        fix="Name the test that holds the bar, as `file::function` under tests/browser.",
    )


def test_every_test_that_claims_a_bar_is_listed_under_it() -> None:
    named = named_tests()
    found = [
        f"bar {bar}: {file}::{name}"
        for file, name in real_tests()
        for bar in bars_of(name)
        if (file, name) not in named.get(bar, set())
    ]
    source.verdict(
        sorted(found),
        rule=f"A test named after a bar stands in that bar's row of {DOCUMENT}.",
        why="Whoever asks what holds a bar reads the table, not the suite.",
        fix="Add it to the row, or take the number out of its name.",
    )


@pytest.mark.django_db
def test_every_page_is_looked_at_by_the_browser(world: World) -> None:  # noqa: F811 (the fixture)
    looked_at = {_name_of(path) for path in _paths()} | set(pages.LOOKED_AT_ELSEWHERE)
    visitor = Client()
    others = [one for one in addresses() if _may_be_a_page(one) and one.name not in looked_at]
    found = [one.name for one in others if visitor.get(url(one, world)).status_code != 405]
    source.verdict(
        sorted(found),
        rule="Every page of the site is opened by tests/browser/test_everywhere.py.",
        why="A page nobody looks at collects barriers, cut words and sideways scrolling.",
        fix="Add it to the tables of tests/browser/pages.py, or say in NOT_PAGES here what it is instead.",
    )


def test_what_is_left_out_exists() -> None:
    known = {address.name for address in addresses()}
    assert set(NOT_PAGES) - known == set()
    assert set(pages.LOOKED_AT_ELSEWHERE) - known == set()
    files = {f"{file}.py::{name}" for file, name in real_tests()}
    assert set(pages.LOOKED_AT_ELSEWHERE.values()) - files == set()


def _may_be_a_page(address: Address) -> bool:
    is_closed = ALLAUTH.get(address.name, (None, ""))[0] is Door.CLOSED
    is_for_people = address.name.rpartition(":")[2].startswith(("docs", "keys"))
    is_for_programs = address.route.startswith("api/") and not is_for_people
    return bool(address.name) and not is_closed and not is_for_programs and address.name not in NOT_PAGES


def _paths() -> list[str]:
    staff = [path for _, path in pages.STAFF_PAGES.values()]
    return [*staff, *pages.ENTRANCES.values(), *pages.PATIENT_PAGES.values(), *pages.PATIENT_ENTRANCES.values()]


def _name_of(path: str) -> str:
    """The name of the address behind a path with examples in braces."""
    plain = path.split("?", maxsplit=1)[0]
    for example in ("01900000-0000-7000-8000-000000000000", "1", "gammagard_liquid"):
        try:
            return resolve(re.sub(r"\{\w+\}", example, plain)).view_name
        except Resolver404:
            continue
    return ""
