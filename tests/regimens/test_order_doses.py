"""What an order makes of a dose: bands, maxima, loading, single courses, ramps, and the catalogue of the day."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from core import clock
from core.errors import BadInput
from regimens.domain.cadence import CoursePhase, Why
from regimens.domain.titration import Profile
from regimens.models import Indication, Product
from regimens.queries.patient_facts import PatientFacts
from regimens.queries.therapies import TherapyBook, therapy
from regimens.services import courses as rows
from regimens.services import orders
from regimens.services.facts import OrderFacts
from regimens.services.planning import LaidOutCourse, lay_out_courses
from tests import factories
from tests.regimens.scenes import accepted, courses, drug, ivig, today

pytestmark = pytest.mark.usefixtures("catalogue")
NEVER = PatientFacts()


def planned(patient: PatientFacts = NEVER, **changes: Any) -> tuple[LaidOutCourse, ...]:
    clinic = factories.make_clinic()
    return orders.preview(OrderFacts(**ivig(clinic, **changes)), today=today(clinic), patient=patient)


def of_drug(product: str, patient: PatientFacts = NEVER, **changes: Any) -> tuple[LaidOutCourse, ...]:
    clinic = factories.make_clinic()
    return orders.preview(OrderFacts(**drug(clinic, product, **changes)), today=today(clinic), patient=patient)


def ravulizumab(**changes: Any) -> tuple[LaidOutCourse, ...]:
    usual: dict[str, Any] = {
        "indication": Indication.objects.get(id="PNH"),
        "icd10": "D59.5",
        "hcpcs": "J1303",
        "dose_basis": "weight_band",
        "dose_amount": None,
        "induction_offsets_days": (0, 14),
        "interval_days": 56,
    }
    return of_drug("ravulizumab", **usual | changes)


@pytest.mark.parametrize(("kg", "loading", "later"), [(59, 2400, 3000), (60, 2700, 3300), (100, 3000, 3600)])
def test_a_weight_band_decides_the_dose_and_its_loading_band_the_first(kg: int, loading: int, later: int) -> None:
    first, *others = ravulizumab(dosing_weight_kg=Decimal(kg))
    assert first.dose_mg == loading
    assert {course.dose_mg for course in others} == {later}


def test_the_first_maintenance_dose_of_ravulizumab_two_weeks_after_loading_has_no_window() -> None:
    assert [(course.latest_on - course.earliest_on).days for course in ravulizumab()[:4]] == [7, 0, 14, 14]
    stated = {"dose_basis": "fixed_mg", "dose_amount": Decimal(3300), "induction_doses": (Decimal(2700), Decimal(3300))}
    assert [(course.latest_on - course.earliest_on).days for course in ravulizumab(**stated)[:3]] == [7, 0, 14]


def test_a_band_order_keeps_no_amount_and_a_weight_outside_every_band_is_refused() -> None:
    with pytest.raises(BadInput) as caught:
        ravulizumab(dosing_weight_kg=Decimal(39))
    assert [(reason.code, reason.field) for reason in caught.value.reasons] == [("no_weight_band", "dosing_weight_kg")]


def test_the_orders_maximum_holds_a_dose_and_the_preview_says_so() -> None:
    usual: dict[str, Any] = {
        "hcpcs": "J3262",
        "dose_basis": "mg_per_kg",
        "dose_amount": Decimal(8),
        "interval_days": 28,
    }
    free = of_drug("tocilizumab", **usual, dosing_weight_kg=Decimal(90))[0]
    assert (free.dose_mg, free.is_capped) == (Fraction(720), False)
    held = of_drug("tocilizumab", **usual, dosing_weight_kg=Decimal(90), max_dose_mg=Decimal(600))[0]
    assert (held.dose_mg, held.exact_mg, held.is_capped) == (Fraction(600), Fraction(720), True)
    by_label = of_drug("tocilizumab", **usual, dosing_weight_kg=Decimal(130), max_dose_mg=Decimal(900))[0]
    assert (by_label.dose_mg, by_label.exact_mg, by_label.is_capped) == (Fraction(800), Fraction(1040), True)


def test_rounding_to_vials_never_lifts_a_dose_above_its_maximum() -> None:
    # 1 g/kg x 80 kg, at most 33 g: 35 g is the nearest vial step, so the step below it is given.
    course = planned(max_dose_mg=Decimal(33_000), days_per_course=1)[0]
    assert (course.dose_mg, course.is_capped) == (Fraction(30_000), True)
    assert planned(max_dose_mg=Decimal(900), days_per_course=1)[0].dose_mg == 900


def test_a_loading_course_has_its_own_days_and_dose() -> None:
    loading, *later = planned(
        induction_offsets_days=(0,), induction_doses=(Decimal(2),), induction_days=5, days_per_course=1
    )
    assert [day.dose_mg for day in loading.days] == [35_000, 35_000, 30_000, 30_000, 30_000]
    assert [day.due_on - loading.due_on for day in loading.days] == [timedelta(days=n) for n in range(5)]
    assert (loading.phase, later[0].phase) == (CoursePhase.INDUCTION, CoursePhase.MAINTENANCE)
    assert {(len(course.days), course.dose_mg) for course in later} == {(1, Fraction(80_000))}
    assert (later[0].due_on - loading.due_on).days == 21


def test_an_order_without_interval_is_one_course_or_its_induction() -> None:
    single = planned(interval_days=None, dose_amount=Decimal(2), days_per_course=5)
    assert [(course.number, course.phase, len(course.days)) for course in single] == [(1, CoursePhase.MAINTENANCE, 5)]
    iron = of_drug(
        "iron_sucrose",
        indication=Indication.objects.get(id="IDA"),
        icd10="D50.9",
        hcpcs="J1756",
        dose_basis="fixed_mg",
        dose_amount=Decimal(200),
        interval_days=None,
        induction_offsets_days=(0, 3, 7, 10, 14),
    )
    assert [(course.due_on - iron[0].due_on).days for course in iron] == [0, 3, 7, 10, 14]
    assert {course.phase for course in iron} == {CoursePhase.INDUCTION}


def test_each_half_dose_of_ocrelizumab_takes_the_minutes_of_the_label_s_first_infusion() -> None:
    laid_out = of_drug(
        "ocrelizumab",
        indication=Indication.objects.get(id="MS"),
        icd10="G35",
        hcpcs="J2350",
        dose_basis="fixed_mg",
        dose_amount=Decimal(600),
        interval_days=168,
        induction_offsets_days=(0, 14),
    )
    assert [course.days[0].infusion_minutes for course in laid_out[:3]] == [150, 150, 210]
    assert [course.days[0].profile for course in laid_out[:2]] == [Profile.FIRST, Profile.SUBSEQUENT]


def test_a_personal_maximum_rate_lengthens_the_infusion_and_every_rate_keeps_below_it() -> None:
    free, held = planned()[1], planned(max_rate_ml_per_kg_per_hour=Decimal("1.5"))[1]
    assert held.days[0].infusion_minutes > free.days[0].infusion_minutes
    assert max(step.ml_per_hour for step in held.days[0].rate_steps) == Fraction(3, 2) * 80


def test_an_order_can_ask_for_the_slow_ramp_always() -> None:
    lately = clock.now().date() - timedelta(days=14)
    privigen: dict[str, Any] = {
        "product": Product.objects.get(id="privigen"),
        "hcpcs": "J1459",
        "prior_dose_on": lately,
    }
    asked, usual = planned(**privigen, titration="first"), planned(**privigen)
    assert {day.profile for course in asked for day in course.days} == {Profile.FIRST}
    assert Profile.FIRST not in {day.profile for course in usual for day in course.days}


def test_minutes_of_the_order_take_the_place_of_the_clinics() -> None:
    day = planned(hydration_minutes=45, observation_minutes=60, premedication="Paracetamol")[0].days[0]
    minutes = {phase.kind.value: phase.minutes for phase in day.phases}
    assert (minutes["hydration"], minutes["observation"], minutes["premed"]) == (45, 60, 30)
    dry = planned(PatientFacts(is_at_risk=True), hydration_minutes=0)[0].days[0]
    assert "hydration" not in {phase.kind.value for phase in dry.phases}


def test_after_a_reaction_the_next_infusion_alone_is_slow_and_premedicated() -> None:
    clinic = factories.make_clinic()
    start = today(clinic) - timedelta(days=21)
    facts = OrderFacts(**ivig(clinic, starts_on=start, signed_on=start, prior_dose_on=start - timedelta(days=21)))
    reacted = PatientFacts(slow_after=start + timedelta(days=1))
    usual = lay_out_courses(facts, therapy(facts.product, facts.indication), through_on=start + timedelta(days=60))
    after = lay_out_courses(
        facts, therapy(facts.product, facts.indication), through_on=start + timedelta(days=60), patient=reacted
    )
    changed = [
        (course.number, day.day_number)
        for course, was in zip(after, usual, strict=True)
        for day, old in zip(course.days, was.days, strict=True)
        if day != old
    ]
    assert changed == [(2, 1)]
    slow = after[1].days[0]
    assert slow.profile is Profile.FIRST
    assert "premed" in {phase.kind.value for phase in slow.phases}


def test_turning_66_slows_immune_globulin_from_the_birthday_on() -> None:
    clinic = factories.make_clinic()
    birthday = today(clinic) + timedelta(days=100)
    laid_out = orders.preview(
        OrderFacts(**ivig(clinic)), today=today(clinic), patient=PatientFacts(older_from_on=birthday)
    )
    days = [day for course in laid_out[1:] for day in course.days]
    assert {day.due_on >= birthday for day in days if "hydration" in {p.kind.value for p in day.phases}} == {True}
    assert {day.due_on < birthday for day in days if "hydration" not in {p.kind.value for p in day.phases}} == {True}


def test_each_day_is_planned_by_the_catalogue_of_its_date() -> None:
    clinic = factories.make_clinic()
    facts = OrderFacts(**ivig(clinic))
    now = therapy(facts.product, facts.indication)
    from_on = facts.starts_on + timedelta(days=60)
    one_size = TherapyBook(((date.min, now), (from_on, replace(now, vial_sizes_mg=(Fraction(5000),)))))
    laid_out = lay_out_courses(facts, one_size, through_on=facts.starts_on + timedelta(days=100))
    vials = {day.due_on >= from_on: day.vials.vials for course in laid_out for day in course.days}
    assert vials == {
        False: ((Fraction(30_000), 1), (Fraction(10_000), 1)),
        True: ((Fraction(5000), 8),),
    }


def test_a_course_keeps_its_calendar_and_the_reason_for_its_date() -> None:
    clinic = factories.make_clinic()
    facts = OrderFacts(**ivig(clinic, starts_on=today(clinic) - timedelta(days=42), minimum_interval_days=18))
    start = facts.starts_on
    given_on = [start, start + timedelta(days=28)]
    laid_out = lay_out_courses(
        facts, therapy(facts.product, facts.indication), through_on=start + timedelta(days=80), given_on=given_on
    )
    told = [(course.why, course.counted_from_on) for course in laid_out]
    assert told == [
        (Why.FIRST, start),
        (Why.CALENDAR, start),
        (Why.FROM_GIVEN, given_on[1]),
        (Why.CALENDAR, laid_out[2].due_on),
    ]
    assert laid_out[2].planned_on == given_on[1] + timedelta(days=21)


def test_a_guard_that_moves_a_date_is_named_and_the_calendar_remembered() -> None:
    clinic = factories.make_clinic()
    start = today(clinic) - timedelta(days=42)
    facts = OrderFacts(
        **ivig(clinic, starts_on=start, minimum_interval_days=19, late_dose_policy="original", signed_on=start)
    )
    laid_out = lay_out_courses(
        facts,
        therapy(facts.product, facts.indication),
        through_on=start + timedelta(days=80),
        given_on=[start, start + timedelta(days=26)],
    )
    moved = laid_out[2]
    assert (moved.why, moved.counted_from_on) == (Why.MINIMUM_INTERVAL, start + timedelta(days=26))
    assert (moved.planned_on, moved.due_on) == (start + timedelta(days=42), start + timedelta(days=45))


def test_days_keep_profile_volume_rates_and_waste_as_they_were_laid_out() -> None:
    clinic = factories.make_clinic()
    by = factories.scheduler(clinic)
    order = accepted(factories.make_patient(clinic), by, ivig(clinic))
    first = courses(order)[0]
    day = first.days.order_by("day_number")[0]
    assert (day.profile, day.volume_ml, day.wasted_units) == ("first", Decimal(400), 0)
    assert day.rate_steps[0] == {"starts_at_minute": "0", "minutes": "30", "ml_per_hour": "40"}
    assert day.rate_steps[-1]["ml_per_hour"] == "320"
    assert (first.why, first.counted_from_on, first.planned_on) == ("first", order.starts_on, order.starts_on)
    wasteful = accepted(
        factories.make_patient(clinic),
        by,
        drug(clinic, "infliximab", hcpcs="Q5103", dose_basis="mg_per_kg", dose_amount=Decimal(5),
             dosing_weight_kg=Decimal(82), interval_days=56),
    )  # fmt: skip
    day = courses(wasteful)[0].days.get()
    assert (day.units, day.wasted_units) == (50, 9)


def test_recomputing_without_new_facts_is_what_was_laid_out() -> None:
    clinic = factories.make_clinic()
    by = factories.scheduler(clinic)
    facts = ivig(
        clinic,
        prior_dose_on=today(clinic) - timedelta(days=14),
        induction_offsets_days=(0,),
        induction_doses=(Decimal(2),),
        induction_days=4,
        premedication="Acetaminophen",
        max_rate_ml_per_kg_per_hour=Decimal("3.3"),
    )
    order = accepted(factories.make_patient(clinic), by, facts)
    order.refresh_from_db()
    assert order.prior_dose_on == facts["prior_dose_on"]
    assert order.laid_out_through_on is not None
    again = orders.lay_out_again(order, through_on=order.laid_out_through_on)
    held = courses(order)
    assert len(held) == len(again)
    assert all(rows.is_as_laid_out(course, anew) for course, anew in zip(held, again, strict=True))
