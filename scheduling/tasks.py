"""The ticks of this package. They carry no data; what is due is decided by the rules and the rows."""

from celery import shared_task

from scheduling.services import backfill, gate_rounds, incomplete_courses, left_open, reminders, rolling


@shared_task(ignore_result=True)
def visit_reminders() -> None:
    """Make the outbox agree with the visits to come."""
    reminders.sweep_all()


@shared_task(ignore_result=True)
def expire_holds() -> None:
    """Free what is held no longer, and pass on what was offered and not taken."""
    backfill.sweep_all()


@shared_task(ignore_result=True)
def roll_plans() -> None:
    """Keep a year of every plan laid out, and put what comes due before staff."""
    rolling.sweep_all()


@shared_task(ignore_result=True)
def ask_the_gate() -> None:
    """Look at every visit that is to be started, whatever changed about it unsaid."""
    gate_rounds.sweep_all(only_soon=False)


@shared_task(ignore_result=True)
def ask_the_gate_soon() -> None:
    """Look at the visits of the next days, and put those that are not clear before staff."""
    gate_rounds.sweep_all(only_soon=True)


@shared_task(ignore_result=True)
def look_at_courses() -> None:
    """Put before staff courses of which a day has passed that nobody booked, and visits that nobody ended."""
    incomplete_courses.sweep_all()
    left_open.sweep_all()
