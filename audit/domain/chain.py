"""The chain of seals: each is a SHA-256 over the one before it and the hashes of a run of events. Pure.

Changing, adding or taking away a sealed event, or a seal, changes every digest after it.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

FIRST_LINK = "0" * 64
_ID_BYTES, _HASH_BYTES = 16, 8
_PRINT_BYTES = _ID_BYTES + _HASH_BYTES


@dataclass(frozen=True)
class EventPrint:
    """An event's id and the hash of everything it says."""

    id: UUID
    hash: bytes

    @property
    def short(self) -> bytes:
        """The part kept beside the seal, only to name which event no longer matches."""
        return self.id.bytes + self.hash[:_HASH_BYTES]


def print_of(event: Mapping[str, Any]) -> EventPrint:
    """The print of an event given as its column values; `id` is a UUID."""
    text = json.dumps(event, sort_keys=True, separators=(",", ":"), default=_plain, ensure_ascii=False)
    return EventPrint(event["id"], hashlib.sha256(text.encode()).digest())


def link(*, previous: str, number: int, last_transaction: int, prints: Sequence[EventPrint]) -> str:
    """The digest of seal `number` over `prints`, which follows the digest `previous`; hexadecimal."""
    digest = hashlib.sha256(f"{previous}:{number}:{last_transaction}:{len(prints)}:".encode())
    for event in prints:
        digest.update(event.hash)
    return digest.hexdigest()


def first_difference(kept: bytes, prints: Sequence[EventPrint]) -> str:
    """What first differs between the prints kept with a seal and the events as they are now, as a sentence."""
    known = list(_split(kept))
    ids = {event.id.bytes for event in prints}
    for position, event in enumerate(prints):
        if position >= len(known) or known[position][:_ID_BYTES] != event.id.bytes:
            missing = position < len(known) and known[position][:_ID_BYTES] not in ids
            if missing:
                return f"event {UUID(bytes=known[position][:_ID_BYTES])} was taken away"
            return f"event {event.id} was added afterwards"
        if known[position] != event.short:
            return f"event {event.id} was altered"
    if len(known) > len(prints):
        return f"event {UUID(bytes=known[len(prints)][:_ID_BYTES])} was taken away"
    return "the seal itself was altered"


def _split(kept: bytes) -> Iterator[bytes]:
    for start in range(0, len(kept), _PRINT_BYTES):
        yield kept[start : start + _PRINT_BYTES]


def _plain(value: Any) -> str:
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
