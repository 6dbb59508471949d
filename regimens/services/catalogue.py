"""Brings the catalogue file into the database: products, their dated billing codes, and indications.

Promises to be repeatable: a second run with the same file changes nothing, and a product whose numbers changed keeps its
id, so orders go on pointing at it. Every number is stored with the source and confidence the file gives it.
"""

import hashlib
import json
from collections.abc import Mapping
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
    added = changed = 0
    for kind, entry in _products(entries):
        was_added, was_changed = _keep_product(kind, entry, version)
        added, changed = added + was_added, changed + was_changed
    for entry in entries["indications"]:
        was_added, was_changed = _keep_indication(entry)
        added, changed = added + was_added, changed + was_changed
    loaded = Loaded(version, added, changed, len(_products(entries)), len(entries["indications"]))
    if added or changed:
        detail = {"added": added, "changed": changed}
        record(action="catalogue.load", entity_type="catalogue", entity_id=version, by=by, detail=detail)
    return loaded


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


def _keep_product(is_immune_globulin: bool, entry: Entry, version: str) -> tuple[bool, bool]:
    values = {
        "name": entry["name"],
        "generic": (entry.get("generic") or entry["name"])[:120],
        "is_immune_globulin": is_immune_globulin,
        "board_name": IMMUNE_GLOBULIN_ON_BOARD if is_immune_globulin else entry["name"][:30],
        "data": entry,
    }
    product, is_new = Product.objects.get_or_create(id=entry["id"], defaults=values | {"catalogue_version": version})
    is_changed = not is_new and any(getattr(product, name) != value for name, value in values.items())
    if is_changed:
        Product.objects.filter(pk=product.pk).update(**values, catalogue_version=version)
    return is_new, _keep_codes(product, entry) and not is_new or is_changed


def _keep_codes(product: Product, entry: Entry) -> bool:
    wanted = [_code(product, row) for row in _code_rows(entry) if row["code"]]
    names = ("hcpcs", "unit_mg", "label", "starts_on", "ends_on")
    held = set(product.codes.values_list(*names))
    if held == {tuple(getattr(code, name) for name in names) for code in wanted}:
        return False
    product.codes.all().delete()
    ProductCode.objects.bulk_create(wanted)
    return True


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


def _keep_indication(entry: Entry) -> tuple[bool, bool]:
    values = {"name": entry["name"], "data": entry}
    indication, is_new = Indication.objects.get_or_create(id=entry["id"], defaults=values)
    is_changed = not is_new and (indication.name, indication.data) != (values["name"], values["data"])
    if is_changed:
        Indication.objects.filter(pk=indication.pk).update(**values)
    return is_new, is_changed
