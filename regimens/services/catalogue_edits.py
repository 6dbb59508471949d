"""What an organization changes in the catalogue: a number from a date on, or a billing code of its own.

Promises that every change names its source, how sure one is of it, and why; that nonsense is refused at its field;
and that nothing is deleted: a change that was wrong is withdrawn. Plans follow in `scheduling.services`.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

from accounts.domain.policy import Permission
from accounts.models import Clinic, User
from audit.services.record import record
from core import clock
from core.actor import Actor
from core.errors import BadInput, Conflict, NotFound, Reason
from core.transactions import business_act
from regimens.domain.catalogue_checks import check_date, check_value, check_words
from regimens.domain.catalogue_fields import Field, find, indication_fields, product_fields
from regimens.domain.catalogue_overlay import value_at
from regimens.domain.catalogue_sources import origin
from regimens.domain.catalogue_values import read
from regimens.models import CatalogueEdit, Indication, Product
from regimens.queries.therapies import AsIf, Entry, edits_of, entry_on

Subject = Product | Indication


@dataclass(frozen=True, kw_only=True)
class ChangeFacts:
    """A change as it was entered: `text` is what stands in the field."""

    field: str
    text: str
    effective_from: date
    source: str
    confidence: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """A change that makes sense and is not saved: the field, its value on that day before, and what it would be."""

    edit: CatalogueEdit
    field: Field
    was: Any
    now: Any

    @property
    def as_if(self) -> AsIf:
        return AsIf(edits=(self.edit,))


def field_of(subject: Subject, name: str, *, organization_id: Any) -> Field:
    """The field of that name, of the entry as the organization's edits, coming ones too, leave it.

    Raises NotFound for a name the entry does not have.
    """
    entry = entry_on(subject.data, _edits(subject, organization_id), date.max)
    found = find(fields_of(subject, entry), name)
    if found is None:
        raise NotFound("number in the catalogue")
    return found


def fields_of(subject: Subject, entry: Entry) -> tuple[Field, ...]:
    """What can be changed of a product or an indication whose entry now stands so."""
    if isinstance(subject, Product):
        return product_fields(entry, is_immune_globulin=subject.is_immune_globulin)
    return indication_fields(entry)


def propose(*, clinic: Clinic, subject: Subject, facts: ChangeFacts, by: Actor) -> Proposal:
    """Check a change without saving it. Raises BadInput with every reason, each at its field."""
    _require(clinic, by)
    field = field_of(subject, facts.field, organization_id=clinic.organization_id)
    edits = _edits(subject, clinic.organization_id)
    entry = entry_on(subject.data, edits, facts.effective_from)
    reasons: list[Reason] = []
    value = None
    try:
        value = read(field, facts.text)
    except BadInput as refusal:
        reasons += refusal.reasons
    else:
        reasons += check_value(field, value, entry)
    reasons += check_date(facts.effective_from, today=clock.today(clinic.zone))
    reasons += check_words(source=facts.source, confidence=facts.confidence, reason=facts.reason)
    if reasons:
        raise BadInput.of(reasons)
    edit = CatalogueEdit(
        organization_id=clinic.organization_id,
        product=subject if isinstance(subject, Product) else None,
        indication=subject if isinstance(subject, Indication) else None,
        field=field.name,
        value=value,
        effective_from=facts.effective_from,
        source=facts.source.strip(),
        confidence=facts.confidence,
        reason=facts.reason.strip(),
        made_at=clock.now(),
        made_by_label=by.label,
    )
    return Proposal(edit=edit, field=field, was=_value(field, entry), now=value)


@business_act
def make(*, clinic: Clinic, subject: Subject, facts: ChangeFacts, by: Actor) -> CatalogueEdit:
    """Save a change of the catalogue for the clinic's organization. Raises what `propose` raises.

    Raises Conflict when the very same change is there already, such as after a second press.
    """
    edit = propose(clinic=clinic, subject=subject, facts=facts, by=by).edit
    same = ("field", "value", "effective_from", "source", "confidence")
    for held in _edits(subject, clinic.organization_id):
        if all(getattr(held, name) == getattr(edit, name) for name in same):
            raise Conflict("already_changed", "This change is saved already.")
    edit.made_by = User.objects.filter(pk=by.id).first() if by.id else None
    edit.save(force_insert=True)
    _record("catalogue.change", edit, by)
    return edit


@business_act
def withdraw(*, clinic: Clinic, edit: CatalogueEdit, by: Actor) -> CatalogueEdit:
    """Let a change count no more: what stood there before holds again. It stays in the history.

    Raises NotFound for another organization's, Conflict when it was withdrawn already.
    """
    _require(clinic, by)
    held = CatalogueEdit.objects.select_for_update().filter(pk=edit.pk, organization_id=clinic.organization_id).first()
    if held is None:
        raise NotFound("change of the catalogue")
    if held.withdrawn_at is not None:
        raise Conflict("already_withdrawn", f"{held.withdrawn_by_label} withdrew this change already.")
    held.withdrawn_at, held.withdrawn_by_label = clock.now(), by.label
    held.save(update_fields=["withdrawn_at", "withdrawn_by_label"])
    _record("catalogue.withdraw", held, by)
    return held


def _require(clinic: Clinic, by: Actor) -> None:
    by.require(Permission.CATALOGUE_CHANGE, "change the catalogue")
    if by.organization_id not in {None, clinic.organization_id}:
        raise NotFound("clinic")


def _edits(subject: Subject, organization_id: Any) -> tuple[CatalogueEdit, ...]:
    if isinstance(subject, Product):
        return edits_of(organization_id=organization_id, product=subject)
    return edits_of(organization_id=organization_id, indication=subject)


def _value(field: Field, entry: Entry) -> Any:
    """What counts there: the entry's value, else the clinic's setting."""
    held = value_at(entry, field.name)
    return origin(field, entry).value if held is None else held


def _record(action: str, edit: CatalogueEdit, by: Actor) -> None:
    detail = {
        "product": edit.product_id,
        "indication": edit.indication_id,
        "field": edit.field,
        "value": edit.value,
        "from": edit.effective_from.isoformat(),
    }
    record(action=action, entity_type="catalogue_edit", entity_id=edit.id, by=by, detail=detail)
