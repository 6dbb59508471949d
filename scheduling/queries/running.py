"""Visits under way as the rules of `scheduling.domain.running` want them, and what one that runs over knocks on.

How long a patient's infusions usually take rides along with the visits (`with_pace`), for no statement of its own.
"""

from collections.abc import Iterable
from datetime import datetime
from fractions import Fraction

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case, OuterRef, When
from django.db.models.functions import JSONObject

from core import clock
from core.intervals import QUARTER
from regimens.domain.administration import actual_minutes, last_few
from regimens.domain.chair_time import suggest_minutes
from regimens.models import Administration
from scheduling.domain.pace import Pace, Pumped, pace_of
from scheduling.domain.running import Following, Overrun, Run, overrun, predicted_end, rate_steps
from scheduling.domain.statuses import IN_CHAIR, OCCUPYING, VisitStatus
from scheduling.models import CapacitySlot, Visit, VisitQuerySet, VitalsCheck

HERE = IN_CHAIR | {VisitStatus.ARRIVED}
"""Statuses of patients who are here, and whose end can be told."""
NEVER_MIND = 5
"""Minutes: a visit that runs over by less is not spoken of."""


def with_pace(visits: VisitQuerySet) -> VisitQuerySet:
    """`visits` with `pace`: when the latest full infusions of the same product to the same patient began and ended.

    It is looked for where the patient is here, and nowhere else.
    """
    latest = (
        Administration.objects.filter(
            order__patient=OuterRef("patient"),
            product=OuterRef("course_day__course__order__product"),
            recorded_at__isnull=False,
            stopped_at__isnull=False,
            is_complete=True,
            voided_at__isnull=True,
        )
        .exclude(visit_id=OuterRef("pk"))
        .order_by("-started_at")
        .values(json=JSONObject(start="started_at", stop="stopped_at"))[:5]
    )
    here = [status.value for status in HERE - {VisitStatus.OBSERVING}]
    return visits.annotate(pace=Case(When(status__in=here, then=ArraySubquery(latest))))


def with_pumped(visits: VisitQuerySet) -> VisitQuerySet:
    """`visits` with `pumped`: the pump rates that were written down with vital signs, for no statement of its own."""
    read = VitalsCheck.objects.filter(visit=OuterRef("pk"), voided_at=None, ml_per_hour__isnull=False)
    return visits.annotate(
        pumped=ArraySubquery(read.order_by("at").values(json=JSONObject(at="at", rate="ml_per_hour")))
    )


def pumped(visit: Visit) -> tuple[Pumped, ...]:
    """What `with_pumped` found."""
    read: Iterable[dict[str, str]] = getattr(visit, "pumped", None) or ()
    return tuple(Pumped(datetime.fromisoformat(one["at"]), Fraction(str(one["rate"]))) for one in read)


def usual_minutes(visit: Visit) -> int | None:
    """The median minutes of the patient's own infusions, once there are enough of them; needs `with_pace`."""
    times: Iterable[dict[str, str]] = getattr(visit, "pace", None) or ()
    minutes = [
        actual_minutes(datetime.fromisoformat(one["start"]), datetime.fromisoformat(one["stop"])) for one in times
    ]
    return suggest_minutes(last_few(minutes))


def run_of(visit: Visit, *, has_steps: bool = True, read: Iterable[Pumped] = ()) -> Run:
    """`visit` as the rules want it; without `has_steps` its rates are left aside, and need not be read.

    `read` are the pump rates that were written down.
    """
    day, start = visit.course_day, visit.infusion_started_at
    steps = rate_steps(day.rate_steps) if has_steps else ()
    until = visit.observation_started_at or clock.now()
    pace = pace_of(steps, start, read, until) if steps and start else Pace()
    return Run(
        starts_at=visit.period.lower,
        ends_at=visit.period.upper,
        phases=tuple((phase["kind"], phase["minutes"]) for phase in day.phases),
        steps=steps,
        seated_at=visit.seated_at,
        started_at=visit.infusion_started_at,
        observing_at=visit.observation_started_at,
        usual_minutes=usual_minutes(visit),
        lag=pace.lag,
        held_since=pace.held_since,
    )


def following(visit: Visit, others: Iterable[Visit]) -> list[Following]:
    """Of the visits of a day, those that come after `visit` in its chair."""
    return [
        Following(other.id, other.patient.short_name, other.period.lower, other.period.upper)
        for other in others
        if other.chair_id == visit.chair_id
        and other.id != visit.id
        and other.status in OCCUPYING
        and other.period.lower >= visit.period.upper
    ]


def of_visit(visit: Visit) -> Overrun | None:
    """What comes of `visit` running over, if it is under way and will. Three SQL statements at most."""
    if visit.status not in HERE:
        return None
    paced = with_pumped(with_pace(Visit.objects.filter(pk=visit.pk))).only("pk").first()
    visit.pace = getattr(paced, "pace", ())  # type: ignore[attr-defined]
    visit.pumped = getattr(paced, "pumped", ())  # type: ignore[attr-defined]
    run, now = run_of(visit, read=pumped(visit)), clock.now()
    if predicted_end(run, now) <= run.ends_at:
        return None
    _, end = clock.day_bounds(run.starts_at.astimezone(visit.clinic.zone).date(), visit.clinic.zone)
    later = Visit.objects.occupying().filter(chair_id=visit.chair_id, period__startswith__gte=run.ends_at)
    later = later.filter(period__startswith__lt=end).select_related("patient").order_by("period")
    slots = CapacitySlot.objects.filter(clinic=visit.clinic, starts_at__gte=run.ends_at - QUARTER, starts_at__lt=end)
    load = {at: (used, cap) for at, used, cap in slots.values_list("starts_at", "load_used", "load_cap")}
    return overrun(run, now, following=following(visit, later), need=visit.load_profile, load=load)
