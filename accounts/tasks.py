"""The tick of this package. It carries no data; what has ended is decided by the rows."""

from celery import shared_task

from accounts.services import tidying


@shared_task(ignore_result=True)
def tidy() -> None:
    """Throw away sessions and try counts that have ended."""
    tidying.tidy()
