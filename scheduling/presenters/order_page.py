"""What an order's page says beside its courses: what needs attention now, and what happened to the order so far."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.urls import reverse

from core.looks import look_of
from regimens.models import OrderEvent, OrderStatus
from scheduling.queries.order_page import OrderPage

TONES = {"held": "is-bad", "ended": "is-bad", "released": "is-good", "accepted": "is-good"}
WORDS = {
    "entered": "Entered as a draft",
    "changed": "Draft corrected",
    "accepted": "Accepted",
    "extended": "Extended",
    "recalculated": "Dates recalculated",
    "held": "Put on hold",
    "released": "Released",
    "renewed": "Renewed",
    "ended": "Ended",
    "booked": "Visits booked",
}


@dataclass(frozen=True)
class Notice:
    """Something on an order's page that wants a person: in a word, a sentence, and where to go."""

    title: str
    sentence: str
    tone: str = "warn"
    url: str = ""
    link: str = ""


@dataclass(frozen=True)
class HistoryLine:
    """One thing that happened to an order."""

    title: str
    at: datetime | None
    who: str
    reason: str
    details: tuple[str, ...]
    tone: str


def notices(page: OrderPage) -> list[Notice]:
    """What of an order needs attention, the gravest first."""
    order = page.order
    found: list[Notice] = []
    if order.status == OrderStatus.ON_HOLD:
        found.append(Notice("On hold", f"{_held(page)} Nothing of it is given until it is released.", "bad"))
    if order.status == OrderStatus.ENDED and order.status_reason:
        found.append(Notice("Ended", order.status_reason, "info"))
    if page.has_differences:
        url = reverse("scheduling:order-plan", args=[order.id])
        sentence = "The plan would change courses that are booked. Nothing moves until somebody decides."
        found.append(Notice("Changes to approve", sentence, "warn", url, "Look at the changes"))
    found += [Notice("A dose far from the usual", sentence) for sentence in page.dose_notices]
    if page.exchanges:
        found.append(_exchange_notice(list(page.exchanges.values())))
    if page.weight_change is not None and order.status != OrderStatus.ENDED:
        found.append(_weight_notice(page))
    found += [
        Notice(f"Course {row.course.number} is incomplete", _incomplete(row))
        for row in page.courses
        if row.is_incomplete
    ]
    if page.renewed_by is not None:
        url = reverse("scheduling:order", args=[page.renewed_by.id])
        word = "drafted" if page.renewed_by.status == OrderStatus.DRAFT else "accepted"
        found.append(
            Notice(
                f"Renewal {word}", f"Its first course is due {_d(page.renewed_by.starts_on)}.", "info", url, "Open it"
            )
        )
    if order.renews_id is not None:
        url = reverse("scheduling:order", args=[order.renews_id])
        sentence = "Accepting this one ends that one." if order.status == OrderStatus.DRAFT else "It followed that one."
        found.append(Notice("Renews an earlier order", sentence, "info", url, "Open it"))
    return found


def _exchange_notice(sentences: list[str]) -> Notice:
    """A caution that forbids nothing: the next dose it is about, and how many more there are."""
    more = len(sentences) - 1
    also = f" {more} later day{'' if more == 1 else 's'} of this order {'is' if more == 1 else 'are'} near one too."
    return Notice("A plasma exchange elsewhere", sentences[0] + (also if more else ""), "info")


def history(page: OrderPage) -> list[HistoryLine]:
    """What happened to the order, the newest first; an acceptance from before events were kept is told as well."""
    order = page.order
    lines = [_line(event, is_ended=order.status == OrderStatus.ENDED) for event in page.events]
    if order.accepted_at is not None and not any(event.kind == "accepted" for event in page.events):
        lines.append(
            HistoryLine("Accepted", order.accepted_at, str(order.accepted_by or ""), "", (), TONES["accepted"])
        )
    return lines


def _line(event: OrderEvent, *, is_ended: bool) -> HistoryLine:
    detail: dict[str, Any] = event.detail
    moved = tuple(
        f"Course {change['course']}: {_moved(change)}" for change in detail.get("changes", ()) if "course" in change
    )
    return HistoryLine(
        title="Last date set"
        if event.kind == "ended" and not is_ended
        else WORDS.get(event.kind, event.kind.capitalize()),
        at=event.at,
        who=event.by_label,
        reason=event.reason,
        details=moved,
        tone=TONES.get(event.kind, ""),
    )


def _moved(change: dict[str, Any]) -> str:
    was, now = (change.get(name) for name in ("was", "now"))
    causes = "; ".join(change.get("why") or ())
    if not was or not now or was == now:
        return causes or "recalculated"
    return f"{_became(was, now)}{f' ({causes})' if causes else ''}"


def _became(was: str, now: str) -> str:
    return f"{_d(date.fromisoformat(str(was)[:10]))} became {_d(date.fromisoformat(str(now)[:10]))}"


def _held(page: OrderPage) -> str:
    return f"{page.order.status_reason.rstrip('.')}." if page.order.status_reason else "No reason was given."


def _weight_notice(page: OrderPage) -> Notice:
    change = page.weight_change
    assert change is not None  # noqa: S101 (asked before)
    how = "gained" if change.percent > 0 else "lost"
    sentence = (
        f"{abs(change.percent)} % {how} since the order: {change.was_kg} kg then, {change.now_kg} kg on "
        f"{_d(change.measured_on)}. The dose and the authorized units may no longer fit. "
        "Renew the order with the new weight, or let the prescriber confirm the dose."
    )
    return Notice("Weight changed by more than 10 %", sentence)


def _incomplete(row: Any) -> str:
    missing = [
        f"day {day.day.day_number} ({look_of('visit', day.visit.status).word.lower() if day.visit else 'not booked'})"
        for day in row.days
        if not day.is_given
    ]
    if not missing:
        return "Not all of the planned dose went in. It is not added to a later course by itself: ask the prescriber."
    return (
        f"Not given: {', '.join(missing)}. It is not added to a later course by itself: book it or ask the prescriber."
    )


def _d(day: date) -> str:
    return f"{day:%a %-d %b %Y}"
