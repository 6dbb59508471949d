"""Where a number comes from: each setting shows its source and how sure we are of it.

A clinical number is a setting, never a constant. Settings dataclasses annotate each field with `Sourced`, and
`sourced_settings` lists them for the page on which the clinic signs them off.
"""

from dataclasses import dataclass, fields
from enum import StrEnum
from typing import get_type_hints


class Confidence(StrEnum):
    """How a number is known."""

    PUBLISHED = "P"  # printed in a label, policy or order form that can be read
    ARTICLE = "S"  # said by one of the articles the project started from
    CLINIC = "K"  # usual practice: the clinic must verify it before go-live


@dataclass(frozen=True)
class Sourced:
    """The source of a setting and how sure we are of it."""

    source: str
    confidence: Confidence


@dataclass(frozen=True)
class SourcedSetting:
    """One setting as a person reads it."""

    name: str
    value: object
    source: str
    confidence: Confidence


def sourced_settings(settings: object) -> tuple[SourcedSetting, ...]:
    """Each annotated field of a settings dataclass: its value, source and confidence, in written order."""
    hints = get_type_hints(type(settings), include_extras=True)
    found: list[SourcedSetting] = []
    for item in fields(settings):  # type: ignore[arg-type]
        for note in getattr(hints[item.name], "__metadata__", ()):
            if isinstance(note, Sourced):
                value = getattr(settings, item.name)
                found.append(SourcedSetting(item.name, value, note.source, note.confidence))
    return tuple(found)
