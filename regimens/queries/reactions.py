"""Reactions on record, and the kinds there are to choose from."""

import json
from functools import cache
from pathlib import Path
from uuid import UUID

from core.errors import NotFound
from patients.models import Patient
from regimens.models import Product, Reaction

FILE = Path(__file__).resolve().parent.parent / "data" / "catalogue.json"


@cache
def kinds() -> tuple[str, ...]:
    """The kinds of adverse events, as the catalogue lists them."""
    return tuple(json.loads(FILE.read_text(encoding="utf-8"))["reference"]["adverse_event_types"])


def of_course_day(course_day_id: UUID, *, patient_id: UUID) -> tuple[Reaction, ...]:
    """Reactions to what was given on a course day that were not voided, the latest first. One SQL statement."""
    rows = Reaction.objects.filter(course_day_id=course_day_id, patient_id=patient_id, voided_at__isnull=True)
    return tuple(rows.select_related("product"))


def of_product(patient: Patient, product: Product) -> tuple[Reaction, ...]:
    """The patient's reactions to a product that were not voided, the latest first. One SQL statement."""
    rows = Reaction.objects.filter(patient=patient, product=product, voided_at__isnull=True)
    return tuple(rows.select_related("product"))


def of_infusion(course_day_id: UUID, reaction_id: UUID, *, patient_id: UUID) -> Reaction:
    """A reaction to what was given on a course day; raises `NotFound` for any other, and for a voided one."""
    found = get(patient_id, reaction_id)
    if found.course_day_id != course_day_id:
        raise NotFound("reaction")
    return found


def get(patient_id: UUID, reaction_id: UUID) -> Reaction:
    """The patient's reaction with this id; raises `NotFound` for any other, and for a voided one."""
    rows = Reaction.objects.filter(patient_id=patient_id, pk=reaction_id, voided_at__isnull=True)
    found = rows.select_related("order__clinic", "order__patient", "product").first()
    if found is None:
        raise NotFound("reaction")
    return found
