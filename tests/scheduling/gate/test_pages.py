"""The gate's pages as a plain browser gets them: the check, going ahead, and lights on the board and the list."""

from collections.abc import Iterator

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.domain.policy import Role
from accounts.models import User
from patients.models import TreatmentConsent, WeightMeasurement
from scheduling.domain.statuses import VisitStatus
from scheduling.models import PreInfusionCheck, Visit
from scheduling.services import flow, gate
from tests import factories
from tests.browser import scenes
from tests.browser.scenes import Day
from tests.scheduling.pages.reading import BOARD, HTMX, words

S = VisitStatus


@pytest.fixture
def day(db: None, settings: Settings) -> Iterator[Day]:
    settings.DEMO_CLOCK_OFFSET_SECONDS = 0
    day = scenes.quiet_day()
    with timezone.override(day.clinic.zone):
        yield day


@pytest.fixture
def reyes(day: Day) -> Visit:
    """Reyes sits in A1; nobody has made the check yet."""
    visit = day.book(day.due("Reyes", "Pia"), "A1", 15, is_checked=False)
    for step in (S.ARRIVED, S.SEATED):
        visit = flow.advance(visit=visit, to=step, expected_version=visit.version, by=day.by)
    return visit


def desk_of(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def page_of(visit: Visit) -> str:
    return f"/visits/{visit.id}/"


def test_the_check_starts_the_infusion_when_all_is_well(day: Day, reyes: Visit) -> None:
    nurse = desk_of(day.nurse)
    assert "Check and start…" in words(nurse.get(page_of(reyes)))
    assert "All no, drug is here: start the infusion" in words(nurse.get(f"{page_of(reyes)}infusion-check/"))
    answer = nurse.post(f"{page_of(reyes)}infusion-check/", {"act": "all_no"}, follow=True)
    assert "Reyes, P.: infusing." in words(answer)
    assert "Checked: nothing to report." in words(answer)
    reyes.refresh_from_db()
    assert reyes.status == S.INFUSING


def test_before_the_chair_the_check_is_only_saved(day: Day) -> None:
    visit = day.book(day.due("Reyes", "Pia"), "A1", 15, is_checked=False)
    nurse = desk_of(day.nurse)
    assert "All no, drug is here: save" in words(nurse.get(f"{page_of(visit)}infusion-check/"))
    answer = nurse.post(f"{page_of(visit)}infusion-check/", {"act": "all_no"}, follow=True)
    assert "The check is saved." in words(answer)
    visit.refresh_from_db()
    assert visit.status == S.BOOKED
    assert PreInfusionCheck.objects.filter(visit=visit).count() == 1


def test_concerns_are_shown_and_hold(day: Day, reyes: Visit) -> None:
    nurse = desk_of(day.nurse)
    answer = nurse.post(
        f"{page_of(reyes)}infusion-check/",
        {"act": "save_start", "concerns": ["fever_infection", "vaccine"], "temperature_c": "38.4", "note": "Cough"},
    )
    assert answer.status_code == 409
    text = words(answer)
    assert "The drug is not on hand. Ask the pharmacy." in text
    assert "Fever or infection; Temperature 38.4 °C. Ask the prescriber before starting." in text
    assert "The drug is not here; Fever or infection; Vaccine." in text
    assert "A prescriber may go ahead." in text
    assert "Nobody can go ahead." in text


def test_the_check_shows_which_answers_hold_on_what_ground(day: Day, reyes: Visit) -> None:
    page = words(desk_of(day.nurse).get(f"{page_of(reyes)}infusion-check/"))
    clots = "holds until the prescriber agrees warnings of immune globulin labels: clots; confidence: usual practice"
    assert f"Chest pain, or a swollen or painful leg {clots}, verify" in page
    assert "Vaccine is noted and shown" in page
    assert "Temperature from 38.0 °C holds" in page


def test_a_check_that_makes_no_sense_stays_in_the_form(day: Day, reyes: Visit) -> None:
    nurse = desk_of(day.nurse)
    answer = nurse.post(f"{page_of(reyes)}infusion-check/", {"act": "save", "temperature_c": "98.6"})
    assert answer.status_code == 422
    assert "Enter a temperature between 30 and 45 °C" in words(answer)
    scenes.set_clock(scenes.NOW.replace(day=21))
    answer = desk_of(day.nurse).post(f"{page_of(reyes)}infusion-check/", {"act": "save"})
    assert answer.status_code == 409
    assert "the check is done that day" in words(answer)


def test_going_ahead_with_and_without_a_reason(day: Day, reyes: Visit) -> None:
    WeightMeasurement.objects.filter(patient=reyes.patient).delete()
    nurse = desk_of(day.nurse)
    assert "Needs a decision" in words(nurse.get(page_of(reyes)))
    refused = nurse.post(f"{page_of(reyes)}override/", {"code": "weight_outdated", "reason": " "})
    assert refused.status_code == 422
    assert "Say why the visit goes ahead." in words(refused)
    done = nurse.post(
        f"{page_of(reyes)}override/", {"code": "weight_outdated", "reason": "Bed scale broken"}, follow=True
    )
    assert "Went ahead: Bed scale broken" in words(done)
    assert "Went ahead against: No weight is on file. Weigh the patient." in words(done)
    panel = nurse.post(f"{page_of(reyes)}override/", {"code": "weight_outdated", "reason": "Again"}, headers=HTMX)
    assert panel.status_code == 409
    assert "does not hold this visit any more" in words(panel)


def test_a_nurse_may_not_go_ahead_against_a_paper(day: Day, reyes: Visit) -> None:
    TreatmentConsent.objects.filter(patient=reyes.patient).delete()
    answer = desk_of(day.nurse).post(f"{page_of(reyes)}override/", {"code": "consent_missing", "reason": "Trust me"})
    assert answer.status_code == 403
    assert "A prescriber or a manager may go ahead against this." in words(answer)


@pytest.mark.parametrize(
    ("role", "sees"), [(Role.SCHEDULER, "A nurse does it."), (Role.AUDITOR, "A nurse does it."), (Role.NURSE, "Check")]
)
def test_who_may_not_check_is_told_who_does(day: Day, reyes: Visit, role: Role, sees: str) -> None:
    assert sees in words(desk_of(factories.make_staff(day.clinic, role)).get(page_of(reyes)))


def test_every_reason_links_to_what_mends_it(day: Day, reyes: Visit) -> None:
    TreatmentConsent.objects.filter(patient=reyes.patient).delete()
    reyes.course_day.course.order.product.data = {"rems": "TOUCH"}
    reyes.course_day.course.order.product.save()
    manager = desk_of(factories.make_staff(day.clinic, Role.MANAGER))
    html = manager.get(page_of(reyes)).content.decode()
    assert f'href="/patients/{reyes.patient_id}/#consent-title"' in html
    assert f'href="/patients/{reyes.patient_id}/#programmes-title"' in html
    assert 'name="code" value="consent_missing"' in html
    assert 'name="code" value="rems_incomplete"' not in html


def test_lights_stand_on_the_board_and_the_list_and_cost_no_statement(
    day: Day, reyes: Visit, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    desk = desk_of(day.nurse)
    plain = words(desk.get(BOARD))
    assert "Not clear:" not in plain
    TreatmentConsent.objects.filter(patient=reyes.patient).delete()
    gate.look([reyes])
    with django_assert_max_num_queries(9):  # one of them writes that the board was looked at
        shown = desk.get(BOARD)
    assert "Not clear: No consent is on file. Have the patient sign one." in words(shown)
    assert f'data-check="{page_of(reyes)}infusion-check/"' in shown.content.decode()
    listed = words(desk.get(f"{BOARD}?view=list"))
    assert "Not clear" in listed
    assert "Check and start Reyes, P." in listed


def test_what_was_overridden_is_still_seen_after_the_start(day: Day, reyes: Visit) -> None:
    TreatmentConsent.objects.filter(patient=reyes.patient).delete()
    manager = desk_of(factories.make_staff(day.clinic, Role.MANAGER))
    manager.post(f"{page_of(reyes)}override/", {"code": "consent_missing", "reason": "Signs today"})
    manager.post(f"{page_of(reyes)}infusion-check/", {"act": "all_no"})
    text = words(manager.get(page_of(reyes)))
    assert "infusing" in text.lower()
    assert "Went ahead: Signs today" in text
    assert "Somebody went ahead against the clearance gate." in words(manager.get(BOARD))


def test_all_no_is_refused_while_something_is_ticked_and_nothing_typed_is_lost(day: Day, reyes: Visit) -> None:
    sent = {"act": "all_no", "concerns": ["fever_infection"], "temperature_c": "39.2"}
    page = desk_of(day.nurse).post(f"{page_of(reyes)}infusion-check/", sent)
    assert page.status_code == 422
    assert "You ticked “Fever or infection”" in words(page)
    assert 'value="39.2"' in page.content.decode()
    reyes.refresh_from_db()
    assert reyes.status == S.SEATED


def test_looking_again_begins_with_what_was_found(day: Day, reyes: Visit) -> None:
    nurse = desk_of(day.nurse)
    nurse.post(f"{page_of(reyes)}infusion-check/", {"act": "save", "concerns": ["fever_infection"]})
    again = nurse.get(f"{page_of(reyes)}infusion-check/").content.decode()
    assert 'value="fever_infection" id="id_concerns_0" checked' in again
    lost = nurse.post(f"{page_of(reyes)}infusion-check/", {"act": "all_no"})
    assert "Say in the note why that no longer holds." in words(lost)
