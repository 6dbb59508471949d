"""What an order usually asks for besides its dose: tests on file, premedication, hydration. See data/requirements.json.

Promises that every line names its source and how sure we are of it. A suggestion never orders anything by itself.
"""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from regimens.models import Indication, Product

FILE = Path(__file__).resolve().parent.parent / "data" / "requirements.json"
AT_RISK = "valid_days_at_risk"
IMMUNE_GLOBULIN = "immune_globulin"

Entry = Mapping[str, Any]


def labs(product: Product, indication: Indication, *, is_at_risk: bool = False) -> tuple[dict[str, Any], ...]:
    """The tests an order of `product` for `indication` usually asks for, as `OrderFacts.labs_required` keeps them.

    A patient at risk has kidney tests that count for a shorter time.
    """
    held = _file()["labs"]
    if product.is_immune_globulin:
        rows = [*held[IMMUNE_GLOBULIN], *held["indications"].get(indication.id, ())]
    else:
        rows = held["products"].get(product.id, [])
    return tuple(_for_patient(row, is_at_risk=is_at_risk) for row in rows)


def premedication(product: Product) -> str:
    """What is usually given before the infusion; empty where nothing is."""
    held = _file()["premedication"]
    found: Entry = held[IMMUNE_GLOBULIN] if product.is_immune_globulin else held["products"].get(product.id, {})
    return str(found.get("text", ""))


def hydration(product: Product, *, is_at_risk: bool) -> tuple[str, int | None]:
    """The words about drinking and fluid by vein, and its minutes in the chair (None: the clinic's)."""
    if not product.is_immune_globulin:
        return "", None
    found: Entry = _file()["hydration_at_risk" if is_at_risk else "hydration"]
    return str(found["text"]), found.get("minutes")


def _for_patient(row: Entry, *, is_at_risk: bool) -> dict[str, Any]:
    days = row.get(AT_RISK, row["valid_days"]) if is_at_risk else row["valid_days"]
    return {name: value for name, value in row.items() if name != AT_RISK} | {"valid_days": days}


@cache
def _file() -> Entry:
    read: Entry = json.loads(FILE.read_text(encoding="utf-8"))
    return read
