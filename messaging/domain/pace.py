"""How fast the outbox is emptied, how long a worker may hold a message, and how long a failed one waits. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Pace:
    """The dispatcher's numbers, in seconds unless they count things.

    A worker starts nothing in the last two provider timeouts of its lease. What it does start it then holds for as
    long as the longest conversation takes, so that it is over before another worker may take the message. Only a
    provider that sends its answer in drops can outlast that. Source: measured on this design; confidence K.
    """

    batch: int = 25
    lease_seconds: float = 60
    provider_timeout_seconds: float = 10
    """How long one step of a conversation may be silent: a connect, a write or a read, not the whole."""
    longest_conversation_steps: int = 20
    """SMTP with STARTTLS and a sign-in takes 14 to 16, asking Twilio and then sending 10; the rest is to spare."""
    tries: int = 8
    first_wait_seconds: float = 30
    longest_wait_seconds: float = 6 * 3600

    @property
    def working_seconds(self) -> float:
        """How long after claiming a batch the next message of it may still be started."""
        return self.lease_seconds - 2 * self.provider_timeout_seconds

    @property
    def conversation_seconds(self) -> float:
        """How long a message is held from the moment that its sending begins: every step at its slowest."""
        return self.longest_conversation_steps * self.provider_timeout_seconds

    def wait_seconds(self, attempts: int, *, jitter: float) -> float:
        """How long to wait after failure number `attempts` (from 1); `jitter` is 0 to 1 and spreads it by half."""
        doubled: float = self.first_wait_seconds * 2.0 ** min(attempts - 1, 30)
        return min(self.longest_wait_seconds, doubled) * (0.5 + jitter)
