"""What the catalogue pages show: the list, and one product or indication with every number, its source and its past."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.urls import reverse

from regimens.domain.catalogue_fields import CHECK, Group, Kind, find
from regimens.domain.catalogue_sources import Reference, code_confidence, confidence_words, references
from regimens.domain.catalogue_values import plain_exact, words
from regimens.domain.quantities import exact
from regimens.models import CatalogueEdit, Indication, Product, ProductCode
from regimens.queries.catalogue_pages import CatalogueList, IndicationPage, ListedProduct, Number, ProductPage
from regimens.queries.therapies import entry_on
from regimens.services.catalogue_edits import Proposal, fields_of


@dataclass(frozen=True, kw_only=True)
class StepView:
    """A step of a ramp: its rate, and how long it is held."""

    rate: str
    held: str


@dataclass(frozen=True, kw_only=True)
class ChangeView:
    """A change in words. `state` says whether it counts today, later, no more or was withdrawn."""

    edit: CatalogueEdit
    label: str
    value: str
    state: str
    can_withdraw: bool


@dataclass(frozen=True, kw_only=True)
class ProposalView:
    """What a number is on a date, and what it would be."""

    was: str
    now: str
    was_steps: tuple[StepView, ...]
    now_steps: tuple[StepView, ...]
    unit: str
    on: date
    is_same: bool


@dataclass(frozen=True, kw_only=True)
class NumberView:
    """One number as a row of the page."""

    number: Number
    label: str
    value: str
    steps: tuple[StepView, ...]
    unit: str
    source: str
    is_file: bool
    file_value: str
    history: tuple[ChangeView, ...]
    coming: tuple[ChangeView, ...]
    change_url: str


@dataclass(frozen=True, kw_only=True)
class GroupView:
    """Numbers that belong together."""

    title: str
    numbers: tuple[NumberView, ...]


@dataclass(frozen=True, kw_only=True)
class CodeView:
    """A billing code as a row."""

    code: ProductCode
    unit: str
    state: str
    is_own: bool
    source: str
    confidence: str


@dataclass(frozen=True, kw_only=True)
class Fact:
    """Something the entry says that is not changed here."""

    label: str
    value: str


@dataclass(frozen=True, kw_only=True)
class ProductRow:
    """A product in the list."""

    listed: ListedProduct
    url: str
    about: str
    codes: tuple[str, ...]


def product_rows(found: CatalogueList, text: str) -> list[ProductRow]:
    """The products whose name, brand, generic name or code contains `text`."""
    wanted = text.casefold()
    rows = [_product_row(listed) for listed in found.products]
    return [row for row in rows if wanted in _haystack(row)]


def groups(numbers: Sequence[Number], *, url_name: str, key: str, may_change: bool, today: date) -> list[GroupView]:
    """The numbers by the parts of the page."""
    views = [
        (number.field.group, _number(number, url_name=url_name, key=key, may_change=may_change, today=today))
        for number in numbers
    ]
    return [
        GroupView(title=group.value, numbers=tuple(view for held, view in views if held is group))
        for group in Group
        if group is not Group.CHECK and any(held is group for held, _ in views)
    ]


def label_check(page: ProductPage, *, may_change: bool, today: date) -> NumberView | None:
    """The number that says whether the rates were checked, for products whose label must be."""
    found = next((number for number in page.numbers if number.field.name == CHECK.name), None)
    if found is None or not (found.value or found.history):
        return None
    return _number(
        found, url_name="scheduling:catalogue-product-change", key=page.product.pk, may_change=may_change, today=today
    )


def number_view(number: Number, *, today: date) -> NumberView:
    """One number without the way to change it."""
    return _number(number, url_name="", key="", may_change=False, today=today)


def change_view(edit: CatalogueEdit, *, today: date) -> ChangeView:
    """A change by itself, such as one about to be taken back."""
    subject: Product | Indication | None = edit.product or edit.indication
    assert subject is not None  # noqa: S101 (a constraint of the table)
    fields = fields_of(subject, entry_on(subject.data, [edit], edit.effective_from))
    field = find(fields, edit.field)
    state = "withdrawn" if edit.withdrawn_at else "coming" if edit.effective_from > today else "in force"
    value = words(field, edit.value) if field else str(edit.value)
    return ChangeView(
        edit=edit, label=field.label if field else edit.field, value=value, state=state, can_withdraw=False
    )


def proposal_view(proposal: Proposal) -> ProposalView:
    """A change that is not saved, in words."""
    field, edit = proposal.field, proposal.edit
    is_ramp = field.kind is Kind.RAMP
    return ProposalView(
        was=words(field, proposal.was),
        now=words(field, proposal.now),
        was_steps=steps_of(proposal.was or ()) if is_ramp else (),
        now_steps=steps_of(proposal.now or ()) if is_ramp else (),
        unit=field.unit,
        on=edit.effective_from,
        is_same=words(field, proposal.was) == words(field, proposal.now),
    )


def code_views(page: ProductPage, *, today: date) -> list[CodeView]:
    """The billing codes of a product; withdrawn ones stay as history."""
    return [
        CodeView(
            code=code,
            unit=f"{plain_exact(exact(code.unit_mg))} mg",
            state=_code_state(code, page.codes_today, today),
            is_own=code.organization_id is not None,
            source=code.source,
            confidence=confidence_words(code.confidence)
            if code.organization_id
            else code_confidence(page.product.data),
        )
        for code in page.codes
    ]


def product_facts(page: ProductPage) -> list[Fact]:
    """What else the entry says, in words."""
    entry = page.product.data
    weeks = entry.get("maintenance_interval_weeks")
    labelled = [page.indications.get(name, name) for name in entry.get("labelled_indications") or ()]
    found = [
        ("Route", entry.get("route")),
        ("On the label for", "; ".join(labelled)),
        ("Brands", ", ".join(entry.get("brands") or ())),
        ("Usual dose", (entry.get("dose") or {}).get("note") or _dose(entry)),
        ("Induction", _induction(entry.get("induction_offsets_days") or ())),
        ("Usual interval", f"{weeks} {'week' if weeks == 1 else 'weeks'}" if weeks else ""),
        ("Before an infusion", "; ".join(entry.get("pre_infusion_requirements") or ())),
        ("Safety programme", entry.get("rems")),
        ("Given until", entry.get("finite_course")),
        ("Confidence", entry["confidence"] if isinstance(entry.get("confidence"), str) else ""),
        ("Notes", entry.get("notes")),
    ]
    return [Fact(label=label, value=str(value)) for label, value in found if value]


def indication_facts(page: IndicationPage) -> list[Fact]:
    """What else the entry says, in words."""
    entry = page.indication.data
    found = [
        ("ICD-10", ", ".join(entry.get("icd10") or ())),
        ("Payers ask for", "; ".join(entry.get("pa_evidence") or ())),
        ("Confidence", entry.get("confidence")),
        ("Notes", entry.get("notes")),
    ]
    return [Fact(label=label, value=str(value)) for label, value in found if value]


def sources(entry: Any) -> tuple[Reference, ...]:
    """Where the entry was read."""
    return references(entry)


def steps_of(rows: Iterable[Any]) -> tuple[StepView, ...]:
    """A ramp, step by step."""
    return tuple(
        StepView(
            rate=plain_exact(exact(str(row["ml_per_kg_per_hour"]))),
            held="until done" if row["minutes"] is None else f"{plain_exact(exact(str(row['minutes'])))} min",
        )
        for row in rows
    )


def _number(number: Number, *, url_name: str, key: str, may_change: bool, today: date) -> NumberView:
    field = number.field
    is_ramp = field.kind is Kind.RAMP and bool(number.value)
    return NumberView(
        number=number,
        label=field.label,
        value="" if is_ramp else words(field, number.value),
        steps=steps_of(number.value) if is_ramp else (),
        unit=field.unit,
        source=number.source,
        is_file=number.edit is None and not number.file.is_setting and number.value is not None,
        file_value=words(field, number.file.value),
        history=tuple(_change(number, edit, today, may_change) for edit in number.history),
        coming=tuple(_change(number, edit, today, may_change) for edit in number.coming),
        change_url=reverse(url_name, args=[key, field.name]) if may_change else "",
    )


def _change(number: Number, edit: CatalogueEdit, today: date, may_change: bool) -> ChangeView:
    if edit.withdrawn_at is not None:
        state = "withdrawn"
    elif edit.effective_from > today:
        state = "coming"
    else:
        state = "in force" if number.edit is not None and number.edit.pk == edit.pk else "replaced"
    return ChangeView(
        edit=edit,
        label=number.field.label,
        value=words(number.field, edit.value),
        state=state,
        can_withdraw=may_change and edit.withdrawn_at is None,
    )


def _product_row(listed: ListedProduct) -> ProductRow:
    product = listed.product
    brands = ", ".join(product.data.get("brands") or ())
    return ProductRow(
        listed=listed,
        url=reverse("scheduling:catalogue-product", args=[product.pk]),
        about=brands if brands and not product.is_immune_globulin else product.generic,
        codes=tuple(f"{code.hcpcs} · {plain_exact(exact(code.unit_mg))} mg" for code in listed.codes),
    )


def _haystack(row: ProductRow) -> str:
    product: Product = row.listed.product
    return " ".join([product.name, product.generic, row.about, *row.codes]).casefold()


def _code_state(code: ProductCode, today_codes: frozenset[int], today: date) -> str:
    if code.withdrawn_at is not None:
        return "withdrawn"
    if code.pk in today_codes:
        return "in force"
    if code.starts_on is not None and code.starts_on > today:
        return "coming"
    return "ended" if code.ends_on is not None and code.ends_on < today else "replaced"


def _dose(entry: Any) -> str:
    dose = entry.get("dose") or {}
    if dose.get("mg"):
        return f"{dose['mg']} mg"
    if dose.get("mg_per_kg"):
        return f"{dose['mg_per_kg']} mg/kg"
    return "by weight band" if dose.get("bands") else ""


def _induction(offsets: Sequence[int]) -> str:
    return f"day {', '.join(str(day) for day in offsets)}" if len(offsets) > 1 else ""
