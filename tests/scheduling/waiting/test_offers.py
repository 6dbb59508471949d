"""A place is offered to one at a time and accepted once, whoever is quick; it is never lost and never given twice."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
import time_machine

from core.actor import Actor, system
from core.errors import Conflict, NotAllowed, NotFound, Refusal
from messaging.models import OutboxMessage
from scheduling.domain.statuses import VisitStatus
from scheduling.models import Offer, OfferState, Visit, WaitlistEntry, WaitState
from scheduling.queries import visits
from scheduling.services import booking, holds, offers, waitlist
from tests import factories
from tests.factories import at
from tests.scheduling.conftest import TUESDAY, World
from tests.scheduling.test_storm import assert_sound
from tests.scheduling.waiting.conftest import NINE, at_once, book, live, offer, state_of, wait, waiting_patient

AFTER = datetime(2026, 3, 2, 16, 1, tzinfo=UTC)
HOLDS = system("holds")


def patient_of(entry: WaitlistEntry) -> Actor:
    user = entry.course_day.course.order.patient.user
    assert user is not None
    return factories.actor(user)


def with_visit(world: World) -> tuple[Offer, Visit]:
    """An offer to somebody who has a visit at another time."""
    day = waiting_patient(world)
    visit = book(world, day, chair=1, start=at(TUESDAY, 9))
    return offer(world, wait(world, day)), visit


def test_an_offer_keeps_the_place_and_tells_the_patient_without_health_words(world: World) -> None:
    made = offer(world, wait(world))
    held = made.held_visit
    assert held is not None
    assert (held.status, held.hold_until, held.held_by_label) == (VisitStatus.HELD, made.expires_at, "an offer")
    assert abs(made.expires_at - made.made_at - timedelta(minutes=120)) < timedelta(seconds=5)
    message = OutboxMessage.objects.get()
    assert (message.kind, message.subject_id, message.not_after) == ("offer.made", made.id, made.expires_at)


def test_an_offer_made_at_night_waits_from_the_morning_on(world: World) -> None:
    with time_machine.travel(datetime(2026, 3, 3, 3, 0, tzinfo=UTC), tick=True):  # Monday, nine in the evening
        made = offer_for_thursday(world)
    assert made.expires_at == at(TUESDAY, 10)


def offer_for_thursday(world: World) -> Offer:
    thursday = TUESDAY.replace(day=5)
    return offer(world, wait(world, latest_on=thursday), start=at(thursday, 9))


def test_the_patient_says_yes_and_the_held_place_is_booked(world: World) -> None:
    entry = wait(world)
    made = offer(world, entry)
    booked = offers.accept(offer=made, by=patient_of(entry))
    assert (booked.id, booked.status) == (made.held_visit_id, VisitStatus.BOOKED)
    assert state_of(made) is OfferState.ACCEPTED
    assert WaitlistEntry.objects.get().state == WaitState.BOOKED


def test_who_has_a_visit_is_moved_by_saying_yes_and_keeps_it_by_saying_no(world: World) -> None:
    made, visit = with_visit(world)
    assert made.held_visit is None
    assert offers.decline(offer=made, by=patient_of(made.entry)).state == OfferState.DECLINED
    assert [one.period for one in live(world)] == [visit.period]
    again = offer(world, made.entry)
    moved = offers.accept(offer=again, by=patient_of(again.entry))
    assert (moved.id, moved.period.lower, moved.chair_id) == (visit.id, NINE, world.chairs[0].id)
    assert len(live(world)) == 1
    assert WaitlistEntry.objects.get().state == WaitState.BOOKED


def test_staff_answer_for_a_patient_on_the_telephone(world: World) -> None:
    made = offer(world, wait(world))
    assert offers.accept(offer=made, by=world.scheduler).status == VisitStatus.BOOKED
    assert Offer.objects.get().answered_by_label == world.scheduler.label


def test_nobody_answers_for_another_patient(world: World) -> None:
    made = offer(world, wait(world))
    stranger = wait(world, notice_hours=1)
    for act in (offers.accept, offers.decline):
        with pytest.raises(NotFound):
            act(offer=made, by=patient_of(stranger))
    with pytest.raises(NotAllowed):
        offers.withdraw(offer=made, by=patient_of(made.entry))
    assert state_of(made) is OfferState.OPEN


def test_a_place_is_offered_to_one_at_a_time(world: World) -> None:
    made, _ = with_visit(world)
    with pytest.raises(Conflict, match="was offered this place"):
        offer(world, wait(world))
    offers.decline(offer=made, by=world.scheduler)
    assert offer(world, wait(world)).state == OfferState.OPEN


def test_one_who_waits_has_one_offer_at_a_time(world: World) -> None:
    entry = with_visit(world)[0].entry
    with pytest.raises(Conflict, match="offer to answer already"):
        offer(world, entry, chair=2)


def test_a_place_that_comes_too_soon_for_them_is_not_offered(world: World) -> None:
    with pytest.raises(Conflict, match="less than 48 h"):
        offer(world, wait(world, notice_hours=48))
    assert offer(world, wait(world, notice_hours=12), start=at(TUESDAY, 7)).state == OfferState.OPEN


def test_what_only_an_override_would_allow_is_not_offered(world: World) -> None:
    with pytest.raises(Refusal):
        offer(world, wait(world, visits.get_course_day(world.clinic, world.another_day().id)))
    assert (live(world), Offer.objects.count()) == ([], 0)


def test_an_offer_ends_with_its_time_and_its_place_is_free(world: World) -> None:
    held = offer(world, wait(world))
    moving, _ = with_visit_elsewhere(world)
    with time_machine.travel(AFTER, tick=True):
        with pytest.raises(Conflict, match="not answered in time"):
            offers.accept(offer=held, by=world.scheduler)
        assert (holds.expire(by=HOLDS), offers.expire(by=HOLDS)) == (1, 1)
    assert {state_of(held), state_of(moving)} == {OfferState.EXPIRED}
    assert [visit.status for visit in live(world)] == [VisitStatus.BOOKED]
    assert set(WaitlistEntry.objects.values_list("state", flat=True)) == {WaitState.WAITING}


def with_visit_elsewhere(world: World) -> tuple[Offer, Visit]:
    day = waiting_patient(world)
    visit = book(world, day, chair=1, start=at(TUESDAY, 9))
    return offer(world, wait(world, day), chair=2), visit


def test_a_message_about_an_offer_that_is_over_never_leaves(world: World) -> None:
    made = offer(world, wait(world))
    offers.withdraw(offer=made, by=world.scheduler)
    assert [message.state for message in OutboxMessage.objects.all()] == ["cancelled"]
    assert live(world) == []


def test_a_staff_member_who_books_the_held_place_accepts_the_offer(world: World) -> None:
    from scheduling.services import held_places

    made = offer(world, wait(world))
    held = visits.get(world.clinic, made.held_visit_id)  # type: ignore[arg-type]
    held_places.book(visit=held, expected_version=held.version, by=world.scheduler)
    assert state_of(made) is OfferState.ACCEPTED


ROUNDS = 8


def tidy(world: World) -> None:
    for one in live(world):
        found = visits.get(world.clinic, one.id)
        booking.cancel(visit=found, reason="Next round.", expected_version=found.version, by=world.scheduler)
    for entry in WaitlistEntry.objects.filter(state=WaitState.WAITING):
        waitlist.withdraw(entry=entry, by=world.scheduler)


@pytest.mark.parametrize("has_visit", [False, True], ids=["held", "moving"])
def test_of_two_who_accept_at_once_one_is_booked(committed_world: World, has_visit: bool) -> None:
    world = committed_world
    for _ in range(ROUNDS):
        made = with_visit(world)[0] if has_visit else offer(world, wait(world))
        results = at_once(*[partial(offers.accept, offer=made, by=world.scheduler)] * 2)
        assert sum(isinstance(result, Visit) for result in results) == 1
        assert sum(isinstance(result, Refusal) for result in results) == 1
        [visit] = live(world)
        assert (visit.status, visit.period.lower, visit.chair_id) == (VisitStatus.BOOKED, NINE, world.chairs[0].id)
        tidy(world)
    assert_sound()


@pytest.mark.parametrize("has_visit", [False, True], ids=["held", "moving"])
def test_yes_and_no_at_once_leave_one_answer(committed_world: World, has_visit: bool) -> None:
    world = committed_world
    for _ in range(ROUNDS):
        made = with_visit(world)[0] if has_visit else offer(world, wait(world))
        results = at_once(
            partial(offers.accept, offer=made, by=world.scheduler),
            partial(offers.decline, offer=made, by=patient_of(made.entry)),
        )
        assert sum(isinstance(result, Refusal) for result in results) == 1, results
        is_taken = state_of(made) is OfferState.ACCEPTED
        assert is_taken == any(visit.period.lower == NINE for visit in live(world))
        assert len(live(world)) == int(is_taken or has_visit)
        tidy(world)
    assert_sound()


@pytest.mark.parametrize("has_visit", [False, True], ids=["held", "moving"])
def test_an_answer_and_the_end_of_its_time_at_once_leave_one_of_them(committed_world: World, has_visit: bool) -> None:
    world = committed_world
    for _ in range(ROUNDS):
        made = with_visit(world)[0] if has_visit else offer(world, wait(world))
        run_out = (partial(offers.run_out, offer=made, by=HOLDS)) if has_visit else _expire(made)
        at_once(partial(offers.accept, offer=made, by=world.scheduler), run_out)
        is_taken = state_of(made) is OfferState.ACCEPTED
        assert state_of(made) in {OfferState.ACCEPTED, OfferState.EXPIRED}
        assert is_taken == any(visit.period.lower == NINE for visit in live(world))
        assert len(live(world)) == int(is_taken or has_visit)
        tidy(world)
    assert_sound()


def _expire(made: Offer) -> Callable[[], None]:
    held = Visit.objects.select_related("clinic", "chair__clinic", "authorization").get(offer=made)
    return partial(holds._run_out, visit=held, by=HOLDS)


def test_yes_and_the_cancelling_of_the_visit_at_once_leave_no_place_doubled(committed_world: World) -> None:
    world = committed_world
    for _ in range(ROUNDS):
        made, visit = with_visit(world)
        found = visits.get(world.clinic, visit.id)
        results = at_once(
            partial(offers.accept, offer=made, by=world.scheduler),
            partial(booking.cancel, visit=found, reason="Ill.", expected_version=found.version, by=world.scheduler),
        )
        assert sum(isinstance(result, Visit) for result in results) == 1, results
        assert state_of(made) in {OfferState.ACCEPTED, OfferState.WITHDRAWN}
        assert (state_of(made) is OfferState.ACCEPTED) == (len(live(world)) == 1)
        tidy(world)
    assert_sound()


def test_of_two_who_are_offered_one_place_at_once_one_is(committed_world: World) -> None:
    world = committed_world
    for _ in range(ROUNDS):
        entries = [wait(world), wait(world)]
        results = at_once(*[partial(offer, world, entry) for entry in entries])
        assert sum(isinstance(result, Offer) for result in results) == 1
        assert len(live(world)) == 1
        tidy(world)
    assert_sound()
