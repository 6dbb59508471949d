"""How long a signed-in person may stay, idle and altogether. Pure; times are seconds since the epoch."""

from dataclasses import dataclass

MINUTE = 60
HOUR = 60 * MINUTE


@dataclass(frozen=True)
class SessionLimits:
    """Seconds without doing anything, and seconds since signing in, after which a session ends."""

    idle_seconds: int
    longest_seconds: int


STAFF = SessionLimits(idle_seconds=15 * MINUTE, longest_seconds=12 * HOUR)
PATIENT = SessionLimits(idle_seconds=15 * MINUTE, longest_seconds=HOUR)


def check_session(*, began: int, active: int, now: int, limits: SessionLimits) -> str | None:
    """Why a session that began at `began` and was last active at `active` has ended, or None while it is good."""
    if now - active >= limits.idle_seconds:
        return f"You were signed out because nothing happened for {limits.idle_seconds // MINUTE} minutes."
    if now - began >= limits.longest_seconds:
        hours = limits.longest_seconds // HOUR
        return f"You were signed out because {hours} hour{'s' if hours > 1 else ''} passed since you signed in."
    return None
