"""The demo moves on by itself: what happened meanwhile is played once, and the future stays booked."""

from collections import Counter
from datetime import timedelta

import pytest
import time_machine

from core import clock
from patients.models import Patient
from scheduling.demo.catch_up import catch_up
from scheduling.models import Visit, VisitEvent
from scheduling.queries import board
from tests.demo.conftest import THANKSGIVING, Demo
from tests.scheduling.test_storm import assert_sound

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("demo_clinic")]


def test_on_the_next_day_the_clinic_is_at_mid_morning_again(demo: Demo) -> None:
    """The next day is a holiday: nobody is booked on it, and people still want to see a clinic at work."""
    with time_machine.travel(THANKSGIVING, tick=True):
        horizon = clock.today(demo.clinic.zone) + timedelta(days=83)
        said: list[str] = []
        catch_up(say=said.append)
        assert [line for line in said if line.endswith(".")] == []
        start, _ = clock.day_bounds(clock.today(demo.clinic.zone), demo.clinic.zone)
        done = {"completed", "left_early", "no_show", "cancelled"}
        assert set(Visit.objects.filter(period__startswith__lt=start).values_list("status", flat=True)) == done
        today = Counter(visit.status for visit in board.day_board(demo.clinic, start.date()).all_visits)
        assert today["arrived"] == 2
        assert {"infusing", "confirmed"} <= set(today)
        assert Visit.objects.filter(period__startswith__date=horizon).exists() or horizon.weekday() > 4
        assert_sound()
        before = VisitEvent.objects.count(), Visit.objects.count(), Patient.objects.count()
        catch_up()
        assert (VisitEvent.objects.count(), Visit.objects.count(), Patient.objects.count()) == before
