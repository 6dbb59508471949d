"""What was given: begun and stopped with the visit, recorded with lots and rates, corrected, billed, never lost."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
import time_machine
from django.db import connection

from audit.models import AuditEvent
from authorizations.models import Authorization
from core.errors import BadInput, Conflict, NotAllowed, Stale
from regimens.domain.administration import GivenLot, GivenRate
from regimens.models import Administration, AdministrationLot
from regimens.queries.given import given_days
from scheduling.domain.statuses import VisitStatus
from scheduling.models import StaffTask
from scheduling.queries import given as queries
from scheduling.services import giving
from tests import factories
from tests.factories import at
from tests.scheduling.conftest import TUESDAY
from tests.scheduling.given.conftest import LOT, STARTED, STOPPED, Infusion, facts

S = VisitStatus


def tasks(kind: str) -> list[str]:
    return list(StaffTask.objects.filter(kind=kind, done_at=None).values_list("text", flat=True))


def reason_of(problem: pytest.ExceptionInfo[Any], code: str) -> Any:
    return next(reason for reason in problem.value.reasons if reason.code == code)


def test_an_administration_begins_with_the_infusion_and_keeps_what_was_planned(infusion: Infusion) -> None:
    given = infusion.given
    assert (given.started_at, given.stopped_at, given.dose_mg) == (STARTED, None, None)
    assert (given.planned_dose_mg, given.planned_minutes) == (Decimal(30_000), 60)
    assert (given.dosing_weight_kg, given.product_id) == (Decimal(75), "test_ig")
    assert "whole vials" in given.rounding


def test_it_stops_when_observation_began_not_when_the_visit_was_closed(infusion: Infusion) -> None:
    with time_machine.travel(at(TUESDAY, 10, 40), tick=False):
        infusion.step(S.OBSERVING)
    with time_machine.travel(at(TUESDAY, 10, 55), tick=False):
        infusion.step(S.COMPLETED)
    assert infusion.given.stopped_at == at(TUESDAY, 10, 40)
    assert infusion.given.is_complete is None


def test_leaving_early_counts_as_given_but_not_all_of_it(infusion: Infusion, at_eleven: object) -> None:
    infusion.step(S.LEFT_EARLY)
    (day,) = given_days(infusion.world.order)
    assert (day.on, day.is_complete, day.course_number) == (TUESDAY, False, 1)


def test_undoing_done_lets_the_infusion_run_again(infusion: Infusion, at_eleven: object) -> None:
    infusion.step(S.COMPLETED)
    infusion.undo()
    assert (infusion.given.stopped_at, infusion.given.is_complete) == (None, None)
    assert tasks("given") == []


def test_undoing_the_start_voids_it_and_the_plan_forgets_it(infusion: Infusion, at_eleven: object) -> None:
    infusion.undo()
    assert given_days(infusion.world.order) == ()
    assert Administration.objects.get().void_reason == "The start of the infusion was undone."
    factories.clear(infusion.fresh())  # this product cannot be planned anew, which is for a prescriber to judge
    infusion.step(S.INFUSING)
    assert infusion.given.started_at == at(TUESDAY, 11)


def test_the_start_of_a_recorded_infusion_is_not_undone(infusion: Infusion, at_eleven: object) -> None:
    infusion.record()
    with pytest.raises(Conflict, match="Correct that record instead"):
        infusion.undo()
    assert infusion.given.recorded_at is not None


def test_a_nurse_records_dose_lots_rates_and_units(infusion: Infusion, at_eleven: object) -> None:
    infusion.step(S.COMPLETED)
    given = infusion.record(note="Sat up to eat.")
    assert (given.dose_mg, given.units, given.wasted_units) == (Decimal(30_000), 60, 0)
    assert given.recorded_by_label == "Nurse Okafor"
    (lot,) = given.lots.all()
    assert (lot.lot_number, lot.vials, lot.vial_mg) == ("LX204A", 3, Decimal(10_000))
    assert [rate.ml_per_hour for rate in given.rates.all()] == [60, 240]
    assert AuditEvent.objects.filter(action="administration.record", entity_id=str(given.id)).count() == 1


def test_done_without_a_record_asks_for_the_lot_numbers_until_they_are_there(
    infusion: Infusion, at_eleven: object
) -> None:
    infusion.step(S.COMPLETED)
    assert tasks("given") == [f"Lot numbers not recorded: {infusion.world.patient.short_name}, Tue 3 Mar."]
    infusion.record()
    assert tasks("given") == []


def test_what_was_recorded_before_the_end_needs_no_task_and_stands(infusion: Infusion, at_eleven: object) -> None:
    infusion.record()
    infusion.step(S.COMPLETED)
    assert tasks("given") == []
    assert infusion.given.stopped_at == STOPPED


def test_a_correction_replaces_lots_and_rates_and_keeps_the_old_ones(infusion: Infusion, at_eleven: object) -> None:
    infusion.step(S.COMPLETED)
    infusion.record()
    other = GivenLot(lot_number="lx999", expires_on=date(2027, 1, 1), vial_mg=Fraction(10_000), vials=3)
    infusion.record(lots=(other,), rates=())
    shown = queries.of_visit(infusion.fresh())
    assert [lot.lot_number for lot in shown.lots] == ["LX999"]
    assert shown.rates == ()
    assert list(AdministrationLot.objects.filter(replaced_at__isnull=False).values_list("lot_number", flat=True)) == [
        "LX204A"
    ]
    assert [change.what for change in queries.changes(infusion.given, infusion.fresh())][:2] == ["Recorded"] * 2


def test_units_used_follow_what_was_really_given(infusion: Infusion, at_eleven: object) -> None:
    infusion.step(S.LEFT_EARLY)
    authorization = Authorization.objects.get()
    assert (authorization.units_used, authorization.units_reserved) == (60, 0)
    infusion.record(dose_mg=Fraction(18_000), volume_ml=None, is_complete=False, stop_reason="Headache.")
    authorization.refresh_from_db()
    assert (authorization.units_used, authorization.units_reserved) == (36, 0)
    wasting = GivenLot(**{**LOT.__dict__, "wasted_mg": Fraction(12_000)})
    infusion.record(
        dose_mg=Fraction(18_000), volume_ml=None, is_complete=False, stop_reason="Headache.", lots=(wasting,)
    )
    authorization.refresh_from_db()
    assert (authorization.units_used, infusion.given.wasted_units) == (60, 24)


def test_units_recorded_before_the_end_are_used_at_the_end(infusion: Infusion, at_eleven: object) -> None:
    infusion.record(dose_mg=Fraction(20_000), volume_ml=None, is_complete=False, stop_reason="Had to leave.")
    assert Authorization.objects.get().units_reserved == 60
    infusion.step(S.LEFT_EARLY)
    authorization = Authorization.objects.get()
    assert (authorization.units_used, authorization.units_reserved) == (40, 0)


def test_nothing_given_uses_no_units(infusion: Infusion, at_eleven: object) -> None:
    infusion.step(S.LEFT_EARLY)
    infusion.record(
        dose_mg=Fraction(0), volume_ml=None, is_complete=False, stop_reason="The line would not run.", lots=(), rates=()
    )
    authorization = Authorization.objects.get()
    assert (authorization.units_used, authorization.units_reserved) == (0, 0)


@pytest.mark.parametrize("goes_back", [False, True])
def test_units_are_used_although_it_was_first_recorded_that_nothing_was_given(
    infusion: Infusion, at_eleven: object, goes_back: bool
) -> None:
    infusion.step(S.COMPLETED)
    nothing: dict[str, Any] = {"dose_mg": Fraction(0), "volume_ml": None, "lots": (), "rates": ()}
    infusion.record(**nothing, is_complete=False, stop_reason="The line would not run.")
    if goes_back:
        infusion.undo()
    infusion.record()
    if goes_back:
        infusion.step(S.COMPLETED)
    authorization = Authorization.objects.get()
    assert (authorization.units_used, authorization.units_reserved) == (60, 0)


def test_undoing_done_after_a_correction_reserves_the_planned_units_again(
    infusion: Infusion, at_eleven: object
) -> None:
    infusion.step(S.COMPLETED)
    infusion.record(dose_mg=Fraction(20_000), volume_ml=None, is_complete=False, stop_reason="Had to leave.")
    infusion.undo()
    authorization = Authorization.objects.get()
    assert (authorization.units_used, authorization.units_reserved) == (0, 60)


@pytest.mark.parametrize(
    ("code", "field", "changed"),
    [
        ("stop_before_start", "stopped_at", {"stopped_at": at(TUESDAY, 9)}),
        ("stop_in_future", "stopped_at", {"stopped_at": at(TUESDAY, 12)}),
        ("stop_missing", "stopped_at", {"stopped_at": None}),
        ("start_other_day", "started_at", {"started_at": STARTED - timedelta(days=1)}),
        ("start_in_future", "started_at", {"started_at": at(TUESDAY, 13)}),
        ("bad_dose", "dose_mg", {"dose_mg": Fraction(-1)}),
        ("dose_above_vials", "dose_mg", {"dose_mg": Fraction(32_000), "volume_ml": None}),
        ("dose_above_plan", "stop_reason", {"dose_mg": Fraction(33_001), "volume_ml": None}),
        ("dose_below_plan", "stop_reason", {"dose_mg": Fraction(26_000), "volume_ml": None}),
        ("stop_reason_missing", "stop_reason", {"is_complete": False}),
        ("lot_missing", "lots-0-lot_number", {"lots": ()}),
        ("lot_missing", "lots-0-lot_number", {"lots": (GivenLot(**{**LOT.__dict__, "lot_number": " "}),)}),
        ("lot_expired", "lots-0-expires_on", {"lots": (GivenLot(**{**LOT.__dict__, "expires_on": date(2026, 3, 2)}),)}),
        ("expiry_missing", "lots-0-expires_on", {"lots": (GivenLot(**{**LOT.__dict__, "expires_on": None}),)}),
        ("bad_vials", "lots-0-vials", {"lots": (GivenLot(**{**LOT.__dict__, "vials": 0}),)}),
        ("bad_ndc", "lots-0-ndc", {"lots": (GivenLot(**{**LOT.__dict__, "ndc": "12-34"}),)}),
        ("waste_above_vials", "lots-0-wasted_mg", {"lots": (GivenLot(**{**LOT.__dict__, "wasted_mg": Fraction(1)}),)}),
        ("volume_mismatch", "volume_ml", {"volume_ml": Fraction(30)}),
        ("rate_order", "rates-1-at", {"rates": (GivenRate(at=STARTED, ml_per_hour=Fraction(60)),) * 2}),
        ("rate_outside", "rates-0-at", {"rates": (GivenRate(at=at(TUESDAY, 9), ml_per_hour=Fraction(60)),)}),
        ("bad_rate", "rates-0-ml_per_hour", {"rates": (GivenRate(at=STARTED, ml_per_hour=Fraction(-5)),)}),
    ],
)
def test_nonsense_is_refused_at_its_field(
    infusion: Infusion, at_eleven: object, code: str, field: str, changed: dict[str, Any]
) -> None:
    with pytest.raises(BadInput) as problem:
        infusion.record(**changed)
    assert reason_of(problem, code).field == field
    assert infusion.given.recorded_at is None


def test_a_dose_far_above_the_plan_is_kept_once_somebody_says_why(infusion: Infusion, at_eleven: object) -> None:
    lots = (GivenLot(**{**LOT.__dict__, "vials": 4}),)
    with pytest.raises(BadInput, match=r"40 g is 33\.33 % more than the planned 30 g"):
        infusion.record(dose_mg=Fraction(40_000), volume_ml=None, lots=lots)
    given = infusion.record(
        dose_mg=Fraction(40_000), volume_ml=None, lots=lots, stop_reason="Prescriber raised the dose by phone."
    )
    assert given.dose_mg == Decimal(40_000)


def test_an_expired_lot_says_what_to_do(infusion: Infusion, at_eleven: object) -> None:
    expired = GivenLot(**{**LOT.__dict__, "expires_on": date(2026, 2, 28)})
    with pytest.raises(BadInput, match="expired on 28 February 2026, before this infusion") as problem:
        infusion.record(lots=(expired,))
    assert "tell the pharmacist" in problem.value.sentence


def test_a_scheduler_may_not_record_it(infusion: Infusion, at_eleven: object) -> None:
    with pytest.raises(NotAllowed):
        infusion.record(by=infusion.world.scheduler)


def test_nothing_is_recorded_before_the_infusion_starts(infusion: Infusion, at_eleven: object) -> None:
    infusion.undo()
    with pytest.raises(Conflict, match="has not started"):
        infusion.record(expected_version=1)


def test_the_second_of_two_nurses_is_told_who_was_quicker(infusion: Infusion, at_eleven: object) -> None:
    version = infusion.given.version
    infusion.record()
    with pytest.raises(Stale, match="Nurse Okafor recorded this at 11:00"):
        infusion.record(expected_version=version, dose_mg=Fraction(20_000))
    assert infusion.given.dose_mg == Decimal(30_000)


def test_of_two_nurses_at_the_same_moment_one_is_kept_whole(committed_infusion: Infusion) -> None:
    infusion = committed_infusion
    visit, version = infusion.fresh(), infusion.given.version
    others = [GivenLot(**{**LOT.__dict__, "lot_number": name}) for name in ("AAA", "BBB")]

    def attempt(lot: GivenLot) -> str:
        try:
            giving.record(visit=visit, facts=facts(lots=(lot,)), expected_version=version, by=infusion.nurse)
        except Stale:
            return "stale"
        finally:
            connection.close()
        return lot.lot_number

    with time_machine.travel(at(TUESDAY, 11), tick=False), ThreadPoolExecutor(2) as pool:
        results = list(pool.map(attempt, others))
    assert sorted(results)[-1] == "stale"
    assert list(AdministrationLot.objects.values_list("lot_number", flat=True)) == [sorted(results)[0]]
    assert infusion.given.version == version + 1


def test_three_infusions_suggest_how_long_the_next_one_takes(infusion: Infusion, at_eleven: object) -> None:
    for number, minutes in enumerate((150, 160, 155), start=1):
        day = factories.make_course_day(infusion.world.order, TUESDAY)
        started_at = STARTED - timedelta(days=21 * number)
        Administration.objects.create(
            order=infusion.world.order,
            course_day=day,
            visit_id=day.id,
            product_id="test_ig",
            started_at=started_at,
            stopped_at=started_at + timedelta(minutes=minutes),
            is_complete=True,
            recorded_at=started_at,
            dosing_weight_kg=75,
            weight_basis="actual",
            planned_dose_mg=30_000,
            planned_minutes=136,
        )
    assert queries.pace(infusion.fresh()).suggested == 155


def test_the_lot_finds_its_patients(infusion: Infusion, at_eleven: object) -> None:
    infusion.record()
    (use,) = queries.lot_uses(infusion.world.clinic, " lx204")
    assert use.patient == infusion.world.patient
    assert queries.lot_uses(factories.make_clinic(), "LX204A") == []


def test_a_substituted_brand_is_recorded_as_what_it_is_and_the_desk_is_told(
    infusion: Infusion, at_eleven: object
) -> None:
    other = factories.make_product(id="other_ig", name="Other IG 10 %")
    infusion.step(S.COMPLETED)
    order = infusion.world.order
    with pytest.raises(BadInput, match="allows no other brand"):
        infusion.record(product_id=other.id)
    order.may_substitute = True
    order.save(update_fields=["may_substitute"])
    infusion.record(product_id=other.id)
    assert infusion.given.product == other
    (task,) = tasks("substitute")
    assert "Other IG 10 % was given" in task
    offered = queries.of_visit(infusion.visit).products
    assert [product.id for product in offered] == ["test_ig", "other_ig"]
    infusion.record(product_id="")
    assert infusion.given.product_id == "test_ig"


def test_only_another_immune_globulin_stands_in(infusion: Infusion, at_eleven: object) -> None:
    iron = factories.make_product(id="iron", name="Iron", is_immune_globulin=False)
    infusion.world.order.may_substitute = True
    infusion.world.order.save(update_fields=["may_substitute"])
    with pytest.raises(BadInput, match="Only another immune globulin can"):
        infusion.record(product_id=iron.id)
