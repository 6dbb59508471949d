"""The tick that shows a worker is alive: beat sends it, a worker runs it, `/readyz` reads what it leaves."""

from celery import shared_task

from core import health


@shared_task
def heartbeat() -> None:
    """Leave a sign of life."""
    health.report_worker()
