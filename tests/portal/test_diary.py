"""The diary on the phone: quick to fill, never watched live, and a sign that cannot wait is answered at once."""

from decimal import Decimal

import pytest
from django.test import Client

from accounts.domain.policy import Role
from audit.models import AuditEvent
from core.errors import NotAllowed, NotFound
from patients.domain.diary import Entry
from patients.domain.red_flags import RedFlag
from patients.models import DiaryEntry
from scheduling.models import StaffTask
from scheduling.services import diary
from tests import factories
from tests.portal.conftest import Home, patient_with_visit, signed_in

NEW = "/p/diary/new/"


def the_entry() -> DiaryEntry:
    return DiaryEntry.objects.get()


def test_the_home_page_leads_to_the_diary(home: Home) -> None:
    assert f'href="{NEW}"' in home.client.get("/p/").content.decode()
    page = home.client.get("/p/diary/").content.decode()
    assert "Nothing written yet" in page
    assert "Not watched live" in page


def test_a_tick_and_a_number_are_enough(home: Home) -> None:
    answer = home.client.post(NEW, {"usual": ["headache", "fatigue"], "severity": "4"}, follow=True)
    assert answer.redirect_chain == [("/p/diary/", 302)]
    entry = the_entry()
    assert (entry.patient, entry.symptom, entry.more_symptoms, entry.severity) == (
        home.patient,
        "headache",
        ["fatigue"],
        4,
    )
    assert not entry.is_red_flag
    assert not StaffTask.objects.exists()
    assert "Headache, Very tired" in answer.content.decode()
    assert AuditEvent.objects.get(action="diary.write").patient_id == home.patient.id


def test_all_details_are_kept(home: Home) -> None:
    posted = {
        "more": ["weakness_back"],
        "severity": "7",
        "text": "Hands are weak again.",
        "happened_on": "2026-03-01",
        "temperature": "99,5 °F",
        "onset": "before",
        "lasted": "24",
        "treatment": "Rest",
        "function_score": "5",
        "wear_off_days": "6",
    }
    home.client.post(NEW, posted)
    entry = the_entry()
    assert (entry.temperature_c, entry.duration_hours, entry.is_resolved) == (Decimal("37.5"), Decimal(24), True)
    assert (entry.onset, entry.function_score, entry.wear_off_days) == ("before", 5, 6)
    assert entry.happened_at.astimezone(home.clinic.zone).date().isoformat() == "2026-03-01"
    page = home.client.get(f"/p/diary/{entry.id}/").content.decode()
    for words in ("My old symptoms are coming back", "Hands are weak again.", "37.5 °C, 99.5 °F", "5 of 10", "Rest"):
        assert words in page
    assert "Get help now" not in page


@pytest.mark.parametrize("flag", list(RedFlag))
def test_a_sign_that_cannot_wait_is_answered_at_once_and_put_before_the_nurses(home: Home, flag: RedFlag) -> None:
    answer = home.client.post(NEW, {"flags": [flag.value]}, follow=True)
    page = answer.content.decode()
    assert page.index("Get help now") < page.index(flag.label)
    assert 'href="tel:911"' in page
    assert f'href="tel:{home.clinic.phone}"' in page
    assert "Saved" not in page
    task = StaffTask.objects.get()
    assert (task.kind, task.is_urgent, task.patient, task.clinic) == ("red_flag", True, home.patient, home.clinic)
    assert flag.label.lower() in task.text
    assert the_entry().is_red_flag


def test_a_high_temperature_alone_is_answered_too(home: Home) -> None:
    page = home.client.post(NEW, {"usual": ["chills"], "temperature": "101.3"}, follow=True).content.decode()
    assert "Get help now" in page
    assert the_entry().symptom == "high_fever"
    assert StaffTask.objects.get().is_urgent


def test_a_red_flag_is_answered_whatever_else_was_typed(home: Home) -> None:
    posted = {
        "flags": ["breathing", "nonsense"],
        "usual": ["nonsense"],
        "severity": "99",
        "temperature": "very hot",
        "happened_on": "2999-01-01",
        "wear_off_days": "-3",
        "text": "x" * 2000,
    }
    page = home.client.post(NEW, posted, follow=True).content.decode()
    assert "Get help now" in page
    entry = the_entry()
    assert (entry.symptom, entry.is_red_flag, entry.severity) == ("breathing", True, None)
    assert StaffTask.objects.filter(kind="red_flag").count() == 1


def test_the_clinic_s_own_emergency_number_is_told(home: Home) -> None:
    type(home.clinic).objects.filter(pk=home.clinic.pk).update(emergency_number="112")
    page = home.client.post(NEW, {"flags": ["chest"]}, follow=True).content.decode()
    assert 'href="tel:112"' in page
    assert "911" not in page


@pytest.mark.parametrize(
    ("posted", "sentence"),
    [
        ({}, "Tick how you feel."),
        ({"usual": ["headache"], "temperature": "warm"}, "Type the temperature as a number"),
        ({"usual": ["headache"], "temperature": "200"}, "Check the temperature"),
        ({"usual": ["headache"], "happened_on": "2999-01-01"}, "still to come"),
        ({"usual": ["headache"], "happened_on": "2001-01-01"}, "last 12 months"),
        ({"usual": ["headache"], "wear_off_days": "99"}, "Enter 60 or less."),
        ({"usual": ["headache"], "severity": "11"}, "Choose one from the list."),
        ({"usual": ["headache"], "temperature": "NaN"}, "Type the temperature as a number"),
    ],
)
def test_a_slip_is_said_at_its_field_and_nothing_is_saved(home: Home, posted: dict[str, str], sentence: str) -> None:
    answer = home.client.post(NEW, posted)
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert not DiaryEntry.objects.exists()


def test_how_bad_it_was_is_drawn_from_the_numbers(home: Home) -> None:
    for severity in ("2", "6", "3"):
        home.client.post(NEW, {"usual": ["headache"], "severity": severity})
    page = home.client.get("/p/diary/").content.decode()
    assert "the last 3 times: at most 6 of 10" in page
    assert page.count('<rect class="bar-fill"') == 3


def test_nobody_reads_or_writes_another_patient_s_diary(home: Home) -> None:
    home.client.post(NEW, {"usual": ["headache"]})
    other, _ = patient_with_visit(home.clinic, chair=1)
    assert signed_in(other).get(f"/p/diary/{the_entry().id}/").status_code == 404
    assert "Headache" not in signed_in(other).get("/p/diary/").content.decode()
    entry = Entry(symptoms=("headache",), happened_at=the_entry().happened_at)
    assert other.user is not None
    with pytest.raises(NotFound):
        diary.write(patient=home.patient, entry=entry, by=factories.actor(other.user))
    with pytest.raises(NotAllowed):
        diary.write(patient=home.patient, entry=entry, by=home.scheduler)
    for path in ("/p/diary/", NEW):
        assert Client().get(path).status_code == 302


def test_seeing_a_red_flag_settles_its_task_and_the_other_way_round(home: Home) -> None:
    for _ in range(2):
        home.client.post(NEW, {"flags": ["chest"]})
    first, second = DiaryEntry.objects.order_by("created_at")
    nurse = factories.actor(factories.make_staff(home.clinic, Role.NURSE))
    with pytest.raises(NotAllowed, match="signs that cannot wait"):
        diary.mark_seen(entry=first, by=home.scheduler)
    diary.mark_seen(entry=first, by=nurse)
    diary.mark_seen(entry=first, by=nurse)
    task = StaffTask.objects.get(done_at=None)
    assert str(second.id) in task.dedupe_key
    diary.finish_task(clinic=home.clinic, task_id=task.id, by=nurse)
    second.refresh_from_db()
    assert second.seen_by_label == nurse.label
    assert not StaffTask.objects.filter(done_at=None).exists()
