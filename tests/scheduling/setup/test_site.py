"""How payers know the clinic: kept on a page, checked, audited, and compared from then on."""

import pytest
from django.test import Client

from accounts.domain.policy import Role
from accounts.models import Clinic
from audit.models import AuditEvent
from authorizations.models import Authorization
from core.errors import BadInput, NotAllowed, NotFound
from scheduling.services import gate, setup_site
from tests import factories
from tests.scheduling.conftest import World
from tests.scheduling.setup.test_setup_pages import change
from tests.scheduling.test_booking import book

pytestmark = pytest.mark.django_db
HERE = "2000000101"


@pytest.fixture
def boss(world: World) -> Client:
    client = Client()
    client.force_login(
        factories.make_staff(world.clinic, Role.MANAGER), backend="allauth.account.auth_backends.AuthenticationBackend"
    )
    return client


def test_the_site_is_kept_audited_and_shown(world: World, boss: Client) -> None:
    assert "Not compared with authorizations" in boss.get("/setup/").content.decode()
    change(boss, "/setup/site/", npi=HERE, place_of_service="49")
    clinic = Clinic.objects.get(pk=world.clinic.pk)
    assert (clinic.npi, clinic.place_of_service) == (HERE, "49")
    assert AuditEvent.objects.get(action="setup.site").detail == {"npi": HERE, "place_of_service": "49"}
    assert "49 Independent clinic · NPI 2000000101" in boss.get("/setup/").content.decode()
    assert f'value="{HERE}"' in boss.get("/setup/site/").content.decode()


def test_from_then_on_visits_are_compared(world: World, boss: Client) -> None:
    visit = book(world)
    Authorization.objects.update(place_of_service="22")
    assert "site_mismatch" not in [reason.code for reason in gate.look([visit])[visit.id].reasons]
    change(boss, "/setup/site/", npi="", place_of_service="49")
    assert "site_mismatch" in [reason.code for reason in gate.look([visit])[visit.id].reasons]


def test_nonsense_is_refused_at_its_field(world: World, boss: Client) -> None:
    answer = boss.post("/setup/site/", {"npi": "2000000102", "place_of_service": "49"})
    assert answer.status_code == 422
    assert "“2000000102” is not a National Provider Identifier" in answer.content.decode()
    assert not Clinic.objects.filter(pk=world.clinic.pk, place_of_service="49").exists()
    with pytest.raises(BadInput, match="from the list"):
        setup_site.save_site(clinic=world.clinic, npi="", place_of_service="77", by=_by(world, Role.MANAGER))


def test_only_who_sets_this_clinic_up_may(world: World) -> None:
    with pytest.raises(NotAllowed):
        setup_site.save_site(clinic=world.clinic, npi="", place_of_service="", by=_by(world, Role.SCHEDULER))
    other = factories.make_clinic()
    with pytest.raises(NotFound):
        setup_site.save_site(clinic=other, npi="", place_of_service="", by=_by(world, Role.MANAGER))


def _by(world: World, role: Role):  # type: ignore[no-untyped-def]
    return factories.actor(factories.make_staff(world.clinic, role))
