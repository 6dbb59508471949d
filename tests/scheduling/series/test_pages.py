"""The pages of a series, as a plain browser sends and reads them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.test import Client

from accounts.domain.policy import Role
from scheduling.models import Visit
from scheduling.queries import series as reading
from scheduling.services import booking, series
from tests import factories
from tests.scheduling.series.scenes import MONDAY, Regimen, lay_out, make_regimen, picks
from tests.scheduling.series.test_booking_series import OVERRIDE


@pytest.fixture
def regimen(db: None) -> Iterator[Regimen]:
    with time_machine.travel(datetime(2026, 3, 2, 14, 0, tzinfo=UTC), tick=True):
        yield make_regimen()


@pytest.fixture
def desk(regimen: Regimen) -> Client:
    return signed_in(regimen, Role.SCHEDULER)


def signed_in(regimen: Regimen, role: Role) -> Client:
    client = Client()
    client.force_login(factories.make_staff(regimen.clinic, role))
    return client


def page_of(regimen: Regimen) -> str:
    return f"/orders/{regimen.order.id}/series/"


def form_of(answer: Any) -> dict[str, Any]:
    """What the page would send without anybody touching it."""
    rows = answer.context["view"].rows
    sent: dict[str, Any] = {}
    for row in rows:
        sent |= {f"place-{row.key}": row.chosen, f"was-{row.key}": row.chosen, f"why-{row.key}": row.skip_reason}
        if row.visit is not None:
            sent[f"version-{row.key}"] = row.visit.version
    return sent


def test_the_order_leads_to_the_page_and_one_press_books_every_course(regimen: Regimen, desk: Client) -> None:
    assert page_of(regimen) in desk.get(f"/orders/{regimen.order.id}/").content.decode()
    page = desk.get(page_of(regimen))
    html = page.content.decode()
    assert "Book all 4 visits" in html
    assert "on the due date" in html
    assert "540 units left after" in html
    assert "Every visit is covered." in html
    answer = desk.post(page_of(regimen), form_of(page) | {"act": "book"}, follow=True)
    assert "4 visits booked together" in answer.content.decode()
    assert Visit.objects.filter(patient=regimen.patient, status="booked").count() == 4
    assert "Every course to come has its visit." in desk.get(page_of(regimen)).content.decode()


def test_the_whole_series_is_undone_by_one_button(regimen: Regimen, desk: Client) -> None:
    desk.post(page_of(regimen), form_of(desk.get(page_of(regimen))) | {"act": "book"})
    series_id = Visit.objects.values_list("series_id", flat=True).first()
    answer = desk.post(f"/series/{series_id}/undo/", follow=True)
    assert "Undone: 4 visits are cancelled." in answer.content.decode()
    assert "Book all 4 visits" in answer.content.decode()
    assert "nothing_to_undo" not in answer.content.decode()
    assert desk.post(f"/series/{series_id}/undo/").status_code == 409


def test_weekday_and_time_change_for_all_and_locked_rows_stay(regimen: Regimen, desk: Client) -> None:
    page = desk.get(page_of(regimen))
    first = page.context["view"].rows[0]
    sent = form_of(page) | {f"lock-{first.key}": "yes", "weekday": "3", "at": "11:00", "act": "find"}
    rows = desk.post(page_of(regimen), sent).context["view"].rows
    assert rows[0].chosen == first.chosen
    assert rows[0].is_locked
    local = [row.start.astimezone(regimen.clinic.zone) for row in rows[1:]]
    assert [(start.weekday(), f"{start:%H:%M}") for start in local] == [(3, "11:00")] * 3
    assert "as asked for" in rows[1].why


def test_this_and_following_leave_the_rows_before(regimen: Regimen, desk: Client) -> None:
    page = desk.get(page_of(regimen))
    before = page.context["view"].rows
    sent = form_of(page) | {"from_course": "3", "at": "14:00", "act": "find"}
    rows = desk.post(page_of(regimen), sent).context["view"].rows
    assert [row.chosen for row in rows[:2]] == [row.chosen for row in before[:2]]
    assert [row.is_locked for row in rows] == [True, True, False, False]
    assert {f"{row.start.astimezone(regimen.clinic.zone):%H:%M}" for row in rows[2:]} == {"14:00"}


def test_another_place_from_the_list_stays_when_finding_again(regimen: Regimen, desk: Client) -> None:
    page = desk.get(page_of(regimen))
    row = page.context["view"].rows[1]
    other = next(option.value for option in row.options if option.value != row.chosen)
    rows = desk.post(page_of(regimen), form_of(page) | {f"place-{row.key}": other, "act": "find"}).context["view"].rows
    assert rows[1].chosen == other
    assert rows[1].is_locked


def test_the_place_first_proposed_can_be_chosen_again(regimen: Regimen, desk: Client) -> None:
    page = desk.get(page_of(regimen))
    row = page.context["view"].rows[1]
    same_day = [one for one in row.options if one.text[:10] == _chosen_text(row)[:10] and one.value != row.chosen]
    sent = form_of(page) | {f"place-{row.key}": same_day[0].value, "act": "find"}
    changed = desk.post(page_of(regimen), sent).context["view"].rows[1]
    assert changed.chosen == same_day[0].value
    assert row.chosen in {option.value for option in changed.options}


def _chosen_text(row: Any) -> str:
    return next(str(option.text) for option in row.options if option.value == row.chosen)


def test_a_place_taken_meanwhile_is_named_and_the_rest_stays_chosen(regimen: Regimen, desk: Client) -> None:
    page = desk.get(page_of(regimen))
    third = picks(regimen.plan())[2]
    stranger = factories.make_course_day(factories.make_order(factories.make_patient(regimen.clinic)), MONDAY)
    booking.book(course_day=stranger, chair=third.chair, start=third.start, by=regimen.scheduler, override=OVERRIDE)
    answer = desk.post(page_of(regimen), form_of(page) | {"act": "book"})
    assert answer.status_code == 409
    html, rows = answer.content.decode(), answer.context["view"].rows
    assert "Nothing is booked" in html
    assert "Course 3: Sand, A. can&#x27;t go to" in html
    assert not Visit.objects.filter(patient=regimen.patient).exists()
    before = page.context["view"].rows
    assert [row.chosen for row in rows] == [before[0].chosen, before[1].chosen, "", before[3].chosen]
    assert rows[2].options
    fixed = form_of(answer) | {f"place-{rows[2].key}": rows[2].options[0].value, "act": "book"}
    assert desk.post(page_of(regimen), fixed).status_code == 302
    assert Visit.objects.filter(patient=regimen.patient).count() == 4


def test_one_reason_is_asked_for_all_that_need_one(db: None) -> None:
    with time_machine.travel(datetime(2026, 3, 2, 14, 0, tzinfo=UTC), tick=True):
        found = make_regimen(units=130)
        desk = signed_in(found, Role.SCHEDULER)
        page = desk.get(page_of(found))
        assert "Not covered from course 3 on." in page.content.decode()
        assert "One reason for all of them" in page.content.decode()
        refused = desk.post(page_of(found), form_of(page) | {"act": "book"})
        assert refused.status_code == 409
        assert "a reason is needed" in refused.content.decode()
        answer = desk.post(page_of(found), form_of(refused) | {"act": "book", "reason": "the payer is asked"})
        assert answer.status_code == 302
        assert Visit.objects.filter(overrides__contains=[{"reason": "the payer is asked"}]).count() == 2


def test_a_course_is_left_out_with_a_reason(regimen: Regimen, desk: Client) -> None:
    page = desk.get(page_of(regimen))
    key = page.context["view"].rows[1].key
    shown = desk.post(page_of(regimen), form_of(page) | {f"why-{key}": "on holiday", "act": "find"})
    assert "Left out: on holiday" in shown.content.decode()
    assert "Book all 3 visits" in shown.content.decode()
    desk.post(page_of(regimen), form_of(shown) | {"act": "book"})
    assert "course 2 left out: on holiday" in desk.get(f"/orders/{regimen.order.id}/").content.decode()
    assert Visit.objects.count() == 3


def test_a_course_beyond_the_rota_is_left_for_later(db: None) -> None:
    with time_machine.travel(datetime(2026, 3, 2, 14, 0, tzinfo=UTC), tick=True):
        found = make_regimen(courses=3, interval=21)
        lay_out(found.order, 4, MONDAY + timedelta(days=200))
        html = signed_in(found, Role.SCHEDULER).get(page_of(found)).content.decode()
    assert "Not yet: the nurses&#x27; rota ends on" in html
    assert "1 without a place is left to be booked later." in html
    assert "Book all 3 visits" in html


def test_only_so_many_courses_or_until_a_date(regimen: Regimen, desk: Client) -> None:
    assert len(desk.get(page_of(regimen) + "?courses=2").context["view"].rows) == 2
    until = MONDAY + timedelta(days=8)
    assert len(desk.get(page_of(regimen) + f"?until={until}").context["view"].rows) == 1
    assert desk.get(page_of(regimen) + "?courses=none").status_code == 422


def test_nonsense_is_refused_in_words(regimen: Regimen, desk: Client) -> None:
    page = form_of(desk.get(page_of(regimen)))
    key = next(name for name in page if name.startswith("place-"))
    for value in ("x", "x@y", f"{regimen.chairs[0].id}@2026-03-10T09:00", f"{regimen.patient.id}@2026-03-10T09:00Z"):
        assert desk.post(page_of(regimen), page | {key: value, "act": "book"}).status_code in {400, 422}
    assert desk.post(page_of(regimen), {"place-x": "y"}).status_code == 400
    other = factories.make_course_day(factories.make_order(regimen.patient), MONDAY)
    sent = page | {f"place-{other.id}": page[key], "act": "book"}
    assert desk.post(page_of(regimen), sent).status_code == 422
    assert not Visit.objects.exists()


def test_a_number_of_courses_without_sense_is_refused_in_plain_words_and_keeps_the_rows(
    regimen: Regimen, desk: Client
) -> None:
    sent = form_of(desk.get(page_of(regimen))) | {"courses": "0", "act": "find"}
    answer = desk.post(page_of(regimen), sent)
    assert answer.status_code == 422
    assert "Write a number from 1 to 60, or leave it empty for all courses." in answer.content.decode()
    assert "Times are those of " in answer.content.decode()
    assert len(answer.context["view"].rows) == 4


def test_a_nurse_manager_sees_it_and_an_auditor_does_not(regimen: Regimen) -> None:
    assert signed_in(regimen, Role.MANAGER).get(page_of(regimen)).status_code == 200
    assert signed_in(regimen, Role.AUDITOR).get(page_of(regimen)).status_code == 403


def test_this_and_following_are_moved_from_the_page_of_one_visit(regimen: Regimen, desk: Client) -> None:
    booked = series.book_series(order=regimen.order, picks=picks(regimen.plan()), by=regimen.scheduler)
    second = reading.visits_of(regimen.clinic, booked.pk)[1]
    move = f"/visits/{second.id}/move/"
    assert "This and following: 3 visits" in desk.get(move).content.decode()
    place = f"{second.chair_id}@{(second.period.lower + timedelta(days=1)).isoformat()}"
    to_preview = desk.post(move, {"place": place, "scope": "following", "version": second.version})
    assert to_preview.status_code == 302
    assert parse_qs(urlsplit(to_preview.url).query)["scope"] == ["following"]  # type: ignore[attr-defined]
    preview = desk.get(to_preview.url)  # type: ignore[attr-defined]
    assert "Move 3 visits" in preview.content.decode()
    assert "on the shifted day" in preview.content.decode()
    sent = form_of(preview) | {"place": place, "scope": "following", "act": "move"}
    answer = desk.post(f"/visits/{second.id}/series/", sent, follow=True)
    assert "3 visits are moved." in answer.content.decode()
    shifts = [
        after.period.lower - before.period.lower
        for after, before in zip(reading.visits_of(regimen.clinic, booked.pk), booked.visits, strict=True)
    ]
    assert shifts == [timedelta(0), *[timedelta(days=1)] * 3]


def test_a_move_of_many_that_was_overtaken_moves_nothing(regimen: Regimen, desk: Client) -> None:
    booked = series.book_series(order=regimen.order, picks=picks(regimen.plan()), by=regimen.scheduler)
    first, *_, last = reading.visits_of(regimen.clinic, booked.pk)
    place = f"{first.chair_id}@{(first.period.lower + timedelta(days=1)).isoformat()}"
    address = f"/visits/{first.id}/series/"
    preview = desk.get(address, {"place": place, "scope": "all"})
    chair = regimen.chairs[2]
    booking.move(visit=last, chair=chair, start=last.period.lower, expected_version=1, by=regimen.scheduler)
    answer = desk.post(address, form_of(preview) | {"place": place, "scope": "all", "act": "move", "exceptions": "yes"})
    assert answer.status_code == 409
    assert "Nothing is moved" in answer.content.decode()
    assert Visit.objects.get(pk=first.pk).period == first.period


def test_a_move_together_is_undone_by_one_button_and_no_button_offers_to_cancel_it_as_undo(
    regimen: Regimen, desk: Client
) -> None:
    desk.post(page_of(regimen), form_of(desk.get(page_of(regimen))) | {"act": "book"})
    visits = list(Visit.objects.order_by("period"))
    series_page = f"/series/{visits[0].series_id}/"
    assert "Undo the whole series" in desk.get(series_page).content.decode()
    to = f"{visits[1].chair_id}@{(visits[1].period.lower + timedelta(hours=2)).isoformat()}"
    query = {"place": to, "scope": "following"}
    preview = desk.get(f"/visits/{visits[1].id}/series/", query)
    moved = desk.post(f"/visits/{visits[1].id}/series/", form_of(preview) | query | {"act": "move"}, follow=True)
    html = moved.content.decode()
    assert "Undo: 3 visits moved together" in html
    assert "Undo the whole series" not in html
    undone = desk.post(f"{series_page}undo/", {"act": "together"}, follow=True).content.decode()
    assert "Undone: 3 visits are where they were before." in undone
    assert [one.period for one in Visit.objects.order_by("period")] == [one.period for one in visits]
    assert (
        "Each visit of this series changed again since"
        in desk.post(f"{series_page}undo/", {"act": "together"}).content.decode()
    )


def test_this_and_following_are_cancelled_from_the_page_of_one_visit(regimen: Regimen, desk: Client) -> None:
    desk.post(page_of(regimen), form_of(desk.get(page_of(regimen))) | {"act": "book"})
    visits = list(Visit.objects.order_by("period"))
    page = f"/visits/{visits[1].id}/cancel/"
    assert "This and following: 3 visits" in desk.get(page).content.decode()
    assert "units will be free again" in desk.get(page).content.decode()
    sent = {"version": visits[1].version, "scope": "following"}
    assert desk.post(page, sent).status_code == 422
    html = desk.post(page, sent | {"reason": "moves away"}, follow=True).content.decode()
    assert "3 visits are cancelled." in html
    assert "Undo: 3 visits cancelled together" in html
    assert Visit.objects.filter(status="cancelled").count() == 3
    assert desk.post(page, sent | {"reason": "moves away"}).status_code == 409


def test_a_visit_leads_to_its_series_and_so_do_the_changes_that_several_had_together(
    regimen: Regimen, desk: Client
) -> None:
    desk.post(page_of(regimen), form_of(desk.get(page_of(regimen))) | {"act": "book"})
    first, second, *_ = Visit.objects.order_by("period")
    series_page = f'href="/series/{first.series_id}/"'
    assert series_page in desk.get(f"/visits/{first.id}/").content.decode()
    changes = "/board/2026-03-02/changes/?who=all"
    assert series_page not in desk.get(changes).content.decode()
    desk.post(f"/visits/{second.id}/cancel/", {"version": second.version, "scope": "following", "reason": "ill"})
    assert desk.get(changes).content.decode().count(series_page) == 3
