"""Billing codes that an organization adds to a product, and takes back: rows with dates, for it alone.

A new code of a brand follows the old one from its first day on, as eculizumab's did on 1 April 2025; orders written
under the old code bill the new one from then.
"""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from accounts.domain.policy import Permission
from accounts.models import Clinic
from audit.services.record import record
from core import clock
from core.actor import Actor
from core.errors import BadInput, Conflict, NotFound, Reason
from core.sourced import Confidence
from core.transactions import business_act
from regimens.domain.catalogue_checks import check_code_dates
from regimens.models import Product, ProductCode
from regimens.queries.therapies import AsIf, codes_of

HCPCS = re.compile(r"[A-Z]\d{4}")
LARGEST_UNIT_MG = Decimal(10_000)


@dataclass(frozen=True, kw_only=True)
class CodeFacts:
    """A billing code as it was entered. `label` is the brand it bills; dates are inclusive."""

    hcpcs: str
    unit_mg: Decimal
    label: str
    starts_on: date
    ends_on: date | None
    source: str
    confidence: str


@dataclass(frozen=True, kw_only=True)
class CodeProposal:
    """A code that makes sense and is not saved."""

    code: ProductCode

    @property
    def as_if(self) -> AsIf:
        return AsIf(codes=(self.code,))


def propose_code(*, clinic: Clinic, product: Product, facts: CodeFacts, by: Actor) -> CodeProposal:
    """Check a code without saving it. Raises BadInput with every reason, Conflict beside one from the same date."""
    _require(clinic, by)
    reasons = [*_about_code(facts), *check_code_dates(facts.starts_on, facts.ends_on, today=clock.today(clinic.zone))]
    if reasons:
        raise BadInput.of(reasons)
    label = facts.label.strip()
    for held in codes_of(product, organization_id=clinic.organization_id):
        if held.organization_id and (held.label, held.starts_on) == (label, facts.starts_on):
            sentence = f"{held.hcpcs} of {label} begins on the same day. Withdraw it first."
            raise Conflict("code_from_same_day", sentence, field="starts_on")
    code = ProductCode(
        organization_id=clinic.organization_id,
        product=product,
        hcpcs=facts.hcpcs.strip().upper(),
        unit_mg=facts.unit_mg,
        label=label,
        starts_on=facts.starts_on,
        ends_on=facts.ends_on,
        source=facts.source.strip(),
        confidence=facts.confidence,
        made_by_label=by.label,
    )
    return CodeProposal(code=code)


@business_act
def add_code(*, clinic: Clinic, product: Product, facts: CodeFacts, by: Actor) -> ProductCode:
    """Save a billing code for the clinic's organization. Raises what `propose_code` raises."""
    code = propose_code(clinic=clinic, product=product, facts=facts, by=by).code
    code.save(force_insert=True)
    _record("catalogue.code_add", code, by)
    return code


@business_act
def withdraw_code(*, clinic: Clinic, code: ProductCode, by: Actor) -> ProductCode:
    """Let an own code count no more. Raises NotFound for the file's and for another organization's."""
    _require(clinic, by)
    held = ProductCode.objects.select_for_update().filter(pk=code.pk, organization_id=clinic.organization_id).first()
    if held is None:
        raise NotFound("billing code of your own")
    if held.withdrawn_at is not None:
        raise Conflict("already_withdrawn", f"{held.hcpcs} was withdrawn already.")
    held.withdrawn_at = clock.now()
    held.save(update_fields=["withdrawn_at"])
    _record("catalogue.code_withdraw", held, by)
    return held


def _about_code(facts: CodeFacts) -> list[Reason]:
    found: list[Reason] = []
    if not HCPCS.fullmatch(facts.hcpcs.strip().upper()):
        found.append(Reason("bad_hcpcs", "A code is a letter and four digits, such as J1569.", "hcpcs"))
    if not (facts.unit_mg.is_finite() and Decimal("0.001") <= facts.unit_mg <= LARGEST_UNIT_MG):
        sentence = "One unit must be above zero and at most 10,000 mg. Most immune globulins bill 500 mg."
        found.append(Reason("bad_unit", sentence, "unit_mg"))
    if not 1 <= len(facts.label.strip()) <= 60:
        found.append(Reason("brand_missing", "Say which brand the code bills.", "label"))
    if not 3 <= len(facts.source.strip()) <= 200:
        found.append(Reason("source_missing", "Say where the code comes from, such as a payer's bulletin.", "source"))
    if facts.confidence not in set(Confidence):
        found.append(Reason("confidence_missing", "Say how sure you are of it.", "confidence"))
    return found


def _require(clinic: Clinic, by: Actor) -> None:
    by.require(Permission.CATALOGUE_CHANGE, "change the catalogue")
    if by.organization_id not in {None, clinic.organization_id}:
        raise NotFound("clinic")


def _record(action: str, code: ProductCode, by: Actor) -> None:
    detail = {
        "product": code.product_id,
        "hcpcs": code.hcpcs,
        "unit_mg": str(code.unit_mg),
        "brand": code.label,
        "from": code.starts_on.isoformat() if code.starts_on else None,
    }
    record(action=action, entity_type="product_code", entity_id=str(code.pk), by=by, detail=detail)
