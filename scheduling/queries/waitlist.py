"""The waitlist as its page shows it: who waits for what, what was offered, and what would fit now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Prefetch, QuerySet

from accounts.models import Clinic
from core import clock
from core.errors import NotFound
from scheduling.models import Offer, OfferState, WaitlistEntry, WaitState
from scheduling.queries import openings
from scheduling.queries.cover_of_days import unpaid_days
from scheduling.queries.openings import FoundOpening

LOOKED_AT = 12
_DAY = (
    "course_day__course__order__patient__clinic",
    "course_day__course__order__product",
    "course_day__course__order__clinic",
)
_OFFER = ("chair__clinic", "held_visit", "freed_by", "entry__visit__chair", "entry__clinic")


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """One entry. `fits` is the best place that breaks no rule now; `was_looked_for` whether one was looked for."""

    entry: WaitlistEntry
    offer: Offer | None
    fits: FoundOpening | None
    was_looked_for: bool
    days_left: int


def waiting(clinic: Clinic) -> list[WaitlistEntry]:
    """Who waits at `clinic`, first whose last day is nearest."""
    return list(_entries(clinic).filter(state=WaitState.WAITING).order_by("latest_on", "created_at"))


def of_state(clinic: Clinic, state: str) -> QuerySet[WaitlistEntry]:
    """Entries of `clinic` in one state, first who waits longest."""
    return _entries(clinic).filter(state=state).order_by("created_at", "id")


def describe(entry: WaitlistEntry, *, with_fit: bool) -> Waiting:
    """`entry` as the page shows it; looking for a place costs one search."""
    offer = next(iter(entry.offers.all()), None)
    looks = with_fit and offer is None
    return Waiting(
        entry=entry,
        offer=offer,
        fits=_fit(entry) if looks else None,
        was_looked_for=looks,
        days_left=(entry.latest_on - clock.today(entry.clinic.zone)).days,
    )


def get(clinic: Clinic, entry_id: UUID) -> WaitlistEntry:
    """The entry with this id at `clinic`; raises `NotFound` for any other."""
    entry = _entries(clinic).filter(pk=entry_id).first()
    if entry is None:
        raise NotFound("waitlist entry")
    return entry


def get_offer(clinic: Clinic, offer_id: UUID) -> Offer:
    """The offer with this id at `clinic`; raises `NotFound` for any other."""
    offer = _offers().filter(entry__clinic=clinic, pk=offer_id).first()
    if offer is None:
        raise NotFound("offer")
    return offer


def own_offer(patient_id: UUID | None, offer_id: UUID) -> Offer:
    """The patient's own offer with this id; raises `NotFound` for anybody else's."""
    offer = None
    if patient_id is not None:
        offer = _offers().filter(entry__course_day__course__order__patient_id=patient_id, pk=offer_id).first()
    if offer is None:
        raise NotFound("offer")
    return offer


def own_open_offers(patient_id: UUID | None) -> Sequence[Offer]:
    """What the patient has to answer, first what ends first."""
    if patient_id is None:
        return []
    own = _offers().filter(entry__course_day__course__order__patient_id=patient_id, state=OfferState.OPEN)
    return list(own.filter(expires_at__gt=clock.now()).order_by("expires_at"))


def open_offer_for(clinic: Clinic, chair_id: UUID, start: datetime) -> Offer | None:
    """The offer of this very place that waits for an answer."""
    return _offers().filter(entry__clinic=clinic, chair_id=chair_id, starts_at=start, state=OfferState.OPEN).first()


def _entries(clinic: Clinic) -> QuerySet[WaitlistEntry]:
    to_answer = Prefetch("offers", queryset=Offer.objects.filter(state=OfferState.OPEN).select_related("chair"))
    return (
        WaitlistEntry.objects.filter(clinic=clinic)
        .select_related("clinic", *_DAY, "visit__chair__clinic", "visit__authorization", "visit__patient")
        .prefetch_related(to_answer)
    )


def _offers() -> QuerySet[Offer]:
    """Offers of every clinic, ready to show: whoever asks adds the clinic or the patient."""
    return Offer.objects.select_related(*_OFFER, *(f"entry__{name}" for name in _DAY))


def _fit(entry: WaitlistEntry) -> FoundOpening | None:
    course_day, visit = entry.course_day, entry.visit
    shift = course_day.due_on - course_day.course.due_on
    first_on = max(entry.earliest_on, course_day.course.earliest_on + shift)
    last_on = min(entry.latest_on, course_day.course.latest_on + shift)
    if last_on < max(first_on, clock.today(entry.clinic.zone)):
        return None
    found = openings.find(
        clinic=entry.clinic,
        course_day=course_day,
        first_on=first_on,
        last_on=last_on,
        part_of_day=entry.parts_of_day[0] if len(entry.parts_of_day) == 1 else None,
        limit=LOOKED_AT,
        moving=visit,
    )
    soonest = clock.now() + timedelta(hours=entry.notice_hours)
    unpaid = unpaid_days(course_day, {one.opening.on for one in found}, moving=visit)
    for one in found:
        start = one.opening.interval.start
        is_other = visit is None or start != visit.period.lower
        if not one.opening.soft and one.opening.on not in unpaid and start >= soonest and is_other:
            return one
    return None
