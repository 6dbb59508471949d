"""The demo's plans are what the rules make of what was given: nothing wants to change but what a reaction asks for."""

import pytest
import time_machine

from regimens.models import OrderStatus, Reaction, TreatmentOrder
from regimens.queries.renewals import renewals_due
from regimens.services import replanning
from scheduling import tasks
from scheduling.models import StaffTask, VisitClearance
from tests.demo.conftest import THANKSGIVING, Demo

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("demo_clinic")]


def test_laid_out_anew_from_what_was_given_every_plan_is_as_it_was(demo: Demo) -> None:
    orders = TreatmentOrder.objects.filter(clinic=demo.clinic, status=OrderStatus.ACTIVE)
    found = {
        order.id: replanning.difference(order)
        for order in orders.select_related("patient__clinic", "clinic", "product", "indication")
    }
    reacted = set(Reaction.objects.filter(grade=2).values_list("order_id", flat=True))
    assert {id_ for id_, difference in found.items() if difference.courses} <= reacted
    assert all(
        any("grade 2 reaction" in cause for one in found[id_].courses for cause in one.causes) for id_ in reacted
    )


def test_a_severe_reaction_holds_one_plan_and_most_visits_may_start(demo: Demo) -> None:
    held = TreatmentOrder.objects.get(clinic=demo.clinic, status=OrderStatus.ON_HOLD)
    assert held.reactions.get().grade == 3
    assert StaffTask.objects.filter(clinic=demo.clinic, kind="reaction", is_urgent=True, done_at=None).exists()
    lights = list(VisitClearance.objects.filter(visit__clinic=demo.clinic).values_list("light", flat=True))
    assert {"green", "amber", "red"} == set(lights)
    assert lights.count("green") > len(lights) / 3


def test_the_first_night_asks_people_for_nothing_but_renewals(demo: Demo) -> None:
    known = set(StaffTask.objects.values_list("pk", flat=True))
    night = THANKSGIVING.replace(hour=2, minute=0)
    with time_machine.travel(night, tick=True):
        tasks.roll_plans()
    opened = StaffTask.objects.exclude(pk__in=known)
    assert {task.kind for task in opened} == {"renewal"}
    assert opened.count() == len(renewals_due(demo.clinic, night.date())) < 25
