"""The clearance gate: no infusion is started unless every question is answered well or a named person went ahead.

`look` keeps what the gate says for boards and lists; `require` asks anew, under the visit's lock, at the moment of the
start. Whoever may override, and what nobody may, is in `scheduling.domain.clearance`.
"""

from collections.abc import Collection, Iterable
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from django.db.models import QuerySet

from accounts.domain.policy import Permission
from core import clock
from core.actor import Actor
from core.errors import BadInput, Conflict, NotAllowed, NotFound, Reason
from core.transactions import business_act
from patients.services import records as patient_records
from regimens.models import TreatmentOrder
from scheduling.domain import infusion_check
from scheduling.domain.clearance import CLEARANCE_DEFAULTS, SENTENCE_LENGTH, Authority, Clearance, authority, level
from scheduling.domain.infusion_check import Concern, concern_label
from scheduling.domain.statuses import EXPECTED, VisitStatus
from scheduling.models import ClearanceOverride, PreInfusionCheck, Visit, VisitClearance
from scheduling.queries.clearance import check_of, clearances, service_day
from scheduling.services import boards, records

TO_START = EXPECTED | {VisitStatus.HELD, VisitStatus.ARRIVED, VisitStatus.SEATED}
"""Statuses in which the infusion is still to be started."""
MAY: dict[Authority, Permission] = {
    Authority.NURSE: Permission.ADMINISTRATION_RECORD,
    Authority.MANAGER: Permission.CLEARANCE_OVERRIDE,
    Authority.PRESCRIBER: Permission.ORDER_RELEASE,
}


def may_override(reason: Reason, by: Actor) -> bool:
    """Whether `by` may go ahead against `reason`."""
    permission = MAY.get(authority(reason))
    return permission is not None and by.can(permission)


def require(visit: Visit, by: Actor) -> None:  # noqa: ARG001 (whoever starts it, the gate asks the same)
    """Raise `Conflict` with every failing reason unless the locked `visit` may be started now, on its own day.

    The order is locked as well, so that a hold that is being put on it is waited for and seen.
    """
    on = service_day(visit)
    if on != clock.today(visit.clinic.zone):
        sentence = f"This visit is on {on:%A} {on.day} {on:%B}. Move it to today first, then start it."
        raise Conflict("not_today", sentence)
    TreatmentOrder.objects.select_for_update(no_key=True).get(pk=visit.course_day.course.order_id)
    found = clearances([visit], on_the_day=True)[visit.id]
    if not found.is_cleared:
        raise Conflict.of(found.reasons)


@business_act
def look(visits: Collection[Visit]) -> dict[UUID, Clearance]:
    """Ask the gate about `visits` and keep its answer for those still to be started; boards of changed ones are told.

    What was kept is locked before the facts are read: of two that look at once, the later answer knows the facts of
    the earlier. Returns what it found, by the id of the visit; visits that have begun or are over are left out.
    """
    asked = [visit for visit in visits if visit.status in TO_START]
    if not asked:
        return {}
    kept = VisitClearance.objects.select_for_update().filter(visit__in=[visit.id for visit in asked])
    known = {row.visit_id: row for row in kept.order_by("visit_id")}
    found = clearances(asked, on_the_day=False)
    now = clock.now()
    rows = [
        VisitClearance(visit_id=key, light=answer.light.value, reasons=_stored(answer), checked_at=now)
        for key, answer in sorted(found.items())
    ]
    VisitClearance.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["visit"], update_fields=["light", "reasons", "checked_at"]
    )
    changed = {row.visit_id for row in rows if row.visit_id in known and _differs(row, known[row.visit_id])}
    _tell_boards([visit for visit in asked if visit.id in changed])
    return found


def look_at_patient(patient_id: UUID) -> None:
    """A fact about the patient changed: ask about every visit of theirs that is still to be started."""
    look(list(_to_start().filter(patient_id=patient_id)))


@business_act
def override(*, visit: Visit, code: str, reason: str, by: Actor) -> Visit:
    """Go ahead against every reason with this code that holds `visit` now. It speaks for the visit's day alone.

    Raises `BadInput` without a reason, `NotAllowed` naming who may, `Conflict` when nothing of the kind holds it now.
    """
    why = reason.strip()
    if not why:
        raise BadInput("reason_missing", "Say why the visit goes ahead.", field="reason")
    current = _locked(visit, by)
    standing = [one for one in clearances([current], on_the_day=True)[current.id].reasons if one.code == code]
    if not standing:
        raise Conflict("not_held", "That does not hold this visit any more. Look at it again.")
    for one in standing:
        if authority(one) is Authority.NOBODY:
            raise NotAllowed("not_overridable", f"Nobody can go ahead against this. {one.sentence}")
        if not may_override(one, by):
            raise NotAllowed("not_allowed", f"{authority(one).who} may go ahead against this. {one.sentence}")
    on, now = service_day(current), clock.now()
    ClearanceOverride.objects.bulk_create(
        ClearanceOverride(
            visit=current,
            code=one.code,
            service_on=on,
            sentence=one.sentence[:SENTENCE_LENGTH],
            reason=why[:200],
            at=now,
            by_label=by.label,
            by_id=by.id,
        )
        for one in standing
    )
    _changed(current, "clearance", {"code": code, "sentence": standing[0].sentence}, by, why)
    return current


@business_act
def check(
    *,
    visit: Visit,
    is_drug_on_hand: bool,
    concerns: Collection[str],
    temperature_c: Decimal | None = None,
    note: str = "",
    weight_kg: Decimal | None = None,
    by: Actor,
) -> Visit:
    """Write down what the nurse asked and found before the infusion, and today's weight if it was taken.

    Only on the day of the visit and before the start. The latest check counts; an answer that held the visit and is
    taken back needs a note that says why (BadInput at "note").
    """
    by.require(Permission.ADMINISTRATION_RECORD, "do the check before an infusion")
    unknown = set(concerns) - set(Concern)
    if unknown:
        raise BadInput("unknown_concern", "That question is not among those asked.", field="concerns")
    if temperature_c is not None and not infusion_check.is_readable(temperature_c):
        raise BadInput("temperature", infusion_check.unreadable(), field="temperature_c")
    current = _locked(visit, by)
    today = clock.today(current.clinic.zone)
    if service_day(current) != today:
        raise Conflict("not_today", f"This visit is on {service_day(current):%A %-d %B}; the check is done that day.")
    _check_taken_back(check_of(current), concerns, temperature_c, note)
    if weight_kg is not None:
        patient_records.record_weight(patient=current.patient, kg=weight_kg, measured_on=today, by=by)
    told = [concern.value for concern in Concern if concern.value in concerns]
    PreInfusionCheck.objects.create(
        visit=current,
        at=clock.now(),
        by_label=by.label,
        by_id=by.id,
        is_drug_on_hand=is_drug_on_hand,
        concerns=told,
        temperature_c=None if temperature_c is None else round(temperature_c, 1),
        note=note.strip()[:300],
    )
    words = infusion_check.in_words(told, temperature_c, note)
    _changed(current, "check", {"is_drug_on_hand": is_drug_on_hand, "concerns": told}, by, words[:200])
    if weight_kg is not None:
        look_at_patient(current.patient_id)
    return current


def _check_taken_back(
    before: PreInfusionCheck | None, concerns: Collection[str], degrees: Decimal | None, note: str
) -> None:
    """Refuse to lose what a nurse found earlier that day without a word about it."""
    if before is None or note.strip() not in {"", before.note.strip()}:
        return
    lost = [Concern(code) for code in before.concerns if code not in concerns and Concern(code).holds]
    fever = Decimal(CLEARANCE_DEFAULTS.fever_from_c)
    was_hot = before.temperature_c is not None and before.temperature_c >= fever
    words = [f"“{concern_label(concern)}” was ticked" for concern in lost]
    if was_hot and (degrees is None or degrees < fever):
        words.append(f"{before.temperature_c} °C was measured")
    if words:
        sentence = f"Earlier today {' and '.join(words)}. Say in the note why that no longer holds."
        raise BadInput("taken_back", sentence, field="note")


def _locked(visit: Visit, by: Actor) -> Visit:
    """The visit, locked, still to be started and at the actor's clinic."""
    current = records.lock(visit, visit.version)
    if by.clinic_id not in {None, current.clinic_id}:
        raise NotFound("visit")
    if current.status not in TO_START:
        who = f"{current.patient.short_name} is {records.label(current)}"
        raise Conflict("already_started", f"{who}; the gate is asked only before the start.")
    return current


def _changed(visit: Visit, kind: str, after: dict[str, object], by: Actor, reason: str = "") -> None:
    records.save(visit)
    records.note(visit, kind, by, after=after, reason=reason)
    look([visit])
    boards.bump(visit.clinic, [service_day(visit)])


def _stored(answer: Clearance) -> list[dict[str, str]]:
    standing = [{"code": one.code, "sentence": one.sentence, "level": level(one).value} for one in answer.reasons]
    lifted = [
        {
            "code": one.code,
            "sentence": one.sentence,
            "level": level(Reason(one.code, one.sentence)).value,
            "reason": one.reason,
            "by": one.by,
        }
        for one in answer.overridden
    ]
    return standing + lifted


def _differs(row: VisitClearance, known: VisitClearance) -> bool:
    return (known.light, known.reasons) != (row.light, row.reasons)


def _tell_boards(visits: Iterable[Visit]) -> None:
    days: dict[UUID, tuple[Visit, set[date]]] = {}
    for visit in visits:
        days.setdefault(visit.clinic_id, (visit, set()))[1].add(service_day(visit))
    for _, (visit, changed) in sorted(days.items()):
        boards.bump(visit.clinic, changed)


def _to_start() -> QuerySet[Visit]:
    """Visits still to be started, the forgotten ones of past days left out."""
    waiting = [status.value for status in TO_START]
    since = clock.now() - timedelta(days=1)
    return Visit.objects.filter(status__in=waiting, period__endswith__gt=since).select_related("clinic")
