"""The list of places says before anything is pressed that nobody would pay."""

from datetime import date, timedelta

from django.test import Client

from patients.models import Coverage
from regimens.models import CourseDay
from tests.browser.scenes import FRIDAY, Day
from tests.factories import make_authorization, make_payer
from tests.scheduling.pages.reading import words


def insured(course_day: CourseDay) -> None:
    patient = course_day.course.order.patient
    Coverage.objects.create(
        patient=patient, payer=make_payer(patient.clinic), member_id="M-9", starts_on=date(2026, 1, 1)
    )


def test_places_without_cover_say_so_once_above_the_list_and_carry_no_tick(desk: Client, day: Day) -> None:
    course_day = day.due("Reyes", "Pia")
    insured(course_day)
    page = desk.get("/find/", {"course_day": str(course_day.id)})
    assert words(page).count("Not covered: booking will ask for a reason") == 1
    assert "needs a reason: not covered that day" in words(page)
    assert 'class="option"' not in page.content.decode()


def test_places_after_the_authorization_ends_are_marked_one_by_one(desk: Client, day: Day) -> None:
    course_day = day.due("Reyes", "Pia")
    order = course_day.course.order
    make_authorization(order, starts_on=FRIDAY - timedelta(days=30), ends_on=FRIDAY, payer=make_payer(order.clinic))
    page = desk.get(
        "/find/", {"course_day": str(course_day.id), "first": str(FRIDAY), "last": str(FRIDAY + timedelta(days=4))}
    )
    assert "Not covered: booking will ask for a reason" not in words(page)
    covered = words(desk.get("/find/", {"course_day": str(course_day.id), "first": str(FRIDAY), "last": str(FRIDAY)}))
    assert "needs a reason: not covered that day" not in covered
