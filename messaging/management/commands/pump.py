"""A dispatcher that needs neither Celery nor Redis: it looks at the outbox by itself, every 15 seconds.

Run one beside the workers. While they work it finds nothing; when Redis is gone it sends everything.
"""

import logging
import signal
import threading
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db import DatabaseError, close_old_connections

from messaging.services import dispatch

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Send due messages without Celery: look at the outbox every few seconds until told to stop."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--every", type=float, default=15.0, help="seconds between looks (15)")
        parser.add_argument("--once", action="store_true", help="look once and leave")

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()
        if not options["once"]:
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda *_: stop.set())
        while True:
            self._look()
            if options["once"] or stop.wait(options["every"]):
                return

    def _look(self) -> None:
        close_old_connections()
        try:
            if handled := dispatch.drain():
                logger.info("The pump handled %d messages.", handled)
        except DatabaseError as problem:
            logger.warning("The pump could not reach the outbox (%s); it tries again.", type(problem).__name__)
