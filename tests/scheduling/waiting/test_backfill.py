"""A freed place finds who could take it, and goes on to the next when it is not taken."""

from datetime import UTC, datetime

import time_machine

from scheduling.domain.statuses import VisitStatus
from scheduling.models import ClinicRules, Offer, OfferState, StaffTask, Visit
from scheduling.queries import backfill as queries
from scheduling.queries import visits
from scheduling.queries.backfill import Freed
from scheduling.services import backfill, booking, offers
from scheduling.services.offers import FreedPlace
from tests import factories
from tests.factories import at
from tests.scheduling.conftest import MONDAY, TUESDAY, World
from tests.scheduling.waiting.conftest import NINE, book, live, offer, wait, waiting_patient


def freed(world: World) -> Freed:
    """A place on Tuesday at three that its patient cancelled."""
    visit = book(world, waiting_patient(world), chair=0)
    booking.cancel(visit=visit, reason="Ill.", expected_version=visit.version, by=world.scheduler)
    found = queries.freed_by(visits.get(world.clinic, visit.id))
    assert found is not None
    return found


def ask(world: World, place: Freed) -> Offer:
    """Offer the place to the first of those who wait."""
    entry = queries.shortlist(place).fit[0].entry
    assert entry is not None
    spot = FreedPlace(chair=place.chair, start=place.start, freed_by=place.visit)
    return offers.make(entry=entry, place=spot, by=world.scheduler)


def test_a_cancelled_visit_leaves_its_place(world: World) -> None:
    found = freed(world)
    assert (found.chair, found.start, found.minutes) == (world.chairs[0], NINE, 180)


def test_a_moved_visit_leaves_the_place_it_came_from(world: World) -> None:
    visit = book(world, waiting_patient(world), chair=0)
    booking.move(
        visit=visit, chair=world.chairs[1], start=at(TUESDAY, 8), expected_version=visit.version, by=world.scheduler
    )
    found = queries.freed_by(visits.get(world.clinic, visit.id))
    assert found is not None
    assert (found.chair, found.start) == (world.chairs[0], NINE)


def test_a_visit_that_is_where_it_was_booked_left_no_place_and_nor_does_the_past(world: World) -> None:
    assert queries.freed_by(book(world, waiting_patient(world))) is None
    gone = freed(world)
    with time_machine.travel(datetime(2026, 3, 4, 14, 0, tzinfo=UTC), tick=True):
        assert queries.freed_by(gone.visit) is None


def test_who_waits_is_first_then_who_is_due_and_who_may_not_is_told_why(world: World) -> None:
    due = waiting_patient(world)
    waits = wait(world)
    uncovered = world.another_day()
    found = queries.shortlist(freed(world))
    first, *others = [person.course_day.id for person in found.fit]
    assert (first, set(others)) == (waits.course_day_id, {due.id, world.course_day.id})
    [unfit] = [person for person in found.unfit if person.course_day.id == uncovered.id]
    assert "nothing was asked" in unfit.reasons[0]


def test_only_short_notice_is_marked_so_that_staff_may_call(world: World) -> None:
    entry = wait(world, notice_hours=100)
    [unfit] = [one for one in queries.shortlist(freed(world)).unfit if one.entry == entry]
    assert unfit.is_only_short_notice


def test_a_place_that_would_overload_the_nurses_is_not_offered(world: World) -> None:
    from scheduling.models import CapacitySlot

    wait(world)
    place = freed(world)
    CapacitySlot.objects.filter(clinic=world.clinic).update(load_cap=1)
    found = queries.shortlist(place)
    assert found.fit == ()
    assert found.unfit


def test_freeing_a_place_for_which_somebody_waits_is_put_before_staff_until_it_is_offered(world: World) -> None:
    wait(world)
    place = freed(world)
    task = StaffTask.objects.get(kind="backfill")
    assert task.visit == place.visit
    assert "1 patient waits" in task.text
    ask(world, place)
    backfill.sweep_all()
    assert StaffTask.objects.get(pk=task.pk).done_at is not None


def test_a_place_that_is_not_taken_goes_to_the_next_by_itself_once(world: World) -> None:
    wait(world)
    wait(world)
    first = ask(world, freed(world))
    offers.decline(offer=first, by=world.scheduler)
    backfill.sweep_all()
    backfill.sweep_all()
    second = Offer.objects.get(state=OfferState.OPEN)
    assert (second.entry_id != first.entry_id, second.starts_at, second.freed_by) == (True, NINE, first.freed_by)
    assert Offer.objects.count() == 2
    [held] = live(world)
    assert (held.id, held.status) == (second.held_visit_id, VisitStatus.HELD)


def test_an_offer_that_ran_out_goes_on_in_the_same_sweep(world: World) -> None:
    wait(world)
    wait(world)
    first = ask(world, freed(world))
    with time_machine.travel(datetime(2026, 3, 2, 16, 30, tzinfo=UTC), tick=True):
        backfill.sweep_all()
    assert Offer.objects.get(pk=first.pk).state == OfferState.EXPIRED
    assert Offer.objects.filter(state=OfferState.OPEN).count() == 1


def test_who_only_is_due_is_never_asked_by_itself_and_staff_are(world: World) -> None:
    waiting_patient(world)
    wait(world)
    offers.decline(offer=ask(world, freed(world)), by=world.scheduler)
    StaffTask.objects.all().delete()
    backfill.sweep_all()
    assert not Offer.objects.filter(state=OfferState.OPEN).exists()
    assert "said no. Choose who is next." in StaffTask.objects.get(kind="backfill").text


def test_a_clinic_may_want_to_be_asked_each_time(world: World) -> None:
    ClinicRules.objects.create(clinic=world.clinic, passes_offers_on=False)
    wait(world)
    wait(world)
    offers.decline(offer=ask(world, freed(world)), by=world.scheduler)
    backfill.sweep_all()
    assert not Offer.objects.filter(state=OfferState.OPEN).exists()
    assert StaffTask.objects.filter(kind="backfill", done_at=None).exists()


def test_a_place_that_was_booked_meanwhile_is_not_passed_on(world: World) -> None:
    wait(world)
    wait(world)
    made = ask(world, freed(world))
    offers.decline(offer=made, by=world.scheduler)
    book(world, waiting_patient(world), chair=0)
    backfill.sweep_all()
    assert not Offer.objects.filter(state=OfferState.OPEN).exists()
    assert not StaffTask.objects.filter(kind="backfill", done_at=None).exists()


def test_somebody_who_is_due_is_put_on_the_list_to_be_offered_a_place(world: World) -> None:
    due = waiting_patient(world)
    place = freed(world)
    spot = FreedPlace(chair=place.chair, start=place.start, freed_by=place.visit)
    made = offers.make_for_course_day(course_day=due, place=spot, by=world.scheduler)
    assert (made.entry.course_day, made.entry.earliest_on) == (due, TUESDAY)
    assert offers.accept(offer=made, by=world.scheduler).status == VisitStatus.BOOKED


def test_another_clinics_people_are_never_on_the_list(world: World) -> None:
    other = factories.make_clinic()
    factories.make_shifts(other, MONDAY, days=5)
    patient = factories.make_patient(other)
    order = factories.make_order(patient)
    factories.make_authorization(order)
    stranger = factories.make_course_day(order, TUESDAY)
    found = queries.shortlist(freed(world))
    assert stranger.id not in {person.course_day.id for person in (*found.fit, *found.unfit)}
    assert Visit.objects.for_clinic(other).count() == 0


def test_an_offer_made_from_the_list_without_a_freed_place_is_not_passed_on(world: World) -> None:
    wait(world)
    made = offer(world, wait(world))
    offers.decline(offer=made, by=world.scheduler)
    backfill.sweep_all()
    assert not Offer.objects.filter(state=OfferState.OPEN).exists()
