"""After a grave reaction: who lets the patient be infused again, with what, and what stays closed for good."""

from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from accounts.domain.policy import Role
from core import clock
from core.actor import Actor
from core.errors import BadInput, Conflict, NotAllowed, NotFound
from regimens.models import OrderStatus, Product, Reaction, TreatmentOrder
from regimens.services import administrations, holding
from scheduling.models import Visit, VisitClearance
from scheduling.queries.clearance import clearances
from scheduling.services import giving
from tests import factories
from tests.factories import at
from tests.regimens.scenes import accepted, ivig, today
from tests.scheduling.conftest import TUESDAY
from tests.scheduling.given.conftest import Infusion
from tests.scheduling.replanning.scenes import FREELY, MONDAY_MORNING, scene
from tests.scheduling.test_booking import book


@pytest.fixture(autouse=True)
def _at_eleven(request: pytest.FixtureRequest) -> None:
    if "infusion" in request.fixturenames:
        request.getfixturevalue("at_eleven")


def somebody(infusion: Infusion, role: Role) -> Actor:
    return factories.actor(factories.make_staff(infusion.world.clinic, role))


def other_order(infusion: Infusion, *, product: Product | None = None) -> TreatmentOrder:
    order = factories.make_order(infusion.world.patient)
    if product is not None:
        TreatmentOrder.objects.filter(pk=order.pk).update(product=product)
    return TreatmentOrder.objects.select_related("patient", "product", "clinic").get(pk=order.pk)


def coming(infusion: Infusion, order: TreatmentOrder) -> Visit:
    """A visit of another order on Thursday."""
    day = factories.make_course_day(order, TUESDAY)
    return book(infusion.world, course_day=day, start=at(TUESDAY, 14), override=FREELY)


def held_by(visit: Visit) -> set[str]:
    return {str(reason.code) for reason in clearances([visit], on_the_day=False)[visit.id].reasons}


def ramps(order: TreatmentOrder) -> list[str]:
    return [day.profile for course in order.courses.all() for day in course.days.all()]


def orders_now(*orders: TreatmentOrder) -> list[tuple[str, bool]]:
    found = [TreatmentOrder.objects.get(pk=order.pk) for order in orders]
    return [(order.status, order.needs_prescriber) for order in found]


def test_after_grade_four_another_product_goes_on_when_a_prescriber_releases_the_reaction(infusion: Infusion) -> None:
    other = other_order(infusion, product=factories.make_product(id="another", data={}))
    visit = coming(infusion, other)
    reaction = infusion.react(4, kind="hypotension")
    assert "open_adverse_event" in held_by(visit)
    doctor = somebody(infusion, Role.PRESCRIBER)
    holding.end(order=infusion.world.order, on=TUESDAY, reason="Another product.", by=doctor)
    giving.release_reaction(reaction=reaction, note="Another product, with care.", by=doctor)
    assert not held_by(visit) & {"open_adverse_event", "hard_contraindication"}
    kept = VisitClearance.objects.get(visit=visit)
    assert "open_adverse_event" not in {one["code"] for one in kept.reasons}


def test_the_product_stays_blocked_after_the_release(infusion: Infusion) -> None:
    same = other_order(infusion)
    visit = coming(infusion, same)
    reaction = infusion.react(4, kind="hypotension")
    doctor = somebody(infusion, Role.PRESCRIBER)
    giving.release_reaction(reaction=reaction, note="Seen.", by=doctor)
    assert "hard_contraindication" in held_by(visit)
    for order in (infusion.world.order, same):
        with pytest.raises(Conflict, match="choose another product"):
            holding.release(order=order, note="Go on.", by=doctor)
    assert orders_now(infusion.world.order, same) == [(OrderStatus.ON_HOLD, True)] * 2


def test_a_reaction_on_an_order_that_has_ended_is_released_too(infusion: Infusion) -> None:
    doctor = somebody(infusion, Role.PRESCRIBER)
    next_visit = coming(infusion, other_order(infusion))
    holding.end(order=infusion.world.order, on=TUESDAY, reason="Renewed.", by=doctor)
    reaction = infusion.react(3)
    assert "open_adverse_event" in held_by(next_visit)
    released = giving.release_reaction(reaction=reaction, note="Slower.", by=doctor)
    assert (released.release_note, released.released_by_label) == ("Slower.", doctor.label)
    assert "open_adverse_event" not in held_by(next_visit)
    with pytest.raises(Conflict, match="released this reaction already"):
        giving.release_reaction(reaction=reaction, note="Again.", by=doctor)


def test_only_a_prescriber_releases_a_reaction_with_a_note_and_only_a_grave_one(infusion: Infusion) -> None:
    grave, mild = infusion.react(3), infusion.react(2)
    for role in (Role.NURSE, Role.MANAGER, Role.SCHEDULER):
        with pytest.raises(NotAllowed):
            giving.release_reaction(reaction=grave, note="Fine.", by=somebody(infusion, role))
    doctor = somebody(infusion, Role.PRESCRIBER)
    with pytest.raises(BadInput) as caught:
        giving.release_reaction(reaction=grave, note=" ", by=doctor)
    assert caught.value.reasons[0].field == "note"
    with pytest.raises(Conflict, match="holds nothing"):
        giving.release_reaction(reaction=mild, note="Fine.", by=doctor)


def test_taking_the_reaction_back_does_not_let_a_nurse_release_the_order(infusion: Infusion) -> None:
    same = other_order(infusion)
    reaction = infusion.react(4)
    giving.void_reaction(visit=infusion.fresh(), reaction=reaction, reason="Not it.", by=infusion.nurse)
    assert orders_now(infusion.world.order, same) == [(OrderStatus.ON_HOLD, True)] * 2
    for order in (infusion.world.order, same):
        with pytest.raises(NotAllowed):
            holding.release(order=order, note="Fine.", by=infusion.nurse)
        holding.release(order=order, note="It was another patient's.", by=somebody(infusion, Role.PRESCRIBER))
    assert orders_now(infusion.world.order, same) == [(OrderStatus.ACTIVE, False)] * 2


def test_grade_four_on_one_order_is_not_walked_around_through_another(infusion: Infusion) -> None:
    same = other_order(infusion)
    infusion.react(4)
    with pytest.raises(NotAllowed):
        holding.release(order=same, note="Fine.", by=infusion.nurse)


@pytest.mark.usefixtures("db")
def test_every_plan_of_the_patient_follows_a_reaction_and_forgets_one_taken_back() -> None:
    with time_machine.travel(MONDAY_MORNING, tick=True):
        found = scene(booked=(2,))
        nurse = factories.actor(factories.make_staff(found.clinic, Role.NURSE))
        begun = clock.now() - timedelta(hours=1)
        administrations.begin(course_day=found.visit.course_day, visit_id=found.visit.id, at=begun, by=nurse)
        last = today(found.clinic) - timedelta(days=6)
        facts = ivig(found.clinic, days_per_course=1, dose_amount=Decimal("0.5"), prior_dose_on=last)
        other = accepted(found.order.patient, found.by, facts)
        seen = {"kind": "headache", "grade": 2, "occurred_at": clock.now(), "by": nurse}
        assert ramps(other)[:2] == ["subsequent", "subsequent"]
        reaction = giving.react(visit=found.visit, **seen)  # type: ignore[arg-type]
        assert ramps(other)[:2] == ["first", "subsequent"]
        giving.void_reaction(visit=found.visit, reaction=reaction, reason="Not it.", by=nurse)
        assert ramps(other)[:2] == ["subsequent", "subsequent"]


def test_a_reaction_is_taken_back_at_its_own_visit_alone(infusion: Infusion, client: Client) -> None:
    reaction = infusion.react(2)
    elsewhere = coming(infusion, other_order(infusion))
    with pytest.raises(NotFound):
        giving.void_reaction(visit=elsewhere, reaction=reaction, reason="Not it.", by=infusion.nurse)
    client.force_login(infusion.nurse_user)
    address = reverse("scheduling:visit-reaction-change", args=[elsewhere.id, reaction.id])
    assert client.post(address, {"act": "over"}).status_code == 404
    assert Reaction.objects.get().resolved_at is None


def test_a_prescriber_releases_it_from_the_patient_s_page(infusion: Infusion, client: Client) -> None:
    reaction = infusion.react(4)
    client.force_login(factories.make_staff(infusion.world.clinic, Role.PRESCRIBER))
    page = reverse("scheduling:patient", args=[infusion.world.patient.id])
    address = reverse("scheduling:patient-reaction-release", args=[infusion.world.patient.id, reaction.id])
    assert address in client.get(page).content.decode()
    assert "Say why the patient may be infused" in client.post(address, {}, follow=True).content.decode()
    assert "The reaction is released." in client.post(address, {"note": "Seen."}, follow=True).content.decode()
    assert Reaction.objects.get().released_at == clock.now()
    assert address not in client.get(page).content.decode()
    client.force_login(infusion.nurse_user)
    assert client.post(address, {"note": "Seen."}).status_code == 403
