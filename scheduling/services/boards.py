"""The board's version: bumped last in every transaction that changes what a board shows."""

from collections.abc import Iterable
from datetime import date

from django.db import connection

from accounts.models import Clinic


def bump(clinic: Clinic, days: Iterable[date]) -> None:
    """Let boards of `clinic` on `days` know that something changed. Days are touched in order, so nobody deadlocks."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO scheduling_boardversion AS board (clinic_id, "on", version)
            SELECT %s, day, 1 FROM unnest(%s::date[]) AS day ORDER BY day
            ON CONFLICT (clinic_id, "on") DO UPDATE SET version = board.version + 1
            """,
            [clinic.id, sorted(set(days))],
        )
