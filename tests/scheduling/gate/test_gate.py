"""The gate with real rows: every reason is found, all of them are listed, and nothing starts while one stands."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from pytest_django import DjangoAssertNumQueries

from accounts.domain.policy import Role
from accounts.models import User
from authorizations.models import Authorization
from core import clock
from core.errors import Conflict, NotAllowed
from patients.domain.diary import Entry
from patients.models import Coverage, LabResult, Patient, RiskFlag, TreatmentConsent, WeightMeasurement
from regimens.models import Administration, Course, CourseDay, OrderStatus, Product, Reaction, TreatmentOrder
from scheduling.domain.clearance import Light
from scheduling.domain.statuses import VisitStatus
from scheduling.models import Visit, VisitClearance
from scheduling.queries.clearance import clearances
from scheduling.services import diary, gate
from tests import factories
from tests.factories import at
from tests.scheduling.conftest import MONDAY, TUESDAY, World
from tests.scheduling.gate.conftest import fresh, holds, walk
from tests.scheduling.test_booking import UNCOVERED, book

S = VisitStatus
Spoil = Callable[[World, Visit], Any]
CREATININE = {"code": "creatinine", "name": "Creatinine", "valid_days": 90, "low": None, "high": "1.4", "unit": "mg/dL"}


def order(**values: Any) -> Spoil:
    return lambda _world, _visit: TreatmentOrder.objects.update(**values)


def authorization(**values: Any) -> Spoil:
    return lambda _world, _visit: Authorization.objects.update(**values)


def lab(value: str | None, taken_on: date = TUESDAY, **item: Any) -> Spoil:
    def spoil(world: World, _visit: Visit) -> None:
        TreatmentOrder.objects.update(labs_required=[CREATININE | item])
        if value is not None:
            LabResult.objects.create(patient=world.patient, code="creatinine", taken_on=taken_on, value=Decimal(value))

    return spoil


def risk(code: str) -> Spoil:
    return lambda world, _visit: RiskFlag.objects.create(patient=world.patient, code=code, since_on=MONDAY)


def weight(kg: str, on: date = TUESDAY) -> Spoil:
    def spoil(world: World, _visit: Visit) -> None:
        WeightMeasurement.objects.all().delete()
        WeightMeasurement.objects.create(patient=world.patient, kg=Decimal(kg), measured_on=on)

    return spoil


def given(days_before: int) -> Spoil:
    """The course before this one was given so many days before the visit."""

    def spoil(world: World, visit: Visit) -> None:
        when = at(TUESDAY - timedelta(days=days_before), 9)
        day = factories.make_course_day(world.order, when.date())
        Administration.objects.create(
            order=world.order,
            course_day=day,
            visit_id=visit.id,
            product=world.order.product,
            started_at=when,
            dosing_weight_kg=Decimal(75),
            weight_basis="actual",
            planned_dose_mg=Decimal(30_000),
            planned_minutes=60,
        )

    return spoil


def reaction(grade: int, **values: Any) -> Spoil:
    def spoil(world: World, _visit: Visit) -> None:
        known: dict[str, Any] = {"kind": "rash", "occurred_at": clock.now(), "recorded_at": clock.now()}
        Reaction.objects.create(
            patient=world.patient, order=world.order, product=world.order.product, grade=grade, **known | values
        )

    return spoil


def both(*steps: Spoil) -> Spoil:
    def spoil(world: World, visit: Visit) -> None:
        for step in steps:
            step(world, visit)

    return spoil


def other_payer(world: World, _visit: Visit) -> None:
    Coverage.objects.create(
        patient=world.patient,
        payer=factories.make_payer(world.clinic),
        member_id="M-2",
        starts_on=MONDAY,
        verified_on=MONDAY,
    )


def check(**values: Any) -> Spoil:
    return lambda _world, visit: factories.make_check(visit, at=clock.now(), **values)


def late_course(_world: World, _visit: Visit) -> None:
    past = TUESDAY - timedelta(days=40)
    Course.objects.update(due_on=past, earliest_on=past, latest_on=past)


FOUND: dict[str, tuple[Spoil, list[str]]] = {
    "nothing": (lambda _world, _visit: None, []),
    "on hold": (order(status=OrderStatus.ON_HOLD, status_reason="Kidneys"), ["order_inactive"]),
    "over": (order(ends_on=MONDAY), ["order_expired"]),
    "over after a year": (order(signed_on=date(2025, 3, 1)), ["order_expired"]),
    "no course left": (order(course_limit=0), ["order_expired"]),
    "payer took it back": (authorization(status="expired"), ["auth_not_valid"]),
    "other dates": (authorization(ends_on=MONDAY), ["auth_outside_dates"]),
    "other payer": (other_payer, ["auth_not_valid"]),
    "other code": (authorization(hcpcs="J1561"), ["hcpcs_mismatch"]),
    "other diagnosis": (order(icd10="G61.81"), []),
    "too few units": (lambda _world, _visit: Visit.objects.update(units=700), ["auth_units_short"]),
    "too often": (authorization(limit_units=30, limit_days=21), ["frequency_limit"]),
    "insurance last month": (
        lambda _world, _visit: Coverage.objects.update(verified_on=date(2026, 2, 27)),
        ["eligibility_not_verified"],
    ),
    "consent withdrawn": (
        lambda _world, _visit: TreatmentConsent.objects.update(withdrawn_on=MONDAY),
        ["consent_missing"],
    ),
    "no result": (lab(None), ["labs_expired"]),
    "old result": (lab("1.0", TUESDAY - timedelta(days=91)), ["labs_expired"]),
    "result counts": (lab("1.0", TUESDAY - timedelta(days=90)), []),
    "result too old for a patient at risk": (
        both(lab("1.0", TUESDAY - timedelta(days=31)), risk("diabetes")),
        ["labs_expired"],
    ),
    "result too high": (lab("1.5"), ["labs_out_of_range"]),
    "result too low": (lab("1.5", high=None, low="2"), ["labs_out_of_range"]),
    "old weight": (weight("75", date(2025, 12, 1)), ["weight_outdated"]),
    "other weight": (weight("83"), ["weight_changed"]),
    "weight just inside": (weight("82.5"), []),
    "no drug": (check(is_drug_on_hand=False), ["drug_not_available"]),
    "no enrolment": (
        lambda _world, _visit: Product.objects.update(data={"rems": "TOUCH (Tysabri)"}),
        ["rems_incomplete"],
    ),
    "before the window": (
        lambda _world, _visit: Course.objects.update(
            due_on=TUESDAY + timedelta(days=9),
            earliest_on=TUESDAY + timedelta(days=2),
            latest_on=TUESDAY + timedelta(days=16),
        ),
        ["too_early"],
    ),
    "before the minimum": (both(order(minimum_interval_days=21), given(20)), ["too_early"]),
    "before the minimum after a dose elsewhere": (
        both(order(minimum_interval_days=21, prior_dose_on=TUESDAY - timedelta(days=3)), given(60)),
        ["too_early"],
    ),
    "after the dose here that followed one elsewhere": (
        both(order(minimum_interval_days=21, prior_dose_on=TUESDAY - timedelta(days=60)), given(21)),
        [],
    ),
    "another dose that day": (given(0), ["too_early"]),
    "at the minimum": (both(order(minimum_interval_days=21), given(21)), []),
    "far overdue": (both(given(60), late_course), ["too_late_reassess"]),
    "unwell": (check(concerns=["fever_infection", "vaccine"]), ["acute_illness"]),
    "fever": (check(temperature_c=Decimal("38.0")), ["acute_illness"]),
    "vaccine only": (check(concerns=["vaccine"], temperature_c=Decimal("37.9")), []),
    "grave reaction": (reaction(3), ["open_adverse_event"]),
    "released": (reaction(3, released_at=clock.now()), []),
    "mild reaction": (reaction(2), []),
    "life-threatening": (reaction(4, released_at=clock.now()), ["hard_contraindication"]),
    "recorded by mistake": (reaction(4, voided_at=clock.now()), []),
    "contraindicated": (risk("anaphylaxis_to_ig"), ["hard_contraindication"]),
}


@pytest.mark.usefixtures("tuesday")
@pytest.mark.parametrize("name", FOUND)
def test_each_thing_that_is_wrong_holds_the_visit(world: World, visit: Visit, name: str) -> None:
    spoil, expected = FOUND[name]
    spoil(world, visit)
    assert holds(visit) == expected


@pytest.mark.usefixtures("tuesday")
def test_another_diagnosis_than_the_authorized_one_holds(world: World, visit: Visit) -> None:
    approved = factories.make_order(world.patient, icd10="D80.1", status=OrderStatus.ENDED)
    Authorization.objects.update(order=approved)
    assert holds(visit) == ["dx_mismatch"]


@pytest.mark.usefixtures("tuesday")
@pytest.mark.parametrize(
    ("days_before", "expected"), [(1, []), (0, ["too_early"]), (8, []), (9, ["too_late_reassess"])]
)
def test_the_later_days_of_a_course_follow_its_first_and_not_the_interval(
    world: World, visit: Visit, days_before: int, expected: list[str]
) -> None:
    TreatmentOrder.objects.update(minimum_interval_days=21)
    first = CourseDay.objects.create(
        course=visit.course_day.course, day_number=2, due_on=MONDAY, dose_mg=1, units=1, phases=[], chair_minutes=60
    )
    Administration.objects.create(
        order=world.order,
        course_day=first,
        visit_id=visit.id,
        product=world.order.product,
        started_at=at(TUESDAY - timedelta(days=days_before), 6),
        dosing_weight_kg=Decimal(75),
        weight_basis="actual",
        planned_dose_mg=Decimal(30_000),
        planned_minutes=60,
    )
    assert holds(visit) == expected


@pytest.mark.usefixtures("tuesday")
def test_a_visit_is_started_on_its_own_day_alone(world: World, visit: Visit) -> None:
    walk(visit, S.ARRIVED, S.SEATED, by=world.scheduler)
    Authorization.objects.update(ends_on=TUESDAY)
    with time_machine.travel(at(TUESDAY + timedelta(days=1), 9), tick=False):
        assert holds(visit) == []  # judged by its own day
        with pytest.raises(Conflict, match="Move it to today first"):
            walk(visit, S.INFUSING, by=world.scheduler)
    assert walk(visit, S.INFUSING, by=world.scheduler).status == S.INFUSING


@pytest.mark.usefixtures("tuesday")
def test_a_sign_in_the_diary_holds_until_a_nurse_has_seen_it(world: World, visit: Visit) -> None:
    signed_in = factories.make_patient(world.clinic, signs_in=True).user
    assert signed_in is not None
    Patient.objects.filter(user=signed_in).update(user=None)
    Patient.objects.filter(pk=world.patient.pk).update(user=signed_in)
    signs = Entry(symptoms=("chest",), happened_at=clock.now())
    entry = diary.write(patient=world.patient, entry=signs, by=factories.actor(User.objects.get(pk=signed_in.pk)))
    assert holds(visit) == ["diary_unseen"]
    assert VisitClearance.objects.get(visit=visit).light == Light.RED
    with pytest.raises(NotAllowed):
        diary.mark_seen(entry=entry, by=world.scheduler)
    diary.mark_seen(entry=entry, by=factories.actor(factories.make_staff(world.clinic, Role.NURSE)))
    assert holds(visit) == []
    assert VisitClearance.objects.get(visit=visit).light == Light.GREEN


@pytest.mark.usefixtures("tuesday")
def test_every_reason_is_listed_in_the_fixed_order_and_nothing_starts(world: World, visit: Visit) -> None:
    walk(visit, S.ARRIVED, S.SEATED, by=world.scheduler)
    for name in ("contraindicated", "unwell", "no result", "consent withdrawn", "other code", "on hold"):
        FOUND[name][0](world, visit)
    with pytest.raises(Conflict) as refusal:
        walk(visit, S.INFUSING, by=world.scheduler)
    assert [str(reason.code) for reason in refusal.value.reasons] == [
        "order_inactive",
        "hcpcs_mismatch",
        "consent_missing",
        "labs_expired",
        "acute_illness",
        "hard_contraindication",
    ]
    assert all(reason.sentence.endswith(".") for reason in refusal.value.reasons)
    assert fresh(visit).status == S.SEATED


@pytest.mark.usefixtures("tuesday")
def test_a_fact_that_turns_bad_after_the_last_look_still_stops_the_start(world: World, visit: Visit) -> None:
    walk(visit, S.ARRIVED, S.SEATED, by=world.scheduler)
    assert gate.look([fresh(visit)])[visit.id].light is Light.GREEN
    TreatmentConsent.objects.all().delete()
    assert VisitClearance.objects.get(visit=visit).light == Light.GREEN
    with pytest.raises(Conflict, match="No consent is on file"):
        walk(visit, S.INFUSING, by=world.scheduler)
    assert fresh(visit).infusion_started_at is None


def test_a_check_is_asked_for_on_the_day_alone(world: World) -> None:
    factories.make_papers(world.order, TUESDAY)
    visit = book(world)
    assert holds(visit) == ["check_missing"]
    assert holds(visit, on_the_day=False) == []
    factories.make_check(visit, at=at(MONDAY, 9))
    assert holds(visit) == ["check_missing"]  # made on another day, it says nothing about this one


def test_what_is_renewed_at_each_visit_is_asked_about_ten_days_before(world: World) -> None:
    factories.make_papers(world.order, TUESDAY - timedelta(days=40))
    visit = book(world)
    WeightMeasurement.objects.all().delete()
    assert holds(visit, on_the_day=False) == ["eligibility_not_verified", "weight_outdated"]
    with time_machine.travel(at(TUESDAY - timedelta(days=10), 9)):
        assert holds(visit, on_the_day=False) == ["eligibility_not_verified", "weight_outdated"]
    with time_machine.travel(at(TUESDAY - timedelta(days=11), 9)):
        assert holds(visit, on_the_day=False) == []


def test_many_visits_are_asked_about_in_a_fixed_number_of_statements(
    world: World, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    found = [book(world)]
    for hour, chair in ((8, 1), (11, 1), (13, 1), (15, 1), (13, 2)):
        found.append(book(world, hour, chair, course_day=world.another_day(), override=UNCOVERED))
    with django_assert_max_num_queries(8):
        assert len(clearances(found, on_the_day=True)) == 6
