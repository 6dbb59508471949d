"""Brings the catalogue file into the database: products, their dated billing codes, and indications.

Promises to be repeatable: a second run with the same file changes nothing, and a product whose numbers changed keeps
its id, so orders go on pointing at it. Every number is stored with the source and confidence the file gives it. What an
organization changed or added (edits, and codes of its own) is no part of the file and is never touched.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from audit.services.record import record
from core.actor import Actor
from core.errors import BadInput
from core.transactions import business_act
from regimens.models import Indication, Product, ProductCode

FILE = Path(__file__).resolve().parent.parent / "data" / "catalogue.json"
IMMUNE_GLOBULIN_ON_BOARD = "IVIG"

Entry = Mapping[str, Any]


@dataclass(frozen=True)
class Loaded:
    """What a run did: rows added, rows changed, and how many the catalogue holds."""

    version: str
    added: int
    changed: int
    products: int
    indications: int


@business_act
def load(*, by: Actor, path: Path = FILE) -> Loaded:
    """Make the database's catalogue equal to the file's. Raises BadInput for a file that is not a catalogue."""
    text, entries = _read(path)
    version = version_of(text, entries)
    products = [_product(is_ig, entry, version) for is_ig, entry in _products(entries)]
    indications = [_indication(entry) for entry in entries["indications"]]
    new, changed = _keep_products(products)
    with_new_codes = _keep_codes(products)
    new_indications, changed_indications = _keep_indications(indications)
    added = len(new) + len(new_indications)
    mended = len(changed | (with_new_codes - new)) + len(changed_indications)
    if added or mended:
        detail = {"added": added, "changed": mended}
        record(action="catalogue.load", entity_type="catalogue", entity_id=version, by=by, detail=detail)
    return Loaded(version, added, mended, len(products), len(indications))


def version_of(text: bytes, entries: Entry) -> str:
    """The date the file was made and the start of its hash: two different files never share a version."""
    return f"{entries['generated']}.{hashlib.sha256(text).hexdigest()[:8]}"


def _read(path: Path) -> tuple[bytes, dict[str, Any]]:
    try:
        text = path.read_bytes()
        entries: dict[str, Any] = json.loads(text)
        if entries["schema_version"] != 1:
            raise BadInput("catalogue_schema", f"{path.name} has a layout this release does not know.", field="path")
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise BadInput("not_a_catalogue", f"{path} is not a catalogue file.", field="path") from problem
    return text, entries


def _products(entries: Entry) -> list[tuple[bool, Entry]]:
    """Each product's entry, and whether it is an immune globulin."""
    return [(True, entry) for entry in entries["ig_products"]] + [
        (False, entry) for entry in entries["other_therapies"]
    ]


def _product(is_immune_globulin: bool, entry: Entry, version: str) -> Product:
    return Product(
        id=entry["id"],
        name=entry["name"],
        generic=(entry.get("generic") or entry["name"])[:120],
        is_immune_globulin=is_immune_globulin,
        board_name=IMMUNE_GLOBULIN_ON_BOARD if is_immune_globulin else entry["name"][:30],
        data=entry,
        catalogue_version=version,
    )


def _indication(entry: Entry) -> Indication:
    return Indication(id=entry["id"], name=entry["name"], data=entry)


def _keep_products(wanted: Sequence[Product]) -> tuple[set[str], set[str]]:
    """Insert and mend products; the ids of the new and of the changed ones."""
    names = ("name", "generic", "is_immune_globulin", "board_name", "data")
    held = Product.objects.in_bulk([product.id for product in wanted])
    new = [product for product in wanted if product.id not in held]
    changed = [
        product
        for product in wanted
        if product.id in held and any(getattr(product, name) != getattr(held[product.id], name) for name in names)
    ]
    Product.objects.bulk_create(new)
    Product.objects.bulk_update(changed, [*names, "catalogue_version"])
    return {product.id for product in new}, {product.id for product in changed}


def _keep_indications(wanted: Sequence[Indication]) -> tuple[set[str], set[str]]:
    """Insert and mend indications; the ids of the new and of the changed ones."""
    held = Indication.objects.in_bulk([indication.id for indication in wanted])
    new = [each for each in wanted if each.id not in held]
    changed = [each for each in wanted if each.id in held and (each.name, each.data) != _as_held(held[each.id])]
    Indication.objects.bulk_create(new)
    Indication.objects.bulk_update(changed, ["name", "data"])
    return {each.id for each in new}, {each.id for each in changed}


def _as_held(indication: Indication) -> tuple[str, Any]:
    return indication.name, indication.data


def _keep_codes(products: Sequence[Product]) -> set[str]:
    """Make each product's dated codes equal to its entry's; the ids of the products whose codes were not."""
    held: dict[str, set[tuple[Any, ...]]] = {product.id: set() for product in products}
    of_file = ProductCode.objects.filter(product__in=products, organization__isnull=True)
    for code in of_file:
        held[code.product_id].add(_parts(code))
    wanted = {
        product.id: [_code(product, row) for row in _code_rows(product.data) if row["code"]] for product in products
    }
    stale = {id_ for id_, codes in wanted.items() if {_parts(code) for code in codes} != held[id_]}
    of_file.filter(product_id__in=stale).delete()
    ProductCode.objects.bulk_create(code for id_ in sorted(stale) for code in wanted[id_])
    return stale


def _parts(code: ProductCode) -> tuple[Any, ...]:
    return code.hcpcs, code.unit_mg, code.label, code.starts_on, code.ends_on


def _code_rows(entry: Entry) -> list[dict[str, Any]]:
    """Immune globulins list one brand's history; other drugs list the codes of every brand."""
    history = entry.get("hcpcs_history")
    rows: list[dict[str, Any]] = entry["hcpcs"] if history is None else history
    return rows


def _code(product: Product, row: Entry) -> ProductCode:
    return ProductCode(
        product=product,
        hcpcs=row["code"],
        unit_mg=Decimal(str(row["unit_mg"])).quantize(Decimal("0.001")),
        label=row.get("product") or product.name,
        starts_on=_day(row["effective_from"]),
        ends_on=_day(row["effective_to"]),
    )


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
