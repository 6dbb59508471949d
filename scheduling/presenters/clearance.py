"""The clearance gate as the visit's panel shows it: the light, every reason with what mends it, who may go ahead."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from accounts.domain.policy import Permission
from core import clock
from core.actor import Actor
from core.errors import Reason
from scheduling.domain.clearance import Authority, Clearance, Hold, Light, authority, level
from scheduling.domain.infusion_check import Concern, concern_label
from scheduling.domain.statuses import VisitStatus
from scheduling.models import PreInfusionCheck, Visit
from scheduling.queries.clearance import service_day
from scheduling.services import gate

WORDS: Mapping[Light, tuple[str, str, str]] = {
    Light.GREEN: ("Clear to start", "good", "circle-tick"),
    Light.AMBER: ("Needs a decision", "warn", "diamond"),
    Light.RED: ("Not clear", "bad", "no-entry"),
}
"""The word, tone and shape of each light."""

H = Hold
PATIENT_PART = {
    H.ELIGIBILITY_NOT_VERIFIED: ("Check the insurance", "insurance-title"),
    H.CONSENT_MISSING: ("Record the consent", "consent-title"),
    H.LABS_EXPIRED: ("Record the result", "labs-title"),
    H.LABS_OUT_OF_RANGE: ("See the results", "labs-title"),
    H.WEIGHT_OUTDATED: ("Record a weight", "weights-title"),
    H.DIARY_UNSEEN: ("Look at the diary", "diary-title"),
    H.REMS_INCOMPLETE: ("Record the enrolment", "programmes-title"),
}
ON_ORDER = frozenset(
    {
        H.ORDER_INACTIVE,
        H.ORDER_EXPIRED,
        H.WEIGHT_CHANGED,
        H.TOO_LATE_REASSESS,
        H.OPEN_ADVERSE_EVENT,
        H.HARD_CONTRAINDICATION,
    }
)
ON_PLAN = frozenset({H.PLAN_UNDECIDED})
BY_MOVING = frozenset({H.TOO_EARLY, H.FREQUENCY_LIMIT})
BY_CHECKING = frozenset({H.CHECK_MISSING, H.ACUTE_ILLNESS, H.DRUG_NOT_AVAILABLE})


@dataclass(frozen=True)
class Fix:
    """Where a reason is put right."""

    word: str
    url: str
    is_panel: bool = False


@dataclass(frozen=True, kw_only=True)
class HoldLine:
    """One reason. `who` may go ahead against it; `asks` says whether the person looking may, here and now."""

    code: str
    sentence: str
    is_red: bool
    fix: Fix
    who: str
    asks: bool


def clearance_panel(visit: Visit, found: Clearance | None, check: PreInfusionCheck | None, by: Actor) -> dict[str, Any]:
    """What the panel of `visit` shows of the gate to `by`; `found` is None once the infusion was started."""
    is_today = service_day(visit) == clock.today(visit.clinic.zone)
    is_open = found is not None
    can_check = is_open and is_today and by.can(Permission.ADMINISTRATION_RECORD)
    word, tone, icon = WORDS[found.light] if found else ("", "", "")
    return {
        "gate": {
            "word": word,
            "tone": tone,
            "icon": icon,
            "lines": _lines(visit, found, by) if found else [],
            "overridden": _overridden(visit, found),
            "check": check,
            "concerns": _concerns(check),
            "is_check_due": is_open and is_today and check is None,
            "can_check": can_check,
            "is_open": is_open,
            "is_held": found is not None and not found.is_cleared,
            "starts_by_check": can_check and check is None and visit.status == VisitStatus.SEATED,
        }
    }


def _lines(visit: Visit, found: Clearance, by: Actor) -> list[HoldLine]:
    asked: set[str] = set()
    lines = []
    for reason in found.reasons:
        who = authority(reason)
        is_first = reason.code not in asked
        asked.add(reason.code)
        lines.append(
            HoldLine(
                code=reason.code,
                sentence=reason.sentence,
                is_red=level(reason) is Light.RED,
                fix=fix_of(reason, visit),
                who="" if who is Authority.NOBODY else who.who,
                asks=is_first and gate.may_override(reason, by),
            )
        )
    return lines


def fix_of(reason: Reason, visit: Visit) -> Fix:
    """Where the fact behind `reason` is put right."""
    code = reason.code
    if code in BY_CHECKING:
        return Fix("Do the check", reverse("scheduling:visit-infusion-check", args=[visit.id]), is_panel=True)
    if code in BY_MOVING:
        return Fix("Move the visit", reverse("scheduling:visit-move", args=[visit.id]), is_panel=True)
    if code in ON_PLAN:
        return Fix("Decide about the plan", reverse("scheduling:order-plan", args=[visit.course_day.course.order_id]))
    if code in ON_ORDER:
        return Fix("Open the order", reverse("scheduling:order", args=[visit.course_day.course.order_id]))
    if code in PATIENT_PART:
        word, part = PATIENT_PART[Hold(code)]
        return Fix(word, f"{reverse('scheduling:patient', args=[visit.patient_id])}#{part}")
    if visit.authorization_id is None:
        return Fix("Request an authorization", reverse("authorizations:queue"))
    return Fix("Open the authorization", reverse("authorizations:authorization", args=[visit.authorization_id]))


def _overridden(visit: Visit, found: Clearance | None) -> list[dict[str, str]]:
    """What people went ahead against: now, or as it was when the infusion was started."""
    if found is not None:
        return [{"sentence": one.sentence, "reason": one.reason, "by": one.by} for one in found.overridden]
    kept = getattr(visit, "clearance", None)
    return [one for one in kept.reasons if "reason" in one] if kept is not None else []


def _concerns(check: PreInfusionCheck | None) -> list[str]:
    if check is None:
        return []
    told = [concern_label(concern) for concern in Concern if concern in check.concerns]
    return told if check.is_drug_on_hand else ["The drug is not here", *told]
