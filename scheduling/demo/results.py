"""What laboratories report in the demo: usual values, inside the limits that an order sets."""

from collections.abc import Mapping
from decimal import Decimal
from random import Random
from typing import Any

USUAL = {
    "creatinine": (0.85, 0.12),
    "bun": (14, 3),
    "crcl": (82, 9),
    "alt": (25, 7),
    "ast": (24, 6),
    "hemoglobin": (13.2, 1.0),
    "wbc": (6.2, 1.2),
    "anc": (4.1, 0.8),
    "platelets": (220, 40),
    "igg_trough": (780, 90),
    "iga": (110, 40),
    "uric_acid": (2.2, 0.8),
    "immunoglobulins": (1050, 150),
    "glucose": (96, 8),
    "phosphate": (3.4, 0.4),
    "calcium": (9.4, 0.3),
    "vitamin_d": (34, 6),
}
"""Usual values and their spread, in the unit of the list of tests; other tests are answered in words."""
WORDS = {"ebv": "Positive"}
NORMAL = frozenset({"mri", "hearing", "g6pd"})


def usual_result(test: Mapping[str, Any], rng: Random) -> tuple[Decimal | None, str]:
    """A result of a required test: a number inside its limits, or words."""
    code = str(test["code"])
    if code not in USUAL:
        return None, WORDS.get(code, "Normal" if code in NORMAL else "Negative")
    mean, spread = USUAL[code]
    low, high = float(test.get("low") or 0.1), float(test.get("high") or mean * 3)
    measured = min(high, max(low, rng.gauss(mean, spread)))
    return Decimal(measured).quantize(Decimal("0.01") if mean < 10 else Decimal(1)), ""
