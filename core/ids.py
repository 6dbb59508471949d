"""Identifiers: version 7 UUIDs, which sort by time and tell nobody how many came before."""

import secrets
import time
from uuid import UUID


def new_id() -> UUID:
    """A new version 7 UUID (RFC 9562, section 5.7)."""
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds & 0xFFFF_FFFF_FFFF) << 80 | secrets.randbits(80)
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return UUID(int=value)
