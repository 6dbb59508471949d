"""A patient whom staff registered can sign in, and the way in follows the e-mail address on their record."""

from dataclasses import replace

import pytest
from django.test import Client
from django.urls import reverse

from accounts.backends import CODE_BACKEND
from accounts.domain.policy import Role
from accounts.models import Clinic, Membership, User
from audit.models import AuditEvent
from core.errors import BadInput
from messaging.models import OutboxMessage
from patients.domain.details import Details
from patients.models import Patient
from patients.services import records
from tests import factories
from tests.portal.conftest import BORN

pytestmark = pytest.mark.django_db

LOGIN, CODE = "/p/login/", "/p/login/code/"
BIRTH = {"month": "5", "day": "17", "year": "1970"}
ADA = Details(record_number="MR7", given_name="Ada", family_name="Quill", birth_date=BORN, email="Ada@Example.org")


@pytest.fixture
def clinic() -> Clinic:
    return factories.make_clinic()


@pytest.fixture
def ada(clinic: Clinic) -> Patient:
    return records.register(clinic=clinic, details=ADA, by=factories.scheduler(clinic))


def change(patient: Patient, **changes: str) -> Patient:
    held = Patient.objects.get(pk=patient.pk)
    return records.update(
        patient=held,
        details=replace(records.details_of(held), **changes),  # type: ignore[arg-type]
        expected_version=held.version,
        by=factories.scheduler(held.clinic),
    )


def account(patient: Patient) -> User:
    assert patient.user_id is not None
    return User.objects.get(pk=patient.user_id)


def letters() -> list[str]:
    return list(OutboxMessage.objects.filter(kind="sign_in.code").order_by("created_at").values_list("to", flat=True))


def sign_in(email: str) -> Client:
    """A browser that asked for a code at `email` and typed the latest one that was sent, whoever got it."""
    client = Client()
    client.post(LOGIN, {"email": email})
    code = OutboxMessage.objects.filter(kind="sign_in.code").latest("created_at").params["code"]
    client.post(CODE, {"code": code, **BIRTH})
    return client


def is_in(client: Client) -> bool:
    return client.get("/p/").status_code == 200


def test_a_patient_registered_by_staff_gets_a_code_and_signs_in(ada: Patient) -> None:
    client = sign_in("ada@example.org")
    assert letters() == ["ada@example.org"]
    assert is_in(client)
    opened = AuditEvent.objects.get(action="account.open")
    assert (opened.patient_id, opened.entity_id) == (ada.id, str(ada.user_id))


def test_a_patient_registered_over_the_form_signs_in_too(clinic: Clinic) -> None:
    staff = Client()
    staff.force_login(factories.make_staff(clinic, Role.SCHEDULER))
    fields = {"given_name": "Ada", "family_name": "Quill", "record_number": "MR8", "birth_date": "1970-05-17"}
    form = {**fields, "sex": "unknown", "language": "en", "email": "ada@example.org"}
    assert staff.post(reverse("scheduling:patient-new"), form).status_code == 302
    assert is_in(sign_in("ada@example.org"))


def test_a_corrected_address_gets_the_code_and_the_old_one_is_a_stranger(ada: Patient) -> None:
    change(ada, email="quill@example.org")
    Client().post(LOGIN, {"email": "ada@example.org"})
    assert letters() == []
    assert is_in(sign_in("quill@example.org"))
    assert letters() == ["quill@example.org"]
    assert AuditEvent.objects.filter(action="account.move", patient_id=ada.id).count() == 1


def test_a_corrected_address_ends_the_session_and_the_code_of_the_old_one(ada: Patient) -> None:
    inside = sign_in("ada@example.org")
    waiting = Client()
    waiting.post(LOGIN, {"email": "ada@example.org"})
    code = OutboxMessage.objects.latest("created_at").params["code"]
    change(ada, email="quill@example.org")
    waiting.post(CODE, {"code": code, **BIRTH})
    assert not is_in(waiting)
    assert not is_in(inside)


def test_another_change_leaves_the_patient_signed_in_under_their_new_name(ada: Patient) -> None:
    client = sign_in("ada@example.org")
    change(ada, family_name="Feather")
    assert is_in(client)
    assert account(ada).name == "Ada Feather"


def test_without_an_address_nobody_signs_in_and_a_new_one_opens_the_account_again(ada: Patient) -> None:
    client = sign_in("ada@example.org")
    change(ada, email="")
    assert not is_in(client)
    assert not Membership.objects.filter(user=account(ada)).exists()
    Client().post(LOGIN, {"email": "ada@example.org"})
    assert len(letters()) == 1
    change(ada, email="ada@example.org")
    assert is_in(sign_in("ada@example.org"))


def test_an_address_taken_off_one_record_is_free_for_the_right_one(clinic: Clinic, ada: Patient) -> None:
    change(ada, email="")
    right = records.register(clinic=clinic, details=replace(ADA, record_number="MR8"), by=factories.scheduler(clinic))
    assert is_in(sign_in("ada@example.org"))
    assert right.user_id != ada.user_id


@pytest.mark.parametrize("is_staff", [True, False])
def test_an_address_of_somebody_else_is_refused_at_its_field(clinic: Clinic, ada: Patient, is_staff: bool) -> None:
    if is_staff:
        other = factories.make_staff(clinic, Role.MANAGER).email
    else:
        other = factories.make_patient(clinic, signs_in=True).email
    with pytest.raises(BadInput) as registering:
        records.register(
            clinic=clinic,
            details=replace(ADA, record_number="MR8", email=other.upper()),
            by=factories.scheduler(clinic),
        )
    with pytest.raises(BadInput) as changing:
        change(ada, email=other)
    for caught in (registering, changing):
        assert [(reason.code, reason.field) for reason in caught.value.reasons] == [("email_taken", "email")]


def test_the_form_shows_the_refusal_and_keeps_nothing(clinic: Clinic, ada: Patient) -> None:
    staff = Client()
    staff.force_login(factories.make_staff(clinic, Role.SCHEDULER))
    fields = {"given_name": "Bo", "family_name": "Reed", "record_number": "MR8", "birth_date": "1970-05-17"}
    form = {**fields, "sex": "unknown", "language": "en", "email": "ada@example.org"}
    answer = staff.post(reverse("scheduling:patient-new"), form)
    assert "Another person signs in with this address" in answer.content.decode()
    assert list(Patient.objects.values_list("id", flat=True)) == [ada.id]


def test_a_colleagues_own_account_is_never_changed_from_their_record(clinic: Clinic) -> None:
    patient = factories.make_patient(clinic, signs_in=True, birth_date=BORN, email="bo@example.org")
    own = account(patient)
    Membership.objects.create(user=own, clinic=clinic, role=Role.MANAGER)
    changed = change(patient, email="eve@example.org")
    assert account(patient).email == "bo@example.org"
    assert changed.user_id != own.id
    client = Client()
    client.force_login(own, backend=CODE_BACKEND)
    assert not is_in(client)
    assert is_in(sign_in("eve@example.org"))
