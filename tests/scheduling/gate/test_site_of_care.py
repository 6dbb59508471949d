"""The payer wants another site or clinician: the gate holds the visit, the board shows it, staff are asked."""

from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts.domain.policy import Role
from accounts.models import Clinic
from authorizations.domain.answers import Answer, Outcome
from authorizations.models import Authorization
from authorizations.services.answers import record_answer
from core.errors import Conflict, NeedsReason, NotAllowed
from messaging.models import OutboxMessage
from regimens.models import TreatmentOrder
from scheduling.domain.clearance import Light
from scheduling.domain.statuses import VisitStatus
from scheduling.models import StaffTask, Visit, VisitClearance
from scheduling.services import booking, gate, gate_rounds, reminders
from tests import factories
from tests.factories import at
from tests.scheduling.conftest import TUESDAY, World
from tests.scheduling.gate.conftest import Person, fresh, holds, walk
from tests.scheduling.test_booking import UNCOVERED, book

HERE, HARBOR, HOLM, OKONEDO = "2000000101", "2000000200", "2000000309", "2000000408"
S = VisitStatus


@pytest.fixture
def known(world: World) -> World:
    """The clinic is an independent clinic with a number; the order's prescriber has one."""
    Clinic.objects.filter(pk=world.clinic.pk).update(npi=HERE, place_of_service="49", name="Lakeside Infusion")
    TreatmentOrder.objects.filter(pk=world.order.pk).update(prescriber_npi=HOLM)
    world.clinic.refresh_from_db()
    world.order.refresh_from_db()
    world.course_day.course.order.refresh_from_db()
    world.course_day.course.order.clinic.refresh_from_db()
    return world


FOUND: dict[str, tuple[dict[str, str], list[str]]] = {
    "nothing": ({}, []),
    "this site": ({"site_npi": HERE, "place_of_service": "49", "rendering_npi": HOLM}, []),
    "the clinic as clinician": ({"rendering_npi": HERE}, []),
    "a name alone": ({"site_name": "Harbor Hospital", "rendering_name": "Dr. Okonedo"}, []),
    "another facility": ({"site_npi": HARBOR}, ["site_mismatch"]),
    "another place": ({"place_of_service": "22"}, ["site_mismatch"]),
    "another clinician": ({"rendering_npi": OKONEDO}, ["rendering_mismatch"]),
    "both": ({"place_of_service": "22", "rendering_npi": OKONEDO}, ["site_mismatch", "rendering_mismatch"]),
}


@pytest.mark.parametrize("name", FOUND)
def test_a_visit_with_its_units_is_held_by_what_the_payer_restricts(known: World, visit: Visit, name: str) -> None:
    restricted, expected = FOUND[name]
    Authorization.objects.update(**restricted)
    with time_machine.travel(at(TUESDAY, 9, 5), tick=False):
        assert holds(visit) == expected
        assert (gate.look([visit])[visit.id].light is Light.RED) is bool(expected)


@pytest.mark.parametrize("name", FOUND)
def test_at_booking_the_same_reasons_ask_for_a_word_and_no_units_are_set_aside(known: World, name: str) -> None:
    restricted, expected = FOUND[name]
    Authorization.objects.update(**restricted)
    if not expected:
        assert book(known).authorization is not None
        return
    with pytest.raises(NeedsReason) as refusal:
        book(known)
    assert [reason.code for reason in refusal.value.reasons] == expected
    anyway = book(known, override=UNCOVERED)
    assert anyway.authorization is None
    assert Authorization.objects.get().units_reserved == 0
    assert [code for code in holds(anyway, on_the_day=False) if code.endswith("mismatch")] == expected


def test_nothing_starts_until_a_manager_goes_ahead(known: World, visit: Visit, person: Person) -> None:
    Authorization.objects.update(place_of_service="22")
    with time_machine.travel(at(TUESDAY, 9, 5), tick=False):
        walk(visit, S.ARRIVED, S.SEATED, by=known.scheduler)
        with pytest.raises(Conflict, match="place of service 22, on-campus outpatient hospital"):
            walk(visit, S.INFUSING, by=known.scheduler)
        with pytest.raises(NotAllowed, match="A prescriber or a manager may go ahead"):
            gate.override(visit=fresh(visit), code="site_mismatch", reason="Called", by=person(Role.NURSE))
        gate.override(visit=fresh(visit), code="site_mismatch", reason="They change it", by=person(Role.MANAGER))
        assert walk(visit, S.INFUSING, by=known.scheduler).status == S.INFUSING


def test_staff_are_asked_once_and_the_patient_is_not_reminded(known: World, visit: Visit) -> None:
    Authorization.objects.update(site_npi=HARBOR, site_name="Harbor Hospital")
    gate_rounds.sweep(clinic=known.clinic)
    reminders.sweep(clinic=known.clinic)
    (task,) = StaffTask.objects.filter(done_at=None)
    assert task.kind == "not_cleared"
    assert "The payer authorized Harbor Hospital (NPI 2000000200)" in task.text
    assert not OutboxMessage.objects.filter(kind=reminders.KIND, subject_id=visit.id).exists()


def test_what_was_booked_without_cover_is_asked_about_once(known: World) -> None:
    factories.make_papers(known.order, TUESDAY)
    Authorization.objects.update(site_npi=HARBOR)
    book(known, override=UNCOVERED)
    gate_rounds.sweep(clinic=known.clinic)
    reminders.sweep(clinic=known.clinic)
    assert [task.kind for task in StaffTask.objects.filter(done_at=None)] == ["not_covered"]


def test_the_panel_and_the_board_say_it_and_lead_to_the_authorization(known: World, visit: Visit) -> None:
    Authorization.objects.update(rendering_npi=OKONEDO, rendering_name="Dr. Okonedo")
    gate.look([visit])
    client = Client()
    client.force_login(
        factories.make_staff(known.clinic, Role.MANAGER), backend="allauth.account.auth_backends.AuthenticationBackend"
    )
    panel = client.get(f"/visits/{visit.id}/").content.decode()
    assert "The payer authorized Dr. Okonedo (NPI 2000000408), but the order is from Dr. Invented" in panel
    assert f'href="/authorizations/{visit.authorization_id}/"' in panel
    assert "Open the authorization" in panel
    assert "Dr. Okonedo (NPI 2000000408)" in client.get(f"/board/{TUESDAY}/").content.decode()


def test_when_the_payer_changes_the_site_the_light_turns_at_once(known: World, visit: Visit, person: Person) -> None:
    Authorization.objects.update(site_npi=HARBOR)
    gate.look([visit])
    assert VisitClearance.objects.get(visit=visit).light == Light.RED
    held = Authorization.objects.get()
    assert held.starts_on is not None
    facts: dict[str, Any] = {"starts_on": held.starts_on, "ends_on": held.ends_on, "reference": held.reference}
    answer = Answer(outcome=Outcome.APPROVED, units=held.units_approved, site_npi=HERE, **facts)
    record_answer(authorization=held, answer=answer, expected_version=held.version, by=person(Role.AUTHORIZATION_ADMIN))
    assert VisitClearance.objects.get(visit=visit).light == Light.GREEN


def test_a_move_keeps_its_units_and_the_gate_still_says_so(known: World, visit: Visit) -> None:
    Authorization.objects.update(place_of_service="22")
    moved = booking.move(
        visit=visit,
        chair=known.chairs[0],
        start=at(TUESDAY, 13),
        expected_version=visit.version,
        by=known.scheduler,
    )
    assert moved.authorization_id == visit.authorization_id
    assert "site_mismatch" in holds(moved, on_the_day=False)
