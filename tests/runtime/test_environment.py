"""The environment is read in one place, and a bad one is named in full."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from infusion_clinic import environment

GOOD = {
    "SECRET_KEY": "s" * 40,
    "FIELD_KEY": "ab" * 32,
    "BASE_URL": "https://clinic.example.org",
    "ALLOWED_HOSTS": "clinic.example.org, localhost,",
    "DATABASE_URL": "postgres://clinic:inline@db:5432/clinic",
    "REDIS_URL": "redis://redis:6379/0",
}
Given = Callable[..., environment.Environment]


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> Given:
    """Read the environment as if only the given variables were set."""

    def read(**variables: str) -> environment.Environment:
        for name in environment.VARIABLES:
            monkeypatch.delenv(name, raising=False)
            monkeypatch.delenv(f"{name}_FILE", raising=False)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        return environment.read()

    return read


def test_six_variables_are_enough(given: Given) -> None:
    read = given(**GOOD)
    assert read.allowed_hosts == ["clinic.example.org", "localhost"]
    assert read.database["PASSWORD"] == "inline"
    assert read.is_https
    assert not read.debug
    assert not read.demo
    assert read.sms_gateway == "console"


def test_every_missing_variable_is_named_at_once(given: Given) -> None:
    with pytest.raises(ImproperlyConfigured) as refusal:
        given()
    assert re.findall(r"^  (\w+): is not set$", str(refusal.value), re.MULTILINE) == sorted(GOOD)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("SECRET_KEY", "short", "at least 32 characters"),
        ("FIELD_KEY", "xyz", "64 hexadecimal digits"),
        ("BASE_URL", "clinic.example.org", "web address"),
        ("ALLOWED_HOSTS", "*", "no *"),
        ("DATABASE_URL", "sqlite:///clinic.db", "postgres://"),
        ("DATABASE_URL", "nonsense", "postgres://"),
        ("DATABASE_URL", "postgres://clinic@db:port/clinic", "postgres://"),
        ("DATABASE_URL", "postgres://clinic@db", "postgres://"),
        ("REDIS_URL", "localhost:6379", "redis://"),
        ("EMAIL_URL", "mail.example.org", "submission://"),
        ("EMAIL_URL", "smtp://host:port", "submission://"),
        ("SMS_GATEWAY", "pigeon", "console or twilio"),
        ("SMS_API_URL", "api.example.org", "web address"),
        ("LOG_LEVEL", "LOUD", "DEBUG, INFO"),
        ("DEBUG", "perhaps", "boolean"),
        ("DEMO_CLOCK_OFFSET_SECONDS", "an hour", "integer"),
        ("DEMO_CLOCK_OFFSET_SECONDS", "3600", "DEMO is off"),
    ],
)
def test_a_bad_variable_is_named_with_what_it_needs(given: Given, name: str, value: str, words: str) -> None:
    with pytest.raises(ImproperlyConfigured) as refusal:
        given(**GOOD | {name: value})
    lines = str(refusal.value).splitlines()[1:]
    assert len(lines) == 1
    assert lines[0].startswith(f"  {name}: ")
    assert words in lines[0]


def test_a_refusal_does_not_repeat_a_secret(given: Given) -> None:
    with pytest.raises(ImproperlyConfigured) as refusal:
        given(**GOOD | {"SECRET_KEY": "hunter2", "DATABASE_URL": "mysql://clinic:hunter3@db/clinic"})
    assert "hunter" not in str(refusal.value)


def test_bad_and_missing_variables_are_named_together(given: Given) -> None:
    with pytest.raises(ImproperlyConfigured) as refusal:
        given(**GOOD | {"SECRET_KEY": "", "DEBUG": "perhaps", "SMS_GATEWAY": "twilio", "SMS_FROM": "+15550100"})
    named = re.findall(r"^  (\w+):", str(refusal.value), re.MULTILINE)
    assert named == ["DEBUG", "SECRET_KEY", "SMS_ACCOUNT", "SMS_TOKEN"]


def test_a_secret_may_come_from_a_file(given: Given, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("from a file\n")
    (tmp_path / "key").write_text("cd" * 32 + "\n")
    without = {name: value for name, value in GOOD.items() if name != "FIELD_KEY"}
    read = given(
        **without,
        FIELD_KEY_FILE=str(tmp_path / "key"),
        DATABASE_PASSWORD_FILE=str(tmp_path / "password"),
    )
    assert read.field_key == "cd" * 32
    assert read.database["PASSWORD"] == "from a file"


def test_a_secret_file_that_cannot_be_read_is_named(given: Given, tmp_path: Path) -> None:
    without = {name: value for name, value in GOOD.items() if name not in {"FIELD_KEY", "SECRET_KEY"}}
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ImproperlyConfigured) as refusal:
        given(**without, FIELD_KEY_FILE=str(tmp_path / "none"), SECRET_KEY_FILE=str(tmp_path / "binary"))
    assert "  FIELD_KEY: FIELD_KEY_FILE names a file that cannot be read" in str(refusal.value)
    assert "  SECRET_KEY: SECRET_KEY_FILE names a file that cannot be read" in str(refusal.value)


def test_a_secret_given_twice_is_refused(given: Given, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("cd" * 32)
    with pytest.raises(ImproperlyConfigured, match="FIELD_KEY: is given twice"):
        given(**GOOD, FIELD_KEY_FILE=str(tmp_path / "key"))


def test_an_empty_optional_variable_means_its_default(given: Given) -> None:
    read = given(**GOOD, DEBUG="", LOG_LEVEL="", EMAIL_URL="", SMS_GATEWAY="")
    assert (read.debug, read.log_level, read.sms_gateway) == (False, "INFO", "console")


def test_the_example_lists_every_variable_and_no_other() -> None:
    example = (environment.ROOT / ".env.example").read_text()
    assert sorted(re.findall(r"^([A-Z_]+)=", example, re.MULTILINE)) == sorted(environment.VARIABLES)
