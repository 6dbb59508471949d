"""Rows of the order pages: the list of orders, and the courses of one."""

from dataclasses import dataclass

from django.urls import reverse

from core.looks import look_of
from regimens.domain.titration import Profile
from regimens.domain.validity import beyond
from regimens.models import CourseDay, OrderStatus, TreatmentOrder
from regimens.queries.orders import valid_until
from scheduling.presenters import order_words
from scheduling.queries.order_page import TO_PLACE, CourseRow, DayRow, DayState, OrderPage

ORDER_CHIPS = {
    OrderStatus.DRAFT: ("Draft", "plain", "circle-dashed"),
    OrderStatus.ACTIVE: ("Active", "good", "tick"),
    OrderStatus.ON_HOLD: ("On hold", "warn", "hourglass"),
    OrderStatus.ENDED: ("Ended", "calm", "slash"),
}
STATE_CHIPS = {
    DayState.TO_BOOK: ("Not booked", "plain", "circle-dashed"),
    DayState.LATE: ("Overdue", "bad", "warning"),
    DayState.MISSED: ("Missed", "bad", "cross"),
    DayState.PASSED: ("Not given", "calm", "slash"),
}


@dataclass(frozen=True, kw_only=True)
class Chip:
    word: str
    tone: str
    icon: str


@dataclass(frozen=True, kw_only=True)
class OrderSummary:
    """An order in a line: what, how much, how often."""

    order: TreatmentOrder
    chip: Chip
    drug: str
    dose: str
    rhythm: str


@dataclass(frozen=True, kw_only=True)
class DayView:
    """A day of a course on the order's page."""

    day: CourseDay
    row: DayRow
    chip: Chip
    before: int
    dose: str
    vials: str
    infusion_minutes: int
    is_slow: bool
    after_end: str
    given: str
    book_url: str
    cover_word: str
    cover_tone: str
    cover_icon: str
    cover_note: str


@dataclass(frozen=True, kw_only=True)
class CourseView:
    """A course on the order's page."""

    row: CourseRow
    phase: str
    why: str
    days: tuple[DayView, ...]
    is_next: bool


@dataclass(frozen=True, kw_only=True)
class ListedOrder:
    """An order in the list, and whether the one that follows it is drafted."""

    summary: OrderSummary
    renewal: TreatmentOrder | None


def order_chip(status: str) -> Chip:
    word, tone, icon = ORDER_CHIPS[OrderStatus(status)]
    return Chip(word=word, tone=tone, icon=icon)


def summary(order: TreatmentOrder) -> OrderSummary:
    """An order in words."""
    return OrderSummary(
        order=order,
        chip=order_chip(order.status),
        drug=order.product.name,
        dose=order_words.dose(order),
        rhythm=order_words.rhythm(order),
    )


def listed(order: TreatmentOrder) -> ListedOrder:
    """A row of the list; the order comes with `renewed_by`."""
    return ListedOrder(summary=summary(order), renewal=getattr(order, "renewed_by", None))


def course_views(page: OrderPage) -> list[CourseView]:
    """The courses of an order, each with why it is due when it is. Why one has no cover is said once."""
    told: set[frozenset[str]] = set()
    waiting = page.next_to_book
    views: list[CourseView] = []
    before: CourseRow | None = None
    for row in page.courses:
        why = order_words.why_due(
            page.order, row.course, before.course if before else None, before.given_on if before else None
        )
        views.append(
            CourseView(
                row=row,
                phase=row.course.get_phase_display(),
                why=why,
                days=tuple(_day_view(page.order, day, told) for day in row.days),
                is_next=waiting is not None and waiting.course_id == row.course.id,
            )
        )
        before = row
    return views


def _day_view(order: TreatmentOrder, row: DayRow, told: set[frozenset[str]]) -> DayView:
    is_ig = order.product.is_immune_globulin
    can_book = order.status == OrderStatus.ACTIVE and row.state in TO_PLACE
    word, tone, icon, note = _cover_words(row, told)
    return DayView(
        day=row.day,
        row=row,
        chip=_state_chip(row),
        before=row.day.day_number - 1,
        dose=order_words.mass(row.day.dose_mg, is_immune_globulin=is_ig),
        vials=order_words.vials(row.day.vials, is_immune_globulin=is_ig),
        infusion_minutes=sum(phase["minutes"] for phase in row.day.phases if phase["kind"] == "infusion"),
        is_slow=row.day.profile == Profile.FIRST and bool(row.day.rate_steps),
        after_end="" if row.is_given else beyond(row.day.due_on, last_on=valid_until(order)),
        given=_given(row, is_ig=is_ig),
        book_url=f"{reverse('scheduling:find')}?course_day={row.day.id}" if can_book else "",
        cover_word=word,
        cover_tone=tone,
        cover_icon=icon,
        cover_note=note,
    )


def _given(row: DayRow, *, is_ig: bool) -> str:
    """What went in: "38 g given", "given, dose not recorded"; empty where nothing was."""
    if row.given is None:
        return ""
    if row.given.dose_mg is None:
        return "given; dose not recorded yet"
    dose = order_words.mass(row.given.dose_mg, is_immune_globulin=is_ig)
    return f"{dose} given{', not all of it' if row.given.is_complete is False else ''}"


def _state_chip(row: DayRow) -> Chip:
    if row.state in STATE_CHIPS:
        word, tone, icon = STATE_CHIPS[row.state]
        return Chip(word=word, tone=tone, icon=icon)
    look = look_of("visit", row.visit.status if row.visit else "")
    return Chip(word=look.word, tone=look.tone, icon=look.icon)


def _cover_words(row: DayRow, told: set[frozenset[str]]) -> tuple[str, str, str, str]:
    """Word, tone, icon and sentence of a day's cover; a reason that was `told` already is not said again."""
    found = row.coverage
    if found is None:
        return "", "", "", ""
    if not found.is_required:
        return "Not required", "calm", "tick", ""
    if found.is_covered:
        return "Covered", "good", "shield", found.authorization.reference if found.authorization else ""
    codes = frozenset(reason.code for reason in found.reasons)
    sentence = "" if codes in told else " ".join(reason.sentence for reason in found.reasons)
    told.add(codes)
    return "Not covered", "bad", "octagon", sentence
