"""What is due on the authorization desk now: the payer's time is up, a follow-up, a renewal, more units.

Dates are the clinic's own: a follow-up of Tuesday is due when Tuesday begins on the clinic's wall.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db.models import QuerySet

from accounts.domain.policy import Role
from accounts.models import Clinic, User
from authorizations.demand import UpcomingVisit
from authorizations.domain.statuses import COVERING, PENDING, AuthorizationStatus
from authorizations.models import Authorization
from authorizations.queries.records import owners
from authorizations.queries.worklist import SHORT, QueueRow, queue

CLOCK_PASSED = "authorization.clock_passed"
FOLLOW_UP_DUE = "authorization.follow_up_due"
EXPIRING = "authorization.expiring"
UNITS_SHORT = "authorization.units_short"
KINDS = (CLOCK_PASSED, FOLLOW_UP_DUE, EXPIRING, UNITS_SHORT)


@dataclass(frozen=True)
class Due:
    """One thing that is due: `on` is the clinic-local date it is about, `about` what makes it this one and no other."""

    kind: str
    authorization: Authorization
    on: date
    about: str


def due(*, clinic: Clinic, today: date, now: datetime, upcoming: Sequence[UpcomingVisit]) -> list[Due]:
    """Everything that is due at `clinic`. As many SQL statements as the queue."""
    rows = queue(clinic=clinic, today=today, upcoming=upcoming)
    return [item for row in rows if row.authorization for item in _of(row, row.authorization, clinic, today, now)]


def _of(row: QueueRow, item: Authorization, clinic: Clinic, today: date, now: datetime) -> Iterator[Due]:
    until = item.decision_due_at
    if until is not None and until < now and item.status in PENDING:
        yield Due(CLOCK_PASSED, item, until.astimezone(clinic.zone).date(), until.isoformat())
    if item.follow_up_on is not None and item.follow_up_on <= today:
        yield Due(FOLLOW_UP_DUE, item, item.follow_up_on, item.follow_up_on.isoformat())
    left = row.days_to_end if not row.is_renewal_open else None
    if item.ends_on is not None and left is not None and 0 <= left <= item.payer.renewal_lead_days:
        yield Due(EXPIRING, item, item.ends_on, item.ends_on.isoformat())
    if row.waiting is not None and any(reason.code in SHORT for reason in row.waiting_reasons):
        yield Due(UNITS_SHORT, item, row.waiting.on, f"{row.waiting.visit_id}:{row.waiting.units}")


def over(clinic: Clinic, today: date) -> QuerySet[Authorization]:
    """Approvals whose last day is past."""
    covering = [status.value for status in COVERING | {AuthorizationStatus.EXHAUSTED}]
    return Authorization.objects.for_clinic(clinic).filter(status__in=covering, ends_on__lt=today)


def admins(clinic: Clinic) -> list[User]:
    """Everybody who works as an authorization admin at `clinic`."""
    people = User.objects.filter(is_active=True, memberships__clinic=clinic, memberships__role=Role.AUTHORIZATION_ADMIN)
    return list(people.order_by("id").distinct())


def still_here(owner_ids: Iterable[UUID | None], clinic: Clinic) -> dict[UUID, User]:
    """Those of the owners who are active and still work on authorizations of `clinic`."""
    wanted = {owner_id for owner_id in owner_ids if owner_id is not None}
    return {person.id: person for person in owners(clinic).filter(id__in=wanted)}
