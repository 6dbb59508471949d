"""Planned immune globulin that a plasma exchange elsewhere would remove is pointed out, and nothing else is."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from core import clock
from regimens.models import ElsewhereTherapy, Product
from regimens.queries.exchanges import exchange_cautions
from tests import factories
from tests.regimens.scenes import accepted, ivig, today
from tests.regimens.test_pages import entered, signed_in
from tests.scheduling.replanning.scenes import MONDAY_MORNING, book

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


@time_machine.travel(MONDAY_MORNING, tick=True)
def test_a_dose_near_an_exchange_is_pointed_out_gently_wherever_it_is_planned() -> None:
    clinic = factories.make_clinic()
    patient, by = factories.make_patient(clinic), factories.scheduler(clinic)
    ElsewhereTherapy.objects.create(
        patient=patient,
        kind="plasma_exchange",
        name="Plasma exchange",
        every_days=None,
        starts_on=today(clinic) + timedelta(days=8),
        created_at=clock.now(),
        created_by_label="Nurse",
    )
    order = accepted(patient, by, ivig(clinic))
    day = order.courses.get(number=1).days.get(day_number=1)
    factories.make_shifts(clinic, today(clinic), days=20)
    book(day, clinic.chairs.all()[0], factories.at(day.due_on, 10), by)
    desk = signed_in(clinic)
    preview = desk.post(reverse("scheduling:order-preview"), entered(patient), headers={"HX-Request": "true"})
    pages = [
        preview,
        desk.get(reverse("scheduling:order", args=[order.id])),
        desk.get(reverse("scheduling:patient", args=[patient.id])),
    ]
    assert ["removes immune globulin given on" in page.content.decode() for page in pages] == [True] * 3
