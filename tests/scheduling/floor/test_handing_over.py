"""Nobody on the floor is nobody's: who went home hands over, and who was left open yesterday is still shown."""

from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from accounts.domain.policy import Role
from accounts.models import User
from core import clock
from core.errors import Conflict
from regimens.models import CourseDay
from scheduling.domain.statuses import VisitStatus
from scheduling.models import ClinicRules, Shift, Visit, VitalsCheck
from scheduling.queries import floor
from scheduling.services import assignment
from tests import factories
from tests.browser.scenes import FRIDAY, NOW, Day
from tests.scheduling.floor.conftest import desk_of, step
from tests.scheduling.pages.reading import words

MINE, ALL = "/floor/?who=mine", "/floor/?who=all"


@pytest.fixture
def nurse(day: Day) -> Client:
    return desk_of(day.nurse)


def early(day: Day, *, until: int) -> User:
    """A. Field, who came at seven and works until `until` o'clock."""
    user = factories.make_staff(day.clinic, Role.NURSE, name="A. Field")
    Shift.objects.create(
        clinic=day.clinic, nurse=user, starts_at=factories.at(FRIDAY, 7), ends_at=factories.at(FRIDAY, until)
    )
    return user


def give(day: Day, visit: Visit, nurse: User) -> Visit:
    visit.refresh_from_db()
    return assignment.assign(visit=visit, nurse_id=nurse.id, expected_version=visit.version, by=day.by)


def test_the_patient_of_a_nurse_who_went_home_is_everybody_s_and_may_be_taken(
    day: Day, nurse: Client, olsen: Visit
) -> None:
    give(day, olsen, early(day, until=10))
    page = words(nurse.get(MINE))
    assert "Olsen, A." in page
    assert "A. Field, shift ended 10:00" in page
    assert "No nurse: 1" in page
    olsen.refresh_from_db()
    nurse.post(reverse("scheduling:visit-take", args=[olsen.id]), {"version": olsen.version})
    olsen.refresh_from_db()
    assert olsen.nurse_id == day.nurse.id


def test_the_patient_of_a_nurse_at_work_is_not_taken(day: Day, nurse: Client, olsen: Visit) -> None:
    given = give(day, olsen, early(day, until=15))
    assert "Olsen, A." not in words(nurse.get(MINE))
    with pytest.raises(Conflict, match=r"A\. Field looks after"):
        assignment.take(visit=given, expected_version=given.version, by=factories.actor(day.nurse))


def test_an_infusion_without_a_nurse_is_on_every_nurse_s_page(day: Day, nurse: Client, olsen: Visit) -> None:
    Visit.objects.filter(pk=olsen.pk).update(nurse=None)
    assert "Olsen, A." in words(nurse.get(MINE))


def test_taking_twice_is_taking_once(day: Day, nurse: Client, reyes: Visit) -> None:
    seen = {"version": reyes.version}
    url = reverse("scheduling:visit-take", args=[reyes.id])
    assert [nurse.post(url, seen).status_code for _ in range(2)] == [302, 302]
    assert Visit.objects.get(pk=reyes.pk).events.filter(kind="assign").count() == 1


def test_the_board_proposes_somebody_else_when_a_nurse_went_home(day: Day, nurse: Client, olsen: Visit) -> None:
    ClinicRules.objects.update_or_create(clinic=day.clinic, defaults={"assignment": "push"})
    give(day, olsen, early(day, until=10))
    assert "Give to" in words(nurse.get(ALL))


def test_two_shifts_on_a_day_are_one_with_a_break(day: Day) -> None:
    user = early(day, until=9)
    Shift.objects.create(
        clinic=day.clinic, nurse=user, starts_at=factories.at(FRIDAY, 13), ends_at=factories.at(FRIDAY, 17)
    )
    found = next(one for one in floor.nurses_on(day.clinic, FRIDAY) if one.nurse_id == user.id)
    assert (found.shift.end, found.is_here(factories.at(FRIDAY, 11))) == (factories.at(FRIDAY, 17), False)
    assert found.is_here(factories.at(FRIDAY, 14))


def test_who_was_left_open_the_day_before_is_still_on_the_floor(day: Day, nurse: Client, olsen: Visit) -> None:
    from tests.browser import scenes

    scenes.set_clock(NOW + timedelta(days=1))
    page = words(nurse.get(ALL))
    assert "Olsen, A." in page
    assert "Left open on Fri 20 Nov" in page
    fields = {"to": "completed", "at": "12:10", "version": Visit.objects.get(pk=olsen.pk).version}
    nurse.post(reverse("scheduling:visit-status", args=[olsen.id]), fields)
    done = Visit.objects.get(pk=olsen.pk)
    assert (done.status, done.ended_at) == (VisitStatus.COMPLETED, factories.at(FRIDAY, 12, 10))


def test_the_page_of_a_day_says_whose_nurse_leaves_before_the_end(day: Day, nurse: Client, olsen: Visit) -> None:
    give(day, olsen, early(day, until=11))
    assert "leaves at 11:00" in words(nurse.get(f"/floor/assign/{FRIDAY}/"))


def test_a_pump_that_is_held_or_slower_moves_the_next_step_and_the_end(day: Day, nurse: Client, olsen: Visit) -> None:
    steps = [
        {"starts_at_minute": "0", "minutes": "100", "ml_per_hour": "99"},
        {"starts_at_minute": "100", "minutes": None, "ml_per_hour": "198"},
    ]
    CourseDay.objects.filter(pk=olsen.course_day_id).update(rate_steps=steps)
    begun = olsen.infusion_started_at
    assert begun is not None
    read(olsen, begun + timedelta(minutes=40), "99")
    assert "Now 99 mL/h. Next step 10:55: 198 mL/h" in words(nurse.get(ALL))
    read(olsen, begun + timedelta(minutes=50), "0")
    page = words(nurse.get(ALL))
    assert "Pump held since 10:05; the plan waits" in page
    assert "Ends 1 h 26 late" not in page
    read(olsen, begun + timedelta(minutes=70), "99")
    assert "Now 99 mL/h. Next step 11:15: 198 mL/h" in words(nurse.get(ALL))


def read(visit: Visit, at: datetime, rate: str) -> None:
    VitalsCheck.objects.create(
        visit=visit, at=at, recorded_at=clock.now(), by_label="X", heart_rate=70, ml_per_hour=rate
    )


def test_a_patient_is_not_seated_by_a_step_that_was_shown_before(day: Day, nurse: Client, reyes: Visit) -> None:
    step(day, reyes, VisitStatus.SEATED)
    answer = nurse.post(reverse("scheduling:visit-status", args=[reyes.id]), {"to": "seated", "version": reyes.version})
    assert answer.status_code == 409


def test_who_is_watched_without_need_is_not_called_late(day: Day, nurse: Client, olsen: Visit) -> None:
    CourseDay.objects.filter(pk=olsen.course_day_id).update(phases=[{"kind": "infusion", "minutes": 150}])
    step(day, olsen, VisitStatus.OBSERVING)
    page = words(nurse.get(ALL))
    assert "watched 0 min" in page
    assert "observation over" not in page
