"""The tick that shows a worker is alive: beat sends it, a worker runs it, `/readyz` reads what it leaves."""

from typing import Any

from celery import shared_task
from celery.signals import worker_ready

from core import health


@shared_task
def heartbeat() -> None:
    """Leave a sign of life."""
    health.report_worker()


@worker_ready.connect
def _report_at_once(**_facts: Any) -> None:
    # A worker that has just started is known before beat's next tick.
    health.report_worker()
