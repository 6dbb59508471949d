"""Every template is a whole order: with weight, dates and signature it is accepted as it stands."""

import json
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from core import clock
from core.errors import Reason
from regimens.models import CatalogueEdit, Indication, Product
from regimens.queries import requirements
from regimens.queries.catalogue import Suggestion, suggestion, templates
from regimens.queries.patient_facts import NOTHING_KNOWN
from regimens.queries.therapies import therapy
from regimens.services.facts import OrderFacts, completed
from regimens.services.order_checks import check_order
from tests import factories

pytestmark = pytest.mark.usefixtures("catalogue")
DAY = date(2026, 11, 21)
LABS = json.loads((Path(requirements.FILE).parents[2] / "patients" / "data" / "labs.json").read_text())["tests"]


def of(product: str, indication: str) -> dict[str, Suggestion]:
    found = templates(
        Product.objects.get(id=product), Indication.objects.get(id=indication), on=DAY, weight_kg=Decimal(80)
    )
    return {template.name: template.suggestion for template in found}


def test_cidp_may_begin_with_loading_and_go_on_every_three_weeks() -> None:
    found = of("gammagard_liquid", "CIDP")
    assert list(found) == [
        "Loading, then every 3 weeks",
        "Maintenance only, every 3 weeks",
        "Single course over 5 days",
    ]
    loading = found["Loading, then every 3 weeks"]
    assert (loading.induction_offsets_days, loading.induction_doses, loading.induction_days) == ((0,), (Decimal(2),), 5)
    assert (loading.dose_basis, loading.dose_amount, loading.interval_days) == ("g_per_kg", Decimal(1), 21)
    assert loading.premedication.startswith("Acetaminophen")


def test_an_episode_of_itp_is_one_course_over_two_days_or_five() -> None:
    found = of("privigen", "ITP")
    assert {name: (one.dose_amount, one.days_per_course, one.interval_days) for name, one in found.items()} == {
        "Single course over 2 days": (Decimal(2), 2, None),
        "Single course over 5 days": (Decimal(2), 5, None),
    }


def test_other_drugs_follow_their_label_from_induction_or_from_maintenance() -> None:
    assert list(of("infliximab", "CD")) == ["Weeks 0, 2 and 6, then every 8 weeks", "Maintenance only, every 8 weeks"]
    assert list(of("iron_sucrose", "IDA")) == ["5 doses: days 0, 3, 7, 10 and 14"]
    assert list(of("zoledronic_acid", "RA")) == ["Single dose"]
    banded = of("ravulizumab", "PNH")["Weeks 0 and 2, then every 8 weeks"]
    assert (banded.dose_basis, banded.dose_amount) == ("weight_band", None)
    assert of("teprotumumab", "RA")["Starting dose, then every 3 weeks"].course_limit == 8


def test_a_weight_without_a_band_leaves_the_dose_to_the_prescriber() -> None:
    product, indication = Product.objects.get(id="ravulizumab"), Indication.objects.get(id="PNH")
    child = suggestion(product, indication, on=DAY, weight_kg=Decimal(30))
    assert (child.dose_basis, child.dose_amount) == ("fixed_mg", None)


def test_a_drug_without_a_usual_dose_for_an_indication_still_has_a_template() -> None:
    (blank,) = of("gammagard_liquid", "RA").values()
    assert (blank.dose_basis, blank.dose_amount, blank.hcpcs) == ("g_per_kg", None, "J1569")


def test_patients_at_risk_have_kidney_tests_that_count_for_less_long_and_hydration() -> None:
    product, indication = Product.objects.get(id="privigen"), Indication.objects.get(id="PI")
    usual, at_risk = (templates(product, indication, on=DAY, is_at_risk=risk)[0].suggestion for risk in (False, True))
    days = [{lab["code"]: lab["valid_days"] for lab in one.labs_required} for one in (usual, at_risk)]
    assert [(each["creatinine"], each["igg_trough"], each["iga"]) for each in days] == [
        (90, 180, None),
        (30, 180, None),
    ]
    assert (usual.hydration_minutes, at_risk.hydration_minutes) == (None, 30)
    assert usual.hydration
    assert at_risk.hydration != usual.hydration


def test_every_template_of_the_catalogue_passes_the_checks_of_an_order() -> None:
    today = clock.now().date()
    products = Product.objects.prefetch_related("codes")
    wrong = []
    for product in products:
        for indication in Indication.objects.all():
            if product.is_immune_globulin is not bool(indication.data["regimens"]):
                continue
            for template in templates(product, indication, on=today, weight_kg=Decimal(70)):
                reasons = _refusals(product, indication, template.suggestion, today)
                wrong += [(product.id, indication.id, template.id, reason.sentence) for reason in reasons]
    assert wrong == []


def _refusals(product: Product, indication: Indication, suggested: Suggestion, today: date) -> list[Reason]:
    facts = OrderFacts(
        **vars(suggested)
        | {"dose_amount": suggested.dose_amount or Decimal(1), "hcpcs": suggested.hcpcs, "icd10": "D80.0"},
        product=product,
        indication=indication,
        dosing_weight_kg=Decimal(70),
        starts_on=today,
        signed_on=today,
        prescriber_name="Dr. Invented",
    )
    treatment = therapy(product, indication)
    found = check_order(completed(facts, treatment), treatment, today=today, patient=NOTHING_KNOWN)
    return [reason for reason in found if reason.field != "hcpcs" or suggested.hcpcs]


def test_every_test_is_named_as_records_name_it_with_its_source() -> None:
    known = {test["code"]: (test["name"], test["unit"]) for test in LABS}
    held = json.loads(requirements.FILE.read_text())
    groups = [held["labs"]["immune_globulin"]]
    groups += [rows for kind in ("products", "indications") for rows in held["labs"][kind].values()]
    for lab in [lab for rows in groups for lab in rows]:
        assert (lab["name"], lab["unit"]) == known[lab["code"]]
        assert lab["source"]
        assert lab["confidence"] in {"P", "S", "K"}
    assert set(held["labs"]["products"]) <= set(Product.objects.values_list("id", flat=True))
    assert set(held["labs"]["indications"]) <= set(Indication.objects.values_list("id", flat=True))


@pytest.mark.parametrize("is_their_own", [True, False])
def test_an_organizations_own_regimen_of_an_indication_reaches_its_templates(*, is_their_own: bool) -> None:
    clinic = factories.make_clinic()
    indication = Indication.objects.get(id="CIDP")
    for field, value in (("regimens.0.maintenance.interval_weeks", [4]), ("regimens.0.maintenance.g_per_kg", 0.8)):
        CatalogueEdit.objects.create(
            organization=clinic.organization if is_their_own else factories.make_clinic().organization,
            indication=indication,
            field=field,
            value=value,
            effective_from=DAY,
            source="Our neurologists",
            confidence="K",
            reason="House rule",
            made_at=clock.now(),
            made_by_label="A manager",
        )

    def names(on: date) -> list[str]:
        found = templates(
            Product.objects.get(id="gammagard_liquid"), indication, on=on, organization_id=clinic.organization_id
        )
        return [template.name for template in found if not template.is_for_new]

    weeks = 4 if is_their_own else 3
    assert names(DAY)[0] == f"Maintenance only, every {weeks} weeks"
    assert names(DAY - timedelta(days=1))[0] == "Maintenance only, every 3 weeks"


def test_the_code_of_the_drug_s_own_brand_is_suggested_first() -> None:
    product, indication = Product.objects.get(pk="infliximab"), Indication.objects.get(pk="CD")
    found = suggestion(product, indication, weight_kg=Decimal(70), on=DAY)
    assert found.hcpcs == "J1745"
