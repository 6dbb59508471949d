"""The pages of what was given: filled from the plan, nothing typed is lost, errors at the field, and who may look."""

import re
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from accounts.domain.policy import Role
from audit.models import AuditEvent
from regimens.models import OrderStatus, Reaction, TreatmentOrder
from scheduling.domain.statuses import VisitStatus
from tests import factories
from tests.factories import at
from tests.scheduling.conftest import TUESDAY
from tests.scheduling.given.conftest import Infusion

S = VisitStatus
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@pytest.fixture
def nurse(infusion: Infusion, at_eleven: object) -> Client:
    client = Client()
    client.force_login(infusion.nurse_user, backend=BACKEND)
    return client


def client_of(infusion: Infusion, role: Role) -> Client:
    client = Client()
    client.force_login(factories.make_staff(infusion.world.clinic, role), backend=BACKEND)
    return client


def address(infusion: Infusion) -> str:
    return reverse("scheduling:visit-given", args=[infusion.visit.id])


def typed(infusion: Infusion, **changed: str) -> dict[str, str]:
    return {
        "version": str(infusion.given.version),
        "act": "record",
        "started_at": "09:20",
        "stopped_at": "10:50",
        "dose": "30",
        "volume_ml": "300",
        "is_complete": "yes",
        "lots-count": "1",
        "lots-0-lot_number": "LX204A",
        "lots-0-expires_on": "2027-08-31",
        "lots-0-vials": "3",
        "lots-0-vial": "10",
        "lots-0-wasted": "0",
        "rates-count": "1",
        "rates-0-at": "09:20",
        "rates-0-ml_per_hour": "60",
        "note": "Sat up to eat.",
    } | changed


def value_of(page: str, name: str) -> str:
    tag = re.search(rf'<input[^>]*name="{re.escape(name)}"[^>]*>', page)
    assert tag, name
    found = re.search(r'value="([^"]*)"', tag[0])
    return found[1] if found else ""


def test_the_form_is_filled_from_the_plan_and_the_visits_own_times(infusion: Infusion, nurse: Client) -> None:
    infusion.step(S.COMPLETED)
    page = nurse.get(address(infusion)).content.decode()
    wanted = {
        "started_at": "09:20",
        "stopped_at": "11:00",
        "dose": "30",
        "volume_ml": "300",
        "lots-0-vials": "3",
        "lots-0-vial": "10",
        "lots-0-wasted": "0",
        "rates-0-at": "09:20",
        "rates-0-ml_per_hour": "60",
        "rates-1-at": "09:50",
        "rates-1-ml_per_hour": "240",
    }
    assert {name: value_of(page, name) for name in wanted} == wanted


def test_after_an_early_stop_only_the_steps_begun_before_it_are_filled_in(infusion: Infusion, nurse: Client) -> None:
    with time_machine.travel(at(TUESDAY, 9, 40), tick=False):
        infusion.step(S.LEFT_EARLY)
    page = nurse.get(address(infusion)).content.decode()
    assert (value_of(page, "stopped_at"), value_of(page, "rates-count")) == ("09:40", "1")
    assert value_of(page, "rates-0-ml_per_hour") == "60"


def test_a_typed_early_stop_leaves_out_the_planned_steps_that_nobody_touched(infusion: Infusion, nurse: Client) -> None:
    second = {"rates-count": "2", "rates-1-at": "09:50", "rates-1-ml_per_hour": "240"}
    early = {"stopped_at": "09:40", "dose": "5", "volume_ml": "", "is_complete": "no", "stop_reason": "Chills."}
    kept = {"lots-0-vials": "1", "lots-0-wasted": "5"}
    changed = typed(infusion, **second | early | kept | {"rates-1-ml_per_hour": "200"})
    assert "set before the start or after the stop" in nurse.post(address(infusion), changed).content.decode()
    assert nurse.post(address(infusion), typed(infusion, **second | early | kept)).status_code == 302
    assert [rate.ml_per_hour for rate in infusion.given.rates.filter(replaced_at__isnull=True)] == [60]


def test_recording_leads_to_the_record(infusion: Infusion, nurse: Client) -> None:
    answer = nurse.post(address(infusion), typed(infusion), follow=True)
    page = answer.content.decode()
    assert "LX204A" in page
    assert "60 given, none wasted (JZ)" in page
    assert 'name="dose"' not in page
    again = nurse.get(f"{address(infusion)}?correct=1").content.decode()
    assert value_of(again, "lots-0-lot_number") == "LX204A"


def test_errors_stand_at_their_fields_and_nothing_typed_is_lost(infusion: Infusion, nurse: Client) -> None:
    wrong = typed(infusion, stopped_at="09:00", **{"lots-0-lot_number": "", "rates-0-ml_per_hour": "fast"})
    answer = nurse.post(address(infusion), wrong)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert value_of(page, "rates-0-ml_per_hour") == "fast"
    assert "Enter the lot number on the vial." in page
    assert 'href="#id_lots-0-lot_number"' in page
    right_to_read = wrong | {"rates-0-ml_per_hour": "60", "lots-0-lot_number": "LX204A"}
    answer = nurse.post(address(infusion), right_to_read | {"lots-0-wasted": "1"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "It stopped before it started" in page
    assert 'href="#id_lots-0-wasted"' in page
    assert "Sat up to eat." in page


def test_rows_are_added_and_removed_without_a_script_and_keep_what_was_typed(infusion: Infusion, nurse: Client) -> None:
    page = nurse.post(address(infusion), typed(infusion, act="add-lots", dose="junk")).content.decode()
    assert (value_of(page, "lots-count"), value_of(page, "lots-0-lot_number")) == ("2", "LX204A")
    assert value_of(page, "dose") == "junk"
    page = nurse.post(address(infusion), typed(infusion, act="add-rates")).content.decode()
    assert value_of(page, "rates-count") == "2"
    page = nurse.post(address(infusion), typed(infusion, act="drop-lots-0")).content.decode()
    assert value_of(page, "lots-count") == "0"
    assert infusion.given.recorded_at is None


@pytest.mark.parametrize("act", ["drop-lots-99", "drop-lots-x", "add-", "junk", "drop"])
def test_junk_in_a_button_changes_nothing(infusion: Infusion, nurse: Client, act: str) -> None:
    answer = nurse.post(address(infusion), typed(infusion, act=act, **{"lots-count": "9999999"}))
    assert answer.status_code == 200
    assert infusion.given.recorded_at is None


def test_whoever_is_overtaken_sees_both_and_keeps_what_they_typed(infusion: Infusion, nurse: Client) -> None:
    mine = typed(infusion, **{"lots-0-lot_number": "MINE01"})
    infusion.record()
    answer = nurse.post(address(infusion), mine)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Nurse Okafor recorded this at 11:00" in page
    assert "LX204A" in page
    assert value_of(page, "lots-0-lot_number") == "MINE01"
    assert nurse.post(address(infusion), mine | {"version": value_of(page, "version")}).status_code == 302


def test_without_the_permission_it_is_only_shown(infusion: Infusion, nurse: Client) -> None:
    desk = client_of(infusion, Role.SCHEDULER)
    assert "Not recorded yet" in desk.get(address(infusion)).content.decode()
    assert desk.post(address(infusion), typed(infusion)).status_code == 403
    infusion.record()
    page = desk.get(address(infusion)).content.decode()
    assert "LX204A" in page
    assert "Correct…" not in page


def test_looking_is_audited(infusion: Infusion, nurse: Client) -> None:
    nurse.get(address(infusion))
    assert AuditEvent.objects.filter(action="administration.view", patient_id=infusion.world.patient.id).count() == 1


def test_the_visit_leads_to_recording_and_shows_what_was_given(infusion: Infusion, nurse: Client) -> None:
    visit = reverse("scheduling:visit", args=[infusion.visit.id])
    page = nurse.get(visit).content.decode()
    assert "Record what was given" in page
    assert "Slow first ramp" in page
    assert "For planning only, never to set a pump." in page
    infusion.record()
    page = nurse.get(visit).content.decode()
    assert "Record what was given" not in page
    assert "<b>30 g</b>, 09:20–10:50" in page


def reacted(**changed: str) -> dict[str, str]:
    return {"kind": "hypotension", "grade": "3", "on": "2026-03-03", "at": "10:00"} | changed


def test_a_grave_reaction_says_at_once_what_happened(infusion: Infusion, nurse: Client) -> None:
    place = reverse("scheduling:visit-reaction", args=[infusion.visit.id])
    assert "Prolonged, came back after it had improved" in nurse.get(place).content.decode()
    answer = nurse.post(place, reacted(), follow=True)
    assert "The plan is on hold until a prescriber releases it." in answer.content.decode()
    assert TreatmentOrder.objects.get(pk=infusion.world.order.pk).status == OrderStatus.ON_HOLD
    change = reverse("scheduling:visit-reaction-change", args=[infusion.visit.id, Reaction.objects.get().id])
    nurse.post(change, {"act": "over"})
    assert Reaction.objects.get().resolved_at is not None
    nurse.post(change, {"act": "void", "reason": "Wrong patient."})
    assert Reaction.objects.get().void_reason == "Wrong patient."


@pytest.mark.parametrize(
    ("sentence", "changed"),
    [
        ("Choose what happened.", {"kind": ""}),
        ("Choose a grade.", {"grade": ""}),
        ("It began before the infusion did.", {"at": "08:00"}),
        ("It can&#x27;t have begun in the future.", {"at": "16:00"}),
        ("Say what happened.", {"kind": "other"}),
    ],
)
def test_a_bad_reaction_is_refused_in_words(
    infusion: Infusion, nurse: Client, sentence: str, changed: dict[str, str]
) -> None:
    place = reverse("scheduling:visit-reaction", args=[infusion.visit.id])
    answer = nurse.post(place, reacted(**changed))
    assert answer.status_code == 422
    assert sentence in answer.content.decode()


def test_a_lot_leads_to_its_patients_on_the_page_and_in_the_file(infusion: Infusion, nurse: Client) -> None:
    infusion.record()
    page = nurse.get("/lots/?q=lx204a").content.decode()
    assert "1 patient, 1 time" in page
    assert infusion.world.patient.record_number in page
    file = nurse.get("/lots/?q=LX204A&csv=1")
    assert file["Content-Type"].startswith("text/csv")
    lines: list[Any] = file.content.decode().splitlines()
    assert len(lines) == 2
    assert infusion.world.patient.record_number in lines[1]
    assert AuditEvent.objects.filter(action="lot.search", entity_id="LX204A").count() == 2
    assert "Nobody got this lot" in nurse.get("/lots/?q=ZZZ").content.decode()
