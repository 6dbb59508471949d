"""Things a person must look at: opened by the system, closed by whoever looked."""

from uuid import UUID

from accounts.domain.policy import Permission
from accounts.models import Clinic
from audit.services.record import record
from core import clock
from core.actor import Actor
from core.errors import Conflict, NotFound
from core.transactions import business_act
from patients.models import Patient
from regimens.models import TreatmentOrder
from scheduling.models import StaffTask, Visit


def open_task(
    *,
    clinic: Clinic,
    kind: str,
    text: str,
    dedupe_key: str,
    visit: Visit | None = None,
    order: TreatmentOrder | None = None,
    patient: Patient | None = None,
    is_urgent: bool = False,
) -> None:
    """Put something before staff, unless the same thing (by `dedupe_key`) was put before them already.

    What is urgent stands on top.
    """
    task = StaffTask(
        clinic=clinic,
        kind=kind,
        text=text[:300],
        visit=visit,
        order=order,
        patient=patient,
        is_urgent=is_urgent,
        dedupe_key=dedupe_key[:120],
        created_at=clock.now(),
    )
    StaffTask.objects.bulk_create([task], ignore_conflicts=True)


@business_act
def finish(*, clinic: Clinic, task_id: UUID, by: Actor) -> StaffTask:
    """Somebody looked at it. Raises `Conflict` naming who was quicker."""
    by.require(Permission.REQUEST_ANSWER, "finish tasks")
    task = StaffTask.objects.select_for_update(of=("self",)).filter(clinic=clinic, pk=task_id).first()
    if task is None:
        raise NotFound("task")
    if task.done_at is not None:
        raise Conflict("already_done", f"{task.done_by_label} was quicker: this is done already.")
    task.done_at, task.done_by_label = clock.now(), by.label
    task.save(update_fields=["done_at", "done_by_label"])
    record(action="task.finish", entity_type="task", entity_id=task.id, by=by, detail={"kind": task.kind})
    return task


def close(dedupe_key: str, by: Actor) -> None:
    """What was put before staff has settled itself, so nobody needs to look at it any more."""
    StaffTask.objects.filter(dedupe_key=dedupe_key[:120], done_at=None).update(
        done_at=clock.now(), done_by_label=by.label[:150]
    )


def close_about(visit: Visit, kind: str, by: Actor) -> None:
    """What of `kind` was put before staff about `visit` is settled: it was moved, or is over."""
    StaffTask.objects.filter(visit=visit, kind=kind, done_at=None).update(
        done_at=clock.now(), done_by_label=by.label[:150]
    )


def forget(*dedupe_keys: str) -> None:
    """What was put before staff was taken back before anybody looked; the same may be put before them again."""
    StaffTask.objects.filter(dedupe_key__in=[key[:120] for key in dedupe_keys], done_at=None).delete()
