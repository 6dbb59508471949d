"""The tick that seals the record (beat sends it each minute)."""

from celery import shared_task

from audit.services.seal import seal_all


@shared_task(ignore_result=True)
def seal() -> None:
    """Seal every event that can be sealed."""
    seal_all()
