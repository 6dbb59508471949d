"""What a changed plan does to a booked visit is decided by a person, about exactly what they saw, and at once."""

from datetime import date, timedelta

import pytest

from accounts.domain.policy import Role
from authorizations.models import LedgerEntry
from core.errors import BadInput, Conflict, NeedsReason, Stale
from messaging.models import OutboxMessage
from regimens.models import OrderEvent
from regimens.services import holding, replanning
from scheduling.domain.statuses import VisitStatus
from scheduling.models import BoardVersion, PlanDecision, StaffTask, VisitEvent
from scheduling.queries.plan_page import plan_page
from scheduling.services import booking, plan_changes, reanchoring, undo
from scheduling.services.booking import Override
from tests import factories
from tests.regimens.scenes import give, today
from tests.scheduling.replanning.scenes import FREELY, Scene, fresh, give_late, react, scene

pytestmark = pytest.mark.django_db


def open_tasks(found: Scene) -> list[StaffTask]:
    return list(StaffTask.objects.filter(order=found.order, kind="plan", done_at=None))


def new_monday(found: Scene) -> date:
    """The due date of course 2 after course 1 was given today."""
    return today(found.clinic) + timedelta(days=21)


def test_a_booked_course_stays_and_becomes_one_task_however_often_the_plan_is_asked() -> None:
    found = scene(booked=(2, 3))
    give_late(found)
    before = fresh(found.visits[0])
    for _ in range(3):
        reanchoring.follow_order(found.order, cause="what was given")
    assert fresh(found.visits[0]).version == before.version
    assert found.order.courses.get(number=2).due_on == before.course_day.due_on
    (task,) = open_tasks(found)
    assert "courses 2 and 3" in task.text
    assert "was given 3 days after its window" in task.text
    assert found.order.courses.get(number=4).due_on == new_monday(found) + timedelta(days=42)


def test_keeping_needs_a_reason_and_is_not_asked_again_until_the_difference_changes() -> None:
    found = scene()
    give_late(found)
    seen = {"order": found.order, "number": 2, "expected": found.difference().fingerprint, "by": found.by}
    with pytest.raises(BadInput) as caught:
        plan_changes.keep(targets=[found.target()], reason=" ", **seen)  # type: ignore[arg-type]
    assert caught.value.reasons[0].field == "reason"
    plan_changes.keep(targets=[found.target()], reason="The patient travels.", **seen)  # type: ignore[arg-type]
    assert open_tasks(found) == []
    reanchoring.follow_order(found.order, cause="what was given")
    assert open_tasks(found) == []
    assert plan_page(found.clinic, found.order.id).courses == ()
    for given in found.order.administrations.all():
        given.started_at += timedelta(days=-1)
        given.save(update_fields=["started_at"])
    reanchoring.follow_order(found.order, cause="a correction")
    assert len(open_tasks(found)) == 1


def test_following_moves_the_visit_with_its_rows_and_tells_the_patient_once() -> None:
    found = scene()
    give_late(found)
    seen, target = found.difference(), found.target(chair=found.chairs[1], start=factories.at(new_monday(found), 10))
    told = OutboxMessage.objects.filter(kind="visit.moved").count()
    plan_changes.follow(order=found.order, number=2, expected=seen.fingerprint, targets=[target], by=found.by,
                        override=Override("not covered yet"))  # fmt: skip
    visit = found.visit
    assert visit.period.lower == factories.at(new_monday(found), 10)
    assert visit.chair == found.chairs[1]
    assert found.order.courses.get(number=2).due_on == new_monday(found)
    assert visit.course_day.due_on == new_monday(found)
    assert open_tasks(found) == []
    assert not replanning.difference(found.order)
    assert PlanDecision.objects.get(order=found.order).is_followed
    assert VisitEvent.objects.filter(visit=visit).first().kind == "refit"  # type: ignore[union-attr]
    assert OrderEvent.objects.filter(order=found.order, reason__startswith="Approved: ").count() == 1
    on = {version.on for version in BoardVersion.objects.filter(clinic=found.clinic)}
    assert {new_monday(found), new_monday(found) - timedelta(days=6)} <= on
    assert OutboxMessage.objects.filter(kind__startswith="visit.").exists()
    assert OutboxMessage.objects.filter(kind="visit.moved").count() >= told


def test_a_slower_ramp_makes_the_visit_longer_in_its_own_chair_and_tells_nobody() -> None:
    found = scene()
    react(found)
    visit, messages = found.visit, OutboxMessage.objects.count()
    plan_changes.follow(
        order=found.order, number=2, expected=found.difference().fingerprint, targets=[found.target()], by=found.by
    )
    longer = found.visit
    assert longer.period.lower == visit.period.lower
    assert longer.planned_minutes > visit.planned_minutes
    assert longer.planned_minutes == longer.course_day.chair_minutes
    assert len(longer.load_profile) == longer.planned_minutes // 15
    assert longer.course_day.profile == "first"
    assert OutboxMessage.objects.count() == messages


def test_a_longer_visit_that_meets_the_next_one_is_refused_by_name_and_changes_nothing() -> None:
    found = scene()
    react(found)
    other = factories.make_order(factories.make_patient(found.clinic, given_name="Olga", family_name="Adams"))
    day = factories.make_course_day(other, found.visit.course_day.due_on)
    neighbour = booking.book(course_day=day, chair=found.chairs[0], start=found.visit.period.upper, by=found.by,
                             override=Override("a test"))  # fmt: skip
    seen, before = found.difference(), found.visit
    with pytest.raises(Conflict) as caught:
        plan_changes.follow(
            order=found.order, number=2, expected=seen.fingerprint, targets=[found.target()], by=found.by
        )
    assert neighbour.patient.short_name in caught.value.sentence
    assert found.visit.version == before.version
    assert found.difference().fingerprint == seen.fingerprint
    assert not PlanDecision.objects.exists()
    (course,) = plan_page(found.clinic, found.order.id).courses
    (shown,) = course.visits
    assert not course.is_easy
    assert shown.tried is not None
    assert [reason.code for reason in shown.tried.reasons] == ["chair_taken"]
    place = shown.openings[0]
    target = found.target(chair=place.chair, start=place.opening.interval.start)
    plan_changes.follow(order=found.order, number=2, expected=seen.fingerprint, targets=[target], by=found.by)
    assert found.visit.period.lower == place.opening.interval.start


def test_a_place_outside_the_new_window_needs_a_reason() -> None:
    found = scene()
    give_late(found)
    seen = found.difference()
    with pytest.raises(NeedsReason):
        plan_changes.follow(
            order=found.order, number=2, expected=seen.fingerprint, targets=[found.target()], by=found.by
        )
    plan_changes.follow(
        order=found.order,
        number=2,
        expected=seen.fingerprint,
        targets=[found.target()],
        by=found.by,
        override=Override("The prescriber agreed"),
    )
    assert {item["code"] for item in found.visit.overrides} >= {"too_early"}


def test_a_decision_about_what_has_changed_meanwhile_is_stale_and_loses_nothing() -> None:
    found = scene()
    give_late(found)
    seen, target = found.difference(), found.target()
    booking.move(visit=found.visit, chair=found.chairs[1], start=found.visit.period.lower, by=found.by,
                 expected_version=found.visit.version)  # fmt: skip
    moved = found.visit
    for decide in (
        lambda: plan_changes.keep(order=found.order, number=2, expected=seen.fingerprint, targets=[target],
                                  reason="x", by=found.by),
        lambda: plan_changes.follow(order=found.order, number=2, expected=seen.fingerprint, targets=[target],
                                    by=found.by, override=Override("x")),
        lambda: plan_changes.keep(order=found.order, number=2, expected="other", targets=[found.target()],
                                  reason="x", by=found.by),
        lambda: plan_changes.follow(order=found.order, number=2, expected=seen.fingerprint, targets=[], by=found.by),
    ):  # fmt: skip
        with pytest.raises(Stale):
            decide()
    assert found.visit.version == moved.version
    assert not PlanDecision.objects.exists()
    assert len(open_tasks(found)) == 1


def test_units_are_reserved_again_when_the_visit_moves_to_another_day() -> None:
    found = scene(booked=())
    authorization = factories.make_authorization(found.order, unit_mg=500)
    visit = booking.book(course_day=found.order.courses.get(number=2).days.get(), chair=found.chairs[0],
                         start=factories.at(found.order.courses.get(number=2).due_on, 9), by=found.by)  # fmt: skip
    found.visits.append(visit)
    give_late(found)
    target = found.target(chair=found.chairs[0], start=factories.at(new_monday(found), 9))
    plan_changes.follow(
        order=found.order, number=2, expected=found.difference().fingerprint, targets=[target], by=found.by
    )
    authorization.refresh_from_db()
    assert found.visit.authorization == authorization
    assert authorization.units_reserved == found.visit.units
    assert LedgerEntry.objects.filter(visit_id=visit.id, kind="reserve").latest("at").service_on == new_monday(found)


def test_a_visit_of_an_order_that_ended_is_cancelled_or_kept() -> None:
    found = scene(booked=(2, 3))
    holding.end(order=found.order, on=today(found.clinic), reason="Moved to another clinic.", by=found.by)
    found.order.refresh_from_db()
    reanchoring.follow_order(found.order, cause="the order ended")
    assert "the order ended on" in open_tasks(found)[0].text
    second, third = (fresh(visit) for visit in found.visits)
    plan_changes.follow(order=found.order, number=2, expected=found.difference(2).fingerprint,
                        targets=[found.target(second)], by=found.by)  # fmt: skip
    assert fresh(second).status == VisitStatus.CANCELLED
    assert fresh(second).cancel_reason.startswith("The order ended on")
    assert "course 3" in open_tasks(found)[0].text
    plan_changes.keep(order=found.order, number=3, expected=found.difference(3).fingerprint,
                      targets=[found.target(third)], reason="A last dose is agreed.", by=found.by)  # fmt: skip
    assert open_tasks(found) == []
    assert fresh(third).status == VisitStatus.BOOKED


def test_all_that_need_no_move_are_approved_together_and_the_rest_are_named() -> None:
    found = scene(booked=(2, 3))
    react(found)
    page = plan_page(found.clinic, found.order.id)
    assert [course.difference.number for course in page.easy] == [2]
    seen = {2: (found.difference(2).fingerprint, [found.target()]), 3: ("gone", [found.target(found.visits[1])])}
    done = plan_changes.follow_all(order=found.order, seen=seen, by=found.by)
    assert done.followed == (2,)
    assert list(done.refused) == [3]
    assert open_tasks(found) == []


def test_both_days_of_a_course_follow_together() -> None:
    found = scene(days_per_course=2)
    give_late(found)
    days = [new_monday(found), new_monday(found) + timedelta(days=1)]
    targets = [
        found.target(fresh(visit), chair=found.chairs[0], start=factories.at(on, 9))
        for visit, on in zip(found.visits, days, strict=True)
    ]
    with pytest.raises(Stale):
        plan_changes.follow(order=found.order, number=2, expected=found.difference().fingerprint,
                            targets=targets[:1], by=found.by)  # fmt: skip
    plan_changes.follow(order=found.order, number=2, expected=found.difference().fingerprint, targets=targets,
                        by=found.by, override=Override("not covered yet"))  # fmt: skip
    assert [fresh(visit).course_day.due_on for visit in found.visits] == days
    assert not replanning.difference(found.order)


def test_undoing_a_refit_says_why_it_cannot_be_undone() -> None:
    found = scene()
    react(found)
    plan_changes.follow(
        order=found.order, number=2, expected=found.difference().fingerprint, targets=[found.target()], by=found.by
    )
    with pytest.raises(Conflict) as caught:
        undo.undo(visit=found.visit, expected_version=found.visit.version, by=found.by)
    assert "followed its changed plan" in caught.value.sentence


def test_what_cannot_be_worked_out_is_a_task_and_never_an_error() -> None:
    found = scene(booked=())
    give_late(found)
    product = found.order.product
    product.data = product.data | {"vial_sizes_g": [], "vial_sizes_mg": []}
    product.save(update_fields=["data"])
    reanchoring.follow_order(found.order, cause="what was given")
    assert "could not follow what was given" in open_tasks(found)[0].text


def test_a_risk_recorded_for_a_patient_slows_what_is_not_booked_and_asks_about_what_is() -> None:
    found = scene()
    patient = found.order.patient
    patient.risk_flags.create(code="diabetes", since_on=today(found.clinic))
    reanchoring.follow_patient(patient, cause="a new risk: diabetes")
    assert "a new risk: diabetes" in open_tasks(found)[0].text
    third = found.order.courses.get(number=3).days.get()
    second = found.order.courses.get(number=2).days.get()
    assert third.chair_minutes > second.chair_minutes
    event = OrderEvent.objects.filter(order=found.order, kind="recalculated").first()
    assert event is not None
    assert event.reason == "a new risk: diabetes"


@pytest.mark.parametrize(("days", "is_slow"), [(56, False), (63, True)])
def test_a_visit_booked_after_more_than_eight_weeks_asks_for_the_slow_ramp_at_once(days: int, is_slow: bool) -> None:
    found = scene(window_late_days=7)
    give(found.order, {1: 0})
    start = factories.at(found.order.starts_on + timedelta(days=days), 9)
    chair = found.chairs[0]
    booking.move(visit=found.visit, chair=chair, start=start, expected_version=1, by=found.by, override=FREELY)
    reanchoring.follow_order(found.order, cause="the calendar")
    (course,) = plan_page(found.clinic, found.order.id).courses or (None,)
    assert (course is not None) is is_slow
    assert len(open_tasks(found)) == is_slow
    if course is None:
        return
    was, now = course.difference.was, course.difference.now
    assert was is not None
    assert now is not None
    assert (was.days[0].profile, now.days[0].profile) == ("subsequent", "first")
    assert now.days[0].chair_minutes > was.days[0].chair_minutes
    seen = found.target(chair=chair, start=start)
    plan_changes.follow(order=found.order, number=2, expected=course.difference.fingerprint, targets=[seen],
                        by=found.by, override=FREELY)  # fmt: skip
    assert found.visit.planned_minutes == now.days[0].chair_minutes
    assert open_tasks(found) == []


def test_a_cancelled_visit_does_not_come_back_as_the_plan_was_before_a_reaction() -> None:
    found = scene()
    visit = booking.cancel(
        visit=found.visit, reason="Away that week.", expected_version=found.visit.version, by=found.by
    )
    react(found)
    with pytest.raises(Conflict, match="Book that day anew"):
        undo.undo(visit=visit, expected_version=visit.version, by=found.by)


def test_a_decision_to_keep_is_not_overruled_by_a_page_from_before_it() -> None:
    found = scene()
    react(found)
    seen = found.difference().fingerprint
    doctor = factories.actor(factories.make_staff(found.clinic, Role.PRESCRIBER, name="T. Brook"))
    plan_changes.keep(
        order=found.order, number=2, expected=seen, targets=[found.target()], reason="Slow enough.", by=doctor
    )
    with pytest.raises(Stale, match=r"T\. Brook decided at"):
        plan_changes.follow(order=found.order, number=2, expected=seen, targets=[found.target()], by=found.by)
