"""Vital signs of today, taken as the cadence asks, with one or two sets still owed: a floor as nurses know it."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from scheduling.demo.diary import Booking
from scheduling.demo.stage import Stage
from scheduling.domain.running import Run
from scheduling.domain.statuses import IN_CHAIR, VisitStatus
from scheduling.domain.vitals import next_vitals
from scheduling.models import Visit, VitalsCheck
from scheduling.queries.running import run_of

MEASURED = IN_CHAIR | {VisitStatus.COMPLETED, VisitStatus.LEFT_EARLY}
OWED = 0.05
"""How likely a set is forgotten until somebody looks at the floor."""
SYMPTOMS = ("", "", "", "", "", "", "", "Slight headache", "A little cold")
MOST_SETS = 20


def write(stage: Stage, bookings: Iterable[Booking]) -> None:
    """The sets of everybody who sat in a chair today, unsaved."""
    for booking in bookings:
        if booking.on == stage.today and booking.visit.seated_at is not None:
            for taken in _sets(booking.visit, (), stage.now):
                taken.id = stage.new_id()
                stage.rows.add(taken)


def keep_up(visits: Iterable[Visit], now: datetime) -> int:
    """Take what came due since at the chairs of a demo that was left; how many sets."""
    taken = [
        one
        for visit in visits
        if visit.status in MEASURED and visit.seated_at is not None
        for one in _sets(visit, visit.vitals.filter(voided_at=None).values_list("at", flat=True), now)
    ]
    VitalsCheck.objects.bulk_create(taken)
    return len(taken)


def _sets(visit: Visit, before: Iterable[datetime], now: datetime) -> Iterator[VitalsCheck]:
    """Each set shortly after it was due, until now or until one is owed."""
    times = list(before)
    rng = Random(f"vitals {visit.id} {len(times)}")  # noqa: S311 (invented people, not secrets)
    run, until = run_of(visit), visit.ended_at or now
    usual = (rng.randint(60, 82), rng.randint(112, 136), rng.randint(66, 84), rng.randint(362, 370))
    while len(times) < MOST_SETS and (due := next_vitals(run, times, until)) is not None:
        at = due.at + timedelta(minutes=rng.randint(0, 3))
        is_owed = visit.status in IN_CHAIR and bool(times) and rng.random() < OWED
        if at > until or is_owed:
            return
        times.append(at)
        yield _one(visit, run, at, usual, rng)


def _one(visit: Visit, run: Run, at: datetime, usual: tuple[int, int, int, int], rng: Random) -> VitalsCheck:
    pulse, upper, lower, warmth = usual
    return VitalsCheck(
        visit=visit,
        at=at.replace(microsecond=0),
        recorded_at=at.replace(microsecond=0),
        by_label=visit.nurse.name if visit.nurse else "Nurse",
        by_id=visit.nurse_id,
        temperature_c=Decimal(warmth + rng.randint(-1, 3)) / 10,
        heart_rate=pulse + rng.randint(-4, 6),
        systolic=upper + rng.randint(-6, 6),
        diastolic=lower + rng.randint(-4, 4),
        respiratory_rate=rng.randint(13, 18),
        spo2=rng.randint(96, 99),
        ml_per_hour=_rate(run, at),
        symptoms=rng.choice(SYMPTOMS),
    )


def _rate(run: Run, at: datetime) -> Decimal | None:
    """What the pump runs at by the plan, while it runs."""
    if run.started_at is None or at < run.started_at or (run.observing_at is not None and at >= run.observing_at):
        return None
    reached = [step for step in run.steps if run.started_at + timedelta(minutes=step.after_minutes) <= at]
    return Decimal(round(reached[-1].ml_per_hour)) if reached else None
