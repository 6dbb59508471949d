"""Renewing an order before it runs out: a new draft that carries on where the old one will end.

Promises that the two never plan a course for the same time and that the interval from the last dose is kept:

1. The draft starts at the next due date that the old order does not cover any more, and never before its last dose
   plus one interval; where nothing was given yet, long before it runs out, at the old order's next due date.
2. Accepting it lets the renewal take over from its first course. The old order's courses from that day on are removed,
   from the last one back to the first that has a visit or a record of one: that course and those before it stay with
   the old order, which it was booked under, and the renewal's first course follows one interval after the last of
   them for which the old order still counts.
3. The old order's last date becomes the day before the renewal starts, or the end of the last window it keeps, but
   never later than it was valid. A visit it keeps beyond that date is named in the order's history: book it anew.
4. The old order goes on until that date has passed; `end_passed` then ends it.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import dropwhile

from django.db import transaction
from django.db.models import Exists, OuterRef, ProtectedError, Q, QuerySet

from accounts.domain.policy import Permission
from accounts.models import Clinic
from core import clock
from core.actor import Actor
from core.errors import Conflict
from core.transactions import business_act
from regimens.models import Course, OrderEvent, OrderStatus, TreatmentOrder
from regimens.queries.given import given_days
from regimens.queries.orders import RENEWAL_NOTICE, valid_until
from regimens.services import courses as rows
from regimens.services.facts import facts_of
from regimens.services.order_acts import locked, recorded
from regimens.services.order_events import EventKind, note

ONE_DAY = timedelta(days=1)
GOING_ON = (OrderStatus.ACTIVE, OrderStatus.ON_HOLD)


@business_act
def renew(*, order: TreatmentOrder, by: Actor, signed_on: date | None = None) -> TreatmentOrder:
    """A draft that renews `order`, prefilled from it: maintenance only, from its next due date.

    Without `signed_on` nobody has signed it yet, and it waits for that date before it can be accepted. Raises Conflict
    for an order without repeats, one that was never accepted, or one that has a renewal.
    """
    by.require(Permission.ORDER_CHANGE, "renew treatment orders")
    held = locked(order, by)
    if held.status == OrderStatus.DRAFT:
        raise Conflict("order_not_active", "Only an accepted order can be renewed.")
    if held.interval_days is None:
        raise Conflict("order_does_not_repeat", "This order ends by itself. Enter a new one if more is needed.")
    if TreatmentOrder.objects.filter(renews=held).exists():
        raise Conflict("renewed_already", "This order has a renewal already. Open it from the order's page.")
    draft = TreatmentOrder.objects.create(
        clinic=held.clinic, patient=held.patient, renews=held, created_at=clock.now(), **_prefilled(held, signed_on)
    )
    recorded("order.renew", held, by, {"renewal": str(draft.id)})
    note(held, EventKind.RENEWED, by, detail={"renewal": str(draft.id)})
    recorded("order.enter", draft, by, {"renews": str(held.id)})
    note(draft, EventKind.ENTERED, by, detail={"renews": str(held.id)})
    return draft


def _prefilled(order: TreatmentOrder, signed_on: date | None) -> dict[str, object]:
    today = clock.today(order.clinic.zone)
    given = given_days(order)
    last_on = max((day.on for day in given), default=order.prior_dose_on)
    return rows.order_fields(
        replace(
            facts_of(order),
            starts_on=_next_due(order, last_number=max((day.course_number for day in given), default=0), today=today),
            signed_on=signed_on,
            prior_dose_on=last_on,
            ends_on=None,
            course_limit=None,
            induction_offsets_days=(),
            induction_doses=(),
            induction_days=None,
            first_maintenance_offset_days=None,
        )
    )


def _next_due(order: TreatmentOrder, *, last_number: int, today: date) -> date:
    """The due date from which the renewal takes over: of the first course still to give that the old order does not
    cover any more, else one interval after the last that it lays out; never in the past. An order of which nothing
    was given, and that counts for long yet, has nothing to carry on from: its renewal takes its place from its next
    due date.
    """
    until = valid_until(order)
    existing = list(order.courses.filter(number__gt=last_number, dropped_at=None).order_by("number"))
    if not last_number and until - today > RENEWAL_NOTICE:
        return next((course.due_on for course in existing if course.due_on >= today), max(today, order.starts_on))
    beyond = [course for course in existing if course.due_on > until]
    if beyond:
        return max(beyond[0].due_on, today)
    last = existing[-1] if existing else order.courses.order_by("number").last()
    step = timedelta(days=order.interval_days or 0)
    return max(today, order.starts_on if last is None else last.due_on + step)


def take_over(*, renewal: TreatmentOrder, by: Actor) -> date:
    """Make room in the renewed order for `renewal`, which is being accepted; the day its first course is due.

    The rule is the module's. Both orders are locked by the caller's transaction, the renewed one here.
    """
    if renewal.renews is None:
        return renewal.starts_on
    old = locked(renewal.renews, by)
    until = valid_until(old)
    later = list(old.courses.filter(due_on__gte=renewal.starts_on).order_by("-number"))
    kept = sorted(dropwhile(_removed, later), key=lambda course: course.number)
    inside = [course for course in kept if course.due_on <= until]
    starts_on = renewal.starts_on
    if inside:
        starts_on = max(starts_on, inside[-1].due_on + timedelta(days=renewal.interval_days or old.interval_days or 1))
    last_on = max([renewal.starts_on - ONE_DAY, *(course.latest_on for course in inside)])
    _give_way(old, min(until, max(last_on, old.starts_on)), renewal, kept, by)
    return starts_on


def _removed(course: Course) -> bool:
    """Delete a course and its days unless something hangs on them: a visit, whatever became of it, or a record."""
    try:
        with transaction.atomic():
            course.days.all().delete()
            course.delete()
    except ProtectedError:
        return False
    return True


def _give_way(old: TreatmentOrder, last_on: date, renewal: TreatmentOrder, kept: Sequence[Course], by: Actor) -> None:
    beyond = [course.number for course in kept if course.due_on > last_on]
    if old.status != OrderStatus.ENDED:
        old.ends_on = last_on
        old.version += 1
        old.save(update_fields=["ends_on", "version"])
    detail = {
        "renewal": str(renewal.id),
        "ends_on": last_on.isoformat(),
        "kept": [course.number for course in kept],
        "beyond": beyond,
    }
    recorded("order.renewed", old, by, detail)
    words = f"Book course {', '.join(map(str, beyond))} anew: it is later than this order counts." if beyond else ""
    note(old, EventKind.RENEWED, by, reason=words, detail=detail)


@business_act
def end_passed(*, clinic: Clinic, by: Actor) -> int:
    """End orders of `clinic` whose last date has passed and that were renewed or told to end; how many.

    One that merely ran out stays where people see it, until somebody renews or ends it.
    """
    today = clock.today(clinic.zone)
    waiting = TreatmentOrder.objects.for_clinic(clinic).filter(
        Q(renewed_by__accepted_at__isnull=False) | Exists(_told_to_end()), status__in=GOING_ON, ends_on__lt=today
    )
    ended = 0
    for order in waiting.order_by("pk"):
        held = locked(order, by)
        held.status, held.status_reason = OrderStatus.ENDED, f"Its last date was {held.ends_on:%-d %B %Y}."
        held.version += 1
        held.save(update_fields=["status", "status_reason", "version"])
        recorded("order.ended", held, by, {"reason": held.status_reason})
        note(held, EventKind.ENDED, by, reason=held.status_reason)
        ended += 1
    return ended


def _told_to_end() -> QuerySet[OrderEvent]:
    return OrderEvent.objects.filter(order=OuterRef("pk"), kind=EventKind.ENDED)
