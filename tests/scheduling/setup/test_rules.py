"""The rules of the day and the times for vital signs: every one has a page, limits in words, and counts at once."""

import pytest
from django.test import Client

from accounts.domain.policy import Role
from audit.models import AuditEvent
from scheduling.domain.vitals import CADENCE, VitalsCadence
from scheduling.models import ClinicRules
from scheduling.queries import floor
from scheduling.services.clinic_rules import cadence_of, rules_of
from scheduling.setup_forms import CadenceForm, RulesForm
from tests import factories
from tests.scheduling.conftest import MONDAY, World
from tests.scheduling.setup.test_setup_pages import change

pytestmark = pytest.mark.django_db

RULES = {
    "assignment": "ahead",
    "turnover_minutes": "15",
    "hold_minutes": "20",
    "offer_minutes": "90",
    "notice_hours": "48",
}
TIMES = {
    "after_start": "20",
    "at_maximum_every": "30",
    "early": "3",
    "late": "10",
    "source": "Our policy of January 2026",
    "confidence": "K",
}


@pytest.fixture
def boss(world: World) -> Client:
    client = Client()
    client.force_login(
        factories.make_staff(world.clinic, Role.MANAGER),
        backend="allauth.account.auth_backends.AuthenticationBackend",
    )
    return client


def test_every_rule_of_a_clinic_can_be_changed_on_a_page() -> None:
    elsewhere = {"clinic", "holidays_country", "holidays_part"}  # the page of public holidays keeps these
    of_vitals = {f.name for f in ClinicRules._meta.get_fields() if f.name.startswith("vitals_")}
    own = {field.name for field in ClinicRules._meta.get_fields()} - elsewhere - of_vitals
    assert own == set(RulesForm.base_fields)
    assert len(of_vitals) == len(CadenceForm.base_fields)


def test_the_rules_are_kept_and_audited(world: World, boss: Client) -> None:
    change(boss, "/setup/rules/", **RULES)
    rules = rules_of(world.clinic)
    kept = (rules.assignment, rules.turnover_minutes, rules.hold_minutes, rules.offer_minutes, rules.notice_hours)
    assert kept == ("ahead", 15, 20, 90, 48)
    assert (rules.passes_offers_on, rules.tells_patient) == (False, False)
    assert AuditEvent.objects.get(action="setup.rules").detail["passes_offers_on"] is False
    change(boss, "/setup/rules/", **RULES, passes_offers_on="on", tells_patient="on")
    assert rules_of(world.clinic).passes_offers_on


@pytest.mark.parametrize(
    ("page", "sent", "wrong", "sentence"),
    [
        ("rules", RULES, {"hold_minutes": "0"}, "Enter a whole number from 1 to 240."),
        ("rules", RULES, {"notice_hours": "-1"}, "Enter a whole number from 0 to 336."),
        ("rules", RULES, {"offer_minutes": "soon"}, "Enter a whole number."),
        ("rules", RULES, {"turnover_minutes": ""}, "Enter a whole number."),
        ("vitals", TIMES, {"after_start": "0"}, "Enter a whole number from 5 to 60."),
        ("vitals", TIMES, {"at_maximum_every": "999999999999"}, "Enter a whole number from 15 to 240."),
        ("vitals", TIMES, {"early": "25"}, "Enter less than the first time."),
        ("vitals", TIMES, {"late": "45"}, "Enter less than the time between sets."),
        ("vitals", TIMES, {"source": " "}, "Say where it comes from"),
        ("vitals", TIMES, {"confidence": ""}, "Say how sure you are of it."),
    ],
)
def test_nonsense_is_refused_at_its_field_and_nothing_typed_is_lost(  # noqa: PLR0917 (parametrized)
    world: World, boss: Client, page: str, sent: dict[str, str], wrong: dict[str, str], sentence: str
) -> None:
    answer = boss.post(f"/setup/{page}/", sent | wrong)
    html = answer.content.decode()
    assert answer.status_code == 422
    assert sentence in html
    assert f'href="#id_{next(iter(wrong))}"' in html
    for name, value in (sent | wrong).items():
        if value.strip() and name not in {"assignment", "confidence"}:
            assert f'value="{value}"' in html
    assert not ClinicRules.objects.exists()


def test_the_times_for_vital_signs_are_the_project_s_with_their_source_until_a_clinic_sets_its_own(
    world: World, boss: Client
) -> None:
    before = boss.get("/setup/vitals/").content.decode()
    assert "Infusion nursing references" in before
    assert cadence_of(rules_of(world.clinic)) == CADENCE
    change(boss, "/setup/vitals/", **TIMES)
    assert cadence_of(rules_of(world.clinic)) == VitalsCadence(20, 30, 3, 10)
    page = boss.get("/setup/vitals/").content.decode()
    assert page.count("Our policy of January 2026") == 5  # four rows and the field
    assert "infusion nursing references" not in page
    assert "every 30 min at the full rate" in boss.get("/setup/").content.decode()
    assert AuditEvent.objects.get(action="setup.vitals").detail["at_maximum_every"] == 30


def test_the_floor_follows_the_clinic_s_own_times(world: World, boss: Client) -> None:
    assert floor.floor(world.clinic, MONDAY).cadence == CADENCE
    change(boss, "/setup/vitals/", **TIMES)
    assert floor.floor(world.clinic, MONDAY).cadence == VitalsCadence(20, 30, 3, 10)
