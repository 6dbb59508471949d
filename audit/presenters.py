"""Events as the log's page shows them: words for people, with every id still there for whoever needs it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from audit.models import AuditEvent

MOST_SHOWN = 3
TAIL = 8


@dataclass(frozen=True)
class Fact:
    """One thing that an event noted. `ids` are what a long list holds; the page keeps them behind a line."""

    text: str
    ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class EventRow:
    """A line of the log."""

    event: AuditEvent
    entity: str
    entity_tail: str
    patient_tail: str
    facts: tuple[Fact, ...]


def rows(events: Iterable[AuditEvent]) -> list[EventRow]:
    """The lines for `events`, in their order."""
    return [
        EventRow(
            event=event,
            entity=_words(event.entity_type),
            entity_tail=_tail(event.entity_id),
            patient_tail=_tail(str(event.patient_id or "")),
            facts=tuple(_fact(name, value) for name, value in event.detail.items()),
        )
        for event in events
    ]


def _fact(name: str, value: Any) -> Fact:
    label = _words(name)
    if isinstance(value, list) and len(value) > MOST_SHOWN:
        return Fact(f"{label}: {len(value)}", tuple(str(item) for item in value))
    return Fact(f"{label}: {_plain(value)}")


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(_plain(item) for item in value) or "none"
    if isinstance(value, dict):
        return ", ".join(f"{_words(str(name))} {_plain(item)}" for name, item in value.items()) or "none"
    return "none" if value is None or value == "" else str(value)


def _words(name: str) -> str:
    return name.replace("_", " ")


def _tail(entity_id: str) -> str:
    """The end of an id, which is what tells two of them apart; a short id whole."""
    return entity_id if len(entity_id) <= 12 else f"…{entity_id[-TAIL:]}"
