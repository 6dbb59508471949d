"""Booking, moving and cancelling: what is refused, in which words, and what stays as it was."""

from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from accounts.domain.policy import Role
from audit.models import AuditEvent
from authorizations.models import Authorization
from core import clock
from core.errors import BadInput, Conflict, NeedsReason, NotAllowed, NotFound, Stale
from core.ids import new_id
from regimens.models import OrderStatus
from scheduling.domain.statuses import VisitStatus
from scheduling.models import BoardVersion, CapacitySlot, MoveRequest, Visit
from scheduling.services import booking
from scheduling.services.booking import Override
from tests import factories
from tests.factories import at
from tests.scheduling.conftest import MONDAY, TUESDAY, World

UNCOVERED = Override("no authorization yet")


def load_used() -> int:
    return sum(CapacitySlot.objects.values_list("load_used", flat=True))


def authorization() -> Authorization:
    return Authorization.objects.get()


def book(world: World, hour: int = 9, chair: int = 0, **more: object) -> Visit:
    values = {"course_day": world.course_day, "chair": world.chairs[chair], "start": at(TUESDAY, hour)}
    return booking.book(**values | {"by": world.scheduler} | more)  # type: ignore[arg-type]


def test_a_booking_takes_the_chair_the_nurses_time_and_the_units(world: World) -> None:
    visit = book(world)
    assert visit.status == VisitStatus.BOOKED
    assert (visit.period.upper - visit.period.lower) == timedelta(hours=2)
    assert load_used() == sum(visit.load_profile) > 0
    assert authorization().units_reserved == world.course_day.units
    assert BoardVersion.objects.get(on=TUESDAY).version == 1
    assert AuditEvent.objects.filter(action="visit.book", entity_id=str(visit.id)).count() == 1
    assert [event.kind for event in visit.events.all()] == ["book"]


def test_a_taken_chair_is_refused_by_name_and_time(world: World) -> None:
    first = book(world)
    other = world.another_day(family_name="Keller", given_name="Dora")
    with pytest.raises(Conflict, match=rf"Keller, D\. can't go to A1 at 10:30: A1 has {first.patient.short_name}"):
        book(world, course_day=other, start=at(TUESDAY, 10, 30))
    assert Visit.objects.count() == 1


def test_visits_that_only_touch_do_not_collide(world: World) -> None:
    book(world)
    visit = book(world, course_day=world.another_day(), start=at(TUESDAY, 11), override=UNCOVERED)
    assert visit.status == VisitStatus.BOOKED


def test_a_patient_is_never_in_two_places(world: World) -> None:
    book(world)
    second = factories.make_course_day(world.order, TUESDAY)
    with pytest.raises(Conflict, match=r"is already booked 09:00–11:00 in A1"):
        book(world, course_day=second, start=at(TUESDAY, 10), chair=1)


def test_a_course_day_is_booked_once(world: World) -> None:
    book(world)
    with pytest.raises(Conflict, match=r"Day 1 of course 1 is already booked: Tue 3 Mar 2026 09:00 in A1"):
        book(world, start=at(TUESDAY, 14), chair=1)


def test_a_time_in_the_past_is_refused_at_its_field(world: World) -> None:
    with pytest.raises(BadInput, match="has passed") as refusal:
        book(world, start=at(MONDAY, 7))
    assert refusal.value.reasons[0].field == "start"


def test_a_start_off_the_quarter_hour_is_refused(world: World) -> None:
    with pytest.raises(BadInput, match="quarter hour"):
        book(world, start=at(TUESDAY, 9, 7))


def test_a_start_without_a_time_zone_is_refused(world: World) -> None:
    with pytest.raises(BadInput, match="time zone offset"):
        book(world, start=datetime(2026, 3, 3, 9))  # noqa: DTZ001


def test_a_visit_that_would_outlast_opening_hours_is_refused(world: World) -> None:
    with pytest.raises(Conflict, match="not open"):
        book(world, start=at(TUESDAY, 17))


def test_a_patient_who_needs_a_private_room_gets_no_open_chair(world: World) -> None:
    day = world.another_day(needs_private_room=True)
    with pytest.raises(Conflict, match="needs a private room, and A1 is not one"):
        book(world, course_day=day)


def test_an_order_on_hold_books_nothing(world: World) -> None:
    world.order.status = OrderStatus.ON_HOLD
    world.order.save()
    with pytest.raises(Conflict, match="not active"):
        book(world)


def test_a_day_outside_the_window_needs_a_reason_and_keeps_it(world: World) -> None:
    early = factories.make_course_day(world.order, TUESDAY + timedelta(days=3), window=1)
    with pytest.raises(NeedsReason, match=r"2 days before the order's window"):
        book(world, course_day=early)
    visit = book(world, course_day=early, override=Override("Travels next week"))
    assert visit.overrides[0]["code"] == "too_early"
    assert visit.overrides[0]["reason"] == "Travels next week"


def test_no_authorization_needs_a_reason(world: World) -> None:
    with pytest.raises(NeedsReason):
        book(world, course_day=world.another_day())


def test_a_role_without_the_override_permission_cannot_go_ahead(world: World) -> None:
    auditor = factories.actor(factories.make_staff(world.clinic, Role.AUDITOR))
    with pytest.raises(NotAllowed):
        book(world, by=auditor)


def test_nurse_load_over_capacity_needs_a_reason_and_is_counted_as_an_override(world: World) -> None:
    CapacitySlot.objects.filter(starts_at__gte=at(TUESDAY, 9), starts_at__lt=at(TUESDAY, 10)).update(load_cap=50)
    with pytest.raises(NeedsReason, match=r"Nurse load would reach 0\.8 of 0 nurses on shift at 09:00"):
        book(world)
    book(world, override=Override("Charge nurse helps"))
    slot = CapacitySlot.objects.get(starts_at=at(TUESDAY, 9))
    assert slot.override_load == slot.load_used - 50 == 25


def test_a_cancelled_override_leaves_no_room_behind_for_others(world: World) -> None:
    CapacitySlot.objects.filter(starts_at__gte=at(TUESDAY, 9), starts_at__lt=at(TUESDAY, 10)).update(load_cap=50)
    visit = book(world, override=Override("Charge nurse helps"))
    booking.cancel(visit=visit, reason="ill", expected_version=1, by=world.scheduler)
    slot = CapacitySlot.objects.get(starts_at=at(TUESDAY, 9))
    assert (slot.load_used, slot.override_load) == (0, 0)


def test_each_nurse_starts_one_infusion_in_a_quarter_hour(world: World) -> None:
    CapacitySlot.objects.update(starts_cap=1)
    book(world)
    with pytest.raises(NeedsReason, match="1 infusions already start at 09:15 with 1 nurses"):
        book(world, course_day=world.another_day(), chair=1)


def test_another_clinics_chair_does_not_exist_here(world: World) -> None:
    elsewhere = factories.make_clinic(chairs=1)
    with pytest.raises(NotFound):
        book(world, chair=0, by=factories.scheduler(elsewhere))


def test_moving_frees_the_old_place_and_keeps_the_units(world: World) -> None:
    visit = book(world)
    before = load_used()
    moved = booking.move(
        visit=visit, chair=world.chairs[1], start=at(TUESDAY, 10), expected_version=1, by=world.scheduler
    )
    assert (moved.chair.name, moved.period.lower, moved.version) == ("A2", at(TUESDAY, 10), 2)
    assert load_used() == before
    assert authorization().units_reserved == world.course_day.units
    book(world, course_day=world.another_day(), override=UNCOVERED)


def test_moving_over_its_own_old_time_is_no_conflict(world: World) -> None:
    visit = book(world)
    moved = booking.move(
        visit=visit, chair=visit.chair, start=at(TUESDAY, 9, 15), expected_version=1, by=world.scheduler
    )
    assert moved.period.lower == at(TUESDAY, 9, 15)


def test_a_refused_move_keeps_the_old_place(world: World) -> None:
    visit = book(world)
    book(world, course_day=world.another_day(), chair=1, override=UNCOVERED)
    with pytest.raises(Conflict, match="A2 has"):
        booking.move(visit=visit, chair=world.chairs[1], start=at(TUESDAY, 10), expected_version=1, by=world.scheduler)
    visit.refresh_from_db()
    assert (visit.chair_id, visit.period.lower) == (world.chairs[0].id, at(TUESDAY, 9))
    assert authorization().units_reserved == world.course_day.units


def test_a_stale_move_names_who_was_first(world: World) -> None:
    visit = book(world)
    seen = Visit.objects.select_related("chair__clinic", "clinic").get(pk=visit.pk)
    booking.move(visit=visit, chair=world.chairs[1], start=at(TUESDAY, 10), expected_version=1, by=world.scheduler)
    with pytest.raises(Stale, match=rf"{world.scheduler.label} changed this visit at .* 10:00 in A2"):
        booking.move(visit=seen, chair=world.chairs[2], start=at(TUESDAY, 12), expected_version=1, by=world.scheduler)


def test_moving_to_another_day_reserves_the_units_anew(world: World) -> None:
    visit = book(world)
    booking.move(
        visit=visit,
        chair=visit.chair,
        start=at(TUESDAY + timedelta(days=1), 9),
        expected_version=1,
        by=world.scheduler,
    )
    assert authorization().units_reserved == world.course_day.units
    assert [entry.kind for entry in authorization().ledger.order_by("at", "id")] == ["reserve", "release", "reserve"]


def test_cancelling_frees_chair_nurses_and_units(world: World) -> None:
    visit = book(world)
    cancelled = booking.cancel(visit=visit, reason="Patient is ill", expected_version=1, by=world.scheduler)
    assert cancelled.status == VisitStatus.CANCELLED
    assert load_used() == 0
    assert authorization().units_reserved == 0
    assert book(world, start=at(TUESDAY, 9)).status == VisitStatus.BOOKED


def test_cancelling_needs_a_reason(world: World) -> None:
    visit = book(world)
    with pytest.raises(BadInput, match="Say why"):
        booking.cancel(visit=visit, reason="  ", expected_version=1, by=world.scheduler)


def test_a_hold_that_ran_out_holds_nothing(world: World) -> None:
    visit = book(world)
    booking.cancel(visit=visit, reason="wrong chair", expected_version=1, by=world.scheduler)
    held = raw_copy(visit, status=VisitStatus.HELD, hold_until=at(MONDAY, 7))
    booked = book(world, course_day=world.another_day(), override=UNCOVERED)
    held.refresh_from_db()
    assert (booked.status, held.status) == (VisitStatus.BOOKED, VisitStatus.CANCELLED)


def raw_copy(visit: Visit, **changes: object) -> Visit:
    """Insert a copy of the visit behind the services' back."""
    copy = Visit.objects.get(pk=visit.pk)
    copy.pk, copy._state.adding = new_id(), True
    for name, value in changes.items():
        setattr(copy, name, value)
    with transaction.atomic():
        Visit.objects.bulk_create([copy])
    return copy


def test_the_database_itself_refuses_a_second_visit_in_a_chair(world: World) -> None:
    visit = book(world)
    other = world.another_day()
    with pytest.raises(IntegrityError, match="visit_chair_once"):
        raw_copy(visit, course_day=other, patient=other.course.order.patient)


def test_the_database_itself_refuses_load_over_capacity(world: World) -> None:
    visit = book(world)
    CapacitySlot.objects.filter(starts_at__gte=at(TUESDAY, 9), starts_at__lt=at(TUESDAY, 11)).update(load_cap=80)
    other = world.another_day()
    with pytest.raises(IntegrityError, match="capacity_slot_load"):
        raw_copy(visit, course_day=other, patient=other.course.order.patient, chair=world.chairs[1])


def test_the_database_itself_refuses_an_illegal_status(world: World) -> None:
    visit = book(world)
    with pytest.raises(IntegrityError, match="may not move from booked to infusing"), transaction.atomic():
        Visit.objects.filter(pk=visit.pk).update(status=VisitStatus.INFUSING)


def test_a_visit_is_never_deleted(world: World) -> None:
    visit = book(world)
    with pytest.raises(Exception, match="delete"), transaction.atomic():
        Visit.objects.filter(pk=visit.pk).delete()


def ask_to_move(visit: Visit) -> MoveRequest:
    return MoveRequest.objects.create(visit=visit, wish="later", created_at=clock.now(), answer_by_on=TUESDAY)


def test_moving_a_visit_answers_what_its_patient_asked(world: World) -> None:
    visit = book(world)
    request = ask_to_move(visit)
    booking.move(visit=visit, chair=visit.chair, start=at(TUESDAY, 13), expected_version=1, by=world.scheduler)
    request.refresh_from_db()
    assert (request.state, request.answered_by_label) == ("moved", world.scheduler.label)


def test_cancelling_a_visit_answers_what_its_patient_asked(world: World) -> None:
    visit = book(world)
    request = ask_to_move(visit)
    booking.cancel(visit=visit, reason="ill", expected_version=1, by=world.scheduler)
    request.refresh_from_db()
    assert request.state == "cancelled"
