"""What happened at the chair can always be written down, however full the nurses' time is."""

from datetime import timedelta

from scheduling.domain.statuses import VisitStatus
from scheduling.models import CapacitySlot, Visit
from scheduling.services import booking, flow
from tests import factories
from tests.factories import at
from tests.scheduling import invariants
from tests.scheduling.conftest import MONDAY, World
from tests.scheduling.storms.scenes import WHY

INTAKE_FIRST = [
    {"kind": "intake", "minutes": 15},
    {"kind": "iv_start", "minutes": 15},
    {"kind": "infusion", "minutes": 90},
]
STARTS_AT_ONCE = [{"kind": "iv_start", "minutes": 15}, {"kind": "infusion", "minutes": 90}]


def visit_with(world: World, phases: list[dict[str, object]], chair: int) -> Visit:
    order = factories.make_order(factories.make_patient(world.clinic))
    day = factories.make_course_day(order, MONDAY, phases=phases)
    return booking.book(
        course_day=day, chair=world.chairs[chair], start=at(MONDAY, 8), by=world.scheduler, override=WHY
    )


def test_a_patient_who_leaves_before_the_start_needs_no_other_nurse(world: World) -> None:
    CapacitySlot.objects.update(starts_cap=1)
    visit_with(world, STARTS_AT_ONCE, 0)
    visit = visit_with(world, INTAKE_FIRST, 1)
    for step in (VisitStatus.ARRIVED, VisitStatus.SEATED, VisitStatus.LEFT_EARLY):
        visit = flow.advance(visit=visit, to=step, expected_version=visit.version, by=world.scheduler)
    assert visit.status == VisitStatus.LEFT_EARLY
    assert visit.period.upper - visit.period.lower <= timedelta(minutes=30)
    invariants.assert_sound()
