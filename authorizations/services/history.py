"""How an authorization changes: locked, at the version that was seen, with a line of history and an audit event."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from accounts.domain.policy import Permission
from accounts.models import Clinic
from audit.services.record import record
from authorizations.domain.business_days import business_days
from authorizations.domain.statuses import AuthorizationStatus, check_move
from authorizations.models import Authorization, AuthorizationEvent
from core import clock
from core.actor import Actor
from core.errors import BadInput, Conflict, NotFound, Reason, Stale
from regimens.domain.open_days import OpenDays

FURTHEST_FOLLOW_UP_DAYS = 3 * 366
KEPT_BY_THE_LEDGER = {"id", "units_reserved", "units_used"}
WRITTEN = [field.name for field in Authorization._meta.concrete_fields if field.name not in KEPT_BY_THE_LEDGER]


def lock(authorization: Authorization, *, expected_version: int, by: Actor) -> Authorization:
    """The authorization's row, locked and fresh, if `by` may change it and has seen its latest version.

    Raises NotAllowed, NotFound (another clinic's), or Stale naming who changed it.
    """
    by.require(Permission.AUTHORIZATION_CHANGE, "change authorizations")
    rows = Authorization.objects.select_for_update(of=("self",)).select_related(
        "payer", "patient", "product", "order", "clinic", "owner"
    )
    current = rows.filter(id=authorization.id, clinic_id=by.clinic_id or authorization.clinic_id).first()
    if current is None:
        raise NotFound("authorization")
    if current.version != expected_version:
        last = current.events.first()
        who = f"{last.by_label} changed" if last else "Somebody changed"
        raise Stale("changed_meanwhile", f"{who} this authorization after you opened it. Look at it again, then save.")
    return current


def move_status(authorization: Authorization, to: AuthorizationStatus) -> str:
    """Set a locked authorization's status if the table allows the move, and return the one it had."""
    before = AuthorizationStatus(authorization.status)
    if before is not to:
        refuse(check_move(before, to))
    authorization.status = to
    return before.value


def refuse(reasons: Sequence[Reason], *, kind: type[BadInput] | type[Conflict] = Conflict) -> None:
    """Raise a refusal for `reasons`, if there are any."""
    if reasons:
        raise kind.of(reasons)


def keep(
    authorization: Authorization,
    *,
    kind: str,
    by: Actor,
    text: str = "",
    before: str | None = None,
    data: dict[str, Any] | None = None,
) -> None:
    """Save a locked authorization as its next version, with its line of history and its audit event."""
    authorization.version += 1
    authorization.save(update_fields=WRITTEN)
    note(authorization, kind=kind, by=by, text=text, before=before, data=data)


def note(
    authorization: Authorization,
    *,
    kind: str,
    by: Actor,
    text: str = "",
    before: str | None = None,
    data: dict[str, Any] | None = None,
) -> None:
    """Add a line of history and an audit event; `before` is the status it had, if it moved."""
    status = str(authorization.status)
    AuthorizationEvent.objects.create(
        authorization=authorization,
        at=clock.now(),
        by_label=by.label,
        kind=kind,
        status_before=before if before is not None else status,
        status_after=status,
        text=text[:500],
        data=data or {},
    )
    record(
        action=f"authorization.{kind}",
        entity_type="authorization",
        entity_id=authorization.id,
        by=by,
        patient_id=authorization.patient_id,
        detail={"status": status, "version": authorization.version},
    )


def words(text: str, *, field: str, most: int, what: str = "") -> str:
    """`text` without spaces around it. Raises BadInput when it is too long, or missing though it has a `what`."""
    clean = text.replace("\x00", "").strip()
    if what and not clean:
        raise BadInput(f"{field}_missing", f"Write {what}.", field=field)
    if len(clean) > most:
        raise BadInput(f"{field}_too_long", f"Keep this under {most} characters; it has {len(clean)}.", field=field)
    return clean


def check_follow_up(on: date, *, today: date) -> tuple[Reason, ...]:
    """Why a follow-up date makes no sense."""
    if on < today:
        return (Reason("in_the_past", "Choose today or a later day for the follow-up.", "follow_up_on"),)
    if (on - today).days > FURTHEST_FOLLOW_UP_DAYS:
        return (Reason("too_far", "That is more than 3 years away. Check the year.", "follow_up_on"),)
    return ()


def calendar_of(clinic: Clinic) -> OpenDays:
    """The business days of `clinic`: weekdays on which it is not closed."""
    return business_days(frozenset(clinic.closures.values_list("on", flat=True)))
