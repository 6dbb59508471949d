"""Going ahead against the gate: who may, for how long it speaks, what nobody may; and the check before the start."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest

from accounts.domain.policy import Role
from audit.models import AuditEvent
from core.actor import Actor
from core.errors import BadInput, Conflict, NotAllowed, NotFound
from patients.models import WeightMeasurement
from regimens.models import Reaction
from scheduling.domain.clearance import Light
from scheduling.domain.statuses import VisitStatus
from scheduling.models import ClearanceOverride, PreInfusionCheck, Visit, VisitClearance
from scheduling.services import booking, flow, gate
from scheduling.services.undo import undo
from tests import factories
from tests.factories import at
from tests.scheduling.conftest import TUESDAY, World
from tests.scheduling.gate.conftest import Person, fresh, holds, walk
from tests.scheduling.gate.test_gate import FOUND, weight

pytestmark = pytest.mark.usefixtures("tuesday")
S = VisitStatus
STAFF = [Role.SCHEDULER, Role.NURSE, Role.PRESCRIBER, Role.MANAGER, Role.AUTHORIZATION_ADMIN, Role.AUDITOR]
MAY = {
    "old weight": {Role.NURSE, Role.PRESCRIBER, Role.MANAGER},
    "insurance last month": {Role.NURSE, Role.PRESCRIBER, Role.MANAGER},
    "consent withdrawn": {Role.PRESCRIBER, Role.MANAGER},
    "other code": {Role.PRESCRIBER, Role.MANAGER},
    "too often": {Role.PRESCRIBER, Role.MANAGER},
    "no result": {Role.PRESCRIBER},
    "unwell": {Role.PRESCRIBER},
    "before the minimum": {Role.PRESCRIBER},
    "far overdue": {Role.PRESCRIBER},
    "on hold": set(),
    "over": set(),
    "no drug": set(),
    "no enrolment": set(),
    "grave reaction": set(),
    "life-threatening": set(),
    "contraindicated": set(),
}


def go_ahead(visit: Visit, code: str, by: Actor, reason: str = "Agreed by phone") -> Visit:
    return gate.override(visit=fresh(visit), code=code, reason=reason, by=by)


@pytest.mark.parametrize("role", STAFF)
@pytest.mark.parametrize("name", MAY)
def test_only_those_whose_it_is_go_ahead(world: World, visit: Visit, person: Person, name: str, role: Role) -> None:
    spoil, codes = FOUND[name]
    spoil(world, visit)
    if role in MAY[name]:
        go_ahead(visit, codes[0], person(role))
        assert holds(visit) == []
    else:
        with pytest.raises(NotAllowed, match=r"may go ahead against this\.|Nobody can go ahead"):
            go_ahead(visit, codes[0], person(role))
        assert holds(visit) == codes


def test_a_written_override_lifts_nothing_that_nobody_may_lift(world: World, visit: Visit) -> None:
    FOUND["contraindicated"][0](world, visit)
    factories.clear(visit)
    assert ClearanceOverride.objects.filter(code="hard_contraindication").exists()
    assert holds(visit) == ["hard_contraindication"]


def test_an_override_is_seen_everywhere_and_opens_the_gate(world: World, visit: Visit, person: Person) -> None:
    FOUND["consent withdrawn"][0](world, visit)
    go_ahead(visit, "consent_missing", person(Role.MANAGER))
    kept = VisitClearance.objects.get(visit=visit)
    assert kept.light == Light.GREEN
    assert [(one["code"], one["reason"]) for one in kept.reasons] == [("consent_missing", "Agreed by phone")]
    event = fresh(visit).events.first()
    assert event is not None
    assert (event.kind, event.reason) == ("clearance", "Agreed by phone")
    assert AuditEvent.objects.filter(action="visit.clearance", entity_id=str(visit.id)).count() == 1
    assert walk(visit, S.ARRIVED, S.SEATED, S.INFUSING, by=world.scheduler).status == S.INFUSING


def test_an_override_speaks_for_its_day_alone(world: World, visit: Visit, person: Person) -> None:
    FOUND["consent withdrawn"][0](world, visit)
    moved = go_ahead(visit, "consent_missing", person(Role.MANAGER))
    booking.move(
        visit=moved,
        chair=world.chairs[0],
        start=at(TUESDAY + timedelta(days=1), 9),
        expected_version=moved.version,
        by=world.scheduler,
    )
    assert "consent_missing" in holds(visit)


def test_a_fact_that_gets_worse_is_asked_about_again(world: World, visit: Visit, person: Person) -> None:
    weight("83")(world, visit)
    nurse = person(Role.NURSE)
    go_ahead(visit, "weight_changed", nurse)
    assert holds(visit) == []
    weight("95")(world, visit)
    assert holds(visit) == ["weight_changed"]
    go_ahead(visit, "weight_changed", nurse, "Prescriber keeps the dose")
    assert holds(visit) == []


def test_going_ahead_needs_a_reason_and_something_to_go_against(world: World, visit: Visit, person: Person) -> None:
    with pytest.raises(BadInput, match="Say why"):
        go_ahead(visit, "consent_missing", person(Role.MANAGER), "  ")
    with pytest.raises(Conflict, match="does not hold this visit any more"):
        go_ahead(visit, "consent_missing", person(Role.MANAGER))
    stranger = factories.actor(factories.make_staff(factories.make_clinic(), Role.MANAGER))
    with pytest.raises(NotFound):
        go_ahead(visit, "consent_missing", stranger)
    walk(visit, S.ARRIVED, S.SEATED, S.INFUSING, by=world.scheduler)
    with pytest.raises(Conflict, match="is infusing; the gate is asked only before the start"):
        go_ahead(visit, "consent_missing", person(Role.MANAGER))


def test_the_check_keeps_answers_temperature_and_weight(visit: Visit, person: Person) -> None:
    gate.check(
        visit=fresh(visit),
        is_drug_on_hand=True,
        concerns=["vaccine", "new_medicines"],
        temperature_c=Decimal("36.64"),
        weight_kg=Decimal("76.2"),
        note=" Flu shot planned ",
        by=person(Role.NURSE),
    )
    kept = PreInfusionCheck.objects.filter(visit=visit).first()
    assert kept is not None
    assert kept.concerns == ["new_medicines", "vaccine"]
    assert (kept.temperature_c, kept.note) == (Decimal("36.6"), "Flu shot planned")
    assert WeightMeasurement.objects.first().kg == Decimal("76.2")  # type: ignore[union-attr]
    assert holds(visit) == []


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"concerns": ["boredom"]}, "not among those asked"),
        ({"concerns": [], "temperature_c": Decimal(50)}, "between 30 and 45"),
        ({"concerns": [], "weight_kg": Decimal(700)}, "weight"),
    ],
)
def test_a_check_that_makes_no_sense_is_refused(
    visit: Visit, person: Person, values: dict[str, object], words: str
) -> None:
    before = PreInfusionCheck.objects.count()
    with pytest.raises(BadInput, match=words):
        gate.check(visit=fresh(visit), is_drug_on_hand=True, by=person(Role.NURSE), **values)  # type: ignore[arg-type]
    assert PreInfusionCheck.objects.count() == before


def test_the_latest_check_counts(visit: Visit, person: Person) -> None:
    nurse = person(Role.NURSE)
    gate.check(visit=fresh(visit), is_drug_on_hand=True, concerns=["fever_infection"], by=nurse)
    assert holds(visit) == ["acute_illness"]
    with pytest.raises(BadInput, match="Say in the note why that no longer holds"):
        gate.check(visit=fresh(visit), is_drug_on_hand=True, concerns=(), by=nurse)
    assert holds(visit) == ["acute_illness"]
    gate.check(visit=fresh(visit), is_drug_on_hand=True, concerns=(), note="Asked again: it was last month.", by=nurse)
    assert holds(visit) == []
    said = fresh(visit).events.filter(kind="check").order_by("at").values_list("reason", flat=True)
    assert list(said) == ["Fever or infection", "Nothing to report; Asked again: it was last month."]


def test_the_check_is_a_nurse_s_and_made_on_the_day(world: World, visit: Visit, person: Person) -> None:
    with pytest.raises(NotAllowed, match="do the check before an infusion"):
        gate.check(visit=fresh(visit), is_drug_on_hand=True, concerns=(), by=world.scheduler)
    later = fresh(visit)
    booking.move(
        visit=later,
        chair=world.chairs[0],
        start=at(TUESDAY + timedelta(days=1), 9),
        expected_version=later.version,
        by=world.scheduler,
    )
    with pytest.raises(Conflict, match="This visit is on Wednesday 4 March; the check is done that day"):
        gate.check(visit=fresh(visit), is_drug_on_hand=True, concerns=(), by=person(Role.NURSE))


def test_a_step_before_the_check_can_still_be_undone(world: World, visit: Visit, person: Person) -> None:
    walk(visit, S.ARRIVED, S.SEATED, by=world.scheduler)
    checked = gate.check(visit=fresh(visit), is_drug_on_hand=True, concerns=(), by=person(Role.NURSE))
    assert undo(visit=checked, expected_version=checked.version, by=world.scheduler).status == S.ARRIVED


def test_a_reaction_released_by_a_prescriber_holds_no_more(world: World, visit: Visit) -> None:
    FOUND["grave reaction"][0](world, visit)
    assert holds(visit) == ["open_adverse_event"]
    Reaction.objects.update(released_at=at(TUESDAY, 8))
    step: Callable[..., Visit] = flow.advance
    walk(visit, S.ARRIVED, S.SEATED, by=world.scheduler)
    started = step(visit=(seat := fresh(visit)), to=S.INFUSING, expected_version=seat.version, by=world.scheduler)
    assert started.status == S.INFUSING
