"""Tasks that follow the facts: opened while there is something to look at, closed by themselves when there is not.

What a person has closed stays closed until it is about something else (another key).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from accounts.models import Clinic
from core import clock
from core.transactions import business_act
from regimens.models import TreatmentOrder
from scheduling.models import StaffTask, Visit

KEY_LENGTH, TEXT_LENGTH = 120, 300


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A task that should be open: what it says, about which order, and whether it comes first."""

    text: str
    order: TreatmentOrder
    is_urgent: bool = False
    visit: Visit | None = None


def settle(*, order: TreatmentOrder, kind: str, key: str, text: str, by_label: str) -> None:
    """Keep exactly one task of `kind` open for `order`, named `key`; none when `key` is empty.

    The caller holds the order's lock.
    """
    now = clock.now()
    others = StaffTask.objects.filter(order=order, kind=kind, done_at=None).exclude(dedupe_key=key[:KEY_LENGTH])
    others.update(done_at=now, done_by_label=by_label)
    if key:
        _open(order.clinic, kind, {key[:KEY_LENGTH]: Wanted(text=text, order=order)}, by_label)


@business_act
def settle_kind(*, clinic: Clinic, kind: str, wanted: Mapping[str, Wanted], by_label: str) -> int:
    """Let the open tasks of `kind` at `clinic` be `wanted`, by key; how many were opened.

    Doing it twice, or twice at once, changes nothing more.
    """
    keys = {key[:KEY_LENGTH]: one for key, one in wanted.items()}
    over = StaffTask.objects.filter(clinic=clinic, kind=kind, done_at=None).exclude(dedupe_key__in=keys)
    over.update(done_at=clock.now(), done_by_label=by_label)
    return _open(clinic, kind, keys, by_label)


def _open(clinic: Clinic, kind: str, wanted: Mapping[str, Wanted], by_label: str) -> int:
    """Open what is missing, and again what had closed by itself. Rows are written in the order of their keys."""
    if not wanted:
        return 0
    known = dict(StaffTask.objects.filter(dedupe_key__in=wanted).values_list("dedupe_key", "id"))
    new = [
        StaffTask(
            clinic=clinic,
            kind=kind,
            text=one.text[:TEXT_LENGTH],
            order=one.order,
            visit=one.visit,
            patient_id=one.order.patient_id,
            is_urgent=one.is_urgent,
            dedupe_key=key,
            created_at=clock.now(),
        )
        for key, one in sorted(wanted.items())
        if key not in known
    ]
    StaffTask.objects.bulk_create(new, ignore_conflicts=True)
    again = StaffTask.objects.filter(dedupe_key__in=known.keys() & wanted.keys(), done_at__isnull=False)
    return len(new) + again.filter(done_by_label=by_label).update(done_at=None, done_by_label="")
