"""Where a number of the catalogue comes from and how sure we are of it, from what the entry says about itself.

An entry has one list of sources and says for groups of its numbers how sure it is; a few numbers name their own. Where
the entry has no number the clinic's setting counts, with the setting's source.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from core.sourced import Confidence, sourced_settings
from regimens.domain.catalogue_fields import Field, Kind
from regimens.domain.catalogue_overlay import value_at
from regimens.domain.due_dates import LatePolicy
from regimens.domain.settings import CLINICAL_DEFAULTS

Entry = Mapping[str, Any]
TAGS = {
    Confidence.PUBLISHED: "published",
    Confidence.ARTICLE: "said in an article",
    Confidence.CLINIC: "usual practice, verify",
}
NOT_STATED = "not stated, verify"
LONGEST_PATH = 60


@dataclass(frozen=True)
class Origin:
    """A number as it stands without anybody's change. `is_setting` when it is the clinic's and not the entry's."""

    value: Any
    source: str
    confidence: str
    is_setting: bool = False


@dataclass(frozen=True)
class Reference:
    """One of an entry's sources: where to read it, or what is remembered."""

    words: str
    tag: str
    url: str = ""


def origin(field: Field, entry: Entry) -> Origin:
    """The value of a field in the catalogue file, or the clinic's setting where the file is silent."""
    value = value_at(entry, field.name)
    if value is None:
        return _setting(field)
    source, confidence = _own_words(field, entry)
    return Origin(value, source, confidence)


def confidence_words(tag: str) -> str:
    """A confidence as a person reads it: a letter in words, anything else as it was written."""
    return TAGS[Confidence(tag)] if tag in set(Confidence) else tag


def references(entry: Entry) -> tuple[Reference, ...]:
    """The sources an entry names, each once; a page by its host."""
    found = {
        (row.get("url", ""), row.get("note", "")): Reference(
            row.get("note") or _address(row.get("url", "")), row.get("tag", ""), row.get("url", "")
        )
        for row in entry.get("sources") or ()
    }
    return tuple(found.values())


def code_confidence(entry: Entry) -> str:
    """How sure the file is of a product's billing codes."""
    return _of_group(entry, "hcpcs")


def dose_confidence(entry: Entry) -> str:
    """How sure the file is of a product's usual dose."""
    return _of_group(entry, "dose")


def _own_words(field: Field, entry: Entry) -> tuple[str, str]:
    """The source and confidence the entry gives this number, or its group of numbers."""
    if field.of == "window":
        return _tagged(str(value_at(entry, "window_days.source") or ""))
    if field.of == "tolerance":
        said = str(entry.get("tolerance_note") or "")
        return said.replace(" K default", " by usual practice"), TAGS[Confidence.CLINIC]
    if field.of == "regimens":
        return _tagged(str(entry.get("evidence") or ""))[0], _of_group(entry, "regimens")
    if field.of == "at_risk":
        return _at_risk(entry)
    return "", _of_group(entry, field.of)


def _at_risk(entry: Entry) -> tuple[str, str]:
    said = str(entry.get("at_risk_max_rate_source") or "")
    if said == Confidence.PUBLISHED:
        return "printed on the label", _of_group(entry, "at_risk", "rates")
    if said in {"", Confidence.CLINIC}:
        return "planning default", _of_group(entry, "at_risk", "none")
    return f"{said}; planning default", TAGS[Confidence.CLINIC]


def _of_group(entry: Entry, *groups: str) -> str:
    held = entry.get("confidence")
    if isinstance(held, Mapping):
        return next((str(held[group]) for group in groups if held.get(group)), NOT_STATED)
    return str(held or NOT_STATED)


def _tagged(said: str) -> tuple[str, str]:
    """“P label” and “K default” begin with the confidence."""
    tag, _, rest = said.partition(" ")
    if tag in set(Confidence):
        return rest, confidence_words(tag)
    return said, NOT_STATED


def _setting(field: Field) -> Origin:
    if field.kind is Kind.POLICY:
        return Origin(LatePolicy.HYBRID.value, "used where the catalogue says nothing", TAGS[Confidence.CLINIC], True)
    found = next((each for each in sourced_settings(CLINICAL_DEFAULTS) if each.name == field.setting), None)
    if found is None:
        return Origin(None, "", "")
    return Origin(found.value, found.source, confidence_words(found.confidence), True)


def _address(url: str) -> str:
    """The address without what every address has, cut to what a line holds."""
    parts = urlsplit(url)
    if not parts.hostname:
        return url
    path = parts.path.rstrip("/")
    return f"{parts.hostname.removeprefix('www.')}{path if len(path) <= LONGEST_PATH else path[:LONGEST_PATH] + '…'}"
