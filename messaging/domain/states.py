"""The states of a message on its way out, and which of them are final."""

from enum import StrEnum


class Channel(StrEnum):
    EMAIL = "email"
    SMS = "sms"


class MessageState(StrEnum):
    PENDING = "pending"
    LEASED = "leased"
    SENT = "sent"
    DELIVERED = "delivered"
    UNKNOWN = "unknown"
    DEAD = "dead"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


OPEN = (MessageState.PENDING, MessageState.LEASED)
NEEDS_ATTENTION = (MessageState.UNKNOWN, MessageState.DEAD, MessageState.EXPIRED)
