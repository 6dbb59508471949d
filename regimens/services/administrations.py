"""What was given on a course day: begun with the infusion, stopped with it, then recorded by a nurse.

The product, the planned dose, the weight and how the dose was rounded are kept as they were that day, whatever becomes
of the order. Nothing is deleted: a mistake is voided, and says why.
"""

from datetime import datetime
from fractions import Fraction
from uuid import UUID

from audit.services.record import record as audit
from core import clock
from core.actor import Actor
from core.transactions import business_act
from regimens.domain.chair_time import PhaseKind
from regimens.domain.quantities import plain
from regimens.domain.settings import CLINICAL_DEFAULTS
from regimens.models import Administration, CourseDay, Product


def draft(*, course_day: CourseDay, visit_id: UUID, at: datetime) -> Administration:
    """The unsaved row of an infusion that started at `at`: what the plan said, as it is now."""
    order = course_day.course.order
    return Administration(
        order=order,
        course_day=course_day,
        visit_id=visit_id,
        product=order.product,
        started_at=at,
        dosing_weight_kg=order.dosing_weight_kg,
        weight_basis=order.weight_basis,
        rounding=_rounding(order.product),
        planned_dose_mg=course_day.dose_mg,
        planned_minutes=planned_minutes(course_day),
    )


def planned_minutes(course_day: CourseDay) -> int:
    """The minutes of infusion that were planned for the day."""
    return sum(phase["minutes"] for phase in course_day.phases if phase["kind"] == PhaseKind.INFUSION)


@business_act
def begin(*, course_day: CourseDay, visit_id: UUID, at: datetime, by: Actor) -> Administration:
    """The infusion of a visit started at `at`. Beginning the same one twice is once."""
    found = of_visit(visit_id, lock=True)
    if found is not None:
        return found
    begun = draft(course_day=course_day, visit_id=visit_id, at=at)
    begun.save(force_insert=True)
    _audit("administration.begin", begun, by)
    return begun


@business_act
def stop(*, visit_id: UUID, at: datetime, is_complete: bool | None, by: Actor) -> Administration | None:
    """The infusion of a visit ended at `at`; None when none had begun. What a nurse recorded already stands."""
    found = of_visit(visit_id, lock=True)
    if found is None or found.recorded_at is not None:
        return found
    found.stopped_at, found.is_complete = max(at, found.started_at), is_complete
    _save(found, "stopped_at", "is_complete")
    _audit("administration.stop", found, by)
    return found


@business_act
def resume(*, visit_id: UUID, by: Actor) -> Administration | None:
    """Take the end back: the infusion of a visit still runs. What a nurse recorded already stands."""
    found = of_visit(visit_id, lock=True)
    if found is None or found.recorded_at is not None or found.stopped_at is None:
        return found
    found.stopped_at, found.is_complete = None, None
    _save(found, "stopped_at", "is_complete")
    _audit("administration.resume", found, by)
    return found


@business_act
def void(*, visit_id: UUID, reason: str, by: Actor) -> Administration | None:
    """It never happened: the row stays, with the reason, and no plan counts it. None when none had begun."""
    found = of_visit(visit_id, lock=True)
    if found is None:
        return None
    found.voided_at, found.void_reason = clock.now(), reason[:200]
    _save(found, "voided_at", "void_reason")
    _audit("administration.void", found, by)
    return found


def of_visit(visit_id: UUID, *, lock: bool = False) -> Administration | None:
    """The administration of a visit that counts, if an infusion began; with `lock`, locked for a change."""
    rows = Administration.objects.filter(visit_id=visit_id, voided_at__isnull=True)
    return (rows.select_for_update(of=("self",)) if lock else rows).select_related("order", "product").first()


def _rounding(product: Product) -> str:
    if not product.is_immune_globulin:
        return "As the label says"
    steps = ", ".join(plain(Fraction(step, 1000)) for step in CLINICAL_DEFAULTS.rounding_increments_mg)
    return f"To whole vials ({steps} g) within {plain(CLINICAL_DEFAULTS.rounding_tolerance_pct)} %"


def _save(row: Administration, *changed: str) -> None:
    row.version += 1
    row.save(update_fields=[*changed, "version"])


def _audit(action: str, row: Administration, by: Actor) -> None:
    audit(
        action=action,
        entity_type="administration",
        entity_id=row.id,
        by=by,
        patient_id=row.order.patient_id,
        detail={"visit": str(row.visit_id), "version": row.version},
    )
