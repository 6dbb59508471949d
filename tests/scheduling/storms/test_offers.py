"""Offers in a crowd: staff and patient answer at the same time, and an offer is answered once."""

from functools import partial

import pytest

from scheduling.domain.statuses import VisitStatus
from scheduling.models import Offer, OfferState, Visit, WaitlistEntry, WaitState
from scheduling.services import offers, waitlist
from scheduling.services.offers import FreedPlace
from tests.scheduling.conftest import TUESDAY, World
from tests.scheduling.storms.crowd import Act, at_once, tally, winner, winners
from tests.scheduling.storms.scenes import (
    NINE,
    ONE,
    ROUNDS,
    book,
    cancel,
    clear_day,
    covered_day,
    fresh,
    patient_of,
    seated,
    whole,
)

both = pytest.mark.parametrize("has_visit", [False, True], ids=["held", "moving"])


def entry_of(world: World, visit: Visit | None = None) -> WaitlistEntry:
    """Somebody waits for Tuesday, or for a better time than that of `visit`."""
    day = visit.course_day if visit else covered_day(world)
    return waitlist.add(course_day=day, earliest_on=TUESDAY, latest_on=TUESDAY, notice_hours=0, by=world.scheduler)


def offered(world: World, *, has_visit: bool) -> tuple[Offer, Visit | None]:
    """A1 at one is offered: kept by a hold, or to somebody who has a visit at nine."""
    visit = seated(world, world.chairs[1:2])[0] if has_visit else None
    return offers.make(entry=entry_of(world, visit), place=place(world), by=world.scheduler), visit


def place(world: World) -> FreedPlace:
    return FreedPlace(chair=world.chairs[0], start=ONE)


def at_the_place(world: World) -> list[Visit]:
    found = Visit.objects.filter(chair=world.chairs[0], period__startswith=ONE)
    return list(found.filter(status__in=["booked", "held"]))


@both
def test_staff_and_the_patient_say_yes_at_once(stormy: World, has_visit: bool) -> None:
    for _ in range(ROUNDS):
        made, visit = offered(stormy, has_visit=has_visit)
        results = at_once(
            *[partial(offers.accept, offer=made, by=stormy.scheduler)] * 4,
            *[partial(offers.accept, offer=made, by=patient_of(made))] * 4,
        )
        assert set(tally(results)) == {"won", "Conflict"}
        won = results[winner(results)]
        [there] = at_the_place(stormy)
        assert (there.id, there.status) == (won.id, VisitStatus.BOOKED)
        assert there.version == 2
        assert visit is None or there.id == visit.id
        assert Offer.objects.get(pk=made.pk).state == OfferState.ACCEPTED
        assert WaitlistEntry.objects.get(pk=made.entry_id).state == WaitState.BOOKED
        clear_day(stormy)


@both
def test_an_offer_has_one_answer_whatever_is_answered(stormy: World, has_visit: bool) -> None:
    for _ in range(ROUNDS):
        made, visit = offered(stormy, has_visit=has_visit)
        before = whole(visit) if visit else {}
        answers: list[Act] = [
            partial(offers.accept, offer=made, by=stormy.scheduler),
            partial(offers.accept, offer=made, by=patient_of(made)),
            partial(offers.decline, offer=made, by=patient_of(made)),
            partial(offers.withdraw, offer=made, by=stormy.scheduler),
            partial(offers.run_out, offer=made, by=stormy.scheduler),
        ]
        won = winner(at_once(*answers))
        state = Offer.objects.get(pk=made.pk).state
        assert state == ["accepted", "accepted", "declined", "withdrawn", "expired"][won]
        assert len(at_the_place(stormy)) == (won < 2)
        assert won < 2 or visit is None or whole(visit) == before
        clear_day(stormy)


def test_a_place_offered_without_a_hold_goes_to_one(stormy: World) -> None:
    """Who would move is not held a second place: somebody may book it first, and then the visit stays."""
    for _ in range(ROUNDS):
        made, visit = offered(stormy, has_visit=True)
        assert visit is not None
        before = whole(visit)
        results = at_once(
            partial(offers.accept, offer=made, by=patient_of(made)),
            *[book(stormy, covered_day(stormy), stormy.chairs[0], ONE)] * 3,
            partial(offers.accept, offer=made, by=stormy.scheduler),
        )
        won = winner(results)
        [there] = at_the_place(stormy)
        is_moved = won in {0, 4}
        assert (there.id == visit.id) is is_moved
        assert is_moved or whole(visit) == before
        clear_day(stormy)


def test_yes_and_leaving_the_list_at_once_leave_one_of_them(stormy: World) -> None:
    for turn in range(ROUNDS * 2):
        made, visit = offered(stormy, has_visit=bool(turn % 2))
        entry = WaitlistEntry.objects.select_related("clinic").get(pk=made.entry_id)
        results = at_once(
            partial(offers.accept, offer=made, by=patient_of(made)),
            partial(waitlist.withdraw, entry=entry, by=stormy.scheduler),
            *([cancel(stormy, fresh(stormy.clinic, visit))] if visit else []),
        )
        assert 1 <= len(winners(results)) <= 2  # the entry of a visit that was moved or cancelled is closed already
        state = Offer.objects.get(pk=made.pk).state
        assert (state == OfferState.ACCEPTED) is (0 in winners(results))
        assert state != OfferState.OPEN
        clear_day(stormy)


@both
def test_of_eight_who_are_offered_one_place_one_is(stormy: World, has_visit: bool) -> None:
    found = seated(stormy, stormy.chairs[1:]) if has_visit else [None] * 8
    entries = [entry_of(stormy, visit) for visit in found]
    for _ in range(ROUNDS):
        results = at_once(
            *[partial(offers.make, entry=entry, place=place(stormy), by=stormy.scheduler) for entry in entries]
        )
        won = winner(results)
        assert Offer.objects.filter(state=OfferState.OPEN).count() == 1
        offers.withdraw(offer=Offer.objects.select_related("entry").get(pk=results[won].pk), by=stormy.scheduler)


def test_two_who_change_places_by_offers_never_wait_in_a_circle(stormy: World) -> None:
    """Each is offered a place beside the other's while both are moved: locks are taken in one order."""
    for _ in range(ROUNDS):
        one, two = seated(stormy, stormy.chairs[1:3])
        made = [
            offers.make(
                entry=entry_of(stormy, visit),
                place=FreedPlace(chair=chair, start=ONE),
                by=stormy.scheduler,
            )
            for visit, chair in ((one, stormy.chairs[2]), (two, stormy.chairs[1]))
        ]
        results = at_once(*[partial(offers.accept, offer=offer, by=patient_of(offer)) for offer in made])
        assert winners(results) == [0, 1]
        assert not Visit.objects.filter(period__startswith=NINE, status="booked").exists()
        clear_day(stormy)
