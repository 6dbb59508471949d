"""A Monday at a clinic with an authorization desk."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts.domain.policy import Role
from accounts.models import Clinic, User
from authorizations.models import Authorization
from core.actor import Actor
from patients.models import Payer
from regimens.models import ProductCode, TreatmentOrder
from scheduling.models import Chair, Visit
from scheduling.services import booking
from tests import factories

NOW = datetime(2026, 11, 23, 15, 30, tzinfo=UTC)  # Monday 09:30 in Chicago
TODAY = date(2026, 11, 23)


@dataclass(frozen=True)
class Desk:
    """A clinic with an admin and a payer, and shorthands to fill it."""

    clinic: Clinic
    admin: User
    actor: Actor
    payer: Payer

    def order(self, name: str = "Quist", **fields: Any) -> TreatmentOrder:
        return factories.make_order(factories.make_patient(self.clinic, family_name=name), **fields)

    def authorization(self, name: str = "Quist", **fields: Any) -> Authorization:
        """An authorization of 600 units for a new patient, valid all of next year unless `fields` says otherwise."""
        values: dict[str, Any] = {"starts_on": date(2026, 1, 1), "ends_on": date(2027, 6, 30), "payer": self.payer}
        return factories.make_authorization(self.order(name), **(values | fields))

    def book(self, order: TreatmentOrder | None, day: date, hour: int = 9) -> Visit:
        """A visit of 60 units; without cover if none is there."""
        assert order is not None
        factories.make_shifts(self.clinic, day)
        return booking.book(
            course_day=factories.make_course_day(order, day),
            chair=Chair.objects.get(clinic=self.clinic, name="A1"),
            start=factories.at(day, hour),
            by=factories.scheduler(self.clinic),
            override=booking.Override(reason="The payer answers soon"),
        )

    def client(self, role: Role = Role.AUTHORIZATION_ADMIN) -> Client:
        """A browser signed in as somebody with this role; the admin is always the same person."""
        client = Client()
        user = self.admin if role is Role.AUTHORIZATION_ADMIN else factories.make_staff(self.clinic, role)
        client.force_login(user)
        return client


@pytest.fixture
def desk(db: None) -> Iterator[Desk]:
    with time_machine.travel(NOW, tick=False):
        clinic = factories.make_clinic(chairs=8)
        admin = factories.make_staff(clinic, Role.AUTHORIZATION_ADMIN, name="Tess Admin")
        product = factories.make_product()
        ProductCode.objects.create(product=product, hcpcs="J1569", unit_mg=Decimal(500))
        payer = factories.make_payer(clinic, name="Bluefield PPO")
        yield Desk(clinic, admin, factories.actor(admin), payer)
