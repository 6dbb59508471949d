"""The account by which a patient signs in: it follows the e-mail address on the record, and nothing else opens one.

Staff never handle it. With an address there is an account; another address ends whatever the old one had opened;
without an address nobody signs in, and the address is free for the person it belongs to. An account by which somebody
works here is never changed from a patient's record: that would hand a colleague's key to whoever may edit patients.
"""

from django.db import IntegrityError, transaction

from accounts import queries as people
from accounts.domain.policy import Role
from accounts.models import Membership, SignInCode, User
from audit.services.record import record
from core import clock
from core.actor import Actor
from core.errors import BadInput
from core.transactions import business_act
from patients.models import Patient

CLOSED = "@closed.invalid"
_LONGEST_NAME = 120


@business_act
def keep_account(*, patient: Patient, by: Actor) -> None:
    """Bring the account of `patient`, whose record was just saved, in line with its e-mail address.

    Raises BadInput naming the field `email` when somebody else signs in with that address.
    """
    email = patient.email.strip().lower()
    if patient.user is not None and patient.user.email != email and people.works_somewhere(patient.user):
        _part(patient, patient.user, by)
    user = patient.user
    if user is None:
        if email:
            _open(patient, email, by)
    elif not email:
        _close(patient, user, by)
    elif user.email != email:
        _move(patient, user, email, by)
    elif user.name != _name(patient) and not people.works_somewhere(user):
        user.name = _name(patient)
        user.save(update_fields=["name"])


def _open(patient: Patient, email: str, by: Actor) -> None:
    _check_free(email)
    try:
        with transaction.atomic():
            user = User.objects.create_user(email, name=_name(patient))
    except IntegrityError as problem:
        raise _taken() from problem
    _link(patient, user)
    _let_in(patient, user)
    _record("account.open", patient, user, by)


def _move(patient: Patient, user: User, email: str, by: Actor) -> None:
    """The account takes another address; what the old address was sent, or had opened, no longer counts."""
    _check_free(email)
    was_closed = user.email.endswith(CLOSED)
    user.email, user.name = email, _name(patient)
    user.is_active = user.is_active or was_closed
    try:
        with transaction.atomic():
            _save_and_end_everything(user)
    except IntegrityError as problem:
        raise _taken() from problem
    _let_in(patient, user)
    _record("account.open" if was_closed else "account.move", patient, user, by)


def _close(patient: Patient, user: User, by: Actor) -> None:
    """Nobody signs in for this patient any more. The row stays for what was done by it, without the address."""
    if user.email.endswith(CLOSED):
        return
    user.email, user.is_active = f"{user.id}{CLOSED}", False
    _save_and_end_everything(user)
    Membership.objects.filter(user=user, role=Role.PATIENT.value).delete()
    _record("account.close", patient, user, by)


def _part(patient: Patient, user: User, by: Actor) -> None:
    """The patient no longer shares the account by which they work here; the account itself stays as it is."""
    SignInCode.objects.filter(user=user, used_at=None).update(used_at=clock.now())
    Membership.objects.filter(user=user, role=Role.PATIENT.value).delete()
    _link(patient, None)
    _record("account.close", patient, user, by)


def _save_and_end_everything(user: User) -> None:
    """Save the account; its codes die, and so does every session, since each is bound to the stored password."""
    user.set_unusable_password()
    user.save(update_fields=["email", "name", "is_active", "password"])
    SignInCode.objects.filter(user=user, used_at=None).update(used_at=clock.now())


def _check_free(email: str) -> None:
    if User.objects.filter(email__iexact=email).exists():
        raise _taken()


def _taken() -> BadInput:
    return BadInput(
        "email_taken",
        "Another person signs in with this address; a patient needs an address of their own.",
        field="email",
    )


def _link(patient: Patient, user: User | None) -> None:
    patient.user = user
    patient.save(update_fields=["user"])


def _let_in(patient: Patient, user: User) -> None:
    Membership.objects.get_or_create(user=user, clinic=patient.clinic, role=Role.PATIENT.value)


def _name(patient: Patient) -> str:
    return f"{patient.given_name} {patient.family_name}"[:_LONGEST_NAME]


def _record(action: str, patient: Patient, user: User, by: Actor) -> None:
    record(action=action, entity_type="user", entity_id=user.id, by=by, patient_id=patient.id)
