"""A plan laid out across both changes of the clock keeps its local times: nine o'clock stays nine o'clock."""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Clinic
from regimens.domain.cadence import Cadence, lay_out
from scheduling.queries import openings
from scheduling.services import booking
from scheduling.services.booking import Override
from tests import factories

pytestmark = pytest.mark.django_db

JANUARY = datetime(2026, 1, 5, 14, 0, tzinfo=UTC)
FREELY = Override("a test")
ZONES = ("America/Chicago", "America/New_York", "America/Los_Angeles", "America/Phoenix")


@pytest.fixture
def clinics() -> dict[str, Clinic]:
    """Clinics in four zones, staffed all year."""

    @cache
    def clinic(zone: str) -> Clinic:
        made = factories.make_clinic(time_zone=zone, chairs=1)
        factories.make_shifts(made, date(2026, 1, 5), days=360, nurses=1)
        return made

    with time_machine.travel(JANUARY, tick=True):
        return {zone: clinic(zone) for zone in ZONES}


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    zone=st.sampled_from(ZONES),
    interval=st.integers(min_value=3, max_value=8).map(lambda weeks: weeks * 7),
    quarters=st.integers(min_value=0, max_value=28),
    starts_on=st.dates(min_value=date(2026, 1, 6), max_value=date(2026, 2, 20)),
)
def test_a_booked_plan_keeps_the_time_on_the_wall_across_march_and_november(
    clinics: dict[str, Clinic], zone: str, interval: int, quarters: int, starts_on: date
) -> None:
    clinic = clinics[zone]
    wall = (datetime.combine(starts_on, time(8)) + timedelta(minutes=15 * quarters)).time()
    with time_machine.travel(JANUARY, tick=True):
        by = factories.scheduler(clinic)
        order = factories.make_order(factories.make_patient(clinic, prefers_time=wall))
        plan = lay_out(Cadence(interval_days=interval), starts_on=starts_on, through_on=date(2026, 12, 20))
        offsets = set()
        for course in plan:
            day = factories.make_course_day(order, course.due_on, window=3)
            best = openings.find(clinic=clinic, course_day=day, limit=1)[0]
            visit = booking.book(
                course_day=day, chair=best.chair, start=best.opening.interval.start, by=by, override=FREELY
            )
            local = visit.period.lower.astimezone(clinic.zone)
            assert local.time() == wall
            assert abs(local.date() - course.due_on) <= timedelta(days=3)
            offsets.add(local.utcoffset())
        assert len(offsets) == (1 if zone == "America/Phoenix" else 2)
        for visit in order.patient.visits.all():
            booking.cancel(visit=visit, reason="next example", expected_version=visit.version, by=by)
