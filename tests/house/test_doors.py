"""Every address, opened as every role and as nobody: the policy table and nothing else decides who gets in."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import time_machine
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from accounts.backends import CODE_BACKEND
from accounts.domain.policy import GRANTS, Permission, Role
from accounts.models import Clinic, Closure, User
from accounts.services import api_keys
from core import clock
from core.actor import system
from patients.models import DiaryEntry, Patient
from regimens.models import CatalogueEdit, ElsewhereTherapy, Product, ProductCode
from scheduling.models import Chair, ChairOutage, Disruption, Offer, Shift, StaffTask, Visit
from scheduling.services import offers, requests, staff_tasks, waitlist
from scheduling.services.offers import FreedPlace
from tests import factories
from tests.house.addresses import Address, addresses
from tests.house.public import ALLAUTH, Door
from tests.portal.conftest import FRIDAY, MONDAY, patient_with_visit

pytestmark = pytest.mark.django_db

STAFF = [role for role in Role if role is not Role.PATIENT]
LEADS_OUT = {"account_logout", "portal:logout"}
MAY_BE_DOWN = {"readyz"}  # it answers 503 where no worker runs, as here


@dataclass
class World:
    clinic: Clinic
    patient_user: User
    samples: dict[str, Any]


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> None:
    """Refusals are what is asked for here; what breaks is named in the verdict."""
    caplog.set_level(logging.CRITICAL, logger="django.request")


@pytest.fixture
def world() -> Iterator[World]:
    with time_machine.travel(datetime(2026, 3, 2, 14, 0, tzinfo=UTC), tick=True):
        clinic = factories.make_clinic()
        factories.make_shifts(clinic, MONDAY, days=12)
        patient, visit = patient_with_visit(clinic)
        assert patient.user is not None
        asked = requests.ask(visit=visit, wish="later", half_days=(), note="", by=factories.actor(patient.user))
        order = visit.course_day.course.order
        samples = {
            "visit_id": visit.id,
            "series_id": visit.id,
            "request_id": asked.id,
            "patient_id": patient.id,
            "order_id": order.id,
            "course_day_id": visit.course_day_id,
            "authorization_id": visit.authorization_id,
            "chair_id": visit.chair_id,
            "wait_id": (offered := _offer(clinic, visit)).entry_id,
            "offer_id": offered.id,
            "message_id": _message(clinic),
            "task_id": _task(clinic),
            "disruption_id": _disruption(clinic),
            "entry_id": _diary_entry(patient),
            "therapy_id": _therapy_elsewhere(patient),
            "reaction_id": visit.id,
            "vitals_id": visit.id,
            "product": order.product_id,
            "indication": order.indication_id,
            "field": "min_interval_days",
            "edit_id": _edit(clinic, order.product).pk,
            "code_id": _code(clinic, order.product).pk,
            "on": FRIDAY,
            **_places(clinic, visit.chair),
            "key": "x-y",
            "key_id": api_keys.issue(
                clinic=clinic, name="Test", permissions=[Permission.BOARD_VIEW], by=system("test")
            ).key.id,
            "uidb36": "1",
            "name": "visits",
            "code": "not-found",
        }
        yield World(clinic, patient.user, samples)


def _offer(clinic: Clinic, visit: Visit) -> Offer:
    by = factories.scheduler(clinic)
    day = visit.course_day
    entry = waitlist.add(course_day=day, earliest_on=FRIDAY, latest_on=FRIDAY, notice_hours=0, by=by)
    place = FreedPlace(chair=visit.chair, start=visit.period.lower + timedelta(hours=4))
    return offers.make(entry=entry, place=place, by=by)


def _edit(clinic: Clinic, product: Product) -> CatalogueEdit:
    return CatalogueEdit.objects.create(
        organization=clinic.organization,
        product=product,
        field="min_interval_days",
        value=7,
        effective_from=MONDAY,
        source="Test",
        confidence="K",
        made_at=clock.now(),
        made_by_label="Test",
    )


def _code(clinic: Clinic, product: Product) -> ProductCode:
    return ProductCode.objects.create(
        organization=clinic.organization, product=product, hcpcs="J1569", unit_mg=500, label="Own", starts_on=MONDAY
    )


def _places(clinic: Clinic, chair: Chair) -> dict[str, Any]:
    start, end = clock.day_bounds(FRIDAY, clinic.zone)
    out = ChairOutage(clinic=clinic, chair=chair, starts_at=start, ends_at=end, reason="Test", created_at=clock.now())
    out.save()
    shift = Shift.objects.filter(clinic=clinic).order_by("-starts_at")[0]
    closure = Closure.objects.create(clinic=clinic, on=FRIDAY, reason="Test")
    return {
        "outage_id": out.id,
        "shift_id": shift.pk,
        "nurse_id": shift.nurse_id,
        "closure_id": closure.pk,
        "phase": "ramp",
    }


def _diary_entry(patient: Patient) -> UUID:
    now = clock.now()
    return DiaryEntry.objects.create(patient=patient, happened_at=now, symptom="headache", created_at=now).id


def _therapy_elsewhere(patient: Patient) -> UUID:
    started = ElsewhereTherapy(patient=patient, kind="scig", name="Hizentra", starts_on=MONDAY, created_at=clock.now())
    started.save()
    return started.id


def _task(clinic: Clinic) -> Any:
    staff_tasks.open_task(clinic=clinic, kind="plan", text="Look at this.", dedupe_key="plan:doors")
    return StaffTask.objects.get(clinic=clinic).id


def _disruption(clinic: Clinic) -> Any:
    facts = {"starts_at": "2026-03-05T15:00:00+00:00", "ends_at": "2026-03-05T17:00:00+00:00", "reason": "x"}
    return Disruption.objects.create(clinic=clinic, kind="closed", facts=facts, applied_at=clock.now()).id


def _message(clinic: Clinic) -> Any:
    from messaging.models import OutboxMessage

    found = OutboxMessage.objects.filter(clinic=clinic).first()
    return found.pk if found else factories.make_patient(clinic).id


def url(address: Address, world: World) -> str:
    unknown = set(address.parameters) - world.samples.keys()
    assert not unknown, f"Add a sample for {unknown} of {address.name} to the world of tests/house/test_doors.py."
    return reverse(address.name, kwargs={name: world.samples[name] for name in address.parameters})


def walk(
    client: Client, world: World, method: str, sign_in: Callable[[], None]
) -> Iterator[tuple[Address, HttpResponse]]:
    for address in addresses():
        if address.name in LEADS_OUT or not address.name:
            continue
        sign_in()
        yield address, getattr(client, method.lower())(url(address, world))


def problem(address: Address, answer: HttpResponse, allowed: bool | None, *, signed_in: bool) -> str:
    """What is wrong with an answer; `allowed` is None where no permission decides."""
    status, place = answer.status_code, answer.headers.get("Location", "")
    is_to_sign_in = status == 302 and ("/login/" in place or "/reauthenticate/" in place)
    if status >= 500 and address.name not in MAY_BE_DOWN:
        raised = getattr(answer, "exc_info", None)
        return f"broke ({status}): {raised[1] if raised else ''}"
    if allowed is True and (status in {401, 403} or (is_to_sign_in and "/p/login" in place)):
        return f"shut out somebody who may ({status})"
    if status == 405:
        return ""
    if allowed is False and signed_in and status != 403:
        return f"let in somebody who may not ({status})"
    if allowed is False and not signed_in and not is_to_sign_in and status not in {401, 403}:
        return f"let in a visitor ({status})"
    return ""


def verdict(found: list[str]) -> None:
    if found:
        pytest.fail("The doors do not follow accounts.domain.policy:\n  " + "\n  ".join(found), pytrace=False)


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("role", STAFF)
def test_staff_open_what_their_role_grants_and_nothing_else(world: World, role: Role, method: str) -> None:
    client, user = Client(raise_request_exception=False), factories.make_staff(world.clinic, role)
    found = []
    for address, answer in walk(client, world, method, lambda: client.force_login(user)):
        needed = address.permission(method)
        allowed = (needed in GRANTS[role]) if needed else None
        if wrong := problem(address, answer, allowed if method == "GET" or not allowed else None, signed_in=True):
            found.append(f"{method} {address.name}: {wrong}")
    verdict(found)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_patients_open_their_own_pages_and_nothing_else(world: World, method: str) -> None:
    client = Client(raise_request_exception=False)
    found = []
    for address, answer in walk(
        client, world, method, lambda: client.force_login(world.patient_user, backend=CODE_BACKEND)
    ):
        needed = address.permission(method)
        allowed = (needed in GRANTS[Role.PATIENT]) if needed else None
        if wrong := problem(address, answer, allowed if method == "GET" or not allowed else None, signed_in=True):
            found.append(f"{method} {address.name}: {wrong}")
        if address.name in ALLAUTH and answer.status_code not in {404, 405}:
            found.append(f"{method} {address.name}: open to a patient's session ({answer.status_code})")
    verdict(found)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_visitors_see_public_pages_and_the_way_to_sign_in(world: World, method: str) -> None:
    found = []
    client = Client(raise_request_exception=False)
    for address, answer in walk(client, world, method, lambda: None):
        door = ALLAUTH.get(address.name, (None, ""))[0]
        is_guarded = bool(address.permission(method)) or door is Door.SIGNED_IN
        if wrong := problem(address, answer, False if is_guarded else None, signed_in=False):
            found.append(f"{method} {address.name}: {wrong}")
        if door is Door.CLOSED and answer.status_code != 404:
            found.append(f"{method} {address.name}: open although closed ({answer.status_code})")
    verdict(found)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_manager_of_another_clinic_finds_nothing_of_this_one(world: World, method: str) -> None:
    client = Client(raise_request_exception=False)
    stranger = factories.make_staff(factories.make_clinic(), Role.MANAGER)
    found = []
    for address, answer in walk(client, world, method, lambda: client.force_login(stranger)):
        names_a_row = any(name.endswith("_id") for name in address.parameters)
        is_granted = address.permission(method) in GRANTS[Role.MANAGER]
        if names_a_row and is_granted and answer.status_code not in {404, 405, 428}:
            found.append(f"{method} {address.name}: {answer.status_code} for another clinic's row, not 404")
    verdict(found)


def test_leaving_needs_a_post(world: World) -> None:
    client = Client()
    client.force_login(world.patient_user, backend=CODE_BACKEND)
    assert client.get("/p/logout/").status_code == 405
    assert client.get("/p/").status_code == 200
