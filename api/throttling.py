"""How often one actor may call: 600 requests a minute, counted exactly.

The count is one atomic INCR in Redis, so a burst can't slip through between a read and a write. When Redis is down,
reads go on uncounted and writes are counted in PostgreSQL: the clinic keeps working, and writes stay bounded.
"""

from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.cache import cache
from redis.exceptions import RedisError
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from accounts.services import limits
from core import clock
from core.permissions import actor_of

if TYPE_CHECKING:  # REST framework's views import this module while they are being imported themselves
    from rest_framework.views import APIView

PER_MINUTE = 600
WINDOW = 60
READS = frozenset({"GET", "HEAD", "OPTIONS"})


class PerActor(BaseThrottle):
    """Counts each actor's requests in windows of one minute."""

    def allow_request(self, request: Request, view: "APIView") -> bool:  # noqa: ARG002
        actor = actor_of(request._request)
        subject = f"{actor.kind.value}:{actor.id}"
        limit: int = getattr(settings, "API_REQUESTS_PER_MINUTE", PER_MINUTE)
        try:
            return _count(f"api:{subject}:{int(clock.now().timestamp()) // WINDOW}") <= limit
        except RedisError:
            if request.method in READS:
                return True
            return limits.take(purpose="api", subject=subject, limit=limit, within=timedelta(seconds=WINDOW))

    def wait(self) -> float:
        """Seconds until the next window begins."""
        return WINDOW - clock.now().timestamp() % WINDOW


def _count(key: str) -> int:
    """One more under `key`, atomically; the key fades after its window is over."""
    try:
        return cache.incr(key)
    except ValueError:  # nobody has counted here yet; of several who add the key at once, one does
        cache.add(key, 0, timeout=2 * WINDOW)
        return cache.incr(key)
