"""Safety programmes of drugs (REMS), by code: which drug asks for which. See data/rems.json.

Promises that only the very programme that a drug asks for opens it: codes are compared, never words.
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from regimens.models import Product

FILE = Path(__file__).resolve().parent.parent / "data" / "rems.json"


@dataclass(frozen=True, kw_only=True)
class Programme:
    """A safety programme: what records keep, and what people read."""

    code: str
    name: str


def programmes() -> tuple[Programme, ...]:
    """Every programme there is, by name."""
    found = [Programme(code=row["code"], name=row["name"]) for row in _rows()]
    return tuple(sorted(found, key=lambda programme: programme.name.casefold()))


def programme_of(product: Product) -> Programme | None:
    """The programme that a product asks for; None for most. One that nobody coded is its own, by its whole name."""
    asked = str(product.data.get("rems") or "")
    if not asked:
        return None
    code = next((str(row["code"]) for row in _rows() if product.id in row["products"]), coded(asked))
    return Programme(code=code, name=name_of(code))


def coded(written: str) -> str:
    """The code of a programme as somebody wrote it down: its code or its whole name; else the words as they are."""
    words = written.strip()
    for row in _rows():
        if words.casefold() in {each.casefold() for each in (row["code"], row["name"], *row["written"])}:
            return str(row["code"])
    return words[:80]


def name_of(code: str) -> str:
    """What people read for a programme's code."""
    return next((str(row["name"]) for row in _rows() if row["code"] == code), code)


@cache
def _rows() -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(FILE.read_text(encoding="utf-8"))["programmes"]
    return rows
