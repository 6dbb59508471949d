"""Waking a worker: an empty message to the broker that says "look at the outbox". Best effort, never in the way.

One connection per thread, with timeouts of a second and no retries: kombu's defaults would hang a page for half a
minute when Redis hangs. After a failure the broker is left alone for a while, because beat and the pump ask too.
"""

import logging
import os
import threading
import time
from typing import Any

from celery import current_app

logger = logging.getLogger(__name__)

DRAIN = "messaging.tasks.drain"
SILENT_SECONDS = 10
_OPTIONS = {"socket_timeout": 1, "socket_connect_timeout": 1}


class _Publisher(threading.local):
    """A connection of this thread in this process, dropped at its first failure."""

    connection: Any = None
    process = 0
    silent_until = 0.0

    def publish(self) -> None:
        if time.monotonic() < self.silent_until:
            return
        try:
            self._connect()
            producer = current_app.amqp.Producer(self.connection, auto_declare=False)
            current_app.send_task(DRAIN, producer=producer, retry=False, expires=5, ignore_result=True)
        except Exception as problem:  # whatever it is: the message is safe in its row
            logger.warning("No worker could be woken (%s); the next tick will do.", type(problem).__name__)
            self._drop()

    def _connect(self) -> None:
        if self.connection is None or self.process != os.getpid():
            options = {**current_app.conf.broker_transport_options, **_OPTIONS}
            self.connection = current_app.connection_for_write(transport_options=options)
            self.process = os.getpid()

    def _drop(self) -> None:
        self.silent_until = time.monotonic() + SILENT_SECONDS
        dead, self.connection = self.connection, None
        try:
            if dead is not None:
                dead.collapse()
        except Exception:
            logger.debug("A broken connection to the broker could not be closed.")


_publisher = _Publisher()


def publish() -> None:
    """Ask any worker to send what is due. Never raises; takes a second at most, no time while Redis is down."""
    _publisher.publish()
