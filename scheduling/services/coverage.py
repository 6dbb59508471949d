"""Units for a visit: which authorization covers it, reserving them at booking and giving them back."""

from collections.abc import Iterable, Sequence
from datetime import date
from uuid import UUID

from authorizations.models import Authorization
from authorizations.queries.coverage import Coverage, Need, find, find_many
from authorizations.services import ledger
from core.actor import Actor
from core.errors import Reason
from regimens.models import CourseDay
from scheduling.models import Visit
from scheduling.queries.cover_of_days import in_turn


def cover(course_day: CourseDay, on: date) -> tuple[Authorization | None, tuple[Reason, ...]]:
    """The authorization that covers `course_day` on `on`, or the (soft) reasons why none does."""
    answer = find(order=course_day.course.order, units=course_day.units, on=on)
    if answer.reasons and answer.is_required:
        return None, answer.reasons
    return answer.authorization, ()


def lock(visits: Iterable[tuple[UUID, str]]) -> None:
    """Lock every authorization that could cover these (patient, product), in key order: many visits, one lock order."""
    asked = set(visits)
    patients, products = {patient for patient, _ in asked}, {product for _, product in asked}
    found = Authorization.objects.filter(patient__in=patients, product__in=products)
    list(found.select_for_update(of=("self",)).order_by("id").values_list("id", flat=True))


Cover = tuple[Authorization | None, tuple[Reason, ...]]


def cover_many(wanted: Sequence[tuple[CourseDay, date]]) -> list[Cover | None]:
    """The cover of days of one clinic, in turn, as far as it is plain: one SQL statement for all of them.

    None where the answer hangs on what the days before take: then `cover` says, when its turn has come.
    """
    clinic = wanted[0][0].course.order.clinic
    found = find_many(clinic=clinic, needs=[Need(day.course.order, day.units, on) for day, on in wanted])
    answers = in_turn([day.units for day, _ in wanted], found)
    return [_plain(answer) for answer in answers]


def _plain(answer: Coverage) -> Cover | None:
    held = answer.authorization
    if not answer.is_required:
        return held, ()
    is_counted = held is not None and (held.visits_approved is not None or held.limit_units is not None)
    return None if answer.reasons or is_counted else (held, ())


def reserve(visit: Visit, authorization: Authorization | None, on: date, by: Actor) -> None:
    """Set the visit's units aside on `authorization`, if there is one; raises `Conflict` when they are gone."""
    if authorization is not None:
        ledger.reserve(authorization=authorization, visit_id=visit.id, units=visit.units, service_on=on, by=by)


def release(visit: Visit, by: Actor) -> None:
    """Give back what is reserved for the visit."""
    if visit.authorization_id is not None:
        ledger.release(visit_id=visit.id, by=by)
