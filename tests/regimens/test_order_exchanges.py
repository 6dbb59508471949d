"""Planned immune globulin that a plasma exchange elsewhere would remove is pointed out, and nothing else is."""

from datetime import timedelta

import pytest

from core import clock
from regimens.models import ElsewhereTherapy, Product
from regimens.queries.exchanges import exchange_cautions
from tests import factories
from tests.regimens.scenes import today

pytestmark = pytest.mark.usefixtures("catalogue")


def test_doses_just_before_a_repeated_exchange_are_pointed_out() -> None:
    clinic = factories.make_clinic()
    patient, start = factories.make_patient(clinic), today(clinic)
    for kind, name in (("plasma_exchange", "Plasma exchange"), ("scig", "Hizentra")):
        ElsewhereTherapy.objects.create(
            patient=patient,
            kind=kind,
            name=name,
            every_days=28 if kind == "plasma_exchange" else 7,
            starts_on=start,
            created_at=clock.now(),
            created_by_label="Nurse",
        )
    days = [start + timedelta(days=offset) for offset in (26, 28, 29, 53, 60)]
    globulin = Product.objects.get(id="privigen")
    found = exchange_cautions(patient, globulin, days)
    assert sorted(found) == [days[0], days[1], days[3]]
    assert exchange_cautions(patient, Product.objects.get(id="infliximab"), days) == {}
    assert exchange_cautions(patient, globulin, []) == {}
    assert exchange_cautions(factories.make_patient(clinic), globulin, days) == {}
