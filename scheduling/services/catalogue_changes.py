"""Changing the catalogue with its consequences: which visits a change touches, and the plans that follow it.

Promises that the preview and the save look at the same rules; that saving never moves or changes a booked visit (it
becomes a difference for a person to decide, see `reanchoring`); and that all of it happens in one transaction.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

from accounts.models import Clinic
from core import clock
from core.actor import Actor
from core.errors import Refusal
from core.transactions import business_act
from regimens.domain.catalogue_fields import Reach, find
from regimens.domain.given_so_far import GivenSoFar
from regimens.models import CatalogueEdit, CourseDay, Indication, Product, ProductCode, TreatmentOrder
from regimens.queries.patient_facts import PatientFacts, patient_facts
from regimens.queries.therapies import AS_IT_IS, AsIf, TherapyBook, entry_on, therapy_book
from regimens.services import catalogue_codes, catalogue_edits
from regimens.services.catalogue_codes import CodeFacts
from regimens.services.catalogue_edits import ChangeFacts, Subject
from regimens.services.facts import facts_of
from regimens.services.planning import LaidOutDay, lay_out_courses
from scheduling.models import Visit
from scheduling.queries.catalogue_touches import Place, PlannedOrder, drafts_of, planned_orders
from scheduling.services import reanchoring

Days = dict[Place, LaidOutDay]


@dataclass(frozen=True, kw_only=True)
class Amounts:
    """What of a day a chair, a nurse and a payer notice. Mass in mg."""

    dose_mg: Decimal
    units: int
    chair_minutes: int
    infusion_minutes: int


@dataclass(frozen=True, kw_only=True)
class TouchedVisit:
    """A booked visit whose day would be planned otherwise. It stays as booked until somebody decides."""

    visit: Visit
    was: Amounts
    now: Amounts


@dataclass(frozen=True, kw_only=True)
class TouchedOrder:
    """An order whose plan would follow a change. `refusal` says why it could not."""

    order: TreatmentOrder
    visits: tuple[TouchedVisit, ...] = ()
    unbooked_days: int = 0
    refusal: str = ""


@dataclass(frozen=True, kw_only=True)
class Touches:
    """Everything a change touches in the organization. `drafts` wait for a label check that the change settles."""

    reach: Reach
    orders: tuple[TouchedOrder, ...] = ()
    drafts: int = 0

    @property
    def visits(self) -> int:
        return sum(len(order.visits) for order in self.orders)

    @property
    def unbooked_days(self) -> int:
        return sum(order.unbooked_days for order in self.orders)


def touches(*, clinic: Clinic, subject: Subject, reach: Reach, as_if: AsIf) -> Touches:
    """What the change would touch, saved by nobody yet. Asks the database about every planned order of the subject."""
    organization_id = clinic.organization_id
    if reach is Reach.NOBODY and isinstance(subject, Product):
        return Touches(reach=reach, drafts=drafts_of(organization_id=organization_id, product=subject))
    if reach is not Reach.DAYS:
        return Touches(reach=reach)
    planned = (
        planned_orders(organization_id=organization_id, product=subject)
        if isinstance(subject, Product)
        else planned_orders(organization_id=organization_id, indication=subject)
    )
    books = _Books(organization_id, as_if)
    found = (_touched(each, books) for each in planned)
    return Touches(reach=reach, orders=tuple(order for order in found if order is not None))


@business_act
def change(*, clinic: Clinic, subject: Subject, facts: ChangeFacts, by: Actor) -> CatalogueEdit:
    """Save a change of a number; every plan it touches follows. Raises what `catalogue_edits.make` raises."""
    proposal = catalogue_edits.propose(clinic=clinic, subject=subject, facts=facts, by=by)
    found = touches(clinic=clinic, subject=subject, reach=proposal.field.reach, as_if=proposal.as_if)
    edit = catalogue_edits.make(clinic=clinic, subject=subject, facts=facts, by=by)
    _follow(found.orders, f"a change of the catalogue ({subject.name}: {proposal.field.label})")
    return edit


@business_act
def withdraw(*, clinic: Clinic, edit: CatalogueEdit, by: Actor) -> CatalogueEdit:
    """Take a change back; every plan it had touched follows. Raises what `catalogue_edits.withdraw` raises."""
    found = touches_of_withdrawal(clinic=clinic, edit=edit)
    gone = catalogue_edits.withdraw(clinic=clinic, edit=edit, by=by)
    _follow(found.orders, f"a change of the catalogue that was taken back ({subject_of(edit).name})")
    return gone


@business_act
def add_code(*, clinic: Clinic, product: Product, facts: CodeFacts, by: Actor) -> ProductCode:
    """Save a billing code of the organization's own; the units of every plan it touches follow."""
    proposal = catalogue_codes.propose_code(clinic=clinic, product=product, facts=facts, by=by)
    found = touches(clinic=clinic, subject=product, reach=Reach.DAYS, as_if=proposal.as_if)
    code = catalogue_codes.add_code(clinic=clinic, product=product, facts=facts, by=by)
    _follow(found.orders, f"the billing code {code.hcpcs} of {code.label}")
    return code


@business_act
def withdraw_code(*, clinic: Clinic, code: ProductCode, by: Actor) -> ProductCode:
    """Take an own code back; the units of every plan it had touched follow."""
    found = touches_of_code_withdrawal(clinic=clinic, code=code)
    gone = catalogue_codes.withdraw_code(clinic=clinic, code=code, by=by)
    _follow(found.orders, f"the billing code {code.hcpcs}, taken back")
    return gone


def touches_of_withdrawal(*, clinic: Clinic, edit: CatalogueEdit) -> Touches:
    """What taking a change back would touch."""
    subject = subject_of(edit)
    entry = entry_on(subject.data, [edit], edit.effective_from)
    field = find(catalogue_edits.fields_of(subject, entry), edit.field)
    reach = Reach.DAYS if field is None else field.reach
    return touches(clinic=clinic, subject=subject, reach=reach, as_if=AsIf(without=frozenset({edit.pk})))


def touches_of_code_withdrawal(*, clinic: Clinic, code: ProductCode) -> Touches:
    """What taking an own code back would touch."""
    return touches(clinic=clinic, subject=code.product, reach=Reach.DAYS, as_if=AsIf(without=frozenset({code.pk})))


def subject_of(edit: CatalogueEdit) -> Subject:
    """The product or indication an edit changes."""
    subject: Product | Indication | None = edit.product or edit.indication
    assert subject is not None  # noqa: S101 (a constraint of the table)
    return subject


class _Books:
    """The therapies of each product and indication before and after the change, read once for all orders."""

    def __init__(self, organization_id: UUID, as_if: AsIf) -> None:
        self._organization_id = organization_id
        self._as_if = as_if
        self._held: dict[tuple[str, str], tuple[TherapyBook, TherapyBook]] = {}

    def of(self, order: TreatmentOrder) -> tuple[TherapyBook, TherapyBook]:
        """The book as it is and the book as it would be."""
        key = (order.product_id, order.indication_id)
        if key not in self._held:
            self._held[key] = (self._read(order, AS_IT_IS), self._read(order, self._as_if))
        return self._held[key]

    def _read(self, order: TreatmentOrder, as_if: AsIf) -> TherapyBook:
        return therapy_book(order.product, order.indication, organization_id=self._organization_id, as_if=as_if)


def _touched(planned: PlannedOrder, books: _Books) -> TouchedOrder | None:
    """How an order's days to come would be planned otherwise; None when none would."""
    before, after = books.of(planned.order)
    known = patient_facts(planned.order.patient, planned.order.product)
    try:
        was = _days(planned, before, known)
    except Refusal:
        was = {}
    try:
        now = _days(planned, after, known)
    except Refusal as refusal:
        return TouchedOrder(order=planned.order, refusal=refusal.sentence) if was else None
    visits: list[TouchedVisit] = []
    unbooked = 0
    for place, day in planned.days.items():
        if place in planned.given or place not in now or was.get(place) == now[place]:
            continue
        visit = planned.visits.get(day.pk)
        if visit is None:
            unbooked += 1
        elif not _is_as_booked(day, was.get(place), now[place]):
            visits.append(TouchedVisit(visit=visit, was=_stored(day), now=_amounts(now[place])))
    if not visits and not unbooked:
        return None
    visits.sort(key=lambda touched: touched.visit.period.lower)
    return TouchedOrder(order=planned.order, visits=tuple(visits), unbooked_days=unbooked)


def _is_as_booked(day: CourseDay, was: LaidOutDay | None, now: LaidOutDay) -> bool:
    """Whether the change only leads back to what a visit was booked for, and kept when the plan moved on."""
    booked = _stored(day)
    return _amounts(now) == booked and (was is None or _amounts(was) != booked)


def _days(planned: PlannedOrder, book: TherapyBook, known: PatientFacts) -> Days:
    laid_out = lay_out_courses(
        facts_of(planned.order),
        book,
        through_on=planned.through_on,
        patient=known,
        given_on=planned.given_on,
        given=GivenSoFar(planned.given, clock.today(planned.order.clinic.zone)),
    )
    return {(course.number, day.day_number): day for course in laid_out for day in course.days}


def _stored(day: CourseDay) -> Amounts:
    infusion = sum(phase["minutes"] for phase in day.phases if phase["kind"] == "infusion")
    return Amounts(
        dose_mg=day.dose_mg, units=day.units, chair_minutes=day.chair_minutes, infusion_minutes=int(infusion)
    )


def _amounts(day: LaidOutDay) -> Amounts:
    return Amounts(
        dose_mg=_decimal(day.dose_mg),
        units=day.units,
        chair_minutes=day.chair_minutes,
        infusion_minutes=day.infusion_minutes,
    )


def _decimal(value: Fraction) -> Decimal:
    return (Decimal(value.numerator) / Decimal(value.denominator)).quantize(Decimal("0.01"))


def _follow(orders: Sequence[TouchedOrder], cause: str) -> None:
    """Let each plan follow, always in the same order of orders."""
    for touched in sorted(orders, key=lambda each: each.order.pk):
        reanchoring.follow_order(touched.order, cause=cause)
