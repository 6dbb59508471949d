"""Covering visits that were booked while the payer was still deciding. Called when an authorization is approved."""

from authorizations.models import Authorization
from authorizations.queries.coverage import COVERAGE_CODES, find
from authorizations.services import ledger
from core import clock
from core.actor import Actor
from core.errors import Conflict
from core.transactions import business_act
from scheduling.models import Visit
from scheduling.queries.demand import WAITING
from scheduling.services import boards, gate, records


@business_act
def cover_waiting(*, authorization: Authorization, by: Actor) -> int:
    """Reserve units of a locked `authorization` for its patient's visits without cover, earliest first; how many.

    The gate is asked anew about every visit to come that holds its units: the payer may have changed what it allows.
    Joins the caller's transaction, which holds the authorization's row: the visits come after it in the lock order.
    """
    clinic = authorization.clinic
    start, _ = clock.day_bounds(clock.today(clinic.zone), clinic.zone)
    waiting = (
        Visit.objects.select_for_update(of=("self",))
        .select_related("patient", "chair__clinic", "clinic", "course_day__course__order")
        .filter(
            clinic=clinic,
            patient_id=authorization.patient_id,
            course_day__course__order__product_id=authorization.product_id,
            authorization__isnull=True,
            status__in=WAITING,
            period__startswith__gte=start,
        )
        .order_by("period", "id")
    )
    covered = [visit for visit in waiting if _cover(visit, authorization, by)]
    held = Visit.objects.filter(clinic=clinic, authorization=authorization, status__in=WAITING)
    gate.look(list(held.filter(period__startswith__gte=start).select_related("clinic").order_by("id")))
    if covered:
        boards.bump(clinic, [records.local_day(visit) for visit in covered])
    return len(covered)


def _cover(visit: Visit, authorization: Authorization, by: Actor) -> bool:
    on = records.local_day(visit)
    found = find(order=visit.course_day.course.order, units=visit.units, on=on)
    if found.reasons or found.authorization != authorization:
        return False
    try:
        ledger.reserve(authorization=authorization, visit_id=visit.id, units=visit.units, service_on=on, by=by)
    except Conflict:
        return False
    visit.authorization = authorization
    visit.overrides = [item for item in visit.overrides if item["code"] not in COVERAGE_CODES]
    records.save(visit)
    records.note(visit, "cover", by, after={"authorization_id": str(authorization.id)})
    return True
