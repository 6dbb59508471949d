"""What was given at each visit that was infused: times, dose, lots and, lately, the check and the rates set."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from core.actor import Actor
from regimens.domain.administration import GivenFacts, GivenLot
from regimens.models import Administration, AdministrationLot, CourseDay, Product, RateChange
from regimens.services import administrations
from scheduling.demo.diary import Booking
from scheduling.demo.stage import Stage
from scheduling.domain.statuses import VisitStatus
from scheduling.models import PreInfusionCheck, Visit
from scheduling.services import giving

RATES_KEPT = timedelta(days=14)
UNRECORDED_WITHIN = timedelta(days=3)
UNRECORDED_SHARE = 0.08
LOT_LASTS = timedelta(days=45)
"""How long one lot of a product is in the cupboard before the next."""


def write(stage: Stage, bookings: Iterable[Booking]) -> None:
    """An administration for every visit whose infusion was started."""
    for booking in bookings:
        if booking.visit.infusion_started_at is not None:
            _administration(stage, booking, booking.visit.infusion_started_at)
            if booking.on > stage.today - RATES_KEPT:
                _check(stage, booking)


def _administration(stage: Stage, booking: Booking, started_at: datetime) -> None:
    visit, day, order = booking.visit, booking.day, booking.prescription.order
    stopped_at = visit.observation_started_at or visit.ended_at
    is_complete = _is_complete(visit)
    is_recorded = visit.ended_at is not None and _is_recorded(stage, booking)
    share = Decimal(1) if is_complete else Decimal(stage.rng.randint(4, 8)) / 10
    given = stage.rows.add(
        Administration(
            id=stage.new_id(),
            order=order,
            course_day=day,
            visit_id=visit.id,
            product=order.product,
            started_at=started_at,
            stopped_at=stopped_at if visit.ended_at else None,
            is_complete=is_complete if is_recorded else None,
            dose_mg=(day.dose_mg * share).quantize(Decimal("0.01")) if is_recorded else None,
            volume_ml=None
            if day.volume_ml is None or not is_recorded
            else (day.volume_ml * share).quantize(Decimal("0.01")),
            units=day.units - day.wasted_units if is_recorded else None,
            wasted_units=day.wasted_units if is_recorded else None,
            dosing_weight_kg=order.dosing_weight_kg,
            weight_basis=order.weight_basis,
            planned_dose_mg=day.dose_mg,
            planned_minutes=next((phase["minutes"] for phase in day.phases if phase["kind"] == "infusion"), 0),
            stop_reason="" if is_complete else "The patient had to leave.",
            recorded_at=visit.ended_at if is_recorded else None,
            recorded_by_label=visit.nurse.name if is_recorded and visit.nurse else "",
        )
    )
    if is_recorded:
        _lots(stage, given, day, booking.on)
    if booking.on > stage.today - RATES_KEPT:
        _rates(stage, given, day)


def _check(stage: Stage, booking: Booking) -> None:
    """The nurse's questions before the start."""
    visit = booking.visit
    nurse = visit.nurse
    if visit.infusion_started_at is not None and nurse is not None:
        stage.rows.add(
            PreInfusionCheck(
                id=stage.new_id(),
                visit=visit,
                at=visit.infusion_started_at - timedelta(minutes=stage.rng.randint(2, 6)),
                by_label=nurse.name,
                by_id=nurse.id,
                is_drug_on_hand=True,
                temperature_c=Decimal(stage.rng.randint(363, 371)) / 10,
            )
        )


def _is_complete(visit: Visit) -> bool:
    return visit.status in {VisitStatus.COMPLETED, VisitStatus.OBSERVING}


def _is_recorded(stage: Stage, booking: Booking) -> bool:
    """A few of the last days still wait for their lot numbers."""
    return booking.on < stage.today - UNRECORDED_WITHIN or not stage.happens(UNRECORDED_SHARE)


def _lots(stage: Stage, given: Administration, day: CourseDay, on: date) -> None:
    total = sum(Decimal(str(vial["mg"])) * vial["count"] for vial in day.vials)
    wasted = max(Decimal(0), total - day.dose_mg)
    for place, vial in enumerate(day.vials):
        stage.rows.add(
            AdministrationLot(
                administration=given,
                lot_number=lot_number(given.product, str(vial["mg"]), on),
                expires_on=_expiry(on),
                vial_mg=Decimal(str(vial["mg"])),
                vials=vial["count"],
                wasted_mg=wasted if place == len(day.vials) - 1 else Decimal(0),
            )
        )


def lot_number(product: Product, size: str, on: date) -> str:
    """The lot of a vial size that was in the cupboard on a day: one lasts some weeks, so patients share it."""
    batch = on.toordinal() // LOT_LASTS.days
    code = sum(ord(letter) * place for place, letter in enumerate(f"{product.id}{size}", start=3)) % 900 + 100
    return f"{product.id[:2].upper()}{batch % 1000:03d}{code}"


def _expiry(on: date) -> date:
    batch = on.toordinal() // LOT_LASTS.days
    return date.fromordinal(batch * LOT_LASTS.days + 540)


def _rates(stage: Stage, given: Administration, day: CourseDay) -> None:
    last = given.stopped_at or stage.now
    for step in day.rate_steps:
        at = given.started_at + timedelta(minutes=float(step["starts_at_minute"]))
        if at < last:
            rate = Decimal(str(step["ml_per_hour"])).quantize(Decimal("0.01"))
            stage.rows.add(RateChange(administration=given, at=at.replace(microsecond=0), ml_per_hour=rate))


def keep_record(visit: Visit, *, by: Actor) -> None:
    """The nurse records what was given, as planned, when the visit has ended; through the real service."""
    given = administrations.of_visit(visit.id)
    if given is None or given.recorded_at is not None or visit.status != VisitStatus.COMPLETED:
        return
    facts = GivenFacts(
        dose_mg=Fraction(given.planned_dose_mg),
        started_at=given.started_at,
        stopped_at=given.stopped_at,
        is_complete=True,
        lots=tuple(_opened(given, visit)),
    )
    giving.record(visit=visit, facts=facts, expected_version=given.version, by=by)


def _opened(given: Administration, visit: Visit) -> Iterator[GivenLot]:
    day = visit.course_day
    on = given.started_at.astimezone(visit.clinic.zone).date()
    total = sum(Fraction(str(vial["mg"])) * vial["count"] for vial in day.vials)
    wasted = max(Fraction(0), total - Fraction(day.dose_mg))
    for place, vial in enumerate(day.vials):
        yield GivenLot(
            lot_number=lot_number(given.product, str(vial["mg"]), on),
            expires_on=_expiry(on),
            vial_mg=Fraction(str(vial["mg"])),
            vials=vial["count"],
            wasted_mg=wasted if place == len(day.vials) - 1 else Fraction(0),
        )
