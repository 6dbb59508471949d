"""Holding an order, releasing it, ending it: who may, what is written down, and what nobody may undo."""

from datetime import timedelta

import pytest

from accounts.domain.policy import Role
from audit.models import AuditEvent
from core import clock
from core.actor import Actor
from core.errors import BadInput, Conflict, NotAllowed
from regimens.models import Reaction, TreatmentOrder
from regimens.services import holding, orders
from tests import factories
from tests.regimens.scenes import accepted, ivig, today

pytestmark = pytest.mark.usefixtures("catalogue")


def order_here() -> TreatmentOrder:
    clinic = factories.make_clinic()
    return accepted(factories.make_patient(clinic), factories.scheduler(clinic), ivig(clinic))


def reaction_to(order: TreatmentOrder, grade: int) -> Reaction:
    return Reaction.objects.create(
        patient=order.patient,
        order=order,
        product=order.product,
        kind="chills",
        grade=grade,
        occurred_at=clock.now(),
        recorded_at=clock.now(),
        recorded_by_label="Nurse",
    )


def somebody(order: TreatmentOrder, role: Role) -> Actor:
    return factories.actor(factories.make_staff(order.clinic, role))


def test_a_nurse_holds_an_order_and_releases_it_with_a_note() -> None:
    order = order_here()
    nurse = somebody(order, Role.NURSE)
    held = holding.hold(order=order, reason="  Fever   since Monday ", by=nurse)
    assert (held.status, held.status_reason) == ("on_hold", "Fever since Monday")
    released = holding.release(order=order, note="Well again.", by=nurse)
    assert (released.status, released.status_reason) == ("active", "")
    kinds = list(order.events.values_list("kind", "reason", "by_label"))
    assert kinds[:2] == [("released", "Well again.", nurse.label), ("held", "Fever since Monday", nurse.label)]
    actions = AuditEvent.objects.filter(entity_id=str(order.id)).values_list("action", flat=True)
    assert {"order.held", "order.released"} <= set(actions)


def test_a_second_reason_to_hold_is_added_to_the_first() -> None:
    order = order_here()
    by = factories.scheduler(order.clinic)
    for reason in ("Fever", "Fever", "Low blood pressure"):
        held = holding.hold(order=order, reason=reason, by=by)
    assert held.status_reason == "Fever; Low blood pressure"


def test_only_a_prescriber_releases_an_order_held_for_a_reaction_and_it_is_stamped() -> None:
    order = order_here()
    reaction = reaction_to(order, 3)
    holding.hold(order=order, reason="Reaction of grade 3", by=factories.scheduler(order.clinic))
    for role in (Role.NURSE, Role.MANAGER, Role.SCHEDULER):
        with pytest.raises(NotAllowed):
            holding.release(order=order, note="Go on.", by=somebody(order, role))
    prescriber = somebody(order, Role.PRESCRIBER)
    with pytest.raises(BadInput) as caught:
        holding.release(order=order, note=" ", by=prescriber)
    assert caught.value.reasons[0].field == "note"
    assert holding.release(order=order, note="Slower from now on.", by=prescriber).status == "active"
    reaction.refresh_from_db()
    assert (reaction.release_note, reaction.released_by_label) == ("Slower from now on.", prescriber.label)
    assert reaction.released_at is not None


def test_nobody_releases_a_product_that_a_grade_four_reaction_blocks() -> None:
    order = order_here()
    reaction = reaction_to(order, 4)
    holding.hold(order=order, reason="Anaphylaxis", by=factories.scheduler(order.clinic))
    prescriber = somebody(order, Role.PRESCRIBER)
    with pytest.raises(Conflict, match="choose another product"):
        holding.release(order=order, note="Go on.", by=prescriber)
    Reaction.objects.filter(pk=reaction.pk).update(voided_at=clock.now(), void_reason="Another patient's")
    assert holding.release(order=order, note="It was another patient's.", by=prescriber).status == "active"


def test_a_draft_is_not_held_an_ended_order_stays_ended_and_an_active_one_is_not_released() -> None:
    clinic = factories.make_clinic()
    by = factories.scheduler(clinic)
    draft = orders.enter(clinic=clinic, patient=factories.make_patient(clinic), by=by, **ivig(clinic))
    with pytest.raises(Conflict, match="never accepted"):
        holding.hold(order=draft, reason="Why not", by=by)
    order = order_here()
    by = factories.scheduler(order.clinic)
    with pytest.raises(Conflict, match="not on hold"):
        holding.release(order=order, note="Go on.", by=by)
    order.starts_on = today(order.clinic)
    order.save(update_fields=["starts_on"])
    holding.end(order=order, on=today(order.clinic), reason="Moved away", by=by)
    assert holding.hold(order=order, reason="Fever", by=by).status == "ended"


def test_an_order_ends_today_or_goes_on_until_its_last_date() -> None:
    order = order_here()
    by, day = factories.scheduler(order.clinic), today(order.clinic)
    with pytest.raises(BadInput) as caught:
        holding.end(order=order, on=order.starts_on - timedelta(days=1), reason="Moved away", by=by)
    assert caught.value.reasons[0].field == "on"
    later = holding.end(order=order, on=order.starts_on, reason="Moves away", by=by)
    assert (later.status, later.ends_on) == ("active", order.starts_on)
    assert later.events.values_list("kind", "reason")[0] == ("ended", "Moves away")
    TreatmentOrder.objects.filter(pk=order.pk).update(starts_on=day)
    ended = holding.end(order=order, on=day, reason="Moved away", by=by)
    assert (ended.status, ended.status_reason, ended.ends_on) == ("ended", "Moved away", day)
    with pytest.raises(Conflict):
        holding.end(order=order, on=day, reason="Again", by=by)


def test_roles_without_the_permission_neither_hold_nor_end() -> None:
    order = order_here()
    auditor = somebody(order, Role.AUDITOR)
    with pytest.raises(NotAllowed):
        holding.hold(order=order, reason="Fever", by=auditor)
    with pytest.raises(NotAllowed):
        holding.end(order=order, on=today(order.clinic), reason="Moved", by=auditor)
