"""Plans roll on by themselves: a year is always laid out, what comes due is asked once, and twice at once is once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
import time_machine
from django.db import connection

from regimens.models import CatalogueEdit, OrderEvent, OrderStatus, TreatmentOrder
from regimens.services import orders
from scheduling import tasks
from scheduling.models import StaffTask
from scheduling.queries import coming_due
from scheduling.services import order_standing, rolling
from tests import factories
from tests.regimens.scenes import give, today
from tests.scheduling.replanning.scenes import MONDAY_MORNING, Scene, book, scene

pytestmark = pytest.mark.django_db


def open_kinds(found: Scene) -> list[str]:
    return sorted(StaffTask.objects.filter(clinic=found.clinic, done_at=None).values_list("kind", flat=True))


def shorten(order: TreatmentOrder) -> int:
    """Take away the last three months of a plan; how many courses it had."""
    count, ends = order.courses.count(), today(order.clinic) + timedelta(days=270)
    for course in order.courses.filter(due_on__gt=ends):
        course.days.all().delete()
        course.delete()
    TreatmentOrder.objects.filter(pk=order.pk).update(laid_out_through_on=ends)
    return count


def test_the_sweep_lays_out_the_year_and_doing_it_again_changes_nothing() -> None:
    found = scene(booked=())
    count = shorten(found.order)
    tasks.roll_plans()
    assert found.order.courses.count() == count
    found.order.refresh_from_db()
    version = found.order.version
    assert found.order.laid_out_through_on == orders.a_year_after(today(found.clinic))
    tasks.roll_plans()
    found.order.refresh_from_db()
    assert (found.order.version, found.order.courses.count()) == (version, count)
    assert OrderEvent.objects.filter(order=found.order, kind="extended").count() == 1


def test_an_order_that_cannot_be_laid_out_becomes_a_task_and_stops_nobody() -> None:
    broken, sound = scene(booked=()), scene(booked=())
    TreatmentOrder.objects.filter(pk=sound.order.pk).update(clinic=broken.clinic)
    sound.order.refresh_from_db()
    count = shorten(sound.order)
    shorten(broken.order)
    TreatmentOrder.objects.filter(pk=broken.order.pk).update(hcpcs="J0000")
    tasks.roll_plans()
    assert sound.order.courses.count() == count
    (task,) = StaffTask.objects.filter(clinic=broken.clinic, kind=rolling.STUCK, done_at=None)
    assert task.order_id == broken.order.id
    assert "could not be laid out further" in task.text
    TreatmentOrder.objects.filter(pk=broken.order.pk).update(hcpcs=sound.order.hcpcs)
    tasks.roll_plans()
    assert not StaffTask.objects.filter(kind=rolling.STUCK, done_at=None).exists()


def test_a_change_of_the_catalogue_reaches_the_plans_at_night() -> None:
    found = scene()
    product = found.order.product
    CatalogueEdit.objects.create(
        organization=found.clinic.organization,
        product=product,
        field="vial_sizes_g",
        value=[40],
        effective_from=today(found.clinic),
        source="a test",
        confidence="K",
        made_at=MONDAY_MORNING + timedelta(minutes=1),
        made_by_label="A manager",
    )
    before = found.order.courses.get(number=3).days.get().vials
    tasks.roll_plans()
    assert found.order.courses.get(number=3).days.get().vials == before
    with time_machine.travel(MONDAY_MORNING + timedelta(hours=18), tick=True):  # two in the morning in Chicago
        tasks.roll_plans()
    after = found.order.courses.get(number=3).days.get().vials
    assert after != before
    assert {vial["mg"] for vial in after} == {40_000}
    assert "plan" in open_kinds(found)
    assert "the catalogue changed from" in StaffTask.objects.get(kind="plan").text


def test_renewal_is_asked_for_at_sixty_and_again_at_thirty_days() -> None:
    found = scene(booked=())
    TreatmentOrder.objects.filter(pk=found.order.pk).update(ends_on=today(found.clinic) + timedelta(days=60))
    tasks.roll_plans()
    tasks.roll_plans()
    first = StaffTask.objects.get(kind=coming_due.RENEWAL)
    assert "ends on" in first.text
    with time_machine.travel(MONDAY_MORNING + timedelta(days=31), tick=True):
        tasks.roll_plans()
    assert StaffTask.objects.filter(kind=coming_due.RENEWAL).count() == 2
    (still,) = StaffTask.objects.filter(kind=coming_due.RENEWAL, done_at=None)
    assert still != first


def test_renewal_is_asked_for_before_the_last_course_of_a_limited_order() -> None:
    scene(booked=(), course_limit=2)
    tasks.roll_plans()
    (task,) = StaffTask.objects.filter(kind=coming_due.RENEWAL)
    assert "The last course of the order of" in task.text


def test_an_overdue_course_is_asked_about_once_and_no_longer_when_it_is_booked() -> None:
    found = scene(booked=())
    give(found.order, {1: 0})
    with time_machine.travel(MONDAY_MORNING + timedelta(days=25), tick=True):
        tasks.roll_plans()
        tasks.roll_plans()
        (task,) = StaffTask.objects.filter(kind=coming_due.OVERDUE)
        assert "course 2" in task.text
        book(found.order.courses.get(number=2).days.get(), found.chairs[0],
             factories.at(today(found.clinic) + timedelta(days=3), 9), found.by)  # fmt: skip
        tasks.roll_plans()
    assert "overdue" not in open_kinds(found)


def test_a_patient_far_overdue_is_to_be_assessed_anew() -> None:
    found = scene(booked=())
    give(found.order, {1: 0})
    with time_machine.travel(MONDAY_MORNING + timedelta(days=60), tick=True):
        tasks.roll_plans()
    (task,) = StaffTask.objects.filter(kind=coming_due.REASSESS, done_at=None)
    assert task.is_urgent
    assert not StaffTask.objects.filter(kind=coming_due.OVERDUE, done_at=None).exists()


@pytest.mark.parametrize(("days", "months"), [(185, 6), (366, 12)])
def test_the_response_is_reviewed_after_half_a_year_and_a_year(days: int, months: int) -> None:
    found = scene(booked=())
    give(found.order, {1: 0})
    tasks.roll_plans()
    assert not StaffTask.objects.filter(kind=coming_due.REVIEW).exists()
    with time_machine.travel(MONDAY_MORNING + timedelta(days=days), tick=True):
        tasks.roll_plans()
        tasks.roll_plans()
    (task,) = StaffTask.objects.filter(kind=coming_due.REVIEW)
    assert f"for {months} months" in task.text


def test_what_a_person_closed_stays_closed() -> None:
    found = scene(booked=())
    TreatmentOrder.objects.filter(pk=found.order.pk).update(ends_on=today(found.clinic) + timedelta(days=50))
    tasks.roll_plans()
    StaffTask.objects.filter(kind=coming_due.RENEWAL).update(done_at=MONDAY_MORNING, done_by_label="K. Marsh")
    tasks.roll_plans()
    assert coming_due.RENEWAL not in open_kinds(found)


@pytest.mark.django_db(transaction=True)
def test_two_sweeps_at_once_do_everything_once() -> None:
    found = scene(booked=())
    give(found.order, {1: 0})
    count = shorten(found.order)
    TreatmentOrder.objects.filter(pk=found.order.pk).update(ends_on=today(found.clinic) + timedelta(days=720))
    barrier = Barrier(2)

    def sweep() -> None:
        try:
            barrier.wait()
            tasks.roll_plans()
        finally:
            connection.close()

    with time_machine.travel(MONDAY_MORNING + timedelta(days=25, hours=18), tick=True), ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: sweep(), range(2)))
    numbers = list(found.order.courses.values_list("number", flat=True))
    assert len(numbers) == len(set(numbers)) >= count
    assert OrderEvent.objects.filter(order=found.order, kind="extended").count() == 1
    assert StaffTask.objects.filter(kind=coming_due.OVERDUE).count() == 1


def test_an_order_whose_last_day_is_over_has_ended() -> None:
    found = scene(booked=(2, 3))
    last_on = today(found.clinic) + timedelta(days=20)
    order_standing.end(order=found.order, on=last_on, reason="Moves away.", by=found.by)
    (task,) = StaffTask.objects.filter(kind="plan", done_at=None)
    assert "course 3" in task.text
    assert f"the order ends on {last_on:%-d %b %Y}" in task.text
    with time_machine.travel(MONDAY_MORNING + timedelta(days=22), tick=True):
        tasks.roll_plans()
    found.order.refresh_from_db()
    assert found.order.status == OrderStatus.ENDED
