"""Passing a free place on: to the next who waits, or to staff, when whoever was asked did not take it.

Nobody is asked by itself who did not ask to be. Each step is its own transaction, and doing it twice does nothing more:
a place with an open offer is left alone.
"""

from django.db.models import Q

from core import clock
from core.actor import Actor, system
from core.errors import Refusal
from core.transactions import business_act
from scheduling.models import Offer, OfferState, StaffTask, Visit
from scheduling.queries import backfill as queries
from scheduling.queries.backfill import Freed
from scheduling.services import holds, offers, staff_tasks, waitlist
from scheduling.services.clinic_rules import rules_of
from scheduling.services.offers import FreedPlace
from scheduling.services.waiting import BACKFILL, backfill_key

_NOT_TAKEN = (OfferState.DECLINED, OfferState.EXPIRED)
_VISIT = ("clinic", "patient", "chair__clinic", "authorization", "course_day__course__order__patient__clinic")


def sweep_all() -> None:
    """End what ran out, pass on what was not taken, and close tasks about places that are gone."""
    by = system("holds")
    holds.expire(by=by)
    offers.expire(by=by)
    waitlist.sweep(by=by)
    for offer in _to_pass_on():
        pass_on(offer=offer)
    tidy(by=by)


def pass_on(*, offer: Offer) -> Offer | None:
    """Offer the place of an ended `offer` to the next, if the clinic wants that, or ask staff. The new offer."""
    by = system("offers", organization_id=offer.entry.clinic.organization_id, clinic_id=offer.entry.clinic_id)
    visit = Visit.objects.select_related(*_VISIT).get(pk__in=[offer.freed_by_id])
    freed = queries.freed_by(visit)
    made = None
    is_gone = freed is None or freed.start != offer.starts_at or not freed.minutes
    if freed is not None and not is_gone and not _has_open_offer(freed):
        made = _next(freed, by) if rules_of(offer.entry.clinic).passes_offers_on else None
        if made is None:
            _ask_staff(offer, freed)
    Offer.objects.filter(pk=offer.pk).update(passed_on_at=clock.now())
    return made


def tidy(*, by: Actor) -> None:
    """Close tasks about places that are over, taken, or offered to somebody."""
    tasks = StaffTask.objects.filter(kind=BACKFILL, done_at=None, visit__isnull=False)
    for task in tasks.select_related(*(f"visit__{name}" for name in _VISIT)):
        freed = queries.freed_by(task.visit) if task.visit else None
        if freed is None or not freed.minutes or _has_open_offer(freed):
            staff_tasks.close(task.dedupe_key, by)


def _to_pass_on() -> list[Offer]:
    ended = Q(state__in=_NOT_TAKEN, passed_on_at=None, freed_by__isnull=False, starts_at__gt=clock.now())
    return list(Offer.objects.filter(ended).select_related("entry__clinic", "chair").order_by("answered_at"))


def _has_open_offer(freed: Freed) -> bool:
    return Offer.objects.filter(chair=freed.chair, starts_at=freed.start, state=OfferState.OPEN).exists()


def _next(freed: Freed, by: Actor) -> Offer | None:
    place = FreedPlace(chair=freed.chair, start=freed.start, freed_by=freed.visit)
    for person in queries.shortlist(freed, only_waiting=True).fit:
        if person.entry is None:
            continue
        try:
            return offers.make(entry=person.entry, place=place, by=by)
        except Refusal:  # taken, answered or offered meanwhile: the next may still fit
            continue
    return None


@business_act
def _ask_staff(offer: Offer, freed: Freed) -> None:
    start = freed.start.astimezone(freed.chair.clinic.zone)
    name = offer.entry.course_day.course.order.patient.short_name
    when = f"{start:%a} {start.day} {start:%b %H:%M}"
    why = "said no" if offer.state == OfferState.DECLINED else "did not answer in time"
    staff_tasks.open_task(
        clinic=freed.chair.clinic,
        kind=BACKFILL,
        text=f"{freed.chair.name} is free on {when}: {name} {why}. Choose who is next.",
        dedupe_key=f"{backfill_key(freed.visit, freed.start)}:{offer.id}",
        visit=freed.visit,
    )
