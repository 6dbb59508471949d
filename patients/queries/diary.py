"""Reading a patient's symptom diary."""

from uuid import UUID

from accounts.models import Clinic
from core.errors import NotFound
from patients.models import DiaryEntry, Patient

LATEST = 60


def latest(patient_id: UUID, *, limit: int = LATEST) -> tuple[DiaryEntry, ...]:
    """The patient's entries, the latest first. One SQL statement."""
    return tuple(DiaryEntry.objects.filter(patient_id=patient_id)[:limit])


def get_own(patient_id: UUID | None, entry_id: UUID) -> DiaryEntry:
    """The patient's own entry with this id; raises `NotFound` for anybody else's."""
    own = DiaryEntry.objects.filter(patient_id=patient_id, pk=entry_id).first() if patient_id else None
    if own is None:
        raise NotFound("diary entry")
    return own


def of_patient(patient: Patient, entry_id: str) -> DiaryEntry:
    """An entry of this patient, as staff name it in a form; raises `NotFound` for any other."""
    try:
        wanted = UUID(entry_id)
    except ValueError:
        raise NotFound("diary entry") from None
    found = DiaryEntry.objects.select_related("patient__clinic").filter(patient=patient, pk=wanted).first()
    if found is None:
        raise NotFound("diary entry")
    return found


def at_clinic(clinic: Clinic, entry_id: UUID) -> DiaryEntry | None:
    """The entry with this id of a patient of `clinic`, None for any other."""
    return DiaryEntry.objects.select_related("patient__clinic").filter(patient__clinic=clinic, pk=entry_id).first()
