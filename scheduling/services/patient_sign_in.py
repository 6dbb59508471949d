"""A patient signs in with an e-mailed code and their date of birth.

Whether an address is known is never told: not by words, not by status, and hardly by time, because a stranger's request
does the same work for a decoy. A code alone is not enough, so a letter to a wrong inbox opens nothing; and whoever
tries dates of birth with a right code is stopped, and the clinic is told.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from accounts.models import User
from accounts.services import codes, limits, sign_ins
from audit.services.record import record
from core import clock
from core.actor import system
from core.errors import BadInput, Conflict, Refusal
from core.ids import new_id
from core.transactions import business_act
from messaging.services import outbox
from patients.models import Patient
from scheduling.models import StaffTask

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
CODES_PER_NETWORK, TRIES_PER_NETWORK = 60, 120
CODES_PER_ADDRESS_AND_NETWORK, CODES_PER_ADDRESS = 5, 20
WRONG_BIRTH_DATES_PER_DAY = 10
MISMATCH = "The code or the date of birth is not right. Check both, then try again."
DEAD = "That code no longer works. Ask for a new one."


class TooManyTries(Refusal):
    """Somebody, or a program, tried too often from one place."""

    status = 429
    title = "Too many tries"


@dataclass(frozen=True)
class SentCode:
    """What the page keeps between the two steps. `digits` is for the demo, where no e-mail leaves."""

    code_id: UUID
    digits: str


def send_code(*, email: str, network: str) -> SentCode:
    """Send a code to the patient with this address, if there is one. Raises `TooManyTries` for a busy network."""
    email = email.strip().lower()
    if not limits.take(purpose="code by network", subject=network, limit=CODES_PER_NETWORK, within=HOUR):
        raise TooManyTries("too_many", "Too many tries from here. Wait an hour, or call the clinic.")
    here = f"{email}|{network}"
    is_welcome = limits.take(
        purpose="code by address here", subject=here, limit=CODES_PER_ADDRESS_AND_NETWORK, within=HOUR
    ) and limits.take(purpose="code by address", subject=email, limit=CODES_PER_ADDRESS, within=HOUR)
    patient = (
        Patient.objects.filter(user__email__iexact=email, user__is_active=True).select_related("user", "clinic").first()
    )
    is_stopped = limits.is_spent(
        purpose="birth date",
        subject=str(patient.user_id if patient else new_id()),
        limit=WRONG_BIRTH_DATES_PER_DAY,
    )
    code = _issue(patient if is_welcome and not is_stopped else None)
    outbox.wake()
    return SentCode(code_id=code.id, digits=code.digits if patient else "")


@business_act
def _issue(patient: Patient | None) -> codes.IssuedCode:
    user = patient.user if patient else None
    code = codes.issue(user=user)
    if patient is not None and user is not None:
        now = clock.now()
        outbox.enqueue(
            clinic=patient.clinic,
            kind="sign_in.code",
            channel="email",
            to=user.email,
            recipient_name=patient.given_name,
            wording="sign_in.code",
            params={"code": code.digits, "minutes": code.expires_at_minutes},
            dedupe_key=f"sign_in.code:{code.id}",
            due_at=now,
            not_after=now + codes.GOOD_FOR,
            patient_id=patient.id,
            subject_type="sign_in_code",
            subject_id=code.id,
        )
    record(
        action="sign_in.code",
        entity_type="sign_in_code",
        entity_id=code.id,
        by=system(
            "sign-in",
            organization_id=patient.organization_id if patient else None,
            clinic_id=patient.clinic_id if patient else None,
        ),
        patient_id=patient.id if patient else None,
    )
    return code


def sign_in(*, code_id: UUID, digits: str, birth_date: date, network: str) -> User:
    """The user whose code and date of birth these are; the code is used up.

    Raises `BadInput` when something does not match (never saying which), `Conflict` when the code is dead, and
    `TooManyTries` for a busy network.
    """
    if not limits.take(purpose="try by network", subject=network, limit=TRIES_PER_NETWORK, within=HOUR):
        raise TooManyTries("too_many", "Too many tries from here. Wait an hour, or call the clinic.")
    holder = codes.holder(code_id=code_id)
    patient = (
        Patient.objects.filter(user_id=holder or new_id(), user__is_active=True)
        .select_related("user", "clinic")
        .first()
    )
    knows = patient is not None and patient.birth_date == birth_date
    judgement = codes.judge(code_id=code_id, digits=digits, knows_birth_date=knows)
    if judgement.user_id is not None and patient is not None and patient.user is not None:
        sign_ins.succeeded(user=patient.user, way="code")
        return patient.user
    sign_ins.failed(way="code", network=network)
    if judgement.was_birth_date_wrong and patient is not None:
        _count_wrong_birth_date(patient, code_id, is_dead=judgement.is_dead)
    if judgement.is_dead:
        raise Conflict("code_dead", DEAD)
    raise BadInput("code_mismatch", MISMATCH, field="code")


@business_act
def _count_wrong_birth_date(patient: Patient, code_id: UUID, *, is_dead: bool) -> None:
    limits.take(purpose="birth date", subject=str(patient.user_id), limit=WRONG_BIRTH_DATES_PER_DAY, within=DAY)
    if is_dead:
        StaffTask.objects.bulk_create(
            [
                StaffTask(
                    clinic=patient.clinic,
                    kind="sign_in",
                    text=f"Somebody with a right code gave wrong dates of birth for {patient}. "
                    "Call the patient and check the e-mail address on file.",
                    dedupe_key=f"sign_in:{code_id}",
                    created_at=clock.now(),
                )
            ],
            ignore_conflicts=True,
        )
