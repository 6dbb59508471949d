"""The catalogue's pages: every number with its source; a manager sees what a change touches, and only then saves."""

import re
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.domain.policy import Role
from accounts.models import Clinic
from audit.models import AuditEvent
from core.actor import Actor
from regimens.domain.catalogue_fields import Reach
from regimens.models import CatalogueEdit, Indication, OrderEvent, Product, ProductCode
from regimens.queries.therapies import AsIf
from regimens.services import catalogue_edits
from regimens.services.catalogue_codes import CodeFacts
from regimens.services.catalogue_edits import ChangeFacts
from scheduling.models import StaffTask
from scheduling.services import catalogue_changes
from tests import factories
from tests.regimens.scenes import today
from tests.scheduling.replanning.scenes import MONDAY_MORNING, Scene, fresh, scene

pytestmark = pytest.mark.django_db
LIST = "scheduling:catalogue"
FASTER = "1 15\n2 15\n5"
SLOWER = "0.5 60\n1"


@pytest.fixture(autouse=True)
def _monday() -> Iterator[None]:
    with time_machine.travel(MONDAY_MORNING, tick=True):
        yield


@pytest.fixture
def booked() -> Scene:
    """An IVIG order for CIDP with its second course booked."""
    return scene(window_late_days=7)


def signed_in(clinic: Clinic, role: Role = Role.MANAGER) -> Client:
    client = Client()
    client.force_login(factories.make_staff(clinic, role))
    return client


def manager(clinic: Clinic) -> Actor:
    return factories.actor(factories.make_staff(clinic, Role.MANAGER))


def text_of(answer: Any) -> str:
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode())))


def entered(clinic: Clinic, value: str, **changes: str) -> dict[str, str]:
    return {
        "value": value,
        "effective_from": today(clinic).isoformat(),
        "source": "US label, March 2026",
        "confidence": "P",
        "reason": "New label",
        "action": "preview",
        **changes,
    }


def ramp(clinic: Clinic, text: str = SLOWER, **changes: Any) -> ChangeFacts:
    usual: dict[str, Any] = {
        "field": "indication_profiles.CIDP.first",
        "text": text,
        "effective_from": today(clinic),
        "source": "US label",
        "confidence": "P",
        "reason": "New label",
    }
    return ChangeFacts(**usual | changes)


def change_url(product: str, field: str) -> str:
    return reverse("scheduling:catalogue-product-change", args=[product, field])


def previewed(answer: Any) -> str:
    found = re.search(r'name="previewed" value="(\w+)"', answer.content.decode())
    assert found is not None
    return found[1]


def test_the_list_counts_everything_in_few_statements(
    booked: Scene, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client = signed_in(booked.clinic, Role.NURSE)
    client.get(reverse(LIST))
    with django_assert_max_num_queries(14):
        page = text_of(client.get(reverse(LIST)))
    for said in ("Everything 69", "Immune globulins 16", "Other drugs 33", "Indications 20", "Needs label check 3"):
        assert said in page


@pytest.mark.parametrize(
    ("asked", "shown", "hidden"),
    [
        ({"q": "J1569"}, "Gammagard Liquid", "Privigen"),
        ({"q": "soliris"}, "Eculizumab", "Infliximab"),
        ({"q": "myasthenia"}, "Myasthenia gravis", "Privigen"),
        ({"show": "check"}, "Yimmugo", "Privigen"),
        ({"show": "indications"}, "G61.81", "Privigen"),
        ({"show": "nonsense", "q": "zzz"}, "Nothing in the catalogue matches", "Gammagard"),
    ],
)
def test_the_list_is_searched_and_narrowed(booked: Scene, asked: dict[str, str], shown: str, hidden: str) -> None:
    page = text_of(signed_in(booked.clinic).get(reverse(LIST), asked))
    assert shown in page
    assert hidden not in page


def test_an_empty_catalogue_says_so() -> None:
    page = text_of(signed_in(factories.make_clinic()).get(reverse(LIST)))
    assert "The catalogue is empty" in page


@pytest.mark.parametrize("name", ["gammagard_liquid", "qivigy", "ravulizumab", "eculizumab"])
def test_a_product_shows_every_number_with_its_confidence(booked: Scene, name: str) -> None:
    nurse = signed_in(booked.clinic, Role.NURSE)
    page = nurse.get(reverse("scheduling:catalogue-product", args=[name]))
    assert page.status_code == 200
    assert "/catalogue/products/" not in page.content.decode()
    for number in page.context["page"].numbers:
        if number.value is not None:
            assert number.confidence, number.field.name


def test_every_entry_has_a_page(booked: Scene) -> None:
    client = signed_in(booked.clinic)
    for product in Product.objects.all():
        assert client.get(reverse("scheduling:catalogue-product", args=[product.pk])).status_code == 200
    for indication in Indication.objects.all():
        assert client.get(reverse("scheduling:catalogue-indication", args=[indication.pk])).status_code == 200
    assert client.get(reverse("scheduling:catalogue-product", args=["unknown"])).status_code == 404
    assert client.get(reverse("scheduling:catalogue-indication", args=["unknown"])).status_code == 404
    assert client.get(change_url("privigen", "name")).status_code == 404


def test_an_unchecked_product_says_why_chair_time_cannot_be_worked_out(booked: Scene) -> None:
    page = text_of(signed_in(booked.clinic).get(reverse("scheduling:catalogue-product", args=["yimmugo"])))
    assert "Chair time cannot be worked out" in page
    assert "Nobody has checked the infusion rates of Yimmugo against its label" in page
    assert "Mark as checked" in page
    assert "Chair time cannot" not in text_of(
        signed_in(booked.clinic).get(reverse("scheduling:catalogue-product", args=["privigen"]))
    )


def test_a_change_is_saved_only_after_its_touches_were_shown(booked: Scene) -> None:
    client, clinic = signed_in(booked.clinic), booked.clinic
    address = change_url("gammagard_liquid", "indication_profiles.CIDP.first")
    assert "0.5 30" in client.get(address).content.decode()
    at_once = client.post(address, entered(clinic, SLOWER, action="save"))
    assert at_once.status_code == 200
    assert not CatalogueEdit.objects.exists()

    page = text_of(at_once)
    assert "1 booked visit and 16 planned days would change" in page
    assert str(booked.order.patient) in page
    minutes = next(phase["minutes"] for phase in booked.visit.course_day.phases if phase["kind"] == "infusion")
    assert f"infusion {minutes} min → " in page
    assert AuditEvent.objects.filter(action="catalogue.preview").count() == 1

    other = client.post(address, entered(clinic, FASTER, action="save", previewed=previewed(at_once)))
    assert other.status_code == 200
    assert not CatalogueEdit.objects.exists()

    saved = client.post(address, entered(clinic, SLOWER, action="save", previewed=previewed(at_once)))
    assert saved.status_code == 302
    shown = text_of(client.get(saved.headers["Location"]))
    assert "New label" in shown
    assert "The file says: 0.5 for 30 min" in shown


def test_saving_lets_plans_follow_and_asks_about_booked_visits(booked: Scene) -> None:
    clinic, order = booked.clinic, booked.order
    course = order.courses.get(number=3).days.get()
    edit = catalogue_changes.change(clinic=clinic, subject=order.product, facts=ramp(clinic), by=manager(clinic))
    longer = order.courses.get(number=3).days.get()
    assert longer.chair_minutes > course.chair_minutes
    assert fresh(booked.visit).period == booked.visit.period
    assert booked.visit.course_day.chair_minutes == course.chair_minutes
    task = StaffTask.objects.get(order=order, done_at__isnull=True)
    assert "course 2" in task.text
    event = OrderEvent.objects.filter(order=order, kind="recalculated").latest("at")
    assert "catalogue" in event.reason

    found = catalogue_changes.touches_of_withdrawal(clinic=clinic, edit=edit)
    assert (found.visits, found.unbooked_days) == (0, 16)
    catalogue_changes.withdraw(clinic=clinic, edit=edit, by=manager(clinic))
    assert order.courses.get(number=3).days.get().chair_minutes == course.chair_minutes
    assert not StaffTask.objects.filter(order=order, done_at__isnull=True).exists()


def test_a_change_touches_only_days_on_or_after_its_date(booked: Scene) -> None:
    clinic, order = booked.clinic, booked.order
    third = order.courses.get(number=3).due_on
    proposal = catalogue_edits.propose(
        clinic=clinic, subject=order.product, facts=ramp(clinic, effective_from=third), by=manager(clinic)
    )
    found = catalogue_changes.touches(clinic=clinic, subject=order.product, reach=Reach.DAYS, as_if=proposal.as_if)
    assert (found.visits, found.unbooked_days) == (0, 16)


def test_what_only_new_orders_take_touches_nobody(booked: Scene) -> None:
    client = signed_in(booked.clinic)
    answer = client.post(change_url("gammagard_liquid", "window_days.late"), entered(booked.clinic, "5"))
    assert "It counts for orders entered from then on" in text_of(answer)
    assert "No visit changes" in text_of(answer)
    address = reverse("scheduling:catalogue-indication-change", args=["CIDP", "default_tolerance_days"])
    answer = client.post(address, entered(booked.clinic, "5"))
    saved = client.post(address, entered(booked.clinic, "5", action="save", previewed=previewed(answer)))
    assert saved.headers["Location"] == reverse("scheduling:catalogue-indication", args=["CIDP"])
    assert "5 days" in text_of(client.get(saved.headers["Location"]))


def test_signing_a_label_off_says_how_many_drafts_it_concerns(booked: Scene) -> None:
    client = signed_in(booked.clinic)
    refused = client.post(change_url("yimmugo", "requires_label_check"), entered(booked.clinic, "checked"))
    assert refused.status_code == 422
    assert "Enter the infusion rates first" in text_of(refused)
    answer = client.post(change_url("alyglo", "requires_label_check"), entered(booked.clinic, "checked"))
    assert "It decides whether orders can be accepted" in text_of(answer)


def test_a_plan_that_could_not_follow_is_named(booked: Scene) -> None:
    clinic = booked.clinic
    crawling = ramp(clinic, "0.05")
    proposal = catalogue_edits.propose(clinic=clinic, subject=booked.order.product, facts=crawling, by=manager(clinic))
    found = catalogue_changes.touches(
        clinic=clinic, subject=booked.order.product, reach=Reach.DAYS, as_if=proposal.as_if
    )
    assert "hours in the chair" in found.orders[0].refusal
    answer = signed_in(clinic).post(
        change_url("gammagard_liquid", "indication_profiles.CIDP.first"), entered(clinic, "0.05")
    )
    assert "The plan could not follow" in text_of(answer)


def test_orders_of_other_clinics_are_counted_and_not_named(booked: Scene) -> None:
    sister = factories.make_clinic(organization=booked.clinic.organization)
    answer = signed_in(sister).post(
        change_url("gammagard_liquid", "indication_profiles.CIDP.first"), entered(sister, SLOWER)
    )
    page = text_of(answer)
    assert "1 order at other clinics of your organization" in page
    assert str(booked.order.patient) not in page


def test_wrong_input_keeps_what_was_entered_and_says_what_is_wrong(booked: Scene) -> None:
    client = signed_in(booked.clinic)
    answer = client.post(
        change_url("gammagard_liquid", "vial_sizes_g"), entered(booked.clinic, "5, 0", source="", confidence="X")
    )
    assert answer.status_code == 422
    assert "5, 0" in answer.content.decode()
    answer = client.post(change_url("gammagard_liquid", "vial_sizes_g"), entered(booked.clinic, "0", source=""))
    page = text_of(answer)
    assert "A vial must be above 0" in page
    assert "Say where it comes from" in page


def test_a_code_is_added_and_taken_back_on_its_pages(booked: Scene) -> None:
    client, clinic = signed_in(booked.clinic), booked.clinic
    address = reverse("scheduling:catalogue-code-new", args=["gammagard_liquid"])
    brand = ProductCode.objects.get(product_id="gammagard_liquid").label
    starts_on = (today(clinic) + timedelta(days=30)).isoformat()
    facts = {
        "label": brand,
        "hcpcs": "j9999",
        "unit_mg": "250",
        "starts_on": starts_on,
        "source": "Payer bulletin",
        "confidence": "P",
    }
    assert "Add a billing code" in text_of(client.get(address))
    answer = client.post(address, {**facts, "action": "save"})
    assert "would change" in text_of(answer)
    assert not ProductCode.objects.filter(organization__isnull=False).exists()
    client.post(address, {**facts, "action": "save", "previewed": previewed(answer)})
    own = ProductCode.objects.get(organization=clinic.organization)
    assert (own.hcpcs, own.unit_mg) == ("J9999", Decimal(250))
    later = booked.order.courses.get(number=4).days.get()
    assert later.units == 160
    page = text_of(client.get(reverse("scheduling:catalogue-product", args=["gammagard_liquid"])))
    assert "Yours" in page
    back = reverse("scheduling:catalogue-code-withdraw", args=[own.pk])
    assert "Take back J9999" in text_of(client.get(back))
    client.post(back)
    assert booked.order.courses.get(number=4).days.get().units == 80
    assert "It was taken back already" in text_of(client.get(back))
    assert client.post(back).status_code == 409


def test_another_brand_is_named_by_hand(booked: Scene) -> None:
    clinic = booked.clinic
    client = signed_in(clinic)
    address = reverse("scheduling:catalogue-code-new", args=["qivigy"])
    facts = {
        "label": "another",
        "new_label": "Qivigy miscellaneous",
        "hcpcs": "J1599",
        "unit_mg": "500",
        "starts_on": today(clinic).isoformat(),
        "source": "Payer bulletin",
        "confidence": "K",
    }
    answer = client.post(address, {**facts, "hcpcs": "1599"})
    assert answer.status_code == 422
    answer = client.post(address, facts)
    client.post(address, {**facts, "action": "save", "previewed": previewed(answer)})
    assert ProductCode.objects.get(product_id="qivigy").label == "Qivigy miscellaneous"


def test_a_change_is_taken_back_after_seeing_what_that_touches(booked: Scene) -> None:
    client, clinic = signed_in(booked.clinic), booked.clinic
    edit = catalogue_changes.change(clinic=clinic, subject=booked.order.product, facts=ramp(clinic), by=manager(clinic))
    address = reverse("scheduling:catalogue-withdraw", args=[edit.pk])
    page = text_of(client.get(address))
    assert "CIDP: first infusion" in page
    assert "16 planned days would change" in page
    assert client.post(address).status_code == 302
    assert "It was taken back already" in text_of(client.get(address))
    shown = text_of(client.get(reverse("scheduling:catalogue-product", args=["gammagard_liquid"])))
    assert "withdrawn" in shown
    stranger = signed_in(factories.make_clinic())
    assert stranger.get(address).status_code == 404


def test_a_coming_change_stands_beside_what_counts_today(booked: Scene) -> None:
    clinic = booked.clinic
    later = today(clinic) + timedelta(days=60)
    catalogue_changes.change(
        clinic=clinic, subject=booked.order.product, facts=ramp(clinic, effective_from=later), by=manager(clinic)
    )
    page = text_of(signed_in(clinic).get(reverse("scheduling:catalogue-product", args=["gammagard_liquid"])))
    assert "From 1 May 2026: 0.5 for 60 min, then 1 mL/kg/h" in page


def test_a_scheduler_reads_and_does_not_change(booked: Scene) -> None:
    client = signed_in(booked.clinic, Role.SCHEDULER)
    assert client.get(reverse(LIST)).status_code == 200
    assert client.get(change_url("privigen", "premed_minutes")).status_code == 403


def test_a_change_of_another_drug_or_a_removed_code_finds_its_own_orders(booked: Scene) -> None:
    clinic = booked.clinic
    other = CodeFacts(
        hcpcs="J9999",
        unit_mg=Decimal(1),
        label="Entyvio",
        starts_on=today(clinic),
        ends_on=None,
        source="A bulletin",
        confidence="P",
    )
    code = catalogue_changes.add_code(
        clinic=clinic, product=Product.objects.get(pk="vedolizumab"), facts=other, by=manager(clinic)
    )
    assert catalogue_changes.touches_of_code_withdrawal(clinic=clinic, code=code).orders == ()
    nothing = catalogue_changes.touches(
        clinic=clinic, subject=Indication.objects.get(pk="CIDP"), reach=Reach.DAYS, as_if=AsIf()
    )
    assert nothing.orders == ()
