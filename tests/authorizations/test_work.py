"""Working on authorizations: what each act does, and what it refuses in words."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.db import IntegrityError, ProgrammingError, transaction

from accounts.domain.policy import Role
from audit.models import AuditEvent
from authorizations.domain.answers import Answer, Outcome
from authorizations.domain.statuses import AuthorizationStatus as S
from authorizations.models import Authorization, AuthorizationEvent
from authorizations.services import answers, follow_ups, ledger, work
from core.actor import Actor
from core.errors import BadInput, Conflict, NeedsReason, NotAllowed, NotFound, Refusal, Stale
from patients.models import Coverage as Plan
from regimens.models import ProductCode, TreatmentOrder
from tests import factories

NOW = datetime(2026, 11, 23, 15, 30, tzinfo=UTC)  # Monday 09:30 in Chicago
TODAY = date(2026, 11, 23)


@pytest.fixture(autouse=True)
def monday() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def order(db: None) -> TreatmentOrder:
    order = factories.make_order(factories.make_patient(factories.make_clinic()))
    ProductCode.objects.create(product=order.product, hcpcs="J1569", unit_mg=Decimal(500))
    return order


@pytest.fixture
def admin(order: TreatmentOrder) -> Actor:
    return factories.actor(factories.make_staff(order.clinic, Role.AUTHORIZATION_ADMIN, name="Tess Admin"))


def plan_of(order: TreatmentOrder, **payer: Any) -> Plan:
    payer_row = factories.make_payer(order.clinic, **payer)
    return Plan.objects.create(patient=order.patient, payer=payer_row, member_id="M", starts_on=date(2026, 1, 1))


def draft(order: TreatmentOrder, admin: Actor, **payer: Any) -> Authorization:
    return work.create(
        order=order, plan=plan_of(order, **payer), units=600, starts_on=date(2026, 12, 1), ends_on=date(2027, 5, 31),
        by=admin,
    )  # fmt: skip


def sent(order: TreatmentOrder, admin: Actor, **payer: Any) -> Authorization:
    started = draft(order, admin, **payer)
    return work.submit(authorization=started, expected_version=started.version, by=admin)


def approval(**fields: Any) -> Answer:
    values: dict[str, Any] = {
        "outcome": Outcome.APPROVED, "units": 600, "starts_on": date(2026, 12, 1), "ends_on": date(2027, 5, 31),
        "reference": "98-1120",
    }  # fmt: skip
    return Answer(**(values | fields))


def say(authorization: Authorization, answer: Answer, admin: Actor, **more: Any) -> answers.Recorded:
    return answers.record_answer(
        authorization=authorization, answer=answer, expected_version=authorization.version, by=admin, **more
    )


def refused(kind: type[Refusal], act: Callable[[], object]) -> list[tuple[str, str | None]]:
    with pytest.raises(kind) as caught:
        act()
    assert all(reason.sentence.endswith((".", "first.")) for reason in caught.value.reasons)
    return [(reason.code, reason.field) for reason in caught.value.reasons]


def test_a_draft_takes_its_unit_from_the_code_in_force_and_is_due_today(order: TreatmentOrder, admin: Actor) -> None:
    ProductCode.objects.create(product=order.product, hcpcs="J1569", unit_mg=Decimal(100), starts_on=date(2027, 1, 1))
    started = draft(order, admin)
    assert (started.status, started.unit_mg, started.follow_up_on) == ("draft", Decimal(500), TODAY)
    assert (started.units_requested, started.units_approved) == (600, 0)
    event = started.events.get()
    assert (event.kind, event.by_label, event.status_after) == ("create", "Tess Admin", "draft")
    assert AuditEvent.objects.get(action="authorization.create").patient_id == order.patient_id


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"units": 0}, [("units", "units")]),
        ({"units": -5}, [("units", "units")]),
        ({"units": 10**9}, [("units", "units")]),
        ({"visits": 0}, [("visits", "visits")]),
        ({"ends_on": date(2026, 11, 30)}, [("ends_before_start", "ends_on")]),
        ({"ends_on": date(2096, 11, 30)}, [("too_long", "ends_on")]),
        ({"ends_on": date(2126, 11, 30)}, [("year", "ends_on")]),
        ({"starts_on": date(1, 1, 1)}, [("year", "ends_on")]),
        ({"units": 0, "ends_on": date(2026, 11, 30)}, [("units", "units"), ("ends_before_start", "ends_on")]),
    ],
)
def test_a_request_that_makes_no_sense_names_every_field(
    order: TreatmentOrder, admin: Actor, fields: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    values: dict[str, Any] = {"units": 600, "starts_on": date(2026, 12, 1), "ends_on": date(2027, 5, 31)} | fields
    plan = plan_of(order)
    assert refused(BadInput, lambda: work.create(order=order, plan=plan, by=admin, **values)) == expected
    assert not Authorization.objects.exists()


def test_a_request_goes_only_to_a_plan_of_the_patient_that_asks_for_one(order: TreatmentOrder, admin: Actor) -> None:
    values: dict[str, Any] = {"order": order, "units": 1, "starts_on": TODAY, "ends_on": TODAY, "by": admin}
    others = plan_of(factories.make_order(factories.make_patient(order.clinic)))
    assert refused(BadInput, lambda: work.create(plan=others, **values)) == [("plan", "plan")]
    free = plan_of(order, needs_authorization=False)
    assert refused(BadInput, lambda: work.create(plan=free, **values)) == [("not_required", "plan")]


def test_a_code_that_the_drug_does_not_have_is_refused(order: TreatmentOrder, admin: Actor) -> None:
    ProductCode.objects.all().delete()
    assert refused(BadInput, lambda: draft(order, admin)) == [("no_billing_code", "starts_on")]


def test_two_requests_for_the_same_drug_and_payer_are_never_open_at_once(order: TreatmentOrder, admin: Actor) -> None:
    first = sent(order, admin)
    assert first.coverage is not None
    plan = first.coverage
    again = lambda: work.create(order=order, plan=plan, units=1, starts_on=TODAY, ends_on=TODAY, by=admin)  # noqa: E731
    assert refused(Conflict, again) == [("already_open", None)]
    say(first, approval(), admin)
    assert work.create(order=order, plan=plan, units=1, starts_on=TODAY, ends_on=TODAY, by=admin).status == "draft"


@pytest.mark.parametrize(
    ("line", "is_urgent", "due"),
    [
        ("medicare_advantage", False, datetime(2026, 11, 26, 15, 30, tzinfo=UTC)),
        ("medicare_advantage", True, datetime(2026, 11, 24, 15, 30, tzinfo=UTC)),
        ("medicaid", False, datetime(2026, 11, 24, 15, 30, tzinfo=UTC)),
        ("erisa_group", False, datetime(2026, 12, 9, 5, 59, 59, tzinfo=UTC)),
        ("state_regulated_commercial", False, datetime(2026, 12, 1, 5, 59, 59, tzinfo=UTC)),
    ],
)
def test_sending_starts_the_payers_clock(
    order: TreatmentOrder, admin: Actor, line: str, is_urgent: bool, due: datetime
) -> None:
    started = draft(order, admin, line_of_business=line)
    done = work.submit(authorization=started, is_urgent=is_urgent, expected_version=1, by=admin)
    assert (done.status, done.submitted_at, done.decision_due_at) == ("submitted", NOW, due)
    assert done.follow_up_on == date(2026, 11, 24), "receipt is confirmed the next business day"


def test_an_answer_in_full_gives_units_dates_and_a_renewal_date(order: TreatmentOrder, admin: Actor) -> None:
    recorded = say(sent(order, admin), approval(), admin)
    stored = Authorization.objects.get()
    assert (stored.status, stored.units_approved, stored.reference) == ("approved", 600, "98-1120")
    assert (stored.decided_at, stored.decision_due_at) == (NOW, None)
    assert stored.follow_up_on == date(2027, 4, 16), "45 days before the last day"
    assert stored.next_step == "Start the renewal"
    assert recorded.differences == ()


def test_an_answer_in_part_keeps_every_difference_in_words(order: TreatmentOrder, admin: Actor) -> None:
    answer = approval(
        outcome=Outcome.PARTIAL, units=300, starts_on=date(2026, 12, 15), ends_on=date(2027, 2, 28), hcpcs="J1561",
        limit_units=120, limit_days=21,
    )  # fmt: skip
    recorded = say(sent(order, admin), answer, admin)
    assert [difference.field for difference in recorded.differences] == [
        "Units", "First day", "Last day", "Drug code", "How often",
    ]  # fmt: skip
    text = AuthorizationEvent.objects.filter(kind="answer").get().text
    assert "Units: asked for 600, got 300." in text
    assert "Last day: asked for 31 May 2027, got 28 February 2027." in text
    assert recorded.authorization.limit_days == 21


def test_approved_in_full_with_less_than_asked_is_not_in_full(order: TreatmentOrder, admin: Actor) -> None:
    request = sent(order, admin)
    assert refused(BadInput, lambda: say(request, approval(units=300), admin)) == [("not_in_full", "outcome")]


def test_more_than_asked_is_allowed_and_flagged(order: TreatmentOrder, admin: Actor) -> None:
    recorded = say(sent(order, admin), approval(units=900), admin)
    assert [(d.asked, d.granted, d.is_less) for d in recorded.differences] == [("600", "900", False)]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"units": None}, [("units", "units")]),
        ({"units": 0}, [("units", "units")]),
        ({"starts_on": None}, [("starts_on", "starts_on")]),
        ({"ends_on": None}, [("ends_on", "ends_on")]),
        ({"ends_on": date(2026, 11, 1)}, [("ends_before_start", "ends_on")]),
        ({"reference": "  "}, [("reference_missing", "reference")]),
        ({"reference": "x" * 41}, [("reference_too_long", "reference")]),
        ({"visits": 0}, [("visits", "visits")]),
        ({"limit_units": 100}, [("limit", "limit_days")]),
        ({"limit_days": 21}, [("limit", "limit_units")]),
        ({"hcpcs": "J-1"}, [("hcpcs", "hcpcs")]),
        ({"outcome": Outcome.DENIED}, [("reason_missing", "reason")]),
        ({"outcome": Outcome.PENDED}, [("reason_missing", "reason")]),
        ({"units": 0, "reference": ""}, [("units", "units"), ("reference_missing", "reference")]),
    ],
)
def test_an_answer_that_makes_no_sense_changes_nothing(
    order: TreatmentOrder, admin: Actor, fields: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    request = sent(order, admin)
    assert refused(BadInput, lambda: say(request, approval(**fields), admin)) == expected
    request.refresh_from_db()
    assert (request.status, request.units_approved, request.version) == ("submitted", 0, 2)


def test_a_denial_keeps_the_reason_and_the_last_day_to_appeal(order: TreatmentOrder, admin: Actor) -> None:
    request = sent(order, admin, line_of_business="medicare_advantage")
    denied = say(request, Answer(outcome=Outcome.DENIED, reason="Criteria not met"), admin).authorization
    assert (denied.status, denied.denial_reason) == ("denied", "Criteria not met")
    assert denied.appeal_due_on == date(2027, 1, 27), "65 days from the notice"
    assert denied.follow_up_on == date(2026, 11, 24)
    appealed = work.appeal(authorization=denied, text="", expected_version=denied.version, by=admin)
    assert (appealed.status, appealed.decision_due_at) == ("appeal_1", datetime(2026, 12, 1, 5, 59, 59, tzinfo=UTC))
    won = say(appealed, approval(outcome=Outcome.OVERTURNED), admin).authorization
    assert (won.status, won.units_approved, won.denial_reason) == ("overturned", 600, "")


def test_a_late_appeal_needs_a_reason(order: TreatmentOrder, admin: Actor) -> None:
    answer = Answer(outcome=Outcome.DENIED, reason="No", appeal_due_on=date(2026, 11, 22))
    denied = say(sent(order, admin), answer, admin).authorization

    def appeal(text: str) -> Authorization:
        return work.appeal(authorization=denied, text=text, expected_version=3, by=admin)

    assert refused(NeedsReason, lambda: appeal(" ")) == [("appeal_late", "text")]
    assert appeal("The letter came late.").status == "appeal_1"


def test_only_a_denial_is_appealed(order: TreatmentOrder, admin: Actor) -> None:
    request = sent(order, admin)
    act = lambda: work.appeal(authorization=request, text="x", expected_version=2, by=admin)  # noqa: E731
    assert refused(Conflict, act) == [("not_denied", None)]


def test_information_wanted_is_followed_up_the_same_day(order: TreatmentOrder, admin: Actor) -> None:
    pended = say(sent(order, admin), Answer(outcome=Outcome.PENDED, reason="Last lab results"), admin).authorization
    assert (pended.status, pended.follow_up_on) == ("pended_info_needed", TODAY)
    assert pended.next_step == "Send the payer: Last lab results"


def test_a_draft_takes_no_answer_before_it_was_sent(order: TreatmentOrder, admin: Actor) -> None:
    started = draft(order, admin)
    assert refused(Conflict, lambda: say(started, approval(), admin)) == [("status_move", "status")]


def test_the_database_refuses_an_illegal_status_that_goes_around_the_service(
    order: TreatmentOrder, admin: Actor
) -> None:
    started = draft(order, admin)
    with pytest.raises(IntegrityError, match="may not move from draft to approved"), transaction.atomic():
        Authorization.objects.filter(id=started.id).update(status="approved")
    with pytest.raises(IntegrityError), transaction.atomic():
        Authorization.objects.filter(id=started.id).update(status="nonsense")
    with pytest.raises(ProgrammingError), transaction.atomic():
        AuthorizationEvent.objects.all().delete()


def test_a_second_editor_is_told_who_changed_it(order: TreatmentOrder, admin: Actor) -> None:
    started = draft(order, admin)
    work.submit(authorization=started, expected_version=1, by=admin)
    with pytest.raises(Stale) as caught:
        follow_ups.set_follow_up(authorization=started, on=TODAY, next_step="Call", expected_version=1, by=admin)
    assert "Tess Admin changed this authorization after you opened it" in caught.value.sentence


def test_a_scheduler_and_another_clinics_admin_change_nothing(order: TreatmentOrder, admin: Actor) -> None:
    started = draft(order, admin)
    with pytest.raises(NotAllowed):
        work.submit(authorization=started, expected_version=1, by=factories.scheduler(order.clinic))
    elsewhere = factories.actor(factories.make_staff(factories.make_clinic(), Role.AUTHORIZATION_ADMIN))
    with pytest.raises(NotFound):
        work.submit(authorization=started, expected_version=1, by=elsewhere)
    assert Authorization.objects.get().status == "draft"


def test_a_call_is_kept_with_person_and_reference_and_may_set_the_next_follow_up(
    order: TreatmentOrder, admin: Actor
) -> None:
    request = sent(order, admin)
    called = follow_ups.log_call(
        authorization=request, person="Kim at intake", text="They have it", call_reference="C-77",
        follow_up_on=date(2026, 11, 25), next_step="Ask for the decision", expected_version=2, by=admin,
    )  # fmt: skip
    assert (called.follow_up_on, called.next_step) == (date(2026, 11, 25), "Ask for the decision")
    event = AuthorizationEvent.objects.get(kind="call")
    assert (event.text, event.data["call_reference"]) == ("Kim at intake: They have it", "C-77")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"person": " "}, [("person_missing", "person")]),
        ({"text": ""}, [("text_missing", "text")]),
        ({"text": "x" * 401}, [("text_too_long", "text")]),
        ({"follow_up_on": date(2026, 11, 22)}, [("in_the_past", "follow_up_on")]),
        ({"follow_up_on": date(2226, 11, 22)}, [("too_far", "follow_up_on")]),
    ],
)
def test_a_call_without_sense_is_refused(
    order: TreatmentOrder, admin: Actor, fields: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    request = sent(order, admin)
    values: dict[str, Any] = {"person": "Kim", "text": "Hello"} | fields
    act = lambda: follow_ups.log_call(authorization=request, expected_version=2, by=admin, **values)  # noqa: E731
    assert refused(BadInput, act) == expected


def test_only_people_who_work_on_authorizations_here_may_own_one(order: TreatmentOrder, admin: Actor) -> None:
    started = draft(order, admin)
    colleague = factories.make_staff(order.clinic, Role.AUTHORIZATION_ADMIN)
    assigned = follow_ups.assign(authorization=started, owner=colleague, expected_version=1, by=admin)
    assert assigned.owner == colleague
    for stranger in (
        factories.make_staff(order.clinic, Role.SCHEDULER),
        factories.make_staff(factories.make_clinic(), Role.AUTHORIZATION_ADMIN),
    ):
        act = lambda user=stranger: follow_ups.assign(  # noqa: E731
            authorization=assigned, owner=user, expected_version=2, by=admin
        )
        assert refused(BadInput, act) == [("owner", "owner")]


def test_a_renewal_carries_on_where_the_old_one_ends(order: TreatmentOrder, admin: Actor) -> None:
    old = say(sent(order, admin), approval(), admin).authorization
    new = work.start_renewal(authorization=old, units=700, expected_version=old.version, by=admin)
    assert (new.kind, new.renews, new.units_requested) == ("renewal", old, 700)
    assert (new.starts_on, new.ends_on) == (date(2027, 6, 1), date(2027, 11, 29)), "as long again, from the next day"
    old.refresh_from_db()
    assert (old.follow_up_on, old.status) == (None, "approved")
    act = lambda: work.start_renewal(authorization=old, units=1, expected_version=old.version, by=admin)  # noqa: E731
    assert refused(Conflict, act) == [("already_open", None)]


def test_what_was_never_approved_is_not_renewed(order: TreatmentOrder, admin: Actor) -> None:
    request = sent(order, admin)
    act = lambda: work.start_renewal(authorization=request, units=1, expected_version=2, by=admin)  # noqa: E731
    assert refused(Conflict, act) == [("not_renewable", None)]


def test_steps_and_endings_follow_the_table(order: TreatmentOrder, admin: Actor) -> None:
    request = sent(order, admin)
    got = work.step(authorization=request, to=S.ACKNOWLEDGED, expected_version=2, by=admin)
    assert got.status == "acknowledged"
    for to, code in ((S.ACKNOWLEDGED, "status_same"), (S.READY, "status_move")):
        act = lambda to=to: work.step(authorization=got, to=to, expected_version=3, by=admin)  # noqa: E731
        assert refused(Conflict, act)[0][0] == code
    bad = lambda: work.step(authorization=got, to=S.APPROVED, expected_version=3, by=admin)  # noqa: E731
    assert refused(BadInput, bad) == [("status", "to")]
    ended = work.close(authorization=got, to=S.WITHDRAWN, reason="Moved away", expected_version=3, by=admin)
    assert (ended.status, ended.follow_up_on) == ("withdrawn", None)


def test_an_authorization_with_reserved_units_is_not_closed(order: TreatmentOrder, admin: Actor) -> None:
    held = say(sent(order, admin), approval(), admin).authorization
    ledger.reserve(authorization=held, visit_id=uuid4(), units=60, service_on=date(2026, 12, 7), by=admin)
    act = lambda: work.close(  # noqa: E731
        authorization=held, to=S.SUPERSEDED, reason="New", expected_version=held.version, by=admin
    )
    assert refused(Conflict, act) == [("units_reserved", None)]
    fewer = approval(outcome=Outcome.MODIFIED, units=59)
    assert refused(BadInput, lambda: say(held, fewer, admin)) == [("units_taken", "units")]
