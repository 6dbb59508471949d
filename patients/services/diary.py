"""A patient's symptom diary: written by the patient, seen by the clinic. What cannot wait is marked when written."""

from accounts.domain.policy import Permission
from audit.services.record import record
from core import clock
from core.actor import Actor
from core.errors import NotFound
from core.transactions import business_act
from patients.domain.diary import Entry, check_entry
from patients.domain.red_flags import red_flags
from patients.models import DiaryEntry, Patient
from patients.services.acts import may_change, refuse


@business_act
def write(*, patient: Patient, entry: Entry, by: Actor) -> DiaryEntry:
    """A new entry in the patient's own diary. Raises BadInput naming each field at fault.

    Signs that cannot wait stand first, a high temperature among them, and make the entry a red flag.
    """
    by.require(Permission.SELF_CHANGE, "write in a diary")
    if by.patient_id != patient.id:
        raise NotFound("diary")
    now = clock.now()
    refuse(check_entry(entry, now=now))
    flags = red_flags(entry.symptoms, temperature_c=entry.temperature_c)
    symptoms = list(dict.fromkeys([*(flag.value for flag in flags), *entry.symptoms]))
    fields = {name: value for name, value in vars(entry).items() if name != "symptoms"}
    written = DiaryEntry.objects.create(
        patient=patient,
        symptom=symptoms[0],
        more_symptoms=symptoms[1:],
        is_red_flag=bool(flags),
        created_at=now,
        **fields,
    )
    detail = {"is_red_flag": written.is_red_flag}
    record(action="diary.write", entity_type="diary", entity_id=written.id, by=by, patient_id=patient.id, detail=detail)
    return written


@business_act
def mark_seen(*, entry: DiaryEntry, by: Actor) -> DiaryEntry:
    """Somebody of the clinic read the entry. Seeing it twice is fine: the first time counts.

    Signs that cannot wait hold coming infusions until somebody who may give them has seen them.
    """
    may_change(by, entry.patient.clinic_id)
    if entry.is_red_flag:
        by.require(Permission.ADMINISTRATION_RECORD, "mark signs that cannot wait as seen")
    current = DiaryEntry.objects.select_for_update(of=("self",)).select_related("patient__clinic").get(pk=entry.pk)
    if current.seen_at is None:
        current.seen_at, current.seen_by_label = clock.now(), by.label
        current.save(update_fields=["seen_at", "seen_by_label"])
        record(action="diary.seen", entity_type="diary", entity_id=current.id, by=by, patient_id=current.patient_id)
    return current
