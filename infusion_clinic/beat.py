"""Beat's scheduler: run as many beats as you like, exactly one acts.

The acting beat holds a fading key in Redis and renews it before its ticks; when it dies, another takes over
within `LEASE_SECONDS`. Redis is where the ticks go anyway, so a beat that cannot reach it could not have
acted. Should two beats ever overlap (Redis wiped at the wrong moment), nothing is doubled: a tick only
wakes a worker, and the rows in PostgreSQL decide what is due. Every schedule is a plain interval, so
nothing is kept on disk.
"""

import logging
import secrets
import time
from typing import Any

import redis
from celery.beat import Scheduler
from django.conf import settings

from core import health
from infusion_clinic import alive

LEASE_SECONDS = 15
RENEW_SECONDS = 2
KEY = "clinic:beat"
# Each is one step in Redis: if the lease is mine, renew it or give it back; otherwise answer no.
_IF_MINE = "if redis.call('get', KEYS[1]) ~= ARGV[1] then return 0 end "
_RENEW = _IF_MINE + "return redis.call('pexpire', KEYS[1], ARGV[2])"
_RELEASE = _IF_MINE + "return redis.call('del', KEYS[1])"

logger = logging.getLogger(__name__)


class Lease:
    """The right to act as the one beat: held by at most one at a time, lost when it is not renewed."""

    def __init__(self, url: str) -> None:
        self.client = redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2)
        self.token = secrets.token_hex(16)

    def hold(self) -> bool:
        """Take the lease or renew it; whether it is ours. False when Redis does not answer."""
        milliseconds = LEASE_SECONDS * 1000
        try:
            if self.client.set(KEY, self.token, px=milliseconds, nx=True):
                return True
            return bool(self.client.eval(_RENEW, 1, KEY, self.token, milliseconds))
        except redis.RedisError:
            return False

    def release(self) -> None:
        """Give the lease back, so that another beat need not wait for it to fade."""
        try:
            self.client.eval(_RELEASE, 1, KEY, self.token)
        except redis.RedisError:
            logger.warning("Redis did not answer; the lease of beat fades by itself.")
        self.client.close()


class SoleScheduler(Scheduler):
    """A scheduler in memory that ticks only while it holds the lease."""

    max_interval = RENEW_SECONDS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.lease = Lease(settings.CELERY_BROKER_URL)
        self.is_acting = False
        self.renewed = float("-inf")
        super().__init__(*args, **kwargs)

    def install_default_entries(self, data: Any) -> None:
        """Celery's own entry cleans up results, and we keep none."""

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Send what is due if this is the acting beat; seconds until the next call."""
        alive.touch()
        if time.monotonic() - self.renewed >= RENEW_SECONDS:
            self._renew()
        if not self.is_acting:
            return RENEW_SECONDS
        return float(super().tick(*args, **kwargs))

    def close(self) -> None:
        """Let another beat act at once."""
        self.lease.release()
        super().close()

    def _renew(self) -> None:
        was_acting, self.is_acting = self.is_acting, self.lease.hold()
        if self.is_acting != was_acting:
            logger.warning("This beat now %s.", "acts" if self.is_acting else "stands by")
        if self.is_acting:
            self.renewed = time.monotonic()
            try:
                health.report_beat()
            except redis.RedisError:
                self.is_acting = False
