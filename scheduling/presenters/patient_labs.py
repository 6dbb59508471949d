"""The tests that a patient's orders ask for, each as it stands today, and the other results below."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from patients.domain.lab_results import LAB_SETTINGS, LabState, Wanted, against, state_of, valid_until
from patients.domain.labs import LAB_VALIDITY
from patients.models import LabResult
from patients.queries.lab_tests import lab_name, lab_tests
from regimens.models import TreatmentOrder
from scheduling.domain.clearance_checks import RENAL_TESTS

TREND = 3
CHIPS = {
    LabState.MISSING: ("bad", "octagon"),
    LabState.EXPIRED: ("bad", "octagon"),
    LabState.OUT_OF_RANGE: ("bad", "warning"),
    LabState.EXPIRES_SOON: ("warn", "hourglass"),
    LabState.VALID: ("good", "tick"),
}


@dataclass(frozen=True, kw_only=True)
class LabRow:
    """A result that no order asks for."""

    lab: LabResult
    name: str
    result: str


@dataclass(frozen=True, kw_only=True)
class RequiredLab:
    """A test that live orders ask for. `trend` are the last results, the oldest first; `until` None: for ever."""

    name: str
    drugs: str
    latest: LabResult | None
    result: str
    until: date | None
    limits: str
    trend: tuple[str, ...]
    direction: str
    state: LabState
    tone: str
    icon: str
    source: str


def required_labs(
    orders: Sequence[TreatmentOrder],
    results: Iterable[LabResult],
    *,
    today: date,
    next_visit_on: date | None,
    is_at_risk: bool,
) -> list[RequiredLab]:
    """Each test of the orders once, by the strictest of them; what has to be done first stands on top."""
    asked: dict[str, list[tuple[TreatmentOrder, dict[str, Any]]]] = defaultdict(list)
    for order in orders:
        for item in order.labs_required:
            asked[str(item["code"])].append((order, item))
    known: dict[str, list[LabResult]] = defaultdict(list)
    for lab in results:
        known[lab.code].append(lab)
    soon = max(LAB_SETTINGS.expires_soon_days, (next_visit_on - today).days if next_visit_on else 0)
    rows = [
        _required(code, items, known[code], today=today, soon_days=soon, is_at_risk=is_at_risk)
        for code, items in asked.items()
    ]
    order_of = list(LabState)
    return sorted(rows, key=lambda row: order_of.index(row.state))


def other_labs(labs: Iterable[LabResult], required: Iterable[TreatmentOrder]) -> list[LabRow]:
    """Results of tests that no live order asks for."""
    codes = {str(item["code"]) for order in required for item in order.labs_required}
    return [LabRow(lab=lab, name=lab_name(lab.code), result=result_words(lab)) for lab in labs if lab.code not in codes]


def result_words(lab: LabResult) -> str:
    """A result as a person reads it: 0.9 mg/dL, or negative."""
    number = "" if lab.value is None else f"{lab.value.normalize():f} {lab.unit}".strip()
    return ", ".join(part for part in (number, lab.text) if part)


def _required(
    code: str,
    items: list[tuple[TreatmentOrder, dict[str, Any]]],
    labs: list[LabResult],
    *,
    today: date,
    soon_days: int,
    is_at_risk: bool,
) -> RequiredLab:
    latest = labs[0] if labs else None
    days = _days(code, [item for _, item in items], is_at_risk=is_at_risk)
    low = max((found for _, item in items if (found := _limit(item.get("low"))) is not None), default=None)
    high = min((found for _, item in items if (found := _limit(item.get("high"))) is not None), default=None)
    unit = str(items[0][1].get("unit") or "")
    listed = lab_tests().get(code)
    wanted = Wanted(low=low, high=high, unit=unit, expects=listed.expects if listed else "")
    state = state_of(
        taken_on=latest.taken_on if latest else None,
        valid_days=days,
        is_as_wanted=latest is None or not against(wanted, value=latest.value, unit=latest.unit, text=latest.text),
        on=today,
        soon_days=soon_days,
    )
    tone, icon = CHIPS[state]
    numbers = [lab.value for lab in labs[:TREND] if lab.value is not None][::-1]
    source = ", ".join(str(items[0][1].get(part)) for part in ("source", "confidence") if items[0][1].get(part))
    return RequiredLab(
        name=str(items[0][1].get("name") or lab_name(code)),
        drugs=", ".join(dict.fromkeys(order.product.name for order, _ in items)),
        latest=latest,
        result=result_words(latest) if latest else "",
        until=valid_until(latest.taken_on, days) if latest else None,
        limits=_limits(low, high, unit) or wanted.expects,
        trend=tuple(f"{number.normalize():f}" for number in numbers) if len(numbers) > 1 else (),
        direction=_direction(numbers),
        state=state,
        tone=tone,
        icon=icon,
        source=source,
    )


def _days(code: str, items: list[dict[str, Any]], *, is_at_risk: bool) -> int | None:
    """The shortest validity asked for; kidney tests of a patient at risk count for less, as at the gate."""
    found = [int(item["valid_days"]) for item in items if item.get("valid_days") is not None]
    if found and is_at_risk and code in RENAL_TESTS:
        found.append(LAB_VALIDITY.renal_at_risk)
    return min(found, default=None)


def _limit(written: object) -> Decimal | None:
    return None if written in {None, ""} else Decimal(str(written))


def _limits(low: Decimal | None, high: Decimal | None, unit: str) -> str:
    if low is not None and high is not None:
        return f"{low:f} to {high:f} {unit}".strip()
    if low is not None:
        return f"at least {low:f} {unit}".strip()
    return f"at most {high:f} {unit}".strip() if high is not None else ""


def _direction(numbers: Sequence[Decimal]) -> str:
    if len(numbers) < 2 or numbers[0] == numbers[-1]:
        return "steady" if len(numbers) > 1 else ""
    return "rising" if numbers[-1] > numbers[0] else "falling"
