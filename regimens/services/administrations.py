"""What was given on a course day: begun with the infusion, stopped with it, then recorded by a nurse.

The product, the planned dose, the weight and how the dose was rounded are kept as they were that day, whatever becomes
of the order. Nothing is deleted: a mistake is voided and says why, and a correction replaces lots and rates by newer
rows. `version` counts what nurses recorded, so that none of two who record at once is overwritten unseen.
"""

from datetime import datetime
from fractions import Fraction
from uuid import UUID

from accounts.domain.policy import Permission
from audit.services.record import record as audit
from core import clock
from core.actor import Actor
from core.errors import BadInput, NotFound, Refusal, Stale
from core.transactions import business_act
from regimens.domain.administration import GivenFacts, Planned, check_given
from regimens.domain.chair_time import PhaseKind
from regimens.domain.quantities import plain
from regimens.domain.settings import CLINICAL_DEFAULTS
from regimens.domain.units import BilledUnits, billed_units, code_on
from regimens.models import Administration, AdministrationLot, CourseDay, Product, RateChange
from regimens.queries.therapies import Therapy, therapy_book
from regimens.services import substitutes
from regimens.services.courses import to_decimal


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
    found.save(update_fields=["stopped_at", "is_complete"])
    _audit("administration.stop", found, by)
    return found


@business_act
def resume(*, visit_id: UUID, by: Actor) -> Administration | None:
    """Take the end back: the infusion of a visit still runs. What a nurse recorded already stands."""
    found = of_visit(visit_id, lock=True)
    if found is None or found.recorded_at is not None or found.stopped_at is None:
        return found
    found.stopped_at, found.is_complete = None, None
    found.save(update_fields=["stopped_at", "is_complete"])
    _audit("administration.resume", found, by)
    return found


@business_act
def void(*, visit_id: UUID, reason: str, by: Actor) -> Administration | None:
    """It never happened: the row stays, with the reason, and no plan counts it. None when none had begun."""
    found = of_visit(visit_id, lock=True)
    if found is None:
        return None
    found.voided_at, found.void_reason = clock.now(), reason[:200]
    found.version += 1
    found.save(update_fields=["voided_at", "void_reason", "version"])
    _audit("administration.void", found, by)
    return found


@business_act
def record(*, administration: Administration, facts: GivenFacts, expected_version: int, by: Actor) -> Administration:
    """Keep what was given, with the units it bills by the code in force that day; again to correct it.

    Raises BadInput with every reason, each at its field, and Stale, naming who was quicker, when somebody recorded it
    after version `expected_version` was shown.
    """
    by.require(Permission.ADMINISTRATION_RECORD, "record what was given")
    current = _locked(administration, expected_version, by)
    current.product = substitutes.given_product(current.order, facts.product_id)
    therapy = _therapy_that_day(current)
    reasons = check_given(facts, planned(current, facts, therapy), now=clock.now())
    if reasons:
        raise BadInput.of(reasons)
    billed = _billed(current, facts, therapy)
    current.started_at, current.stopped_at = facts.started_at, facts.stopped_at
    current.is_complete = facts.is_complete
    current.dose_mg = to_decimal(facts.dose_mg)
    current.volume_ml = None if facts.volume_ml is None else to_decimal(facts.volume_ml)
    current.units = None if billed is None else billed.admin_units
    current.wasted_units = None if billed is None else billed.jw_units
    current.stop_reason, current.note = facts.stop_reason.strip()[:200], facts.note.strip()[:500]
    current.recorded_at, current.recorded_by_label = clock.now(), by.label[:150]
    current.version += 1
    current.save()
    _replace_rows(current, facts)
    _audit("administration.record", current, by, _numbers(current, facts))
    return current


def planned(row: Administration, facts: GivenFacts, therapy: Therapy) -> Planned:
    """What a record of `row` is held against."""
    zone = row.order.clinic.zone
    return Planned(
        dose_mg=Fraction(row.planned_dose_mg),
        on=row.started_at.astimezone(zone).date(),
        started_on=facts.started_at.astimezone(zone).date(),
        is_immune_globulin=row.product.is_immune_globulin,
        mg_per_ml=therapy.mg_per_ml,
    )


def _locked(administration: Administration, expected_version: int, by: Actor) -> Administration:
    found = (
        Administration.objects.select_for_update(of=("self",))
        .select_related("order__clinic", "order__patient", "order__indication", "product")
        .filter(pk=administration.pk, voided_at__isnull=True)
        .first()
    )
    if found is None or by.clinic_id not in {None, found.order.clinic_id}:
        raise NotFound("infusion")
    if found.version != expected_version:
        at = found.recorded_at.astimezone(found.order.clinic.zone) if found.recorded_at else None
        who = f"{found.recorded_by_label} recorded this at {at:%H:%M}" if at else "This changed meanwhile"
        raise Stale(
            "changed_meanwhile", f"{who}. Compare with what is kept now, then record it again if yours is right."
        )
    return found


def _therapy_that_day(row: Administration) -> Therapy:
    order = row.order
    book = therapy_book(row.product, order.indication, organization_id=order.clinic.organization_id)
    return book.on(row.started_at.astimezone(order.clinic.zone).date())


def _billed(row: Administration, facts: GivenFacts, therapy: Therapy) -> BilledUnits | None:
    """Units given and wasted; None when no billing code is known for the day, which keeps the planned units."""
    on = facts.started_at.astimezone(row.order.clinic.zone).date()
    try:
        code = code_on(therapy.codes_of(substitutes.hcpcs_of(row.order, row.product, therapy, on)), on=on)
    except Refusal:
        return None
    out_of_vials = facts.dose_mg + facts.wasted_mg
    return billed_units(dose_mg=facts.dose_mg, vial_total_mg=out_of_vials, unit_mg=code.unit_mg)


def _replace_rows(row: Administration, facts: GivenFacts) -> None:
    now = clock.now()
    row.lots.filter(replaced_at__isnull=True).update(replaced_at=now)
    row.rates.filter(replaced_at__isnull=True).update(replaced_at=now)
    AdministrationLot.objects.bulk_create(
        AdministrationLot(
            administration=row,
            lot_number=lot.lot_number.strip()[:40].upper(),
            expires_on=lot.expires_on,
            ndc=lot.ndc,
            vial_mg=to_decimal(lot.vial_mg),
            vials=lot.vials,
            wasted_mg=to_decimal(lot.wasted_mg),
            witness=lot.witness.strip()[:120],
        )
        for lot in facts.lots
    )
    RateChange.objects.bulk_create(
        RateChange(administration=row, at=rate.at, ml_per_hour=to_decimal(rate.ml_per_hour)) for rate in facts.rates
    )


def _numbers(row: Administration, facts: GivenFacts) -> dict[str, object]:
    """What the audit record keeps of a record: numbers and times, no prose and no lot numbers."""
    return {
        "product": row.product_id,
        "dose_mg": str(row.dose_mg),
        "units": row.units,
        "wasted_units": row.wasted_units,
        "started_at": facts.started_at.isoformat(),
        "stopped_at": facts.stopped_at.isoformat() if facts.stopped_at else None,
        "is_complete": facts.is_complete,
        "lots": len(facts.lots),
        "rates": len(facts.rates),
    }


def of_visit(visit_id: UUID, *, lock: bool = False) -> Administration | None:
    """The administration of a visit that counts, if an infusion began; with `lock`, locked for a change."""
    rows = Administration.objects.filter(visit_id=visit_id, voided_at__isnull=True)
    return (rows.select_for_update(of=("self",)) if lock else rows).select_related("order", "product").first()


def _rounding(product: Product) -> str:
    if not product.is_immune_globulin:
        return "As the label says"
    steps = ", ".join(plain(Fraction(step, 1000)) for step in CLINICAL_DEFAULTS.rounding_increments_mg)
    return f"To whole vials ({steps} g) within {plain(CLINICAL_DEFAULTS.rounding_tolerance_pct)} %"


def _audit(action: str, row: Administration, by: Actor, numbers: dict[str, object] | None = None) -> None:
    audit(
        action=action,
        entity_type="administration",
        entity_id=row.id,
        by=by,
        patient_id=row.order.patient_id,
        detail={"visit": str(row.visit_id), "version": row.version, **(numbers or {})},
    )
