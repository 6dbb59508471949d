"""One payer of the demo has moved a drug to another site of care, though a visit here still counts on its approval.

Every number is invented and starts with 2, as no National Provider Identifier does so far.
"""

from collections.abc import Iterable
from datetime import timedelta

from authorizations.domain.answers import Answer, Outcome
from authorizations.domain.statuses import AuthorizationStatus
from authorizations.models import Authorization, AuthorizationEvent
from patients.domain.insurance import LineOfBusiness
from scheduling.demo.diary import Booking
from scheduling.demo.diary import Outcome as Kept
from scheduling.demo.house import House
from scheduling.demo.stage import Stage, local_day

TOLD_DAYS_AGO = 2
REACH = timedelta(days=7)
ELSEWHERE = Answer(
    outcome=Outcome.MODIFIED, site_name="Harbor Home Infusion", site_npi="2000000200", place_of_service="12"
)


def name_the_site(stage: Stage, house: House) -> None:
    """Medicare Advantage plans name the site in every approval: it is this clinic."""
    clinic = house.clinic
    for held in stage.rows.of(Authorization):
        if held.units_approved and held.payer.line_of_business == LineOfBusiness.MEDICARE_ADVANTAGE:
            held.site_name, held.site_npi, held.place_of_service = clinic.name, clinic.npi, clinic.place_of_service


def move_one(stage: Stage, house: House, bookings: Iterable[Booking]) -> None:
    """The first approval that pays for a visit of the next days, and for none of today's, is for home only since."""
    held = _chosen(stage, list(bookings))
    if held is None or held.starts_on is None or held.ends_on is None:
        return
    held.site_name, held.site_npi = ELSEWHERE.site_name, ELSEWHERE.site_npi
    held.place_of_service = ELSEWHERE.place_of_service
    at = stage.office_time(stage.today - timedelta(days=TOLD_DAYS_AGO))
    event = AuthorizationEvent(
        id=stage.new_id(),
        authorization=held,
        at=at,
        by_label=house.desk.name,
        kind="answer",
        status_before=held.status,
        status_after=AuthorizationStatus.APPROVED_MODIFIED.value,
        text=f"{ELSEWHERE.outcome.label}: {held.units_approved} units, {held.starts_on} to {held.ends_on}. "
        f"{ELSEWHERE.only_for}",
    )
    held.status, held.decided_at, held.version = event.status_after, at, held.version + 1
    held.next_step = "Ask the payer to keep this site of care"
    stage.rows.add(event)


def _chosen(stage: Stage, bookings: list[Booking]) -> Authorization | None:
    coming = [b for b in bookings if b.outcome is Kept.KEPT and stage.today < b.on <= stage.today + REACH]
    today = {b.visit.authorization_id for b in bookings if b.on == stage.today}
    told_on = stage.today - timedelta(days=TOLD_DAYS_AGO)
    for booking in sorted(coming, key=lambda each: each.place.start):
        held = booking.visit.authorization
        is_calm = held is not None and held.status == AuthorizationStatus.APPROVED and held.id not in today
        if held is not None and is_calm and held.decided_at and local_day(held.decided_at) < told_on:
            return held
    return None
