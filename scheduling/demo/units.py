"""Which authorization pays for which visit, line by line in the unit ledger, and a note where none does."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from authorizations.domain.coverage import AuthorizationFacts, VisitFacts, check_coverage
from authorizations.domain.statuses import AuthorizationStatus
from authorizations.models import LedgerEntry, LedgerKind
from scheduling.demo.diary import Booking, Outcome
from scheduling.demo.papers import Paper
from scheduling.demo.stage import Stage
from scheduling.domain.statuses import VisitStatus

WHY_ANYWAY = (
    "The payer promised an answer before the visit.",
    "The renewal is under way; the prescriber does not want a gap.",
    "The patient signed that they may be billed.",
)
USED = frozenset({VisitStatus.COMPLETED, VisitStatus.LEFT_EARLY})


def settle(stage: Stage, papers: Sequence[Paper], bookings: Sequence[Booking], *, by: str) -> None:
    """Set units aside for each visit in order, use or free them as the visit went, and say where nothing covers it."""
    for booking in sorted(bookings, key=lambda each: (each.place.start, each.visit.created_at)):
        units = booking.day.units
        paper = next((paper for paper in papers if paper.covers(booking.on, units)), None)
        if paper is not None:
            _enter(stage, paper, booking, by)
        elif booking.outcome is not Outcome.CANCELLED:
            booking.visit.overrides = [*booking.visit.overrides, _uncovered(stage, papers, booking, by)]


def _enter(stage: Stage, paper: Paper, booking: Booking, by: str) -> None:
    visit, units = booking.visit, booking.day.units
    held = paper.authorization
    visit.authorization = held
    booked_at = max(visit.created_at, held.decided_at or held.created_at)
    _line(stage, booking, LedgerKind.RESERVE, at=booked_at, by=by, reserved=units)
    if visit.status in USED:
        nurse = visit.nurse.name if visit.nurse else by
        ended_at = visit.ended_at or visit.period.upper
        _line(stage, booking, LedgerKind.POST, at=ended_at, by=nurse, reserved=-units, used=units)
        paper.left -= units
    elif visit.status in {VisitStatus.NO_SHOW, VisitStatus.CANCELLED}:
        freed_at = max(visit.updated_at, booked_at)
        _line(stage, booking, LedgerKind.RELEASE, at=freed_at, by=by, reserved=-units)
    else:
        paper.left -= units


def _line(
    stage: Stage, booking: Booking, kind: LedgerKind, *, at: datetime, by: str, reserved: int = 0, used: int = 0
) -> None:
    stage.rows.add(
        LedgerEntry(
            id=stage.new_id(),
            authorization=booking.visit.authorization,
            visit_id=booking.visit.id,
            kind=kind.value,
            units=booking.day.units,
            reserved_change=reserved,
            used_change=used,
            service_on=booking.on,
            at=at,
            by_label=by,
        )
    )


def _uncovered(stage: Stage, papers: Sequence[Paper], booking: Booking, by: str) -> dict[str, str]:
    """The override that a scheduler gave when the visit was booked, with the rule's own sentence."""
    wanted = VisitFacts(service_on=booking.on, hcpcs=booking.prescription.order.hcpcs, units=booking.day.units)
    reasons = check_coverage(wanted, _facts(papers[-1])) if papers else ()
    if reasons:
        code, sentence = reasons[0].code, reasons[0].sentence
    else:
        before = f"{booking.on:%a %-d %b %Y}"
        payer = booking.prescription.payer.name
        code = "auth_not_valid"
        sentence = f"Nothing was asked of {payer} for this drug yet. Start a request before {before}."
    return {"code": code, "sentence": sentence, "reason": stage.pick(WHY_ANYWAY), "by": by}


def _facts(paper: Paper) -> AuthorizationFacts:
    held = paper.authorization
    return AuthorizationFacts(
        status=AuthorizationStatus(held.status),
        starts_on=held.starts_on,
        ends_on=held.ends_on,
        hcpcs=held.hcpcs,
        units_left=paper.left,
        reference=held.reference,
    )


def cancelled_ahead(stage: Stage) -> timedelta:
    """How long before a visit it was cancelled."""
    return timedelta(hours=stage.rng.uniform(3, 70))
