"""Chairs: adding, naming, ordering, retiring. A retired chair keeps its history and takes no more visits."""

from dataclasses import dataclass

from accounts.models import Clinic
from audit.services.record import record
from core.actor import Actor
from core.errors import BadInput, Conflict
from core.transactions import business_act
from scheduling.models import Chair, ChairKind
from scheduling.services import boards
from scheduling.services.setup_calendar import lock_ahead, may_change

MOST_CHAIRS = 200


@dataclass(frozen=True, kw_only=True)
class ChairFacts:
    """What a manager says about a chair. `position` is its place on the board, from 1."""

    name: str
    kind: ChairKind
    is_isolation: bool
    position: int


@business_act
def add(*, clinic: Clinic, facts: ChairFacts, by: Actor) -> Chair:
    """Put a new chair on the board. Raises `Conflict` for a name that is taken."""
    may_change(clinic, by)
    days = lock_ahead(clinic)
    chair = Chair(clinic=clinic, position=0)
    _write(chair, facts)
    record(action="chair.add", entity_type="chair", entity_id=chair.id, by=by, detail={"name": chair.name})
    boards.bump(clinic, days)
    return chair


@business_act
def change(*, chair: Chair, facts: ChairFacts, by: Actor) -> Chair:
    """Name, kind, isolation and place of a chair. Raises `Conflict` for a name that is taken."""
    may_change(chair.clinic, by)
    days = lock_ahead(chair.clinic)
    current = Chair.objects.select_for_update(of=("self",), no_key=True).select_related("clinic").get(pk=chair.pk)
    _write(current, facts)
    detail = {"name": current.name, "kind": str(current.kind), "is_isolation": current.is_isolation}
    record(action="chair.change", entity_type="chair", entity_id=current.id, by=by, detail=detail)
    boards.bump(current.clinic, days)
    return current


@business_act
def retire(*, chair: Chair, by: Actor) -> Chair:
    """Take a chair out of use for good, until it is brought back."""
    return _set_active(chair, by, is_active=False)


@business_act
def bring_back(*, chair: Chair, by: Actor) -> Chair:
    """Put a retired chair back into use."""
    return _set_active(chair, by, is_active=True)


def _set_active(chair: Chair, by: Actor, *, is_active: bool) -> Chair:
    may_change(chair.clinic, by)
    days = lock_ahead(chair.clinic)
    current = Chair.objects.select_for_update(of=("self",), no_key=True).select_related("clinic").get(pk=chair.pk)
    if current.is_active == is_active:
        raise Conflict("as_it_is", f"{current.name} is {'in use' if is_active else 'retired'} already.")
    if not is_active and not Chair.objects.filter(clinic=chair.clinic, is_active=True).exclude(pk=chair.pk).exists():
        raise Conflict("last_chair", f"{current.name} is the last chair in use. Add another one first.")
    current.is_active = is_active
    current.save(update_fields=["is_active"])
    action = "chair.bring_back" if is_active else "chair.retire"
    record(action=action, entity_type="chair", entity_id=current.id, by=by, detail={"name": current.name})
    boards.bump(current.clinic, days)
    return current


def _write(chair: Chair, facts: ChairFacts) -> None:
    """Save the chair and number all chairs of the clinic anew, in their order."""
    others = list(Chair.objects.filter(clinic=chair.clinic).exclude(pk=chair.pk).order_by("position", "name"))
    name = " ".join(facts.name.split())
    if not name:
        raise BadInput("no_name", "Give the chair a short name, such as A1.", field="name")
    if any(other.name.casefold() == name.casefold() for other in others):
        raise Conflict("name_taken", f"There is a chair {name} already.", field="name")
    if len(others) >= MOST_CHAIRS:
        raise BadInput("too_many", f"A clinic has at most {MOST_CHAIRS} chairs.", field="name")
    chair.name, chair.kind, chair.is_isolation = name, facts.kind, facts.is_isolation
    place = min(max(facts.position, 1), len(others) + 1)
    others.insert(place - 1, chair)
    for position, one in enumerate(others, 1):
        one.position = position
    chair.save()
    Chair.objects.bulk_update([one for one in others if one.pk != chair.pk], ["position"])
