"""The authorization desk's queue: every open authorization and every booked order without one, highest risk first.

A fixed number of SQL statements, whatever the size of the clinic. Who needs what comes from the visits, which the
caller supplies (`authorizations.demand.upcoming`): this package cannot see them.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet, Subquery, Sum

from accounts.models import Clinic
from authorizations.demand import UpcomingVisit
from authorizations.domain.risk import QueueFacts, Risk, RiskClass, assess, queue_key
from authorizations.domain.settings import AUTHORIZATION_DEFAULTS
from authorizations.domain.statuses import (
    CLOSED,
    CONTESTED,
    COVERING,
    PENDING,
    PREPARING,
    WITH_PAYER,
    AuthorizationStatus,
)
from authorizations.domain.units import infusions_left
from authorizations.models import Authorization, LedgerEntry
from authorizations.queries import coverage
from core.errors import Reason
from regimens.models import CourseDay, TreatmentOrder

S = AuthorizationStatus
Thing = tuple[UUID, str]
"""A patient and a drug: what an authorization is for."""


class QueueFilter(StrEnum):
    """How the queue is narrowed; the value is what stands in the address."""

    ALL = "all"
    AT_RISK = "at-risk"
    EXPIRING = "expiring"
    LOW_UNITS = "low-units"
    PENDING = "pending"
    DENIED = "denied"
    MINE = "mine"


@dataclass(frozen=True, kw_only=True)
class QueueRow:
    """One line of the queue. `authorization` is None where an order has visits and nobody has asked the payer."""

    authorization: Authorization | None
    order_id: UUID | None
    patient_id: UUID
    patient_name: str
    drug: str
    dose_mg: Decimal | None
    payer_name: str
    status: str
    risk: Risk
    next_visit: UpcomingVisit | None
    is_next_covered: bool
    ends_on: date | None
    days_to_end: int | None
    visits_left: int | None
    follow_up_on: date | None
    is_low: bool
    is_renewal_open: bool
    waited_days: int | None
    waiting: UpcomingVisit | None = None
    waiting_reasons: tuple[Reason, ...] = ()

    @property
    def owner_id(self) -> UUID | None:
        return self.authorization.owner_id if self.authorization else None

    def matches(self, chosen: QueueFilter, *, user_id: UUID | None) -> bool:
        """Whether the row belongs under a filter."""
        status, risk = self.status, self.risk.risk
        is_ending = self.days_to_end is not None and 0 <= self.days_to_end <= AUTHORIZATION_DEFAULTS.expiring_soon
        return {
            QueueFilter.ALL: True,
            QueueFilter.AT_RISK: risk in AT_RISK,
            QueueFilter.EXPIRING: is_ending and status in COVERING,
            QueueFilter.LOW_UNITS: self.is_low,
            QueueFilter.PENDING: status in PENDING,
            QueueFilter.DENIED: status in CONTESTED,
            QueueFilter.MINE: user_id is not None and self.owner_id == user_id,
        }[chosen]


AT_RISK = frozenset({RiskClass.VISIT_UNCOVERED, RiskClass.EXPIRES_BEFORE_VISIT, RiskClass.UNITS_SHORT})
MISSING = "missing"
SHORT = frozenset({"auth_units_short", "auth_visits_short"})


def queue(*, clinic: Clinic, today: date, upcoming: Sequence[UpcomingVisit]) -> list[QueueRow]:
    """The whole queue on a clinic-local date, highest risk first. Four SQL statements."""
    authorizations = list(_open(clinic, today))
    visits = _by_thing(upcoming)
    waiting = _cover_of_waiting(clinic, visits)
    given = _visits_given(clinic)
    rows = [
        _row(item, visits.get((item.patient_id, item.product_id), ()), waiting, given, today) for item in authorizations
    ]
    asked = {(item.patient_id, item.product_id) for item in authorizations}
    rows += [_missing(item) for thing, item in waiting.items() if thing not in asked and item.cover.reasons]
    return [row for _, row in sorted(rows, key=lambda pair: pair[0])]


def row_of(item: Authorization, *, upcoming: Sequence[UpcomingVisit], today: date) -> QueueRow | None:
    """The line of one authorization, None when it is not on the queue. Four SQL statements."""
    visits = _by_thing(upcoming)
    found = _open(item.clinic, today).filter(id=item.id).first()
    if found is None:
        return None
    waiting, given = _cover_of_waiting(item.clinic, visits), _visits_given(item.clinic, item)
    return _row(found, visits.get((item.patient_id, item.product_id), ()), waiting, given, today)[1]


def counts(rows: Iterable[QueueRow], *, user_id: UUID | None) -> dict[QueueFilter, int]:
    """How many rows each filter would show."""
    kept = list(rows)
    return {chosen: sum(row.matches(chosen, user_id=user_id) for row in kept) for chosen in QueueFilter}


@dataclass(frozen=True)
class _Waiting:
    """The first visit of a patient and drug that holds no units, and what could cover it."""

    visit: UpcomingVisit
    order: TreatmentOrder
    cover: coverage.Coverage


Keyed = tuple[tuple[object, ...], QueueRow]


def _open(clinic: Clinic, today: date) -> QuerySet[Authorization]:
    over = [status.value for status in (*CLOSED, S.NOT_REQUIRED)]
    planned = CourseDay.objects.filter(course__order=OuterRef("order_id"), course__dropped_at=None)
    coming = planned.filter(due_on__gte=today).order_by("due_on", "id")
    renewals = Authorization.objects.filter(
        patient=OuterRef("patient_id"),
        product=OuterRef("product_id"),
        status__in=[status.value for status in PREPARING | WITH_PAYER],
    )
    return (
        Authorization.objects.for_clinic(clinic)
        .exclude(status__in=over)
        .exclude(status=S.EXPIRED, units_reserved=0)
        .select_related("patient", "payer", "product", "owner", "clinic")
        .annotate(
            units_per_visit=Subquery(coming.values("units")[:1]),
            dose_mg=Subquery(coming.values("dose_mg")[:1]),
            is_renewal_open=Exists(renewals),
        )
        .order_by("patient__family_name", "patient__given_name", "id")
    )


def _by_thing(upcoming: Iterable[UpcomingVisit]) -> dict[Thing, list[UpcomingVisit]]:
    found: dict[Thing, list[UpcomingVisit]] = {}
    for visit in upcoming:
        found.setdefault((visit.patient_id, visit.product_id), []).append(visit)
    return found


def _cover_of_waiting(clinic: Clinic, visits: Mapping[Thing, Sequence[UpcomingVisit]]) -> dict[Thing, _Waiting]:
    """The first uncovered visit of each patient and drug. Two SQL statements."""
    first = {}
    for thing, found in visits.items():
        visit = next((visit for visit in found if visit.authorization_id is None), None)
        if visit is not None:
            first[thing] = visit
    orders = TreatmentOrder.objects.select_related("patient", "product").in_bulk(
        [visit.order_id for visit in first.values()]
    )
    needs = [coverage.Need(orders[visit.order_id], visit.units, visit.on) for visit in first.values()]
    covers = coverage.find_many(clinic=clinic, needs=needs)
    return {
        thing: _Waiting(visit, orders[visit.order_id], cover)
        for (thing, visit), cover in zip(first.items(), covers, strict=True)
        if cover.is_required
    }


def _visits_given(clinic: Clinic, only: Authorization | None = None) -> Counter[UUID]:
    """Visits already given per authorization that counts visits. One SQL statement."""
    entries = LedgerEntry.objects.filter(authorization__clinic=clinic, authorization__visits_approved__isnull=False)
    used = (
        (entries.filter(authorization=only) if only else entries)
        .order_by()
        .values("authorization_id", "visit_id")
        .annotate(used=Sum("used_change"))
        .filter(used__gt=0)
    )
    return Counter(row["authorization_id"] for row in used)


def _row(
    item: Authorization,
    visits: Sequence[UpcomingVisit],
    waiting: Mapping[Thing, _Waiting],
    given: Mapping[UUID, int],
    today: date,
) -> Keyed:
    waits = waiting.get((item.patient_id, item.product_id))
    visit = _its_next(item, visits, waits)
    is_held = visit is not None and visit.authorization_id == item.id
    facts = _facts(item, visit, is_held=is_held)
    risk = assess(facts, today=today)
    is_its = waits is not None and waits.cover.authorization == item and item.status in COVERING
    mine = waits if is_its else None
    if mine is not None and risk.risk not in AT_RISK:
        risk = _unheld(mine, visit, facts, today) or risk
    visits_left = _visits_left(item, visit, given)
    is_covering = item.status in COVERING
    few = AUTHORIZATION_DEFAULTS.few_infusions_left
    row = QueueRow(
        authorization=item,
        order_id=item.order_id,
        patient_id=item.patient_id,
        patient_name=item.patient.short_name,
        drug=item.product.board_name,
        dose_mg=item.dose_mg,  # type: ignore[attr-defined]
        payer_name=item.payer.name,
        status=item.status,
        risk=risk,
        next_visit=visit,
        is_next_covered=is_held and is_covering and _is_valid_on(item, visit),
        ends_on=item.ends_on if is_covering else None,
        days_to_end=(item.ends_on - today).days if is_covering and item.ends_on else None,
        visits_left=visits_left,
        follow_up_on=item.follow_up_on,
        is_low=is_covering and (risk.risk is RiskClass.UNITS_SHORT or (visits_left is not None and visits_left <= few)),
        is_renewal_open=item.is_renewal_open,  # type: ignore[attr-defined]
        waited_days=(today - facts.submitted_on).days if facts.submitted_on and item.status in PENDING else None,
        waiting=mine.visit if mine else None,
        waiting_reasons=mine.cover.reasons if mine else (),
    )
    return (*queue_key(facts, risk), row.patient_name, str(item.id)), row


def _is_valid_on(item: Authorization, visit: UpcomingVisit | None) -> bool:
    """Whether the day of the visit lies between the authorization's first and last."""
    if visit is None:
        return False
    return (item.starts_on is None or item.starts_on <= visit.on) and (item.ends_on is None or visit.on <= item.ends_on)


def _its_next(item: Authorization, visits: Sequence[UpcomingVisit], waits: _Waiting | None) -> UpcomingVisit | None:
    """The next visit that this authorization pays for or could: not one that another authorization covers."""
    free = waits.visit.visit_id if waits else None
    return next((visit for visit in visits if visit.authorization_id == item.id or visit.visit_id == free), None)


def _facts(item: Authorization, visit: UpcomingVisit | None, *, is_held: bool) -> QueueFacts:
    zone = item.clinic.zone
    return QueueFacts(
        status=S(item.status),
        next_visit_on=visit.on if visit else None,
        next_visit_units=visit.units if visit else 0,
        units_for_next_visit=item.units_left + (visit.units if visit and is_held else 0),
        starts_on=item.starts_on,
        ends_on=item.ends_on,
        follow_up_on=item.follow_up_on,
        submitted_on=item.submitted_at.astimezone(zone).date() if item.submitted_at else None,
        payer_lead_days=lead_days(item.payer.usual_decision_days),
        usual_decision_days=item.payer.usual_decision_days,
    )


def lead_days(usual_decision_days: int) -> int:
    """Days before a visit from which a missing approval is a risk: the clinic's lead, or the payer's own if longer."""
    return max(AUTHORIZATION_DEFAULTS.payer_lead, usual_decision_days)


def _unheld(waits: _Waiting, visit: UpcomingVisit | None, facts: QueueFacts, today: date) -> Risk | None:
    """A visit that holds no units of an approved authorization: too few for it, or soon and nobody has covered it."""
    reasons, on = waits.cover.reasons, waits.visit.on
    when = f"{on.day} {on:%B %Y}"
    if any(reason.code in SHORT for reason in reasons):
        return Risk(RiskClass.UNITS_SHORT, f"{when}: {' '.join(reason.sentence for reason in reasons)}")
    if waits.visit != visit or (on - today).days > facts.payer_lead_days:
        return None
    why = " ".join(reason.sentence for reason in reasons) or "Enough are left: cover it."
    return Risk(RiskClass.VISIT_UNCOVERED, f"The visit on {when} holds no units. {why}")


def _visits_left(item: Authorization, visit: UpcomingVisit | None, given: Mapping[UUID, int]) -> int | None:
    """Visits that what is not used yet still pays for."""
    units = visit.units if visit else item.units_per_visit  # type: ignore[attr-defined]
    if item.status not in COVERING or not units:
        return None
    allowed = item.visits_approved
    return infusions_left(
        units_left=item.units_approved - item.units_used,
        units_per_infusion=units,
        visits_left=None if allowed is None else allowed - given.get(item.id, 0),
    ).count


def _missing(waits: _Waiting) -> Keyed:
    visit, order, payer = waits.visit, waits.order, waits.cover.payer
    latest = visit.on - timedelta(days=lead_days(payer.usual_decision_days if payer else 0))
    risk = Risk(RiskClass.VISIT_UNCOVERED, " ".join(reason.sentence for reason in waits.cover.reasons))
    row = QueueRow(
        authorization=None,
        order_id=order.id,
        patient_id=order.patient_id,
        patient_name=order.patient.short_name,
        drug=order.product.board_name,
        dose_mg=None,
        payer_name=payer.name if payer else "",
        status=MISSING,
        risk=risk,
        next_visit=visit,
        is_next_covered=False,
        ends_on=None,
        days_to_end=None,
        visits_left=None,
        follow_up_on=latest,
        is_low=False,
        is_renewal_open=False,
        waited_days=None,
    )
    facts = QueueFacts(status=S.DRAFT, next_visit_on=visit.on, follow_up_on=latest)
    return (*queue_key(facts, risk), row.patient_name, str(order.id)), row
