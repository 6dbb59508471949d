"""Plans that roll on by themselves: a year ahead is always laid out, and what comes due for a person becomes a task.

Everything here may run at any time, twice, and twice at once: orders are locked one by one, tasks are named by what
they are about. An order that cannot be laid out becomes a task and never stops the others.
"""

import logging
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from uuid import UUID

from django.db.models import Q

from accounts.models import Clinic
from core import clock
from core.actor import Actor, system
from core.errors import Refusal
from regimens.models import OrderStatus, TreatmentOrder
from regimens.services import renewal, replanning
from regimens.services.orders import a_year_after
from scheduling.queries import coming_due
from scheduling.services import reanchoring
from scheduling.services.settling import Wanted, settle_kind

SWEEP = "Plan sweep"
STUCK = "plan_stuck"
AT_A_TIME = 200
NIGHT = (1, 5)
"""Clinic-local hours in which every plan is compared with the facts of the day."""

logger = logging.getLogger(__name__)


def sweep_all() -> None:
    """End orders whose last day is over, extend every plan, and look for what comes due.

    At night every plan also follows the catalogue and the calendar.
    """
    for clinic in Clinic.objects.order_by("id"):
        renewal.end_passed(clinic=clinic, by=_sweeper(clinic))
        stuck = extend_all(clinic)
        if NIGHT[0] <= clock.now().astimezone(clinic.zone).hour < NIGHT[1]:
            stuck |= follow_all(clinic)
        settle_kind(clinic=clinic, kind=STUCK, wanted=stuck, by_label=SWEEP)
        ask_all(clinic)


def extend_all(clinic: Clinic) -> dict[str, Wanted]:
    """Lay out what is missing of the next twelve months; the tasks for orders where that was not possible."""
    today = clock.today(clinic.zone)
    short = TreatmentOrder.objects.filter(
        Q(laid_out_through_on__isnull=True) | Q(laid_out_through_on__lt=a_year_after(today)),
        Q(ends_on__isnull=True) | Q(ends_on__gte=today),
        clinic=clinic,
        status=OrderStatus.ACTIVE,
    )
    return _each(clinic, short.values_list("id", flat=True), "be laid out further", _extend)


def follow_all(clinic: Clinic) -> dict[str, Wanted]:
    """Let every plan follow what changed without anybody saying so; the tasks for orders where that failed."""
    running = TreatmentOrder.objects.filter(clinic=clinic, status__in=(OrderStatus.ACTIVE, OrderStatus.ON_HOLD))
    return _each(clinic, running.values_list("id", flat=True), "be compared with today’s facts", _follow)


def ask_all(clinic: Clinic) -> int:
    """Open what comes due for a person at `clinic` and close what does not any more; how many tasks were opened."""
    found = coming_due.tasks(clinic, today=clock.today(clinic.zone))
    return sum(
        settle_kind(
            clinic=clinic,
            kind=kind,
            wanted={due.key: Wanted(text=due.text, order=due.order, is_urgent=due.is_urgent) for due in wanted},
            by_label=SWEEP,
        )
        for kind, wanted in found.items()
    )


def _extend(order: TreatmentOrder, by: Actor) -> None:
    replanning.extend(order=order, by=by)


def _follow(order: TreatmentOrder, by: Actor) -> None:
    reanchoring.recalculate(order=order, by=by, cause="the catalogue or the calendar")


def _each(
    clinic: Clinic, ids: Iterable[UUID], verb: str, act: Callable[[TreatmentOrder, Actor], None]
) -> dict[str, Wanted]:
    """Do `act` to each order in a transaction of its own; a task for each that could not."""
    by = _sweeper(clinic)
    stuck: dict[str, Wanted] = {}
    for batch in _batches(sorted(ids)):
        orders = TreatmentOrder.objects.filter(id__in=batch).order_by("id")
        for order in orders.select_related("clinic", "patient__clinic", "product", "indication"):
            try:
                act(order, by)
            except Refusal as refusal:
                stuck[_stuck_key(order, refusal.code)] = _stuck(order, verb, refusal.sentence)
            except Exception:
                logger.exception("The plan of an order could not %s.", verb)
                stuck[_stuck_key(order, "broken")] = _stuck(order, verb, "Ask whoever runs the program to look.")
    return stuck


def _stuck_key(order: TreatmentOrder, code: str) -> str:
    return f"{STUCK}:{order.id}:{code}"


def _stuck(order: TreatmentOrder, verb: str, why: str) -> Wanted:
    return Wanted(text=f"The plan of {order.patient.short_name} could not {verb}. {why}", order=order)


def _sweeper(clinic: Clinic) -> Actor:
    return system(SWEEP, organization_id=clinic.organization_id, clinic_id=clinic.id)


def _batches(ids: Iterable[UUID]) -> Iterator[list[UUID]]:
    waiting = iter(ids)
    while batch := list(islice(waiting, AT_A_TIME)):
        yield batch
