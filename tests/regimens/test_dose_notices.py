"""A dose far outside what the catalogue lists is named with its source; the usual ones pass in silence."""

from decimal import Decimal
from typing import Any

import pytest

from accounts.models import Clinic
from core import clock
from regimens.models import CatalogueEdit, Indication
from regimens.services.dose_notices import dose_notices
from regimens.services.facts import OrderFacts
from tests import factories
from tests.regimens.scenes import drug, ivig, today

pytestmark = pytest.mark.usefixtures("catalogue")


@pytest.fixture
def clinic() -> Clinic:
    return factories.make_clinic()


def noticed(clinic: Clinic, facts: dict[str, Any]) -> tuple[str, ...]:
    return dose_notices(OrderFacts(**facts), organization_id=clinic.organization_id)


def pi(clinic: Clinic, amount: str, **changes: Any) -> dict[str, Any]:
    wanted = {"indication": Indication.objects.get(id="PI"), "icd10": "D83.9", "dose_amount": Decimal(amount)}
    return ivig(clinic, **wanted | changes)


def test_immune_globulin_is_held_against_the_indications_range(clinic: Clinic) -> None:
    (said,) = noticed(clinic, pi(clinic, "1.6"))
    assert said.startswith("1.6 g/kg for a course is above what the catalogue lists: 300 to 800 mg/kg. Source: labels")
    assert "confidence: high. Ask the prescriber" in said
    assert "below" in noticed(clinic, pi(clinic, "0.1"))[0]
    assert noticed(clinic, pi(clinic, "0.8")) == noticed(clinic, pi(clinic, "0.3")) == ()


def test_a_dose_in_mg_is_held_against_the_same_range_by_weight(clinic: Clinic) -> None:
    assert noticed(clinic, pi(clinic, "64000", dose_basis="fixed_mg")) == ()
    (said,) = noticed(clinic, pi(clinic, "65000", dose_basis="fixed_mg"))
    assert said.startswith("65000 mg for a course is above")


def test_loading_is_held_against_loading_and_a_single_dose_has_room(clinic: Clinic) -> None:
    loading = {"induction_offsets_days": (0,), "induction_doses": (Decimal(2),), "induction_days": 5}
    assert noticed(clinic, ivig(clinic, **loading)) == ()
    assert "below" in noticed(clinic, ivig(clinic, **loading | {"induction_doses": (Decimal("0.2"),)}))[0]
    assert noticed(clinic, ivig(clinic, dose_amount=Decimal(2))) == ()  # Panzyga's label has 1 to 2 g/kg
    assert "below" in noticed(clinic, ivig(clinic, dose_amount=Decimal("0.4")))[0]
    assert noticed(clinic, ivig(clinic, interval_days=None, dose_amount=Decimal(2), days_per_course=5)) == ()


def test_a_dose_stated_for_a_month_counts_by_the_interval(clinic: Clinic) -> None:
    mmn = {"indication": Indication.objects.get(id="MMN"), "icd10": "G61.82", "interval_days": 14}
    assert noticed(clinic, ivig(clinic, **mmn, dose_amount=Decimal(1))) == ()
    (said,) = noticed(clinic, ivig(clinic, **mmn, dose_amount=Decimal("1.5")))
    assert "0.5 to 2.4 g/kg a month" in said


@pytest.mark.parametrize(
    ("product", "basis", "amount", "where"),
    [
        ("infliximab", "mg_per_kg", "10", ""),
        ("infliximab", "mg_per_kg", "15", "above"),
        ("infliximab", "mg_per_kg", "1", "below"),
        ("infliximab", "fixed_mg", "400", ""),
        ("tocilizumab", "mg_per_kg", "4", ""),
        ("eptinezumab", "fixed_mg", "300", ""),
        ("vedolizumab", "fixed_mg", "3000", "above"),
        ("abatacept", "fixed_mg", "750", ""),
        ("abatacept", "fixed_mg", "100", "below"),
    ],
)
def test_another_drug_is_held_against_its_own_doses(
    clinic: Clinic, product: str, basis: str, amount: str, where: str
) -> None:
    found = noticed(clinic, drug(clinic, product, dose_basis=basis, dose_amount=Decimal(amount)))
    assert [where in said for said in found] == ([True] if where else [])


def test_the_drugs_note_and_source_are_told(clinic: Clinic) -> None:
    (said,) = noticed(clinic, drug(clinic, "infliximab", dose_basis="mg_per_kg", dose_amount=Decimal(20)))
    assert "3 to 10 mg/kg (RA 3 mg/kg; IBD/PsA/Ps 5; escalation to 10). Source: " in said
    assert "confidence: high (dose/codes)" in said


def test_a_loading_dose_of_a_drug_may_be_its_loading_or_its_maintenance_dose(clinic: Clinic) -> None:
    facts = {"dose_basis": "fixed_mg", "dose_amount": Decimal(900), "induction_offsets_days": (0, 7)}
    assert noticed(clinic, drug(clinic, "eculizumab", **facts, induction_doses=(Decimal(600), Decimal(900)))) == ()
    high = drug(clinic, "eculizumab", **facts, induction_doses=(Decimal(600), Decimal(1200)))
    assert "above" in noticed(clinic, high)[0]


def test_an_organizations_own_change_counts_with_its_own_source(clinic: Clinic) -> None:
    CatalogueEdit.objects.create(
        organization=clinic.organization,
        indication_id="PI",
        field="regimens.0.maintenance.mg_per_kg",
        value=[300, 1000],
        effective_from=today(clinic),
        source="our immunologists",
        confidence="K",
        made_at=clock.now(),
        made_by_label="Manager",
    )
    assert noticed(clinic, pi(clinic, "1")) == ()
    (said,) = noticed(clinic, pi(clinic, "1.6"))
    assert "300 to 1000 mg/kg. Source: our immunologists; confidence: usual practice" in said


def test_what_the_catalogue_does_not_list_and_bands_are_passed_over(clinic: Clinic) -> None:
    assert noticed(clinic, ivig(clinic, indication=Indication.objects.get(id="RA"))) == ()
    assert noticed(clinic, drug(clinic, "abatacept", dose_basis="weight_band", dose_amount=None)) == ()
