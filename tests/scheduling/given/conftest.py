"""A visit of Tuesday 3 March whose infusion began at 09:20, and the nurse who records what was given."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
import time_machine

from accounts.domain.policy import Role
from accounts.models import User
from core.actor import Actor
from regimens.domain.administration import GivenFacts, GivenLot, GivenRate
from regimens.models import Administration, CourseDay, Product, ProductCode
from scheduling.domain.statuses import VisitStatus
from scheduling.models import Visit
from scheduling.queries import visits
from scheduling.services import booking, flow, giving
from scheduling.services.undo import undo
from tests import factories
from tests.factories import at
from tests.scheduling.conftest import TUESDAY, World

S = VisitStatus
STARTED, STOPPED = at(TUESDAY, 9, 20), at(TUESDAY, 10, 50)
LOT = GivenLot(lot_number="LX204A", expires_on=date(2027, 8, 31), vial_mg=Fraction(10_000), vials=3)


def facts(**changed: Any) -> GivenFacts:
    """30 g of three 10 g vials in an hour and a half."""
    known: dict[str, Any] = {
        "dose_mg": Fraction(30_000),
        "volume_ml": Fraction(300),
        "started_at": STARTED,
        "stopped_at": STOPPED,
        "is_complete": True,
        "lots": (LOT,),
        "rates": (
            GivenRate(at=STARTED, ml_per_hour=Fraction(60)),
            GivenRate(at=at(TUESDAY, 9, 50), ml_per_hour=Fraction(240)),
        ),
    }
    return GivenFacts(**known | changed)


@dataclass
class Infusion:
    """A world with one visit under way."""

    world: World
    visit: Visit
    nurse_user: User
    nurse: Actor

    @property
    def given(self) -> Administration:
        return Administration.objects.get(visit_id=self.visit.id, voided_at__isnull=True)

    def fresh(self, visit: Visit | None = None) -> Visit:
        return visits.get(self.world.clinic, (visit or self.visit).id)

    def step(self, to: VisitStatus, visit: Visit | None = None) -> Visit:
        found = self.fresh(visit)
        return flow.advance(visit=found, to=to, expected_version=found.version, by=self.world.scheduler)

    def undo(self) -> Visit:
        found = self.fresh()
        return undo(visit=found, expected_version=found.version, by=self.world.scheduler)

    def record(self, **changed: Any) -> Administration:
        version = changed.pop("expected_version", None) or self.given.version
        by = changed.pop("by", self.nurse)
        return giving.record(visit=self.fresh(), facts=facts(**changed), expected_version=version, by=by)

    def react(self, grade: int, **changed: Any) -> Any:
        known: dict[str, Any] = {"kind": "headache", "occurred_at": at(TUESDAY, 10, 0), "by": self.nurse} | changed
        return giving.react(visit=self.fresh(), grade=grade, **known)


def give(world: World, course_day: CourseDay, day: date, *, until: VisitStatus | None = None) -> Visit:
    """Book a course day at 09:00, start its infusion at 09:20 and go on to `until` at 10:50."""
    visit = booking.book(course_day=course_day, chair=world.chairs[0], start=at(day, 9), by=world.scheduler)
    factories.clear(visit)
    for moment, steps in ((at(day, 9, 20), (S.ARRIVED, S.SEATED, S.INFUSING)), (at(day, 10, 50), (until,))):
        with time_machine.travel(moment, tick=False):
            for to in steps:
                if to is not None:
                    visit = visits.get(world.clinic, visit.id)
                    visit = flow.advance(visit=visit, to=to, expected_version=visit.version, by=world.scheduler)
    return visits.get(world.clinic, visit.id)


def with_codes(world: World) -> None:
    """The product bills J1569 in units of 500 mg and holds 100 mg in each mL; the plan names its vials and rates."""
    product = Product.objects.get(pk=world.order.product_id)
    product.data = {"concentration_mg_per_ml": 100}
    product.save()
    ProductCode.objects.create(product=product, hcpcs="J1569", unit_mg=Decimal(500), label="Test IG")
    CourseDay.objects.filter(course__order=world.order).update(
        vials=[{"mg": 10_000, "count": 3}],
        volume_ml=Decimal(300),
        profile="first",
        rate_steps=[
            {"starts_at_minute": "0", "minutes": "30", "ml_per_hour": "60"},
            {"starts_at_minute": "30", "minutes": None, "ml_per_hour": "240"},
        ],
    )
    world.order.product.refresh_from_db()
    world.course_day.refresh_from_db()


def begun(world: World) -> Infusion:
    with_codes(world)
    user = factories.make_staff(world.clinic, Role.NURSE, name="Nurse Okafor")
    visit = give(world, world.course_day, TUESDAY)
    return Infusion(world, visit, user, factories.actor(user))


@pytest.fixture
def infusion(world: World) -> Infusion:
    return begun(world)


@pytest.fixture
def committed_infusion(committed_world: World) -> Infusion:
    return begun(committed_world)


@pytest.fixture
def at_eleven(infusion: Infusion) -> Iterator[datetime]:
    """Eleven o'clock, after the infusion."""
    with time_machine.travel(at(TUESDAY, 11), tick=False):
        yield at(TUESDAY, 11)
