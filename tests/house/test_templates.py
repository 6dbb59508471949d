"""Templates keep the strict content security policy: no inline style, no inline script, no other host."""

import re

import pytest

from tests.house import source

INLINE = {
    "a style attribute": re.compile(r"<[^>]*\sstyle\s*=", re.IGNORECASE),
    "a <style> element": re.compile(r"<style\b", re.IGNORECASE),
    "a script without src": re.compile(r"<script(?![^>]*\ssrc=)", re.IGNORECASE),
    "an on… handler": re.compile(r"<[^>]*\s(on[a-z]+|hx-on[:a-z-]*)\s*=", re.IGNORECASE),
    "a javascript: address": re.compile(r"javascript:", re.IGNORECASE),
    "another host": re.compile(r"(?:src|href|action|hx-\w+|content)\s*=\s*[\"'](?:https?:)?//", re.IGNORECASE),
}


@pytest.mark.parametrize("what", INLINE)
def test_pages_hold_nothing_that_the_policy_forbids(what: str) -> None:
    found = [
        f"{path}:{number} {line.strip()[:90]}"
        for path in source.of_kind(".html", ".svg")
        for number, line in enumerate(source.text(path).splitlines(), 1)
        if INLINE[what].search(line)
    ]
    source.verdict(
        found,
        rule=f"No {what.split(' ', 1)[1]} in templates.",
        why="The policy allows only our own files, so that an injected script never runs; the browser drops it.",
        fix="Use a class from static/css or a module in static/js; bring other people's files into static/vendor.",
    )


def test_nobody_marks_text_as_safe_by_hand() -> None:
    allowed = {"templates/_components/field_notes.html", "templates/django/forms/field.html"}
    found = [
        f"{path}:{number}"
        for path in source.of_kind(".html")
        for number, line in enumerate(source.text(path).splitlines(), 1)
        if re.search(r"\|\s*safe\b|autoescape off", line) and str(path) not in allowed
    ]
    found += [f"{path}" for path in source.python() if re.search(r"\bmark_safe\(", source.text(path))]
    source.verdict(
        found,
        rule="No `|safe`, `autoescape off` or `mark_safe` (help texts of forms apart: we write them).",
        why="What a patient types would run in a nurse's browser.",
        fix="Use `format_html`, which escapes its arguments.",
    )
