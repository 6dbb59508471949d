"""Celery's way in: a task is a wake-up, the rows in PostgreSQL say what is due."""

from celery import shared_task

from authorizations.services import sweep


@shared_task(name="authorizations.tasks.follow_ups")
def follow_ups() -> None:
    """Tell owners what is due."""
    sweep.follow_ups()
