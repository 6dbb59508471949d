"""Which authorization covers a visit, if one does, and why not if none does.

One SQL statement answers for any number of visits. The rule itself is pure (`authorizations.domain`); here its facts
are gathered. A visit's patient has a plan on its date (the latest one to start); the plan's payer decides.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, FilteredRelation, Max, OuterRef, Q, Sum
from django.db.models.functions import JSONObject

from accounts.models import Clinic
from authorizations.domain.coverage import (
    AuthorizationFacts,
    VisitFacts,
    check_coverage,
    check_dates,
    check_status,
    less,
)
from authorizations.domain.frequency import Dose, FrequencyLimit
from authorizations.domain.statuses import AuthorizationStatus
from authorizations.models import Authorization, LedgerEntry
from core.errors import Reason
from patients.models import Coverage as Plan
from patients.models import Patient, Payer
from regimens.models import TreatmentOrder

Doses = tuple[Dose, ...]

COVERAGE_CODES = frozenset(
    {
        "auth_not_valid",
        "auth_outside_dates",
        "auth_units_short",
        "auth_visits_short",
        "frequency_limit",
        "hcpcs_mismatch",
        "payer_mismatch",
        "rendering_mismatch",
        "site_mismatch",
    }
)
"""The codes of all reasons given here, so that a visit's note "not covered" can go once it is."""
SITE_CODES = frozenset({"site_mismatch", "rendering_mismatch"})
"""What the payer can still say of a visit whose units are set aside: not here, or not by this clinician."""


@dataclass(frozen=True)
class Need:
    """A visit that wants cover: `units` of the order's drug on a clinic-local date."""

    order: TreatmentOrder
    units: int
    on: date
    visits: int = 1


@dataclass(frozen=True)
class Coverage:
    """The answer. No reasons means covered; `authorization` is then the one to reserve from, if one is required.

    With reasons, `authorization` is the one that comes nearest, for a link. The reasons are soft. `payer` is whom the
    patient is insured with on that date, if a plan is on file.
    """

    authorization: Authorization | None
    reasons: tuple[Reason, ...]
    is_required: bool
    payer: Payer | None = None

    @property
    def is_covered(self) -> bool:
        return not self.reasons


@dataclass(frozen=True)
class _Facts:
    """What is known of one patient: plans, latest first, and authorizations with what was taken from them."""

    plans: tuple[Plan, ...]
    candidates: tuple[tuple[Authorization, Doses], ...]
    clinic: Clinic | None = None


def find(*, order: TreatmentOrder, units: int, on: date, visits: int = 1) -> Coverage:
    """The cover of one visit of `order` that bills `units` on `on`. One SQL statement."""
    need = Need(order, units, on, visits)
    return _answer(_facts(order.clinic_id, [need]).get(order.patient_id), need)


def find_many(*, clinic: Clinic, needs: Sequence[Need]) -> list[Coverage]:
    """The cover of each of `needs`, in their order, each judged as if it were alone. One SQL statement."""
    facts = _facts(clinic.id, needs) if needs else {}
    return [_answer(facts.get(need.order.patient_id), need) for need in needs]


def find_in_turn(*, clinic: Clinic, needs: Sequence[Need]) -> list[Coverage]:
    """The cover of each of `needs`, in their order, each with what those before it take. One SQL statement."""
    facts = _facts(clinic.id, needs) if needs else {}
    taken: dict[UUID, Doses] = {}
    answers = []
    for need in needs:
        answer = _answer(facts.get(need.order.patient_id), need, taken)
        if answer.is_covered and answer.authorization is not None:
            held = answer.authorization.id
            taken[held] = (*taken.get(held, ()), (need.on, need.units))
        answers.append(answer)
    return answers


def facts_of(authorization: Authorization, doses: Doses) -> AuthorizationFacts:
    """What a stored authorization grants, as the rule wants it; `doses` is what each visit already takes of it."""
    allowed = authorization.visits_approved
    limit_units, limit_days = authorization.limit_units, authorization.limit_days
    return AuthorizationFacts(
        status=AuthorizationStatus(authorization.status),
        starts_on=authorization.starts_on,
        ends_on=authorization.ends_on,
        hcpcs=authorization.hcpcs,
        units_left=authorization.units_left,
        visits_left=None if allowed is None else max(0, allowed - len(doses)),
        limit=FrequencyLimit(limit_units, limit_days) if limit_units and limit_days else None,
        doses=doses,
        reference=authorization.reference,
        site=authorization.site_npi,
        place=authorization.place_of_service,
        site_name=authorization.site_name,
        rendering=authorization.rendering_npi,
        rendering_name=authorization.rendering_name,
    )


def asked_by(order: TreatmentOrder, clinic: Clinic | None, *, on: date, units: int, visits: int = 1) -> VisitFacts:
    """What a visit of `order` at `clinic` asks of an authorization, as the rule wants it."""
    return VisitFacts(
        service_on=on,
        hcpcs=order.hcpcs,
        units=units,
        visits=visits,
        icd10=order.icd10,
        site=clinic.npi if clinic else None,
        place=clinic.place_of_service if clinic else None,
        site_name=clinic.name if clinic else "",
        rendering=order.prescriber_npi,
        rendering_name=order.prescriber_name,
    )


def covers(
    authorization: Authorization, *, units: int, on: date, visits: int = 1, hcpcs: str = ""
) -> tuple[Reason, ...]:
    """Why `authorization` does not cover such a visit; empty when it does. At most one SQL statement."""
    need = VisitFacts(service_on=on, hcpcs=hcpcs, units=units, visits=visits)
    return check(need, facts_of(authorization, doses_of(authorization)))


def check(need: VisitFacts, facts: AuthorizationFacts) -> tuple[Reason, ...]:
    """The reasons of the rule; while nothing is approved, only that: units and dates are but wishes until then."""
    reasons = check_coverage(need, facts)
    return tuple(reason for reason in reasons if reason.code == "auth_not_valid") or reasons


def still_covers(authorization: Authorization, *, on: date) -> tuple[Reason, ...]:
    """Why a visit that holds units of `authorization` is no longer paid for: its status or dates changed since."""
    facts = facts_of(authorization, ())
    return check_status(facts) or check_dates(on, facts.starts_on, facts.ends_on)


def doses_of(authorization: Authorization) -> Doses:
    """What each visit takes of `authorization` (reserved or used); empty where the payer counts only units."""
    if not _counts_visits(authorization):
        return ()
    taken = _taken_per_visit(LedgerEntry.objects.filter(authorization=authorization))
    return tuple((row["on"], row["units"]) for row in taken)


def _counts_visits(authorization: Authorization) -> bool:
    return authorization.visits_approved is not None or authorization.limit_units is not None


def _taken_per_visit(entries: Any) -> Any:
    totals = (
        entries.order_by()
        .values("visit_id")
        .annotate(units=Sum(F("reserved_change") + F("used_change")), on=Max("service_on"))
    )
    return totals.filter(units__gt=0)


def _facts(clinic_id: UUID, needs: Sequence[Need]) -> dict[UUID, _Facts]:
    products = {need.order.product_id for need in needs}
    taken = _taken_per_visit(
        LedgerEntry.objects.filter(
            Q(authorization__visits_approved__isnull=False) | Q(authorization__limit_units__isnull=False),
            authorization=OuterRef("candidate__id"),
        )
    )
    rows = (
        Patient.objects.filter(clinic_id=clinic_id, id__in={need.order.patient_id for need in needs})
        .order_by()
        .annotate(
            plan=FilteredRelation("coverages"),
            candidate=FilteredRelation("authorizations", condition=Q(authorizations__product__in=products)),
            taken=ArraySubquery(taken.values(json=JSONObject(on="on", units="units"))),
        )
        .select_related("clinic", "plan__payer", "candidate__payer")  # type: ignore[misc] # the plugin knows no FilteredRelation
    )
    plans: dict[UUID, dict[Any, Plan]] = {}
    candidates: dict[UUID, dict[UUID, tuple[Authorization, Doses]]] = {}
    clinics: dict[UUID, Clinic] = {}
    for row in rows:
        found: Any = row
        clinics[row.id] = row.clinic
        if (plan := getattr(found, "plan", None)) is not None:
            plans.setdefault(row.id, {})[plan.pk] = plan
        if (candidate := getattr(found, "candidate", None)) is not None:
            days = tuple((date.fromisoformat(day["on"]), day["units"]) for day in found.taken)
            candidates.setdefault(row.id, {})[candidate.pk] = (candidate, days)
    latest_first = {
        patient: tuple(sorted(held.values(), key=lambda plan: (plan.starts_on, plan.pk), reverse=True))
        for patient, held in plans.items()
    }
    return {
        patient: _Facts(latest_first.get(patient, ()), tuple(candidates.get(patient, {}).values()), clinics[patient])
        for patient in plans.keys() | candidates.keys()
    }


def _payer_on(facts: _Facts, on: date) -> Payer | None:
    held = (plan for plan in facts.plans if plan.starts_on <= on and (plan.ends_on is None or on <= plan.ends_on))
    plan = next(held, None)
    return plan.payer if plan else None


def _answer(facts: _Facts | None, need: Need, taken: Mapping[UUID, Doses] | None = None) -> Coverage:
    """The answer from `facts`, with what visits before it have `taken` of each authorization."""
    facts = facts or _Facts((), ())
    payer = _payer_on(facts, need.on)
    if payer is not None and not payer.needs_authorization:
        return Coverage(None, (), is_required=False, payer=payer)
    wanted = asked_by(need.order, facts.clinic, on=need.on, units=need.units, visits=need.visits)
    judged = []
    for authorization, days in facts.candidates:
        if authorization.product_id == need.order.product_id:
            granted = less(facts_of(authorization, days), (taken or {}).get(authorization.id, ()))
            judged.append((authorization, _reasons(granted, authorization, payer, wanted)))
    if not judged:
        return Coverage(None, (_missing(payer, need),), is_required=True, payer=payer)
    authorization, reasons = min(judged, key=_nearest)
    return Coverage(authorization, reasons, is_required=True, payer=payer)


def _reasons(
    granted: AuthorizationFacts, authorization: Authorization, payer: Payer | None, wanted: VisitFacts
) -> tuple[Reason, ...]:
    reasons = check(wanted, granted)
    if payer is None or authorization.payer_id == payer.id:
        return reasons
    name = f"{authorization.payer.name} {authorization.reference}".strip()
    sentence = (
        f"{name} does not count: on {wanted.service_on:%a %-d %b %Y} the patient is insured with {payer.name}. "
        "Start a request there."
    )
    return (Reason("payer_mismatch", sentence, is_hard=False), *reasons)


def _missing(payer: Payer | None, need: Need) -> Reason:
    whom = payer.name if payer else "the patient's insurer (none is on file for that date)"
    sentence = f"Nothing was asked of {whom} for this drug yet. Start a request before {need.on:%a %-d %b %Y}."
    return Reason("auth_not_valid", sentence, is_hard=False)


def _nearest(judged: tuple[Authorization, tuple[Reason, ...]]) -> tuple[Any, ...]:
    """Covering first, the one that ends soonest; then fewest reasons; then the latest to end."""
    authorization, reasons = judged
    ends = authorization.ends_on.toordinal() if authorization.ends_on else date.max.toordinal()
    return (len(reasons), _far(reasons), ends if not reasons else -ends, authorization.id)


def _far(reasons: tuple[Reason, ...]) -> int:
    """How far a single reason is from cover: an authorization long over comes after one that lacks some units."""
    order = (
        "auth_units_short",
        "auth_visits_short",
        "frequency_limit",
        "site_mismatch",
        "rendering_mismatch",
        "auth_outside_dates",
        "hcpcs_mismatch",
    )
    return max((order.index(reason.code) if reason.code in order else len(order) for reason in reasons), default=-1)
