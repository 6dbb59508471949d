"""Working on a request: write it, send it, move it along, renew it, appeal.

Every act names the version it saw, makes only moves of `authorizations.domain.statuses.MOVES`, and leaves a line of
history and an audit event. What the payer says is recorded in `answers`; calls and reminders in `follow_ups`.
"""

from datetime import date, datetime, timedelta

from accounts.domain.policy import Permission
from accounts.models import User
from authorizations import demand
from authorizations.domain.answers import check_dates, check_units, check_visits
from authorizations.domain.appeals import appeal_limits
from authorizations.domain.clocks import Clock, ClockKind, choose_clock, decision_deadline
from authorizations.domain.follow_up import next_follow_up
from authorizations.domain.statuses import COVERING, PREPARING, WITH_PAYER, AuthorizationStatus
from authorizations.models import Authorization, AuthorizationKind
from authorizations.services.history import calendar_of, keep, lock, move_status, note, refuse, words
from core import clock
from core.actor import Actor
from core.errors import BadInput, Conflict, NeedsReason, NotFound, Reason
from core.transactions import business_act
from patients.models import Coverage as Plan
from patients.models import Payer
from regimens.models import ProductCode, TreatmentOrder
from regimens.queries.therapies import codes_of

S = AuthorizationStatus
STEPS = frozenset({S.GATHERING_DOCUMENTS, S.READY, S.ACKNOWLEDGED, S.IN_REVIEW, S.P2P_SCHEDULED})
ENDS = frozenset({S.NOT_REQUIRED, S.WITHDRAWN, S.CANCELLED, S.SUPERSEDED})
APPEALABLE = frozenset({S.DENIED, S.P2P_SCHEDULED, S.UPHELD})


@business_act
def create(
    *,
    order: TreatmentOrder,
    plan: Plan,
    units: int,
    starts_on: date,
    ends_on: date,
    visits: int | None = None,
    is_urgent: bool = False,
    owner: User | None = None,
    by: Actor,
) -> Authorization:
    """A draft request to the payer of `plan` for `units` of the order's drug from `starts_on` to `ends_on`, inclusive.

    Raises BadInput naming every field at fault, and Conflict `already_open` while another request for the same drug
    and payer is under way. The unit's size is taken from the billing code in force on the first day.
    """
    by.require(Permission.AUTHORIZATION_CHANGE, "start authorizations")
    if by.clinic_id is not None and order.clinic_id != by.clinic_id:
        raise NotFound("order")
    _check_plan(plan, order)
    dates = check_dates(starts_on, ends_on)
    refuse([*check_units(units, field="units"), *check_visits(visits, field="visits"), *dates], kind=BadInput)
    _check_none_open(order, plan.payer)
    authorization = Authorization(
        clinic_id=order.clinic_id,
        patient=order.patient,
        payer=plan.payer,
        coverage=plan,
        product=order.product,
        order=order,
        hcpcs=order.hcpcs,
        unit_mg=_code_on(order, starts_on).unit_mg,
        is_urgent=is_urgent,
        owner=owner,
    )
    return _begin(authorization, units=units, visits=visits, starts_on=starts_on, ends_on=ends_on, by=by)


@business_act
def start_renewal(*, authorization: Authorization, units: int, expected_version: int, by: Actor) -> Authorization:
    """A draft that carries on where `authorization` ends, for as long again and `units`.

    Raises Conflict when it was never approved or its renewal is under way already.
    """
    old = lock(authorization, expected_version=expected_version, by=by)
    status = S(old.status)
    if status not in COVERING | {S.EXPIRED, S.EXHAUSTED}:
        raise Conflict("not_renewable", f"Only what was approved is renewed; this is “{status.label}”.")
    refuse(check_units(units, field="units"), kind=BadInput)
    if old.order is not None:
        _check_none_open(old.order, old.payer)
    starts_on, ends_on = _next_period(old, clock.today(old.clinic.zone))
    new = Authorization(
        clinic=old.clinic,
        patient=old.patient,
        payer=old.payer,
        coverage_id=old.coverage_id,
        product=old.product,
        order=old.order,
        hcpcs=old.hcpcs,
        unit_mg=old.unit_mg,
        kind=AuthorizationKind.RENEWAL,
        renews=old,
        owner=old.owner,
    )
    begun = _begin(new, units=units, visits=old.visits_approved, starts_on=starts_on, ends_on=ends_on, by=by)
    old.next_step, old.follow_up_on = "", None
    keep(old, kind="renewal", by=by, text="Its renewal was started.", data={"renewal_id": str(begun.id)})
    return begun


@business_act
def submit(
    *,
    authorization: Authorization,
    reference: str = "",
    is_urgent: bool | None = None,
    expected_version: int,
    by: Actor,
) -> Authorization:
    """Send the request: the payer's clock starts now, and the first follow-up is set.

    The clock is the law's for the payer's line of business; where none is known, the payer's usual business days.
    """
    current = lock(authorization, expected_version=expected_version, by=by)
    if is_urgent is not None:
        current.is_urgent = is_urgent
    before = move_status(current, S.SUBMITTED)
    current.reference = words(reference, field="reference", most=40) or current.reference
    limit, source = _decision_clock(current)
    now, calendar = clock.now(), calendar_of(current.clinic)
    zone = current.clinic.zone
    deadline = decision_deadline(limit, received_at=now, zone=zone, calendar=calendar)
    current.submitted_at, current.decision_due_at, current.decided_at = now, deadline.due_at, None
    today = now.astimezone(zone).date()
    current.follow_up_on = next_follow_up(status=S.SUBMITTED, submitted_on=today, today=today, calendar=calendar)
    current.next_step = "Confirm that the payer has it"
    text = f"Sent to {current.payer.name}. An answer is due by {_moment(deadline.due_at, current)} ({source})."
    asked = {
        "units": current.units_requested,
        "hcpcs": current.hcpcs,
        "starts_on": current.starts_on.isoformat() if current.starts_on else None,
        "ends_on": current.ends_on.isoformat() if current.ends_on else None,
        "visits": current.visits_approved,
    }
    keep(current, kind="submit", by=by, before=before, text=text, data={"asked": asked})
    return current


@business_act
def step(
    *, authorization: Authorization, to: AuthorizationStatus, text: str = "", expected_version: int, by: Actor
) -> Authorization:
    """Move a request along: documents, ready, received by the payer, in review, or a peer-to-peer call arranged."""
    current = lock(authorization, expected_version=expected_version, by=by)
    if to not in STEPS:
        raise BadInput("status", f"“{to.label}” is not a step. Record an answer, submit, appeal or close.", field="to")
    refuse(_not_same(current, to))
    before = move_status(current, to)
    said = words(text, field="text", most=500) or f"{to.label}."
    if to in WITH_PAYER:
        _propose_follow_up(current)
    keep(current, kind="step", by=by, before=before, text=said)
    return current


@business_act
def close(
    *, authorization: Authorization, to: AuthorizationStatus, reason: str, expected_version: int, by: Actor
) -> Authorization:
    """End the work on it: not required, withdrawn, cancelled or replaced. Refused while visits hold its units."""
    current = lock(authorization, expected_version=expected_version, by=by)
    if to not in ENDS:
        raise BadInput("status", f"“{to.label}” does not end the work.", field="to")
    said = words(reason, field="reason", most=200, what="why the work on it ends")
    if current.units_reserved:
        raise Conflict(
            "units_reserved",
            f"Booked visits still hold {current.units_reserved} of its units. Move or cancel them first.",
        )
    refuse(_not_same(current, to))
    before = move_status(current, to)
    current.next_step, current.follow_up_on = "", None
    keep(current, kind="close", by=by, before=before, text=said)
    return current


@business_act
def cover_visits(*, authorization: Authorization, expected_version: int, by: Actor) -> int:
    """Set units aside for visits that were booked without cover, earliest first; how many it now covers."""
    current = lock(authorization, expected_version=expected_version, by=by)
    covered = demand.cover_waiting(authorization=current, by=by)
    if covered:
        note(current, kind="cover", by=by, text=f"{covered} visit{'' if covered == 1 else 's'} covered.")
    return covered


@business_act
def appeal(
    *, authorization: Authorization, text: str, is_external: bool = False, expected_version: int, by: Actor
) -> Authorization:
    """File an appeal against a denial, the next one after it was upheld; the plan's clock for appeals starts.

    Raises NeedsReason when the last day to appeal has passed and `text` does not say why it is still worth it.
    """
    current = lock(authorization, expected_version=expected_version, by=by)
    status = S(current.status)
    if status not in APPEALABLE:
        raise Conflict("not_denied", f"Only a denial can be appealed; this is “{status.label}”.")
    said = words(text, field="text", most=500)
    today = clock.today(current.clinic.zone)
    if current.appeal_due_on and current.appeal_due_on < today and not said:
        sentence = (
            f"The last day to appeal was {_day(current.appeal_due_on)}. Write why the payer should still take it."
        )
        raise NeedsReason.of([Reason("appeal_late", sentence, "text", is_hard=False)])
    next_level = S.APPEAL_EXTERNAL if is_external else S.APPEAL_2
    level = next_level if status is S.UPHELD else S.APPEAL_1
    before = move_status(current, level)
    limits = appeal_limits(current.payer.line_of_business)
    if limits is not None:
        limit = limits.urgent if current.is_urgent else limits.standard
        deadline = decision_deadline(limit, received_at=clock.now(), zone=current.clinic.zone)
        current.decision_due_at = deadline.due_at
    else:
        current.decision_due_at = None
    current.submitted_at, current.decided_at = clock.now(), None
    _propose_follow_up(current)
    current.next_step = "Ask how the appeal stands"
    keep(current, kind="appeal", by=by, before=before, text=said or f"{level.label} filed.")
    return current


def _begin(
    authorization: Authorization, *, units: int, visits: int | None, starts_on: date, ends_on: date, by: Actor
) -> Authorization:
    """Write a new draft. Until the payer answers, dates and visits are what is asked for."""
    authorization.units_requested = units
    authorization.visits_approved = visits
    authorization.starts_on, authorization.ends_on = starts_on, ends_on
    authorization.created_at = clock.now()
    authorization.follow_up_on = clock.today(authorization.clinic.zone)
    authorization.next_step = "Collect the documents and send it"
    authorization.save(force_insert=True)
    text = f"Draft: {units} units of {authorization.hcpcs} from {_day(starts_on)} to {_day(ends_on)}."
    note(authorization, kind="create", by=by, before="", text=text)
    return authorization


def _check_plan(plan: Plan, order: TreatmentOrder) -> None:
    if plan.patient_id != order.patient_id:
        raise BadInput("plan", "This plan is not the patient's. Choose one of theirs.", field="plan")
    if not plan.payer.needs_authorization:
        raise BadInput("not_required", f"{plan.payer.name} asks for no authorization.", field="plan")


def _check_none_open(order: TreatmentOrder, payer: Payer) -> None:
    under_way = [status.value for status in PREPARING | WITH_PAYER]
    found = Authorization.objects.filter(
        patient_id=order.patient_id, product_id=order.product_id, payer=payer, status__in=under_way
    ).first()
    if found is not None:
        raise Conflict(
            "already_open",
            f"A request to {payer.name} for this drug is “{S(found.status).label}” already. Work on that one.",
        )


def _code_on(order: TreatmentOrder, on: date) -> ProductCode:
    held = [
        code
        for code in codes_of(order.product, organization_id=order.clinic.organization_id)
        if code.hcpcs == order.hcpcs
        and (code.starts_on is None or code.starts_on <= on)
        and (code.ends_on is None or on <= code.ends_on)
    ]
    if not held:
        sentence = f"{order.hcpcs} is no billing code of {order.product.name} on {_day(on)}. Check the order's code."
        raise BadInput("no_billing_code", sentence, field="starts_on")
    return max(held, key=lambda code: code.starts_on or date.min)


def _next_period(old: Authorization, today: date) -> tuple[date, date]:
    """From the day after the old one ends, or today if that is past, for as long as the old one ran."""
    length = old.ends_on - old.starts_on if old.starts_on and old.ends_on else timedelta(days=364)
    starts_on = max(today, old.ends_on + timedelta(days=1)) if old.ends_on else today
    return starts_on, starts_on + length


def _decision_clock(authorization: Authorization) -> tuple[Clock, str]:
    payer = authorization.payer
    limit = choose_clock(line_of_business=payer.line_of_business, is_drug=True, is_urgent=authorization.is_urgent)
    if limit is not None:
        return limit, "the plan's legal limit"
    return Clock(ClockKind.BUSINESS_DAYS, payer.usual_decision_days), "this payer's usual time"


def _propose_follow_up(authorization: Authorization) -> None:
    zone = authorization.clinic.zone
    submitted = authorization.submitted_at
    authorization.follow_up_on = next_follow_up(
        status=S(authorization.status),
        submitted_on=submitted.astimezone(zone).date() if submitted else None,
        today=clock.today(zone),
        calendar=calendar_of(authorization.clinic),
    )


def _not_same(authorization: Authorization, to: AuthorizationStatus) -> tuple[Reason, ...]:
    if authorization.status != to:
        return ()
    return (Reason("status_same", f"It is “{to.label}” already.", "to"),)


def _moment(at: datetime, authorization: Authorization) -> str:
    local = at.astimezone(authorization.clinic.zone)
    return f"{_day(local.date())} {local:%H:%M}"


def _day(on: date) -> str:
    return f"{on.day} {on:%B %Y}"
