"""Deciding about one message: may it leave now, and what follows when it could not. Reads, but writes nothing."""

import random
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from core import clock
from messaging import subjects
from messaging.channels import gateway_for
from messaging.channels.base import AmbiguousError, Envelope, PermanentError, SendingError
from messaging.domain.addresses import phone_number
from messaging.domain.kinds import kind_of
from messaging.domain.pace import Pace
from messaging.domain.quiet_hours import QuietHours, next_allowed
from messaging.domain.states import Channel, MessageState
from messaging.models import OutboxMessage
from messaging.services.letters import UnfitError, make_up
from patients.models import Patient

QUIET = QuietHours(begins=time(20), ends=time(8))
"""Stricter than the law's 21:00 to 8:00. Source: clinic practice; confidence K."""

S = MessageState


@dataclass(frozen=True)
class End:
    """The message is settled."""

    state: MessageState
    error: str


@dataclass(frozen=True)
class Wait:
    """The message waits; `is_in_doubt` None leaves that as it is."""

    until: datetime
    error: str
    is_in_doubt: bool | None = None


@dataclass(frozen=True)
class Ready:
    """The message may leave now; `in_doubt_since` says since when an earlier try may have left already."""

    envelope: Envelope
    language: str
    in_doubt_since: datetime | None


def judge(message: OutboxMessage, pace: Pace) -> Ready | Wait | End:
    """Whether a due message may leave now, by what is true now: its subject, the person's wishes, the hour."""
    now, kind = clock.now(), kind_of(message.kind)
    patient = _patient(message)
    if message.not_after is not None and message.not_after < now:
        return End(S.EXPIRED, "It was not sent in time.")
    if not _is_current(message):
        return End(S.CANCELLED, "It was no longer true.")
    to = message.to
    if kind.needs_consent and patient is not None:
        to = _address_today(message, patient)
        if not to:
            return End(S.CANCELLED, "The person does not agree, or no longer, to be written to this way.")
    if kind.waits_for_day:
        zone = patient.zone if patient is not None else message.clinic.zone
        allowed = next_allowed(now, zone=zone, quiet=QUIET)
        if allowed > now:
            return _until_morning(message, allowed)
    if message.in_doubt_since is not None and not may_try_again(message):
        return End(S.UNKNOWN, "It may have left: the sending was cut off.")
    return _addressed(message, to, patient.language if patient is not None else "en", pace)


def after_failure(
    message: OutboxMessage, problem: SendingError, *, tries: int, was_in_doubt: bool, pace: Pace
) -> Wait | End:
    """What follows failure number `tries`; `was_in_doubt`: an earlier try may have left, and nobody can tell."""
    error = f"{problem.code}: {problem}"
    if isinstance(problem, PermanentError):
        return End(S.DEAD, error)
    is_in_doubt = was_in_doubt or isinstance(problem, AmbiguousError)
    if is_in_doubt and not may_try_again(message):
        return End(S.UNKNOWN, error)
    seconds = pace.wait_seconds(tries, jitter=random.random())  # noqa: S311 (jitter, not a secret)
    due_at = clock.now() + timedelta(seconds=seconds)
    if message.not_after is not None and due_at > message.not_after:
        return End(S.UNKNOWN if is_in_doubt else S.EXPIRED, error)
    if tries >= pace.tries:
        return End(S.UNKNOWN if is_in_doubt else S.DEAD, error)
    return Wait(due_at, error, is_in_doubt)


def may_try_again(message: OutboxMessage) -> bool:
    """Whether a message that may have left may be tried again: the provider can tell, or a copy does no harm."""
    return gateway_for(Channel(message.channel)).can_look_up or kind_of(message.kind).may_repeat


def _patient(message: OutboxMessage) -> Patient | None:
    if message.patient_id is None:
        return None
    return Patient.objects.select_related("clinic").filter(id=message.patient_id).first()


def _is_current(message: OutboxMessage) -> bool:
    if message.subject_id is None:
        return True
    subject = subjects.Subject(
        type=message.subject_type, id=message.subject_id, version=message.subject_version, kind=message.kind
    )
    return subjects.is_current(subject)


def _address_today(message: OutboxMessage, patient: Patient) -> str:
    """Where the patient is reached today by this channel; empty if they do not agree to it."""
    if message.channel == Channel.EMAIL:
        return patient.email if patient.email_consent_at else ""
    return patient.phone if patient.sms_consent_at else ""


def _until_morning(message: OutboxMessage, allowed: datetime) -> Wait | End:
    if message.not_after is not None and allowed > message.not_after:
        return End(S.EXPIRED, "It could only have been sent at night.")
    return Wait(allowed, message.last_error)


def _addressed(message: OutboxMessage, to: str, language: str, pace: Pace) -> Ready | End:
    address = to if message.channel == Channel.EMAIL else phone_number(to)
    if not address:
        return End(S.DEAD, "There is no address or number on file that this can be sent to.")
    try:
        letter = make_up(message, to=address, language=language)
    except UnfitError as problem:
        return End(S.DEAD, str(problem))
    envelope = Envelope(
        key=message.dedupe_key,
        clinic=message.clinic,
        to=address,
        subject=letter.subject,
        body=letter.body,
        timeout_seconds=pace.provider_timeout_seconds,
    )
    return Ready(envelope, language, message.in_doubt_since)
