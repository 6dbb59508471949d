"""The site of care and the clinician of an authorization: recorded, shown, and minded when units are sought."""

from datetime import date
from typing import Any

import pytest
from django.urls import reverse

from accounts.models import Clinic
from authorizations.models import Authorization, AuthorizationEvent
from authorizations.queries import coverage
from regimens.models import TreatmentOrder
from tests import factories
from tests.authorizations.conftest import Desk
from tests.authorizations.test_pages import page, send, text_of

HERE, HARBOR, HOLM, OKONEDO = "2000000101", "2000000200", "2000000309", "2000000408"
DAY = date(2026, 12, 1)
ANSWER = {
    "outcome": "approved",
    "units": 600,
    "reference": "R-1",
    "starts_on": "2026-12-01",
    "ends_on": "2027-05-31",
}
SITE = {
    "site_name": "Harbor Hospital",
    "site_npi": HARBOR,
    "place_of_service": "22",
    "rendering_name": "Dr. Okonedo",
    "rendering_npi": OKONEDO,
}


@pytest.fixture
def order(desk: Desk) -> TreatmentOrder:
    Clinic.objects.filter(pk=desk.clinic.pk).update(npi=HERE, place_of_service="49", name="Lakeside Infusion")
    desk.clinic.refresh_from_db()
    return desk.order(prescriber_npi=HOLM)


def granted(desk: Desk, order: TreatmentOrder, **fields: Any) -> Authorization:
    values: dict[str, Any] = {"starts_on": date(2026, 1, 1), "ends_on": date(2027, 6, 30), "payer": desk.payer}
    return factories.make_authorization(order, **(values | fields))


def found(order: TreatmentOrder) -> coverage.Coverage:
    return coverage.find(order=order, units=60, on=DAY)


def codes(answer: coverage.Coverage) -> list[str]:
    return [reason.code for reason in answer.reasons]


def test_of_two_approvals_the_one_for_this_site_pays_though_the_other_ends_sooner(
    desk: Desk, order: TreatmentOrder
) -> None:
    granted(desk, order, ends_on=date(2026, 12, 31), site_npi=HARBOR)
    fits = granted(desk, order, site_npi=HERE, place_of_service="49", rendering_npi=HOLM)
    assert (found(order).authorization, codes(found(order))) == (fits, [])


def test_an_approval_for_another_site_or_clinician_alone_covers_nothing_and_is_named(
    desk: Desk, order: TreatmentOrder
) -> None:
    other = granted(desk, order, place_of_service="22")
    assert (found(order).authorization, codes(found(order))) == (other, ["site_mismatch"])
    Authorization.objects.update(place_of_service="", rendering_npi=OKONEDO)
    assert codes(found(order)) == ["rendering_mismatch"]
    assert set(codes(found(order))) <= coverage.COVERAGE_CODES


def test_one_for_another_site_is_nearer_than_one_long_over(desk: Desk, order: TreatmentOrder) -> None:
    granted(desk, order, ends_on=date(2026, 6, 30))
    near = granted(desk, order, site_npi=HARBOR)
    assert found(order).authorization == near


def test_the_desk_records_what_the_payer_restricts_and_it_is_shown(desk: Desk, order: TreatmentOrder) -> None:
    item = granted(desk, order, status="submitted", units_approved=0)
    client = desk.client()
    form = page(client, "answer", item.id)
    assert "As the payer names it. Empty: any site." in form
    assert "22 On-campus outpatient hospital" in form
    assert send(client, "answer", item, **ANSWER, **SITE).status_code == 302
    item.refresh_from_db()
    assert {name: getattr(item, name) for name in SITE} == SITE
    body = page(client, "authorization", item.id)
    for words in ("Only at", "Harbor Hospital", f"NPI {HARBOR}", "Only by", "Dr. Okonedo", f"NPI {OKONEDO}"):
        assert words in body
    assert "Only at Harbor Hospital (NPI 2000000200); place of service 22" in AuthorizationEvent.objects.first().text  # type: ignore[union-attr]
    again = page(client, "answer", item.id)
    assert f'value="{HARBOR}"' in again
    assert '<option value="22" selected>' in again
    open_again = SITE | dict.fromkeys(SITE, "")
    assert send(client, "answer", item, **ANSWER, **open_again).status_code == 302
    assert "Only at" not in page(client, "authorization", item.id).split("History")[0]


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"site_npi": "2000000102"}, "“2000000102” is not a National Provider Identifier"),
        ({"rendering_npi": "12"}, "“12” is not a National Provider Identifier"),
        ({"place_of_service": "77"}, "Choose one from the list."),
        ({"site_name": "x" * 121}, "Use at most 120 letters and signs"),
    ],
)
def test_nonsense_is_refused_and_nothing_is_lost(
    desk: Desk, order: TreatmentOrder, wrong: dict[str, str], sentence: str
) -> None:
    item = granted(desk, order, status="submitted", units_approved=0)
    response = send(desk.client(), "answer", item, **(ANSWER | SITE | wrong))
    assert response.status_code == 422
    assert sentence in text_of(response)
    assert 'value="Dr. Okonedo"' in text_of(response)
    item.refresh_from_db()
    assert (item.status, item.site_npi) == ("submitted", "")


def test_the_page_names_the_visits_that_the_payer_wants_elsewhere(desk: Desk, order: TreatmentOrder) -> None:
    item = granted(desk, order)
    desk.book(order, date(2026, 11, 30))
    Authorization.objects.update(place_of_service="22")
    desk.book(order, date(2026, 12, 14))
    body = page(desk.client(), "authorization", item.id)
    assert body.count("this visit is at 49, independent clinic") == 2
    assert reverse("authorizations:authorization", args=[item.id])
