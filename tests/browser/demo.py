"""The demo clinic behind a server: who is signed in, and an example of everything that an address asks for.

Filled once for a module, at half past ten on a Monday; what the demo leaves out (a series booked together, a place that
came free, a chair out of use) is made by the services.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from django.db.models import Count

from accounts.domain.policy import Role
from accounts.models import Clinic, Closure, Membership, User
from authorizations.models import Authorization
from core import clock
from core.actor import Actor
from patients.models import DiaryEntry, Patient
from regimens.models import CatalogueEdit, ElsewhereTherapy, OrderStatus, Product, ProductCode, TreatmentOrder
from scheduling.domain.statuses import VisitStatus
from scheduling.models import Chair, Disruption, MoveRequest, Shift, Visit
from scheduling.queries import series as reading
from scheduling.queries.series import Range
from scheduling.services import booking, outages, series
from scheduling.services.booking import Override
from tests import factories
from tests.browser.conftest import session_of
from tests.scheduling.series.scenes import picks

MONDAY = datetime(2026, 11, 23, 16, 30, tzinfo=UTC)
REASON = Override("same-day need")


@dataclass
class House:
    """The filled demo behind a server: sessions of people, and an example of each thing in an address."""

    address: str
    staff: dict[Role, str]
    patients: dict[str, str]
    examples: dict[str, str]
    sizes: dict[str, int] = field(default_factory=dict)
    paces: dict[str, dict[str, float]] = field(default_factory=dict)


def furnish(address: str, people: list[User]) -> House:
    """The house at `address`, with `people` of its staff signed in."""
    examples = {name: str(value) for name, value in _examples().items()}
    owners = {name: User.objects.get(patient__visits__id=examples[name]) for name in ("next", "asked")}
    owners["entry"] = User.objects.get(patient__diary__id=examples["entry"])
    found = Membership.objects.filter(user__in=people).exclude(role=Role.PATIENT).select_related("user")
    staff = {Role(membership.role): session_of(membership.user) for membership in found}
    return House(address, staff, {name: session_of(user) for name, user in owners.items()}, examples)


def _examples() -> dict[str, object]:
    """What the addresses of `tests.browser.pages` ask for."""
    busy = Patient.objects.annotate(visit_count=Count("visits")).order_by("-visit_count", "id")[0]
    order = TreatmentOrder.objects.filter(patient=busy, status=OrderStatus.ACTIVE)[0]
    found: dict[str, object] = {
        "patient": busy.id,
        "order": order.id,
        "product": order.product_id,
        "indication": order.indication_id,
        "draft_order": TreatmentOrder.objects.filter(status=OrderStatus.DRAFT)[0].id,
        "visit": Visit.objects.filter(patient=busy, status=VisitStatus.BOOKED)[0].id,
        "shift": Shift.objects.filter(starts_at__gt=clock.now())[0].pk,
        "nurse": Shift.objects.filter(starts_at__gt=clock.now())[0].nurse_id,
        "entry": DiaryEntry.objects.filter(patient__user__isnull=False).order_by("-happened_at")[0].id,
        "approved": Authorization.objects.filter(status="approved", units_used__gt=0)[0].id,
    }
    for name, status in (("pending", "in_review"), ("denied", "denied"), ("draft_authorization", "draft")):
        found[name] = Authorization.objects.filter(status=status)[0].id
    return found | _visits() | _made(busy.clinic) | _written(busy.clinic)


def _visits() -> dict[str, object]:
    """One to come, one gone by, one asked to be moved, and today's in two statuses."""
    booked = Visit.objects.filter(status=VisitStatus.BOOKED, period__startswith__gt=clock.now())
    coming = booked.filter(patient__user__isnull=False, requests=None).filter(patient__visits__status="completed")[0]
    asked = MoveRequest.objects.filter(state="open", visit__patient__user__isnull=False)[0]
    past = Visit.objects.filter(patient=coming.patient, status=VisitStatus.COMPLETED)[0]
    return {
        "next": coming.id,
        "chair": coming.chair_id,
        "past": past.id,
        "asked": asked.visit_id,
        "seated": Visit.objects.filter(status__in=[VisitStatus.SEATED, VisitStatus.ARRIVED])[0].id,
        "infusing": Visit.objects.filter(status=VisitStatus.INFUSING)[0].id,
    }


def _made(clinic: Clinic) -> dict[str, object]:
    """What the services make: a chair out of use, a closed day, two visits booked together, and a place come free."""
    by, manager = factories.scheduler(clinic), factories.actor(factories.make_staff(clinic, Role.MANAGER))
    last = Chair.objects.select_related("clinic").filter(clinic=clinic).order_by("-position")[0]
    start, end = clock.day_bounds(date(2027, 3, 1), clinic.zone)
    out = outages.add(chair=last, starts_at=start, ends_at=end, reason="Service", by=manager)
    closure, _ = Closure.objects.get_or_create(clinic=clinic, on=date(2027, 3, 2), defaults={"reason": "Inventory"})
    order, places = _waiting(clinic)
    together = series.book_series(order=order, picks=places[:2], by=by, override=REASON)
    first = together.visits[0]
    later = first.period.lower + timedelta(minutes=30)
    return {
        "retired": Chair.objects.create(clinic=clinic, name="Z9", position=last.position + 1, is_active=False).id,
        "outage": out.outage.id,
        "closure": closure.pk,
        "series": together.pk,
        "in_series": first.id,
        "free": f"{first.chair_id}@{later:%Y-%m-%dT%H:%M:%S}Z",
        "unbooked": places[2].course_day.id,
        "unbooked_order": order.id,
        "cancelled": _cancelled(clinic, by).id,
    }


def _written(clinic: Clinic) -> dict[str, object]:
    """Rows that the services need a long story for: changes to the catalogue, a therapy elsewhere, an upset day."""
    product = Product.objects.get(pk="yimmugo")
    own = {"organization": clinic.organization, "product": product}
    edit = CatalogueEdit.objects.create(
        **own, field="min_interval_days", value=7, effective_from=MONDAY, source="Own", confidence="K", made_at=MONDAY
    )
    code = ProductCode.objects.create(**own, hcpcs="J3490", unit_mg=500, label="Own", starts_on=MONDAY)
    therapy = ElsewhereTherapy.objects.filter(patient__clinic=clinic)[0]
    facts = {"starts_at": "2026-11-20T15:00:00+00:00", "ends_at": "2026-11-20T17:00:00+00:00", "reason": "Snow"}
    return {
        "edit": edit.pk,
        "code": code.pk,
        "therapy": therapy.id,
        "elsewhere": therapy.patient_id,
        "upset": Disruption.objects.create(clinic=clinic, kind="closed", facts=facts, applied_at=MONDAY).id,
    }


def _waiting(clinic: Clinic) -> tuple[TreatmentOrder, list[series.Pick]]:
    """An order with three course days or more that have no visit yet, and a place for each."""
    for order in TreatmentOrder.objects.filter(clinic=clinic, status=OrderStatus.ACTIVE).order_by("id"):
        places = picks(reading.plan(clinic, order.id, within=Range(courses=4)))
        if len(places) >= 3:
            return order, places
    raise AssertionError("The demo has no order with three course days to book.")


def _cancelled(clinic: Clinic, by: Actor) -> Visit:
    """A visit of the next days whose place came free."""
    tomorrow = clock.now() + timedelta(days=1)
    there = Visit.objects.select_related("chair__clinic", "clinic", "patient").filter(clinic=clinic, patient__user=None)
    visit = there.filter(status=VisitStatus.BOOKED, period__startswith__gt=tomorrow, requests=None)[0]
    return booking.cancel(visit=visit, reason="The patient is ill.", expected_version=visit.version, by=by)
