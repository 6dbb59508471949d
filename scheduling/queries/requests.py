"""Patients' requests to move or cancel: what a clinic has to answer, and times that would fit."""

from collections.abc import Collection, Container, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import chain, zip_longest
from typing import Any
from uuid import UUID

from django.db.models import Count, Prefetch, QuerySet, Subquery
from django.db.models.functions import Coalesce

from accounts.models import Clinic
from core import clock
from core.errors import NotFound
from scheduling.domain.move_wishes import HalfDay, MoveWish, Part, half_days_of
from scheduling.domain.statuses import EXPECTED
from scheduling.models import MoveRequest, Offer, OfferState, RequestState, StaffTask, Visit, WaitlistEntry, WaitState
from scheduling.queries import openings
from scheduling.queries.cover_of_days import unpaid_for_each
from scheduling.queries.openings import Calendar, FoundOpening
from scheduling.services import capacity

Search = tuple[date, date, str | None]
"""The first and the last day, and the part of them."""
SHOWN_TIMES = 3
LOOKED_AT = 40
APART = timedelta(hours=1)
OFFER_DAYS, OFFER_MORE_DAYS = 7, 21


@dataclass(frozen=True, kw_only=True)
class OpenRequest:
    """A request to answer. `times` are openings that break no rule, best first; None when they were not looked for.

    `asked` are times that the patient was asked about since, and what they said.
    """

    request: MoveRequest
    visit: Visit
    wish: MoveWish
    half_days: tuple[HalfDay, ...]
    times: tuple[FoundOpening, ...] | None
    is_late: bool
    asked: tuple[Offer, ...] = ()

    @property
    def is_asked(self) -> bool:
        """Whether the patient has an offer to answer: they get one at a time."""
        return any(offer.state == OfferState.OPEN for offer in self.asked)

    @property
    def can_move(self) -> bool:
        """Whether the visit is still to come: if not, only closing the request is left."""
        return self.visit.status in EXPECTED and self.visit.period.lower > clock.now()


def to_answer(clinic: Clinic) -> list[MoveRequest]:
    """The open requests of `clinic`, first the one to answer first."""
    offers = Prefetch("offers", Offer.objects.select_related("chair"))
    return list(
        MoveRequest.objects.filter(visit__clinic=clinic, state=RequestState.OPEN)
        .select_related(
            "visit__patient",
            "visit__clinic",
            "visit__chair__clinic",
            "visit__authorization",
            "visit__course_day__course__order__patient__clinic",
            "visit__course_day__course__order__product",
        )
        .prefetch_related(Prefetch("visit__waitlist", WaitlistEntry.objects.prefetch_related(offers)))
        .order_by("answer_by_on", "created_at")
    )


def count_waiting(clinic: Clinic) -> dict[str, int]:
    """What waits at `clinic`, by menu item: requests and tasks, and patients who want a place. One SQL statement."""
    asked = MoveRequest.objects.filter(visit__clinic=clinic, state=RequestState.OPEN)
    tasks = StaffTask.objects.filter(clinic=clinic, done_at=None)
    waits = WaitlistEntry.objects.filter(clinic=clinic, state=WaitState.WAITING)
    found = (
        Clinic.objects.filter(pk=clinic.pk)
        .annotate(asked=_number(asked, "visit__clinic"), tasks=_number(tasks, "clinic"), waits=_number(waits, "clinic"))
        .values_list("asked", "tasks", "waits")
        .first()
    )
    asked_now, tasks_now, waits_now = found or (0, 0, 0)
    return {"scheduling:requests": asked_now + tasks_now, "scheduling:waitlist": waits_now}


def _number(rows: QuerySet[Any], clinic: str) -> Coalesce:
    return Coalesce(Subquery(rows.order_by().values(clinic).annotate(number=Count("pk")).values("number")), 0)


def describe(requests: Sequence[MoveRequest], *, with_times: Collection[UUID]) -> list[OpenRequest]:
    """Requests of one clinic as the page shows them, with times that would fit for those in `with_times`.

    At most seven SQL statements, however many times are looked for.
    """
    found = [_plain(request) for request in requests]
    looked_for = [
        one for one in found if one.request.id in with_times and one.wish is not MoveWish.CANCEL and one.can_move
    ]
    times = _times(looked_for)
    return [replace(one, times=times[one.request.id]) if one.request.id in times else one for one in found]


def _plain(request: MoveRequest) -> OpenRequest:
    return OpenRequest(
        request=request,
        visit=request.visit,
        wish=MoveWish(request.wish),
        half_days=tuple(half_days_of(request.half_days)),
        times=None,
        asked=tuple(_asked_since(request)),
        is_late=request.answer_by_on < clock.today(request.visit.clinic.zone),
    )


def _asked_since(request: MoveRequest) -> list[Offer]:
    """What was offered to the patient since they asked, the latest first."""
    offers = [offer for entry in request.visit.waitlist.all() for offer in entry.offers.all()]
    since = [offer for offer in offers if offer.made_at >= request.created_at]
    return sorted(since, key=lambda offer: offer.made_at, reverse=True)


def get(clinic: Clinic, request_id: UUID) -> MoveRequest:
    """The request with this id at `clinic`; raises `NotFound` for any other."""
    request = (
        MoveRequest.objects.select_related(
            "visit__clinic", "visit__patient", "visit__chair", "visit__course_day__course__order__patient__clinic"
        )
        .filter(visit__clinic=clinic, pk=request_id)
        .first()
    )
    if request is None:
        raise NotFound("request")
    return request


def get_own(patient_id: UUID | None, request_id: UUID) -> MoveRequest:
    """The patient's own request with this id; raises `NotFound` for any other."""
    request = None
    if patient_id is not None:
        own = MoveRequest.objects.select_related("visit__clinic").filter(visit__patient_id=patient_id)
        request = own.filter(pk=request_id).first()
    if request is None:
        raise NotFound("request")
    return request


def offered_half_days(visit: Visit, *, more: bool = False) -> list[HalfDay]:
    """Mornings and afternoons on which the clinic is open near the visit, from tomorrow on, but not the visit's own."""
    zone = visit.clinic.zone
    on = visit.period.lower.astimezone(zone).date()
    reach = timedelta(days=OFFER_MORE_DAYS if more else OFFER_DAYS)
    first_on = max(clock.today(zone) + timedelta(days=1), on - reach)
    own = _half_day_at(visit.period.lower.astimezone(zone))
    found = []
    for open_time in capacity.open_times(visit.clinic, first_on, on + reach):
        opens, closes = open_time.start.astimezone(zone), open_time.end.astimezone(zone)
        if opens.hour < 12:
            found.append(HalfDay(opens.date(), Part.MORNING))
        if closes.hour > 12 or (closes.hour == 12 and closes.minute):
            found.append(HalfDay(opens.date(), Part.AFTERNOON))
    return [half_day for half_day in found if half_day != own]


def _half_day_at(local: datetime) -> HalfDay:
    return HalfDay(local.date(), Part.MORNING if local.hour < 12 else Part.AFTERNOON)


def _times(asked: Sequence[OpenRequest]) -> dict[UUID, tuple[FoundOpening, ...]]:
    """The times that would fit each of `asked`, by the request's id: days that are paid for first."""
    searches = {one.request.id: _searches(one) for one in asked}
    days = [on for found in searches.values() for first_on, last_on, _ in found for on in (first_on, last_on)]
    if not days:
        return {one.request.id: () for one in asked}
    patients = [one.visit.patient_id for one in asked]
    calendar = openings.read(asked[0].visit.clinic, min(days), max(days), patients)
    found = [[_search(one, *search, calendar) for search in searches[one.request.id]] for one in asked]
    unpaid = unpaid_for_each(
        [
            (one.visit.course_day, {time.opening.on for part in parts for time in part}, one.visit)
            for one, parts in zip(asked, found, strict=True)
        ]
    )
    return {one.request.id: _choice(parts, gone) for one, parts, gone in zip(asked, found, unpaid, strict=True)}


def _choice(by_search: Sequence[Sequence[FoundOpening]], unpaid: Container[date]) -> tuple[FoundOpening, ...]:
    chosen = _spread([sorted(found, key=lambda time: time.opening.on in unpaid) for found in by_search])
    return tuple(sorted(chosen, key=lambda time: (time.opening.on in unpaid, time.opening.interval.start)))


def _searches(asked: OpenRequest) -> list[Search]:
    """The days and parts of them in which times are looked for: those that were wished, else those of the window."""
    visit, wish = asked.visit, asked.wish
    zone = visit.clinic.zone
    on, today = visit.period.lower.astimezone(zone).date(), clock.today(zone)
    searches: list[Search] = [(half.on, half.on, half.part.value) for half in asked.half_days]
    if not searches:
        first_on = on if wish is MoveWish.LATER else today
        last_on = on if wish is MoveWish.EARLIER else max(on, visit.course_day.course.latest_on)
        searches = [(first_on, last_on, None)]
    return [(first_on, last_on, part) for first_on, last_on, part in searches if last_on >= today]


def _spread(by_search: list[list[FoundOpening]]) -> list[FoundOpening]:
    """The best time of each search in turn, an hour or more apart, so that the choice is a choice."""
    chosen: list[FoundOpening] = []
    for found in chain.from_iterable(zip_longest(*by_search)):
        if found is None or len(chosen) == SHOWN_TIMES:
            continue
        at = found.opening.interval.start
        if all(abs(at - other.opening.interval.start) >= APART for other in chosen):
            chosen.append(found)
    return chosen


def _search(
    asked: OpenRequest, first_on: date, last_on: date, part: str | None, calendar: Calendar
) -> list[FoundOpening]:
    visit = asked.visit
    found = openings.find(
        clinic=visit.clinic,
        course_day=visit.course_day,
        first_on=first_on,
        last_on=last_on,
        part_of_day=part,
        limit=LOOKED_AT,
        moving=visit,
        calendar=calendar,
    )
    return [
        time
        for time in found
        if not time.opening.soft and _suits(asked.wish, time.opening.interval.start, visit.period.lower)
    ]


def _suits(wish: MoveWish, start: datetime, now_at: datetime) -> bool:
    if wish is MoveWish.EARLIER:
        return start < now_at
    if wish is MoveWish.LATER:
        return start > now_at
    return start != now_at
