"""The wake-up that empties the outbox. It carries no data: losing or doubling it changes nothing."""

from celery import shared_task

from messaging.services import dispatch


@shared_task(ignore_result=True)
def drain() -> None:
    """Send what is due."""
    dispatch.drain()
