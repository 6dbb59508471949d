"""One authorization of the demo with its history: every status is reached by the moves that the desk could make."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from authorizations.domain.appeals import appeal_due_on, appeal_limits
from authorizations.domain.clocks import Clock, ClockKind, choose_clock, decision_deadline
from authorizations.domain.statuses import AuthorizationStatus
from authorizations.models import Authorization, AuthorizationEvent, AuthorizationKind
from patients.models import Coverage
from scheduling.demo.house import House
from scheduling.demo.prescriptions import Prescription
from scheduling.demo.stage import Stage

S = AuthorizationStatus

_SENT = (S.DRAFT, S.GATHERING_DOCUMENTS, S.READY, S.SUBMITTED)
_LOOKED_AT = (*_SENT, S.ACKNOWLEDGED, S.IN_REVIEW)
_DENIED = (*_LOOKED_AT, S.DENIED)
WAYS: dict[AuthorizationStatus, tuple[AuthorizationStatus, ...]] = {
    S.NOT_REQUIRED: (S.DRAFT, S.SUBMITTED, S.NOT_REQUIRED),
    S.DRAFT: _SENT[:1],
    S.GATHERING_DOCUMENTS: _SENT[:2],
    S.READY: _SENT[:3],
    S.SUBMITTED: _SENT,
    S.ACKNOWLEDGED: (*_SENT, S.ACKNOWLEDGED),
    S.IN_REVIEW: _LOOKED_AT,
    S.PENDED: (*_LOOKED_AT, S.PENDED),
    S.APPROVED: (*_LOOKED_AT, S.APPROVED),
    S.APPROVED_PARTIAL: (*_LOOKED_AT, S.APPROVED_PARTIAL),
    S.APPROVED_MODIFIED: (*_LOOKED_AT, S.APPROVED_MODIFIED),
    S.DENIED: _DENIED,
    S.P2P_SCHEDULED: (*_DENIED, S.P2P_SCHEDULED),
    S.APPEAL_1: (*_DENIED, S.APPEAL_1),
    S.UPHELD: (*_DENIED, S.APPEAL_1, S.UPHELD),
    S.APPEAL_2: (*_DENIED, S.APPEAL_1, S.UPHELD, S.APPEAL_2),
    S.APPEAL_EXTERNAL: (*_DENIED, S.APPEAL_1, S.UPHELD, S.APPEAL_EXTERNAL),
    S.OVERTURNED: (*_DENIED, S.P2P_SCHEDULED, S.OVERTURNED),
    S.WITHDRAWN: (*_SENT, S.WITHDRAWN),
    S.CANCELLED: (S.DRAFT, S.CANCELLED),
    S.EXPIRING: (*_LOOKED_AT, S.APPROVED, S.EXPIRING),
    S.EXPIRED: (*_LOOKED_AT, S.APPROVED, S.EXPIRING, S.EXPIRED),
    S.EXHAUSTED: (*_LOOKED_AT, S.APPROVED, S.EXHAUSTED),
    S.SUPERSEDED: (*_LOOKED_AT, S.APPROVED, S.SUPERSEDED),
}
"""How the demo's authorizations came to stand where they stand."""

SWEEP = "Authorization sweep"
GRANTING = frozenset({S.APPROVED, S.APPROVED_PARTIAL, S.APPROVED_MODIFIED, S.OVERTURNED})
DENIALS = (
    "Criteria not met: the grip strength test is missing.",
    "Not first-line: a trial of steroids is not documented.",
    "Dose above the plan's policy for this diagnosis.",
    "Site of care: home was not considered.",
)
NEEDED = (
    "last office note and the IgG trough",
    "nerve conduction study from the diagnosis",
    "weight and height of the last 90 days",
    "list of treatments tried before, with dates",
)
_KINDS = {S.DRAFT: "create", S.SUBMITTED: "submit", S.PENDED: "answer", S.DENIED: "answer", S.UPHELD: "answer"}
_KINDS |= dict.fromkeys(GRANTING, "answer") | dict.fromkeys((S.APPEAL_1, S.APPEAL_2, S.APPEAL_EXTERNAL), "appeal")
_KINDS |= dict.fromkeys((S.NOT_REQUIRED, S.WITHDRAWN, S.CANCELLED, S.SUPERSEDED), "close")
_KINDS[S.EXPIRED] = "expire"


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What is asked for or granted, and when the last move was made."""

    status: AuthorizationStatus
    starts_on: date
    ends_on: date
    units: int
    moved_on: date
    asked_units: int = 0
    visits: int | None = None
    limit: tuple[int, int] | None = None
    follow_up_on: date | None = None
    next_step: str = ""
    renews: "Paper | None" = None
    calls: int = 0


@dataclass
class Paper:
    """An authorization being written: what it still has to give, and its lines of history."""

    authorization: Authorization
    left: int
    events: list[AuthorizationEvent] = field(default_factory=list)

    def covers(self, on: date, units: int) -> bool:
        """Whether a visit on `on` can be booked against it."""
        held = self.authorization
        is_inside = held.starts_on is not None and held.ends_on is not None and held.starts_on <= on <= held.ends_on
        return is_inside and self.left >= units


def write(stage: Stage, house: House, prescription: Prescription, plan: Coverage, terms: Terms) -> Paper:
    """An authorization on `terms`, with every line of its history up to its last move."""
    is_granted = bool(GRANTING & set(WAYS[terms.status]))
    order = prescription.order
    authorization = Authorization(
        id=stage.new_id(),
        clinic=house.clinic,
        patient=prescription.patient,
        payer=prescription.payer,
        coverage=plan,
        product=order.product,
        order=order,
        kind=AuthorizationKind.RENEWAL if terms.renews else AuthorizationKind.INITIAL,
        renews=terms.renews.authorization if terms.renews else None,
        status=terms.status.value,
        reference=f"{prescription.payer.name[:2].upper()}-{stage.rng.randint(100_000, 999_999)}" if is_granted else "",
        hcpcs=order.hcpcs,
        unit_mg=next(code.unit_mg for code in order.product.codes.all() if code.hcpcs == order.hcpcs),
        units_requested=terms.asked_units or terms.units,
        units_approved=terms.units if is_granted else 0,
        visits_approved=terms.visits,
        limit_units=terms.limit[0] if terms.limit else None,
        limit_days=terms.limit[1] if terms.limit else None,
        starts_on=terms.starts_on,
        ends_on=terms.ends_on,
        follow_up_on=terms.follow_up_on,
        next_step=terms.next_step,
        owner=stage.rng.choices((house.desk, house.manager, None), (7, 2, 1))[0],
    )
    paper = Paper(authorization, terms.units if is_granted else 0)
    _History(stage, house, paper, terms).write()
    stage.rows.add(authorization)
    for event in paper.events:
        stage.rows.add(event)
    return paper


class _History:
    """Writes the lines of history, and the dates that follow from them."""

    def __init__(self, stage: Stage, house: House, paper: Paper, terms: Terms) -> None:
        self.stage, self.house, self.paper, self.terms = stage, house, paper, terms
        self.held = paper.authorization

    def write(self) -> None:
        way = WAYS[self.terms.status]
        moments = self._moments(way)
        self.held.created_at = moments[0]
        before = ""
        for status, at in zip(way, moments, strict=True):
            self._apply(status, at)
            self._note(at, _KINDS.get(status, "step"), before, status.value, self._text(status))
            before = status.value
        self._calls(moments[-1])
        self.held.version = len(self.paper.events)

    def _moments(self, way: tuple[AuthorizationStatus, ...]) -> list[datetime]:
        """A moment for each move, the last one on the day it was made, all in order and none after now."""
        days = [self.terms.moved_on]
        for _ in way[1:]:
            days.insert(0, days[0] - timedelta(days=self.stage.rng.choice((0, 1, 1, 2, 3))))
        moments: list[datetime] = []
        for day in days:
            at = self.stage.office_time(day)
            moments.append(max(at, moments[-1] + timedelta(minutes=4)) if moments else at)
        return [min(at, self.stage.now - timedelta(minutes=len(moments) - place)) for place, at in enumerate(moments)]

    def _apply(self, status: AuthorizationStatus, at: datetime) -> None:
        held = self.held
        if status in {S.SUBMITTED, S.APPEAL_1, S.APPEAL_2, S.APPEAL_EXTERNAL}:
            held.submitted_at, held.decided_at = at, None
            limit = self._clock(status)
            zone = self.stage.zone
            held.decision_due_at = decision_deadline(limit, received_at=at, zone=zone).due_at if limit else None
        if status in GRANTING | {S.DENIED, S.UPHELD}:
            held.decided_at, held.decision_due_at = at, None
        if status is S.DENIED:
            held.denial_reason = self.stage.pick(DENIALS)
        if status in {S.DENIED, S.UPHELD} and status is self.terms.status:
            limits = appeal_limits(held.payer.line_of_business)
            notice_on = at.astimezone(self.stage.zone).date()
            held.appeal_due_on = appeal_due_on(
                notice_on=notice_on, file_within_days=limits.file_within_days if limits else 60
            )
        if status in GRANTING:
            held.denial_reason = ""

    def _clock(self, status: AuthorizationStatus) -> Clock | None:
        payer = self.held.payer
        if status is not S.SUBMITTED:
            limits = appeal_limits(payer.line_of_business)
            return limits.standard if limits else None
        found = choose_clock(line_of_business=payer.line_of_business, is_drug=True, is_urgent=False)
        return found or Clock(ClockKind.BUSINESS_DAYS, payer.usual_decision_days)

    def _text(self, status: AuthorizationStatus) -> str:
        held, terms = self.held, self.terms
        span = f"{_day(terms.starts_on)} to {_day(terms.ends_on)}"
        asked = terms.asked_units or terms.units
        if status is S.DRAFT:
            return f"Draft: {asked} units of {held.hcpcs} from {span}."
        if status is S.SUBMITTED:
            due = held.decision_due_at
            when = f" An answer is due by {_day(due.astimezone(self.stage.zone).date())}." if due else ""
            return f"Sent to {held.payer.name}.{when}"
        if status in GRANTING:
            less = f" Units: asked for {asked}, got {terms.units}." if terms.units < asked else ""
            return f"{status.label}: {terms.units} units, {span}.{less}"
        if status is S.PENDED:
            return f"Information needed: {self.stage.pick(NEEDED)}."
        if status is S.DENIED:
            return f"Denied: {held.denial_reason}"
        return _WORDS.get(status, f"{status.label}.")

    def _calls(self, last: datetime) -> None:
        for _ in range(self.terms.calls):
            span = max(timedelta(minutes=30), self.stage.now - last)
            at = min(last + span * self.stage.rng.uniform(0.2, 0.9), self.stage.now - timedelta(minutes=5))
            person = self.stage.pick(
                ("Denise in utilization review", "Marcus, provider line", "Ms. Ota", "Intake desk")
            )
            said = self.stage.pick(CALLS)
            self._note(at, "call", self.terms.status.value, self.terms.status.value, f"{person}: {said}")
            data = {"person": person, "call_reference": f"C{self.stage.rng.randint(10_000, 99_999)}"}
            self.paper.events[-1].data = data

    def _note(self, at: datetime, kind: str, before: str, after: str, text: str) -> None:
        by = SWEEP if kind == "expire" else self.house.desk.name
        event = AuthorizationEvent(
            id=self.stage.new_id(),
            authorization=self.held,
            at=at,
            by_label=by,
            kind=kind,
            status_before=before,
            status_after=after,
            text=text,
        )
        if kind == "submit":
            held = self.held
            event.data = {
                "asked": {
                    "units": held.units_requested,
                    "hcpcs": held.hcpcs,
                    "starts_on": self.terms.starts_on.isoformat(),
                    "ends_on": self.terms.ends_on.isoformat(),
                    "visits": held.visits_approved,
                }
            }
        self.paper.events.append(event)


CALLS = (
    "They have it; a reviewer will look at it this week.",
    "Asked for the last office note again; sent by fax while on the line.",
    "Still in the queue. Call again in two days.",
    "Reviewer is out until Monday; marked as time-critical.",
    "They confirm the dates and the units.",
)
_WORDS = {
    S.GATHERING_DOCUMENTS: "Asked the prescriber for notes and results.",
    S.READY: "All documents are here.",
    S.ACKNOWLEDGED: "The payer confirmed receipt.",
    S.IN_REVIEW: "A clinical reviewer has it.",
    S.P2P_SCHEDULED: "Peer-to-peer call with the medical director arranged.",
    S.UPHELD: "Denial upheld: the reviewer repeats the first reason.",
    S.NOT_REQUIRED: "The payer says that this drug needs no authorization.",
    S.WITHDRAWN: "Withdrawn: the prescriber changed the drug.",
    S.CANCELLED: "Entered twice; the other request goes on.",
    S.EXPIRING: "It ends within 30 days.",
    S.EXPIRED: "Its last day is past.",
    S.EXHAUSTED: "Its last units were used.",
    S.SUPERSEDED: "A newer authorization took its place.",
}


def _day(on: date) -> str:
    return f"{on.day} {on:%B %Y}"
