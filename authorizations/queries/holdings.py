"""Does an authorization still pay for the visit that holds its units? Asked for many visits at once.

Booking asks before units are set aside (`coverage`); between then and the day the payer may change its mind, the visit
its date, the plan its dose.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from django.db.models import F, Max, Sum

from accounts.models import Clinic
from authorizations.domain.coverage import check_coverage
from authorizations.domain.statuses import COVERING, AuthorizationStatus
from authorizations.models import Authorization, LedgerEntry
from authorizations.queries.coverage import asked_by, facts_of
from core.errors import Reason
from regimens.models import TreatmentOrder

HOLDING = frozenset(COVERING | {AuthorizationStatus.EXHAUSTED})
"""Statuses in which units set aside for a visit still count for it."""


@dataclass(frozen=True)
class Held:
    """A visit of `order` at `clinic` on a clinic-local date that holds units of an authorization."""

    visit_id: UUID
    authorization: Authorization
    units: int
    on: date
    order: TreatmentOrder
    clinic: Clinic


def check_held(holdings: Sequence[Held]) -> dict[UUID, tuple[Reason, ...]]:
    """Why each visit is no longer paid for, by its id: status, dates, code, site, clinician, diagnosis, units, visits,
    frequency.

    One SQL statement, none for no holdings.
    """
    if not holdings:
        return {}
    taken = _taken([one.authorization for one in holdings])
    return {one.visit_id: _reasons(one, taken[one.authorization.id]) for one in holdings}


def _taken(authorizations: Sequence[Authorization]) -> dict[UUID, dict[UUID, tuple[date, int]]]:
    """For each authorization what each visit takes of it, reserved or used."""
    totals = (
        LedgerEntry.objects.filter(
            authorization__in={held.id for held in authorizations},
            authorization__clinic__in={held.clinic_id for held in authorizations},
        )
        .order_by()
        .values("authorization_id", "visit_id")
        .annotate(units=Sum(F("reserved_change") + F("used_change")), on=Max("service_on"))
        .filter(units__gt=0)
    )
    found: dict[UUID, dict[UUID, tuple[date, int]]] = defaultdict(dict)
    for row in totals:
        found[row["authorization_id"]][row["visit_id"]] = (row["on"], row["units"])
    return found


def _reasons(one: Held, taken: dict[UUID, tuple[date, int]]) -> tuple[Reason, ...]:
    held = one.authorization
    others = tuple(dose for visit_id, dose in taken.items() if visit_id != one.visit_id)
    own = taken.get(one.visit_id, (one.on, 0))[1]
    granted = facts_of(held, others)
    granted = replace(
        granted,
        units_left=held.units_left + own,
        icd10=held.order.icd10 if held.order is not None else None,
        status=AuthorizationStatus.APPROVED if held.status in HOLDING else granted.status,
    )
    reasons = check_coverage(asked_by(one.order, one.clinic, on=one.on, units=one.units), granted)
    return tuple(reason for reason in reasons if reason.code == "auth_not_valid") or reasons
