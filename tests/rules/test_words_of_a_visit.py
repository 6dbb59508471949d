"""What is said of a visit: its states, its reminders, its calendar file, what to bring, and what may be asked for."""

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

import pytest

from core.intervals import Interval
from regimens.domain.open_days import MONDAY_TO_FRIDAY, OpenDays
from scheduling.domain import diagram
from scheduling.domain.calendar_file import CalendarVisit, calendar_file
from scheduling.domain.get_ready import get_ready
from scheduling.domain.move_wishes import HalfDay, MoveWish, Part, answer_by, check_wish, half_days_of, parse_half_day
from scheduling.domain.reminders import all_reminders, reminders_to_write, review_on
from scheduling.domain.statuses import FORWARD, MOVES, UNDO, VisitStatus, next_step
from tests.rules.test_messages_and_gate import CHICAGO

TUESDAY = date(2026, 11, 24)
START = datetime(2026, 11, 24, 9, tzinfo=CHICAGO)
VISIT = CalendarVisit(
    visit_id=UUID(int=7),
    version=3,
    start=START,
    end=START + timedelta(hours=4),
    changed_at=START - timedelta(days=2),
    place="Northside; 1 Main St, Chicago\r\nUp\\stairs",
    phone="+1 312 555 0100",
    is_cancelled=False,
)


def test_the_usual_next_step_of_each_status() -> None:
    assert next_step(VisitStatus.HELD) is VisitStatus.BOOKED
    assert next_step(VisitStatus.BOOKED) is VisitStatus.ARRIVED
    assert next_step(VisitStatus.INFUSING) is VisitStatus.OBSERVING
    assert [status for status in VisitStatus if next_step(status) is None] == [
        VisitStatus.COMPLETED,
        VisitStatus.LEFT_EARLY,
        VisitStatus.NO_SHOW,
        VisitStatus.CANCELLED,
    ]
    assert (VisitStatus.NO_SHOW.label, VisitStatus.INFUSING.label) == ("No-show", "Infusing")


def test_every_forward_move_can_be_undone_and_the_drawing_shows_each() -> None:
    for before, afters in FORWARD.items():
        for after in afters:
            assert (before, after) in MOVES
            assert before in UNDO[after] or before is VisitStatus.HELD
            assert f"    {before.value} --> {after.value}" in diagram.mermaid()
    assert "    cancelled --> [*]" in diagram.mermaid()
    assert "    booked --> [*]\n" not in diagram.mermaid()
    assert diagram.mermaid() in diagram.page()
    assert "| Done | `completed` | (finished) |" in diagram.page()


def test_a_calendar_file_says_where_and_when_and_never_why() -> None:
    lines = calendar_file(VISIT).split("\r\n")
    assert lines[0] == "BEGIN:VCALENDAR"
    assert lines[-2:] == ["END:VCALENDAR", ""]
    assert "DTSTART:20261124T150000Z" in lines
    assert "SEQUENCE:3" in lines
    assert "STATUS:CONFIRMED" in lines
    assert r"LOCATION:Northside\; 1 Main St\, Chicago\nUp\\stairs" in lines
    words = [line for line in lines if not line.startswith("PRODID")]  # the program's own name
    assert "infusion" not in " ".join(words).lower()


def test_long_lines_are_folded_between_letters_and_control_characters_dropped() -> None:
    place = "Klinik für Ängstliche " * 8 + "\x07"
    text = calendar_file(CalendarVisit(**(VISIT.__dict__ | {"place": place, "is_cancelled": True})))
    lines = text.split("\r\n")
    assert all(len(line.encode()) <= 75 for line in lines)
    assert max(len(line.encode()) for line in lines) >= 74
    assert f"LOCATION:{place[:-1]}" in text.replace("\r\n ", "")
    assert "STATUS:CANCELLED" in lines


def test_what_to_bring_depends_on_the_visit() -> None:
    short = get_ready(is_immune_globulin=False, needs_premedication=False, minutes=119)
    assert len(short) == 3
    long = get_ready(is_immune_globulin=True, needs_premedication=True, minutes=120)
    assert len(long) == 6
    assert long[0].startswith("Drink")
    assert "drive you home" in long[4]


def test_three_reminders_keep_nine_o_clock_across_the_change_of_clocks() -> None:
    starts_at = datetime(2026, 11, 4, 9, tzinfo=CHICAGO)
    found = all_reminders(starts_at=starts_at, zone=CHICAGO)
    assert [each.days_before for each in found] == [7, 3, 1]
    assert {each.due_at.astimezone(CHICAGO).time() for each in found} == {time(9)}
    assert [each.asks_to_confirm for each in found] == [False, True, False]


def test_a_reminder_is_written_two_days_ahead_and_up_to_six_hours_late() -> None:
    week, three, one = (each.due_at for each in all_reminders(starts_at=START, zone=CHICAGO))
    long_ago = week - timedelta(days=30)

    def written(now: datetime, placed_at: datetime = long_ago) -> list[datetime]:
        found = reminders_to_write(starts_at=START, placed_at=placed_at, now=now, zone=CHICAGO)
        return [each.due_at for each in found]

    assert written(week - timedelta(days=2)) == [week]
    assert written(week - timedelta(days=2, seconds=1)) == []
    assert written(week + timedelta(hours=6)) == [week]
    assert written(week + timedelta(hours=6, seconds=1)) == []
    assert written(three) == [three, one]
    assert written(three, placed_at=three) == [one]
    assert written(three, placed_at=three - timedelta(seconds=1)) == [three, one]


def test_a_visit_that_is_not_cleared_is_looked_at_two_business_days_before() -> None:
    thanksgiving = OpenDays(MONDAY_TO_FRIDAY, frozenset({date(2026, 11, 26)}))
    assert review_on(TUESDAY, thanksgiving) == date(2026, 11, 20)
    assert review_on(date(2026, 11, 30), thanksgiving) == date(2026, 11, 25)
    assert review_on(TUESDAY, thanksgiving, business_days=0) == TUESDAY
    assert review_on(TUESDAY, OpenDays(frozenset())) == TUESDAY - timedelta(days=60)


WED_MORNING = HalfDay(date(2026, 11, 25), Part.MORNING)
WED_AFTERNOON = HalfDay(date(2026, 11, 25), Part.AFTERNOON)
FRI_MORNING = HalfDay(date(2026, 11, 27), Part.MORNING)
MON_MORNING = HalfDay(date(2026, 11, 30), Part.MORNING)
OFFERED = [WED_MORNING, WED_AFTERNOON, FRI_MORNING, MON_MORNING]


def wished(wish: str, half_days: list[HalfDay | None], note: str = "") -> list[str]:
    return [reason.code for reason in check_wish(wish, half_days, note=note, offered=OFFERED)]


def test_a_wish_names_days_of_the_list_and_at_most_three() -> None:
    assert wished("other_days", [WED_MORNING, FRI_MORNING, MON_MORNING], "x" * 300) == []
    assert wished("other_days", []) == ["half_days_missing"]
    assert wished("cancel", []) == []
    assert wished("dance", []) == ["wish_unknown"]
    assert wished("earlier", [None]) == ["half_day_unknown"]
    assert wished("earlier", [HalfDay(TUESDAY, Part.MORNING)]) == ["half_day_unknown"]
    assert wished("earlier", list(OFFERED)) == ["half_days_too_many"]
    assert wished("earlier", [WED_MORNING] * 4) == []
    assert wished("later", [], "x" * 301) == ["note_too_long"]


def test_half_days_are_stored_read_and_ordered() -> None:
    assert WED_MORNING.key == "2026-11-25 morning"
    assert parse_half_day(WED_MORNING.key) == WED_MORNING
    for nonsense in ("2026-11-25", "2026-11-25 night", "soon morning", ""):
        assert parse_half_day(nonsense) is None
    keys = [FRI_MORNING.key, WED_AFTERNOON.key, "nonsense", WED_MORNING.key]
    assert half_days_of(keys) == [WED_MORNING, WED_AFTERNOON, FRI_MORNING]
    assert WED_AFTERNOON.words == "Wed 25 Nov, afternoon"
    assert all(wish.words and wish.label for wish in MoveWish)


def test_the_answer_comes_on_the_second_business_day_but_before_the_visit() -> None:
    later = TUESDAY + timedelta(days=30)
    assert answer_by(TUESDAY, closed={date(2026, 11, 26)}, visit_on=later) == date(2026, 11, 27)
    assert answer_by(date(2026, 11, 27), closed=(), visit_on=later) == date(2026, 12, 1)
    assert answer_by(TUESDAY, closed=(), visit_on=date(2026, 11, 25)) == date(2026, 11, 25)
    assert answer_by(TUESDAY, closed=(), visit_on=TUESDAY - timedelta(days=1)) == TUESDAY


def test_an_interval_needs_a_zone_and_a_length() -> None:
    with pytest.raises(ValueError, match="ends after"):
        Interval(START, START)
    assert Interval(START, START + timedelta(hours=1)).start.astimezone(UTC).hour == 15
