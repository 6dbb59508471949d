"""The diary as the clinic meets it: a sign that cannot wait becomes an urgent task in the same act that saves it, and
holds coming visits until somebody has looked at it."""

from uuid import UUID

from accounts.models import Clinic
from core.actor import Actor
from core.transactions import business_act
from patients.domain.diary import Entry, symptom_label
from patients.models import DiaryEntry, Patient
from patients.queries import diary as entries
from patients.services import diary
from scheduling.models import StaffTask
from scheduling.services import gate, staff_tasks

RED_FLAG = "red_flag"


@business_act
def write(*, patient: Patient, entry: Entry, by: Actor) -> DiaryEntry:
    """A new entry of the patient's own; for a red flag an urgent task is open when this returns."""
    written = diary.write(patient=patient, entry=entry, by=by)
    if written.is_red_flag:
        staff_tasks.open_task(
            clinic=patient.clinic,
            kind=RED_FLAG,
            text=_task_text(patient, written),
            dedupe_key=_key(written),
            patient=patient,
            is_urgent=True,
        )
        gate.look_at_patient(patient.id)
    return written


@business_act
def mark_seen(*, entry: DiaryEntry, by: Actor) -> DiaryEntry:
    """Somebody read the entry. The task of a red flag is done with it."""
    seen = diary.mark_seen(entry=entry, by=by)
    task = StaffTask.objects.filter(dedupe_key=_key(seen), done_at=None).first() if seen.is_red_flag else None
    if task is not None:
        staff_tasks.finish(clinic=seen.patient.clinic, task_id=task.id, by=by)
    if seen.is_red_flag:
        gate.look_at_patient(seen.patient_id)
    return seen


@business_act
def finish_task(*, clinic: Clinic, task_id: UUID, by: Actor) -> StaffTask:
    """Somebody looked at a task; the diary entry of a red flag is seen with it."""
    task = staff_tasks.finish(clinic=clinic, task_id=task_id, by=by)
    if task.kind == RED_FLAG:
        entry = entries.at_clinic(clinic, UUID(task.dedupe_key.removeprefix(f"{RED_FLAG}:")))
        if entry is not None:
            seen = diary.mark_seen(entry=entry, by=by)
            gate.look_at_patient(seen.patient_id)
    return task


def _key(entry: DiaryEntry) -> str:
    return f"{RED_FLAG}:{entry.id}"


def _task_text(patient: Patient, entry: DiaryEntry) -> str:
    signs = ", ".join(symptom_label(code).lower() for code in entry.symptoms)
    severity = "" if entry.severity is None else f", {entry.severity} of 10"
    warmth = "" if entry.temperature_c is None else f", {entry.temperature_c} °C"
    phone = f" on {patient.phone}" if patient.phone else ""
    return f"Call {patient}{phone} now. Diary: {signs}{severity}{warmth}. They were told to get help at once."
