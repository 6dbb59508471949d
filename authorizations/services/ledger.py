"""The unit ledger: reserve at booking, release on cancel, use when given, take the use back.

Each act locks the authorization row first, then adds entries; a trigger keeps the running totals and a CHECK makes an
overdrawn authorization impossible. Nothing is ever changed or deleted. Every act may be repeated without harm.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from uuid import UUID

from authorizations.domain.coverage import VisitFacts, less
from authorizations.domain.statuses import AuthorizationStatus
from authorizations.models import Authorization, AuthorizationEvent, LedgerEntry, LedgerKind
from authorizations.queries import coverage
from core import clock
from core.actor import Actor
from core.errors import BadInput, Conflict, NotFound
from core.transactions import business_act


@dataclass(frozen=True)
class _Held:
    """What a visit holds of one locked authorization."""

    authorization: Authorization
    reserved: int
    used: int
    service_on: date


@dataclass(frozen=True, kw_only=True)
class Reservation:
    """Units that a visit on a clinic-local date wants of an authorization."""

    authorization: Authorization
    visit_id: UUID
    units: int
    service_on: date


@business_act
def reserve(*, authorization: Authorization, visit_id: UUID, units: int, service_on: date, by: Actor) -> None:
    """Reserve `units` of `authorization` for a visit on a clinic-local date.

    Raises Conflict with every reason why it does not cover the visit (`auth_units_short`, `auth_outside_dates`, ...),
    looked at again under the lock, and `already_reserved` when the visit holds other units. The same reservation
    twice is one.
    """
    wanted = Reservation(authorization=authorization, visit_id=visit_id, units=units, service_on=service_on)
    reserve_all(wanted=[wanted], by=by)


@business_act
def reserve_all(*, wanted: Sequence[Reservation], by: Actor) -> None:
    """Reserve for every visit of `wanted`, in their order, or for none; raises what `reserve` does.

    As many SQL statements for many as for one.
    """
    if any(one.units < 1 for one in wanted):
        raise BadInput("units", "A visit reserves at least 1 unit.", field="units")
    locked = _locked(one.authorization for one in wanted)
    held = _held_by(one.visit_id for one in wanted)
    facts = {row.id: coverage.facts_of(row, coverage.doses_of(row)) for row in locked.values()}
    entries = []
    for one in wanted:
        row = locked.get(one.authorization.id)
        if row is None:
            raise NotFound("authorization")
        if row.status == AuthorizationStatus.NOT_REQUIRED:
            continue  # it covers every visit and has no units to count
        if one.visit_id in held:
            _check_same(held[one.visit_id], row, one.units, one.service_on)
            continue
        reasons = coverage.check(VisitFacts(one.service_on, "", one.units), facts[row.id])
        if reasons:
            raise Conflict.of(reasons)
        facts[row.id] = less(facts[row.id], [(one.service_on, one.units)])
        entries.append(
            _entry(row, one.visit_id, LedgerKind.RESERVE, units=one.units, on=one.service_on, by=by, reserved=one.units)
        )
    LedgerEntry.objects.bulk_create(entries)


def _locked(authorizations: Iterable[Authorization]) -> dict[UUID, Authorization]:
    """The rows, locked in key order, of authorizations at the clinic that they are said to be of."""
    asked = {one.id: one.clinic_id for one in authorizations}
    rows = Authorization.objects.select_for_update(of=("self",)).select_related("payer").filter(id__in=asked)
    return {row.id: row for row in rows.order_by("id") if row.clinic_id == asked[row.id]}


@business_act
def release(*, visit_id: UUID, by: Actor) -> None:
    """Give back whatever is reserved for the visit. Units already used stay used (see `reverse`)."""
    release_all(visit_ids=[visit_id], by=by)


@business_act
def release_all(*, visit_ids: Sequence[UUID], by: Actor) -> None:
    """`release` for many visits, in as many SQL statements as for one."""
    reserved = [(key, held) for key, several in _held_all(visit_ids).items() for held in several if held.reserved]
    LedgerEntry.objects.bulk_create(
        [
            _entry(
                held.authorization,
                visit_id,
                LedgerKind.RELEASE,
                units=held.reserved,
                on=held.service_on,
                by=by,
                reserved=-held.reserved,
            )
            for visit_id, held in reserved
        ]
    )


@business_act
def post(
    *, visit_id: UUID, units: int, service_on: date, by: Actor, authorization: Authorization | None = None
) -> None:
    """Turn the visit's reservation into use: `units` were given on `service_on`.

    A visit without one uses nothing, except what it has given back to `authorization`: that is used after all.
    What was given is never refused: units beyond the approval stay out of the ledger and become a line of the
    authorization's history and a follow-up, so that somebody asks the payer for them.
    """
    if units < 1:
        raise BadInput("units", "A visit uses at least 1 unit.", field="units")
    for held in _held(visit_id) or _given_back(visit_id, authorization, service_on):
        if held.used and not held.reserved:
            continue
        whole = held.authorization
        covered = min(units, held.reserved + whole.units_left)
        if covered or held.reserved:
            _add(
                whole,
                visit_id,
                LedgerKind.POST,
                units=covered,
                on=service_on,
                by=by,
                reserved=-held.reserved,
                used=covered,
            )
        if covered < units:
            _report_beyond(whole, visit_id, given=units, covered=covered, service_on=service_on, by=by)


@business_act
def reverse(*, visit_id: UUID, by: Actor) -> None:
    """Take the use back and reserve again, as before `post`; at most what the authorization still holds."""
    for held in _held(visit_id):
        if not held.used:
            continue
        whole = held.authorization
        posts = LedgerEntry.objects.filter(authorization=whole, visit_id=visit_id, kind=LedgerKind.POST)
        before = posts.order_by("at", "id").last()
        wanted = -before.reserved_change if before else held.used
        again = min(wanted, held.used + whole.units_left)
        _add(
            whole,
            visit_id,
            LedgerKind.REVERSE,
            units=held.used,
            on=held.service_on,
            by=by,
            reserved=again,
            used=-held.used,
        )


def _held(visit_id: UUID) -> list[_Held]:
    """What the visit holds, per authorization, in lock order; under the rows' locks."""
    return _held_all([visit_id]).get(visit_id, [])


def _held_all(visit_ids: Sequence[UUID]) -> dict[UUID, list[_Held]]:
    """What each of these visits holds, by its id; under the locks of the authorizations, in key order."""
    ids = set(LedgerEntry.objects.filter(visit_id__in=visit_ids).values_list("authorization_id", flat=True))
    rows = Authorization.objects.select_for_update().filter(id__in=ids).order_by("id")
    return _held_by(visit_ids, {row.id: row for row in rows})


def _given_back(visit_id: UUID, authorization: Authorization | None, on: date) -> list[_Held]:
    """Nothing, held of `authorization` by a visit that held something of it once; under the row's lock."""
    if authorization is None or not LedgerEntry.objects.filter(visit_id=visit_id, authorization=authorization).exists():
        return []
    locked = Authorization.objects.select_for_update(of=("self",)).get(pk=authorization.pk)
    return [_Held(locked, 0, 0, on)]


def _held_by(visit_ids: Iterable[UUID], locked: Mapping[UUID, Authorization] | None = None) -> dict[UUID, list[_Held]]:
    """What each of these visits holds, by its id: `locked` rows where they are, else as they were read."""
    entries = LedgerEntry.objects.filter(visit_id__in=list(visit_ids)).select_related("authorization")
    held: dict[UUID, list[_Held]] = {}
    in_order = entries.order_by("visit_id", "authorization_id", "at", "id")
    for (visit_id, authorization_id), group in groupby(in_order, lambda one: (one.visit_id, one.authorization_id)):
        lines = list(group)
        reserved = sum(line.reserved_change for line in lines)
        used = sum(line.used_change for line in lines)
        if reserved or used:
            authorization = (locked or {}).get(authorization_id) or lines[0].authorization
            held.setdefault(visit_id, []).append(_Held(authorization, reserved, used, lines[-1].service_on))
    return held


def _check_same(held: list[_Held], wanted: Authorization, units: int, service_on: date) -> None:
    """Refuse unless the visit already holds exactly what is wanted."""
    only = held[0]
    is_same = len(held) == 1 and only.authorization.id == wanted.id and only.service_on == service_on
    if not (is_same and units == only.reserved + only.used):
        raise Conflict(
            "already_reserved",
            "This visit already holds units of an authorization. Release them before reserving others.",
        )


def _add(
    authorization: Authorization,
    visit_id: UUID,
    kind: LedgerKind,
    *,
    units: int,
    on: date,
    by: Actor,
    reserved: int = 0,
    used: int = 0,
) -> None:
    _entry(authorization, visit_id, kind, units=units, on=on, by=by, reserved=reserved, used=used).save()


def _entry(
    authorization: Authorization,
    visit_id: UUID,
    kind: LedgerKind,
    *,
    units: int,
    on: date,
    by: Actor,
    reserved: int = 0,
    used: int = 0,
) -> LedgerEntry:
    return LedgerEntry(
        authorization=authorization,
        visit_id=visit_id,
        kind=kind,
        units=units,
        reserved_change=reserved,
        used_change=used,
        service_on=on,
        at=clock.now(),
        by_label=by.label,
    )


def _report_beyond(
    authorization: Authorization, visit_id: UUID, *, given: int, covered: int, service_on: date, by: Actor
) -> None:
    beyond = given - covered
    now = clock.now()
    AuthorizationEvent.objects.create(
        authorization=authorization,
        at=now,
        by_label=by.label,
        kind="beyond_approval",
        text=f"{given} units were given on {service_on:%a %-d %b %Y}; {beyond} of them are beyond the approval.",
        data={"visit_id": str(visit_id), "units_beyond": beyond},
    )
    authorization.refresh_from_db(fields=["version"])
    Authorization.objects.filter(id=authorization.id).update(
        next_step=f"Ask for {beyond} more units for {service_on:%-d %b}",
        follow_up_on=clock.today(authorization.clinic.zone),
        version=authorization.version + 1,
    )
