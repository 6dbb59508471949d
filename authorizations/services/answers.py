"""Recording what the payer said: in full, in part, changed, denied, more information wanted.

Every field is compared with what was asked; the differences stay in the history. An approval at once covers the visits
that were booked without cover.
"""

from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

from authorizations import demand
from authorizations.domain.answers import Answer, Difference, Outcome, Requested, check_answer, compare
from authorizations.domain.appeals import appeal_due_on, appeal_limits
from authorizations.domain.business_days import add_business_days
from authorizations.domain.follow_up import next_follow_up
from authorizations.domain.statuses import AuthorizationStatus
from authorizations.models import Authorization, AuthorizationEvent
from authorizations.services.history import calendar_of, check_follow_up, keep, lock, move_status, refuse, words
from core import clock
from core.actor import Actor
from core.errors import BadInput
from core.transactions import business_act


@dataclass(frozen=True)
class Recorded:
    """An answer on file: the authorization, how it differs from the request, and how many visits it newly covers."""

    authorization: Authorization
    differences: tuple[Difference, ...]
    visits_covered: int


@business_act
def record_answer(
    *,
    authorization: Authorization,
    answer: Answer,
    follow_up_on: date | None = None,
    expected_version: int,
    by: Actor,
) -> Recorded:
    """Record the payer's `answer`. `follow_up_on` None means the day the rules propose.

    Raises BadInput naming every field that makes no sense, Conflict when the status does not allow such an answer.
    """
    current = lock(authorization, expected_version=expected_version, by=by)
    asked = requested(current)
    _check_lengths(answer)
    refuse(check_answer(answer, asked, units_taken=current.units_reserved + current.units_used), kind=BadInput)
    today = clock.today(current.clinic.zone)
    if follow_up_on is not None:
        refuse(check_follow_up(follow_up_on, today=today), kind=BadInput)
    before = move_status(current, answer.outcome.status)
    if answer.reference.strip():
        current.reference = answer.reference.strip()
    differences = compare(answer, asked) if answer.outcome.grants else ()
    _apply(current, answer, today)
    if follow_up_on is not None:
        current.follow_up_on = follow_up_on
    text = " ".join([_said(answer), *(difference.sentence for difference in differences)])
    data: dict[str, Any] = {"differences": [asdict(difference) for difference in differences]}
    keep(current, kind="answer", by=by, before=before, text=text, data=data)
    covered = demand.cover_waiting(authorization=current, by=by) if answer.outcome.grants else 0
    return Recorded(current, differences, covered)


def requested(authorization: Authorization) -> Requested:
    """What the payer was asked for when the request was last sent; what is written in it now, if it never was."""
    events = AuthorizationEvent.objects.filter(authorization=authorization, kind="submit")
    asked = next((event.data.get("asked") for event in events[:1]), None) or {}
    return Requested(
        units=asked.get("units", authorization.units_requested),
        hcpcs=asked.get("hcpcs", authorization.hcpcs),
        starts_on=_date(asked.get("starts_on")),
        ends_on=_date(asked.get("ends_on")),
        visits=asked.get("visits"),
    )


def _check_lengths(answer: Answer) -> None:
    words(answer.reference, field="reference", most=40)
    words(answer.reason, field="reason", most=200)
    words(answer.site_name, field="site_name", most=120)
    words(answer.rendering_name, field="rendering_name", most=120)
    if answer.hcpcs and (len(answer.hcpcs) > 8 or not answer.hcpcs.isalnum()):
        raise BadInput("hcpcs", "A drug code is letters and digits, such as J1569.", field="hcpcs")


def _apply(authorization: Authorization, answer: Answer, today: date) -> None:
    """Write the answer's fields into a locked authorization, with the next step it leads to."""
    calendar = calendar_of(authorization.clinic)
    if answer.outcome.grants:
        _grant(authorization, answer, today)
        return
    authorization.follow_up_on = next_follow_up(
        status=AuthorizationStatus(authorization.status), submitted_on=None, today=today, calendar=calendar
    )
    if answer.outcome is Outcome.PENDED:
        authorization.next_step = f"Send the payer: {answer.reason.strip()}"[:120]
        return
    authorization.decided_at = clock.now()
    authorization.decision_due_at = None
    authorization.denial_reason = answer.reason.strip()
    authorization.appeal_due_on = answer.appeal_due_on or _last_day_to_appeal(authorization, today)
    authorization.next_step = "Ask for a peer-to-peer call, or appeal"
    authorization.follow_up_on = add_business_days(today, 1, calendar=calendar)


def _grant(authorization: Authorization, answer: Answer, today: date) -> None:
    assert answer.units is not None and answer.ends_on is not None  # noqa: S101, PT018 (checked by check_answer)
    authorization.units_approved = answer.units
    authorization.visits_approved = answer.visits
    authorization.starts_on, authorization.ends_on = answer.starts_on, answer.ends_on
    authorization.limit_units, authorization.limit_days = answer.limit_units, answer.limit_days
    authorization.hcpcs = answer.hcpcs or authorization.hcpcs
    authorization.site_name, authorization.site_npi = answer.site_name.strip(), answer.site_npi.strip()
    authorization.place_of_service = answer.place_of_service
    authorization.rendering_name = answer.rendering_name.strip()
    authorization.rendering_npi = answer.rendering_npi.strip()
    authorization.decided_at, authorization.decision_due_at = clock.now(), None
    authorization.denial_reason, authorization.appeal_due_on = "", None
    renewal_on = answer.ends_on - timedelta(days=authorization.payer.renewal_lead_days)
    authorization.next_step = "Start the renewal"
    authorization.follow_up_on = max(renewal_on, today)


def _last_day_to_appeal(authorization: Authorization, today: date) -> date | None:
    limits = appeal_limits(authorization.payer.line_of_business)
    return appeal_due_on(notice_on=today, file_within_days=limits.file_within_days) if limits else None


def _said(answer: Answer) -> str:
    if not answer.outcome.grants:
        return f"{answer.outcome.label}: {answer.reason.strip()}"
    said = f"{answer.outcome.label}: {answer.units} units, {answer.starts_on} to {answer.ends_on}."
    return f"{said} {answer.only_for}".rstrip()


def _date(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
