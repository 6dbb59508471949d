"""A payer may authorize one site, one kind of place, one clinician; what it leaves open restricts nothing."""

from dataclasses import replace
from datetime import date

import pytest

from accounts.domain.places_of_service import PLACES, PlaceOfService, named
from authorizations.domain.answers import Answer, Outcome, Requested, check_answer, check_providers
from authorizations.domain.coverage import AuthorizationFacts, VisitFacts, check_coverage, check_rendering, check_site
from authorizations.domain.statuses import AuthorizationStatus
from core.npi import is_npi, why_no_npi
from scheduling.domain.clearance import Authority, Hold, Light, authority, decide, held

HERE, ELSEWHERE, HOLM, OKONEDO = "2000000101", "2000000200", "2000000309", "2000000408"
VISIT = VisitFacts(
    service_on=date(2026, 11, 24),
    hcpcs="J1561",
    units=160,
    site=HERE,
    place="49",
    site_name="Lakeside Infusion",
    rendering=HOLM,
    rendering_name="Dr. Holm",
)
OPEN = AuthorizationFacts(AuthorizationStatus.APPROVED, None, None, "J1561", 320)


def said(granted: AuthorizationFacts, visit: VisitFacts = VISIT) -> list[str]:
    return [reason.sentence for reason in check_coverage(visit, granted)]


def codes(granted: AuthorizationFacts, visit: VisitFacts = VISIT) -> list[str]:
    return [reason.code for reason in check_coverage(visit, granted)]


def test_an_authorization_that_names_no_site_and_no_clinician_covers_everywhere() -> None:
    assert codes(OPEN) == []
    assert codes(replace(OPEN, site="", place="", rendering="", site_name="Anywhere", rendering_name="Anybody")) == []


def test_one_that_names_this_site_this_place_and_this_clinician_covers() -> None:
    assert codes(replace(OPEN, site=HERE, place="49", rendering=HOLM)) == []


def test_another_facility_is_named_with_its_number_and_what_to_do() -> None:
    (sentence,) = said(replace(OPEN, site=ELSEWHERE, site_name="Harbor Hospital", place="22"))
    assert sentence == (
        "The payer authorized Harbor Hospital (NPI 2000000200); this visit is at Lakeside Infusion (NPI 2000000101). "
        "Ask it to change the site, or treat there."
    )
    assert said(replace(OPEN, site=ELSEWHERE))[0].startswith("The payer authorized NPI 2000000200;")


def test_another_kind_of_place_is_named_in_words() -> None:
    (reason,) = check_site(VISIT, replace(OPEN, site=HERE, place="22"))
    assert (reason.code, reason.is_hard) == ("site_mismatch", False)
    assert "place of service 22, on-campus outpatient hospital; this visit is at 49, independent clinic" in (
        reason.sentence
    )


def test_another_clinician_is_named_and_the_facility_itself_may_stand_for_one() -> None:
    (reason,) = check_rendering(VISIT, replace(OPEN, rendering=OKONEDO, rendering_name="Dr. Okonedo"))
    assert (reason.code, reason.is_hard) == ("rendering_mismatch", False)
    assert "Dr. Okonedo (NPI 2000000408), but the order is from Dr. Holm (NPI 2000000309)" in reason.sentence
    assert check_rendering(VISIT, replace(OPEN, rendering=HERE)) == ()


@pytest.mark.parametrize("unknown", [None, ""])
def test_what_a_clinic_does_not_know_about_itself_is_not_compared(unknown: str | None) -> None:
    bare = replace(VISIT, site=unknown, place=unknown, rendering=unknown)
    assert codes(replace(OPEN, site=ELSEWHERE, place="22", rendering=OKONEDO), bare) == []


def test_site_and_clinician_stand_between_code_and_diagnosis() -> None:
    other = replace(OPEN, hcpcs="J1459", site=ELSEWHERE, rendering=OKONEDO, icd10="G35", units_left=1)
    assert codes(other, replace(VISIT, icd10="G61.81")) == [
        "hcpcs_mismatch",
        "site_mismatch",
        "rendering_mismatch",
        "dx_mismatch",
        "auth_units_short",
    ]


@pytest.mark.parametrize("hold", [Hold.SITE_MISMATCH, Hold.RENDERING_MISMATCH])
def test_at_the_gate_both_are_red_and_a_manager_may_go_ahead(hold: Hold) -> None:
    reason = held(hold)
    assert decide([reason]).light is Light.RED
    assert authority(reason) is Authority.MANAGER


def test_every_place_of_service_has_words_and_an_unknown_code_stands_for_itself() -> None:
    assert dict(PLACES)["22"] == "22 On-campus outpatient hospital"
    assert len(PLACES) == len(PlaceOfService)
    assert named("12") == "12, home"
    assert named("77") == "77"


def test_a_number_without_its_check_digit_is_no_npi() -> None:
    assert all(is_npi(number) for number in (HERE, ELSEWHERE, HOLM, OKONEDO, "1234567893"))
    assert not any(is_npi(number) for number in ("1234567890", "123456789", "123456789x", "", "１２３４５６７８９３"))
    assert (why_no_npi(""), why_no_npi(HERE)) == ("", "")
    assert why_no_npi("1234567890").startswith("“1234567890” is not a National Provider Identifier")


FULL = Answer(
    outcome=Outcome.APPROVED,
    units=100,
    starts_on=date(2026, 6, 1),
    ends_on=date(2026, 12, 1),
    reference="PA-1",
)
ASKED = Requested(units=100, hcpcs="J1561")


@pytest.mark.parametrize(
    ("answer", "field"),
    [
        (replace(FULL, site_npi="2000000102"), "site_npi"),
        (replace(FULL, rendering_npi="12"), "rendering_npi"),
        (replace(FULL, place_of_service="77"), "place_of_service"),
    ],
)
def test_nonsense_in_an_answer_is_refused_at_its_field(answer: Answer, field: str) -> None:
    assert [reason.field for reason in check_answer(answer, ASKED, units_taken=0)] == [field]


def test_an_answer_says_where_and_by_whom_alone() -> None:
    assert FULL.only_for == ""
    whole = replace(
        FULL,
        site_name="Harbor Hospital",
        site_npi=ELSEWHERE,
        place_of_service="22",
        rendering_name="Dr. Okonedo",
    )
    assert check_providers(whole) == ()
    assert whole.only_for == (
        "Only at Harbor Hospital (NPI 2000000200); place of service 22, on-campus outpatient hospital; by Dr. Okonedo."
    )
    assert replace(FULL, rendering_npi=OKONEDO).only_for == "Only by NPI 2000000408."
