"""An accepted order becomes dated courses with exact doses, vials, units and chair time."""

import time
from datetime import date, timedelta
from decimal import Decimal

import pytest
from pytest_django import DjangoAssertNumQueries

from audit.models import AuditEvent
from core.errors import BadInput, Conflict
from patients.models import RiskFlag
from regimens.models import Course, CourseDay, Indication, Product
from regimens.services import orders
from regimens.services.facts import OrderFacts
from regimens.services.orders import a_year_after
from tests import factories
from tests.regimens.scenes import accepted, courses, drug, ivig, offsets, today

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogue")]


def minutes(day: CourseDay) -> dict[str, int]:
    return {phase["kind"]: phase["minutes"] for phase in day.phases}


def test_immune_globulin_over_two_days_every_three_weeks() -> None:
    clinic = factories.make_clinic()
    order = accepted(factories.make_patient(clinic), factories.scheduler(clinic), ivig(clinic))
    plan = courses(order)
    assert offsets(order) == [21 * number for number in range(18)]
    assert [course.phase for course in plan] == ["maintenance"] * 18
    assert plan[1].earliest_on == plan[1].due_on - timedelta(days=3)
    assert plan[1].latest_on == plan[1].due_on + timedelta(days=3)
    first, second = plan[0].days.all()
    # 1 g/kg x 80 kg = 80 g in all: 40 g a day is 80 units of 500 mg, one 30 g and one 10 g vial.
    assert (first.dose_mg, first.units) == (Decimal(40_000), 80)
    assert first.vials == [{"mg": 30_000, "count": 1}, {"mg": 10_000, "count": 1}]
    assert second.due_on == first.due_on + timedelta(days=1)
    # 20 + 40 + 80 + 120 mL in 120 min, 140 mL at 320 mL/h: 146.25 min. First: 30+15+147+5+30+10 = 237 -> 240.
    assert minutes(first) == {
        "intake": 30,
        "iv_start": 15,
        "infusion": 147,
        "flush": 5,
        "observation": 30,
        "turnover": 10,
    }
    assert first.chair_minutes == 240
    assert minutes(second)["intake"] == 15
    assert second.chair_minutes == 210  # 15+15+147+5+15+10 = 207


def test_an_uneven_dose_is_rounded_to_vials_and_the_larger_day_comes_first() -> None:
    clinic = factories.make_clinic()
    facts = ivig(clinic, dosing_weight_kg=Decimal(73))
    order = accepted(factories.make_patient(clinic), factories.scheduler(clinic), facts)
    assert [day.dose_mg for day in courses(order)[0].days.all()] == [Decimal(40_000), Decimal(35_000)]


def test_infliximab_is_induced_at_weeks_0_2_and_6_then_every_8() -> None:
    clinic = factories.make_clinic()
    facts = drug(
        clinic,
        "infliximab",
        hcpcs="Q5103",
        dose_basis="mg_per_kg",
        dose_amount=Decimal(5),
        dosing_weight_kg=Decimal(82),
        interval_days=56,
        induction_offsets_days=(0, 14, 42),
    )
    order = accepted(factories.make_patient(clinic), factories.scheduler(clinic), facts)
    plan = courses(order)
    assert offsets(order) == [0, 14, 42, 98, 154, 210, 266, 322]
    assert [course.phase for course in plan] == ["induction"] * 3 + ["maintenance"] * 5
    assert (plan[3].due_on - plan[3].earliest_on).days == 3
    assert (plan[3].latest_on - plan[3].due_on).days == 7
    day = plan[0].days.get()
    # 410 mg from five 100 mg vials: 41 units of 10 mg given and 9 wasted.
    assert (day.dose_mg, day.units, day.vials) == (Decimal(410), 50, [{"mg": 100, "count": 5}])
    assert (minutes(day)["infusion"], minutes(day)["observation"]) == (120, 60)
    assert day.chair_minutes == 240  # 30+15+120+5+60+10
    assert plan[1].days.get().chair_minutes == 165  # 15+15+120+5+10, no observation later


def test_vedolizumab_is_a_fixed_dose_in_a_short_chair() -> None:
    clinic = factories.make_clinic()
    facts = drug(
        clinic,
        "vedolizumab",
        hcpcs="J3380",
        dose_basis="fixed_mg",
        dose_amount=Decimal(300),
        interval_days=56,
        induction_offsets_days=(0, 14, 42),
    )
    order = accepted(factories.make_patient(clinic), factories.scheduler(clinic), facts)
    first, second, *_ = courses(order)
    day = second.days.get()
    assert (day.dose_mg, day.units, day.vials) == (Decimal(300), 300, [{"mg": 300, "count": 1}])
    assert day.chair_minutes == 75
    assert first.days.get().chair_minutes == 150  # 30+15+30+5+60+10
    assert offsets(order)[:4] == [0, 14, 42, 98]


def test_ocrelizumab_takes_its_half_doses_and_its_long_first_gap_from_the_catalogue() -> None:
    clinic = factories.make_clinic()
    facts = drug(
        clinic,
        "ocrelizumab",
        indication=Indication.objects.get(id="MS"),
        icd10="G35",
        hcpcs="J2350",
        dose_basis="fixed_mg",
        dose_amount=Decimal(600),
        interval_days=168,
        induction_offsets_days=(0, 14),
    )
    order = accepted(factories.make_patient(clinic), factories.scheduler(clinic), facts)
    assert offsets(order) == [0, 14, 168, 336]
    assert [course.days.get().dose_mg for course in courses(order)] == [300, 300, 600, 600]
    assert (order.late_dose_policy, order.minimum_interval_days) == ("actual", 150)


def test_units_follow_the_billing_code_in_force_on_the_due_date() -> None:
    clinic = factories.make_clinic()
    facts = drug(
        clinic,
        "eculizumab",
        indication=Indication.objects.get(id="PNH"),
        icd10="D59.5",
        hcpcs="J1299",
        dose_basis="fixed_mg",
        dose_amount=Decimal(900),
        interval_days=14,
        induction_offsets_days=(0, 7, 14, 21, 28),
    )
    order = accepted(factories.make_patient(clinic), factories.scheduler(clinic), facts)
    assert [course.days.get().units for course in courses(order)[:6]] == [300, 300, 300, 300, 450, 450]
    with pytest.raises(BadInput) as caught:
        orders.enter(clinic=clinic, patient=order.patient, by=factories.scheduler(clinic), **facts | {"hcpcs": "J1300"})
    assert [reason.field for reason in caught.value.reasons] == ["hcpcs"]
    assert "J1299" in caught.value.sentence


def test_a_kidney_risk_slows_immune_globulin_and_adds_hydration() -> None:
    clinic = factories.make_clinic()
    patient = factories.make_patient(clinic)
    RiskFlag.objects.create(patient=patient, code="renal_insufficiency", since_on=date(2025, 1, 1))
    order = accepted(patient, factories.scheduler(clinic), ivig(clinic))
    _, second = courses(order)[0].days.all()
    # At most 2 mL/kg/h: 20 + 40 mL in an hour, then 340 mL at 160 mL/h = 127.5 min.
    assert (minutes(second)["infusion"], minutes(second)["hydration"]) == (188, 30)


def test_a_patient_who_knows_the_product_follows_the_later_profile_from_the_start() -> None:
    clinic = factories.make_clinic()
    facts = ivig(clinic)
    last = facts["starts_on"] - timedelta(days=21)
    order = accepted(factories.make_patient(clinic), factories.scheduler(clinic), facts, last_given_on=last)
    assert minutes(courses(order)[0].days.all()[0])["intake"] == 15


def test_more_than_eight_weeks_without_immune_globulin_begin_with_the_first_ramp_again() -> None:
    clinic = factories.make_clinic()
    facts = ivig(clinic, interval_days=84, days_per_course=1)
    order = accepted(factories.make_patient(clinic), factories.scheduler(clinic), facts)
    assert minutes(courses(order)[1].days.get())["intake"] == 30


def test_an_order_ends_at_its_course_limit_or_end_date() -> None:
    clinic = factories.make_clinic()
    by, patient = factories.scheduler(clinic), factories.make_patient(clinic)
    assert len(courses(accepted(patient, by, ivig(clinic, course_limit=4)))) == 4
    facts = ivig(clinic)
    ends_on = facts["starts_on"] + timedelta(days=42)
    assert len(courses(accepted(patient, by, facts | {"ends_on": ends_on}))) == 3


def test_the_preview_equals_what_accepting_saves_and_saves_nothing_itself() -> None:
    clinic = factories.make_clinic()
    facts = ivig(clinic)
    seen = orders.preview(OrderFacts(**facts), today=today(clinic))
    assert not Course.objects.exists()
    order = accepted(factories.make_patient(clinic), factories.scheduler(clinic), facts)
    assert [(course.due_on, course.units, course.chair_minutes) for course in seen] == [
        (
            course.due_on,
            sum(day.units for day in course.days.all()),
            sum(day.chair_minutes for day in course.days.all()),
        )
        for course in courses(order)
    ]


def test_accepting_twice_is_refused_and_lays_out_nothing_twice() -> None:
    clinic = factories.make_clinic()
    by = factories.scheduler(clinic)
    order = accepted(factories.make_patient(clinic), by, ivig(clinic))
    with pytest.raises(Conflict) as caught:
        orders.accept(order=order, by=by)
    assert caught.value.code == "order_not_draft"
    assert by.label in caught.value.sentence
    assert Course.objects.count() == 18


def test_entering_and_accepting_are_on_the_record() -> None:
    clinic = factories.make_clinic()
    order = accepted(factories.make_patient(clinic), factories.scheduler(clinic), ivig(clinic))
    actions = AuditEvent.objects.filter(entity_id=str(order.id), patient_id=order.patient_id)
    assert set(actions.values_list("action", flat=True)) == {"order.enter", "order.accept"}


def test_a_product_whose_rates_nobody_checked_stays_a_draft() -> None:
    clinic = factories.make_clinic()
    by = factories.scheduler(clinic)
    facts = ivig(clinic, product=Product.objects.get(id="yimmugo"), hcpcs="J1553")
    order = orders.enter(clinic=clinic, patient=factories.make_patient(clinic), by=by, **facts)
    with pytest.raises(BadInput) as caught:
        orders.accept(order=order, by=by)
    assert (caught.value.code, caught.value.reasons[0].field) == ("label_not_checked", "product")
    order.refresh_from_db()
    assert (order.status, order.courses.count()) == ("draft", 0)


def test_two_hundred_and_forty_orders_lay_out_in_seconds(django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    clinic = factories.make_clinic()
    by, patient = factories.scheduler(clinic), factories.make_patient(clinic)
    facts = ivig(clinic)
    drafts = [orders.enter(clinic=clinic, patient=patient, by=by, **facts) for _ in range(24)]
    began = time.process_time()  # the processor's time: other work on the machine does not count
    for draft in drafts:
        with django_assert_max_num_queries(12):
            orders.accept(order=draft, by=by)
    assert (time.process_time() - began) * 10 < 10
    assert CourseDay.objects.count() == 24 * 36


def test_a_year_after_a_leap_day_is_the_last_of_february() -> None:
    assert a_year_after(date(2028, 2, 29)) == date(2029, 2, 28)
    assert a_year_after(date(2026, 11, 20)) == date(2027, 11, 20)


def test_accepting_a_year_asks_the_database_few_questions(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    clinic = factories.make_clinic()
    by = factories.scheduler(clinic)
    order = orders.enter(clinic=clinic, patient=factories.make_patient(clinic), by=by, **ivig(clinic))
    with django_assert_max_num_queries(13):  # of which two keep the savepoint, however many courses there are
        orders.accept(order=order, by=by)
