"""What was given at visits: the record of one, how long its infusions take, and who got vials of a lot."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from accounts.models import Clinic
from audit.models import AuditEvent
from regimens.domain.administration import actual_minutes, last_few
from regimens.domain.chair_time import suggest_minutes
from regimens.models import Administration, AdministrationLot, Product, RateChange, Reaction
from regimens.queries.reactions import of_product
from regimens.queries.substitutes import choices
from scheduling.models import Visit

MOST_LOTS = 500


@dataclass(frozen=True, kw_only=True)
class Change:
    """One entry of a record's history, with the numbers that were recorded."""

    what: str
    at: datetime
    who: str
    numbers: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Given:
    """What was given at a visit, if its infusion began: the rows that count, and the patient's reactions.

    `products` are those that may have been given, the ordered one first.
    """

    administration: Administration | None
    lots: tuple[AdministrationLot, ...] = ()
    rates: tuple[RateChange, ...] = ()
    reactions: tuple[Reaction, ...] = ()
    products: tuple[Product, ...] = ()

    @property
    def here(self) -> tuple[Reaction, ...]:
        """The reactions to this very infusion."""
        day = self.administration.course_day_id if self.administration else None
        return tuple(reaction for reaction in self.reactions if day and reaction.course_day_id == day)

    @property
    def last_before(self) -> Reaction | None:
        """The latest reaction to this product at another visit."""
        return next((reaction for reaction in self.reactions if reaction not in self.here), None)


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How long the patient's latest infusions of the product took, and the median once there are enough of them."""

    minutes: tuple[int, ...]
    suggested: int | None


def of_visit(visit: Visit) -> Given:
    """What was given at `visit`. Five SQL statements at most."""
    order = visit.course_day.course.order
    reactions = of_product(order.patient, order.product)
    given = (
        Administration.objects.filter(visit_id=visit.id, order__clinic=visit.clinic, voided_at__isnull=True)
        .select_related("product", "order__product")
        .first()
    )
    if given is None:
        return Given(administration=None, reactions=reactions)
    return Given(
        administration=given,
        lots=tuple(given.lots.filter(replaced_at__isnull=True)),
        rates=tuple(given.rates.filter(replaced_at__isnull=True)),
        reactions=reactions,
        products=tuple(choices(given.order)),
    )


def changes(given: Administration, visit: Visit) -> tuple[Change, ...]:
    """Who recorded what was given at `visit`, and when, the latest first. One SQL statement."""
    words = {"begin": "Infusion started", "stop": "Infusion ended", "record": "Recorded", "resume": "End taken back"}
    events = AuditEvent.objects.filter(
        entity_type="administration", entity_id=str(given.id), patient_id=visit.patient_id
    ).order_by("-at", "-id")
    return tuple(
        Change(what=words[verb], at=event.at, who=event.actor_label, numbers=event.detail)
        for event in events
        if (verb := event.action.rpartition(".")[2]) in words
    )


def replaced_lots(given: Administration) -> tuple[AdministrationLot, ...]:
    """Lots that a correction replaced, the latest first."""
    rows = AdministrationLot.objects.filter(administration=given, replaced_at__isnull=False)
    return tuple(rows.filter(administration__order__patient_id=given.order.patient_id).order_by("-replaced_at", "id"))


def pace(visit: Visit) -> Pace:
    """The minutes of the patient's latest full infusions of the product before this visit. One SQL statement."""
    order = visit.course_day.course.order
    rows = (
        Administration.objects.filter(
            order__patient=order.patient,
            product=order.product,
            recorded_at__isnull=False,
            stopped_at__isnull=False,
            is_complete=True,
            voided_at__isnull=True,
            started_at__lt=visit.period.upper,
        )
        .exclude(visit_id=visit.id)
        .order_by("-started_at")
        .values_list("started_at", "stopped_at")
    )
    minutes = last_few([actual_minutes(start, stop) for start, stop in rows[:5] if stop is not None])
    return Pace(minutes=minutes, suggested=suggest_minutes(minutes))


@dataclass(frozen=True, kw_only=True)
class LotUse:
    """Vials of a lot that a patient got."""

    lot: AdministrationLot
    administration: Administration

    @property
    def patient(self) -> Any:
        return self.administration.order.patient


def lot_uses(clinic: Clinic, text: str) -> Sequence[LotUse]:
    """Everybody at `clinic` who got vials of the lot whose number is or begins with `text`, the latest first.

    Rows that a correction replaced are left out, so are voided infusions. One SQL statement.
    """
    wanted = text.strip().upper()
    if not wanted:
        return ()
    rows = AdministrationLot.objects.filter(
        administration__order__clinic=clinic,
        administration__voided_at__isnull=True,
        replaced_at__isnull=True,
        lot_number__istartswith=wanted,
    ).select_related("administration__order__patient", "administration__product")
    found = rows.order_by("-administration__started_at", "id")[:MOST_LOTS]
    return [LotUse(lot=row, administration=row.administration) for row in found]
