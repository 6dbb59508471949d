"""What is given at a visit: kept, billed against the authorization, followed by the plan, and put before staff.

`regimens.services` keeps the facts; this does what follows from them, in the same transaction and in the lock order of
`core.transactions`.
"""

from datetime import datetime

from accounts.domain.policy import Permission
from authorizations.models import Authorization
from authorizations.services import ledger
from core.actor import Actor
from core.errors import BadInput, Conflict, NotFound
from core.transactions import business_act
from patients.domain.risks import Risk
from patients.services import records as patient_records
from regimens.domain.administration import GivenFacts
from regimens.domain.reactions import Effect, effects, forbids_immune_globulin
from regimens.models import Administration, Reaction, TreatmentOrder
from regimens.services import administrations, reactions
from scheduling.domain.statuses import VisitStatus
from scheduling.models import Visit
from scheduling.services import coverage, gate, incomplete_courses, reanchoring, records, staff_tasks

RECORD_LATER = frozenset({VisitStatus.COMPLETED, VisitStatus.LEFT_EARLY})


@business_act
def record(*, visit: Visit, facts: GivenFacts, expected_version: int, by: Actor) -> Administration:
    """Keep what was given at `visit`; again to correct it. Units, plan and tasks follow.

    Raises `Conflict` when no infusion began, `BadInput` with every reason at its field, and `Stale` when somebody
    recorded it after version `expected_version` was shown.
    """
    by.require(Permission.ADMINISTRATION_RECORD, "record what was given")
    lock_units(visit)
    current = _locked(visit)
    given = administrations.of_visit(current.id)
    if given is None:
        raise Conflict("not_begun", "The infusion has not started, so there is nothing to record yet.")
    before = _consumed(given, current)
    recorded = administrations.record(administration=given, facts=facts, expected_version=expected_version, by=by)
    after = _consumed(recorded, current)
    if current.status in RECORD_LATER and current.authorization_id is not None and after != before:
        ledger.reverse(visit_id=current.id, by=by)
        use_units(current, by)
    staff_tasks.close(_record_key(current), by)
    _say_substituted(current, recorded)
    incomplete_courses.look(current.course_day.course, by)
    reanchoring.follow_order(_order(current), cause=f"what was recorded on {records.local_day(current):%-d %B}")
    return recorded


def _say_substituted(visit: Visit, given: Administration) -> None:
    """Another brand bills another code: the authorization desk has to know."""
    order = visit.course_day.course.order
    if given.product_id != order.product_id:
        staff_tasks.open_task(
            clinic=visit.clinic,
            kind="substitute",
            text=f"{given.product} was given to {visit.patient.short_name} instead of {order.product} on "
            f"{records.local_day(visit):%-d %B}. Check that its authorization covers that brand.",
            dedupe_key=f"substitute:{given.id}:{given.product_id}",
            visit=visit,
        )


def begin(visit: Visit, by: Actor) -> None:
    """The infusion of a locked visit has started."""
    if visit.infusion_started_at is not None:
        administrations.begin(course_day=visit.course_day, visit_id=visit.id, at=visit.infusion_started_at, by=by)


def stop(visit: Visit, now: datetime, by: Actor) -> None:
    """A locked visit has ended after its infusion began: the plan follows; staff are asked to record what was given."""
    begin(visit, by)
    is_cut_short = visit.status == VisitStatus.LEFT_EARLY and visit.observation_started_at is None
    given = administrations.stop(
        visit_id=visit.id,
        at=visit.observation_started_at or now,
        is_complete=False if is_cut_short else None,
        by=by,
    )
    if given is not None and given.recorded_at is None:
        day = records.local_day(visit)
        staff_tasks.open_task(
            clinic=visit.clinic,
            kind="given",
            text=f"Lot numbers not recorded: {visit.patient.short_name}, {day:%a %-d %b}.",
            dedupe_key=_record_key(visit),
            visit=visit,
        )
    reanchoring.follow(visit)


def take_back(visit: Visit, left: VisitStatus, by: Actor) -> None:
    """The infusion did not start after all, or still runs; the plan follows. What a nurse recorded is not undone."""
    if left is VisitStatus.INFUSING:
        given = administrations.of_visit(visit.id)
        if given is not None and given.recorded_at is not None:
            sentence = "Can't undo: what was given is recorded. Correct that record instead."
            raise Conflict("given_recorded", sentence)
        administrations.void(visit_id=visit.id, reason="The start of the infusion was undone.", by=by)
    else:
        administrations.resume(visit_id=visit.id, by=by)
    staff_tasks.forget(_record_key(visit))
    reanchoring.follow(visit)


def lock_units(visit: Visit) -> None:
    """Lock the visit's authorization, which comes before the visit in the lock order."""
    if visit.authorization_id is not None:
        Authorization.objects.select_for_update(of=("self",)).filter(pk=visit.authorization_id).first()


def use_units(visit: Visit, by: Actor) -> None:
    """Turn what is reserved for the visit into use of what was really given: planned units until it is recorded."""
    given = administrations.of_visit(visit.id)
    units = visit.units if given is None else _consumed(given, visit)
    if units:
        on = records.local_day(visit)
        ledger.post(visit_id=visit.id, units=units, service_on=on, by=by, authorization=visit.authorization)
    else:
        coverage.release(visit, by)


@business_act
def react(
    *,
    visit: Visit,
    kind: str,
    grade: int,
    occurred_at: datetime,
    by: Actor,
    description: str = "",
    treatment: str = "",
    is_over: bool = False,
) -> Reaction:
    """Record a reaction to what was given at `visit`; the plan and urgent tasks follow from its grade."""
    if by.clinic_id not in {None, visit.clinic_id}:
        raise NotFound("visit")
    if administrations.of_visit(visit.id) is None:
        raise BadInput("not_begun", "The infusion has not started, so nothing can have been a reaction to it.")
    reaction = reactions.record(
        course_day=visit.course_day,
        visit_id=visit.id,
        kind=kind,
        grade=grade,
        occurred_at=occurred_at,
        description=description,
        treatment=treatment,
        is_over=is_over,
        by=by,
    )
    _tell(visit, reaction)
    _forbid(reaction, by)
    reanchoring.follow_patient(visit.patient, cause="a reaction")
    gate.look_at_patient(visit.patient_id)
    return reaction


@business_act
def release_reaction(*, reaction: Reaction, note: str, by: Actor) -> Reaction:
    """A prescriber says that the patient may be infused again: coming visits are held for the reaction no longer."""
    released = reactions.release(reaction=reaction, note=note, by=by)
    gate.look_at_patient(released.patient_id)
    return released


@business_act
def void_reaction(*, visit: Visit, reaction: Reaction, reason: str, by: Actor) -> Reaction:
    """The reaction was recorded by mistake: plans forget it; what it held stays held until a prescriber releases it."""
    if reaction.course_day_id != visit.course_day_id:
        raise NotFound("reaction")
    voided = reactions.void(reaction=reaction, reason=reason, by=by)
    for step in ("tell", "report"):
        staff_tasks.close(f"reaction:{reaction.id}:{step}", by)
    reanchoring.follow_patient(visit.patient, cause="a reaction that was recorded by mistake")
    gate.look_at_patient(visit.patient_id)
    return voided


def _forbid(reaction: Reaction, by: Actor) -> None:
    """Anaphylaxis to one immune globulin is a contraindication for all of them, until a prescriber ends it."""
    is_ig = reaction.product.is_immune_globulin
    if not forbids_immune_globulin(kind=reaction.kind, is_immune_globulin=is_ig):
        return
    code = Risk.ANAPHYLAXIS.value
    if not reaction.patient.risk_flags.filter(code=code, ended_on__isnull=True).exists():
        note = f"Grade {reaction.grade} reaction to {reaction.product}."
        patient_records.add_risk_flag(patient=reaction.patient, code=code, note=note, by=by)


def _tell(visit: Visit, reaction: Reaction) -> None:
    found = effects(reaction.grade)
    who, order = visit.patient.short_name, visit.course_day.course.order
    at = reaction.occurred_at.astimezone(visit.clinic.zone)
    what = f"{reaction.kind}, grade {reaction.grade}, {at:%-d %b %H:%M}"
    asks = []
    if Effect.PRESCRIBER_TOLD in found:
        held = " The plan is on hold." if Effect.HELD in found else ""
        asks.append(("tell", f"Tell {order.prescriber_name}: {who} had a reaction ({what}).{held}"))
    if Effect.REPORTED in found:
        asks.append(
            ("report", f"Report to MedWatch and the manufacturer, with lot numbers: {who}, {order.product} ({what}).")
        )
    for step, text in asks:
        staff_tasks.open_task(
            clinic=visit.clinic,
            kind="reaction",
            text=text,
            dedupe_key=f"reaction:{reaction.id}:{step}",
            visit=visit,
            order=order,
            patient=visit.patient,
            is_urgent=True,
        )


def _consumed(given: Administration, visit: Visit) -> int:
    """Units that the visit takes from its authorization, waste included; those planned until it is recorded."""
    return visit.units if given.units is None else given.units + (given.wasted_units or 0)


def _locked(visit: Visit) -> Visit:
    found = (
        Visit.objects.select_for_update(of=("self",))
        .select_related("patient", "clinic", "chair__clinic", "course_day__course__order__patient")
        .select_related("course_day__course__order__clinic")
        .filter(pk=visit.pk)
        .first()
    )
    if found is None:
        raise NotFound("visit")
    return found


def _order(visit: Visit) -> TreatmentOrder:
    """The order as it is now: what was just recorded may have put it on hold."""
    found = TreatmentOrder.objects.select_related("clinic", "patient", "product", "indication")
    return found.get(pk=visit.course_day.course.order_id)


def _record_key(visit: Visit) -> str:
    return f"given:{visit.id}"
