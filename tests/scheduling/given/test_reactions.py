"""Reactions: graded, told to the prescriber, holding the plan until a prescriber releases it, never lost."""

from datetime import timedelta

import pytest

from accounts.domain.policy import Role
from core.errors import BadInput, NotAllowed
from regimens.domain.reactions import MEANINGS, Effect, effects, gained, said
from regimens.models import OrderStatus, Reaction, TreatmentOrder
from regimens.queries.patient_facts import patient_facts
from regimens.queries.reactions import kinds
from regimens.services import holding, reactions
from scheduling.models import StaffTask
from scheduling.services import giving
from tests import factories
from tests.factories import at
from tests.scheduling.conftest import TUESDAY
from tests.scheduling.given.conftest import STARTED, Infusion


def urgent() -> list[str]:
    found = StaffTask.objects.filter(kind="reaction", is_urgent=True, done_at=None)
    return list(found.order_by("created_at", "id").values_list("text", flat=True))


def order_of(infusion: Infusion) -> TreatmentOrder:
    return TreatmentOrder.objects.select_related("patient", "product").get(pk=infusion.world.order.pk)


def test_each_grade_does_what_the_one_below_does_and_more() -> None:
    found = [effects(grade) for grade in MEANINGS]
    assert found[0] == {Effect.NOTED}
    assert found[1] == {Effect.NOTED, Effect.PRESCRIBER_TOLD, Effect.SLOW_NEXT}
    assert found[2] == found[1] | {Effect.HELD, Effect.REPORTED}
    assert found[3] == found[4] == found[2] | {Effect.BLOCKED}
    assert said(3) == "The plan is on hold until a prescriber releases it."
    assert said(1) == "It is kept on the patient’s page."
    assert said(4).endswith("The product is blocked for this patient.")
    assert [gained(grade).partition(".")[0] for grade in (3, 4, 5)] == ["As grade 2", "As grade 3", "As grade 4"]
    for grade in (0, 6):
        with pytest.raises(ValueError, match="1 to 5"):
            effects(grade)


def test_a_mild_reaction_is_kept_and_bothers_nobody(infusion: Infusion, at_eleven: object) -> None:
    reaction = infusion.react(1, description="Behind the eyes.")
    assert (reaction.kind, reaction.onset_minutes, reaction.recorded_by_label) == ("headache", 40, "Nurse Okafor")
    assert urgent() == []
    assert order_of(infusion).status == OrderStatus.ACTIVE


def test_grade_two_tells_the_prescriber_and_slows_the_next_visit(infusion: Infusion, at_eleven: object) -> None:
    infusion.react(2)
    who = infusion.world.patient.short_name
    assert urgent() == [f"Tell Dr. Invented: {who} had a reaction (headache, grade 2, 3 Mar 10:00)."]
    order = order_of(infusion)
    assert order.status == OrderStatus.ACTIVE
    assert patient_facts(order.patient, product=order.product).slow_after == TUESDAY


def test_grade_three_holds_the_plan_until_a_prescriber_releases_it(infusion: Infusion, at_eleven: object) -> None:
    infusion.react(3, kind="hypotension")
    order = order_of(infusion)
    assert (order.status, order.status_reason) == (OrderStatus.ON_HOLD, "Reaction of grade 3: hypotension.")
    assert [text.split(":")[0] for text in urgent()] == [
        "Tell Dr. Invented",
        "Report to MedWatch and the manufacturer, with lot numbers",
    ]
    with pytest.raises(NotAllowed):
        holding.release(order=order, note="Better.", by=infusion.nurse)
    doctor = factories.actor(factories.make_staff(infusion.world.clinic, Role.PRESCRIBER))
    holding.release(order=order, note="Slower ramp from now on.", by=doctor)
    assert order_of(infusion).status == OrderStatus.ACTIVE
    assert Reaction.objects.get().released_by_label == doctor.label


def test_grade_four_holds_every_order_of_the_product(infusion: Infusion, at_eleven: object) -> None:
    other = factories.make_order(infusion.world.patient)
    infusion.react(4, kind="anaphylaxis")
    other.refresh_from_db()
    assert other.status == OrderStatus.ON_HOLD


def test_a_reaction_taken_back_counts_for_nothing_but_releases_nothing(infusion: Infusion, at_eleven: object) -> None:
    reaction = infusion.react(3)
    giving.void_reaction(visit=infusion.fresh(), reaction=reaction, reason="Wrong patient.", by=infusion.nurse)
    assert urgent() == []
    order = order_of(infusion)
    assert order.status == OrderStatus.ON_HOLD
    assert patient_facts(order.patient, product=order.product).slow_after is None
    with pytest.raises(BadInput, match="Say why"):
        giving.void_reaction(visit=infusion.fresh(), reaction=reaction, reason=" ", by=infusion.nurse)


def test_a_reaction_is_over_once(infusion: Infusion, at_eleven: object) -> None:
    reaction = infusion.react(1)
    first = reactions.resolve(reaction=reaction, by=infusion.nurse).resolved_at
    assert reactions.resolve(reaction=reaction, by=infusion.nurse).resolved_at == first == at(TUESDAY, 11)


@pytest.mark.parametrize(
    ("field", "changed"),
    [
        ("kind", {"kind": "bad luck"}),
        ("grade", {"grade": 6}),
        ("occurred_at", {"occurred_at": at(TUESDAY, 12)}),
        ("occurred_at", {"occurred_at": STARTED - timedelta(minutes=1)}),
        ("description", {"kind": "other"}),
    ],
)
def test_nonsense_is_refused_at_its_field(
    infusion: Infusion, at_eleven: object, field: str, changed: dict[str, object]
) -> None:
    grade = int(str(changed.pop("grade", 2)))
    with pytest.raises(BadInput) as problem:
        infusion.react(grade, **changed)
    assert [reason.field for reason in problem.value.reasons] == [field]
    assert Reaction.objects.count() == 0


def test_a_scheduler_may_not_record_one(infusion: Infusion, at_eleven: object) -> None:
    with pytest.raises(NotAllowed):
        infusion.react(1, by=infusion.world.scheduler)


def test_kinds_come_from_the_catalogue() -> None:
    assert {"headache", "anaphylaxis", "other"} <= set(kinds())


def test_anaphylaxis_to_one_immune_globulin_is_kept_as_a_contraindication(
    infusion: Infusion, at_eleven: object
) -> None:
    infusion.react(3, kind="anaphylaxis")
    flag = infusion.world.order.patient.risk_flags.get(code="anaphylaxis_to_ig", ended_on=None)
    assert "Grade 3 reaction to" in flag.note
