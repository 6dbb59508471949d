"""A booked visit whose treatment the plan would change is not started until somebody decides about it."""

from collections.abc import Iterator

import pytest
import time_machine

from accounts.domain.policy import Role
from core.actor import Actor
from core.errors import NotAllowed
from regimens.models import Product
from scheduling.models import StaffTask, VisitClearance
from scheduling.queries.clearance import clearances
from scheduling.services import gate, plan_changes, reanchoring, staff_tasks
from tests import factories
from tests.scheduling.replanning.scenes import FREELY, MONDAY_MORNING, Scene, book, give_late, react, scene

pytestmark = pytest.mark.django_db
CODE = "plan_undecided"


@pytest.fixture(autouse=True)
def _monday() -> Iterator[None]:
    with time_machine.travel(MONDAY_MORNING, tick=True):
        yield


def reasons(found: Scene) -> dict[str, str]:
    visit = found.visit
    return {str(one.code): one.sentence for one in clearances([visit], on_the_day=False)[visit.id].reasons}


def somebody(found: Scene, role: Role) -> Actor:
    return factories.actor(factories.make_staff(found.clinic, role))


def keep(found: Scene, by: Actor) -> None:
    plan_changes.keep(
        order=found.order,
        number=2,
        expected=found.difference().fingerprint,
        targets=[found.target()],
        reason="The prescriber agreed.",
        by=by,
    )


def booked_and_reacted() -> Scene:
    """Course 1 was given and course 2 booked for the later ramp when the patient reacted."""
    found = scene(booked=())
    react(found, 1)
    again = scene_visit(found)
    reaction = again.order.reactions.get()
    reaction.grade = 2
    reaction.save(update_fields=["grade"])
    reanchoring.follow_order(again.order, cause="a reaction")
    return again


def scene_visit(found: Scene) -> Scene:

    day = found.order.courses.get(number=2).days.get()
    assert day.profile == "subsequent"
    return Scene(
        found.clinic,
        found.by,
        found.order,
        [book(day, found.chairs[0], factories.at(day.due_on, 9), found.by)],
        found.chairs,
    )


def test_a_reaction_holds_a_booked_visit_until_its_plan_is_followed() -> None:
    found = booked_and_reacted()
    assert "a grade 2 reaction on 24 Feb 2026: slow ramp and premedication" in reasons(found)[CODE]
    gate.look([found.visit])
    assert CODE in {one["code"] for one in VisitClearance.objects.get(visit=found.visit).reasons}
    plan_changes.follow(
        order=found.order,
        number=2,
        expected=found.difference().fingerprint,
        targets=[found.target()],
        by=found.by,
        override=FREELY,
    )
    assert CODE not in reasons(found)
    assert CODE not in {one["code"] for one in VisitClearance.objects.get(visit=found.visit).reasons}
    assert found.order.courses.get(number=2).days.get().profile == "first"


def test_ticking_the_task_off_decides_nothing() -> None:
    found = booked_and_reacted()
    task = StaffTask.objects.get(order=found.order, kind="plan", done_at=None)
    staff_tasks.finish(clinic=found.clinic, task_id=task.id, by=found.by)
    assert CODE in reasons(found)


def test_keeping_another_treatment_than_the_plan_s_is_for_a_prescriber() -> None:
    found = booked_and_reacted()
    for role in (Role.SCHEDULER, Role.NURSE, Role.MANAGER):
        with pytest.raises(NotAllowed, match="Only a prescriber keeps a visit whose treatment would change"):
            keep(found, somebody(found, role))
    assert CODE in reasons(found)
    keep(found, somebody(found, Role.PRESCRIBER))
    assert CODE not in reasons(found)
    assert CODE not in {one["code"] for one in VisitClearance.objects.get(visit=found.visit).reasons}


def test_only_a_prescriber_goes_ahead_meanwhile() -> None:
    found = booked_and_reacted()
    with pytest.raises(NotAllowed, match="A prescriber may go ahead"):
        gate.override(visit=found.visit, code=CODE, reason="As it is.", by=somebody(found, Role.NURSE))
    gate.override(visit=found.visit, code=CODE, reason="As it is.", by=somebody(found, Role.PRESCRIBER))
    assert CODE not in reasons(found)


def test_dates_alone_and_a_ramp_that_may_be_quicker_hold_nothing() -> None:
    found = scene()
    give_late(found)
    assert found.difference().moves
    assert CODE not in reasons(found)


def test_a_plan_that_could_not_follow_holds_as_well() -> None:
    found = booked_and_reacted()
    Product.objects.filter(pk=found.order.product_id).update(data={})
    reanchoring.follow_order(found.order, cause="a correction")
    assert reasons(found).get(CODE, "").startswith("The plan could not follow what happened:")
