"""An entry of the catalogue with other values in some of its places; the entry itself is never changed.

A place is named by its keys with dots between them. In a list a number counts rows from nought, and any other word
names the row of that indication: `window_days.early`, `indication_profiles.CIDP.first`, `regimens.0.loading.days`.
"""

from collections.abc import Iterable, Mapping
from typing import Any

Entry = Mapping[str, Any]
PROFILES = "indication_profiles"


def value_at(entry: Entry, place: str) -> Any:
    """What stands at a place of the entry; None where nothing does."""
    held: Any = entry
    for key in place.split("."):
        held = _inside(held, key)
    return held


def overlaid(entry: Entry, changes: Iterable[tuple[str, Any]]) -> Entry:
    """The entry with each (place, value) put into it in turn, so that the last of one place counts."""
    for place, value in changes:
        entry = _put(entry, place.split("."), value)
    return entry


def _inside(held: Any, key: str) -> Any:
    if isinstance(held, Mapping):
        return held.get(key)
    if isinstance(held, list):
        return next((row for index, row in enumerate(held) if _is_row(index, row, key)), None)
    return None


def _is_row(index: int, row: Any, key: str) -> bool:
    if key.isdecimal():
        return index == int(key)
    return isinstance(row, Mapping) and row.get("indication") == key


def _put(held: Any, keys: list[str], value: Any) -> Any:
    if not keys:
        return value
    key, *rest = keys
    if isinstance(held, list):
        return _put_in_row(held, key, rest, value)
    copy = dict(held) if isinstance(held, Mapping) else {}
    inside = copy.get(key)
    copy[key] = _put([] if key == PROFILES and inside is None else inside, rest, value)
    return copy


def _put_in_row(rows: list[Any], key: str, rest: list[str], value: Any) -> list[Any]:
    """The rows with one of them changed; the row of an indication that has none is added."""
    for index, row in enumerate(rows):
        if _is_row(index, row, key):
            return [*rows[:index], _put(row, rest, value), *rows[index + 1 :]]
    return [*rows, _put({"indication": key}, rest, value)]
