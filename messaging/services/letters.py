"""Making up a message: its wording filled with its values, checked for what it must not say."""

from dataclasses import dataclass
from typing import Any

from messaging import wordings
from messaging.domain.content import SMS_LENGTH, check_header, check_message
from messaging.domain.states import Channel
from messaging.domain.wording import MissingParameterError, Wording, fill
from messaging.models import OutboxMessage

HIDDEN = "••••••"


class UnfitError(Exception):
    """The message cannot be made up, or says what it must not; the text is a sentence for staff."""


@dataclass(frozen=True)
class Letter:
    """A message as its recipient reads it; a text message has no subject."""

    subject: str
    body: str


def make_up(message: OutboxMessage, *, to: str, language: str = "en") -> Letter:
    """The letter for `message`, to go to the address `to`. Raises `UnfitError` when it must not be sent as it is."""
    try:
        wording = wordings.find(message.wording, language)
        letter = _filled(message, wording, {})
        checked = _filled(message, wording, {"link": ""})
    except wordings.UnknownWordingError as problem:
        raise UnfitError(f"There is no wording {message.wording}.") from problem
    except MissingParameterError as problem:
        raise UnfitError(f"The wording {message.wording} lacks its {problem.args[0]}.") from problem
    is_sms = message.channel == Channel.SMS
    # The clinic's own web address is not counted against the message: the operator chose it.
    reasons = [
        *check_header(letter.subject),
        *check_header(to),
        *check_message(f"{checked.subject}\n{checked.body}", max_length=None),
        *check_message(letter.body, forbidden=(), max_length=SMS_LENGTH if is_sms else None),
    ]
    if reasons:
        raise UnfitError(" ".join(reason.sentence for reason in reasons))
    return letter


def preview(message: OutboxMessage, *, language: str = "en", with_secrets: bool = False) -> Letter:
    """The letter for a person to look at: never raises, and hides secrets unless told otherwise."""
    try:
        wording = wordings.find(message.wording, language)
        hidden = {} if with_secrets else dict.fromkeys(wording.secrets, HIDDEN)
        return _filled(message, wording, hidden)
    except (wordings.UnknownWordingError, MissingParameterError):
        return Letter("", "This message cannot be shown.")


def without_secrets(message: OutboxMessage) -> dict[str, Any]:
    """The message's values, for keeping after it was settled: secrets are gone."""
    try:
        secrets = wordings.find(message.wording).secrets
    except wordings.UnknownWordingError:
        secrets = frozenset()
    return {name: HIDDEN if name in secrets else value for name, value in message.params.items()}


def _filled(message: OutboxMessage, wording: Wording, instead: dict[str, str]) -> Letter:
    values: dict[str, Any] = {
        "clinic": message.clinic.public_name,
        "phone": message.clinic.phone,
        "name": message.recipient_name,
        **message.params,
        **instead,
    }
    if message.channel == Channel.SMS:
        return Letter("", fill(wording.sms, _short(values)))
    return Letter(fill(wording.subject, values), fill(wording.email, values))


def _short(values: dict[str, Any]) -> dict[str, Any]:
    limits = wordings.SMS_LENGTHS
    return {name: str(value)[: limits[name]].rstrip() if name in limits else value for name, value in values.items()}
