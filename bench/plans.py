"""What laying out a regimen costs: an order accepted, a preview, and a year of many orders in one process."""

import itertools
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db import connection, transaction

from bench.rows import Row, compared
from bench.world import World
from regimens.models import Indication, Product
from regimens.queries import orders as reading
from regimens.queries.patient_facts import patient_facts
from regimens.queries.therapies import therapy_book
from regimens.services import orders
from regimens.services.facts import OrderFacts
from regimens.services.orders import a_year_after
from regimens.services.planning import lay_out_courses
from tests import factories

MANY = 500

RAW_COURSE = """
    INSERT INTO regimens_course (id, order_id, number, phase, due_on, earliest_on, latest_on, planned_on, why)
    VALUES (gen_random_uuid(), %s, %s, 'maintenance', now(), now(), now(), now(), 'calendar') RETURNING id
"""
RAW_COURSE_DAY = """
    INSERT INTO regimens_courseday (id, course_id, day_number, due_on, dose_mg, vials, units, wasted_units, profile,
        rate_steps, phases, chair_minutes)
    VALUES (gen_random_uuid(), %s, %s, now(), 40000, '[]', 80, 0, 'subsequent', '[]', '[]', 240)
"""


def _facts(world: World, **changes: Any) -> OrderFacts:
    usual: dict[str, Any] = {
        "product": Product.objects.get(pk="gammagard_liquid"),
        "indication": Indication.objects.get(pk="CIDP"),
        "icd10": "G61.81",
        "hcpcs": "J1569",
        "dose_basis": "g_per_kg",
        "dose_amount": Decimal(1),
        "dosing_weight_kg": Decimal(80),
        "days_per_course": 2,
        "interval_days": 21,
        "starts_on": world.first_on,
        "signed_on": world.first_on - timedelta(days=14),
        "prescriber_name": "Dr. Invented",
    }
    return OrderFacts(**usual | changes)


def series(world: World) -> Iterator[Row]:
    """A year of two-day courses worked out and kept, against inserting as many plain rows."""
    facts = _facts(world)
    patient = factories.make_patient(world.clinic)

    def expand() -> None:
        order = orders.enter_facts(clinic=world.clinic, patient=patient, facts=facts, by=world.scheduler)
        orders.accept(order=order, by=world.scheduler)

    order = orders.enter_facts(clinic=world.clinic, patient=patient, facts=facts, by=world.scheduler)
    numbers = itertools.count(1)

    def insert() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            for _ in range(18):
                cursor.execute(RAW_COURSE, [order.id, next(numbers)])
                (course,) = cursor.fetchone()
                for day in (1, 2):
                    cursor.execute(RAW_COURSE_DAY, [course, day])

    yield compared("order accepted: 12 months, 18 x 2 days", expand, insert, "50 ms")


def plans(world: World) -> Iterator[Row]:
    """A preview with every check, against reading an accepted year back; and a year of 500 orders in one process."""
    facts = _facts(world, induction_offsets_days=(0,), induction_doses=(Decimal(2),), induction_days=5)
    patient = factories.make_patient(world.clinic)
    order = orders.enter_facts(clinic=world.clinic, patient=patient, facts=facts, by=world.scheduler)
    accepted = orders.accept(order=order, by=world.scheduler)

    def preview() -> None:
        known = patient_facts(patient, facts.product)
        orders.preview(facts, today=world.first_on, patient=known)

    def read() -> None:
        found = reading.with_courses(world.clinic, accepted.id)
        sum(day.units for course in found.courses.all() for day in course.days.all())

    yield compared("order previewed: 12 months", preview, read, "50 ms")
    taken = _lay_out_many(world)
    yield Row(what=f"{MANY} orders laid out for 12 months", p95=f"{taken:.2f} s", aim="5 s")


def _lay_out_many(world: World) -> float:
    """Seconds for every course of many orders that all differ: loading, then every three weeks over two days."""
    base = _facts(world)
    book = therapy_book(base.product, base.indication, organization_id=world.clinic.organization_id)
    through = a_year_after(world.first_on)
    loading: dict[str, Any] = {"induction_offsets_days": (0,), "induction_doses": (Decimal(2),), "induction_days": 5}
    wanted = [replace(base, dosing_weight_kg=Decimal(50) + Decimal(number) / 10, **loading) for number in range(MANY)]
    start = time.process_time()
    days = sum(len(course.days) for facts in wanted for course in lay_out_courses(facts, book, through_on=through))
    assert days >= MANY * 36
    return time.process_time() - start
