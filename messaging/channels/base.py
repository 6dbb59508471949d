"""What a channel is: it takes one message to one address, and says truthfully what became of it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from accounts.models import Clinic


@dataclass(frozen=True, kw_only=True)
class Envelope:
    """One message, made up and addressed. `key` is the same however often the message is tried.

    `timeout_seconds` is for each step of the conversation with the provider.
    """

    key: str
    clinic: Clinic
    to: str
    subject: str
    body: str
    timeout_seconds: float


class SendingError(Exception):
    """The message did not certainly leave. `code` is for programs, the text is a sentence for staff."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence


class PermanentError(SendingError):
    """It did not leave and never will: a bad number, a refused address."""


class TransientError(SendingError):
    """It certainly did not leave; trying again is safe."""


class AmbiguousError(SendingError):
    """It may have left: the answer was lost."""


class Gateway(Protocol):
    """A way to send. `can_look_up` says that `find` can answer, which makes trying again after a doubt safe."""

    can_look_up: bool

    def send(self, envelope: Envelope) -> str:
        """Send and return the provider's id of the message. Raises a `SendingError`; anything else is ambiguous."""
        ...

    def find(self, envelope: Envelope, *, since: datetime) -> str | None:
        """The provider's id of the message if it left at or after `since`. Raises `TransientError` if nobody knows."""
        ...
