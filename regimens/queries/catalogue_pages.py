"""The catalogue as its pages show it: each number as it counts today, where it comes from, and who changed it when."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from core.errors import NotFound
from regimens.domain.catalogue_fields import Field, indication_fields, product_fields
from regimens.domain.catalogue_overlay import value_at
from regimens.domain.catalogue_sources import Origin, confidence_words, origin
from regimens.models import CatalogueEdit, Indication, Product, ProductCode
from regimens.queries.therapies import Entry, codes_of, entry_on


@dataclass(frozen=True, kw_only=True)
class Number:
    """One number of an entry. `edit` is the change in force today, `coming` those that begin later, `history` all."""

    field: Field
    value: Any
    source: str
    confidence: str
    file: Origin
    edit: CatalogueEdit | None
    coming: tuple[CatalogueEdit, ...]
    history: tuple[CatalogueEdit, ...]


@dataclass(frozen=True, kw_only=True)
class ListedProduct:
    """A product in the list; codes are those in force today, `changes` how many of the organization's count."""

    product: Product
    codes: tuple[ProductCode, ...]
    needs_label_check: bool
    changes: int


@dataclass(frozen=True, kw_only=True)
class ListedIndication:
    """An indication in the list."""

    indication: Indication
    changes: int


@dataclass(frozen=True, kw_only=True)
class CatalogueList:
    """All of the catalogue, by name."""

    products: tuple[ListedProduct, ...]
    indications: tuple[ListedIndication, ...]


@dataclass(frozen=True, kw_only=True)
class ProductPage:
    """A product with its numbers; `codes` hold the file's and the organization's own, withdrawn ones too."""

    product: Product
    entry: Entry
    numbers: tuple[Number, ...]
    codes: tuple[ProductCode, ...]
    codes_today: frozenset[int]
    indications: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class IndicationPage:
    """An indication with its numbers, and the names of the products labelled for it."""

    indication: Indication
    entry: Entry
    numbers: tuple[Number, ...]
    products: tuple[Product, ...]


def listing(*, organization_id: UUID, today: date) -> CatalogueList:
    """Everything in the catalogue as an organization uses it. Four SQL statements."""
    edits = list(CatalogueEdit.objects.filter(organization_id=organization_id, withdrawn_at__isnull=True))
    products = Product.objects.order_by("name").prefetch_related("codes")
    return CatalogueList(
        products=tuple(_listed(product, edits, organization_id, today) for product in products),
        indications=tuple(
            ListedIndication(indication=indication, changes=sum(edit.indication_id == indication.pk for edit in edits))
            for indication in Indication.objects.order_by("name")
        ),
    )


def product_page(product_id: str, *, organization_id: UUID, today: date) -> ProductPage:
    """A product as an organization uses it. Raises NotFound for an unknown id. Four SQL statements."""
    product = product_of(product_id)
    edits = _all_edits(organization_id, product=product)
    entry = entry_on(product.data, _live(edits), today)
    codes = [row for row in product.codes.all() if row.organization_id in {None, organization_id}]
    ever = entry_on(product.data, _live(edits), date.max)
    fields = product_fields(ever, is_immune_globulin=product.is_immune_globulin)
    names = Indication.objects.values_list("pk", "name") if organization_id else ()
    return ProductPage(
        product=product,
        entry=entry,
        numbers=_numbers(fields, product.data, edits, today),
        codes=tuple(sorted(codes, key=_code_order)),
        codes_today=frozenset(code.pk for code in codes_on(product, organization_id=organization_id, on=today)),
        indications=dict(names),
    )


def indication_page(indication_id: str, *, organization_id: UUID, today: date) -> IndicationPage:
    """An indication as an organization uses it. Raises NotFound for an unknown id. Three SQL statements."""
    indication = indication_of(indication_id)
    edits = _all_edits(organization_id, indication=indication)
    labelled = indication.data.get("us_labelled_products") or ()
    return IndicationPage(
        indication=indication,
        entry=entry_on(indication.data, _live(edits), today),
        numbers=_numbers(indication_fields(indication.data), indication.data, edits, today),
        products=tuple(Product.objects.filter(pk__in=labelled).order_by("name")) if organization_id else (),
    )


def product_of(product_id: str) -> Product:
    """The product with its codes. Raises NotFound when the catalogue has none of that id."""
    found = Product.objects.prefetch_related("codes").filter(pk=product_id[:40]).first()
    if found is None:
        raise NotFound("product in the catalogue")
    return found


def indication_of(indication_id: str) -> Indication:
    """The indication. Raises NotFound when the catalogue has none of that id."""
    found = Indication.objects.filter(pk=indication_id[:20]).first()
    if found is None:
        raise NotFound("indication in the catalogue")
    return found


def edit_of(edit_id: UUID, *, organization_id: UUID) -> CatalogueEdit:
    """A change the organization made. Raises NotFound for any other."""
    rows = CatalogueEdit.objects.filter(organization_id=organization_id).select_related("product", "indication")
    found = rows.filter(pk=edit_id).first()
    if found is None:
        raise NotFound("change of the catalogue")
    return found


def code_of(code_id: int, *, organization_id: UUID) -> ProductCode:
    """A billing code the organization added. Raises NotFound for any other."""
    rows = ProductCode.objects.filter(organization_id=organization_id).select_related("product")
    found = rows.filter(pk=code_id).first()
    if found is None:
        raise NotFound("billing code of your own")
    return found


def codes_on(product: Product, *, organization_id: UUID, on: date) -> tuple[ProductCode, ...]:
    """The codes in force for an organization on a date, one of each brand."""
    held: dict[str, ProductCode] = {}
    for code in codes_of(product, organization_id=organization_id):
        began, ended = code.starts_on or date.min, code.ends_on or date.max
        known = held.get(code.label)
        if began <= on <= ended and (known is None or (known.starts_on or date.min) < began):
            held[code.label] = code
    return tuple(held.values())


def number_of(field: Field, data: Entry, edits: Sequence[CatalogueEdit], today: date) -> Number:
    """One number as it counts today; `edits` are all of the entry's, withdrawn ones too."""
    own = [edit for edit in edits if edit.field == field.name]
    live = _live(own)
    in_force = next((edit for edit in reversed(live) if edit.effective_from <= today), None)
    file = origin(field, data)
    value = file.value if in_force is None else value_at(entry_on(data, live, today), field.name)
    return Number(
        field=field,
        value=value,
        source=file.source if in_force is None else in_force.source,
        confidence=file.confidence if in_force is None else confidence_words(in_force.confidence),
        file=file,
        edit=in_force,
        coming=tuple(edit for edit in live if edit.effective_from > today),
        history=tuple(sorted(own, key=lambda edit: edit.made_at, reverse=True)),
    )


def number_on_page(subject: Product | Indication, field: Field, *, organization_id: UUID, today: date) -> Number:
    """One field of a product or an indication. One SQL statement."""
    if isinstance(subject, Product):
        edits = _all_edits(organization_id, product=subject)
    else:
        edits = _all_edits(organization_id, indication=subject)
    return number_of(field, subject.data, edits, today)


def _listed(product: Product, edits: Sequence[CatalogueEdit], organization_id: UUID, today: date) -> ListedProduct:
    own = sorted(
        (edit for edit in edits if edit.product_id == product.pk), key=lambda edit: (edit.effective_from, edit.made_at)
    )
    codes = codes_of(product, organization_id=organization_id)
    return ListedProduct(
        product=product,
        codes=codes_on(product, organization_id=organization_id, on=today),
        needs_label_check=bool(entry_on(product.data, own, today).get("requires_label_check")),
        changes=len(own) + sum(code.organization_id is not None for code in codes),
    )


def _all_edits(
    organization_id: UUID, *, product: Product | None = None, indication: Indication | None = None
) -> list[CatalogueEdit]:
    """Every edit of one entry, withdrawn ones too, in the order in which they count."""
    rows = CatalogueEdit.objects.filter(organization_id=organization_id).order_by("effective_from", "made_at")
    return list(rows.filter(product=product) if product else rows.filter(indication=indication))


def _live(edits: Iterable[CatalogueEdit]) -> list[CatalogueEdit]:
    return [edit for edit in edits if edit.withdrawn_at is None]


def _numbers(fields: Sequence[Field], data: Entry, edits: Sequence[CatalogueEdit], today: date) -> tuple[Number, ...]:
    return tuple(number_of(field, data, edits, today) for field in fields)


def _code_order(code: ProductCode) -> tuple[str, date]:
    return code.label, code.starts_on or date.min
