"""The sweep of the authorization desk: what is due becomes a message to its owner, once, however often it runs.

Celery only wakes it. It works clinic by clinic in that clinic's own day, so midnight comes when it comes there, and a
clinic that fails does not stop the others.
"""

import logging
from collections.abc import Sequence
from datetime import date, datetime, time
from uuid import UUID

from django.conf import settings
from django.urls import reverse

from accounts.models import Clinic, User
from authorizations import demand
from authorizations.domain.statuses import AuthorizationStatus
from authorizations.models import Authorization
from authorizations.queries import due as desk
from authorizations.services.history import keep, move_status
from core import clock
from core.actor import system
from core.transactions import business_act
from messaging.domain.states import Channel
from messaging.services import outbox

MORNING = time(8)
BATCH = 200

logger = logging.getLogger(__name__)


def follow_ups() -> int:
    """Sweep every clinic; how many messages were written."""
    written = 0
    for clinic in Clinic.objects.select_related("organization").order_by("id"):
        try:
            written += sweep(clinic=clinic)
        except Exception:  # one clinic's trouble is not another's; it is logged and tried again in a minute
            logger.exception("The authorization sweep of clinic %s failed.", clinic.id)
    return written


def sweep(*, clinic: Clinic) -> int:
    """Mark what has run out, and write what is due at `clinic` now; how many messages are new."""
    now = clock.now()
    today = now.astimezone(clinic.zone).date()
    expire(clinic=clinic, today=today)
    upcoming = demand.upcoming(clinic=clinic, today=today)
    return tell(clinic=clinic, found=desk.due(clinic=clinic, today=today, now=now, upcoming=upcoming), today=today)


@business_act
def expire(*, clinic: Clinic, today: date) -> int:
    """Approvals whose last day is past become “Expired”, each with its line of history; how many."""
    by = system("Authorization sweep", organization_id=clinic.organization_id, clinic_id=clinic.id)
    ended = desk.over(clinic, today).select_for_update(skip_locked=True).order_by("id")[:BATCH]
    count = 0
    for authorization in ended:
        before = move_status(authorization, AuthorizationStatus.EXPIRED)
        keep(authorization, kind="expire", by=by, before=before, text="Its last day is past.")
        count += 1
    return count


@business_act
def tell(*, clinic: Clinic, found: Sequence[desk.Due], today: date) -> int:
    """Make the unsent messages about authorizations agree with what is due: new ones written, untrue ones cancelled."""
    owners = desk.still_here((item.authorization.owner_id for item in found), clinic)
    everybody = desk.admins(clinic)
    due_at = max(clock.now(), clock.instant(today, MORNING, clinic.zone))
    written = 0
    for kind in desk.KINDS:
        drafts = [
            _draft(clinic, item, person, due_at)
            for item in found
            if item.kind == kind
            for person in _recipients(item.authorization, owners, everybody)
        ]
        written += outbox.agree(clinic=clinic, kind=kind, drafts=drafts).written
    if written:
        outbox.wake()
    return written


def _recipients(authorization: Authorization, owners: dict[UUID, User], everybody: list[User]) -> list[User]:
    owner = owners.get(authorization.owner_id) if authorization.owner_id else None
    return [owner] if owner is not None else everybody


def _draft(clinic: Clinic, item: desk.Due, person: User, due_at: datetime) -> outbox.Draft:
    authorization = item.authorization
    path = reverse("authorizations:authorization", args=[authorization.id])
    return outbox.Draft(
        clinic=clinic,
        kind=item.kind,
        channel=Channel.EMAIL,
        to=person.email,
        recipient_name=person.name,
        wording=item.kind,
        params={
            "reference": authorization.reference or "without a reference",
            "due": f"{item.on:%A} {item.on.day} {item.on:%B %Y}",
            "link": f"{settings.BASE_URL}{path}",
        },
        dedupe_key=f"{item.kind}:{authorization.id.hex}:{item.about}:{person.id.hex}",
        due_at=due_at,
        subject_type="authorization",
        subject_id=authorization.id,
        subject_version=authorization.version,
    )
