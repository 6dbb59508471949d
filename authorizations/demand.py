"""What visits want of authorizations, asked through a hook: visits live in a package to the right of this one.

`scheduling` registers itself when it starts. Without it nothing is booked and nothing waits for cover, so every page
and sweep here still works.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

from accounts.models import Clinic
from authorizations.models import Authorization
from core.actor import Actor


@dataclass(frozen=True)
class UpcomingVisit:
    """A booked visit that has not begun. `authorization_id` is the one whose units it holds, if it holds any."""

    order_id: UUID
    product_id: str
    patient_id: UUID
    visit_id: UUID
    starts_at: datetime
    on: date
    units: int
    authorization_id: UUID | None


class Demand(Protocol):
    """Who knows the visits."""

    def upcoming(
        self, *, clinic: Clinic, today: date, order_ids: Collection[UUID] | None = None
    ) -> Sequence[UpcomingVisit]:
        """Visits from `today` on, first the earliest, in one SQL statement; of all orders or only of some."""
        ...

    def cover_waiting(self, *, authorization: Authorization, by: Actor) -> int:
        """Reserve units of a locked, approved authorization for visits booked without cover; how many it covered."""
        ...


class _Nobody:
    def upcoming(
        self,
        *,
        clinic: Clinic,  # noqa: ARG002
        today: date,  # noqa: ARG002
        order_ids: Collection[UUID] | None = None,  # noqa: ARG002
    ) -> Sequence[UpcomingVisit]:
        return ()

    def cover_waiting(self, *, authorization: Authorization, by: Actor) -> int:  # noqa: ARG002
        return 0


_registered: list[Demand] = [_Nobody()]


def register(demand: Demand) -> None:
    """Let `demand` answer from now on; called once, when the app of the visits starts."""
    _registered[0] = demand


def upcoming(*, clinic: Clinic, today: date, order_ids: Collection[UUID] | None = None) -> Sequence[UpcomingVisit]:
    """Visits from `today` on, first the earliest. One SQL statement."""
    return _registered[0].upcoming(clinic=clinic, today=today, order_ids=order_ids)


def cover_waiting(*, authorization: Authorization, by: Actor) -> int:
    """Cover visits that were booked without cover from a locked authorization; how many it covered."""
    return _registered[0].cover_waiting(authorization=authorization, by=by)
