"""From an empty database to a clinic that can book, by three commands."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Clinic, User
from scheduling.models import CapacitySlot, Chair, LoadWeight, Shift

pytestmark = pytest.mark.django_db

PASSPHRASE = "a heron walks on the shore"
CLINIC = {
    "organization": "North Shore",
    "name": "North Shore Infusion",
    "public_name": "North Shore",
    "time_zone": "America/New_York",
    "phone": "+1 212 555 0100",
    "address": "1 Pier Road",
    "manager_email": "Boss@example.org",
    "manager_name": "Mo Boss",
}


@pytest.fixture(autouse=True)
def passphrase(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MANAGER_PASSWORD", PASSPHRASE)
    monkeypatch.setenv("MEMBER_PASSWORD", PASSPHRASE)


def command(verb: str, /, **options: object) -> str:
    out = StringIO()
    call_command(verb, *(f"--{key.replace('_', '-')}={value}" for key, value in options.items()), stdout=out)
    return out.getvalue()


def test_three_commands_open_a_clinic_that_can_book() -> None:
    command("open_clinic", **CLINIC)
    for number in range(3):
        command(
            "add_member", clinic=CLINIC["name"], email=f"n{number}@example.org", name=f"Nurse {number}", role="nurse"
        )
    assert "shifts planned" in command("plan_rota", clinic=CLINIC["name"], weeks=2)
    clinic = Clinic.objects.get()
    assert Chair.objects.filter(clinic=clinic).count() == 16
    assert User.objects.get(email="boss@example.org").check_password(PASSPHRASE)
    assert all(weight.source and weight.confidence for weight in LoadWeight.objects.all())
    lunches = CapacitySlot.objects.filter(load_cap=200).count()
    assert lunches == Shift.objects.count() * 2
    assert CapacitySlot.objects.filter(load_cap=300).exists()


def test_a_rota_is_not_planned_twice() -> None:
    command("open_clinic", **CLINIC)
    command("add_member", clinic=CLINIC["name"], email="n@example.org", name="Nurse", role="nurse")
    command("plan_rota", clinic=CLINIC["name"], weeks=1)
    with pytest.raises(CommandError, match="nothing was planned"):
        command("plan_rota", clinic=CLINIC["name"], weeks=1)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"time_zone": "Mars/Olympus"}, "not an IANA time zone"),
        ({"closes": "06:00"}, "must close after it opens"),
        ({"chairs": 0, "private_rooms": 0}, "between 1 and 200"),
    ],
)
def test_nonsense_is_refused_with_a_sentence(wrong: dict[str, object], sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence):
        command("open_clinic", **{**CLINIC, **wrong})
    assert not Clinic.objects.exists()


def test_a_short_passphrase_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MANAGER_PASSWORD", "short")
    with pytest.raises(CommandError, match="too short"):
        command("open_clinic", **CLINIC)
