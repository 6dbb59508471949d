"""The answer to `authorizations.demand`: who knows the visits."""

from collections.abc import Collection, Sequence
from datetime import date
from uuid import UUID

from accounts.models import Clinic
from authorizations.demand import UpcomingVisit
from authorizations.models import Authorization
from core.actor import Actor
from scheduling.queries.demand import upcoming_visits
from scheduling.services.waiting_cover import cover_waiting


class VisitDemand:
    """Upcoming visits, and covering those that wait."""

    def upcoming(
        self, *, clinic: Clinic, today: date, order_ids: Collection[UUID] | None = None
    ) -> Sequence[UpcomingVisit]:
        return upcoming_visits(clinic=clinic, today=today, order_ids=order_ids)

    def cover_waiting(self, *, authorization: Authorization, by: Actor) -> int:
        return cover_waiting(authorization=authorization, by=by)
