"""Units for a visit: which authorization covers it, reserving them at booking and giving them back."""

from collections.abc import Iterable, Sequence
from datetime import date
from uuid import UUID

from authorizations.models import Authorization
from authorizations.queries.coverage import Coverage, Need, find, find_in_turn, find_many
from authorizations.services import ledger
from core.actor import Actor
from core.errors import Reason
from regimens.models import CourseDay
from scheduling.models import Visit


def cover(course_day: CourseDay, on: date) -> tuple[Authorization | None, tuple[Reason, ...]]:
    """The authorization that covers `course_day` on `on`, or the (soft) reasons why none does."""
    return _cover(find(order=course_day.course.order, units=course_day.units, on=on))


def lock(visits: Iterable[tuple[UUID, str]]) -> None:
    """Lock every authorization that could cover these (patient, product), in key order: many visits, one lock order."""
    asked = set(visits)
    patients, products = {patient for patient, _ in asked}, {product for _, product in asked}
    found = Authorization.objects.filter(patient__in=patients, product__in=products)
    list(found.select_for_update(of=("self",)).order_by("id").values_list("id", flat=True))


Cover = tuple[Authorization | None, tuple[Reason, ...]]


def covers(wanted: Sequence[tuple[CourseDay, date]]) -> list[Cover]:
    """`cover` of days of one clinic, each with what those before it take. One SQL statement."""
    clinic = wanted[0][0].course.order.clinic
    answers = find_in_turn(clinic=clinic, needs=[Need(day.course.order, day.units, on) for day, on in wanted])
    return [_cover(answer) for answer in answers]


def covers_alone(wanted: Sequence[tuple[CourseDay, date]]) -> list[Cover]:
    """`cover` of days of one clinic, each as if it were the only one. One SQL statement."""
    clinic = wanted[0][0].course.order.clinic
    answers = find_many(clinic=clinic, needs=[Need(day.course.order, day.units, on) for day, on in wanted])
    return [_cover(answer) for answer in answers]


def _cover(answer: Coverage) -> Cover:
    if answer.reasons and answer.is_required:
        return None, answer.reasons
    return answer.authorization, ()


def reserve(visit: Visit, authorization: Authorization | None, on: date, by: Actor) -> None:
    """Set the visit's units aside on `authorization`, if there is one; raises `Conflict` when they are gone."""
    if authorization is not None:
        ledger.reserve(authorization=authorization, visit_id=visit.id, units=visit.units, service_on=on, by=by)


def reserve_all(visits: Iterable[tuple[Visit, date]], by: Actor) -> None:
    """`reserve` for visits that have their authorization, each on its day; as many SQL statements as for one."""
    wanted = [
        ledger.Reservation(authorization=visit.authorization, visit_id=visit.id, units=visit.units, service_on=on)
        for visit, on in visits
        if visit.authorization is not None
    ]
    if wanted:
        ledger.reserve_all(wanted=wanted, by=by)


def release(visit: Visit, by: Actor) -> None:
    """Give back what is reserved for the visit."""
    if visit.authorization_id is not None:
        ledger.release(visit_id=visit.id, by=by)


def release_all(visits: Iterable[Visit], by: Actor) -> None:
    """`release` for many; as many SQL statements as for one."""
    ids = [visit.id for visit in visits if visit.authorization_id is not None]
    if ids:
        ledger.release_all(visit_ids=ids, by=by)
