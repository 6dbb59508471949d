"""The pages about upset days, without a browser: enter, see, decide, apply, look again, undo."""

import re
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client

from accounts.domain.policy import Role
from audit.models import AuditEvent
from scheduling.domain.statuses import VisitStatus
from scheduling.models import ChairOutage, Disruption, StaffTask
from scheduling.services import flow
from tests import factories
from tests.factories import at
from tests.scheduling.conftest import MONDAY, TUESDAY, World
from tests.scheduling.disruptions import scenes
from tests.scheduling.disruptions.scenes import book, nurses, place

pytestmark = pytest.mark.django_db
NEW = "/disruptions/new/"


@pytest.fixture
def desk(world: World, client: Client) -> Client:
    client.force_login(factories.make_staff(world.clinic))
    return client


def pump(world: World, **fields: str) -> dict[str, str]:
    """What a person enters about the pump of A1."""
    facts = {"kind": "chair", "chair": str(world.chairs[0].id), "on": str(TUESDAY), "starts": "07:00", "ends": "18:00"}
    return facts | {"reason": "Pump broken"} | fields


def chosen(page: str) -> dict[str, str]:
    """What the form of the proposal sends when nothing is changed in it."""
    sent = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page))
    for name, options in re.findall(r'<select[^>]* name="(do-[^"]+)"[^>]*>(.*?)</select>', page, re.DOTALL):
        first = re.search(r'<option value="([^"]+)" selected', options)
        assert first is not None
        sent[name] = first.group(1).replace("&#x27;", "'")
    sent.pop("csrfmiddlewaretoken", None)
    return sent


def test_the_list_says_kindly_that_nothing_happened(desk: Client) -> None:
    page = desk.get("/disruptions/").content.decode()
    assert "Nothing has gone wrong yet" in page
    assert NEW in page


def test_each_kind_asks_only_for_its_thing(desk: Client) -> None:
    for kind, has, hasnt in (
        ("chair", "id_chair", "id_nurse"),
        ("nurse", "id_nurse", "id_chair"),
        ("closed", "id_on", "id_nurse"),
    ):
        page = desk.get(f"{NEW}?kind={kind}").content.decode()
        assert f'id="{has}"' in page
        assert f'id="{hasnt}"' not in page


def test_what_makes_no_sense_is_said_at_its_field(world: World, desk: Client) -> None:
    answer = desk.post(NEW, pump(world, chair=""))
    assert answer.status_code == 422
    assert "Choose the chair." in answer.content.decode()
    answer = desk.post(NEW, pump(world, ends="06:00"))
    assert "The end must come after the start." in answer.content.decode()
    answer = desk.post(NEW, pump(world, on="2026-03-30"))
    assert "More than two weeks ahead" in answer.content.decode()
    assert not ChairOutage.objects.exists()


def test_from_the_proposal_to_the_deed_and_back(world: World, desk: Client) -> None:
    visit = book(world, 9)
    preview = desk.post(NEW, pump(world) | {"act": "preview"}).content.decode()
    assert "1 visit touched: 1 changes chair" in preview
    assert "A2, same time" in preview
    assert "Need not be told" in preview
    assert not ChairOutage.objects.exists()
    assert AuditEvent.objects.filter(action="disruption.preview").count() == 1
    answer = desk.post(NEW, chosen(preview) | {"act": "apply"})
    done = Disruption.objects.get()
    assert answer["Location"] == f"/disruptions/{done.id}/"
    assert place(visit) == ("A2", at(TUESDAY, 9))
    page = desk.get(f"/disruptions/{done.id}/").content.decode()
    assert "A2, same time" in page
    assert "Undo all of it" in page
    assert "1 visit: 1 moved" in desk.get("/disruptions/").content.decode()
    assert desk.post(f"/disruptions/{done.id}/undo/").status_code == 302
    assert place(visit) == ("A1", at(TUESDAY, 9))
    page = desk.get(f"/disruptions/{done.id}/").content.decode()
    assert "Undone Mon 2 Mar" in page
    assert "Undo all of it" not in page


def test_a_choice_of_ones_own_is_taken(world: World, desk: Client) -> None:
    visit = book(world, 9)
    sent = chosen(desk.post(NEW, pump(world)).content.decode())
    desk.post(NEW, sent | {f"do-{visit.id}": "call", "act": "apply"})
    assert place(visit) == ("A1", at(TUESDAY, 9))
    assert StaffTask.objects.get().is_urgent
    done = Disruption.objects.get()
    page = desk.get(f"/disruptions/{done.id}/").content.decode()
    assert "Calls to make" in page
    assert visit.patient.phone in page


def test_a_place_taken_meanwhile_is_named_on_a_fresh_proposal(world: World, desk: Client) -> None:
    book(world, 9)
    sent = chosen(desk.post(NEW, pump(world)).content.decode())
    rival = book(world, 9, chair=1)
    answer = desk.post(NEW, sent | {"act": "apply"})
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Nothing has changed" in page
    assert f"A2 has {rival.patient.short_name}" in page
    assert "A3, same time" in page
    answer = desk.post(NEW, chosen(page) | {"act": "apply"})
    assert answer.status_code == 302


def test_one_booked_meanwhile_is_on_the_fresh_proposal(world: World, desk: Client) -> None:
    sent = chosen(desk.post(NEW, pump(world)).content.decode())
    late = book(world, 9)
    answer = desk.post(NEW, sent | {"act": "apply"})
    assert answer.status_code == 409
    assert f"do-{late.id}" in answer.content.decode()
    assert "was booked meanwhile" in answer.content.decode()


def test_a_rule_that_is_broken_asks_why(world: World, desk: Client) -> None:
    visit = book(world, 9, day=scenes.narrow_day(world))
    facts = {"kind": "closed", "on": str(TUESDAY), "starts": "07:00", "ends": "18:00", "reason": "Snow"}
    page = desk.post(NEW, facts).content.decode()
    assert "1 needs a call" in page
    late = re.search(r'<option value="(move:[^"]+!too_late)"', page)
    assert late is not None
    sent = chosen(page) | {f"do-{visit.id}": late.group(1), "act": "apply"}
    answer = desk.post(NEW, sent)
    assert answer.status_code == 409
    again = answer.content.decode()
    assert "a reason is needed" in again
    assert f'value="{late.group(1)}" selected' in again
    answer = desk.post(NEW, chosen(again) | {"override": "Dr. Vance agrees", "act": "apply"})
    assert answer.status_code == 302
    visit.refresh_from_db()
    assert visit.overrides[0]["reason"] == "Dr. Vance agrees"


def test_a_nurse_s_day(world: World, desk: Client) -> None:
    nurse = nurses(world)[0]
    facts = {"kind": "nurse", "nurse": str(nurse.id), "on": str(TUESDAY), "starts": "07:00", "ends": "18:00"}
    page = desk.post(NEW, facts | {"reason": "Sick"}).content.decode()
    assert "No visit is touched" in page
    assert f"{nurse.name} is away" in page
    assert desk.post(NEW, chosen(page) | {"act": "apply"}).status_code == 302
    page = desk.post(NEW, facts | {"reason": "Sick"}).content.decode()
    assert "has no shift then" in page


def test_an_undo_that_can_not_be_whole_offers_the_rest(world: World, desk: Client) -> None:
    visit, other = book(world, 9), book(world, 14)
    done = scenes.apply(scenes.chair_down(world), world.scheduler)
    ChairOutage.objects.update(lifted_at=done.applied_at)
    rival = book(world, 9)
    answer = desk.post(f"/disruptions/{done.id}/undo/")
    page = answer.content.decode()
    assert answer.status_code == 409
    assert rival.patient.short_name in page
    assert "Undo the rest" in page
    assert desk.post(f"/disruptions/{done.id}/undo/", {"leave": str(visit.id)}).status_code == 302
    assert place(other) == ("A1", at(TUESDAY, 14))
    assert place(visit) == ("A2", at(TUESDAY, 9))


@pytest.mark.parametrize(
    "spoilt", ["move:x@y", "nonsense", "move:", "move:00000000-0000-0000-0000-000000000000@2026-03-03"]
)
def test_choices_that_can_not_be_read_change_nothing(world: World, desk: Client, spoilt: str) -> None:
    visit = book(world, 9)
    sent = chosen(desk.post(NEW, pump(world)).content.decode())
    answer = desk.post(NEW, sent | {f"do-{visit.id}": spoilt, "act": "apply"})
    assert answer.status_code == 422
    assert place(visit) == ("A1", at(TUESDAY, 9))
    assert not ChairOutage.objects.exists()


def test_who_only_looks_has_no_button(world: World, client: Client) -> None:
    done = scenes.apply(scenes.chair_down(world), world.scheduler)
    client.force_login(factories.make_staff(world.clinic, Role.PRESCRIBER))
    page = client.get(f"/disruptions/{done.id}/").content.decode()
    assert "Undo all of it" not in page
    assert client.get(NEW).status_code == 403


def test_another_clinic_s_disruption_is_not_here(world: World, desk: Client) -> None:
    elsewhere = factories.make_clinic()
    facts: dict[str, Any] = {
        "starts_at": "2026-03-03T15:00:00+00:00",
        "ends_at": "2026-03-03T17:00:00+00:00",
        "over": [],
    }
    other = Disruption.objects.create(
        clinic=elsewhere, kind="closed", facts=facts | {"reason": "x"}, applied_at=at(TUESDAY, 6)
    )
    assert desk.get(f"/disruptions/{other.id}/").status_code == 404
    assert desk.post(f"/disruptions/{other.id}/undo/").status_code == 404


def test_the_board_and_a_link_fill_the_form_in(world: World, desk: Client) -> None:
    assert f"{NEW}?on=2026-03-03" in desk.get("/board/2026-03-03/").content.decode()
    query = urlencode({"kind": "chair", "chair": str(world.chairs[1].id), "on": "2026-03-04"})
    page = desk.get(f"{NEW}?{query}").content.decode()
    assert re.search(r'value="2026-03-04"', page)
    assert re.search(rf'value="{world.chairs[1].id}" selected', page)


def test_after_an_undo_whoever_was_called_is_to_be_called_again(world: World, desk: Client) -> None:
    visit = book(world, 9, day=scenes.covered_day(world, email_consent_at=None, sms_consent_at=None))
    done = scenes.apply(scenes.closed(world), world.scheduler)
    page = desk.get(f"/disruptions/{done.id}/").content.decode()
    assert "Tell them: " in page
    assert desk.post(f"/disruptions/{done.id}/undo/").status_code == 302
    page = desk.get(f"/disruptions/{done.id}/").content.decode()
    assert "Back where it was" in page
    assert "If they were called before: it is Tue 3 Mar 09:00, A1 after all." in page
    assert visit.patient.phone in page


def test_nobody_is_called_who_sits_in_the_chair(world: World, desk: Client) -> None:
    visit = book(world, 8, on=MONDAY)
    factories.clear(visit)
    for status in (VisitStatus.ARRIVED, VisitStatus.SEATED):
        visit.refresh_from_db()
        visit = flow.advance(visit=visit, to=status, expected_version=visit.version, by=world.scheduler)
    done = scenes.apply(scenes.replace_day(scenes.chair_down(world), MONDAY), world.scheduler)
    page = desk.get(f"/disruptions/{done.id}/").content.decode()
    assert "Calls to make" not in page
    assert "Stays: the patient is here already" in page


def test_after_an_undo_whoever_was_to_find_another_day_is_told_that_it_stays(world: World, desk: Client) -> None:
    book(world, 9, day=scenes.narrow_day(world))
    done = scenes.apply(scenes.closed(world), world.scheduler)
    assert "Find another place together." in desk.get(f"/disruptions/{done.id}/").content.decode()
    desk.post(f"/disruptions/{done.id}/undo/")
    page = desk.get(f"/disruptions/{done.id}/").content.decode()
    assert "If they were called before: it stays Tue 3 Mar 09:00, A1." in page
