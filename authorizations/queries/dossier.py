"""Everything about one authorization for its page: visits, ledger, history, and what may be done now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from authorizations.demand import UpcomingVisit
from authorizations.domain.coverage import check_coverage, check_rendering, check_site
from authorizations.domain.statuses import COVERING
from authorizations.models import Authorization, AuthorizationEvent, LedgerEntry
from authorizations.queries import coverage
from core.errors import Reason
from regimens.models import TreatmentOrder

EVENTS_SHOWN = 60
LEDGER_SHOWN = 60


@dataclass(frozen=True)
class VisitCover:
    """A visit to come: whether units are set aside for it, where, and what is wrong with its cover."""

    visit: UpcomingVisit
    is_held_here: bool
    is_held_elsewhere: bool
    reasons: tuple[Reason, ...]

    @property
    def is_covered(self) -> bool:
        return self.is_held_elsewhere or (self.is_held_here and not self.reasons)

    @property
    def can_be_covered(self) -> bool:
        """Whether enough is left for it, and somebody only has to set it aside."""
        return not (self.is_held_here or self.is_held_elsewhere or self.reasons)


@dataclass(frozen=True)
class Dossier:
    """What the page of an authorization shows; histories newest first."""

    authorization: Authorization
    visits: tuple[VisitCover, ...]
    ledger: tuple[LedgerEntry, ...]
    events: tuple[AuthorizationEvent, ...]
    renewals: tuple[Authorization, ...]

    @property
    def units_not_used(self) -> int:
        return self.authorization.units_approved - self.authorization.units_used

    @property
    def has_waiting(self) -> bool:
        return any(visit.can_be_covered for visit in self.visits)


def dossier(
    authorization: Authorization, *, orders: Sequence[TreatmentOrder], upcoming: Sequence[UpcomingVisit]
) -> Dossier:
    """The whole file; `orders` are those of `orders_of`, `upcoming` their visits. At most four SQL statements."""
    return Dossier(
        authorization=authorization,
        visits=tuple(_cover(authorization, {order.id: order for order in orders}, upcoming)),
        ledger=tuple(authorization.ledger.order_by("-at", "-id")[:LEDGER_SHOWN]),
        events=tuple(authorization.events.all()[:EVENTS_SHOWN]),
        renewals=tuple(authorization.renewals.order_by("-created_at")),
    )


def orders_of(authorization: Authorization) -> list[TreatmentOrder]:
    """The patient's orders of the drug: whose visits it may pay for."""
    return list(
        TreatmentOrder.objects.filter(
            clinic_id=authorization.clinic_id,
            patient_id=authorization.patient_id,
            product_id=authorization.product_id,
        )
    )


def _cover(
    authorization: Authorization, orders: Mapping[UUID, TreatmentOrder], upcoming: Sequence[UpcomingVisit]
) -> list[VisitCover]:
    """Each visit judged in turn: what is left for one is what those before it leave."""
    facts = coverage.facts_of(authorization, coverage.doses_of(authorization))
    found, promised = [], 0
    for visit in upcoming:
        is_here = visit.authorization_id == authorization.id
        is_elsewhere = visit.authorization_id is not None and not is_here
        reasons: tuple[Reason, ...] = ()
        order, units = orders[visit.order_id], visit.units + promised
        need = coverage.asked_by(order, authorization.clinic, on=visit.on, units=units)
        if is_here:
            held = coverage.still_covers(authorization, on=visit.on)
            reasons = (*held, *check_site(need, facts), *check_rendering(need, facts))
        elif not is_elsewhere:
            reasons = check_coverage(need, facts)
            if authorization.status not in COVERING:
                reasons = reasons[:1]
            promised += 0 if reasons else visit.units
        found.append(VisitCover(visit, is_here, is_elsewhere, reasons))
    return found
