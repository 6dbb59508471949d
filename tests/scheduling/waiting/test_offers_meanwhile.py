"""What may happen between an offer and its answer: cover ends, the place goes, the patient is here already."""

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from authorizations.models import Authorization
from core.actor import system
from core.errors import Conflict
from messaging.models import OutboxMessage
from scheduling.domain.statuses import VisitStatus
from scheduling.models import ClinicRules, Offer, OfferState, StaffTask, Visit, WaitlistEntry, WaitState
from scheduling.queries import backfill as freed_places
from scheduling.queries import visits
from scheduling.services import backfill, flow, held_places, offers, waitlist
from scheduling.services.offers import FreedPlace
from tests import factories
from tests.factories import at
from tests.scheduling.conftest import MONDAY, TUESDAY, World
from tests.scheduling.waiting.conftest import NINE, book, live, offer, state_of, wait, waiting_patient
from tests.scheduling.waiting.test_backfill import freed
from tests.scheduling.waiting.test_offers import patient_of, with_visit
from tests.scheduling.waiting.test_pages import asked, desk, patient_browser, text

__all__ = ["desk"]
HOLDS = system("holds")


def end_cover(entry: WaitlistEntry) -> None:
    Authorization.objects.filter(patient=entry.course_day.course.order.patient).update(ends_on=MONDAY)


def test_a_place_is_not_booked_when_its_cover_ended_meanwhile(world: World) -> None:
    entry = wait(world)
    made = offer(world, entry)
    end_cover(entry)
    with pytest.raises(Conflict, match="is not covered any more"):
        offers.accept(offer=made, by=patient_of(entry))
    held = visits.get(world.clinic, made.held_visit_id)  # type: ignore[arg-type]
    with pytest.raises(Conflict, match="is not covered any more"):
        held_places.book(visit=held, expected_version=held.version, by=world.scheduler)
    assert (state_of(made), live(world)[0].status) == (OfferState.OPEN, VisitStatus.HELD)


def test_another_authorization_takes_over_from_one_that_ended(world: World) -> None:
    entry = wait(world)
    made = offer(world, entry)
    end_cover(entry)
    other = factories.make_authorization(entry.course_day.course.order)
    booked = offers.accept(offer=made, by=patient_of(entry))
    assert booked.authorization == other
    both = Authorization.objects.filter(patient=booked.patient).values_list("units_reserved", flat=True)
    assert sorted(both) == [0, booked.units]


def test_staff_learn_of_a_yes_that_could_not_be_kept(world: World) -> None:
    entry = wait(world)
    made = offer(world, entry)
    end_cover(entry)
    answer = patient_browser(entry.course_day).post(f"/p/offers/{made.id}/", {"act": "yes"})
    assert (answer.status_code, "we will call you" in text(answer)) == (409, True)
    task = StaffTask.objects.get(kind="offer")
    assert "said yes to Tue 3 Mar 15:00, but was not booked" in task.text
    assert "not covered any more" in task.text


def test_an_offer_ends_when_its_place_goes_to_somebody_else(world: World) -> None:
    made, visit = with_visit(world)
    backfill.sweep_all()
    assert state_of(made) is OfferState.OPEN
    book(world, waiting_patient(world), chair=0)
    backfill.sweep_all()
    assert state_of(made) is OfferState.WITHDRAWN
    assert OutboxMessage.objects.get(kind="offer.made").state == "cancelled"
    assert Visit.objects.get(pk=visit.pk).period == visit.period


def test_who_is_here_already_moves_nowhere_and_waits_no_more(world: World) -> None:
    made, visit = with_visit(world)
    Offer.objects.update(expires_at=at(TUESDAY, 14))
    with time_machine.travel(at(TUESDAY, 8, 50), tick=True):
        flow.advance(visit=visit, to=VisitStatus.ARRIVED, expected_version=visit.version, by=world.scheduler)
        with pytest.raises(Conflict, match="is arrived, so the visit moves no more"):
            offers.accept(offer=made, by=patient_of(made.entry))
        backfill.sweep_all()
    assert (state_of(made), WaitlistEntry.objects.get().state) == (OfferState.WITHDRAWN, WaitState.EXPIRED)


def test_who_said_yes_is_told_of_the_move_whatever_the_clinic_s_setting(world: World) -> None:
    ClinicRules.objects.update_or_create(clinic=world.clinic, defaults={"tells_patient": False})
    made, _ = with_visit(world)
    OutboxMessage.objects.update(state="sent")
    offers.accept(offer=made, by=world.scheduler)
    message = OutboxMessage.objects.get(kind="visit.moved")
    assert (message.params["day"], message.params["time"]) == ("Tuesday 3 March", "3:00 pm")


def test_who_was_only_due_and_said_no_is_left_alone(world: World) -> None:
    due = waiting_patient(world)
    place = freed(world)
    spot = FreedPlace(chair=place.chair, start=place.start, freed_by=place.visit)
    made = offers.make_for_course_day(course_day=due, place=spot, by=world.scheduler)
    backfill.sweep_all()
    assert WaitlistEntry.objects.get().state == WaitState.WAITING
    offers.decline(offer=made, by=world.scheduler)
    backfill.sweep_all()
    assert WaitlistEntry.objects.get().state == WaitState.EXPIRED
    assert due.id not in {person.course_day.id for person in freed_places.shortlist(place).fit}


def test_an_entry_that_its_patient_asked_for_outlives_an_offer(world: World) -> None:
    made = offer(world, wait(world))
    offers.decline(offer=made, by=world.scheduler)
    assert waitlist.sweep(by=HOLDS) == 0


def test_a_request_shows_what_the_patient_was_asked_and_said(world: World, desk: Client) -> None:
    request = asked(world)
    place = FreedPlace(chair=world.chairs[0], start=NINE)
    made = offers.make_for_course_day(course_day=request.visit.course_day, place=place, by=world.scheduler)
    page = text(desk.get(reverse("scheduling:requests")))
    assert "Asked about Tue 3 Mar 15:00 in A1 Waits for an answer until" in page
    assert "Ask first" not in page
    offers.decline(offer=made, by=world.scheduler)
    page = text(desk.get(reverse("scheduling:requests")))
    assert "Asked about Tue 3 Mar 15:00 in A1 Said no." in page
    assert "Ask first" in page


@pytest.mark.parametrize("left", ["", "nonsense", "019caed9-466c-70ba-a9b1-17e8a5b0cae7"])
def test_no_place_is_named_where_none_was_left(world: World, desk: Client, left: str) -> None:
    assert "Offer the place" not in text(desk.get(reverse("scheduling:requests"), {"left": left}))


def test_cancelling_as_asked_leads_to_who_could_take_the_place(world: World, desk: Client) -> None:
    request = asked(world)
    answer = desk.post(reverse("scheduling:request-answer", args=[request.id]), {"act": "cancel"}, follow=True)
    assert "A2 is free now, Tue 3 Mar 09:00" in text(answer)
    assert reverse("scheduling:backfill", args=[request.visit_id]) in answer.content.decode()
