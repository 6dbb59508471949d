"""Which nurse looks after whom: taken, given, set for a day, and undone."""

import pytest

from accounts.domain.policy import Role
from core.actor import Actor
from core.errors import BadInput, Conflict, NotAllowed, Stale
from scheduling.domain.statuses import VisitStatus
from scheduling.models import BoardVersion, NurseSkill, Visit
from scheduling.queries import floor
from scheduling.services import assignment, undo
from tests import factories
from tests.browser.scenes import FRIDAY, Day
from tests.scheduling.floor.conftest import step


@pytest.fixture
def brook(day: Day) -> Actor:
    return factories.actor(day.nurse)


def test_a_nurse_takes_a_waiting_patient_and_it_can_be_undone(day: Day, reyes: Visit, brook: Actor) -> None:
    before = BoardVersion.objects.get(clinic=day.clinic, on=FRIDAY).version
    taken = assignment.take(visit=reyes, expected_version=reyes.version, by=brook)
    assert taken.nurse == day.nurse
    assert BoardVersion.objects.get(clinic=day.clinic, on=FRIDAY).version == before + 1
    event = taken.events.first()
    assert event is not None
    assert (event.kind, event.after["nurse"], event.by_id) == ("assign", "T. Brook", day.nurse.id)
    undone = undo.undo(visit=taken, expected_version=taken.version, by=brook)
    assert undone.nurse is None
    assert undone.status == VisitStatus.ARRIVED


def test_undo_gives_the_patient_back_to_the_nurse_of_before(day: Day, reyes: Visit, brook: Actor) -> None:
    other = factories.make_staff(day.clinic, Role.NURSE, name="A. Field")
    first = assignment.take(visit=reyes, expected_version=reyes.version, by=brook)
    given = assignment.assign(visit=first, nurse_id=other.id, expected_version=first.version, by=day.by)
    assert undo.undo(visit=given, expected_version=given.version, by=day.by).nurse == day.nurse


def test_the_step_before_an_assignment_can_still_be_undone_after_it(day: Day, reyes: Visit, brook: Actor) -> None:
    taken = assignment.take(visit=reyes, expected_version=reyes.version, by=brook)
    once = undo.undo(visit=taken, expected_version=taken.version, by=brook)
    twice = undo.undo(visit=once, expected_version=once.version, by=brook)
    assert (twice.status, twice.nurse) == (VisitStatus.BOOKED, None)


def test_two_nurses_cannot_take_the_same_patient(day: Day, reyes: Visit, brook: Actor) -> None:
    other = factories.actor(factories.make_staff(day.clinic, Role.NURSE, name="A. Field"))
    seen = reyes.version
    taken = assignment.take(visit=reyes, expected_version=seen, by=brook)
    with pytest.raises(Stale, match=r"T\. Brook changed this visit"):
        assignment.take(visit=reyes, expected_version=seen, by=other)
    with pytest.raises(Conflict, match=r"T\. Brook looks after Reyes, P\. already\."):
        assignment.take(visit=taken, expected_version=taken.version, by=other)
    again = assignment.take(visit=taken, expected_version=taken.version, by=brook)
    assert again.version == taken.version


def test_only_nurses_take_and_only_nurses_of_the_clinic_are_given(day: Day, reyes: Visit) -> None:
    stranger = factories.make_staff(factories.make_clinic(), Role.NURSE)
    with pytest.raises(Conflict, match="Only nurses take patients"):
        assignment.take(visit=reyes, expected_version=reyes.version, by=day.by)
    with pytest.raises(BadInput) as refused:
        assignment.assign(visit=reyes, nurse_id=stranger.id, expected_version=reyes.version, by=day.by)
    assert refused.value.reasons[0].field == "nurse"


def test_who_may_not_run_visits_assigns_nobody(day: Day, reyes: Visit) -> None:
    auditor = factories.actor(factories.make_staff(day.clinic, Role.AUDITOR))
    with pytest.raises(NotAllowed):
        assignment.take(visit=reyes, expected_version=reyes.version, by=auditor)
    with pytest.raises(NotAllowed):
        assignment.assign(visit=reyes, nurse_id=None, expected_version=reyes.version, by=auditor)
    with pytest.raises(NotAllowed):
        assignment.assign_day(clinic=day.clinic, choices={}, by=auditor)


def test_a_visit_that_is_over_keeps_its_nurse(day: Day, olsen: Visit, brook: Actor) -> None:
    done = step(day, olsen, VisitStatus.OBSERVING, VisitStatus.COMPLETED)
    with pytest.raises(Conflict, match="is over"):
        assignment.assign(visit=done, nurse_id=day.nurse.id, expected_version=done.version, by=brook)


def test_a_day_is_assigned_all_or_nothing(day: Day) -> None:
    soto, keller = day.visit("Soto"), day.visit("Keller")
    nurse = day.nurse.id
    late = {soto.id: (nurse, soto.version), keller.id: (nurse, keller.version - 1)}
    with pytest.raises(Stale):
        assignment.assign_day(clinic=day.clinic, choices=late, by=day.by)
    assert not Visit.objects.filter(nurse=day.nurse).exists()
    right = {soto.id: (nurse, soto.version), keller.id: (nurse, keller.version)}
    assert assignment.assign_day(clinic=day.clinic, choices=right, by=day.by) == 2
    assert Visit.objects.filter(nurse=day.nurse).count() == 2
    soto.refresh_from_db()
    keller.refresh_from_db()
    same = {visit.id: (nurse, visit.version) for visit in (soto, keller)}
    assert assignment.assign_day(clinic=day.clinic, choices=same, by=day.by) == 0


def test_a_day_takes_no_choice_of_another_clinic(day: Day) -> None:
    soto = day.visit("Soto")
    elsewhere = factories.make_clinic()
    with pytest.raises(BadInput):
        assignment.assign_day(clinic=elsewhere, choices={soto.id: (None, soto.version)}, by=day.by)
    stranger = factories.make_staff(elsewhere, Role.NURSE).id
    with pytest.raises(BadInput):
        assignment.assign_day(clinic=day.clinic, choices={soto.id: (stranger, soto.version)}, by=day.by)


def test_a_day_with_a_visit_that_ended_meanwhile_is_not_saved(day: Day, olsen: Visit) -> None:
    done = step(day, olsen, VisitStatus.OBSERVING, VisitStatus.COMPLETED)
    with pytest.raises(Stale, match="Reload the page"):
        assignment.assign_day(clinic=day.clinic, choices={done.id: (day.nurse.id, done.version)}, by=day.by)


def test_first_doses_and_ports_ask_for_skills_where_the_clinic_lists_them(day: Day) -> None:
    soto = day.visit("Soto")
    type(soto.course_day).objects.filter(pk=soto.course_day_id).update(profile="first")
    soto.patient.risk_flags.create(code="central_catheter", since_on=FRIDAY)

    def asked() -> frozenset[str]:
        nurses = floor.nurses_on(day.clinic, FRIDAY)
        found = next(visit for visit in floor.to_assign(day.clinic, FRIDAY) if visit.id == soto.id)
        return floor.stay_of(found, nurses).skills

    assert asked() == frozenset()
    NurseSkill.objects.create(clinic=day.clinic, nurse=day.nurse, skill="first_dose")
    assert asked() == {"first_dose"}
    NurseSkill.objects.create(clinic=day.clinic, nurse=day.nurse, skill="port")
    assert asked() == {"first_dose", "port"}
