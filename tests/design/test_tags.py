"""How times, lengths and states are written."""

import datetime as dt
import re
from zoneinfo import ZoneInfo

import pytest
from django.template import engines
from django.utils import timezone

from core.templatetags.times import clock, clock12, day, day_and_clock, due, from_today, long_day, long_span, span
from core.templatetags.ui import units_bar

TODAY = dt.date(2026, 11, 20)


def drawn(source: str, **context: object) -> str:
    return str(engines["django"].from_string("{% load ui times %}" + source).render(context))


def test_instants_show_on_the_clinics_clock() -> None:
    instant = dt.datetime(2026, 11, 21, 4, 30, tzinfo=dt.UTC)
    with timezone.override(ZoneInfo("America/Chicago")):
        assert day_and_clock(instant) == "Fri 20 Nov 22:30"
        assert long_day(instant) == "Friday 20 November"
        assert due(instant, TODAY) == "today"


@pytest.mark.parametrize(
    ("time", "words"), [((0, 5), "12:05 am"), ((9, 0), "9:00 am"), ((12, 0), "12:00 pm"), ((17, 45), "5:45 pm")]
)
def test_patients_read_a_twelve_hour_clock(time: tuple[int, int], words: str) -> None:
    assert clock12(dt.time(*time)) == words


@pytest.mark.parametrize(
    ("minutes", "short", "long"),
    [
        (45, "45 min", "45 minutes"),
        (60, "1 h", "1 hour"),
        (135, "2 h 15", "2 hours 15 minutes"),
        (65, "1 h 05", "1 hour 5 minutes"),
        (0, "0 min", "0 minutes"),
    ],
)
def test_lengths_read_as_people_say_them(minutes: int, short: str, long: str) -> None:
    assert span(minutes) == short
    assert long_span(dt.timedelta(minutes=minutes)) == long


@pytest.mark.parametrize(
    ("days", "queue", "plain"),
    [
        (-2, "overdue 2 d", "2 days ago"),
        (-1, "overdue 1 d", "yesterday"),
        (0, "today", "today"),
        (1, "tomorrow", "tomorrow"),
        (6, "Thu 26 Nov", "in 6 days"),
    ],
)
def test_due_dates_say_how_far_they_are(days: int, queue: str, plain: str) -> None:
    on = TODAY + dt.timedelta(days=days)
    assert due(on, TODAY) == queue
    assert from_today(on, TODAY) == plain


def test_nothing_is_written_for_a_time_that_is_not_known() -> None:
    assert [clock(None), clock12(None), day(None), long_day(None), span(None), due(None, TODAY)] == [""] * 6
    assert drawn("{% time_tag at %}", at=None) == ""


def test_an_icon_without_a_name_is_hidden_and_one_with_a_name_is_an_image() -> None:
    assert 'aria-hidden="true"' in drawn('{% icon "drop" %}')
    assert 'role="img" aria-label="Close"' in drawn('{% icon "close" "Close" %}')


def test_a_status_chip_has_shape_word_and_note() -> None:
    chip = drawn('{% status_chip "authorization" "in_review" "9 d" %}')
    assert "#hourglass" in chip
    assert "In review 9 d" in chip


def test_what_people_typed_is_never_markup() -> None:
    assert "<b>" not in drawn('{% chip word "warn" %}', word="<b>x</b>")


@pytest.mark.parametrize(
    ("left", "total", "held", "widths"),
    [(40, 120, 20, ["16.7", "16.7"]), (20, 240, 0, ["8.3", "0.0"]), (0, 0, 0, ["0.0", "0.0"])],
)
def test_the_unit_bar_shows_free_and_reserved(left: int, total: int, held: int, widths: list[str]) -> None:
    assert re.findall(r' width="([^"]+)"', units_bar(left, total, held)) == widths


def test_the_unit_bar_warns_when_little_is_left() -> None:
    assert "is-low" in units_bar(20, 240)
    assert "is-low" not in units_bar(120, 240)
