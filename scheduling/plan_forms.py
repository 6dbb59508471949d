"""What the page of a changed plan sends back: which differences were seen, with which versions of which visits."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from django.http import QueryDict

from accounts.models import Clinic
from core.errors import BadInput
from scheduling.forms import PlaceForm
from scheduling.services.plan_changes import Target

NOT_READ = "That form can't be read. Reload the page, then decide again."


@dataclass(frozen=True)
class Seen:
    """One course as the person saw it."""

    fingerprint: str
    targets: list[Target] = field(default_factory=list)


def read(data: QueryDict, clinic: Clinic) -> Mapping[int, Seen]:
    """The courses in `data`: ``course`` is "number:fingerprint", ``visit`` "number:id:version", and ``place_<id>``.

    Raises BadInput for anything else.
    """
    seen: dict[int, Seen] = {}
    for number, fingerprint in _split(data.getlist("course"), 2):
        seen[_number(number)] = Seen(fingerprint[:64])
    for number, visit_id, version in _split(data.getlist("visit"), 3):
        if _number(number) not in seen:
            raise BadInput("form_unknown", NOT_READ, field="visit")
        seen[_number(number)].targets.append(_target(data, clinic, visit_id, _number(version)))
    if not seen:
        raise BadInput("form_unknown", NOT_READ, field="course")
    return seen


def read_one(data: QueryDict, clinic: Clinic) -> tuple[int, Seen]:
    """The one course in `data`; raises BadInput as `read` does."""
    seen = read(data, clinic)
    if len(seen) != 1:
        raise BadInput("form_unknown", NOT_READ, field="course")
    return next(iter(seen.items()))


def _target(data: QueryDict, clinic: Clinic, visit_id: str, version: int) -> Target:
    try:
        found = UUID(visit_id)
    except ValueError:
        raise BadInput("form_unknown", NOT_READ, field="visit") from None
    place = data.get(f"place_{found}", "")
    if not place:
        return Target(visit_id=found, version=version)
    form = PlaceForm({"place": place}, clinic=clinic)
    if not form.is_valid():
        raise BadInput("place_unknown", "That place can't be read. Choose one from the list.", field="place")
    return Target(visit_id=found, version=version, chair=form.cleaned_data["chair"], start=form.cleaned_data["start"])


def _split(values: Iterable[str], parts: int) -> Iterable[list[str]]:
    for value in values:
        found = value.split(":")
        if len(found) != parts:
            raise BadInput("form_unknown", NOT_READ, field="course")
        yield found


def _number(text: str) -> int:
    if text.isascii() and text.isdigit() and len(text) < 9:
        return int(text)
    raise BadInput("form_unknown", NOT_READ, field="course")
