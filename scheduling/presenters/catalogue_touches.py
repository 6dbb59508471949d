"""What a change of the catalogue touches, as rows: patients of this clinic by name, those of others as a number."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from accounts.models import Clinic
from regimens.domain.catalogue_fields import Reach
from scheduling.presenters.order_words import counted, mass
from scheduling.services.catalogue_changes import Amounts, TouchedOrder, TouchedVisit, Touches


@dataclass(frozen=True, kw_only=True)
class VisitRow:
    """A booked visit, and what would be otherwise on its day."""

    id: UUID
    starts_at: datetime
    chair: str
    changes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class OrderRow:
    """An order of this clinic."""

    order_id: UUID
    patient: str
    record_number: str
    visits: tuple[VisitRow, ...]
    unbooked: str
    refusal: str


@dataclass(frozen=True, kw_only=True)
class TouchedView:
    """Everything a change touches, in words and rows."""

    title: str
    text: str
    rows: tuple[OrderRow, ...]
    elsewhere: str


def touched_view(touches: Touches, clinic: Clinic) -> TouchedView:
    """The touches as somebody at `clinic` may see them."""
    here = [order for order in touches.orders if order.order.clinic_id == clinic.id]
    others = len(touches.orders) - len(here)
    title, text = _headline(touches)
    elsewhere = f"{counted(others, 'order')} at other clinics of your organization as well." if others else ""
    return TouchedView(title=title, text=text, rows=tuple(_order(order) for order in here), elsewhere=elsewhere)


def _headline(touches: Touches) -> tuple[str, str]:
    if touches.reach is Reach.ORDERS:
        return (
            "No visit changes",
            "It counts for orders entered from then on; accepted orders keep theirs.",
        )
    if touches.reach is Reach.NOBODY:
        waiting = f" Not accepted yet: {counted(touches.drafts, 'draft')}." if touches.drafts else ""
        return "No visit changes", f"It decides whether orders can be accepted from then on.{waiting}"
    if not touches.orders:
        return "No visit changes", "No accepted order plans a day that it would change."
    booked = counted(touches.visits, "booked visit")
    planned = counted(touches.unbooked_days, "planned day")
    return (
        f"{booked} and {planned} would change",
        "Courses without a visit follow at once. Booked visits stay as they are: each becomes a difference on its "
        "order's page, for somebody to keep or to follow.",
    )


def _order(touched: TouchedOrder) -> OrderRow:
    order = touched.order
    is_ig = order.product.is_immune_globulin
    return OrderRow(
        order_id=order.id,
        patient=str(order.patient),
        record_number=order.patient.record_number,
        visits=tuple(_visit(visit, is_ig=is_ig) for visit in touched.visits),
        unbooked=counted(touched.unbooked_days, "planned day") if touched.unbooked_days else "–",
        refusal=touched.refusal,
    )


def _visit(touched: TouchedVisit, *, is_ig: bool) -> VisitRow:
    visit = touched.visit
    return VisitRow(
        id=visit.id,
        starts_at=visit.period.lower,
        chair=visit.chair.name,
        changes=_changes(touched.was, touched.now, is_ig=is_ig) or ("vials or the ramp, in the same time",),
    )


def _changes(was: Amounts, now: Amounts, *, is_ig: bool) -> tuple[str, ...]:
    pairs = [
        ("chair", _minutes(was.chair_minutes), _minutes(now.chair_minutes)),
        ("infusion", _minutes(was.infusion_minutes), _minutes(now.infusion_minutes)),
        ("units", str(was.units), str(now.units)),
        ("dose", _mass(was.dose_mg, is_ig=is_ig), _mass(now.dose_mg, is_ig=is_ig)),
    ]
    return tuple(f"{name} {before} → {after}" for name, before, after in pairs if before != after)


def _mass(mg: Decimal, *, is_ig: bool) -> str:
    return mass(mg, is_immune_globulin=is_ig)


def _minutes(minutes: int) -> str:
    return f"{minutes} min"
