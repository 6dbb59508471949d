"""Identifiers: version 7 UUIDs, which sort in the order in which one process made them."""

import secrets
import threading
import time
from uuid import UUID

_lock = threading.Lock()
_last = (0, 0)


def new_id() -> UUID:
    """A new version 7 UUID; within a millisecond a counter keeps the order (RFC 9562, section 6.2, method 1)."""
    global _last  # noqa: PLW0603 (the counter is what makes two ids of one millisecond differ in order)
    with _lock:
        milliseconds = max(time.time_ns() // 1_000_000, _last[0])
        counter = _last[1] + 1 if milliseconds == _last[0] else secrets.randbits(8)
        if counter > 0xFFF:
            milliseconds, counter = milliseconds + 1, 0
        _last = (milliseconds, counter)
    value = (milliseconds & 0xFFFF_FFFF_FFFF) << 80 | 0x7 << 76 | counter << 64 | 0b10 << 62 | secrets.randbits(62)
    return UUID(int=value)
