"""A manager changes the catalogue for their organization, from a date on; the file and other organizations stay."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from accounts.domain.policy import Role
from accounts.models import Clinic
from audit.models import AuditEvent
from authorizations.services import work
from core.actor import Actor, system
from core.errors import BadInput, Conflict, NotAllowed, NotFound, Refusal
from regimens.domain.titration import choose_ramp
from regimens.domain.units import code_on
from regimens.models import CatalogueEdit, Indication, Product, ProductCode
from regimens.queries import catalogue_pages
from regimens.queries.therapies import Therapy, therapy, therapy_book
from regimens.services import catalogue as loading
from regimens.services import catalogue_codes, catalogue_edits, orders
from regimens.services.catalogue_codes import CodeFacts
from regimens.services.catalogue_edits import ChangeFacts, Subject
from tests import factories
from tests.regimens.scenes import accepted, ivig, today

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogue")]

RATES = "0.6 30\n1.2 30\n2.4 30\n4.8"


@pytest.fixture
def clinic() -> Clinic:
    return factories.make_clinic()


@pytest.fixture
def manager(clinic: Clinic) -> Actor:
    return factories.actor(factories.make_staff(clinic, Role.MANAGER))


def product(name: str) -> Product:
    return Product.objects.get(pk=name)


def facts(clinic: Clinic, field: str, text: str, **changes: Any) -> ChangeFacts:
    usual: dict[str, Any] = {
        "field": field,
        "text": text,
        "effective_from": today(clinic),
        "source": "US label, March 2026",
        "confidence": "P",
        "reason": "Read by the pharmacist",
    }
    return ChangeFacts(**usual | changes)


def change(clinic: Clinic, by: Actor, subject: Subject, field: str, text: str, **more: Any) -> CatalogueEdit:
    return catalogue_edits.make(clinic=clinic, subject=subject, facts=facts(clinic, field, text, **more), by=by)


def code(clinic: Clinic, **changes: Any) -> CodeFacts:
    usual: dict[str, Any] = {
        "hcpcs": "J9998",
        "unit_mg": Decimal(100),
        "label": "Gammagard Liquid",
        "starts_on": today(clinic),
        "ends_on": None,
        "source": "Payer bulletin",
        "confidence": "P",
    }
    return CodeFacts(**usual | changes)


def therapy_on(clinic: Clinic, name: str, day: date, indication: str = "CIDP") -> Therapy:
    subject, reason = product(name), Indication.objects.get(pk=indication)
    return therapy_book(subject, reason, organization_id=clinic.organization_id).on(day)


def test_an_edit_counts_from_its_date_for_its_organization_alone(clinic: Clinic, manager: Actor) -> None:
    soon = today(clinic) + timedelta(days=30)
    change(clinic, manager, product("infliximab"), "infusion_minutes_first", "60", effective_from=soon)
    before, after = therapy_on(clinic, "infliximab", soon - timedelta(days=1)), therapy_on(clinic, "infliximab", soon)
    minutes = [next(iter(each.around.values())).infusion for each in (before, after)]
    assert minutes == [120, 60]
    elsewhere = therapy_on(factories.make_clinic(), "infliximab", soon)
    assert next(iter(elsewhere.around.values())).infusion == 120
    found = AuditEvent.objects.get(action="catalogue.change")
    assert (found.detail["field"], found.detail["value"]) == ("infusion_minutes_first", 60)


def test_of_two_edits_the_later_date_counts_then_the_one_made_later(clinic: Clinic, manager: Actor) -> None:
    day, drug = today(clinic), product("infliximab")
    change(clinic, manager, drug, "vial_sizes_mg", "50", effective_from=day + timedelta(days=10))
    change(clinic, manager, drug, "vial_sizes_mg", "60")
    change(clinic, manager, drug, "vial_sizes_mg", "70")
    assert therapy_on(clinic, "infliximab", day).vial_sizes_mg == (Fraction(70),)
    assert therapy_on(clinic, "infliximab", day + timedelta(days=10)).vial_sizes_mg == (Fraction(50),)


def test_a_withdrawn_edit_counts_no_more_and_stays_in_the_history(clinic: Clinic, manager: Actor) -> None:
    edit = change(clinic, manager, product("infliximab"), "premed_minutes", "30")
    catalogue_edits.withdraw(clinic=clinic, edit=edit, by=manager)
    assert therapy_on(clinic, "infliximab", today(clinic)).premed_minutes is None
    page = catalogue_pages.product_page("infliximab", organization_id=clinic.organization_id, today=today(clinic))
    number = next(number for number in page.numbers if number.field.name == "premed_minutes")
    assert (number.value, number.edit, len(number.history)) == (0, None, 1)
    with pytest.raises(Conflict):
        catalogue_edits.withdraw(clinic=clinic, edit=edit, by=manager)


def test_a_book_takes_two_statements(clinic: Clinic, manager: Actor, django_assert_max_num_queries: Any) -> None:
    for minutes in ("60", "70", "80"):
        change(clinic, manager, product("infliximab"), "infusion_minutes_first", minutes)
    drug, reason = product("infliximab"), Indication.objects.get(pk="CD")
    with django_assert_max_num_queries(2):
        therapy_book(drug, reason, organization_id=clinic.organization_id)


def test_loading_the_file_again_keeps_edits_and_own_codes(clinic: Clinic, manager: Actor) -> None:
    drug = product("gammagard_liquid")
    change(clinic, manager, drug, "concentration_mg_per_ml", "50")
    catalogue_codes.add_code(clinic=clinic, product=drug, facts=code(clinic), by=manager)
    Product.objects.filter(pk=drug.pk).update(name="mended by the next run")
    ProductCode.objects.filter(product=drug, organization__isnull=True).delete()
    assert loading.load(by=system("test")).changed == 1
    assert loading.load(by=system("test")).changed == 0
    assert therapy_on(clinic, drug.pk, today(clinic)).mg_per_ml == 50
    assert {row.hcpcs for row in drug.codes.all()} == {"J1569", "J9998"}


def test_nonsense_is_refused_with_every_reason_at_its_field(clinic: Clinic, manager: Actor) -> None:
    wrong = facts(
        clinic,
        "rate_steps_first_infusion",
        "",
        effective_from=date(1990, 1, 1),
        source="",
        confidence="certain",
        reason="",
    )
    with pytest.raises(BadInput) as caught:
        catalogue_edits.propose(clinic=clinic, subject=product("privigen"), facts=wrong, by=manager)
    fields = [reason.field for reason in caught.value.reasons]
    assert fields == ["value", "effective_from", "source", "confidence", "reason"]
    with pytest.raises(NotFound):
        change(clinic, manager, product("privigen"), "name", "Other")


def test_the_same_change_is_not_saved_twice(clinic: Clinic, manager: Actor) -> None:
    change(clinic, manager, product("infliximab"), "premed_minutes", "30")
    with pytest.raises(Conflict):
        change(clinic, manager, product("infliximab"), "premed_minutes", "30")
    assert CatalogueEdit.objects.count() == 1


def test_only_who_may_changes_the_catalogue_and_only_their_own(clinic: Clinic, manager: Actor) -> None:
    edit = change(clinic, manager, product("infliximab"), "premed_minutes", "30")
    nurse = factories.actor(factories.make_staff(clinic, Role.NURSE))
    with pytest.raises(NotAllowed):
        change(clinic, nurse, product("infliximab"), "premed_minutes", "20")
    other = factories.make_clinic()
    stranger = factories.actor(factories.make_staff(other, Role.MANAGER))
    with pytest.raises(NotFound):
        catalogue_edits.withdraw(clinic=other, edit=edit, by=stranger)
    with pytest.raises(NotFound):
        change(clinic, stranger, product("infliximab"), "premed_minutes", "20")


def test_an_unchecked_product_refuses_chair_time_until_it_is_signed_off(clinic: Clinic, manager: Actor) -> None:
    drug, signed_on = product("yimmugo"), today(clinic) + timedelta(days=30)
    order = ivig(clinic, product=drug, indication=Indication.objects.get(pk="PI"), icd10="D83.9", hcpcs="J1553")
    patient = factories.make_patient(clinic)
    prescriber = factories.scheduler(clinic)
    with pytest.raises(BadInput) as caught:
        accepted(patient, prescriber, order)
    assert [reason.code for reason in caught.value.reasons] == ["label_not_checked"]
    with pytest.raises(Refusal):
        choose_ramp(therapy_on(clinic, "yimmugo", today(clinic), "PI").ramps, indication="PI")

    with pytest.raises(BadInput) as caught:
        change(clinic, manager, drug, "requires_label_check", "checked", effective_from=signed_on)
    assert [reason.code for reason in caught.value.reasons] == ["no_rates"]
    change(clinic, manager, drug, "rate_steps_first_infusion", RATES, effective_from=signed_on)
    change(clinic, manager, drug, "requires_label_check", "checked", effective_from=signed_on)

    with pytest.raises(BadInput):
        accepted(patient, prescriber, {**order, "starts_on": signed_on - timedelta(days=1)})
    plan = accepted(patient, prescriber, {**order, "starts_on": signed_on})
    assert plan.courses.get(number=1).days.get(day_number=1).chair_minutes > 120
    page = catalogue_pages.listing(organization_id=clinic.organization_id, today=signed_on)
    assert {row.product.pk for row in page.products if row.needs_label_check} == {"alyglo", "qivigy"}


def test_eculizumab_bills_the_code_of_the_day(clinic: Clinic) -> None:
    treatment = therapy_on(clinic, "eculizumab", date(2025, 4, 1), "PNH")
    codes = treatment.codes_of("J1300")
    old, new = code_on(codes, on=date(2025, 3, 31)), code_on(codes, on=date(2025, 4, 1))
    assert (old.hcpcs, old.unit_mg) == ("J1300", Fraction(10))
    assert (new.hcpcs, new.unit_mg) == ("J1299", Fraction(2))


def test_an_own_code_follows_the_files_from_its_first_day(clinic: Clinic, manager: Actor) -> None:
    drug, starts_on = product("gammagard_liquid"), today(clinic) + timedelta(days=20)
    brand = drug.codes.get().label
    own = catalogue_codes.add_code(
        clinic=clinic, product=drug, facts=code(clinic, label=brand, starts_on=starts_on), by=manager
    )
    codes = therapy_on(clinic, drug.pk, starts_on).codes_of("J1569")
    assert code_on(codes, on=starts_on - timedelta(days=1)).hcpcs == "J1569"
    assert code_on(codes, on=starts_on).unit_mg == Fraction(100)
    assert [each.code.hcpcs for each in therapy_on(clinic, drug.pk, starts_on).brands_on(starts_on)] == ["J9998"]
    file = therapy(drug, Indication.objects.get(pk="CIDP"))
    assert [brand.code.hcpcs for brand in file.brands] == ["J1569"]
    catalogue_codes.withdraw_code(clinic=clinic, code=own, by=manager)
    codes = therapy_on(clinic, drug.pk, starts_on).codes_of("J1569")
    assert code_on(codes, on=starts_on).hcpcs == "J1569"
    with pytest.raises(Conflict):
        catalogue_codes.withdraw_code(clinic=clinic, code=own, by=manager)


def test_a_code_from_the_same_day_as_the_files_counts_instead(clinic: Clinic, manager: Actor) -> None:
    alyglo = product("alyglo")
    own = code(clinic, hcpcs="J1552", label="Alyglo", starts_on=date(2025, 1, 1))
    catalogue_codes.add_code(clinic=clinic, product=alyglo, facts=own, by=manager)
    treatment = therapy_on(clinic, "alyglo", date(2026, 1, 1))
    assert code_on(treatment.codes_of("J1552"), on=date(2026, 1, 1)).unit_mg == 100
    with pytest.raises(Conflict):
        catalogue_codes.add_code(clinic=clinic, product=alyglo, facts=own, by=manager)


def test_a_code_that_makes_no_sense_is_refused_at_its_fields(clinic: Clinic, manager: Actor) -> None:
    wrong = code(
        clinic,
        hcpcs="569",
        unit_mg=Decimal(0),
        label=" ",
        starts_on=date(1970, 1, 1),
        ends_on=date(1969, 1, 1),
        source="",
        confidence="",
    )
    with pytest.raises(BadInput) as caught:
        catalogue_codes.add_code(clinic=clinic, product=product("alyglo"), facts=wrong, by=manager)
    fields = [reason.field for reason in caught.value.reasons]
    assert fields == ["hcpcs", "unit_mg", "label", "source", "confidence", "starts_on", "ends_on"]
    with pytest.raises(NotFound):
        catalogue_codes.withdraw_code(clinic=clinic, code=product("alyglo").codes.all()[0], by=manager)


def test_an_authorization_counts_units_by_the_organizations_own_code(clinic: Clinic, manager: Actor) -> None:
    patient = factories.make_patient(clinic)
    order = accepted(patient, factories.scheduler(clinic), ivig(clinic))
    own = code(clinic, hcpcs="J1569", label="Gammagard Liquid", starts_on=today(clinic) - timedelta(days=5))
    catalogue_codes.add_code(clinic=clinic, product=order.product, facts=own, by=manager)
    made = factories.make_authorization(order)
    made.delete()
    found = work.create(
        order=order,
        plan=patient.coverages.get(),
        units=800,
        starts_on=today(clinic),
        ends_on=today(clinic) + timedelta(days=90),
        by=factories.actor(factories.make_staff(clinic, Role.AUTHORIZATION_ADMIN)),
    )
    assert found.unit_mg == 100


def test_an_indications_tolerance_is_the_window_of_new_orders(clinic: Clinic, manager: Actor) -> None:
    cidp = Indication.objects.get(pk="CIDP")
    change(clinic, manager, cidp, "default_tolerance_days", "4")
    change(clinic, manager, cidp, "regimens.0.maintenance.g_per_kg", "1 to 2")
    treatment = therapy_on(clinic, "privigen", today(clinic))
    assert (treatment.early_days, treatment.late_days) == (4, 4)
    assert treatment.regimens[0]["maintenance"]["g_per_kg"] == ["1", "2"]
    order = orders.enter(
        clinic=clinic, patient=factories.make_patient(clinic), by=factories.scheduler(clinic), **ivig(clinic)
    )
    assert order.window_late_days == 4
    page = catalogue_pages.indication_page("CIDP", organization_id=clinic.organization_id, today=today(clinic))
    assert [number.value for number in page.numbers if number.edit] == [4, ["1", "2"]]
