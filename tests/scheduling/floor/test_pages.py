"""The floor as a plain browser gets it: cards, what is due, taking and giving, vital signs, polling."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.domain.policy import Role
from regimens.models import Administration, CourseDay
from scheduling.domain.statuses import VisitStatus
from scheduling.models import ClinicRules, Visit, VitalsCheck
from scheduling.services import assignment
from tests import factories
from tests.browser import scenes
from tests.browser.scenes import FRIDAY, NOW, Day
from tests.scheduling.floor.conftest import desk_of, step
from tests.scheduling.pages.reading import BOARD, HTMX, words

FLOOR, ASSIGN = "/floor/", f"/floor/assign/{FRIDAY}/"
MINE, ALL = f"{FLOOR}?who=mine", f"{FLOOR}?who=all"


@pytest.fixture
def nurse(day: Day) -> Client:
    return desk_of(day.nurse)


def give(day: Day, visit: Visit) -> Visit:
    visit.refresh_from_db()
    nurse = day.nurse.id
    return assignment.assign(visit=visit, nurse_id=nurse, expected_version=visit.version, by=day.by)


def form(visit: Visit, **fields: object) -> dict[str, object]:
    visit.refresh_from_db()
    return {"version": visit.version, "view": "floor"} | fields


@pytest.mark.parametrize(
    ("roles", "page"),
    [
        ([Role.NURSE], "/floor/"),
        ([Role.SCHEDULER], "/board/"),
        ([Role.MANAGER], "/board/"),
        ([Role.NURSE, Role.MANAGER], "/board/"),
        ([Role.AUDITOR], "/audit/"),
    ],
)
def test_nurses_start_on_the_floor_and_nobody_else_does(day: Day, roles: list[Role], page: str) -> None:
    user = factories.make_staff(day.clinic, roles[0])
    for role in roles[1:]:
        user.memberships.create(clinic=day.clinic, role=role)
    assert desk_of(user).get("/").headers["Location"] == page


def test_a_nurse_sees_their_own_patients_and_those_whom_nobody_took(
    day: Day, nurse: Client, olsen: Visit, reyes: Visit
) -> None:
    other = factories.make_staff(day.clinic, Role.NURSE, name="A. Field")
    assignment.assign(visit=olsen, nurse_id=other.id, expected_version=olsen.version, by=day.by)
    mine = words(nurse.get(FLOOR))
    assert "Reyes, P." in mine
    assert "No nurse yet" in mine
    assert "Olsen, A." not in mine
    everybody = words(nurse.get(ALL))
    assert "Olsen, A." in everybody
    assert "A. Field" in everybody
    give(day, olsen)
    assert "Olsen, A." in words(nurse.get(MINE))


def test_a_card_says_what_runs_what_is_next_and_what_is_due(day: Day, nurse: Client, olsen: Visit) -> None:
    steps = [
        {"starts_at_minute": "0", "minutes": "100", "ml_per_hour": "99"},
        {"starts_at_minute": "100", "minutes": None, "ml_per_hour": "198"},
    ]
    CourseDay.objects.filter(pk=olsen.course_day_id).update(rate_steps=steps)
    VitalsCheck.objects.create(
        visit=olsen, at=NOW - timedelta(minutes=60), recorded_at=NOW, by_label="X", heart_rate=70
    )
    text = words(nurse.get(ALL))
    assert "1 h 16 of 2 h 30" in text
    assert "Next step 10:55: 198 mL/h planning only, not for the pump" in text
    assert "Vitals 10:55, with the rate increase" in text
    assert "Observe Olsen, A." in text


def test_vital_signs_that_are_missing_are_called_overdue(nurse: Client, olsen: Visit) -> None:
    text = words(nurse.get(ALL))
    assert "Vitals overdue since 09:00 ▲" in text
    assert "Vitals due: 1" in text


def test_an_infusion_that_runs_over_names_whom_it_knocks_on(day: Day, nurse: Client, olsen: Visit) -> None:
    day.book(day.due("Reyes", "Pia"), "A3", 12, 0)
    Visit.objects.filter(pk=olsen.pk).update(infusion_started_at=NOW - timedelta(minutes=31))
    sentence = "Will run 45 min over, until 12:45, and knocks on Reyes, P. 12:00."
    assert "Ends 45 min late, knocks on Reyes, P. 12:00" in words(nurse.get(ALL))
    assert sentence in words(nurse.get(f"/visits/{olsen.id}/"))
    assert f"chair A3, infusing. {sentence}" in words(nurse.get(BOARD))


def test_the_patient_s_own_median_tells_the_end(day: Day, nurse: Client, olsen: Visit) -> None:
    order = olsen.course_day.course.order
    for weeks in range(1, 4):
        start = NOW - timedelta(weeks=3 * weeks)
        Administration.objects.create(
            order=order,
            course_day=factories.make_course_day(order, start.date()),
            visit_id=uuid4(),
            product=order.product,
            started_at=start,
            stopped_at=start + timedelta(minutes=200),
            is_complete=True,
            recorded_at=start,
            dosing_weight_kg=75,
            planned_dose_mg=750,
            planned_minutes=150,
        )
    assert "Ends 50 min late, at 12:50" in words(nurse.get(ALL))
    assert "Will run 50 min over, until 12:50." in words(nurse.get(BOARD))
    assert "Will run 50 min over, until 12:50." in words(nurse.get(f"/visits/{olsen.id}/"))


def test_the_next_step_is_taken_from_the_card_and_comes_back_to_the_floor(
    day: Day, nurse: Client, reyes: Visit
) -> None:
    answer = nurse.post(f"/visits/{reyes.id}/status/", form(reyes, to="seated"), follow=True)
    assert answer.redirect_chain[-1][0] == FLOOR
    text = words(answer)
    assert "Reyes, P.: seated." in text
    assert "Start infusion Reyes, P." in text


def test_a_seated_patient_without_the_check_leads_to_it(day: Day, nurse: Client) -> None:
    visit = day.book(day.due("Reyes", "Pia"), "A1", 15, is_checked=False)
    step(day, visit, VisitStatus.ARRIVED, VisitStatus.SEATED)
    html = nurse.get(ALL).content.decode()
    assert f'href="/visits/{visit.id}/infusion-check/"' in html
    assert "Check and start" in html


def test_taking_a_patient_makes_them_mine(day: Day, nurse: Client, reyes: Visit) -> None:
    assert "Take Reyes, P." in words(nurse.get(FLOOR))
    answer = nurse.post(f"/visits/{reyes.id}/take/", form(reyes), follow=True)
    assert "Reyes, P.: T. Brook." in words(answer)
    assert "Take Reyes, P." not in words(answer)
    other = desk_of(factories.make_staff(day.clinic, Role.NURSE))
    refused = other.post(f"/visits/{reyes.id}/take/", form(reyes, quiet="yes"), headers=HTMX)
    assert refused.status_code == 409
    assert "T. Brook looks after Reyes, P. already." in words(refused)
    assert "No nurse yet" not in words(nurse.get(f"/visits/{reyes.id}/")).split("Nurse", 1)[0]


def test_the_board_proposes_the_nurse_with_most_room_where_the_clinic_wants_that(
    day: Day, olsen: Visit, reyes: Visit
) -> None:
    ClinicRules.objects.create(clinic=day.clinic, assignment="push")
    scheduler = desk_of(day.scheduler)
    html = scheduler.get(ALL).content.decode()
    assert "Give to Nurse" in html
    nurses = [shift.nurse for shift in day.clinic.shifts.select_related("nurse").order_by("nurse__name")]
    first = nurses[0]
    answer = scheduler.post(f"/visits/{reyes.id}/nurse/", form(reyes, nurse=first.id), follow=True)
    assert f"Reyes, P.: {first.name}." in words(answer)
    assert f"Give to {first.name}" not in words(answer)


def test_a_nurse_is_set_on_the_visit_and_nonsense_is_refused(day: Day, nurse: Client, reyes: Visit) -> None:
    page = f"/visits/{reyes.id}/"
    assert "T. Brook" in words(nurse.get(page))
    assert nurse.post(f"{page}nurse/", form(reyes, nurse=day.nurse.id)).status_code == 302
    reyes.refresh_from_db()
    assert reyes.nurse == day.nurse
    assert "Nurse: T. Brook" in words(nurse.get(page))
    assert nurse.post(f"{page}nurse/", form(reyes, nurse="nobody")).status_code == 422
    assert nurse.post(f"{page}nurse/", {"nurse": ""}).status_code == 422
    assert nurse.post(f"{page}nurse/", form(reyes, nurse="")).status_code == 302
    reyes.refresh_from_db()
    assert reyes.nurse is None


def test_a_day_is_proposed_and_saved(day: Day, nurse: Client) -> None:
    shown = nurse.get(ASSIGN)
    text = words(shown)
    assert "3 proposed" in text
    assert "12:00–12:30" in text
    chosen = {f"nurse-{visit.id}": day.nurse.id for visit in Visit.objects.all()}
    versions = {f"version-{visit.id}": visit.version for visit in Visit.objects.all()}
    saved = nurse.post(ASSIGN, chosen | versions, follow=True)
    assert "Saved: 3 visits changed." in words(saved)
    assert "Every visit has its nurse." in words(saved)
    assert Visit.objects.filter(nurse=day.nurse).count() == 3
    assert "2 proposed" in words(nurse.get(f"{ASSIGN}?anew=1"))
    stale = nurse.post(ASSIGN, dict.fromkeys(chosen, "") | versions)
    assert stale.status_code == 409
    assert "changed this visit" in words(stale)


def test_a_day_without_visits_or_nurses_says_so(nurse: Client) -> None:
    assert "No visits to assign" in words(nurse.get("/floor/assign/2026-11-22/"))


def test_vital_signs_are_entered_from_the_floor(day: Day, nurse: Client, olsen: Visit) -> None:
    page = f"/visits/{olsen.id}/vitals/"
    assert "Overdue since 09:00, before the start" in words(nurse.get(page))
    wrong = nurse.post(page, {"heart_rate": "7000", "spo2": "98", "at": "10:20"})
    assert wrong.status_code == 422
    assert "Enter a number from 20 to 250 beats a minute." in words(wrong)
    assert 'value="98"' in wrong.content.decode()
    right = {"temperature_c": "36.8", "heart_rate": "72", "systolic": "120", "diastolic": "80", "at": "10:20"}
    saved = nurse.post(page, right | {"view": "floor"}, follow=True)
    assert saved.redirect_chain[-1][0] == FLOOR
    assert "Olsen, A.: vital signs saved." in words(saved)
    seen = words(nurse.get(f"/visits/{olsen.id}/"))
    assert "10:20 36.8 °C · 120/80 · pulse 72 T. Brook" in seen
    assert "Vitals overdue" not in words(nurse.get(ALL))


def test_a_set_is_taken_back_on_the_visit(day: Day, nurse: Client, olsen: Visit) -> None:
    one = VitalsCheck.objects.create(visit=olsen, at=NOW, recorded_at=NOW, by_label="T. Brook", heart_rate=70)
    page = f"/visits/{olsen.id}/vitals/{one.id}/"
    assert nurse.post(page, {"reason": " "}).status_code == 422
    assert nurse.post(page, {"reason": "Another patient’s"}).status_code == 302
    assert "Taken back by T. Brook: Another patient’s" in words(nurse.get(f"/visits/{olsen.id}/"))
    soto = day.visit("Soto")
    assert nurse.post(f"/visits/{soto.id}/vitals/{one.id}/", {"reason": "No"}).status_code == 404


def test_who_left_waits_until_the_infusion_is_recorded(day: Day, nurse: Client) -> None:
    visit = day.book(day.due("Reyes", "Pia"), "A1", 15)
    step(day, visit, VisitStatus.ARRIVED, VisitStatus.SEATED, VisitStatus.INFUSING, VisitStatus.COMPLETED)
    assert "Record what was given to Reyes, P." in words(nurse.get(ALL))
    scenes.set_clock(NOW + timedelta(hours=3))
    later = desk_of(day.nurse)
    assert "Record what was given to Reyes, P." in words(later.get(ALL))
    Administration.objects.filter(visit_id=visit.id).update(recorded_at=NOW)
    assert "Reyes, P." not in words(later.get(ALL))


def test_who_may_not_run_visits_sees_the_floor_without_buttons(day: Day, reyes: Visit) -> None:
    auditor = desk_of(factories.make_staff(day.clinic, Role.AUDITOR))
    text = words(auditor.get(FLOOR))
    assert "Reyes, P." in text
    assert "Seat Reyes" not in text
    assert "Take Reyes" not in text
    assert auditor.get(ASSIGN).status_code == 403


def test_polling_answers_only_when_something_changed(day: Day, nurse: Client, reyes: Visit) -> None:
    html = nurse.get(FLOOR).content.decode()
    version = html.split('data-version="')[1].split('"')[0]
    live = "/floor/live/?who=mine&v="
    assert nurse.get(f"{live}{version}", headers=HTMX).status_code == 204
    nurse.post(f"/visits/{reyes.id}/take/", form(reyes))
    fresh = nurse.get(f"{live}{version}", headers=HTMX)
    assert fresh.status_code == 200
    assert 'id="live-board"' in fresh.content.decode()
    assert "<html" not in fresh.content.decode()


def test_the_floor_costs_the_same_for_any_number_of_patients(
    db: None, settings: object, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    settings.DEMO_CLOCK_OFFSET_SECONDS = 0  # type: ignore[attr-defined]
    day = scenes.busy_day()
    nurse = desk_of(day.nurse)
    nurse.get(ALL)
    with django_assert_max_num_queries(10):
        text = words(nurse.get(ALL))
    assert "Arden, K." in text
    assert "Wade, M." in text
