"""The page of a changed plan: what it says, who may decide, and what it answers to nonsense."""

from decimal import Decimal

import pytest
from django.test import Client

from accounts.domain.policy import Role
from regimens.models import TreatmentOrder
from regimens.services import holding
from scheduling.domain.statuses import VisitStatus
from scheduling.models import PlanDecision, Visit
from tests import factories
from tests.regimens.scenes import today
from tests.scheduling.pages.reading import words
from tests.scheduling.replanning.scenes import Scene, give_late, react, scene

pytestmark = pytest.mark.django_db


def desk(found: Scene, role: Role = Role.SCHEDULER) -> Client:
    client = Client()
    client.force_login(
        factories.make_staff(found.clinic, role), backend="allauth.account.auth_backends.AuthenticationBackend"
    )
    return client


def url(order: TreatmentOrder, act: str = "") -> str:
    return f"/orders/{order.id}/plan/{act}"


def form(found: Scene, act: str, *numbers: int, **more: str) -> dict[str, object]:
    """What the page would send for these courses."""
    seen = [found.visits[number - 2] for number in numbers]
    for visit in seen:
        visit.refresh_from_db()
    return {
        "act": act,
        "course": [f"{number}:{found.difference(number).fingerprint}" for number in numbers],
        "visit": [f"{number}:{visit.id}:{visit.version}" for number, visit in zip(numbers, seen, strict=True)],
        **more,
    }


def test_the_page_shows_what_was_what_would_be_and_why() -> None:
    found = scene(window_late_days=7)
    react(found)
    text = words(desk(found).get(url(found.order)))
    for said in (
        "Course 2",
        "a grade 2 reaction on",
        "later ramp",
        "first, slow ramp",
        "30 min before",
        "Fits where it",
    ):
        assert said in text


def test_without_a_difference_there_is_nothing_to_decide() -> None:
    found = scene()
    assert "Nothing to decide" in words(desk(found).get(url(found.order)))


def test_a_nurse_reads_and_may_not_decide() -> None:
    found = scene()
    react(found)
    client = desk(found, Role.NURSE)
    page = client.get(url(found.order))
    assert page.status_code == 200
    may = "Follow the plan" in words(page)
    answer = client.post(url(found.order, "decide/"), form(found, "follow", 2))
    assert (answer.status_code == 302) is may


def test_a_prescriber_decides_here_though_they_book_nothing() -> None:
    found = scene(booked=(2, 3), window_late_days=7)
    react(found)
    client = desk(found, Role.PRESCRIBER)
    assert "Follow the plan" in words(client.get(url(found.order)))
    done = client.post(url(found.order, "decide/"), form(found, "follow", 2), follow=True)
    assert "Course 2 follows the plan now." in words(done)
    assert client.post(f"/visits/{found.visit.id}/cancel/", {"reason": "x"}).status_code == 403


def test_only_a_prescriber_is_offered_to_keep_another_treatment() -> None:
    found = scene(window_late_days=7)
    react(found)
    page = words(desk(found, Role.NURSE).get(url(found.order)))
    assert "only a prescriber keeps it as booked" in page
    assert "Keep as booked…" not in page
    kept = form(found, "keep", 2, reason="Slow enough.")
    assert desk(found, Role.NURSE).post(url(found.order, "decide/"), kept).status_code == 403
    prescriber = desk(found, Role.PRESCRIBER)
    assert "Keep as booked…" in words(prescriber.get(url(found.order)))
    assert "Course 2 stays as it is." in words(prescriber.post(url(found.order, "decide/"), kept, follow=True))


def test_a_prescriber_lets_a_course_go_that_the_plan_no_longer_has() -> None:
    found = scene()
    holding.end(order=found.order, on=today(found.clinic), reason="It did not help.", by=found.by)
    found.order.refresh_from_db()
    done = desk(found, Role.PRESCRIBER).post(url(found.order, "decide/"), form(found, "follow", 2), follow=True)
    assert "Course 2 follows the plan now." in words(done)
    assert found.visit.status == VisitStatus.CANCELLED


def test_who_may_not_override_is_offered_only_places_that_need_no_reason() -> None:
    found = scene()
    give_late(found)
    desk_page = words(desk(found).get(url(found.order)))
    page = desk(found, Role.PRESCRIBER).get(url(found.order))
    assert "Reason to go ahead" in desk_page
    assert "Reason to go ahead" not in words(page)
    assert "needs a reason" not in words(page)


def test_a_course_that_has_begun_offers_no_places_and_says_what_remains() -> None:
    found = scene(days_per_course=2, dose_amount=Decimal(1))
    give_late(found)
    for status in (VisitStatus.ARRIVED, VisitStatus.SEATED):
        Visit.objects.filter(pk=found.visits[0].pk).update(status=status)
    page = desk(found).get(url(found.order))
    assert "Cannot follow" in words(page)
    assert "A visit of this course has begun" in words(page)
    assert 'type="radio"' not in page.content.decode()
    assert "Follow the plan" not in words(page)


def test_following_all_says_how_many() -> None:
    found = scene(booked=(2, 3), titration="by_rule")
    found.order.patient.risk_flags.create(code="diabetes", since_on=found.order.starts_on)
    client = desk(found)
    assert "Approve all 2 that need no move" in words(client.get(url(found.order)))
    answer = client.post(url(found.order, "decide/"), form(found, "follow_all", 2, 3), follow=True)
    assert "2 courses follow the plan now." in words(answer)
    assert PlanDecision.objects.filter(order=found.order, is_followed=True).count() == 2


def test_a_refusal_is_shown_where_it_happened_and_what_was_typed_stays() -> None:
    found = scene()
    give_late(found)
    client = desk(found)
    data = form(found, "follow", 2)
    answer = client.post(url(found.order, "decide/"), data)
    assert answer.status_code == 409
    assert "before the order's window" in words(answer)
    kept = client.post(url(found.order, "decide/"), form(found, "keep", 2, reason=" "))
    assert kept.status_code == 400
    assert "Say why the visit stays as it is." in words(kept)
    done = client.post(url(found.order, "decide/"), form(found, "keep", 2, reason="They travel."), follow=True)
    assert "They travel." in words(done)


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"act": "follow"},
        {"act": "follow", "course": "2"},
        {"act": "follow", "course": "x:y"},
        {"act": "follow", "course": ["2:a", "3:b"]},
        {"act": "follow", "course": "2:a", "visit": "2:no-id:1"},
        {"act": "follow", "course": "2:a", "visit": "3:no-id:1"},
        {"act": "follow_all"},
        {"act": "dance", "course": "2:a"},
    ],
)
def test_nonsense_is_refused_with_a_sentence(data: dict[str, object]) -> None:
    found = scene(booked=())
    answer = desk(found).post(url(found.order, "decide/"), data)
    assert answer.status_code == 400
    assert "Nothing was changed." in words(answer)


def test_a_plan_that_cannot_be_worked_out_says_why() -> None:
    found = scene()
    TreatmentOrder.objects.filter(pk=found.order.pk).update(hcpcs="J0000")
    assert "The plan cannot be worked out." in words(desk(found).get(url(found.order)))
