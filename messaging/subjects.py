"""Asking whoever knows a message's subject whether the message is still true, just before it leaves.

Messaging knows no visits: a package to its right registers a check for its `subject_type` when its app starts. A
message whose subject has no check is always true.
"""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What the message was about when it was written; `version` means what the owner of `type` wants it to mean."""

    type: str
    id: UUID
    version: int
    kind: str


class Check(Protocol):
    """Whether a message about `subject` is still true."""

    def __call__(self, subject: Subject) -> bool: ...


_checks: dict[str, Check] = {}


def register(subject_type: str, check: Check) -> None:
    """Let `check` judge messages about `subject_type` from now on."""
    _checks[subject_type] = check


def is_current(subject: Subject) -> bool:
    """Whether a message about `subject` may still leave."""
    check = _checks.get(subject.type)
    return check is None or check(subject)
