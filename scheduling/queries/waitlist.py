"""The waitlist as its page shows it: who waits for what, what was offered, and what would fit now."""

from collections.abc import Collection, Container, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import Prefetch, QuerySet

from accounts.models import Clinic
from core import clock
from core.errors import NotFound
from scheduling.models import Offer, OfferState, WaitlistEntry, WaitState
from scheduling.queries import openings
from scheduling.queries.cover_of_days import unpaid_for_each
from scheduling.queries.openings import Calendar, FoundOpening

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


def describe(entries: Sequence[WaitlistEntry], *, with_fit: Collection[UUID]) -> list[Waiting]:
    """`entries` of one clinic as the page shows them, with what would fit now for those in `with_fit`.

    At most seven SQL statements, however many places are looked for.
    """
    offers = {entry.id: next(iter(entry.offers.all()), None) for entry in entries}
    looked_for = [entry for entry in entries if entry.id in with_fit and offers[entry.id] is None]
    fits = _fits(looked_for)
    looked_at = {entry.id for entry in looked_for}
    return [
        Waiting(
            entry=entry,
            offer=offers[entry.id],
            fits=fits.get(entry.id),
            was_looked_for=entry.id in looked_at,
            days_left=(entry.latest_on - clock.today(entry.clinic.zone)).days,
        )
        for entry in entries
    ]


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


def _fits(entries: Sequence[WaitlistEntry]) -> dict[UUID, FoundOpening]:
    """The best place that breaks no rule for each entry that has one."""
    spans = {entry.id: span for entry in entries if (span := _span(entry)) is not None}
    asked = [entry for entry in entries if entry.id in spans]
    if not asked:
        return {}
    first, last = min(span[0] for span in spans.values()), max(span[1] for span in spans.values())
    patients = [entry.course_day.course.order.patient_id for entry in asked]
    calendar = openings.read(asked[0].clinic, first, last, patients)
    found = [_openings(entry, spans[entry.id], calendar) for entry in asked]
    unpaid = unpaid_for_each(
        [
            (entry.course_day, {one.opening.on for one in places}, entry.visit)
            for entry, places in zip(asked, found, strict=True)
        ]
    )
    fits = {entry.id: _best(entry, places, days) for entry, places, days in zip(asked, found, unpaid, strict=True)}
    return {key: fit for key, fit in fits.items() if fit is not None}


def _span(entry: WaitlistEntry) -> tuple[date, date] | None:
    """The days that come into question: wanted, inside the order's window, and not gone by."""
    course_day = entry.course_day
    shift = course_day.due_on - course_day.course.due_on
    first = max(entry.earliest_on, course_day.course.earliest_on + shift, clock.today(entry.clinic.zone))
    last = min(entry.latest_on, course_day.course.latest_on + shift)
    return None if last < first else (first, last)


def _openings(entry: WaitlistEntry, span: tuple[date, date], calendar: Calendar) -> list[FoundOpening]:
    return openings.find(
        clinic=entry.clinic,
        course_day=entry.course_day,
        first_on=span[0],
        last_on=span[1],
        part_of_day=entry.parts_of_day[0] if len(entry.parts_of_day) == 1 else None,
        limit=LOOKED_AT,
        moving=entry.visit,
        calendar=calendar,
    )


def _best(entry: WaitlistEntry, places: Sequence[FoundOpening], unpaid: Container[date]) -> FoundOpening | None:
    soonest, visit = clock.now() + timedelta(hours=entry.notice_hours), entry.visit
    for one in places:
        start = one.opening.interval.start
        is_other = visit is None or start != visit.period.lower
        if not one.opening.soft and one.opening.on not in unpaid and start >= soonest and is_other:
            return one
    return None
