"""Recent changes, the causes of the load, the day sheet, help, length and swap: as a plain browser gets them."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from audit.models import AuditEvent
from scheduling.domain.statuses import VisitStatus
from scheduling.models import VisitEvent
from scheduling.services import booking
from tests.browser.scenes import FRIDAY, Day
from tests.factories import at
from tests.scheduling.pages.reading import BOARD, HTMX, local_start, move, place, words

CHANGES = f"{BOARD}changes/"


def moved(desk: Client, day: Day, chair: str, hour: int) -> None:
    assert move(desk, day, place=place(day, chair, hour)).status_code == 302


def buttons(html: str) -> list[str]:
    return re.findall(r'name="event" value="([^"]+)"', html)


def test_ones_own_changes_are_listed_with_the_newest_first_and_only_it_can_be_undone(desk: Client, day: Day) -> None:
    moved(desk, day, "A3", 14)
    moved(desk, day, "A3", 15)
    page = desk.get(CHANGES)
    text = words(page)
    assert text.index("Moved to A3, Fri 20 Nov 15:00") < text.index("Moved to A3, Fri 20 Nov 14:00")
    assert "Can't undo: Soto, P. changed again since (the move by K. Marsh at 10:31). Undo that first." in text
    assert len(buttons(page.content.decode())) == 1


def test_undo_from_the_list_goes_back_step_by_step(desk: Client, day: Day) -> None:
    moved(desk, day, "A3", 14)
    moved(desk, day, "A3", 15)
    soto = day.visit("Soto")
    for expected in ("A3 14:00", "A1 11:15"):
        event = buttons(desk.get(CHANGES).content.decode())[0]
        answer = desk.post(f"/visits/{soto.id}/undo/", {"event": event, "view": "changes"}, follow=True)
        assert "Recent changes" in words(answer)
        assert "Undone: Soto, P. is booked" in words(answer)
        assert local_start(soto) == expected
    assert "Undone at 10:31 by K. Marsh." in words(desk.get(CHANGES))
    assert buttons(desk.get(CHANGES).content.decode()) == []


def test_everybodys_changes_are_one_press_away_and_name_who_made_them(desk: Client, day: Day) -> None:
    other = day.visit("Keller")
    by = day.by.__class__(**{**vars(day.by), "id": day.nurse.id, "label": "T. Brook"})
    booking.move(visit=other, chair=day.chair("A3"), start=at(FRIDAY, 14), expected_version=1, by=by)
    assert "You changed nothing on this day" in words(desk.get(CHANGES))
    text = words(desk.get(f"{CHANGES}?who=all"))
    assert "Keller, D." in text
    assert "T. Brook" in text


def test_changes_of_other_days_and_clinics_are_not_listed(desk: Client, day: Day) -> None:
    moved(desk, day, "A3", 14)
    assert "Nobody changed anything" in words(desk.get("/board/2026-11-23/changes/?who=all"))


def test_the_list_costs_the_same_however_long_it_is(desk: Client, day: Day) -> None:
    counts = []
    for hour in (13, 14, 15, 16):
        moved(desk, day, "A3", hour)
        with CaptureQueriesContext(
            connection,
        ) as caught:
            desk.get(CHANGES)
        counts.append(len(caught))
    assert len(set(counts)) == 1


def test_an_undo_of_something_unreadable_is_not_found(desk: Client, day: Day) -> None:
    soto = day.visit("Soto")
    for event in ("nonsense", "", str(soto.id)):
        page = desk.post(f"/visits/{soto.id}/undo/", {"event": event})
        assert page.status_code == 404
    assert local_start(soto) == "A1 11:15"


def test_a_quarter_hour_lists_the_visits_that_cause_its_load_with_their_parts(desk: Client, day: Day) -> None:
    page = desk.get(f"{BOARD}load/", {"at": "11:30"})
    text = words(page)
    assert "nurses needed from 11:30, for 3 visits" in text
    parts = [float(part) for part in re.findall(r'<td class="num">([\d.]+)</td>', page.content.decode())]
    total = re.search(r'<b class="num">([\d.]+)</b> of', page.content.decode())
    assert total is not None
    assert sum(parts) == pytest.approx(float(total[1]))
    assert parts == sorted(parts, reverse=True)
    assert text.index("Keller, D.") < text.index("Olsen, A.")
    assert "Abatacept 750 mg, preparation" in text


@pytest.mark.parametrize("moment", ["", "x", "11:07", "25:00", "\x00"])
def test_a_time_that_is_no_quarter_hour_is_not_found(desk: Client, moment: str) -> None:
    assert desk.get(f"{BOARD}load/", {"at": moment}).status_code == 404


def test_a_quarter_hour_out_of_hours_says_that_it_is_closed(desk: Client) -> None:
    assert "closed or not staffed at 05:00" in words(desk.get(f"{BOARD}load/", {"at": "05:00"}))


def test_the_day_sheet_lists_each_visit_by_time_with_boxes_ticked_as_far_as_it_got(desk: Client, day: Day) -> None:
    page = desk.get(f"{BOARD}sheet/")
    text = words(page)
    assert text.index("Olsen, Ann") < text.index("Soto, Paul") < text.index("Keller, Dora")
    html = page.content.decode()
    rows = re.findall(r'<tbody class="sheet-visit.*?</tbody>', html, flags=re.S)
    assert [row.count('class="box"') for row in rows] == [1, 3, 3]
    assert "11:15" in rows[1]
    assert "PA-" in rows[1]
    assert AuditEvent.objects.filter(action="board.sheet").count() == 1


def test_the_day_sheet_can_hide_names(desk: Client, day: Day) -> None:
    text = words(desk.get(f"{BOARD}sheet/", {"initials": "1"}))
    assert "P. S." in text
    assert "Soto" not in text
    assert "Paul" not in text


def test_an_empty_days_sheet_says_so(desk: Client, day: Day) -> None:
    assert "Nothing booked" in words(desk.get("/board/2026-11-24/sheet/"))


def test_help_lists_the_keys_and_says_where_to_turn_them_off(desk: Client) -> None:
    text = words(desk.get("/help/"))
    assert "15 min longer, 15 min shorter" in text
    assert "Letters can be turned off in your settings" in text


def resize(desk: Client, day: Day, **data: object) -> object:
    soto = day.visit("Soto")
    return desk.post(f"/visits/{soto.id}/resize/", {"version": soto.version} | data)


def length(day: Day) -> timedelta:
    soto = day.visit("Soto")
    long: timedelta = soto.period.upper - soto.period.lower
    return long


def test_a_visit_is_made_longer_by_a_button_or_a_time_without_any_script(desk: Client, day: Day) -> None:
    form = words(desk.get(f"/visits/{day.visit('Soto').id}/resize/"))
    assert "Now Fri 20 Nov 11:15–12:15 in A1. Abatacept 750 mg, planned 1 h in the chair." in form
    resize(desk, day, minutes=30)
    assert length(day) == timedelta(minutes=90)
    answer = resize(desk, day, at="13:15")
    assert answer.status_code == 302  # type: ignore[attr-defined]
    assert length(day) == timedelta(minutes=120)


def test_a_shorter_visit_asks_for_a_reason_and_keeps_what_was_chosen(desk: Client, day: Day) -> None:
    page = resize(desk, day, minutes=-15)
    assert page.status_code == 409  # type: ignore[attr-defined]
    assert "The plan asks for 1 h 00 in the chair; this leaves 45 min." in words(page)
    kept = re.search(r'name="end_at" value="([^"]+)"', page.content.decode())  # type: ignore[attr-defined]
    assert kept is not None
    resize(desk, day, end_at=kept[1], reason="Drug comes ready made")
    assert length(day) == timedelta(minutes=45)
    assert "Shortened" in words(desk.get(BOARD))
    for sheet in ({}, {"initials": "1"}):
        assert "Shortened. Went ahead: " in words(desk.get(f"{BOARD}sheet/", sheet))


@pytest.mark.parametrize(
    "data", [{}, {"at": "x"}, {"end_at": "soon"}, {"end_at": "2026-11-20T12:30"}, {"minutes": "x"}]
)
def test_a_length_without_sense_is_refused_beside_its_field(desk: Client, day: Day, data: dict[str, str]) -> None:
    page = resize(desk, day, **data)
    assert page.status_code == 422  # type: ignore[attr-defined]
    assert length(day) == timedelta(minutes=60)


def test_two_patients_swap_chairs_where_a_move_was_refused(desk: Client, day: Day) -> None:
    page = move(desk, day, place=place(day, "A2", 11, 15))
    assert "Swap with Keller, D." in words(page)
    form = dict(
        re.findall(r'name="(\w+)" value="([^"]+)"', page.content.decode().split("/swap/")[1].split("</form>")[0])
    )
    soto, keller = day.visit("Soto"), day.visit("Keller")
    answer = desk.post(f"/visits/{soto.id}/swap/", form, follow=True)
    assert "Soto, P. in A2, Keller, D. in A1." in words(answer)
    assert (local_start(soto), local_start(keller)) == ("A2 11:15", "A1 11:30")
    assert desk.post(f"/visits/{soto.id}/swap/", form).status_code == 409
    desk.post(f"/visits/{keller.id}/undo/", {"event": str(keller.events.all()[0].pk)})
    assert (local_start(soto), local_start(keller)) == ("A1 11:15", "A2 11:30")


def test_a_swap_without_sense_is_refused(desk: Client, day: Day) -> None:
    soto = day.visit("Soto")
    for other in ("", "x", str(soto.id)):
        answer = desk.post(f"/visits/{soto.id}/swap/", {"version": 1, "other": other, "other_version": 1})
        assert answer.status_code in {400, 409, 422}


def test_moving_a_confirmed_visit_asks_whether_the_patient_is_told(desk: Client, day: Day) -> None:
    soto = day.visit("Soto")
    from messaging.models import OutboxMessage

    OutboxMessage.objects.update(state="sent", attempts=1)
    desk.post(f"/visits/{soto.id}/status/", {"version": soto.version, "to": "confirmed"})
    soto.refresh_from_db()
    data = {"version": soto.version, "place": place(day, "A3", 14), "quiet": "yes"}
    toast = desk.post(f"/visits/{soto.id}/move/", data, headers=HTMX)
    assert "The patient gets a message in a minute." in words(toast)
    assert "Don&#x27;t send" in toast.content.decode()
    answer = desk.post(f"/visits/{soto.id}/tell/", {"tell": "no", "quiet": "yes"}, headers=HTMX)
    assert "Soto, P. is not told of the new time." in words(answer)
    assert "The patient is not told." in words(desk.get(f"/visits/{soto.id}/"))
    assert desk.post(f"/visits/{soto.id}/tell/", {"tell": "no"}).status_code == 409
    assert "is told of the new time" in words(desk.post(f"/visits/{soto.id}/tell/", {"tell": "yes"}, follow=True))
    assert VisitEvent.objects.filter(kind__in=["quiet", "told"]).count() == 2
    soto.refresh_from_db()
    assert soto.status == VisitStatus.CONFIRMED
